//! Lists of passwords that became known: one that is built in, one that an operator may add. Holds no password, only eight
//! bytes of each one's SHA-1, and knows no file system: bytes come in through `Read` and `Seek`.
//!
//! The form of a list, where the built-in one comes from and how the full public one is made into a list:
//! `docs/breached-passwords.md`.

use std::{
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom, Write},
    sync::{Mutex, PoisonError},
};

use domain::secrets::Secret;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use unicode_normalization::UnicodeNormalization;

/// What each list begins with.
const MAGIC: [u8; 8] = *b"RDBREACH";
/// The one version of the form there is; big-endian after the magic.
const VERSION: u32 = 1;
/// Bytes of magic, version and count.
const HEADER_BYTES: u64 = 20;
/// Bytes kept of each SHA-1, the first ones. A password that is on no list is taken for one that is with a probability
/// of entries / 2^64: one in 20 thousand million for the full public list.
const PREFIX_BYTES: usize = 8;
/// Characters of a SHA-1 in hexadecimal digits.
const HASH_CHARS: usize = 40;
/// Longest line that is read of a public list: a hash, a colon and a count.
const LINE_BYTES_MAX: u64 = 80;

/// The list that is built in: `data/common-passwords.txt` as `examples/breached_list.rs` converts it.
static BUILT_IN: &[u8] = include_bytes!("../data/breached.bin");

/// Why a list cannot be used, or not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading or writing failed.
    #[error("The list of breached passwords cannot be read or written: {0}.")]
    Io(#[from] io::Error),
    /// It does not begin as a list does.
    #[error("This is no list of breached passwords; convert the public list first.")]
    NotAList,
    /// A later release made it.
    #[error(
        "The list of breached passwords has the form {0}, this release reads form {VERSION}; convert the public list again."
    )]
    Version(u32),
    /// The header promises another number of bytes than there are.
    #[error(
        "The list of breached passwords is cut off or damaged: it has {found} bytes, its header says {expected}; convert the public list again."
    )]
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes the header asks for.
        expected: u64,
    },
    /// A line of the public list has another form than `HASH` or `HASH:COUNT`.
    #[error("Line {0} is not a SHA-1 of 40 hexadecimal digits with a colon and a count.")]
    Line(u64),
    /// A line of the public list is smaller than the one before it.
    #[error("Line {0} is out of order; take the public list that is sorted by hash, not by count.")]
    Order(u64),
}

/// A list that can be looked into, without being loaded.
pub struct List<R> {
    source: R,
    count: u64,
}

impl<R: Read + Seek> List<R> {
    /// Takes a list over, once its header and length are right. Order is not looked at: that would mean to read it all.
    ///
    /// # Errors
    /// If it is none, is of another version, was cut off, or cannot be read.
    pub fn open(mut source: R) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let mut header = [0; HEADER_BYTES as usize];
        source.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::NotAList,
            _ => Error::Io(error),
        })?;
        let (magic, rest) = header.split_at(MAGIC.len());
        let (version, count) = rest.split_at(size_of::<u32>());
        if magic != MAGIC {
            return Err(Error::NotAList);
        }
        let version = version.iter().fold(0, |all, byte| (all << 8) | u32::from(*byte));
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let count = count.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte));
        let found = source.seek(SeekFrom::End(0))?;
        let expected = count.saturating_mul(PREFIX_BYTES as u64).saturating_add(HEADER_BYTES);
        if found != expected {
            return Err(Error::Length { found, expected });
        }
        Ok(Self { source, count })
    }

    /// How many entries it has.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether this very password is on it. Reads some thirty entries of the full public list.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn contains(&mut self, password: &Secret) -> Result<bool, Error> {
        self.contains_text(password.expose())
    }

    /// The same for a text that was derived from a password.
    pub(crate) fn contains_text(&mut self, text: &str) -> Result<bool, Error> {
        let sought = prefix(text);
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from + (to - from) / 2;
            let entry = self.entry(middle)?;
            match entry.cmp(&sought) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(false)
    }

    fn entry(&mut self, place: u64) -> Result<[u8; PREFIX_BYTES], Error> {
        let mut entry = [0; PREFIX_BYTES];
        self.source.seek(SeekFrom::Start(HEADER_BYTES + place * PREFIX_BYTES as u64))?;
        self.source.read_exact(&mut entry)?;
        Ok(entry)
    }
}

