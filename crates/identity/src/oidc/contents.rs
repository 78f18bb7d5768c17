//! What the claims of a token say, one by one, and whether that is as it has to be. Is given claims whose signature was right
//! alone; notes each finding, so that the test bench shows all that is wrong at once.

use std::time::Duration;

use domain::timestamps::Timestamp;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{
    checks::{Check, Findings},
    tokens::Object,
    verifications::SKEW,
};

/// Characters of a person's name at a provider, and of ids of sessions and tokens, at most.
const NAME_CHARS_MAX: usize = 255;
/// The last second that is taken: the end of the year 9999.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// The claims of a token, and what was found of them so far.
pub(super) struct Contents<'a> {
    pub(super) claims: &'a Object,
    pub(super) findings: &'a mut Findings,
    pub(super) now: Timestamp,
}

/// What a claim is that should be a name or an instant.
pub(super) enum Found<T> {
    /// As it should be.
    Right(T),
    /// Not there.
    Missing,
    /// Something else, said for people.
    Wrong(String),
}

impl Contents<'_> {
    /// A claim that is a text which can be seen, without blanks around it.
    pub(super) fn name(&self, claim: &str) -> Found<String> {
        match self.claims.get(claim) {
            None | Some(Value::Null) => Found::Missing,
            Some(Value::String(name)) if is_name(name) => Found::Right(name.clone()),
            Some(Value::String(name)) => Found::Wrong(format!("{claim} is {name:?}")),
            Some(_) => Found::Wrong(format!("{claim} is no text")),
        }
    }

    /// A claim that is an instant, in seconds since 1970 (`NumericDate`, RFC 7519, section 2).
    pub(super) fn instant(&self, claim: &str) -> Found<Timestamp> {
        match self.claims.get(claim) {
            None | Some(Value::Null) => Found::Missing,
            Some(value) => match value.as_f64().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds)) {
                Some(seconds) => Found::Right(instant(seconds)),
                None => Found::Wrong(format!("{claim} is no time")),
            },
        }
    }

    /// The issuer is the provider's.
    pub(super) fn issuer(&mut self, issuer: &str) {
        let found = self.claims.get("iss").and_then(Value::as_str);
        self.findings.note(Check::Issuer, found == Some(issuer), found.unwrap_or("the token has no issuer"));
    }

    /// We are among the audiences, which are a text or a list of texts.
    pub(super) fn audience(&mut self, client_id: &str) -> usize {
        let found: Option<Vec<&str>> = match self.claims.get("aud") {
            Some(Value::String(one)) => Some(vec![one]),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let found = found.unwrap_or_default();
        let seen = if found.is_empty() { "the token has no audience".to_owned() } else { found.join(", ") };
        self.findings.note(Check::Audience, found.contains(&client_id), seen);
        found.len()
    }

    /// Where it says to whom the token was given, that is us.
    pub(super) fn authorized_party(&mut self, client_id: &str, audiences: usize) {
        let (passed, seen) = match self.claims.get("azp") {
            None => (audiences <= 1, "it does not say (azp)".to_owned()),
            Some(Value::String(party)) => (party == client_id, party.clone()),
            Some(_) => (false, "azp is no text".to_owned()),
        };
        self.findings.note(Check::AuthorizedParty, passed, seen);
    }

    /// The token is still good. Gives back until when.
    pub(super) fn expiry(&mut self) -> Option<Timestamp> {
        match self.instant("exp") {
            Found::Right(until) => {
                let passed = self.now < until.plus(SKEW);
                self.findings.note(Check::Expiry, passed, format!("good until {}", until.human()));
                Some(until)
            }
            Found::Missing => self.fail(Check::Expiry, "the token does not say until when it is good (exp)"),
            Found::Wrong(seen) => self.fail(Check::Expiry, seen),
        }
    }

    /// The token was issued between `from` and now. Gives back when.
    pub(super) fn issue_time(&mut self, from: Timestamp) -> Option<Timestamp> {
        match self.instant("iat") {
            Found::Right(at) => {
                let passed = at.plus(SKEW) >= from && at <= self.now.plus(SKEW);
                self.findings.note(Check::IssueTime, passed, format!("issued {}", at.human()));
                Some(at)
            }
            Found::Missing => self.fail(Check::IssueTime, "the token does not say when it was issued (iat)"),
            Found::Wrong(seen) => self.fail(Check::IssueTime, seen),
        }
    }

    /// The token is good already.
    pub(super) fn not_before(&mut self) {
        match self.instant("nbf") {
            Found::Missing => {}
            Found::Right(from) => {
                let passed = from <= self.now.plus(SKEW);
                self.findings.note(Check::NotBefore, passed, format!("good from {}", from.human()));
            }
            Found::Wrong(seen) => self.findings.note(Check::NotBefore, false, seen),
        }
    }

    /// The token answers our question.
    pub(super) fn nonce(&mut self, nonce: &str) {
        let found = self.claims.get("nonce").and_then(Value::as_str);
        let passed = found.is_some_and(|found| found.as_bytes().ct_eq(nonce.as_bytes()).into());
        let seen = match (found, passed) {
            (_, true) => "ours",
            (None, _) => "the token has no nonce",
            (Some(_), _) => "another one",
        };
        self.findings.note(Check::Nonce, passed, seen);
    }

    /// The person signed in there recently enough, and not in the future. Gives back when, if it says.
    pub(super) fn authentication_time(
        &mut self,
        asked_at: Timestamp,
        age_max: Option<Duration>,
    ) -> Option<Timestamp> {
        match self.instant("auth_time") {
            Found::Right(at) => {
                let is_recent = age_max.is_none_or(|age_max| at.plus(age_max).plus(SKEW) >= asked_at);
                let passed = is_recent && at <= self.now.plus(SKEW);
                self.findings.note(Check::AuthenticationTime, passed, format!("signed in {}", at.human()));
                Some(at)
            }
            Found::Missing if age_max.is_none() => None,
            Found::Missing => self.fail(
                Check::AuthenticationTime,
                "the token does not say when the person signed in (auth_time)",
            ),
            Found::Wrong(seen) => self.fail(Check::AuthenticationTime, seen),
        }
    }

    /// The person signed in there in one of the ways that are demanded. Gives back how, if it says.
    pub(super) fn context_class(&mut self, demanded: &[String]) -> Option<String> {
        let found = self.claims.get("acr").and_then(Value::as_str).map(ToOwned::to_owned);
        if !demanded.is_empty() {
            let passed = found.as_ref().is_some_and(|class| demanded.contains(class));
            let seen = found.as_deref().unwrap_or("the token does not say how the person signed in (acr)");
            self.findings.note(Check::ContextClass, passed, seen);
        }
        found
    }

    /// Notes that a check was not passed.
    pub(super) fn fail<T>(&mut self, check: Check, seen: impl AsRef<str>) -> Option<T> {
        self.findings.note(check, false, seen);
        None
    }
}

/// Whether a text is a name of somebody or something.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control)
}

fn instant(seconds: f64) -> Timestamp {
    // Whole microseconds: at most 2.6e17, which an i64 holds.
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Timestamp::from_micros((seconds * 1e6) as i64)
}
