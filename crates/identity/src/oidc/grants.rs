//! Trading a code in for tokens (OpenID Connect Core, section 3.1.3), and asking with one of them for more. Believes nothing of
//! what it is given.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::secrets::Secret;
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{
    checks::{Check, Refusal},
    exchanges::{self, Http, HttpRequest},
    tokens::{self, Object},
};

/// Bytes of an answer with tokens or about a person, at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an access token that is shown to userinfo, at most.
const ACCESS_TOKEN_BYTES_MAX: usize = 32 * 1024;

/// How we show the token endpoint who we are (OpenID Connect Core, section 9).
#[derive(Clone)]
pub enum TokenAuth {
    /// With the secret in the header `Authorization` (`client_secret_basic`).
    Basic(Secret),
    /// With the secret in the form (`client_secret_post`).
    Post(Secret),
    /// Without a secret (`none`): the code verifier alone shows that it is us.
    Public,
}

/// A code on its way to the token endpoint.
pub(super) struct Exchange<'a> {
    pub(super) address: &'a str,
    pub(super) client_id: &'a str,
    pub(super) token_auth: &'a TokenAuth,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a Secret,
}

/// What the token endpoint gave.
pub(super) struct Given(Object);

impl Exchange<'_> {
    /// Trades a code in.
    pub(super) async fn trade_in(&self, code: &Secret, http: &dyn Http) -> Result<Given, Refusal> {
        let refused = |detail: String| Refusal::new(Check::CodeExchanged, detail);
        let response = http.send(self.request(code)).await.map_err(|error| refused(error.0))?;
        if response.status != 200 {
            let words = tokens::object(&response.body).ok().and_then(|answer| {
                let text = |name: &str| answer.get(name).and_then(Value::as_str);
                Some(error_words(text("error")?, text("error_description")))
            });
            return Err(refused(
                words.unwrap_or_else(|| format!("it answers with status {}", response.status)),
            ));
        }
        let given = exchanges::object_in(&response).map_err(|why| refused(format!("the answer: {why}")))?;
        Ok(Given(given))
    }

    fn request(&self, code: &Secret) -> HttpRequest {
        let mut form = Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", self.verifier.expose()),
        ]);
        let authorization = match self.token_auth {
            TokenAuth::Basic(secret) => Some(basic(self.client_id, secret)),
            TokenAuth::Post(secret) => {
                form.extend_pairs([("client_id", self.client_id), ("client_secret", secret.expose())]);
                None
            }
            TokenAuth::Public => {
                form.append_pair("client_id", self.client_id);
                None
            }
        };
        HttpRequest {
            address: self.address.to_owned(),
            form: Some(Secret::new(form.finish())),
            authorization,
            bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

/// The header that shows a secret, both parts encoded as in a form first (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

impl Given {
    /// The ID token.
    pub(super) fn id_token(&self) -> Result<&str, Refusal> {
        let token = self.0.get("id_token").and_then(Value::as_str);
        token.ok_or_else(|| Refusal::new(Check::IdTokenPresent, "there is none: is openid among the scopes?"))
    }

    /// The access token, if there is one.
    pub(super) fn access_token(&self) -> Option<&str> {
        self.0.get("access_token").and_then(Value::as_str)
    }

    /// What the provider tells of the person beside the ID token.
    pub(super) async fn userinfo(&self, endpoint: Option<&str>, http: &dyn Http) -> Result<Object, String> {
        let endpoint = endpoint.ok_or("the provider has no userinfo_endpoint")?;
        let token = self.access_token().ok_or("no access token came with the ID token")?;
        let kind = self.0.get("token_type").and_then(Value::as_str).unwrap_or_default();
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(format!("the access token is of the type {kind}"));
        }
        // It becomes part of a header.
        if token.len() > ACCESS_TOKEN_BYTES_MAX || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the access token is too long, or not of letters, digits and signs".into());
        }
        let authorization = Secret::new(format!("Bearer {token}"));
        let response = exchanges::get(http, endpoint, Some(authorization), ANSWER_BYTES_MAX).await?;
        exchanges::object_in(&response)
    }
}

/// What an error of a provider says, for people.
pub(super) fn error_words(error: &str, description: Option<&str>) -> String {
    let hint = match error {
        "invalid_client" | "unauthorized_client" => {
            " Compare client id, secret and how it is shown with the provider's."
        }
        "redirect_uri_mismatch" => " Enter our redirect URI at the provider.",
        _ => "",
    };
    let description = description.map_or_else(String::new, |words| format!(" ({words})"));
    format!("the provider says {error}{description}.{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token_auth: &TokenAuth) -> HttpRequest {
        let exchange = Exchange {
            address: "https://op.example/token",
            client_id: "a client:id",
            token_auth,
            redirect_uri: "https://console.example/callback",
            verifier: &Secret::new("verifier".into()),
        };
        exchange.request(&Secret::new("c&d".into()))
    }

    #[test]
    fn secrets_are_shown_as_is_set_up() {
        let common = "grant_type=authorization_code&code=c%26d&redirect_uri=https%3A%2F%2Fconsole.example%2Fcallback&code_verifier=verifier";
        let secret = || Secret::new("s+/ %".into());
        let shown = |auth: TokenAuth| {
            let request = request(&auth);
            let form = request.form.unwrap().expose().to_owned();
            (
                form.strip_prefix(common).unwrap().to_owned(),
                request.authorization.map(|a| a.expose().to_owned()),
            )
        };
        let basic = format!("Basic {}", STANDARD.encode("a+client%3Aid:s%2B%2F+%25"));
        assert_eq!(shown(TokenAuth::Basic(secret())), (String::new(), Some(basic)));
        let post = "&client_id=a+client%3Aid&client_secret=s%2B%2F+%25".to_owned();
        assert_eq!(shown(TokenAuth::Post(secret())), (post, None));
        assert_eq!(shown(TokenAuth::Public), ("&client_id=a+client%3Aid".to_owned(), None));
    }

    #[test]
    fn errors_are_said_with_what_helps() {
        let words = error_words("invalid_client", Some("bad secret"));
        assert!(words.starts_with("the provider says invalid_client (bad secret). Compare"), "{words}");
        assert_eq!(error_words("access_denied", None), "the provider says access_denied.");
    }
}
