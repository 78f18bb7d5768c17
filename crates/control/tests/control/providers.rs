//! An OpenID provider that tests have in place of the world: it answers what the server asks over HTTP, and signs with a key of its
//! own. It believes whatever a test tells it of people.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use identity::oidc::exchanges::{Http, HttpError, HttpRequest, HttpResponse};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

/// Its issuer.
pub const ISSUER: &str = "https://op.acme.example";
/// What it calls us.
pub const CLIENT: &str = "redoubt";
/// The secret that it knows us by.
pub const SECRET: &str = "the secret of the client";

/// The provider.
pub struct SoftProvider(Mutex<State>);

struct State {
    key: EcdsaKeyPair,
    /// The name of the key.
    kid: String,
    /// What it says of itself besides, or instead.
    document: Value,
    secret: String,
    /// The claims that each code stands for, once.
    codes: BTreeMap<String, Value>,
    userinfo: Value,
    /// What was asked, by path.
    asked: Vec<String>,
    is_gone: bool,
}

fn new_key() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

impl SoftProvider {
    pub fn new() -> Self {
        Self(Mutex::new(State {
            key: new_key(),
            kid: "one".into(),
            document: json!({}),
            secret: SECRET.into(),
            codes: BTreeMap::new(),
            userinfo: json!({}),
            asked: Vec::new(),
            is_gone: false,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Signs with another key from now on.
    pub fn roll_over(&self, kid: &str) {
        let mut state = self.state();
        state.key = new_key();
        state.kid = kid.into();
    }

    /// Says that of itself as well, or instead.
    pub fn says(&self, name: &str, value: impl Into<Value>) {
        self.state().document[name] = value.into();
    }

    /// Knows us by another secret.
    pub fn change_secret(&self, secret: &str) {
        self.state().secret = secret.into();
    }

    /// Answers nothing any more.
    pub fn go(&self) {
        self.state().is_gone = true;
    }

    /// Answers again.
    pub fn come_back(&self) {
        self.state().is_gone = false;
    }

    /// What it says of people by userinfo.
    pub fn set_userinfo(&self, claims: Value) {
        self.state().userinfo = claims;
    }

    /// A code that stands for these claims.
    pub fn code(&self, claims: Value) -> String {
        let mut state = self.state();
        let code = format!("code{}", state.codes.len());
        state.codes.insert(code.clone(), claims);
        code
    }

    /// How often a path was asked.
    pub fn times(&self, path: &str) -> usize {
        self.state().asked.iter().filter(|asked| *asked == path).count()
    }

    /// A token with these claims and that type.
    pub fn token(&self, kind: &str, claims: &Value) -> String {
        self.state().token(kind, claims)
    }
}

impl State {
    fn token(&self, kind: &str, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "ES256", "kid": self.kid, "typ": kind });
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": part(1), "y": part(33),
        }] })
    }

    fn document(&self) -> Value {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "userinfo_endpoint": format!("{ISSUER}/userinfo"),
            "end_session_endpoint": format!("{ISSUER}/end"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "authorization_response_iss_parameter_supported": true,
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        for (name, value) in self.document.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    fn trade_in(&mut self, request: &HttpRequest) -> (u16, Value) {
        let expected = STANDARD.encode(format!("{CLIENT}:{}", self.secret.replace(' ', "+")));
        let shown = request.authorization.as_ref().map(|shown| shown.expose().to_owned());
        if shown != Some(format!("Basic {expected}")) {
            return (401, json!({ "error": "invalid_client" }));
        }
        let form = request.form.as_ref().unwrap().expose().to_owned();
        let code = form.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap_or_default();
        match self.codes.remove(code) {
            Some(claims) => {
                let token = self.token("JWT", &claims);
                (200, json!({ "access_token": "access", "token_type": "Bearer", "id_token": token }))
            }
            None => (400, json!({ "error": "invalid_grant" })),
        }
    }
}

#[async_trait]
impl Http for SoftProvider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut state = self.state();
        let path = request.address.strip_prefix(ISSUER).unwrap().to_owned();
        state.asked.push(path.clone());
        if state.is_gone {
            return Err(HttpError("op.acme.example could not be reached.".into()));
        }
        let (status, body) = match path.as_str() {
            "/.well-known/openid-configuration" => (200, state.document()),
            "/jwks" => (200, state.keys()),
            "/token" => state.trade_in(&request),
            "/userinfo" => (200, state.userinfo.clone()),
            other => panic!("nobody knows {other}"),
        };
        Ok(HttpResponse { status, body: body.to_string().into_bytes() })
    }
}
