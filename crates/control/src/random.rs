//! Where randomness comes from, and what is made of it: ids, passwords, tokens. Tests give a seeded source.

use domain::{
    secrets::Secret,
    timestamps::Timestamp,
    tokens::{self, ScimToken, Token, TokenKind},
};
use ring::rand::SecureRandom;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // getrandom(2) does not fail once the kernel is up; without randomness nothing may go on.
        #[expect(clippy::expect_used, reason = "no operation of ours is safe without randomness")]
        ring::rand::SystemRandom::new().fill(bytes).expect("the operating system gives randomness");
    }
}

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A UUIDv7 (RFC 9562 section 5.7): sorts by the time it was made.
pub(crate) fn uuid(random: &dyn Random, now: Timestamp) -> Uuid {
    let mut tail = [0; 10];
    random.fill(&mut tail);
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

/// A random text of letters and digits; each character holds 5.8 bits.
pub(crate) fn text(random: &dyn Random, chars: usize) -> Secret {
    let mut out = String::with_capacity(chars);
    let mut bytes = Zeroizing::new([0_u8; 64]);
    // Bytes that would make some characters likelier than others are dropped: 57 * 4 = 228 of 256 are kept.
    let limit = 256 - 256 % ALPHABET.len();
    while out.len() < chars {
        random.fill(bytes.as_mut());
        for byte in bytes.iter().filter(|byte| usize::from(**byte) < limit).take(chars - out.len()) {
            out.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        }
    }
    Secret::new(out)
}

/// A token whose characters are all equally likely: 256 bits.
pub(crate) fn token(random: &dyn Random, kind: TokenKind) -> Token {
    Token::new(kind, &digits(random))
}

/// A token of SCIM, as random.
pub(crate) fn scim_token(random: &dyn Random) -> ScimToken {
    ScimToken::new(&digits(random))
}

fn digits(random: &dyn Random) -> Zeroizing<[u8; tokens::RANDOM_CHARS]> {
    let mut digits = Zeroizing::new([0; tokens::RANDOM_CHARS]);
    let mut bytes = Zeroizing::new([0_u8; 64]);
    let (base, mut count) = (tokens::ALPHABET.len(), 0);
    // As above: 62 * 4 = 248 of 256 are kept.
    let limit = 256 - 256 % base;
    while count < digits.len() {
        random.fill(bytes.as_mut());
        for byte in bytes.iter().filter(|byte| usize::from(**byte) < limit).take(digits.len() - count) {
            digits[count] = byte % base as u8;
            count += 1;
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_texts_have_their_length() {
        let random = SystemRandom;
        let early = uuid(&random, Timestamp::from_micros(1_000_000_000));
        let late = uuid(&random, Timestamp::from_micros(2_000_000_000));
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
        let one = text(&random, 24);
        assert_eq!(one.expose().len(), 24);
        assert_ne!(one.expose(), text(&random, 24).expose());
    }

    /// Counts up from 240, beyond 255 from 0 again.
    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn bytes_that_would_make_some_characters_likelier_are_dropped() {
        let token = token(&Counting(240.into()), TokenKind::Personal);
        let text = token.text().expose();
        // 240 to 247 stand for 54 to 61; 248 to 255 are dropped, and 0 comes next.
        assert_eq!(&text[..15], "rdp_stuvwxyz012");
        assert!(Token::read(text).is_ok(), "its checksum fits");
        assert_ne!(text, super::token(&SystemRandom, TokenKind::Personal).text().expose());
    }
}
