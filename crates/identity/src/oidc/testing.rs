//! A provider of software, which answers as real ones do or as a hostile one would: it says and signs whatever it is told to.
//! Never built into the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::timestamps::Timestamp;
use openssl::hash::{MessageDigest, hash};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::exchanges::{Http, HttpError, HttpRequest, HttpResponse};

mod signing;

pub use signing::{KeyChoice, Signing, SigningKey, token};

/// What went wrong while a provider was made.
pub type Failure = Box<dyn std::error::Error>;

/// Seconds that ID tokens of it are good.
const TOKEN_SECONDS: i64 = 300;

/// Changes what the token endpoint gives before it is signed.
pub type Edit = Arc<dyn Fn(&mut Draft) + Send + Sync>;

/// What the token endpoint is about to give.
#[derive(Clone)]
pub struct Draft {
    /// The header of the ID token.
    pub header: Value,
    /// The claims of the ID token.
    pub claims: Value,
    /// How it is signed.
    pub signing: Signing,
    /// Its status.
    pub status: u16,
    /// The rest of the answer; the ID token is put into it unless there is one.
    pub answer: Value,
}

/// What a provider shows to the world. All of it can be changed.
pub struct Face {
    /// The document at `/.well-known/openid-configuration`.
    pub document: Value,
    /// The keys that it signs with.
    pub keys: Vec<SigningKey>,
    /// The key set; `None` shows the keys.
    pub key_set: Option<Value>,
    /// What userinfo says beside the subject.
    pub userinfo: Value,
    /// Who its clients are: ids and secrets; a client without a secret is public.
    pub clients: HashMap<String, Option<String>>,
    /// What is changed in everything that it gives.
    pub edit: Option<Edit>,
    /// What is answered instead, by path: status and body.
    pub instead: HashMap<String, (u16, Vec<u8>)>,
}

/// A code that it gave.
struct Grant {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    claims: Value,
    at: Timestamp,
}

#[derive(Default)]
struct Memory {
    codes: HashMap<String, Grant>,
    subjects: HashMap<String, Value>,
    asked: Vec<String>,
    count: usize,
}

/// A provider.
pub struct SoftOp {
    /// Its issuer.
    pub issuer: String,
    face: Mutex<Face>,
    memory: Mutex<Memory>,
}

