//! Password rules (NIST SP 800-63B-4 section 3.1.1, ASVS 5.0 chapter 6) and argon2id hashes (RFC 9106).
//!
//! A password is taken in Unicode normalisation form C and in no other way changed: not trimmed, not cut, no case folded.
//! Form C alone, because keyboards differ in how they send an `é` and a person cannot see which; a text that is typed on
//! one keyboard only is taken as it was typed (ASVS 6.2.8). Whatever counts, compares or hashes here does it on that form.

mod known;
mod words;

use std::collections::BTreeSet;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use domain::secrets::Secret;
use unicode_normalization::UnicodeNormalization;

/// Fewest characters with a second factor; an organization may ask for more.
pub const CHARS_MIN: usize = 8;
/// Fewest characters while the password is the only factor; an organization may ask for more.
pub const CHARS_MIN_SINGLE_FACTOR: usize = 15;
/// Most characters; more would only cost time.
pub const CHARS_MAX: usize = 256;
/// From how many characters on a password may hold common words and names: it is then compared as a whole.
const CHARS_LONG: usize = 15;
/// Words of the context that are always there, beside the names that the caller gives (ASVS 6.1.2, 6.2.11).
pub const CONTEXT_WORDS: [&str; 1] = ["Redoubt"];
/// Fewest different characters.
const DISTINCT_MIN: usize = 4;
/// Fewest characters that are left without repeated words and without the words of the context.
const LEFT_CHARS_MIN: usize = 8;
/// Fewest characters of a word of the context, or of a part of one, that counts.
const KNOWN_CHARS_MIN: usize = 3;
/// Guesses that a long password withstands at least, as a power of ten.
const GUESSES_LOG10_LONG: f64 = 10.0;
/// The same for a short one, which has a second factor beside it: keyboard rows and dates are under it.
const GUESSES_LOG10_SHORT: f64 = 6.0;
/// How many characters are estimated at a time. The library's time grows steeply with what looks like letters: a hundred
/// characters that were chosen for it take a second, this many a twentieth of it.
const ESTIMATED_CHARS: usize = 32;
/// Bytes of salt a hash takes.
pub const SALT_BYTES: usize = 16;

/// Memory of one hash in KiB, passes, lanes: the second recommended option of RFC 9106 scaled to OWASP's 19 MiB.
const ARGON2_KIB: u32 = 19_456;
const ARGON2_PASSES: u32 = 2;
const ARGON2_LANES: u32 = 1;

/// What is asked of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether its person has a second factor that sign-in asks for.
    pub has_second_factor: bool,
    /// Fewest characters of an only factor, from the organization's policy; never less than 15.
    pub chars_min_single: usize,
    /// Fewest characters beside a second factor, from the organization's policy; never less than 8.
    pub chars_min: usize,
}

impl Rules {
    /// The rules for somebody who has no second factor and belongs to no organization with a stricter policy.
    pub const SINGLE_FACTOR: Self =
        Self { has_second_factor: false, chars_min_single: CHARS_MIN_SINGLE_FACTOR, chars_min: CHARS_MIN };

    /// Fewest characters that these rules ask for.
    #[must_use]
    pub fn least(&self) -> usize {
        if self.has_second_factor {
            self.chars_min.max(CHARS_MIN)
        } else {
            self.chars_min_single.max(CHARS_MIN_SINGLE_FACTOR)
        }
    }
}

/// One of the rules, in the order in which they are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Not too short, not too long.
    Length,
    /// Not one piece over and over.
    Variety,
    /// No name of the context in it; a long one is not little more than such names.
    Names,
    /// No common word in it; for short passwords only.
    Words,
    /// Not a password that everybody tries first.
    Known,
    /// Enough guesses needed.
    Guesses,
}

