//! A provider of software, somebody who signs in with it, and what we expect of that: all of it can be changed before it runs.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::{secrets::Secret, timestamps::Timestamp};
use identity::oidc::{
    algorithms::Algorithm,
    checks::Check,
    providers::{Provider, Reach, discover},
    questions::{Begun, Question, RANDOM_BYTES, ask},
    testing::{Draft, Face, KeyChoice, SigningKey, SoftOp},
    verifications::{Answer, Expectations, Report, TokenAuth, finish},
};
use serde_json::{Value, json};
use url::form_urlencoded;

pub(crate) const ISSUER: &str = "https://op.example/tenant";
/// Another provider.
pub(crate) const OTHER: &str = "https://evil.example";
pub(crate) const CLIENT: &str = "redoubt";
pub(crate) const SECRET: &str = "a secret / of %20 the client+";
pub(crate) const CALLBACK: &str = "https://console.example.org/v1/sso/oidc/account/o/method/m/callback";

/// The keys of all tests: they take long to make.
pub(crate) struct Ring {
    pub(crate) rsa: SigningKey,
    pub(crate) new: SigningKey,
    pub(crate) p256: SigningKey,
    pub(crate) p384: SigningKey,
    pub(crate) ed25519: SigningKey,
    pub(crate) stranger: SigningKey,
}

pub(crate) fn ring() -> &'static Ring {
    static RING: OnceLock<Ring> = OnceLock::new();
    RING.get_or_init(|| {
        let key = |id: &str, choice| SigningKey::new(id, choice).unwrap();
        Ring {
            rsa: key("rsa-1", KeyChoice::Rsa(2048)),
            new: key("rsa-2", KeyChoice::Rsa(2048)),
            p256: key("p256", KeyChoice::P256),
            p384: key("p384", KeyChoice::P384),
            ed25519: key("ed25519", KeyChoice::Ed25519),
            stranger: key("stranger", KeyChoice::Rsa(2048)),
        }
    })
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap()
}

/// Now and so many seconds, as tokens say it.
pub(crate) fn seconds(from_now: i64) -> i64 {
    now().micros() / 1_000_000 + from_now
}

