//! What a provider says of itself (OpenID Connect Discovery 1.0). Believes nothing that is not of the issuer that was asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use super::{
    checks::{Check, Refusal},
    exchanges::{self, Http},
    keys::Keys,
    tokens::Object,
};

/// Where an issuer describes itself, behind its own path (section 4 of the specification).
const DOCUMENT_PATH: &str = "/.well-known/openid-configuration";
/// Bytes of the document, at most.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a key set, at most.
const KEYS_BYTES_MAX: usize = 256 * 1024;
/// Characters of an address, at most.
const ADDRESS_CHARS_MAX: usize = 2000;
/// Names in a list of the document that are kept, at most.
const NAMES_MAX: usize = 50;

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
    let refused = |detail: String| Refusal::new(Check::Discovery, detail);
    reach.demand(issuer).map_err(|why| refused(format!("the issuer {why}")))?;
    if issuer.contains('?') {
        return Err(refused("the issuer has a query".into()));
    }
    let address = format!("{}{DOCUMENT_PATH}", issuer.trim_end_matches('/'));
    let response = exchanges::get(http, &address, None, DOCUMENT_BYTES_MAX).await.map_err(refused)?;
    let document = exchanges::object_in(&response).map_err(|why| refused(format!("{address}: {why}")))?;
    let named = text(&document, "issuer").unwrap_or("nobody");
    if named != issuer {
        return Err(Refusal::new(Check::DiscoveryIssuer, format!("the document is of {named}")));
    }
    let required = |name: &str| match endpoint(&document, name, reach)? {
        Some(address) => Ok(address),
        None => Err(Refusal::new(Check::Endpoints, format!("the document has no {name}"))),
    };
    let jwks_uri = required("jwks_uri")?;
    Ok(Provider {
        issuer: issuer.to_owned(),
        authorization_endpoint: required("authorization_endpoint")?,
        token_endpoint: required("token_endpoint")?,
        userinfo_endpoint: endpoint(&document, "userinfo_endpoint", reach)?,
        end_session_endpoint: endpoint(&document, "end_session_endpoint", reach)?,
        answers_with_issuer: is_set(&document, "authorization_response_iss_parameter_supported"),
        logs_out_by_back_channel: is_set(&document, "backchannel_logout_supported"),
        token_auths: names(&document, "token_endpoint_auth_methods_supported")
            .unwrap_or_else(|| vec!["client_secret_basic".to_owned()]),
        algorithms: names(&document, "id_token_signing_alg_values_supported").unwrap_or_default(),
        keys: keys_at(&jwks_uri, http).await?,
        jwks_uri,
    })
}

/// Fetches the keys of a provider anew.
///
/// # Errors
/// `Keys`.
pub async fn fetch_keys(provider: &Provider, http: &dyn Http) -> Result<Keys, Refusal> {
    keys_at(&provider.jwks_uri, http).await
}

async fn keys_at(address: &str, http: &dyn Http) -> Result<Keys, Refusal> {
    let refused = |detail: String| Refusal::new(Check::Keys, detail);
    let response = exchanges::get(http, address, None, KEYS_BYTES_MAX).await.map_err(refused)?;
    if response.status != 200 {
        return Err(refused(format!("{address}: it answers with status {}", response.status)));
    }
    Keys::read(&response.body)
}

impl Reach {
    /// Whether an address may be a provider's; otherwise what is wrong with it.
    fn demand(self, address: &str) -> Result<(), String> {
        if address.chars().count() > ADDRESS_CHARS_MAX {
            return Err("is too long".into());
        }
        let Ok(url) = Url::parse(address) else { return Err("is not an address".into()) };
        let is_here = match url.host() {
            None => return Err("is not an address with a host".into()),
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
        };
        let is_open =
            url.scheme() == "https" || (url.scheme() == "http" && is_here && self == Self::AlsoLoopback);
        if !is_open {
            return Err("does not begin with https".into());
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("has a name, a password or a fragment in it".into());
        }
        Ok(())
    }
}

fn text<'a>(document: &'a Object, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}

fn is_set(document: &Object, name: &str) -> bool {
    document.get(name) == Some(&Value::Bool(true))
}

/// A list of names, those that are texts, if it is there.
fn names(document: &Object, name: &str) -> Option<Vec<String>> {
    let list = document.get(name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).take(NAMES_MAX).map(ToOwned::to_owned).collect())
}

/// An address of the document, if it is there.
fn endpoint(document: &Object, name: &str, reach: Reach) -> Result<Option<String>, Refusal> {
    let refused = |why: &str| Err(Refusal::new(Check::Endpoints, format!("{name} {why}")));
    match document.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(address)) => match reach.demand(address) {
            Ok(()) => Ok(Some(address.clone())),
            Err(why) => refused(&why),
        },
        Some(_) => refused("is no text"),
    }
}
