//! What a token looks like: a prefix that secret scanners recognise, random text, and a checksum, so that a typing
//! mistake is told without asking a database. Makes no randomness and no hash.

use crate::{secrets::Secret, states::text_enum};

text_enum! {
    /// Whose a token is.
    TokenKind {
        /// A person's; acts in all of their organizations.
        Personal = "personal",
        /// An application user's; acts in its organization.
        Application = "application",
    }
}

/// Random characters of a token: 43 of 62 are 256 bits.
pub const RANDOM_CHARS: usize = 43;
/// Characters of the checksum.
const CHECKSUM_CHARS: usize = 6;
/// Characters behind the kind's prefix that are kept to tell tokens apart.
const SHOWN_CHARS: usize = 6;
/// Digits of the text, in the order of their value.
pub const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Shortest and longest age of a token, in seconds: ten minutes and ten years.
pub const AGE_SECONDS: std::ops::RangeInclusive<i64> = 600..=315_360_000;
/// Most characters of a token's description.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// Most address ranges of one token.
pub const IP_RANGES_MAX: usize = 64;

impl TokenKind {
    /// What its tokens begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "rdp_",
            Self::Application => "rda_",
        }
    }
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It does not look like one.
    Form,
    /// One of its characters is wrong.
    Checksum,
}

/// A text that is a token in form: it may still be nobody's.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    text: Secret,
}

impl Token {
    /// A token of these random digits, each below 62.
    #[must_use]
    pub fn new(kind: TokenKind, digits: &[u8; RANDOM_CHARS]) -> Self {
        Self { kind, text: written(kind.prefix(), digits) }
    }

    /// Reads what somebody sent as a token.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let kind =
            TokenKind::ALL.iter().find(|kind| text.starts_with(kind.prefix())).ok_or(Unreadable::Form)?;
        Ok(Self { kind: *kind, text: read_after(kind.prefix(), text)? })
    }

    /// Whose it is.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The whole text, shown once and hashed.
    #[must_use]
    pub const fn text(&self) -> &Secret {
        &self.text
    }

    /// Its first characters, which tell tokens apart and open nothing.
    #[must_use]
    pub fn shown(&self) -> String {
        beginning(self.kind.prefix(), &self.text)
    }
}

/// What the tokens of SCIM begin with.
pub const SCIM_PREFIX: &str = "rds_";

/// A token with which an identity provider pushes people and groups: it acts for nobody, and opens nothing else.
#[derive(Clone)]
pub struct ScimToken(Secret);

impl ScimToken {
    /// A token of these random digits, each below 62.
    #[must_use]
    pub fn new(digits: &[u8; RANDOM_CHARS]) -> Self {
        Self(written(SCIM_PREFIX, digits))
    }

    /// Reads what somebody sent as a token.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        read_after(SCIM_PREFIX, text.trim()).map(Self)
    }

    /// The whole text, shown once and hashed.
    #[must_use]
    pub const fn text(&self) -> &Secret {
        &self.0
    }

    /// Its first characters, which tell tokens apart and open nothing.
    #[must_use]
    pub fn shown(&self) -> String {
        beginning(SCIM_PREFIX, &self.0)
    }
}

fn written(prefix: &str, digits: &[u8; RANDOM_CHARS]) -> Secret {
    let mut text = String::with_capacity(prefix.len() + RANDOM_CHARS + CHECKSUM_CHARS);
    text.push_str(prefix);
    text.extend(digits.iter().map(|digit| char::from(ALPHABET[usize::from(*digit) % ALPHABET.len()])));
    let checksum = checksum(&text);
    text.push_str(&checksum);
    Secret::new(text)
}

fn read_after(prefix: &str, text: &str) -> Result<Secret, Unreadable> {
    let rest = text.strip_prefix(prefix).ok_or(Unreadable::Form)?;
    if rest.len() != RANDOM_CHARS + CHECKSUM_CHARS || !rest.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Err(Unreadable::Form);
    }
    let (body, end) = text.split_at(text.len() - CHECKSUM_CHARS);
    match checksum(body) == end {
        true => Ok(Secret::new(text.to_owned())),
        false => Err(Unreadable::Checksum),
    }
}

fn beginning(prefix: &str, token: &Secret) -> String {
    token.expose().chars().take(prefix.len() + SHOWN_CHARS).collect()
}

/// CRC-32 (ISO 3309, as in gzip) in base 62: finds every single wrong character.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_made() {
        let digits = std::array::from_fn(|index| u8::try_from(index).unwrap());
        for kind in TokenKind::ALL {
            let token = Token::new(*kind, &digits);
            let read = Token::read(token.text().expose()).ok().unwrap();
            assert_eq!(read.kind(), *kind);
            assert_eq!(read.text().expose(), token.text().expose());
            assert_eq!(read.shown(), format!("{}012345", kind.prefix()));
        }
    }

    #[test]
    fn a_token_of_scim_is_no_other() {
        let digits = [7; RANDOM_CHARS];
        let token = ScimToken::new(&digits);
        assert_eq!(token.shown(), "rds_777777");
        assert_eq!(
            ScimToken::read(token.text().expose()).ok().unwrap().text().expose(),
            token.text().expose()
        );
        assert_eq!(Token::read(token.text().expose()).err(), Some(Unreadable::Form));
        let personal = Token::new(TokenKind::Personal, &digits);
        assert_eq!(ScimToken::read(personal.text().expose()).err(), Some(Unreadable::Form));
        let mistyped = token.text().expose().replacen("777", "787", 1);
        assert_eq!(ScimToken::read(&mistyped).err(), Some(Unreadable::Checksum));
    }

    #[test]
    fn the_checksum_is_that_of_gzip() {
        // CRC-32 of "123456789" is 0xCBF43926 in every table of test vectors.
        let value = checksum("123456789").bytes().fold(0_u64, |value, byte| {
            value * 62 + ALPHABET.iter().position(|digit| *digit == byte).unwrap() as u64
        });
        assert_eq!(value, 0xCBF4_3926);
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let token = Token::new(TokenKind::Personal, &[61; RANDOM_CHARS]);
        let text = token.text().expose();
        for index in TokenKind::Personal.prefix().len()..text.len() {
            for wrong in ALPHABET {
                let mut bytes = text.as_bytes().to_vec();
                if bytes[index] != *wrong {
                    bytes[index] = *wrong;
                    let wrong = String::from_utf8(bytes).unwrap();
                    assert_eq!(Token::read(&wrong).err(), Some(Unreadable::Checksum), "{wrong}");
                }
            }
        }
        for other in ["", "rdp_", "rdp_short", "ghp_0123", &text[..text.len() - 1], &format!("{text}0")] {
            assert_eq!(Token::read(other).err(), Some(Unreadable::Form), "{other}");
        }
    }
}