/// Waits for what never waits.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A sign-in that is about to be.
pub(crate) struct Scene {
    pub(crate) op: Arc<SoftOp>,
    /// Another provider, which may be asked.
    pub(crate) other: Arc<SoftOp>,
    pub(crate) issuer: String,
    pub(crate) reach: Reach,
    /// What the provider says of the person.
    pub(crate) person: Value,
    pub(crate) client_id: String,
    pub(crate) token_auth: TokenAuth,
    pub(crate) redirect_uri: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) context_classes: Vec<String>,
    pub(crate) is_forced: bool,
    pub(crate) uses_userinfo: bool,
    pub(crate) may_fetch_keys: bool,
    /// What happens between the question and the answer.
    pub(crate) meanwhile: fn(&Self, &Provider, &mut Begun, &mut Answer),
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::at(ISSUER)
    }

    pub(crate) fn at(issuer: &str) -> Self {
        let op = |issuer, key: &SigningKey| Arc::new(SoftOp::new(issuer, key.clone(), CLIENT, SECRET));
        let groups = json!(["staff", "ops"]);
        Self {
            op: op(issuer, &ring().rsa),
            other: op(OTHER, &ring().stranger),
            issuer: issuer.to_owned(),
            reach: Reach::Https,
            person: json!({ "sub": "alice-1", "email": "alice@acme.example", "email_verified": true, "groups": groups }),
            client_id: CLIENT.to_owned(),
            token_auth: TokenAuth::Basic(Secret::new(SECRET.to_owned())),
            redirect_uri: CALLBACK.to_owned(),
            algorithms: Algorithm::ALL.to_vec(),
            context_classes: Vec::new(),
            is_forced: false,
            uses_userinfo: false,
            may_fetch_keys: true,
            meanwhile: |_, _, _, _| {},
        }
    }

    /// Has the provider show something else.
    pub(crate) fn face(&self, change: impl FnOnce(&mut Face)) {
        change(&mut self.op.face());
    }

    /// Has it say something else of itself.
    pub(crate) fn document(&self, name: &str, value: impl Into<Value>) {
        self.op.face().document[name] = value.into();
    }

    /// Has it answer something else.
    pub(crate) fn instead(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.op.face().instead.insert(path.to_owned(), (status, body.into()));
    }

    /// Has it sign with other keys.
    pub(crate) fn keys(&self, keys: &[&SigningKey]) {
        self.op.face().keys = keys.iter().map(|key| (*key).clone()).collect();
    }

    /// Has it write another token.
    pub(crate) fn draft(&self, edit: impl Fn(&mut Draft) + Send + Sync + 'static) {
        self.op.set_edit(edit);
    }

    /// Has it say something else in the token's header.
    pub(crate) fn header(&self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        self.draft(move |draft| draft.header[name] = value.clone());
    }

    /// Has it say something else in the token.
    pub(crate) fn claim(&self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        self.draft(move |draft| draft.claims[name] = value.clone());
    }

    /// Has it leave something out of the token.
    pub(crate) fn without(&self, name: &'static str) {
        self.draft(move |draft| {
            draft.claims.as_object_mut().unwrap().remove(name);
        });
    }

    pub(crate) fn ops(&self) -> Vec<Arc<SoftOp>> {
        vec![self.op.clone(), self.other.clone()]
    }

    pub(crate) fn provider(&self) -> Provider {
        run(discover(&self.issuer, self.reach, &self.ops())).unwrap()
    }

    pub(crate) fn question(&self, provider: &Provider) -> Begun {
        let random = std::array::from_fn::<u8, RANDOM_BYTES, _>(|at| u8::try_from(at).unwrap());
        let question = Question {
            client_id: &self.client_id,
            redirect_uri: CALLBACK,
            scopes: &["openid".to_owned(), "email".to_owned()],
            context_classes: &self.context_classes,
            is_forced: self.is_forced,
            login_hint: None,
        };
        ask(provider, &question, &random)
    }

    /// Signs somebody in, from discovery to the verdict.
    pub(crate) fn play(&self) -> Report {
        let ops = self.ops();
        let provider = match run(discover(&self.issuer, self.reach, &ops)) {
            Ok(provider) => provider,
            Err(refusal) => return Report::refused(refusal),
        };
        let mut begun = self.question(&provider);
        let mut answer = come_back(&self.op, &begun, &self.person);
        (self.meanwhile)(self, &provider, &mut begun, &mut answer);
        self.judge(&provider, &begun, &answer)
    }

    /// Judges an answer.
    pub(crate) fn judge(&self, provider: &Provider, begun: &Begun, answer: &Answer) -> Report {
        let question = self.question(provider);
        let expectations = Expectations {
            client_id: &self.client_id,
            token_auth: &self.token_auth,
            redirect_uri: &self.redirect_uri,
            state: &question.state,
            nonce: &question.nonce,
            verifier: &begun.verifier,
            algorithms: &self.algorithms,
            context_classes: &self.context_classes,
            age_max: self.is_forced.then_some(Duration::ZERO),
            asked_at: now().minus(Duration::from_secs(20)),
            uses_userinfo: self.uses_userinfo,
            may_fetch_keys: self.may_fetch_keys,
            now: now(),
        };
        run(finish(provider, &expectations, answer, &self.ops()))
    }
}

/// Signs somebody in at a provider: what the browser comes back with.
pub(crate) fn come_back(op: &SoftOp, begun: &Begun, person: &Value) -> Answer {
    // What a provider does not know of its address is asked of it all the same.
    let query = begun.url.split_once('?').unwrap().1;
    let query = op.sign_in(&format!("{}/authorize?{query}", op.issuer), person.clone(), now()).unwrap();
    let mut answer =
        Answer { state: String::new(), code: None, issuer: None, error: None, error_description: None };
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        match name.as_str() {
            "state" => answer.state = value,
            "code" => answer.code = Some(Secret::new(value)),
            "iss" => answer.issuer = Some(value),
            other => panic!("{other}"),
        }
    }
    answer
}

/// The checks that were not passed.
pub(crate) fn failed(report: &Report) -> Vec<Check> {
    report.findings.iter().filter(|finding| !finding.passed).map(|finding| finding.check).collect()
}
