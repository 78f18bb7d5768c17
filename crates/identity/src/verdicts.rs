//! What is said of a message of an identity provider, whatever its protocol: how each check went, and which one refused it
//! first. Checks nothing itself.

use serde::{Deserialize, Serialize};

/// Characters of what was seen that are kept, at most: it comes from outside and is shown to admins.
const SEEN_CHARS_MAX: usize = 300;

/// Why a message was refused, by a check of its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal<C> {
    /// The check that it failed first.
    pub check: C,
    /// What was found instead, for the organization's own log: cut and without control characters, but from outside.
    pub detail: String,
}

impl<C> Refusal<C> {
    /// A refusal by a check, with what was found.
    #[must_use]
    pub fn new(check: C, detail: impl AsRef<str>) -> Self {
        Self { check, detail: plain(detail.as_ref()) }
    }
}

/// How one check went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding<C> {
    /// The check.
    pub check: C,
    /// Whether it was passed.
    pub passed: bool,
    /// What was looked at, for people: cut and without control characters, but from outside.
    pub seen: String,
}

/// Every check that was made so far. Checks that follow from one that failed are not made.
pub(crate) struct Findings<C>(Vec<Finding<C>>);

impl<C> Default for Findings<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: Copy + Ord> Findings<C> {
    /// Notes that a check was passed, with what was looked at.
    pub(crate) fn pass(&mut self, check: C, seen: impl AsRef<str>) {
        self.0.push(Finding { check, passed: true, seen: plain(seen.as_ref()) });
    }

    /// Notes how a check went.
    pub(crate) fn note(&mut self, check: C, passed: bool, seen: impl AsRef<str>) {
        self.0.push(Finding { check, passed, seen: plain(seen.as_ref()) });
    }

    /// Notes what a step found, or that it refused.
    pub(crate) fn take<T>(&mut self, result: Result<T, Refusal<C>>) -> Result<T, Refusal<C>> {
        if let Err(refusal) = &result {
            self.note(refusal.check, false, &refusal.detail);
        }
        result
    }

    /// The first check that was not passed, as a refusal.
    pub(crate) fn refusal(&self) -> Option<Refusal<C>> {
        let failed = self.0.iter().find(|finding| !finding.passed)?;
        Some(Refusal { check: failed.check, detail: failed.seen.clone() })
    }

    /// All of them, in the order of the checks.
    pub(crate) fn into_list(mut self) -> Vec<Finding<C>> {
        self.0.sort_by_key(|finding| finding.check);
        self.0
    }
}

/// A text from outside as it may be kept: one line, cut.
fn plain(text: &str) -> String {
    let mut plain: String =
        text.chars().take(SEEN_CHARS_MAX).map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    if text.chars().nth(SEEN_CHARS_MAX).is_some() {
        plain.push('…');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_cut_to_one_plain_line() {
        let refusal = Refusal::new(1, format!("a\nb\u{0}{}", "x".repeat(400)));
        assert!(refusal.detail.starts_with("a b x") && refusal.detail.ends_with('…'));
        assert_eq!(refusal.detail.chars().count(), SEEN_CHARS_MAX + 1);
    }

    #[test]
    fn the_first_that_failed_refuses_and_all_are_listed_in_order() {
        let mut findings = Findings::default();
        findings.pass(3, "c");
        findings.note(2, false, "b");
        findings.note(1, false, "a");
        assert_eq!(findings.refusal(), Some(Refusal::new(2, "b")));
        let order: Vec<i32> = findings.into_list().iter().map(|finding| finding.check).collect();
        assert_eq!(order, [1, 2, 3]);
    }
}
