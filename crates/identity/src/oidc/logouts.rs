//! A provider's word that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.6). Ends no session
//! itself, and remembers nothing: that a token is taken once is for the caller to see to.

use std::time::Duration;

use domain::timestamps::Timestamp;
use serde_json::Value;

use super::{
    algorithms::Algorithm,
    checks::{Check, Findings, Refusal},
    contents::{Contents, Found},
    exchanges::Http,
    keys::Keys,
    providers::Provider,
    signatures::{self, Signers},
    tokens::{Kind, Token},
    verifications::SKEW,
};

/// The event that a logout is.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, whatever it says itself: so long its id has to be remembered at most.
const AGE_MAX: Duration = Duration::from_secs(5 * 60);

/// What a logout token has to fit.
pub struct Expectations<'a> {
    /// Who we are to the provider.
    pub client_id: &'a str,
    /// The algorithms that are taken.
    pub algorithms: &'a [Algorithm],
    /// Whether the provider's keys may be fetched anew if the token's is none of them: once a minute at most.
    pub may_fetch_keys: bool,
    /// Now.
    pub now: Timestamp,
}

/// Whose sessions end. At least one of `subject` and `session_id` is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    /// The person's name at the provider (`sub`); without `session_id` it means all of the person's sessions.
    pub subject: Option<String>,
    /// The session there (`sid`).
    pub session_id: Option<String>,
    /// The token's id (`jti`), to be taken once.
    pub token_id: String,
    /// When it was issued (`iat`).
    pub issued_at: Timestamp,
    /// Until when it would be taken: so long its id has to be remembered.
    pub until: Timestamp,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Read {
    /// Whose sessions end, or the first check that refused the token.
    pub outcome: Result<Logout, Refusal>,
    /// The provider's keys, if they were fetched anew: to be kept, whatever the outcome.
    pub keys: Option<Keys>,
}

/// Judges the form field `logout_token`. The request that brings it is anybody's: nothing but the token is to be believed.
pub async fn read(
    token: &str,
    provider: &Provider,
    expectations: &Expectations<'_>,
    http: &dyn Http,
) -> Read {
    let mut fetched = None;
    let outcome = judge(token, provider, expectations, http, &mut fetched).await;
    Read { outcome, keys: fetched }
}

async fn judge(
    token: &str,
    provider: &Provider,
    expectations: &Expectations<'_>,
    http: &dyn Http,
    fetched: &mut Option<Keys>,
) -> Result<Logout, Refusal> {
    let mut findings = Findings::default();
    let token = Token::parse(token)?;
    token.demand(Kind::Logout)?;
    let Expectations { client_id, algorithms, may_fetch_keys, now } = *expectations;
    let signers = Signers { provider, algorithms, may_fetch_keys };
    signatures::verify(&token, &signers, http, &mut findings, fetched).await?;

    let mut contents = Contents { claims: &token.claims, findings: &mut findings, now };
    contents.issuer(&provider.issuer);
    contents.audience(client_id);
    let expires_at = contents.expiry();
    let issued_at = contents.issue_time(now.minus(AGE_MAX));
    event(&mut contents);
    let (subject, session_id) = whose(&mut contents);
    let token_id = match contents.name("jti") {
        Found::Right(id) => Some(id),
        Found::Missing => contents.fail(Check::LogoutId, "the token has no id (jti)"),
        Found::Wrong(seen) => contents.fail(Check::LogoutId, seen),
    };
    match (findings.refusal(), token_id, issued_at, expires_at) {
        (None, Some(token_id), Some(issued_at), Some(expires_at)) => {
            let until = expires_at.min(issued_at.plus(AGE_MAX)).plus(SKEW);
            Ok(Logout { subject, session_id, token_id, issued_at, until })
        }
        (Some(refusal), ..) => Err(refusal),
        (None, ..) => Err(Refusal::new(Check::LogoutId, "the token cannot be read")),
    }
}

/// The token tells of a logout, and is no answer to a question: else an ID token could end sessions.
fn event(contents: &mut Contents<'_>) {
    let event = contents.claims.get("events").and_then(|events| events.get(EVENT));
    let seen = match event {
        _ if contents.claims.contains_key("nonce") => "the token has a nonce",
        None => "the token tells of no logout (events)",
        Some(Value::Object(_)) => return contents.findings.pass(Check::LogoutEvent, "logout"),
        Some(_) => "the logout (events) is no object",
    };
    contents.findings.note(Check::LogoutEvent, false, seen);
}

/// Whose sessions end.
fn whose(contents: &mut Contents<'_>) -> (Option<String>, Option<String>) {
    let mut one = |claim: &str| match contents.name(claim) {
        Found::Right(name) => Some(name),
        Found::Missing => None,
        Found::Wrong(seen) => contents.fail(Check::LogoutSubject, seen),
    };
    let (subject, session_id) = (one("sub"), one("sid"));
    if subject.is_none() && session_id.is_none() {
        let _: Option<()> =
            contents.fail(Check::LogoutSubject, "the token does not say whose sessions end (sub, sid)");
    }
    (subject, session_id)
}
