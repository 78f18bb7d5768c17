//! Signed-in browsers. The key itself is never stored, only its hash.

use std::fmt;

use domain::{ids::UserId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional, storable},
};

/// One session.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    /// Hash of the key in the cookie.
    pub key_hash: Vec<u8>,
    /// Who is signed in.
    pub user_id: Option<UserId>,
    /// What the session holds.
    pub data: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// From where it was last used.
    pub address: Option<String>,
    /// With what program.
    pub agent: Option<String>,
}

// What a session holds belongs in no log.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Adds or replaces a session. It keeps the time it began, and an address or agent that is not given anew.
pub async fn upsert(tx: &mut Tx, row: &Row) -> Result<(), Error> {
    let text =
        "INSERT INTO sessions (key_hash, user_id, data, created_at, last_seen_at, expires_at, address, agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, data = excluded.data,
            last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at,
            address = COALESCE(excluded.address, sessions.address),
            agent = COALESCE(excluded.agent, sessions.agent)";
    execute!(
        tx,
        text,
        &row.key_hash,
        row.user_id,
        &row.data,
        row.created_at,
        row.last_seen_at,
        row.expires_at,
        row.address.as_deref(),
        row.agent.as_deref().map(storable).as_deref(),
    )?;
    Ok(())
}

/// The session of that key, unless it has ended.
pub async fn find(tx: &mut Tx, key_hash: &[u8], now: Timestamp) -> Result<Option<Row>, Error> {
    fetch_optional!(tx, "SELECT * FROM sessions WHERE key_hash = $1 AND expires_at > $2", key_hash, now)
}

/// Ends a session. False if there is none.
pub async fn remove(tx: &mut Tx, key_hash: &[u8]) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM sessions WHERE key_hash = $1", key_hash)? > 0)
}

/// Removes sessions that have ended, those that ended first, at most `limit`; returns how many.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM sessions WHERE key_hash IN
        (SELECT key_hash FROM sessions WHERE expires_at <= $1 ORDER BY expires_at, key_hash LIMIT $2)";
    execute!(tx, text, now, i64::from(limit))
}

/// A person's sessions, last used first, ended ones included until they are removed.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<Row>, Error> {
    fetch_all!(tx, "SELECT * FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, key_hash", user)
}

/// Ends every session of a person; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE user_id = $1", user)
}