/// Which rule a password breaks, as a sentence that says what to do. Holds nothing of the password itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("Enter a password.")]
    Empty,
    /// It has fewer characters than the rules ask for.
    #[error(
        "Use at least {least} characters; this has {chars}. Several words in a row are easy to remember."
    )]
    TooShort {
        /// What the rules ask for.
        least: usize,
        /// What it has.
        chars: usize,
    },
    /// It has more than [`CHARS_MAX`] characters.
    #[error("Use at most {CHARS_MAX} characters; this has {0}.")]
    TooLong(usize),
    /// It is one piece over and over.
    #[error("This is one piece over and over; add something else.")]
    Repeated,
    /// It has only a few different characters.
    #[error("Use more than three different characters.")]
    FewCharacters,
    /// A short one holds a name of the context.
    #[error(
        "Leave out your name, your e-mail address and the names of organization and product, or use at least {CHARS_LONG} characters."
    )]
    Name,
    /// A long one is a name of the context.
    #[error(
        "This is your name, your e-mail address, or the name of your organization or of this product; choose something else."
    )]
    IsName,
    /// A long one is made of little more than names of the context.
    #[error(
        "This is little more than your name, your e-mail address and the names of your organization or this product; add a word or two that do not belong together."
    )]
    MostlyNames,
    /// A short one holds a common word.
    #[error(
        "Leave out common words and names, also with digits for letters, or use at least {CHARS_LONG} characters."
    )]
    CommonWord,
    /// It, or something very near, is on a list of common and breached passwords.
    #[error(
        "This, or something very near to it, is on a list of passwords that became known, and is tried first; choose another."
    )]
    Known,
    /// It takes too few guesses; with the reason, where there is one.
    #[error("{0} Add a word or two that do not belong together.")]
    Guessable(String),
    /// The list that is built in cannot be read.
    #[error("Passwords cannot be checked at the moment: {0}")]
    List(String),
}

/// How a password stands with one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleResult {
    /// The rule.
    pub rule: Rule,
    /// Whether it is met.
    pub is_met: bool,
    /// What the rule asks for, if it is met; else what to do.
    pub sentence: String,
}

/// What is said of a password while it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Each rule that applies to it, in order.
    pub results: Vec<RuleResult>,
    /// How hard it is to guess, from 0 (at once) to 4 (more than 10^10 guesses), as zxcvbn estimates.
    pub score: u8,
}

impl Judgement {
    /// Whether every rule is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.results.iter().all(|result| result.is_met)
    }
}

/// Checks a new password.
///
/// `context` holds words that must not make it up: the person's name and e-mail address, the organization's name. The
/// product's is always among them. The built-in list of breached passwords is looked into; the operator's own is the
/// caller's ([`breached::List`]), with [`Error::Known`] for what it finds.
///
/// # Errors
/// The first rule that failed, as a sentence that says what to do.
pub fn check(password: &Secret, rules: &Rules, context: &[&str]) -> Result<(), Error> {
    let (findings, _) = findings(password, rules, context);
    findings.into_iter().find_map(|(_, broken)| broken).map_or(Ok(()), Err)
}

/// Says of each rule whether a password meets it, for the feedback while it is typed. Takes what [`check`] takes, and
/// finds the same.
#[must_use]
pub fn judge(password: &Secret, rules: &Rules, context: &[&str]) -> Judgement {
    let (findings, score) = findings(password, rules, context);
    let results = findings
        .into_iter()
        .map(|(rule, broken)| RuleResult {
            rule,
            is_met: broken.is_none(),
            sentence: broken.map_or_else(|| rule.sentence(rules), |broken| broken.to_string()),
        })
        .collect();
    Judgement { results, score }
}

impl Rule {
    /// What it asks for.
    fn sentence(self, rules: &Rules) -> String {
        match self {
            Self::Length => format!("At least {} characters.", rules.least()),
            Self::Variety => "Not one piece over and over.".into(),
            Self::Names => "Not made of your name, your e-mail address, or the names of your organization and of this product.".into(),
            Self::Words => "No common words.".into(),
            Self::Known => "Not on the list of passwords that became known.".into(),
            Self::Guesses => "Hard to guess.".into(),
        }
    }
}

