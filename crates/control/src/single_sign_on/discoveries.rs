//! What providers of OpenID Connect say of themselves, kept in memory for a while. Nothing of it outlives the server, and a refusal is
//! never kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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
/// Providers that are kept, at most.
const KEPT_MAX: usize = 1_000;
/// What is said where nothing can be fetched at all.
const NO_HTTP: &str = "this server cannot reach others";

/// What was discovered lately, by issuer.
#[derive(Default)]
pub(crate) struct Discoveries(Mutex<BTreeMap<String, Kept>>);

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
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(issuer).filter(|kept| kept.since <= now && now < kept.since.plus(KEPT_FOR))?;
        let may_fetch_keys = found.keys_at.is_none_or(|at| now >= at.plus(KEYS_PAUSE));
        Some(Discovered { provider: found.provider.clone(), may_fetch_keys })
    }

    fn keep(&self, provider: &Arc<Provider>, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let found = Kept { provider: provider.clone(), since: now, keys_at: None };
        kept.insert(provider.issuer.clone(), found);
    }

    fn set_keys(&self, issuer: &str, keys: Option<&Keys>, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    if let Some(found) = control.discoveries().find(issuer, control.now()) {
        return Ok(found);
    }
    discover_anew(control, issuer).await
}

/// The same, without believing what is kept: for tests of an identity provider that was just set up.
pub(super) async fn discover_anew(control: &Control, issuer: &str) -> Result<Discovered, Refusal> {
    // Only what is on this machine itself may be asked without TLS, and the server lets that through or not.
    let reach = if issuer.starts_with("http://") { Reach::AlsoLoopback } else { Reach::Https };
    let provider = Arc::new(providers::discover(issuer, reach, http(control)).await?);
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
