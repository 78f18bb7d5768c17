//! SHA-256 as hexadecimal text: names secrets and files without telling anything of them; and names by chance.

use std::fmt::Write as _;

use ring::rand::{SecureRandom, SystemRandom};

/// SHA-256 of `bytes`, 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// 128 random bits, 32 lower-case hexadecimal digits.
pub(crate) fn random_hex() -> Result<String, crate::Error> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| crate::Error::State("The kernel gives no random numbers.".into()))?;
    Ok(hex(&bytes))
}

/// `bytes` as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
