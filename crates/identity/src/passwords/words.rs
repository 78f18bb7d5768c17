//! Words and names that a short password must not hold, and how a text is folded so that `P4ssw0rd` is seen to be `password`.

use std::{collections::HashSet, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Fewest letters of a word or name that counts.
pub(super) const LETTERS_MIN: usize = 4;

/// Frequent English words, given names, surnames and the words among the commonest passwords, one a line, in lower case.
/// Where they come from: `docs/breached-passwords.md`.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../data/common-words.txt").lines().collect());

/// A text in lower case, and also with the digits and signs that stand for letters made into those; `1` may stand for
/// `i` or `l`. Letters lose their accents.
pub(super) fn foldings(text: &str) -> [String; 3] {
    let plain: String = text.to_lowercase().nfd().filter(|sign| !is_combining_mark(*sign)).collect();
    let with_i = plain.chars().map(|sign| letter(sign, 'i')).collect();
    let with_l = plain.chars().map(|sign| letter(sign, 'l')).collect();
    [plain, with_i, with_l]
}

/// A name in every spelling that counts as it: as [`foldings`] have it, and with the letters that some keyboards lack spelled
/// out, as in `Soehne`.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let mut spelled = String::with_capacity(name.len());
    for sign in name.nfc().flat_map(char::to_lowercase) {
        match sign {
            'ä' | 'æ' => spelled.push_str("ae"),
            'ö' | 'ø' | 'œ' => spelled.push_str("oe"),
            'ü' => spelled.push_str("ue"),
            'å' => spelled.push_str("aa"),
            'ß' => spelled.push_str("ss"),
            'þ' => spelled.push_str("th"),
            other => spelled.push(other),
        }
    }
    foldings(name).into_iter().chain(foldings(&spelled)).collect()
}

/// The letter that a digit or sign stands for, or the character itself.
const fn letter(sign: char, one: char) -> char {
    match sign {
        '0' => 'o',
        '1' | '|' => one,
        '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// Whether a common word or name is in a text. Meant for short ones: it looks at each part.
pub(super) fn has_common(text: &str) -> bool {
    foldings(text).iter().any(|folded| {
        let starts: Vec<usize> =
            folded.char_indices().map(|(start, _)| start).chain([folded.len()]).collect();
        starts.iter().enumerate().any(|(first, from)| {
            starts
                .iter()
                .skip(first + LETTERS_MIN)
                .any(|to| folded.get(*from..*to).is_some_and(|part| COMMON.contains(part)))
        })
    })
}

/// Whether a part of a name or of an e-mail address of the context is in a text, however it is written.
pub(super) fn has_name(text: &str, context: &[&str]) -> bool {
    let texts = foldings(text);
    context.iter().flat_map(|name| parts(name)).any(|part| {
        let forms = spellings(part);
        texts.iter().any(|text| forms.iter().any(|form| text.contains(form.as_str())))
    })
}

/// The parts of a name or address that count: `Ann Smith` and `ann@smith.example` have `Smith`, `smith` and `example`.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(|sign: char| !sign.is_alphanumeric()).filter(|part| {
        part.chars().count() >= LETTERS_MIN && part.chars().filter(|sign| sign.is_alphabetic()).count() >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_of_lower_case_letters() {
        let lines: Vec<&str> = include_str!("../../data/common-words.txt").lines().collect();
        assert!(lines.len() > 15_000 && lines.is_sorted());
        for line in lines {
            assert!(
                line.len() >= LETTERS_MIN && line.bytes().all(|byte| byte.is_ascii_lowercase()),
                "{line}"
            );
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        for bad in [
            "password1",
            "P4ssw0rd",
            "x9PASSWORDq",
            "9#dr4g0n!",
            "M1CH43L77",
            "qq$un5h1ne",
            "8L1ZZ4RD",
            "Drágón#7",
        ] {
            assert!(has_common(bad), "{bad}");
        }
        for good in ["kT9#wq2L", "vq7xkzpw", "", "abc", "ab cd ef", "ŧ→øþ¹²³¤"] {
            assert!(!has_common(good), "{good}");
        }
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        let context = ["Zoë Quixano", "z.panza@mancha-42.example"];
        for bad in ["qu1xano#7", "xxP4NZAxx", "9mancha9$", "Quixånò77"] {
            assert!(has_name(bad, &context), "{bad}");
        }
        for bad in ["7soehne7", "7sohne7", "7söhne7", "S03hne#"] {
            assert!(has_name(bad, &["Vogel und Söhne"]), "{bad}");
        }
        for good in ["zoe#7kq2x", "4242#kq2x", "mancho#7x"] {
            assert!(!has_name(good, &context), "{good}");
        }
    }
}
