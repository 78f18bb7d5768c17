//! A provider's word that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.6). Ends no session
//! itself, and remembers nothing: that a token is taken once is for the caller to see to.

use domain::timestamps::Timestamp;

use super::{
    algorithms::Algorithm,
    checks::{Check, Refusal},
    exchanges::Http,
    keys::Keys,
    providers::Provider,
};

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
    /// The provider's keys, if they were fetched anew: to be kept.
    pub keys: Option<Keys>,
}

/// Judges the form field `logout_token`.
pub async fn read(
    token: &str,
    provider: &Provider,
    expectations: &Expectations<'_>,
    http: &dyn Http,
) -> Read {
    let _ = (token, provider, expectations.may_fetch_keys, http);
    Read { outcome: Err(Refusal::new(Check::TokenForm, "nothing was read")), keys: None }
}