/// Each rule that applies with how it is broken, and the score.
fn findings(password: &Secret, rules: &Rules, context: &[&str]) -> (Vec<(Rule, Option<Error>)>, u8) {
    let normal = normal(password);
    let text = normal.expose();
    let length = length(text, rules);
    // Nothing more is said of what is not there, and nothing costly is done with what is too long.
    if matches!(length, Some(Error::Empty | Error::TooLong(_))) {
        return (vec![(Rule::Length, length)], 0);
    }
    let context: Vec<&str> = context.iter().copied().chain(CONTEXT_WORDS).collect();
    // While somebody types who needs 15 characters, the rules for those are what counts.
    let is_short = rules.least() < CHARS_LONG && text.chars().count() < CHARS_LONG;
    let estimate = estimate(text, &context);
    let mut findings = vec![(Rule::Length, length), (Rule::Variety, variety(text, is_short))];
    if is_short {
        findings.push((Rule::Names, words::has_name(text, &context).then_some(Error::Name)));
        findings.push((Rule::Words, words::has_common(text).then_some(Error::CommonWord)));
    } else {
        findings.push((Rule::Names, mostly_names(text, &context)));
    }
    findings.push((Rule::Known, known::known(text)));
    findings.push((Rule::Guesses, guesses(&estimate, is_short)));
    (findings, u8::from(estimate.score()))
}

/// How many characters a password has, as the rules count them.
#[must_use]
pub fn chars(password: &Secret) -> usize {
    normal(password).expose().chars().count()
}

/// The password in normalisation form C.
fn normal(password: &Secret) -> Secret {
    Secret::new(password.expose().nfc().collect())
}

fn length(text: &str, rules: &Rules) -> Option<Error> {
    let (chars, least) = (text.chars().count(), rules.least());
    match chars {
        0 => Some(Error::Empty),
        _ if chars < least => Some(Error::TooShort { least, chars }),
        _ if chars > CHARS_MAX => Some(Error::TooLong(chars)),
        _ => None,
    }
}

fn variety(text: &str, is_short: bool) -> Option<Error> {
    let chars: Vec<char> = text.chars().collect();
    let piece = period(&chars);
    // A long one may be a good one twice.
    if piece * 2 <= chars.len() && (is_short || piece < LEFT_CHARS_MIN) {
        return Some(Error::Repeated);
    }
    let distinct: BTreeSet<char> = chars.into_iter().collect();
    (distinct.len() < DISTINCT_MIN).then_some(Error::FewCharacters)
}

/// The length of the shortest piece that makes up a text when it is repeated, the last time perhaps in part.
fn period(chars: &[char]) -> usize {
    (1..chars.len())
        .find(|piece| chars.iter().zip(chars.iter().skip(*piece)).all(|(a, b)| a == b))
        .unwrap_or(chars.len())
}

/// For long passwords: whether the whole is a name of the context, or little more than such names.
fn mostly_names(text: &str, context: &[&str]) -> Option<Error> {
    let lower = text.to_lowercase();
    if context.iter().any(|word| word.chars().count() >= words::LETTERS_MIN && lower == word.to_lowercase()) {
        return Some(Error::IsName);
    }
    words::foldings(text)
        .iter()
        .chain([&lower])
        .any(|folded| left(folded, context) < LEFT_CHARS_MIN)
        .then_some(Error::MostlyNames)
}

/// How many characters are left of a password in lower case without its repeated words, and without the words of its
/// context and their parts.
fn left(lower: &str, context: &[&str]) -> usize {
    let mut known: Vec<String> = Vec::new();
    for word in
        context.iter().flat_map(|word| words::spellings(word).into_iter().chain([word.to_lowercase()]))
    {
        known.extend(word.split(|sign: char| !sign.is_alphanumeric()).map(str::to_owned));
        // In one word, as it is in the names of domains.
        known.push(word.chars().filter(|sign| sign.is_alphanumeric()).collect());
        known.push(word);
    }
    known.retain(|word| word.chars().count() >= KNOWN_CHARS_MIN);
    // The longest first: the whole address before its parts.
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = known.iter().fold(lower.to_owned(), |rest, word| rest.replace(word.as_str(), " "));
    let words: BTreeSet<&str> = rest.split_whitespace().collect();
    words.iter().map(|word| word.chars().count()).sum()
}

/// How hard a password is to guess: of a longer one its beginning or its end, whichever is harder.
fn estimate(text: &str, context: &[&str]) -> zxcvbn::Entropy {
    let chars: Vec<char> = text.chars().collect();
    let first: String = chars.iter().take(ESTIMATED_CHARS).collect();
    let of_first = zxcvbn::zxcvbn(&first, context);
    if chars.len() <= ESTIMATED_CHARS || of_first.guesses_log10() >= GUESSES_LOG10_LONG {
        return of_first;
    }
    let last: String = chars.iter().skip(chars.len() - ESTIMATED_CHARS).collect();
    let of_last = zxcvbn::zxcvbn(&last, context);
    if of_last.guesses_log10() > of_first.guesses_log10() { of_last } else { of_first }
}

