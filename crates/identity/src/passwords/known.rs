//! Passwords that everybody tries first: those on the built-in list, in many shapes, and sentences that everybody knows.

use std::collections::BTreeSet;

use super::{Error, LEFT_CHARS_MIN, period, words};
use crate::breached;

/// Sentences that everybody knows, some of them from advice on how to make a password, as lists of passwords seldom have them.
const PHRASES: [&str; 10] = [
    "correcthorsebatterystaple",
    "thequickbrownfoxjumpsoverthelazydog",
    "tobeornottobethatisthequestion",
    "maytheforcebewithyou",
    "loremipsumdolorsitamet",
    "allyourbasearebelongtous",
    "twinkletwinklelittlestar",
    "hellodarknessmyoldfriend",
    "openthepodbaydoorshal",
    "itwasthebestoftimesitwastheworstoftimes",
];

/// Whether a password is on the built-in list: as it is, folded, without a number at its end, or the piece that it repeats.
pub(super) fn known(text: &str) -> Option<Error> {
    let mut list = match breached::built_in() {
        Ok(list) => list,
        Err(error) => return Some(Error::List(error.to_string())),
    };
    let chars: Vec<char> = text.chars().collect();
    let piece: String = chars.iter().take(period(&chars)).collect();
    let mut tried: BTreeSet<String> = BTreeSet::new();
    for whole in [text, piece.as_str()] {
        tried.insert(whole.to_owned());
        for folded in words::foldings(whole).into_iter().chain([whole.to_lowercase()]) {
            tried.insert(folded);
        }
        // Before folding: `1` at the end is a number, not an `l`.
        let base = whole.trim_end_matches(|sign: char| !sign.is_alphabetic());
        if base.chars().count() >= words::LETTERS_MIN {
            tried.extend(words::foldings(base));
        }
    }
    if tried.iter().any(|text| is_phrase(text)) {
        return Some(Error::Known);
    }
    for text in tried {
        match list.contains_text(&text) {
            Ok(false) => {}
            Ok(true) => return Some(Error::Known),
            Err(error) => return Some(Error::List(error.to_string())),
        }
    }
    None
}

/// Whether a text is little more than a sentence that everybody knows.
fn is_phrase(text: &str) -> bool {
    let letters: String = text.to_lowercase().chars().filter(|sign| sign.is_alphabetic()).collect();
    PHRASES.iter().any(|phrase| {
        letters.contains(phrase) && text.chars().count() < phrase.len() + LEFT_CHARS_MIN
            || letters.len() >= LEFT_CHARS_MIN * 2
                && text.chars().count() < letters.len() + LEFT_CHARS_MIN
                && phrase.starts_with(&letters)
    })
}
