//! Mailed links that set a new password. Only hashes of their tokens are stored.

use domain::{ids::UserId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_optional},
};

/// Adds a link in the place of those that the person had.
pub async fn replace(
    tx: &mut Tx,
    user: UserId,
    token_hash: &[u8],
    expires_at: Timestamp,
    created_at: Timestamp,
) -> Result<(), Error> {
    remove_for_user(tx, user).await?;
    let text =
        "INSERT INTO password_resets (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    execute!(tx, text, token_hash, user, created_at, expires_at)?;
    Ok(())
}

/// Whose password the link of that token sets; none if there is none, or its time is over.
pub async fn find(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<Option<UserId>, Error> {
    let text = "SELECT user_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2";
    let row: Option<(UserId,)> = fetch_optional!(tx, text, token_hash, now)?;
    Ok(row.map(|(user,)| user))
}

/// Removes the links of a person; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM password_resets WHERE user_id = $1", user)
}

/// Removes those whose time is over, at most `limit`; returns how many.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM password_resets WHERE token_hash IN
        (SELECT token_hash FROM password_resets WHERE expires_at <= $1 ORDER BY expires_at, token_hash LIMIT $2)";
    execute!(tx, text, now, i64::from(limit))
}
