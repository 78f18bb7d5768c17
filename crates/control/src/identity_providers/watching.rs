//! Looking at identity providers again by itself: what their metadata says by now, and whether their certificates end. Several
//! servers share the work: each look is taken by one of them.
//!
//! Metadata is believed as far as the address is that a super admin, or whoever set it up, entered: it is fetched by TLS, and may
//! bring certificates and addresses, never another entity id.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{ProviderState, SamlSettings},
    timestamps::Timestamp,
};
use identity::saml::metadata;
use serde_json::json;
use store::{Tx, identity_providers::IdentityProvider, provider_watches::ProviderWatch};
use tokio::sync::watch;

use super::{drawing::certificates, imported, letters, name_in, read_saml};
use crate::{
    Control,
    domains::cut,
    errors::{Failure, chain},
    workflow::caught,
};

/// How often it is looked whether one is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Those that are looked at in one go.
const BATCH_ROWS: u32 = 20;
/// How long until one is looked at again.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The same when its metadata could not be read, and when its server was lost.
const HOUR: Duration = Duration::from_secs(3600);
/// After how long people are told that metadata cannot be read.
const NOTICES: [Duration; 2] = [DAY, Duration::from_secs(7 * 24 * 3600)];
/// How many days before the last certificate ends people are told; 0 is when it has ended.
const DAYS_TOLD: [i64; 5] = [30, 14, 7, 1, 0];
/// How long fetching a document may take.
const FETCH_MAX: Duration = Duration::from_secs(20);

/// Looks at what is due, again and again, until `shutdown` turns true; a look that is under way is finished first.
pub(crate) async fn keep_watching(control: Control, mut shutdown: watch::Receiver<bool>) {
    let mut has_told = false;
    while !*shutdown.borrow() {
        let done = caught(look_at_due(&control)).await;
        // Once for as long as it lasts.
        if let Err(failure) = &done
            && !has_told
        {
            tracing::warn!(error = chain(failure), "Identity providers could not be looked at");
        }
        has_told = done.is_err();
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = shutdown.changed() => {}
        }
    }
}