/// What a list is read from.
trait Source: Read + Seek + Send {}
impl<R: Read + Seek + Send> Source for R {}

/// A list that many look into, one after the other: the operator's own.
pub struct SharedList(Mutex<List<Box<dyn Source>>>);

impl SharedList {
    /// Takes a list over as [`List::open`] does.
    ///
    /// # Errors
    /// As there.
    pub fn open(source: impl Read + Seek + Send + 'static) -> Result<Self, Error> {
        let source: Box<dyn Source> = Box::new(source);
        Ok(Self(Mutex::new(List::open(source)?)))
    }

    /// How many entries it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count()
    }

    /// Whether this very password is on it.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn contains(&self, password: &Secret) -> Result<bool, Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(password)
    }
}

/// The list that is built in.
///
/// # Errors
/// Only if the program itself is damaged.
pub fn built_in() -> Result<List<Cursor<&'static [u8]>>, Error> {
    List::open(Cursor::new(BUILT_IN))
}

/// The first bytes of the SHA-1 of a text in normalisation form C, as public lists have it (ASVS 11.4.1 speaks of hashes
/// that protect: this one only finds).
fn prefix(text: &str) -> [u8; PREFIX_BYTES] {
    first(&sha1(text))
}

fn sha1(text: &str) -> Vec<u8> {
    let normal: String = text.nfc().collect();
    digest(&SHA1_FOR_LEGACY_USE_ONLY, normal.as_bytes()).as_ref().to_vec()
}

fn first(hash: &[u8]) -> [u8; PREFIX_BYTES] {
    let mut prefix = [0; PREFIX_BYTES];
    prefix.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    prefix
}

/// The lines that [`convert`] reads, of passwords in plain text: their hashes, sorted.
#[must_use]
pub fn hash_lines<'a>(passwords: impl Iterator<Item = &'a str>) -> String {
    let mut lines: Vec<String> =
        passwords.map(|password| sha1(password).iter().map(|byte| format!("{byte:02X}")).collect()).collect();
    lines.sort_unstable();
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Makes a list of the lines of a public one, `HASH` or `HASH:COUNT` each, sorted by hash, and says how many entries it
/// has. Reads and writes as a stream; the header is written last, so that a list that was cut off is never taken for whole.
///
/// # Errors
/// With the number of the line that has another form or is out of order; if reading or writing fails.
pub fn convert(mut lines: impl BufRead, mut writer: impl Write + Seek) -> Result<u64, Error> {
    writer.seek(SeekFrom::Start(0))?;
    writer.write_all(&[0; HEADER_BYTES as usize])?;
    let (mut count, mut number) = (0_u64, 0_u64);
    let mut last: Option<[u8; HASH_CHARS / 2]> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        if lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let hash = read_hash(&line).ok_or(Error::Line(number))?;
        if last.is_some_and(|last| last > hash) {
            return Err(Error::Order(number));
        }
        // The same hash twice, or two hashes that begin alike, are one entry.
        if last.is_none_or(|last| first(&last) != first(&hash)) {
            writer.write_all(&first(&hash))?;
            count += 1;
        }
        last = Some(hash);
    }
    writer.seek(SeekFrom::Start(0))?;
    writer.write_all(&MAGIC)?;
    writer.write_all(&VERSION.to_be_bytes())?;
    writer.write_all(&count.to_be_bytes())?;
    writer.flush()?;
    Ok(count)
}

