//! Requests that browsers were sent to an identity provider with, and their answers until the browser comes back for them. Only
//! hashes of their ids are stored.

use domain::{ids::IdentityProviderId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_one, fetch_optional},
};

/// A request.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ProviderRequest {
    /// Hash of its id.
    pub request_hash: Vec<u8>,
    /// To whom.
    pub identity_provider_id: IdentityProviderId,
    /// Whether it is to test the identity provider, and signs nobody in.
    pub is_test: bool,
    /// When.
    pub created_at: Timestamp,
    /// Until when it may be answered, and the answer fetched.
    pub expires_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// The answer, sealed.
    pub answer_sealed: Option<Vec<u8>>,
}

/// Notes a request.
pub async fn add(tx: &mut Tx, request: &ProviderRequest) -> Result<(), Error> {
    let text =
        "INSERT INTO provider_requests (request_hash, identity_provider_id, is_test, created_at, expires_at,
            answered_at, answer_sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let ProviderRequest {
        request_hash,
        identity_provider_id: id,
        is_test,
        created_at,
        expires_at,
        answered_at,
        answer_sealed,
    } = request;
    let sealed = answer_sealed.as_deref();
    execute!(tx, text, request_hash, *id, *is_test, *created_at, *expires_at, *answered_at, sealed)?;
    Ok(())
}

/// A request to that identity provider whose time is not over.
pub async fn find(
    tx: &mut Tx,
    request_hash: &[u8],
    id: IdentityProviderId,
    now: Timestamp,
) -> Result<Option<ProviderRequest>, Error> {
    let text = "SELECT * FROM provider_requests
        WHERE request_hash = $1 AND identity_provider_id = $2 AND expires_at > $3";
    fetch_optional!(tx, text, request_hash, id, now)
}

/// Keeps the answer to a request. False if it was answered already, or its time is over.
pub async fn answer(
    tx: &mut Tx,
    request_hash: &[u8],
    answer_sealed: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE provider_requests SET answered_at = $3, answer_sealed = $2
        WHERE request_hash = $1 AND answered_at IS NULL AND expires_at > $3";
    Ok(execute!(tx, text, request_hash, answer_sealed, now)? > 0)
}

/// Takes a request out, once, answered or not.
pub async fn take(
    tx: &mut Tx,
    request_hash: &[u8],
    now: Timestamp,
) -> Result<Option<ProviderRequest>, Error> {
    let text = "DELETE FROM provider_requests WHERE request_hash = $1 AND expires_at > $2 RETURNING *";
    fetch_optional!(tx, text, request_hash, now)
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM provider_requests")?;
    Ok(count)
}

/// Removes those whose time is over, at most `limit`; returns how many.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM provider_requests WHERE request_hash IN
        (SELECT request_hash FROM provider_requests WHERE expires_at <= $1 ORDER BY expires_at, request_hash LIMIT $2)";
    execute!(tx, text, now, i64::from(limit))
}
