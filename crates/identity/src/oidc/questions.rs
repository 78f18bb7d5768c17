//! Where a browser is sent: to sign in (OpenID Connect Core, section 3.1.2.1) and to sign out. Waits for no answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::secrets::Secret;
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use super::providers::Provider;

/// Random bytes that a question needs: 256 bits each for state, nonce and code verifier.
pub const RANDOM_BYTES: usize = 96;
/// Random bytes of each of the three.
const PART_BYTES: usize = 32;

/// What a provider is asked.
pub struct Question<'a> {
    /// Who we are to it.
    pub client_id: &'a str,
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
    /// What we want to know, by names without blanks; `openid` is always asked for.
    pub scopes: &'a [String],
    /// The ways of signing in that are wanted, the best first; none if any will do.
    pub context_classes: &'a [String],
    /// Whether the person has to show their credentials again there. The answer is then to be judged with a longest age of 0.
    pub is_forced: bool,
    /// Who is to sign in, if that is known: an address or a name, as a help for the person.
    pub login_hint: Option<&'a str>,
}

/// A question on its way. All but the address stays with us.
pub struct Begun {
    /// Where the browser is sent.
    pub url: String,
    /// What it has to come back with.
    pub state: String,
    /// What the ID token has to hold.
    pub nonce: String,
    /// What the code is traded in with (PKCE, RFC 7636).
    pub verifier: Secret,
}

/// Asks a provider who somebody is. The code challenge is always there, of the method S256.
#[must_use]
pub fn ask(provider: &Provider, question: &Question<'_>, random: &[u8; RANDOM_BYTES]) -> Begun {
    let part = |number: usize| URL_SAFE_NO_PAD.encode(&random[number * PART_BYTES..][..PART_BYTES]);
    let (state, nonce, verifier) = (part(0), part(1), part(2));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
    let mut scopes = vec!["openid"];
    scopes.extend(question.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
    let (scopes, classes) = (scopes.join(" "), question.context_classes.join(" "));
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", question.client_id),
        ("redirect_uri", question.redirect_uri),
        ("scope", &scopes),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    if !classes.is_empty() {
        parameters.push(("acr_values", &classes));
    }
    if question.is_forced {
        parameters.extend([("prompt", "login"), ("max_age", "0")]);
    }
    parameters.extend(question.login_hint.map(|hint| ("login_hint", hint)));
    let url = with_parameters(&provider.authorization_endpoint, &parameters);
    Begun { url, state, nonce, verifier: Secret::new(verifier) }
}

/// Where a browser is sent to sign out at the provider too, if that has such a place (OpenID Connect RP-Initiated Logout 1.0).
/// `id_token` is the token that the session began with, which the browser gets to see.
#[must_use]
pub fn end_session_url(
    provider: &Provider,
    client_id: &str,
    id_token: Option<&Secret>,
    post_logout_redirect_uri: &str,
) -> Option<String> {
    let endpoint = provider.end_session_endpoint.as_deref()?;
    let mut parameters =
        vec![("client_id", client_id), ("post_logout_redirect_uri", post_logout_redirect_uri)];
    parameters.extend(id_token.map(|token| ("id_token_hint", token.expose())));
    Some(with_parameters(endpoint, &parameters))
}

/// An endpoint with parameters behind those that it has of its own (RFC 6749, section 3.1), of which ours go first.
fn with_parameters(endpoint: &str, parameters: &[(&str, &str)]) -> String {
    // Discovery let through URLs alone.
    let Ok(mut url) = Url::parse(endpoint) else { return endpoint.to_owned() };
    let is_ours = |name: &str| parameters.iter().any(|(ours, _)| *ours == name);
    let own: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| !is_ours(name)).map(|(n, v)| (n.into(), v.into())).collect();
    url.query_pairs_mut().clear().extend_pairs(own).extend_pairs(parameters);
    url.into()
}
