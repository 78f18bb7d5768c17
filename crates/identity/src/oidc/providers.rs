//! What a provider says of itself (OpenID Connect Discovery 1.0). Believes nothing that is not of the issuer that was asked.

use serde::{Deserialize, Serialize};

use super::{
    checks::{Check, Refusal},
    exchanges::Http,
    keys::Keys,
};

/// A provider as it describes itself. Its addresses are absolute URLs with `https` (or `http` on this machine, if that was let
/// through), so that it can be kept and used as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The issuer, to the letter as it was set up.
    pub issuer: String,
    /// Where browsers are sent to sign in.
    pub authorization_endpoint: String,
    /// Where codes are traded in.
    pub token_endpoint: String,
    /// Where more is told of a person, if anywhere.
    pub userinfo_endpoint: Option<String>,
    /// Where browsers are sent to sign out, if anywhere (OpenID Connect RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<String>,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Whether it promises that its answers say whose they are (RFC 9207).
    pub answers_with_issuer: bool,
    /// Whether it tells by the back channel that somebody signed out.
    pub logs_out_by_back_channel: bool,
    /// How clients show their secret at the token endpoint, by the names of the specification.
    pub token_auths: Vec<String>,
    /// The algorithms that it signs ID tokens with, as it names them.
    pub algorithms: Vec<String>,
    /// Its keys when they were last fetched.
    pub keys: Keys,
}

/// Which addresses a provider may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those with `https`.
    Https,
    /// Also those with `http` on this machine (`localhost`, 127.0.0.1, `[::1]`): for a provider beside the server.
    AlsoLoopback,
}

/// Asks an issuer what its provider is like, and fetches its keys: two requests.
///
/// # Errors
/// The check that refused it: `Discovery`, `DiscoveryIssuer`, `Endpoints` or `Keys`.
pub async fn discover(issuer: &str, reach: Reach, http: &dyn Http) -> Result<Provider, Refusal> {
    let _ = (issuer, reach, http);
    Err(Refusal::new(Check::Discovery, "nothing was asked"))
}

/// Fetches the keys of a provider anew.
///
/// # Errors
/// `Keys`.
pub async fn fetch_keys(provider: &Provider, http: &dyn Http) -> Result<Keys, Refusal> {
    let _ = (provider, http);
    Err(Refusal::new(Check::Keys, "nothing was asked"))
}