impl SoftOp {
    /// A provider that signs with that key, and knows one client.
    #[must_use]
    pub fn new(issuer: &str, key: SigningKey, client_id: &str, secret: &str) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let document = json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "end_session_endpoint": at("/end-session"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [key.algorithm()],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
        });
        let face = Face {
            document,
            keys: vec![key],
            key_set: None,
            userinfo: json!({}),
            clients: HashMap::from([(client_id.to_owned(), Some(secret.to_owned()))]),
            edit: None,
            instead: HashMap::new(),
        };
        Self { issuer: issuer.to_owned(), face: Mutex::new(face), memory: Mutex::default() }
    }

    /// What it shows to the world, to be changed.
    pub fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has everything changed that it gives from now on.
    pub fn set_edit(&self, edit: impl Fn(&mut Draft) + Send + Sync + 'static) {
        self.face().edit = Some(Arc::new(edit));
    }

    /// The paths that it was asked for, in order, and forgets them.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.memory().asked)
    }

    /// Lets somebody sign in who was sent to that address: the query that the browser goes back with.
    ///
    /// # Errors
    /// When what was asked is not as it has to be.
    pub fn sign_in(&self, address: &str, claims: Value, now: Timestamp) -> Result<String, String> {
        let url = Url::parse(address).map_err(|error| error.to_string())?;
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let take = |name: &str| asked.get(name).cloned().ok_or(format!("no {name} in {address}"));
        let is_known = self.face().clients.contains_key(&take("client_id")?);
        let is_right = take("response_type")? == "code"
            && take("code_challenge_method")? == "S256"
            && take("scope")?.split(' ').any(|scope| scope == "openid");
        if !is_known || !is_right || !address.starts_with(&self.issuer) {
            return Err(format!("not a question for us: {address}"));
        }
        let grant = Grant {
            client_id: take("client_id")?,
            redirect_uri: take("redirect_uri")?,
            challenge: take("code_challenge")?,
            nonce: asked.get("nonce").cloned(),
            claims,
            at: now,
        };
        let mut memory = self.memory();
        memory.count += 1;
        let code = format!("code-{}-{}", self.issuer.len(), memory.count);
        memory.codes.insert(code.clone(), grant);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("code", &code)
            .append_pair("state", &take("state")?)
            .append_pair("iss", &self.issuer);
        Ok(query.finish())
    }

    /// A token that says that somebody signed out, before it is changed and signed.
    #[must_use]
    pub fn logout(&self, client_id: &str, claims: &Value, now: Timestamp) -> Draft {
        let seconds = now.micros() / 1_000_000;
        let own = json!({ "iss": self.issuer, "aud": client_id, "iat": seconds, "exp": seconds + 120,
            "jti": format!("logout-{seconds}"), "events": { "http://schemas.openid.net/event/backchannel-logout": {} } });
        let mut draft = self.draft(merged(own, claims), json!({}));
        draft.header["typ"] = json!("logout+jwt");
        draft
    }

    /// The token of a draft.
    #[must_use]
    pub fn signed(&self, draft: &Draft) -> String {
        token(&draft.header, &draft.claims, &draft.signing, &self.face().keys)
    }

    fn draft(&self, claims: Value, answer: Value) -> Draft {
        let face = self.face();
        let header = json!({ "alg": face.keys[0].algorithm(), "typ": "JWT", "kid": face.keys[0].id });
        Draft { header, claims, signing: Signing::Key(0), status: 200, answer }
    }

    fn answer(&self, path: &str, request: &HttpRequest) -> (u16, Vec<u8>) {
        self.memory().asked.push(path.to_owned());
        if let Some(instead) = self.face().instead.get(path) {
            return instead.clone();
        }
        let (status, body) = match path {
            "/.well-known/openid-configuration" => (200, self.face().document.clone()),
            "/keys" => (200, self.key_set()),
            "/token" => self.trade_in(request),
            "/userinfo" => self.userinfo(request),
            _ => (404, json!({})),
        };
        (status, body.to_string().into_bytes())
    }

    fn key_set(&self) -> Value {
        let face = self.face();
        let keys: Vec<Value> = face.keys.iter().map(SigningKey::public).collect();
        face.key_set.clone().unwrap_or_else(|| json!({ "keys": keys }))
    }

    /// The token endpoint, as strict as real ones are.
    fn trade_in(&self, request: &HttpRequest) -> (u16, Value) {
        let refused =
            |status, error: &str| (status, json!({ "error": error, "error_description": "as said" }));
        let Some(form) = &request.form else { return refused(400, "invalid_request") };
        let form: HashMap<String, String> =
            form_urlencoded::parse(form.expose().as_bytes()).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let Some(client_id) = self.client(request, field("client_id"), form.get("client_secret")) else {
            return refused(401, "invalid_client");
        };
        // A code is gone once it was shown, whoever shows it.
        let Some(grant) = self.memory().codes.remove(field("code")) else {
            return refused(400, "invalid_grant");
        };
        let challenge = hash(MessageDigest::sha256(), field("code_verifier").as_bytes());
        let is_right = field("grant_type") == "authorization_code"
            && grant.client_id == client_id
            && grant.redirect_uri == field("redirect_uri")
            && challenge.is_ok_and(|challenge| URL_SAFE_NO_PAD.encode(challenge) == grant.challenge);
        if !is_right {
            return refused(400, "invalid_grant");
        }
        let draft = self.given(&grant);
        let mut answer = draft.answer.clone();
        if answer.get("id_token").is_none() {
            answer["id_token"] = json!(self.signed(&draft));
        }
        (draft.status, answer)
    }

    fn given(&self, grant: &Grant) -> Draft {
        let (seconds, access_token) = (grant.at.micros() / 1_000_000, format!("access-{}", grant.challenge));
        let half = hash(MessageDigest::sha256(), access_token.as_bytes());
        let mut own = json!({ "iss": self.issuer, "aud": grant.client_id, "iat": seconds, "auth_time": seconds,
            "exp": seconds + TOKEN_SECONDS, "nonce": grant.nonce });
        // Right for algorithms with SHA-256.
        let is_short = self.face().keys[0].algorithm().ends_with("256");
        if let Some(half) = half.ok().filter(|_| is_short) {
            own["at_hash"] = json!(URL_SAFE_NO_PAD.encode(&half[..16]));
        }
        let claims = merged(own, &grant.claims);
        self.memory().subjects.insert(access_token.clone(), claims["sub"].clone());
        let answer =
            json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS });
        let mut draft = self.draft(claims, answer);
        let edit = self.face().edit.clone();
        if let Some(edit) = edit {
            edit(&mut draft);
        }
        draft
    }

    /// The client that a request is of.
    fn client(&self, request: &HttpRequest, id: &str, secret: Option<&String>) -> Option<String> {
        let decoded =
            |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
        let (id, secret) = match &request.authorization {
            None => (id.to_owned(), secret.cloned()),
            Some(header) => {
                let pair = STANDARD.decode(header.expose().strip_prefix("Basic ")?).ok()?;
                let pair = String::from_utf8(pair).ok()?;
                let (id, secret) = pair.split_once(':')?;
                (decoded(id)?, Some(decoded(secret)?))
            }
        };
        (self.face().clients.get(&id) == Some(&secret)).then_some(id)
    }

    fn userinfo(&self, request: &HttpRequest) -> (u16, Value) {
        let token = request.authorization.as_ref().and_then(|header| header.expose().strip_prefix("Bearer "));
        match token.and_then(|token| self.memory().subjects.get(token).cloned()) {
            Some(subject) => (200, merged(json!({ "sub": subject }), &self.face().userinfo)),
            None => (401, json!({ "error": "invalid_token" })),
        }
    }
}

#[async_trait]
impl Http for SoftOp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.address.strip_prefix(&self.issuer).map(ToOwned::to_owned);
        let Some(path) = path.filter(|path| path.starts_with('/')) else {
            return Err(HttpError(format!("{} is not there", request.address)));
        };
        let (status, body) = self.answer(&path, &request);
        if body.len() > request.bytes_max {
            return Err(HttpError("the answer is too long".to_owned()));
        }
        Ok(HttpResponse { status, body })
    }
}

/// Providers of which each is asked what is meant for it.
#[async_trait]
impl Http for Vec<Arc<SoftOp>> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let of = |op: &&Arc<SoftOp>| {
            request.address.strip_prefix(&op.issuer).is_some_and(|path| path.starts_with('/'))
        };
        match self.iter().find(of) {
            Some(op) => op.send(request).await,
            None => Err(HttpError(format!("{} is not there", request.address))),
        }
    }
}

fn merged(mut object: Value, other: &Value) -> Value {
    for (name, value) in other.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}
