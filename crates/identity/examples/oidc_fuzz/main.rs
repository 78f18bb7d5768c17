//! A fuzzer for what OpenID providers say: changes tokens, documents and answers at random for as long as it is told to, and
//! stops at a panic, at claims that nobody signed for us, or at an input that takes more than a second.
//!
//! ```text
//! cargo run --release -p identity --example oidc_fuzz -- token|logout|answer SECONDS [SEED]
//! ```
//!
//! `token` changes ID tokens, before and after they are signed, `logout` logout tokens, `answer` everything that a provider
//! answers. The same seed changes the same; keys, and so signatures, are others each time.

mod words;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{secrets::Secret, timestamps::Timestamp};
use identity::{
    oidc::{
        algorithms::Algorithm,
        checks::{Check, Refusal},
        logouts,
        providers::{Provider, Reach, discover},
        questions::{Begun, Question, RANDOM_BYTES, ask},
        testing::{Draft, Failure, KeyChoice, Signing, SigningKey, SoftOp},
        verifications::{Answer, Expectations, TokenAuth, finish},
    },
    saml::testing::mutations::Dice,
};
use serde_json::{Value, json};
use url::form_urlencoded;

use words::{NAMES, TEXTS};

/// What one input may take on a processor.
const TIME_MAX: Duration = Duration::from_secs(1);
/// Changes of one input, at most.
const STEPS_MAX: usize = 4;
const ISSUER: &str = "https://op.example";
const CLIENT: &str = "redoubt";
const CALLBACK: &str = "https://console.example.org/callback";
/// All that a run needs.
struct Fuzzer {
    op: Arc<SoftOp>,
    provider: Provider,
    begun: Begun,
    now: Timestamp,
    runtime: tokio::runtime::Runtime,
}

/// What a run found out.
#[derive(Default)]
struct Tally {
    /// By the check that refused them; `None` counts those that were accepted.
    outcomes: BTreeMap<Option<Check>, u64>,
    slowest: Duration,
}

/// One kind of input: changes something, judges it, and says which check refused it.
type Target = fn(&Fuzzer, &mut Dice) -> Result<Option<Check>, Failure>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |text| text.parse::<u64>());
    let (seconds, seed) = (number(1, 10)?, number(2, 1)?);
    let target: Target = match arguments.first().map_or("", String::as_str) {
        "token" => Fuzzer::token,
        "logout" => Fuzzer::logout,
        "answer" => Fuzzer::answer,
        _ => return Err("say token, logout or answer, seconds and, if you like, a seed".into()),
    };
    let tally = Fuzzer::new()?.run(Duration::from_secs(seconds), 0, seed, target)?;
    println!("{} inputs in {seconds} s", tally.outcomes.values().sum::<u64>());
    for (outcome, count) in &tally.outcomes {
        println!("{count:>10} {}", outcome.map_or("let through", Check::name));
    }
    println!("the slowest took {:.1} ms", tally.slowest.as_secs_f64() * 1_000.0);
    Ok(())
}

impl Fuzzer {
    fn new() -> Result<Self, Failure> {
        let key = SigningKey::new("rsa-1", KeyChoice::Rsa(2048))?;
        let op = Arc::new(SoftOp::new(ISSUER, key, CLIENT, "secret"));
        op.face().keys.push(SigningKey::new("p256", KeyChoice::P256)?);
        op.face().keys.push(SigningKey::new("ed25519", KeyChoice::Ed25519)?);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let found = runtime.block_on(discover(ISSUER, Reach::Https, &*op));
        let provider = found.map_err(|refusal| format!("{refusal:?}"))?;
        let question = Question {
            client_id: CLIENT,
            redirect_uri: CALLBACK,
            scopes: &[],
            context_classes: &[],
            is_forced: false,
            login_hint: None,
        };
        let random = std::array::from_fn::<u8, RANDOM_BYTES, _>(|at| u8::try_from(at).unwrap_or(0));
        let begun = ask(&provider, &question, &random);
        let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").ok_or("no time")?;
        Ok(Self { op, provider, begun, now, runtime })
    }

    /// A changed ID token, which the provider signed before or after it was changed, or another key.
    fn token(&self, dice: &mut Dice) -> Result<Option<Check>, Failure> {
        let mut own = Dice::new(dice.roll());
        let signed_first = own.below(2) == 0;
        let (op, seed) = (Arc::downgrade(&self.op), own.roll());
        self.op.set_edit(move |draft| {
            let Some(op) = op.upgrade() else { return };
            let text = changed_token(&op, draft, signed_first, &mut Dice::new(seed));
            draft.answer["id_token"] = json!(text);
        });
        let outcome = self.sign_in(&self.provider)?;
        self.op.face().edit = None;
        // What was changed after it was signed is not what it was: the changes may have undone each other, though.
        match outcome {
            Ok(subject) if signed_first && subject != "alice-1" => {
                Err(format!("nobody signed {subject:?}").into())
            }
            Ok(_) => Ok(None),
            Err(refusal) => Ok(Some(refusal.check)),
        }
    }

