//! Password rules (NIST SP 800-63B-4 section 3.1.1, ASVS 5.0 chapter 6) and argon2id hashes (RFC 9106).

use std::collections::BTreeSet;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use domain::secrets::Secret;

/// Fewest characters while the password is the only factor.
pub const CHARS_MIN_SINGLE_FACTOR: usize = 15;
/// Most characters; more would only cost time.
pub const CHARS_MAX: usize = 256;
/// Fewest characters that are left without repeated words and without the words of the context.
const LEFT_CHARS_MIN: usize = 8;
/// Fewest characters of a word of the context, or of a part of one, that counts.
const KNOWN_CHARS_MIN: usize = 3;
/// Bytes of salt a hash takes.
pub const SALT_BYTES: usize = 16;

/// Memory of one hash in KiB, passes, lanes: the second recommended option of RFC 9106 scaled to OWASP's 19 MiB.
const ARGON2_KIB: u32 = 19_456;
const ARGON2_PASSES: u32 = 2;
const ARGON2_LANES: u32 = 1;

/// Checks a new password that is the only factor.
///
/// `context` holds words that must not make it up: the person's name and e-mail, the organization's and the
/// product's name.
///
/// # Errors
/// The rule that failed, as a sentence that says what to do.
pub fn check(password: &Secret, context: &[&str]) -> Result<(), String> {
    let text = password.expose();
    let chars = text.chars().count();
    if chars == 0 {
        return Err("Enter a password.".into());
    }
    if chars < CHARS_MIN_SINGLE_FACTOR {
        return Err(format!(
            "Use at least {CHARS_MIN_SINGLE_FACTOR} characters; this has {chars}. Several words in a row are easy to remember."
        ));
    }
    if chars > CHARS_MAX {
        return Err(format!("Use at most {CHARS_MAX} characters; this has {chars}."));
    }
    let mut distinct = text.chars().collect::<Vec<_>>();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 4 {
        return Err("Use more than three different characters.".into());
    }
    let lower = text.to_lowercase();
    if context.iter().any(|word| word.chars().count() >= 4 && lower == word.to_lowercase()) {
        return Err("This is a name everybody knows; choose something else.".into());
    }
    if left(&lower, context) < LEFT_CHARS_MIN {
        return Err(
            "This is little more than names everybody knows; add a word or two that do not belong together."
                .into(),
        );
    }
    let estimate = zxcvbn::zxcvbn(text, context);
    if u8::from(estimate.score()) < 3 {
        let why = estimate
            .feedback()
            .and_then(zxcvbn::feedback::Feedback::warning)
            .map_or_else(|| "It is easy to guess.".to_owned(), |warning| warning.to_string());
        return Err(format!("{why} Add a word or two that do not belong together."));
    }
    Ok(())
}

/// How many characters are left of a password in lower case without its repeated words, and without the words of its
/// context and their parts.
fn left(lower: &str, context: &[&str]) -> usize {
    let mut known: Vec<String> = Vec::new();
    for word in context.iter().map(|word| word.to_lowercase()) {
        known.extend(word.split(|sign: char| !sign.is_alphanumeric()).map(str::to_owned));
        known.push(word);
    }
    known.retain(|word| word.chars().count() >= KNOWN_CHARS_MIN);
    // The longest first: the whole address before its parts.
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = known.iter().fold(lower.to_owned(), |rest, word| rest.replace(word.as_str(), " "));
    let words: BTreeSet<&str> = rest.split_whitespace().collect();
    words.iter().map(|word| word.chars().count()).sum()
}

/// Hashes a password with argon2id and the given random salt, as a PHC string.
///
/// # Errors
/// Only if the library refuses its own parameters.
pub fn hash(password: &Secret, salt: &[u8; SALT_BYTES]) -> Result<String, String> {
    let salt = SaltString::encode_b64(salt).map_err(|error| error.to_string())?;
    let hash =
        argon2()?.hash_password(password.expose().as_bytes(), &salt).map_err(|error| error.to_string())?;
    Ok(hash.to_string())
}

/// Whether `password` belongs to the PHC string `hash`; false for a hash that cannot be read. Compares in constant time.
#[must_use]
pub fn verify(password: &Secret, hash: &str) -> bool {
    let (Ok(hash), Ok(argon2)) = (PasswordHash::new(hash), argon2()) else { return false };
    argon2.verify_password(password.expose().as_bytes(), &hash).is_ok()
}

fn argon2() -> Result<Argon2<'static>, String> {
    let params =
        Params::new(ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn asvs_6_2_1_short_and_common_passwords_are_refused_with_the_rule() {
        for (bad, part) in [
            ("", "Enter a password"),
            ("correct horse", "at least 15"),
            ("aaaaaaaaaaaaaaaaaaaa", "different characters"),
            ("password1password1", "Add a word"),
            ("ann.smith@example.org", "everybody knows"),
            ("ann.smith@example.org ann.smith@example.org", "names everybody knows"),
            ("Ann.Smith@Example.org-ANN.SMITH@EXAMPLE.ORG", "names everybody knows"),
            ("Example Smith example ann 2024", "names everybody knows"),
            ("otter otter otter otter otter", "little more than"),
        ] {
            let error = check(&secret(bad), &["ann.smith@example.org"]).unwrap_err();
            assert!(error.contains(part), "{bad}: {error}");
        }
        assert!(check(&secret(&"x1y2".repeat(65)), &[]).is_err(), "longer than 256");
    }

    #[test]
    fn asvs_6_2_9_long_passwords_and_passphrases_are_accepted() {
        for good in [
            "velvet anchor 7 thistle moon",
            "  spaces count, ünïcode too ☂  ",
            "ann's otter at acme counts seven",
            "#;~|{^?%=@&!)*(+",
        ] {
            assert_eq!(check(&secret(good), &["ann@example.org", "Acme"]), Ok(()));
        }
    }

    #[test]
    fn asvs_11_4_2_hashes_are_argon2id_and_verify_only_their_password() {
        let hash = hash(&secret("velvet anchor 7 thistle moon"), &[7; SALT_BYTES]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&secret("velvet anchor 7 thistle moon"), &hash));
        assert!(!verify(&secret("velvet anchor 7 thistle moo"), &hash));
        assert!(!verify(&secret("x"), "not a hash"));
    }
}
