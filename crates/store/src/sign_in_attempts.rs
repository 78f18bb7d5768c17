//! Failed sign-ins, counted per e-mail address, network address and device. What the counts lead to is said in `control`.

use domain::timestamps::Timestamp;

use crate::{
    Error, Tx,
    queries::{execute, fetch_optional},
};

/// The failures of one key.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attempts {
    /// As in `email:ann@example.org` or `address:203.0.113.0/24`.
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

/// Sets the failures of a key.
pub async fn put(tx: &mut Tx, attempts: &Attempts) -> Result<(), Error> {
    let Attempts { key, failures, last_at, locked_until } = attempts;
    let text = "INSERT INTO sign_in_attempts (key, failures, last_at, locked_until) VALUES ($1, $2, $3, $4)
        ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
            locked_until = excluded.locked_until";
    execute!(tx, text, key, failures, last_at, locked_until)?;
    Ok(())
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