    /// A changed logout token.
    fn logout(&self, dice: &mut Dice) -> Result<Option<Check>, Failure> {
        let claims = json!({ "sub": "alice-1", "sid": "session-1" });
        let mut draft = self.op.logout(CLIENT, &claims, self.now);
        let signed_first = dice.below(2) == 0;
        let text = changed_token(&self.op, &mut draft, signed_first, dice);
        let expectations = logouts::Expectations {
            client_id: CLIENT,
            algorithms: Algorithm::ALL,
            may_fetch_keys: dice.below(2) == 0,
            now: self.now,
        };
        let read = self.runtime.block_on(logouts::read(&text, &self.provider, &expectations, &*self.op));
        match read.outcome {
            Err(refusal) => Ok(Some(refusal.check)),
            Ok(logout) if signed_first && logout.session_id.as_deref() != Some("session-1") => {
                Err(format!("nobody signed {logout:?}").into())
            }
            Ok(_) => Ok(None),
        }
    }

    /// A changed answer of the provider to any of our requests.
    fn answer(&self, dice: &mut Dice) -> Result<Option<Check>, Failure> {
        const PATHS: &[&str] = &["/.well-known/openid-configuration", "/keys", "/userinfo", "/token"];
        let path = dice.pick(PATHS).copied().unwrap_or_default();
        let mut body = match path {
            "/keys" => {
                json!({ "keys": self.op.face().keys.iter().map(SigningKey::public).collect::<Vec<_>>() })
            }
            "/token" => json!({ "id_token": "a.b.c", "access_token": "a", "token_type": "Bearer" }),
            "/userinfo" => json!({ "sub": "alice-1", "groups": ["a"] }),
            _ => self.op.face().document.clone(),
        };
        change(&mut body, dice);
        let text = if dice.below(3) == 0 { change_text(&body.to_string(), dice) } else { body.to_string() };
        let status = if dice.below(8) == 0 { 302 } else { 200 };
        self.op.face().instead.insert(path.to_owned(), (status, text.into_bytes()));
        let found = self.runtime.block_on(discover(ISSUER, Reach::Https, &*self.op));
        let outcome = match found {
            Ok(provider) if provider.issuer != ISSUER => return Err(format!("{provider:?}").into()),
            Ok(provider) => self.sign_in(&provider)?,
            Err(refusal) => Err(refusal),
        };
        self.op.face().instead.clear();
        Ok(outcome.err().map(|refusal| refusal.check))
    }

    /// Signs alice in; who it is that was signed in.
    fn sign_in(&self, provider: &Provider) -> Result<Result<String, Refusal>, Failure> {
        let query = self.op.sign_in(&self.begun.url, json!({ "sub": "alice-1" }), self.now)?;
        let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
        let answer = Answer {
            state: self.begun.state.clone(),
            code: code.map(|(_, code)| Secret::new(code.into_owned())),
            issuer: Some(ISSUER.to_owned()),
            error: None,
            error_description: None,
        };
        let expectations = Expectations {
            client_id: CLIENT,
            token_auth: &TokenAuth::Basic(Secret::new("secret".to_owned())),
            redirect_uri: CALLBACK,
            state: &self.begun.state,
            nonce: &self.begun.nonce,
            verifier: &self.begun.verifier,
            algorithms: Algorithm::ALL,
            context_classes: &[],
            age_max: None,
            asked_at: self.now,
            uses_userinfo: true,
            may_fetch_keys: true,
            now: self.now,
        };
        let report = self.runtime.block_on(finish(provider, &expectations, &answer, &*self.op));
        let claims = match report.outcome {
            Ok(claims) => claims,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let is_sound = claims.issuer == ISSUER
            && claims.expires_at > self.now.minus(Duration::from_secs(60))
            && claims.first("nonce") == Some(self.begun.nonce.as_str())
            && claims.values.get("aud").is_some_and(|list| list.iter().any(|one| one == CLIENT))
            && !claims.subject.chars().any(char::is_control);
        if is_sound { Ok(Ok(claims.subject)) } else { Err(format!("not for us: {claims:?}").into()) }
    }

    /// Goes on for that long, and for that many inputs at least.
    fn run(&self, length: Duration, inputs_min: u64, seed: u64, target: Target) -> Result<Tally, Failure> {
        let (mut tally, mut dice) = (Tally::default(), Dice::new(seed));
        let (began, mut inputs) = (Instant::now(), 0);
        while began.elapsed() < length || inputs < inputs_min {
            inputs += 1;
            let (mut own, before) = (Dice::new(dice.roll()), on_processor()?);
            let judged = catch_unwind(AssertUnwindSafe(|| target(self, &mut own)));
            let time = on_processor()?.saturating_sub(before);
            match judged {
                Err(_) => return Err(format!("a panic at input {inputs} of seed {seed}").into()),
                Ok(Err(failure)) => return Err(format!("{failure} at input {inputs} of seed {seed}").into()),
                Ok(Ok(outcome)) => *tally.outcomes.entry(outcome).or_default() += 1,
            }
            tally.slowest = tally.slowest.max(time);
            if time > TIME_MAX {
                return Err(format!("{time:?} for input {inputs} of seed {seed}").into());
            }
        }
        Ok(tally)
    }
}

/// How long this thread was on a processor.
fn on_processor() -> Result<Duration, Failure> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(times.split(' ').next().unwrap_or_default().parse()?))
}

