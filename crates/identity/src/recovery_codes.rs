//! Recovery codes: for whoever has lost their second factors. Each is used once; only a hash of it is kept. Which were used
//! is the caller's to know.

use domain::{ids::UserId, secrets::Secret};
use ring::digest::{Context, SHA256};

/// How many codes a person gets at a time.
pub const CODES: usize = 10;
/// Random bytes of a code: 120 bits. From 112 bits on a plain hash is enough (ASVS 6.5.2), for nobody can try that many.
pub const CODE_BYTES: usize = 15;
/// Random bytes that the codes of a person take.
pub const RANDOM_BYTES: usize = CODES * CODE_BYTES;
/// Bytes of what is kept of a code.
pub const HASH_BYTES: usize = 32;

/// Crockford's base32 in lower case: no `i`, `l`, `o` and `u`.
const DIGITS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm',
    'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
];
/// Bits of a character.
const DIGIT_BITS: usize = 5;
/// Characters of a code.
const CODE_CHARS: usize = CODE_BYTES * 8 / DIGIT_BITS;
/// Characters that are shown together.
const GROUP_CHARS: usize = 4;
/// What the hash begins with, so that it is no hash of anything else.
const PURPOSE: &[u8] = b"redoubt recovery code 1\0";

/// Why something typed is no recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It has another number of characters.
    #[error(
        "A recovery code has {CODE_CHARS} letters and digits, this has {0}; enter it as it was shown, dashes may be left out."
    )]
    Length(usize),
    /// It has a character that no code has.
    #[error("A recovery code has letters and digits only, and no u; enter it as it was shown.")]
    Character,
}

/// The codes that some random bytes make, `k7wz-93hf-…`, to be shown once.
#[must_use]
pub fn make(random: &[u8; RANDOM_BYTES]) -> Vec<Secret> {
    random.chunks(CODE_BYTES).map(write).collect()
}

/// What is kept of a code: SHA-256 of whose it is and of its bytes. Two persons' codes never have the same.
///
/// # Errors
/// If it has not the form of a code. Case, blanks and dashes do not count; `o` is taken for `0`, `i` and `l` for `1`.
pub fn hash(user: UserId, code: &Secret) -> Result<[u8; HASH_BYTES], Error> {
    let value = read(code.expose())?;
    let mut context = Context::new(&SHA256);
    context.update(PURPOSE);
    context.update(user.uuid().as_bytes());
    context.update(&value.to_be_bytes());
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(hash)
}

fn write(bytes: &[u8]) -> Secret {
    let value = bytes.iter().fold(0_u128, |value, byte| (value << 8) | u128::from(*byte));
    let mut text = String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS);
    for place in 0..CODE_CHARS {
        if place > 0 && place % GROUP_CHARS == 0 {
            text.push('-');
        }
        let digit = (value >> ((CODE_CHARS - 1 - place) * DIGIT_BITS)) & 0x1f;
        text.extend(usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit)));
    }
    Secret::new(text)
}

fn read(text: &str) -> Result<u128, Error> {
    let mut value = 0_u128;
    let mut chars = 0;
    for sign in text.chars().filter(|sign| !sign.is_whitespace() && !is_dash(*sign)) {
        let sign = match sign.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let digit = DIGITS.iter().position(|digit| *digit == sign).ok_or(Error::Character)?;
        chars += 1;
        // A long one is counted, and not read.
        if chars <= CODE_CHARS {
            value = (value << DIGIT_BITS) | digit as u128;
        }
    }
    if chars == CODE_CHARS { Ok(value) } else { Err(Error::Length(chars)) }
}

/// Word processors make other dashes of the one that was typed.
const fn is_dash(sign: char) -> bool {
    matches!(sign, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn random(seed: u8) -> [u8; RANDOM_BYTES] {
        std::array::from_fn(|place| (place as u8).wrapping_mul(31).wrapping_add(seed))
    }

    #[test]
    fn asvs_6_5_4_ten_codes_of_120_bits_are_made() {
        let codes = make(&random(1));
        let texts: BTreeSet<&str> = codes.iter().map(Secret::expose).collect();
        assert_eq!(texts.len(), 10);
        for text in texts {
            assert_eq!((text.len(), text.matches('-').count()), (29, 5), "{text}");
            assert!(text.split('-').all(|group| group.len() == 4));
        }
        assert_eq!(make(&[0; RANDOM_BYTES])[0].expose(), "0000-0000-0000-0000-0000-0000");
        assert_eq!(make(&[255; RANDOM_BYTES])[9].expose(), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
        // 00000 00100 01000 01100 …: the bytes 0x01 0x10 0xc8 … in groups of five bits.
        let mut bytes = [0; RANDOM_BYTES];
        bytes[..3].copy_from_slice(&[0b0000_0001, 0b0001_0000, 0b1100_1000]);
        assert_eq!(make(&bytes)[0].expose(), "048c-g000-0000-0000-0000-0000");
    }

    #[test]
    fn asvs_6_5_2_what_is_kept_belongs_to_one_code_of_one_person() {
        let codes = make(&random(1));
        let hashes: BTreeSet<_> = (1..=3)
            .flat_map(|person| codes.iter().map(move |code| hash(user(person), code).unwrap()))
            .collect();
        assert_eq!(hashes.len(), 30);
        assert_eq!(hash(user(1), &codes[0]), hash(user(1), &codes[0]));
    }

    #[test]
    fn what_has_not_the_form_of_a_code_is_said() {
        for (bad, error) in [
            ("", Error::Length(0)),
            ("k7wz-93hf", Error::Length(8)),
            ("0000-0000-0000-0000-0000-0000-0", Error::Length(25)),
            ("u000-0000-0000-0000-0000-0000", Error::Character),
            ("000000", Error::Length(6)),
            ("0000 0000 0000 0000 0000 000é", Error::Character),
        ] {
            assert_eq!(hash(user(1), &Secret::new(bad.to_owned())), Err(error), "{bad}");
        }
        assert_eq!(hash(user(1), &Secret::new("0".repeat(100_000))), Err(Error::Length(100_000)));
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_people_type_it(bytes in proptest::array::uniform15(0_u8..), variant in 0..5_usize) {
            let code = write(&bytes);
            let text = code.expose();
            let typed = match variant {
                0 => text.to_uppercase(),
                1 => text.replace('-', " "),
                2 => format!("  {}\n", text.replace('-', "")),
                3 => text.replace('0', "O").replace('1', "l").replace('-', "\u{2013}"),
                _ => text.replace('0', "o").replace('1', "I"),
            };
            prop_assert_eq!(hash(user(1), &Secret::new(typed)), hash(user(1), &code));
            let value = bytes.iter().fold(0_u128, |value, byte| (value << 8) | u128::from(*byte));
            prop_assert_eq!(read(text), Ok(value));
        }
    }
}