fn guesses(estimate: &zxcvbn::Entropy, is_short: bool) -> Option<Error> {
    let least = if is_short { GUESSES_LOG10_SHORT } else { GUESSES_LOG10_LONG };
    if estimate.guesses_log10() >= least {
        return None;
    }
    let why = estimate
        .feedback()
        .and_then(zxcvbn::feedback::Feedback::warning)
        .map_or_else(|| "It is easy to guess.".to_owned(), |warning| warning.to_string());
    Some(Error::Guessable(why))
}

/// Hashes a password with argon2id and the given random salt, as a PHC string.
///
/// # Errors
/// Only if the library refuses its own parameters.
pub fn hash(password: &Secret, salt: &[u8; SALT_BYTES]) -> Result<String, String> {
    let salt = SaltString::encode_b64(salt).map_err(|error| error.to_string())?;
    let hash = argon2()?
        .hash_password(normal(password).expose().as_bytes(), &salt)
        .map_err(|error| error.to_string())?;
    Ok(hash.to_string())
}

/// Whether `password` belongs to the PHC string `hash`; false for a hash that cannot be read. Compares in constant time.
#[must_use]
pub fn verify(password: &Secret, hash: &str) -> bool {
    let (Ok(hash), Ok(argon2)) = (PasswordHash::new(hash), argon2()) else { return false };
    argon2.verify_password(normal(password).expose().as_bytes(), &hash).is_ok()
}

