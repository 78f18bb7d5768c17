//! Where randomness comes from, and what is made of it: ids, passwords, tokens. Tests give a seeded source.

use domain::{secrets::Secret, timestamps::Timestamp};
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
}