/// A token that was changed before it was signed, or after.
fn changed_token(op: &SoftOp, draft: &mut Draft, signed_first: bool, dice: &mut Dice) -> String {
    let steps = 1 + dice.below(STEPS_MAX);
    if signed_first {
        let token = op.signed(draft);
        return (0..steps).fold(token, |token, _| change_parts(&token, dice));
    }
    for _ in 0..steps {
        if dice.below(2) == 0 { change(&mut draft.header, dice) } else { change(&mut draft.claims, dice) }
    }
    draft.signing = match dice.below(8) {
        0 => Signing::Nothing,
        1 => Signing::Bytes(dice.roll().to_be_bytes().repeat(dice.below(64))),
        2 => Signing::Key(1),
        3 => Signing::Key(2),
        _ => Signing::Key(0),
    };
    op.signed(draft)
}

/// A token of which something is changed: a member of a part, or letters.
fn change_parts(token: &str, dice: &mut Dice) -> String {
    let mut parts: Vec<String> = token.split('.').map(ToOwned::to_owned).collect();
    let number = dice.below(parts.len().min(2));
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    match parts.get(number).and_then(|part| read(part)) {
        Some(mut value) if dice.below(4) != 0 => {
            change(&mut value, dice);
            parts[number] = URL_SAFE_NO_PAD.encode(value.to_string());
            parts.join(".")
        }
        _ => change_text(token, dice),
    }
}

/// Changes something in a value.
fn change(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(members) if dice.below(10) != 0 => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = dice.pick(&names).cloned().unwrap_or_default();
            match dice.below(4) {
                0 => drop(members.remove(&name)),
                1 => drop(
                    members.insert(dice.pick(NAMES).copied().unwrap_or_default().to_owned(), any(dice, 2)),
                ),
                _ => change(members.entry(name).or_insert(Value::Null), dice),
            }
        }
        Value::Array(items) if !items.is_empty() && dice.below(4) != 0 => {
            let at = dice.below(items.len());
            match dice.below(3) {
                0 => drop(items.remove(at)),
                1 => items.push(any(dice, 2)),
                _ => change(&mut items[at], dice),
            }
        }
        Value::String(text) if dice.below(2) == 0 => *text = change_text(text, dice),
        Value::Number(number) if dice.below(2) == 0 => {
            let by = i64::try_from(dice.below(10_000)).unwrap_or(0) - 5_000;
            *value = json!(number.as_i64().unwrap_or(0).wrapping_add(by));
        }
        other => *other = any(dice, 2),
    }
}

/// Any value.
fn any(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!(dice.roll()),
        3 => json!(f64::from_bits(dice.roll())),
        4 => json!(dice.pick(TEXTS)),
        5 => (0..dice.below(4)).map(|_| any(dice, depth - 1)).collect(),
        _ => {
            let name = dice.pick(NAMES).copied().unwrap_or_default();
            json!({ name: any(dice, depth - 1) })
        }
    }
}

/// Changes letters of a text.
fn change_text(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let (from, to) = (dice.below(letters.len() + 1), dice.below(letters.len() + 1));
    let (from, to) = (from.min(to), from.max(to));
    let put: Vec<char> = dice.pick(TEXTS).copied().unwrap_or_default().chars().collect();
    match dice.below(5) {
        0 => drop(letters.drain(from..to)),
        1 => drop(letters.splice(from..from, put)),
        2 => drop(letters.splice(from..to, put)),
        3 => {
            let again: Vec<char> = letters[from..to].to_vec();
            drop(letters.splice(from..from, again));
        }
        _ => {
            if let Some(letter) = letters.get_mut(from) {
                *letter = char::from_u32(*letter as u32 ^ (1 << dice.below(7))).unwrap_or('x');
            }
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_finds_nothing() {
        let fuzzer = Fuzzer::new().unwrap();
        let targets: [(Target, usize); 3] = [(Fuzzer::token, 12), (Fuzzer::logout, 8), (Fuzzer::answer, 6)];
        for (target, outcomes_min) in targets {
            let outcomes = fuzzer.run(Duration::ZERO, 1_000, 1, target).unwrap().outcomes;
            println!("{outcomes:?}");
            assert!(outcomes.len() > outcomes_min && outcomes.contains_key(&None), "{outcomes:?}");
        }
    }
}
