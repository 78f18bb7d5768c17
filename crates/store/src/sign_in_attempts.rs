//! Failed sign-ins, counted per e-mail address and per network address. What the counts lead to is said in `control`.

use domain::timestamps::Timestamp;

use crate::{
    Error, Tx,
    queries::{execute, fetch_one, fetch_optional},
};

/// The failures of one key.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attempts {
    /// As in `email:ann@example.org` or `address:203.0.113.7`.
    pub key: String,
    /// Failures in a row.
    pub failures: i64,
    /// When the last one was.
    pub last_at: Timestamp,
    /// Until when no try is made.
    pub locked_until: Option<Timestamp>,
}

/// The failures of that key.
pub async fn find(tx: &mut Tx, key: &str) -> Result<Option<Attempts>, Error> {
    fetch_optional!(tx, "SELECT * FROM sign_in_attempts WHERE key = $1", key)
}

/// Counts a failure; returns how many there are now.
pub async fn record_failure(
    tx: &mut Tx,
    key: &str,
    at: Timestamp,
    locked_until: Option<Timestamp>,
) -> Result<i64, Error> {
    let text = "INSERT INTO sign_in_attempts (key, failures, last_at, locked_until) VALUES ($1, 1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET failures = sign_in_attempts.failures + 1, last_at = excluded.last_at,
            locked_until = excluded.locked_until
        RETURNING failures";
    let (failures,): (i64,) = fetch_one!(tx, text, key, at, locked_until)?;
    Ok(failures)
}

/// Forgets the failures of that key.
pub async fn clear(tx: &mut Tx, key: &str) -> Result<(), Error> {
    execute!(tx, "DELETE FROM sign_in_attempts WHERE key = $1", key)?;
    Ok(())
}

/// Forgets keys whose last failure is older, oldest first, at most `limit`, so that made-up addresses do not pile up;
/// returns how many.
pub async fn remove_older(tx: &mut Tx, than: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM sign_in_attempts WHERE key IN
        (SELECT key FROM sign_in_attempts WHERE last_at < $1 ORDER BY last_at, key LIMIT $2)";
    execute!(tx, text, than, i64::from(limit))
}
