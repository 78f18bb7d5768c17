//! Assertions that were accepted, until nobody would accept them any more: none is accepted twice.

use domain::{ids::IdentityProviderId, timestamps::Timestamp};

use crate::{Error, Tx, queries::execute};

/// Notes that an assertion is accepted. False if it was before.
pub async fn add(
    tx: &mut Tx,
    id: IdentityProviderId,
    assertion_hash: &[u8],
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let text = "INSERT INTO accepted_assertions (identity_provider_id, assertion_hash, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    Ok(execute!(tx, text, id, assertion_hash, expires_at)? > 0)
}

/// Forgets those whose time is over, at most `limit`; returns how many.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM accepted_assertions WHERE (identity_provider_id, assertion_hash) IN
        (SELECT identity_provider_id, assertion_hash FROM accepted_assertions WHERE expires_at <= $1
        ORDER BY expires_at, assertion_hash LIMIT $2)";
    execute!(tx, text, now, i64::from(limit))
}
