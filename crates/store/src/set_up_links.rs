//! One-time links that make the first user. Only hashes of their tokens are stored.

use domain::timestamps::Timestamp;

use crate::{
    Error, Tx,
    queries::{execute, fetch_optional},
};

/// A set-up link.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SetUpLink {
    /// Hash of its token.
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Adds a link.
pub async fn add(
    tx: &mut Tx,
    token_hash: &[u8],
    expires_at: Timestamp,
    created_at: Timestamp,
) -> Result<(), Error> {
    let text =
        "INSERT INTO set_up_links (token_hash, created_at, expires_at, used_at) VALUES ($1, $2, $3, NULL)";
    execute!(tx, text, token_hash, created_at, expires_at)?;
    Ok(())
}

/// The link of that token, used and ended ones included.
pub async fn find(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<SetUpLink>, Error> {
    fetch_optional!(tx, "SELECT * FROM set_up_links WHERE token_hash = $1", token_hash)
}

/// Uses a link up. False if there is none, it has ended, or it was used before.
pub async fn use_once(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE set_up_links SET used_at = $2
        WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(execute!(tx, text, token_hash, now)? > 0)
}

/// Removes the links that were not used; returns how many.
pub async fn remove_unused(tx: &mut Tx) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM set_up_links WHERE used_at IS NULL")
}
