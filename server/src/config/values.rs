//! Collects settings from a TOML text and the environment under dotted keys, and every complaint about them.
//! Knows nothing of what the settings mean.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

/// Prefix of the environment variables that override the file.
const PREFIX: &str = "REDOUBT_";
/// How different a misspelt key may be from the one that is suggested.
const SUGGESTION_EDITS_MAX: usize = 3;

/// One setting as it was written.
struct Written {
    items: Vec<String>,
    is_list: bool,
    origin: String,
}

/// All settings that were written down, and what is wrong with them so far.
pub(super) struct Values {
    written: BTreeMap<String, Written>,
    asked: BTreeSet<String>,
    problems: Vec<String>,
}

impl Values {
    /// Takes a file's text (with the name to quote) and the environment; the environment wins.
    pub(super) fn collect(file: Option<(&str, &str)>, environment: &[(String, String)]) -> Self {
        let mut values = Self { written: BTreeMap::new(), asked: BTreeSet::new(), problems: Vec::new() };
        if let Some((name, text)) = file {
            values.collect_file(name, text);
        }
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            // Variables without a section (REDOUBT_CONFIG) are not settings.
            let Some((section, key)) = name.split_once("__") else { continue };
            let key = format!("{}.{}", section.to_ascii_lowercase(), key.to_ascii_lowercase());
            let written = Written { items: vec![text.clone()], is_list: false, origin: variable.clone() };
            values.written.insert(key, written);
        }
        values
    }

    fn collect_file(&mut self, name: &str, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                self.problems.push(format!("{name} is not valid TOML: {}", error.to_string().trim_end()));
                return;
            }
        };
        for (section, content) in table {
            let toml::Value::Table(content) = content else {
                self.problems.push(format!("{section}: stands outside of a section (in {name})"));
                continue;
            };
            for (key, value) in content {
                let key = format!("{section}.{key}");
                let origin = name.to_owned();
                let (items, is_list) = match value {
                    toml::Value::Array(items) => (items.iter().filter_map(scalar).collect(), true),
                    value => (scalar(&value).into_iter().collect(), false),
                };
                self.written.insert(key, Written { items, is_list, origin });
            }
        }
    }

    /// The setting at `key`, parsed; `default` if it was not written or could not be parsed (which is noted).
    pub(super) fn get<T, E: Display>(
        &mut self,
        key: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        self.optional(key, parse).unwrap_or(default)
    }

    /// The setting at `key`, parsed, if it was written.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.asked.insert(key.to_owned());
        let written = self.written.get(key)?;
        let outcome = match written.items.as_slice() {
            [item] if !written.is_list => parse(item.trim()).map_err(|error| error.to_string()),
            _ => Err("must be a single value".to_owned()),
        };
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{key}: {error} (in {})", written.origin));
                None
            }
        }
    }

    /// The setting at `key` as a list: an array in the file, separated by commas in the environment.
    pub(super) fn list<T, E: Display>(
        &mut self,
        key: &str,
        default: Vec<T>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        self.asked.insert(key.to_owned());
        let Some(written) = self.written.get(key) else { return default };
        let mut items = Vec::new();
        for item in written.items.iter().flat_map(|item| item.split(',')).map(str::trim) {
            match parse(item) {
                Ok(_) if item.is_empty() => {}
                Ok(value) => items.push(value),
                Err(_) if item.is_empty() => {}
                Err(error) => self.problems.push(format!("{key}: {error} (in {})", written.origin)),
            }
        }
        items
    }

    /// Whether something is written at `key`, be it right or wrong.
    pub(super) fn is_written(&self, key: &str) -> bool {
        self.written.contains_key(key)
    }

    /// Notes a complaint that takes more than one setting to see.
    pub(super) fn complain(&mut self, key: &str, problem: impl Display) {
        self.problems.push(format!("{key}: {problem}"));
    }

    /// Every complaint, with those about keys that nobody asked for.
    pub(super) fn finish(mut self) -> Vec<String> {
        for (key, written) in &self.written {
            if self.asked.contains(key) {
                continue;
            }
            let near = self.asked.iter().map(|known| (edits(known, key), known)).min();
            let hint = match near {
                Some((edits, known)) if edits <= SUGGESTION_EDITS_MAX => format!("; did you mean {known}?"),
                _ => String::new(),
            };
            self.problems.push(format!("{key}: there is no such setting{hint} (in {})", written.origin));
        }
        self.problems
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

/// How many letters must be added, removed or replaced to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(edits("listen", "listen"), 0);
        assert_eq!(edits("listen", "lisen"), 1);
        assert_eq!(edits("log.level", "log.levle"), 2);
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = [("REDOUBT_A__B".to_owned(), "2".to_owned())];
        let mut values = Values::collect(Some(("f.toml", "[a]\nb = 1\n")), &environment);
        assert_eq!(values.get("a.b", 0, str::parse::<u8>), 2);
        assert!(values.finish().is_empty());
    }
}
