//! When identity providers are looked at again by themselves, what was found, and what people were told of it.

use domain::{ids::IdentityProviderId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    identity_providers::IdentityProvider,
    queries::{execute, fetch_all, fetch_optional},
};

/// What is known of one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProviderWatch {
    /// Of which.
    pub identity_provider_id: IdentityProviderId,
    /// When it is looked at next.
    pub next_look_at: Timestamp,
    /// When its metadata was last read.
    pub metadata_read_at: Option<Timestamp>,
    /// Since when it cannot be read.
    pub metadata_failing_since: Option<Timestamp>,
    /// Why.
    pub metadata_failure: Option<String>,
    /// How often people were told so.
    pub metadata_notices: i64,
    /// The end of its certificates that people were told of last.
    pub told_end: Option<Timestamp>,
    /// How many days before it that was.
    pub told_days: Option<i64>,
}

/// What is known of an identity provider; none if it was not looked at yet.
pub async fn find(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<ProviderWatch>, Error> {
    fetch_optional!(tx, "SELECT * FROM provider_watches WHERE identity_provider_id = $1", id)
}

/// SAML identity providers that are due to be looked at, those first that never were.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<IdentityProvider>, Error> {
    let text =
        "SELECT p.* FROM identity_providers p LEFT JOIN provider_watches w ON w.identity_provider_id = p.id
        WHERE p.protocol = 'saml' AND (w.next_look_at IS NULL OR w.next_look_at <= $1)
        ORDER BY COALESCE(w.next_look_at, 0), p.id LIMIT $2";
    fetch_all!(tx, text, now, i64::from(limit))
}

/// Takes a look at one for one of several servers: it is due again at `next_look_at` if that one tells nothing. False if another
/// one took it.
pub async fn claim(
    tx: &mut Tx,
    id: IdentityProviderId,
    now: Timestamp,
    next_look_at: Timestamp,
) -> Result<bool, Error> {
    let text = "INSERT INTO provider_watches (identity_provider_id, next_look_at, metadata_notices) VALUES ($1, $3, 0)
        ON CONFLICT (identity_provider_id) DO UPDATE SET next_look_at = $3 WHERE provider_watches.next_look_at <= $2";
    Ok(execute!(tx, text, id, now, next_look_at)? > 0)
}

/// Has one looked at again right now.
pub async fn hurry(tx: &mut Tx, id: IdentityProviderId, now: Timestamp) -> Result<(), Error> {
    let text =
        "UPDATE provider_watches SET next_look_at = $2 WHERE identity_provider_id = $1 AND next_look_at > $2";
    execute!(tx, text, id, now)?;
    Ok(())
}

/// Notes what a look found.
pub async fn set(tx: &mut Tx, watch: &ProviderWatch) -> Result<(), Error> {
    let text =
        "UPDATE provider_watches SET next_look_at = $2, metadata_read_at = $3, metadata_failing_since = $4,
            metadata_failure = $5, metadata_notices = $6, told_end = $7, told_days = $8
        WHERE identity_provider_id = $1";
    execute!(
        tx,
        text,
        watch.identity_provider_id,
        watch.next_look_at,
        watch.metadata_read_at,
        watch.metadata_failing_since,
        watch.metadata_failure.as_deref(),
        watch.metadata_notices,
        watch.told_end,
        watch.told_days,
    )?;
    Ok(())
}
