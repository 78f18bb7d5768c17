//! What providers of OpenID Connect say of themselves, kept in memory for a while, and for moments that one could not be asked: whoever
//! visits the console has it ask, so that it asks each one once at a time. Nothing of it outlives the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use domain::timestamps::Timestamp;
use identity::oidc::{
    checks::{Check, Refusal},
    exchanges::{Http, HttpError, HttpRequest, HttpResponse},
    keys::Keys,
    providers::{self, Provider, Reach},
};

use crate::Control;

/// How long what a provider says of itself is believed.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);
/// How long its keys are not fetched anew again, whatever token comes.
const KEYS_PAUSE: Duration = Duration::from_secs(60);
/// How long one that could not be asked is not asked again but by a test of its settings.
const FAILED_FOR: Duration = Duration::from_secs(15);
/// Providers that are kept, at most.
const KEPT_MAX: usize = 1_000;
/// What is said where nothing can be fetched at all.
const NO_HTTP: &str = "this server cannot reach others";

/// What was discovered lately, by issuer.
#[derive(Default)]
pub(crate) struct Discoveries {
    kept: Mutex<BTreeMap<String, Kept>>,
    failed: Mutex<BTreeMap<String, (Refusal, Timestamp)>>,
    /// Who is asked right now.
    asked: Mutex<BTreeMap<String, Weak<Turn>>>,
}

/// Whoever holds it asks.
type Turn = tokio::sync::Mutex<()>;

struct Kept {
    provider: Arc<Provider>,
    since: Timestamp,
    /// When its keys were last fetched anew.
    keys_at: Option<Timestamp>,
}

/// A provider that was discovered, now or before.
pub(super) struct Discovered {
    pub(super) provider: Arc<Provider>,
    /// Whether its keys may be fetched anew.
    pub(super) may_fetch_keys: bool,
}

impl Discoveries {
    fn find(&self, issuer: &str, now: Timestamp) -> Option<Discovered> {
        let kept = lock(&self.kept);
        let found = kept.get(issuer).filter(|kept| kept.since <= now && now < kept.since.plus(KEPT_FOR))?;
        let may_fetch_keys = found.keys_at.is_none_or(|at| now >= at.plus(KEYS_PAUSE));
        Some(Discovered { provider: found.provider.clone(), may_fetch_keys })
    }

    /// Why it could not be asked a moment ago.
    fn failure(&self, issuer: &str, now: Timestamp) -> Option<Refusal> {
        let failed = lock(&self.failed);
        let (refusal, since) = failed.get(issuer)?;
        (*since <= now && now < since.plus(FAILED_FOR)).then(|| refusal.clone())
    }

    fn note_failure(&self, issuer: &str, refusal: &Refusal, now: Timestamp) {
        let mut failed = lock(&self.failed);
        failed.retain(|_, (_, since)| now < since.plus(FAILED_FOR));
        if failed.len() < KEPT_MAX {
            failed.insert(issuer.to_owned(), (refusal.clone(), now));
        }
    }

    /// The turn of an issuer, one for all who want to ask it.
    fn turn(&self, issuer: &str) -> Arc<Turn> {
        let mut asked = lock(&self.asked);
        if let Some(turn) = asked.get(issuer).and_then(Weak::upgrade) {
            return turn;
        }
        asked.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Turn::default());
        asked.insert(issuer.to_owned(), Arc::downgrade(&turn));
        turn
    }

    fn keep(&self, provider: &Arc<Provider>, now: Timestamp) {
        lock(&self.failed).remove(&provider.issuer);
        let mut kept = lock(&self.kept);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let found = Kept { provider: provider.clone(), since: now, keys_at: None };
        kept.insert(provider.issuer.clone(), found);
    }

    fn set_keys(&self, issuer: &str, keys: Option<&Keys>, now: Timestamp) {
        let mut kept = lock(&self.kept);
        let Some(found) = kept.get_mut(issuer) else { return };
        found.keys_at = Some(now);
        if let Some(keys) = keys {
            let provider = Provider { keys: keys.clone(), ..(*found.provider).clone() };
            found.provider = Arc::new(provider);
        }
    }
}

/// What the provider of an issuer says of itself: what is kept of it, or asked anew.
pub(super) async fn discover(control: &Control, issuer: &str) -> Result<Discovered, Refusal> {
    let discoveries = control.discoveries();
    if let Some(found) = discoveries.find(issuer, control.now()) {
        return Ok(found);
    }
    let turn = discoveries.turn(issuer);
    let _turn = turn.lock().await;
    // Whoever had the turn before may have found it out.
    if let Some(found) = discoveries.find(issuer, control.now()) {
        return Ok(found);
    }
    match discoveries.failure(issuer, control.now()) {
        Some(refusal) => Err(refusal),
        None => discover_anew(control, issuer).await,
    }
}

/// The same, without believing what is kept: for tests of an identity provider that was just set up.
pub(super) async fn discover_anew(control: &Control, issuer: &str) -> Result<Discovered, Refusal> {
    // Only what is on this machine itself may be asked without TLS, and the server lets that through or not.
    let reach = if issuer.starts_with("http://") { Reach::AlsoLoopback } else { Reach::Https };
    let found = providers::discover(issuer, reach, http(control)).await;
    let found = found.inspect_err(|refusal| {
        control.discoveries().note_failure(issuer, refusal, control.now());
    });
    let provider = Arc::new(found?);
    control.discoveries().keep(&provider, control.now());
    Ok(Discovered { provider, may_fetch_keys: true })
}

/// Keeps keys that were fetched anew, and that they were looked for.
pub(super) fn note_keys(
    control: &Control,
    (issuer, may_fetch): (&str, bool),
    keys: Option<&Keys>,
    refusal: Option<&Refusal>,
) {
    // Those that might not be fetched were not: their pause is not made longer.
    let were_looked_for =
        may_fetch && refusal.is_some_and(|refusal| matches!(refusal.check, Check::KeyKnown | Check::Keys));
    if keys.is_some() || were_looked_for {
        control.discoveries().set_keys(issuer, keys, control.now());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What sends our requests to providers.
pub(super) fn http(control: &Control) -> &dyn Http {
    control.parts().provider_http.as_deref().unwrap_or(&Nothing)
}

/// Sends nothing.
struct Nothing;

#[async_trait]
impl Http for Nothing {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError(NO_HTTP.to_owned()))
    }
}