/// Looks at every identity provider that is due; says how many.
pub(crate) async fn look_at_due(control: &Control) -> Result<usize, Failure> {
    let mut tx = control.store().read().await?;
    let due = store::provider_watches::due(&mut tx, control.now(), BATCH_ROWS).await?;
    drop(tx);
    let mut done = 0;
    for provider in due {
        match look_at(control, &provider).await {
            Ok(is_done) => done += usize::from(is_done),
            // Another server was faster, or somebody is changing it right now: it is looked at again in an hour.
            Err(failure) if failure.is_conflict() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(done)
}

/// Looks at one, unless another server does.
async fn look_at(control: &Control, due: &IdentityProvider) -> Result<bool, Failure> {
    let mut tx = control.store().write().await?;
    let claimed =
        store::provider_watches::claim(&mut tx, due.id, control.now(), control.now().plus(HOUR)).await?;
    tx.commit().await?;
    if !claimed {
        return Ok(false);
    }
    let settings = read_saml(due)?;
    // What nobody signs in with yet is its maker's to fill in.
    let is_read = due.state != ProviderState::Draft && !settings.metadata_url.is_empty();
    let found = match is_read {
        true => Some(read_again(control, &settings).await),
        false => None,
    };
    let after = match &found {
        Some(Ok(read)) if *read != settings => read.clone(),
        // Nothing happens that belongs on record.
        _ => {
            let mut tx = control.store().write().await?;
            let is_done = note(control, &mut tx, due, &settings, found).await?;
            tx.commit().await?;
            return Ok(is_done);
        }
    };
    let permit = control.system_context().system(Action::WatchIdentityProviders);
    let mut write = permit.write(EventType::IdentityProviderChanged).await?;
    if !note(control, &mut write.tx, due, &after, found).await? {
        return Ok(false);
    }
    let changed = IdentityProvider {
        settings: serde_json::to_string(&after)?,
        passed_at: due.passed_at.filter(|_| after.trusts_as(&settings)),
        changed_at: control.now(),
        ..due.clone()
    };
    if !store::identity_providers::set(&mut write.tx, &changed).await? {
        return Err(store::Error::Conflict.into());
    }
    write.of_organizations(&[due.organization_id]).event.actor = "system".into();
    name_in(&mut write, due);
    write
        .before(&json!({ "settings": settings }))?
        .after(&json!({ "settings": after }))?
        .text(format!("Took over what the metadata of the identity provider {} says", due.name));
    letters::changed(control, &mut write.tx, due, &settings, &after).await?;
    write.commit().await?;
    Ok(true)
}

/// Notes what was found of one that has these settings now, and tells people what they have to know. False if somebody changed it
/// meanwhile.
async fn note(
    control: &Control,
    tx: &mut Tx,
    due: &IdentityProvider,
    settings: &SamlSettings,
    found: Option<Result<SamlSettings, String>>,
) -> Result<bool, Failure> {
    let watch = store::provider_watches::find(tx, due.id).await?;
    let provider = store::identity_providers::find(tx, due.id).await?;
    let Some(mut watch) = watch else { return Ok(false) };
    if provider.is_none_or(|provider| provider.generation != due.generation) {
        return Ok(false);
    }
    watch.next_look_at = control.now().plus(DAY);
    if let Some(Err(reason)) = found {
        fail(control, tx, due, &mut watch, reason).await?;
    } else {
        (watch.metadata_failing_since, watch.metadata_failure) = (None, None);
        watch.metadata_notices = 0;
        watch.metadata_read_at = found.map(|_| control.now());
    }
    tell_end(control, tx, due, settings, &mut watch).await?;
    store::provider_watches::set(tx, &watch).await?;
    Ok(true)
}

/// What metadata says by now, put into the settings; a sentence if it cannot be read.
async fn read_again(control: &Control, settings: &SamlSettings) -> Result<SamlSettings, String> {
    let document = fetch(control, &settings.metadata_url).await?;
    let entity = Some(settings.entity_id.as_str()).filter(|entity| !entity.is_empty());
    imported(settings, &document, entity, control.now()).map_err(|error| error.to_string())
}

/// The document at an address. No transaction may be open.
///
/// # Errors
/// A sentence for people.
pub(super) async fn fetch(control: &Control, address: &str) -> Result<String, String> {
    let Some(look_ups) = control.parts().look_ups.as_deref() else {
        return Err("This installation fetches nothing.".to_owned());
    };
    let fetched = tokio::time::timeout(FETCH_MAX, look_ups.file(address, metadata::BYTES_MAX)).await;
    let fetched = fetched.map_err(|_| format!("Nothing answered within {} s.", FETCH_MAX.as_secs()))?;
    let bytes = fetched.map_err(|error| cut(&error.reason))?;
    String::from_utf8(bytes).map_err(|_| "What is there is no text in UTF-8.".to_owned())
}

async fn fail(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    watch: &mut ProviderWatch,
    reason: String,
) -> Result<(), Failure> {
    let since = watch.metadata_failing_since.unwrap_or(control.now());
    let elapsed = control.now().since(since);
    let due = i64::try_from(NOTICES.iter().filter(|after| **after <= elapsed).count()).unwrap_or(i64::MAX);
    if due > watch.metadata_notices {
        letters::unread(control, tx, provider, &reason, since).await?;
        watch.metadata_notices = due;
    }
    watch.metadata_failing_since = Some(since);
    watch.metadata_failure = Some(reason);
    watch.next_look_at = control.now().plus(HOUR);
    Ok(())
}

/// Tells people, once for each number of days, that the last certificate ends.
async fn tell_end(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &SamlSettings,
    watch: &mut ProviderWatch,
) -> Result<(), Failure> {
    let ends = certificates(settings).into_iter().map(|facts| facts.not_after).max();
    let Some((end, days)) = ends.and_then(|end| Some((end, days_told(end, control.now())?))) else {
        return Ok(());
    };
    let is_told = watch.told_end == Some(end) && watch.told_days.is_some_and(|told| told <= days);
    if provider.state != ProviderState::Active || is_told {
        return Ok(());
    }
    letters::ending(control, tx, provider, end, days == 0).await?;
    (watch.told_end, watch.told_days) = (Some(end), Some(days));
    Ok(())
}

/// The fewest days of those at which people are told that have been reached; none if it is too early for any.
fn days_told(end: Timestamp, now: Timestamp) -> Option<i64> {
    let left = end.micros() - now.micros();
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    DAYS_TOLD.into_iter().filter(|days| left <= days.saturating_mul(day)).min()
}

/// What somebody is told who wants metadata read that cannot be.
pub(super) fn unread(reason: String) -> Error {
    Error::invalid("metadata_url", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_a_month_before_and_again_as_the_end_comes_near() {
        let end = Timestamp::from_micros(0).plus(DAY * 100);
        let told = |days: u32| days_told(end, Timestamp::from_micros(0).plus(DAY * days));
        assert_eq!(
            [69, 70, 85, 86, 92, 93, 98, 99].map(told),
            [None, Some(30), Some(30), Some(14), Some(14), Some(7), Some(7), Some(1)]
        );
        assert_eq!([100, 400].map(told), [Some(0); 2]);
    }
}