/// The hash of a line, or `None` if it has another form.
fn read_hash(line: &[u8]) -> Option<[u8; HASH_CHARS / 2]> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
    let (digits, count) = line.split_once(':').unwrap_or((line, "0"));
    if digits.len() != HASH_CHARS || count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut hash = [0; HASH_CHARS / 2];
    for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let [high, low] = pair else { return None };
        let digit = |sign: u8| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of the list that is built in.
    const SOURCE: &str = include_str!("../data/common-passwords.txt");
    /// SHA-1 of `password`, of `a` and of nothing in particular, in order, in the forms that public lists have.
    const LINES: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\n\
                         86f7e437faa5a7fce15d1ddcb9eaeaea377667b8:7\r\n\
                         B7CDD98F1A7B5C6EF6F1F9B3B5A2E1F0C4D3B2A1:1\n";

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn converted(lines: &str) -> Result<Vec<u8>, Error> {
        let mut bytes = Cursor::new(Vec::new());
        convert(lines.as_bytes(), &mut bytes)?;
        Ok(bytes.into_inner())
    }

    #[test]
    fn the_built_in_list_is_made_of_its_source() {
        let made = converted(&hash_lines(SOURCE.lines())).unwrap();
        assert!(made == BUILT_IN, "run: cargo run -p identity --example breached_list");
    }

    #[test]
    fn asvs_6_2_4_every_common_password_of_the_source_is_found() {
        let mut list = built_in().unwrap();
        assert_eq!(list.count(), 55_870);
        assert!(SOURCE.lines().filter(|line| line.chars().count() >= 8).count() > 20_000);
        for line in SOURCE.lines() {
            assert!(list.contains(&secret(line)).unwrap(), "{line}");
        }
    }

    #[test]
    fn asvs_6_2_12_a_public_list_is_converted_and_looked_into() {
        let mut list = List::open(Cursor::new(converted(LINES).unwrap())).unwrap();
        assert_eq!(list.count(), 3);
        assert!(list.contains(&secret("password")).unwrap());
        assert!(list.contains(&secret("a")).unwrap());
        for not in ["Password", "password ", "", "velvet anchor 7 thistle moon"] {
            assert!(!list.contains(&secret(not)).unwrap(), "{not}");
        }
    }

    #[test]
    fn an_empty_list_holds_nothing() {
        let mut list = List::open(Cursor::new(converted("").unwrap())).unwrap();
        assert_eq!(list.count(), 0);
        assert!(!list.contains(&secret("password")).unwrap());
    }

    #[test]
    fn one_character_in_two_forms_is_one_password() {
        let mut list =
            List::open(Cursor::new(converted(&hash_lines(["caf\u{e9}"].into_iter())).unwrap())).unwrap();
        assert!(list.contains(&secret("cafe\u{301}")).unwrap());
    }

    #[test]
    fn a_wrong_line_is_named() {
        let good = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n";
        for (bad, said) in [
            ("password\n", "Line 2 is not a SHA-1"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD:3\n", "Line 2 is not a SHA-1"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FDX:3\n", "Line 2 is not a SHA-1"),
            ("+5AA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n", "Line 2 is not a SHA-1"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:many\n", "Line 2 is not a SHA-1"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:\n", "Line 2 is not a SHA-1"),
            ("\n", "Line 2 is not a SHA-1"),
            (&"9".repeat(1_000), "Line 2 is not a SHA-1"),
            ("4BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n", "Line 2 is out of order"),
        ] {
            let error = converted(&format!("{good}{bad}")).unwrap_err().to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
        assert_eq!(converted(&format!("{good}{good}")).unwrap().len(), 28, "twice the same is one entry");
    }

    #[test]
    fn what_is_no_whole_list_is_refused() {
        let whole = converted(LINES).unwrap();
        let mut later = whole.clone();
        later[11] = 2;
        let mut unfinished = whole.clone();
        unfinished[..20].fill(0);
        for (bytes, said) in [
            (LINES.as_bytes(), "no list"),
            (b"", "no list"),
            (&whole[..19], "no list"),
            (&unfinished, "no list"),
            (&later, "has the form 2"),
            (&whole[..whole.len() - 1], "cut off"),
            (&[whole.as_slice(), b"x"].concat(), "cut off"),
        ] {
            let Err(error) = List::open(Cursor::new(bytes)) else { panic!("opened: {said}") };
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