fn argon2() -> Result<Argon2<'static>, String> {
    let params =
        Params::new(ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BESIDE_A_FACTOR: Rules = Rules { has_second_factor: true, ..Rules::SINGLE_FACTOR };

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn broken(text: &str, rules: &Rules, context: &[&str]) -> String {
        check(&secret(text), rules, context).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn asvs_6_2_1_an_only_factor_has_15_characters_and_one_beside_another_8() {
        assert!(
            broken("kT9#wq2LvR7xYp", &Rules::SINGLE_FACTOR, &[])
                .contains("at least 15 characters; this has 14")
        );
        assert_eq!(broken("kT9#wq2LvR7xYpd", &Rules::SINGLE_FACTOR, &[]), "");
        assert!(broken("kT9#wq2", &BESIDE_A_FACTOR, &[]).contains("at least 8 characters; this has 7"));
        assert_eq!(broken("kT9#wq2L", &BESIDE_A_FACTOR, &[]), "");
        assert_eq!(broken("", &BESIDE_A_FACTOR, &[]), "Enter a password.");
        assert!(
            broken("😀☂ø7→þ¤", &BESIDE_A_FACTOR, &[]).contains("this has 7"),
            "characters count, not bytes"
        );
    }

    #[test]
    fn an_organization_may_raise_both_lengths_and_lower_none() {
        let raised = Rules { has_second_factor: true, chars_min: 12, chars_min_single: 20 };
        assert!(broken("kT9#wq2LvR7", &raised, &[]).contains("at least 12"));
        assert!(
            broken("kT9#wq2LvR7xYpdkT8", &Rules { has_second_factor: false, ..raised }, &[])
                .contains("at least 20")
        );
        let lowered = Rules { has_second_factor: true, chars_min: 4, chars_min_single: 6 };
        assert_eq!(lowered.least(), 8);
        assert_eq!(Rules { has_second_factor: false, ..lowered }.least(), 15);
    }

    #[test]
    fn asvs_6_2_4_short_common_and_repeated_passwords_are_refused_with_the_rule() {
        for (bad, part) in [
            ("aaaaaaaa", "over and over"),
            ("abcabcabc", "over and over"),
            ("kT9#kT9#kT", "over and over"),
            ("password1", "common words"),
            ("P4ssw0rd", "common words"),
            ("x7Dragon#q", "common words"),
            ("m1ch4el#77", "common words"),
            ("zaq1xsw2", "became known"),
            ("Zaq12wsx", "became known"),
            ("qwertz12", "common words"),
            ("01.02.1990", "guess"),
            ("aabbaabbabab", "three different"),
        ] {
            let said = broken(bad, &BESIDE_A_FACTOR, &[]);
            assert!(said.contains(part), "{bad}: {said}");
        }
    }

    #[test]
    fn asvs_6_2_11_short_passwords_hold_no_name_of_the_context() {
        let context = ["Zoe Quixano", "zq@mancha.example", "Dulcinea AG"];
        for bad in ["qu1xano#7", "xxMANCHAxx9", "9Dulc1n3a$", "r3d0ubt#x9", "Redoubt-77"] {
            let said = broken(bad, &BESIDE_A_FACTOR, &context);
            assert!(said.contains("Leave out your name"), "{bad}: {said}");
        }
        assert_eq!(
            broken("zq#7vkw2xT", &BESIDE_A_FACTOR, &context),
            "",
            "parts of under four letters are no names"
        );
    }

    #[test]
    fn asvs_6_2_11_long_passwords_are_not_made_of_names_of_the_context() {
        for (bad, part) in [
            ("ann.smith@example.org", "of this product"),
            ("ann.smith@example.org ann.smith@example.org", "this product"),
            ("Ann.Smith@Example.org-ANN.SMITH@EXAMPLE.ORG", "this product"),
            ("Example Smith example ann 2024", "this product"),
            ("4nn.5m1th@3x4mpl3.0rg", "this product"),
            ("redoubt-redoubt-2026", "this product"),
        ] {
            let said = broken(bad, &Rules::SINGLE_FACTOR, &["ann.smith@example.org"]);
            assert!(said.contains(part), "{bad}: {said}");
        }
        for bad in [
            "vogelundsoehne vogel",
            "VogelUndSohne-2026",
            "Vogel und Söhne AG 7",
            "v0gel und s0ehne xy",
            "ABC-ÖL abcoel abcol",
        ] {
            let said = broken(bad, &Rules::SINGLE_FACTOR, &["Vogel und Söhne", "A B C Öl"]);
            assert!(said.contains("this product"), "{bad}: {said}");
        }
    }

    #[test]
    fn asvs_6_2_12_sentences_that_everybody_knows_are_no_passwords() {
        let known = |text: &str| {
            matches!(check(&Secret::new(text.into()), &Rules::SINGLE_FACTOR, &[]), Err(Error::Known))
        };
        for text in [
            "correct horse battery staple",
            "Correct-Horse-Battery-Staple1",
            "c0rrect horse battery staple!",
            "to be or not to be, that",
        ] {
            assert!(known(text), "{text}");
        }
        for text in ["correct anchor battery thistle", "correct horse battery staple under seven moons"] {
            assert!(!known(text), "{text}");
        }
    }

    #[test]
    fn asvs_6_2_12_long_passwords_are_compared_as_a_whole_with_those_that_became_known() {
        for (bad, part) in [
            ("aaaaaaaaaaaaaaaaaaaa", "over and over"),
            ("otter otter otter otter otter", "over and over"),
            ("password1password1", "became known"),
            ("1q2w3e4r5t6y7u8i9o", "became known"),
            ("P4ssw0rdpassword", "became known"),
            ("iloveyou19901990", "became known"),
            ("cdefghijklmnopqrst", "guess"),
            ("qwertyuiopasdfghjkl", "Add a word"),
            ("abababbaabbaabababba", "three different"),
        ] {
            let said = broken(bad, &Rules::SINGLE_FACTOR, &[]);
            assert!(said.contains(part), "{bad}: {said}");
        }
    }

    #[test]
    fn asvs_6_2_5_6_2_9_long_passwords_of_any_make_are_accepted() {
        for good in [
            "velvet anchor 7 thistle moon",
            "correct horse battery security",
            "  spaces count, ünïcode too ☂  ",
            "ann's otter at acme counts seven",
            "#;~|{^?%=@&!)*(+",
            "😀☂ø7→þ¤łŋđð¢µ„“”",
            "vkwqzxtpjyhgfbn",
            "velvet anchor 7 velvet anchor 7",
            &"velvet anchor 7 thistle moon ".repeat(8)[..200],
        ] {
            assert_eq!(broken(good, &Rules::SINGLE_FACTOR, &["ann@example.org", "Acme"]), "", "{good}");
        }
        let long: String = ('!'..='~').cycle().take(257).collect();
        assert!(broken(&long, &Rules::SINGLE_FACTOR, &[]).contains("at most 256 characters; this has 257"));
    }

    #[test]
    fn the_harder_end_of_a_long_password_counts() {
        let weak: String = ('a'..='z').cycle().take(40).collect();
        assert!(broken(&weak, &Rules::SINGLE_FACTOR, &[]).contains("Add a word"), "{weak}");
        for good in [format!("{weak} velvet anchor 7 thistle"), format!("velvet anchor 7 thistle {weak}")] {
            assert_eq!(broken(&good, &Rules::SINGLE_FACTOR, &[]), "", "{good}");
        }
    }

    #[test]
    fn each_rule_is_judged_while_somebody_types() {
        let judgement = judge(&secret("Dragon"), &BESIDE_A_FACTOR, &[]);
        let unmet: Vec<Rule> =
            judgement.results.iter().filter(|result| !result.is_met).map(|result| result.rule).collect();
        assert_eq!(unmet, [Rule::Length, Rule::Words, Rule::Known, Rule::Guesses]);
        assert_eq!((judgement.score, judgement.is_met()), (0, false));
        // The rules for short ones are not shown to somebody who needs a long one.
        let judgement =
            judge(&secret("velvet anchor 7"), &Rules { chars_min_single: 20, ..Rules::SINGLE_FACTOR }, &[]);
        assert!(judgement.results.iter().all(|result| result.rule != Rule::Words));
        assert_eq!(judgement.results.iter().filter(|result| !result.is_met).count(), 1);
        let judgement = judge(&secret("velvet anchor 7 thistle moon"), &Rules::SINGLE_FACTOR, &[]);
        assert_eq!((judgement.score, judgement.is_met()), (4, true));
        assert_eq!(judgement.results[0].sentence, "At least 15 characters.");
    }

    #[test]
    fn what_is_said_holds_nothing_of_the_password() {
        for text in ["Quixano77", "dragon#77", "P4ssw0rd", "qwertz12", "ann.smith@example.org"] {
            for rules in [BESIDE_A_FACTOR, Rules::SINGLE_FACTOR] {
                for result in judge(&secret(text), &rules, &["Quixano", "ann.smith@example.org"]).results {
                    assert!(
                        !result.sentence.to_lowercase().contains(&text.to_lowercase()),
                        "{}",
                        result.sentence
                    );
                    assert!(result.sentence.ends_with('.'), "{}", result.sentence);
                }
            }
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

    #[test]
    fn asvs_6_2_8_a_password_is_taken_as_it_was_typed() {
        let long = "é".repeat(40) + "x";
        for text in [" leading and trailing blanks ", "with a \0 in it", "Case Matters Here", long.as_str()] {
            let hash = hash(&secret(text), &[7; SALT_BYTES]).unwrap();
            assert!(verify(&secret(text), &hash), "{text}");
            for other in [text.trim(), &text.to_lowercase(), &text.replace('\0', ""), &text[..text.len() - 1]]
            {
                assert_eq!(verify(&secret(other), &hash), other == text, "{text} and {other}");
            }
        }
        let hash = hash(&secret("caf\u{e9} at the harbour"), &[7; SALT_BYTES]).unwrap();
        assert!(
            verify(&secret("cafe\u{301} at the harbour"), &hash),
            "another keyboard sends é in two parts"
        );
        assert!(!verify(&secret("cafe at the harbour"), &hash));
        assert!(!verify(&secret("ＣＡＦ\u{c9} at the harbour"), &hash), "no width and no case is folded");
    }

    proptest! {
        #[test]
        fn judging_and_checking_agree_and_nothing_panics(
            text in "\\PC{0,40}", has_second_factor: bool, word in "\\PC{0,12}",
        ) {
            let rules = Rules { has_second_factor, ..Rules::SINGLE_FACTOR };
            let context = [word.as_str()];
            let checked = check(&secret(&text), &rules, &context);
            prop_assert_eq!(judge(&secret(&text), &rules, &context).is_met(), checked.is_ok());
        }

        #[test]
        fn asvs_6_2_5_random_letters_of_one_kind_are_enough(text in "[bcdfghjkmnpqrtvwxz]{15,60}") {
            prop_assert_eq!(broken(&text, &Rules::SINGLE_FACTOR, &[]), "");
        }
    }
}
