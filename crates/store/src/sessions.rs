//! Signed-in browsers. The key itself is never stored, only its hash.

use std::fmt;

use domain::{
    ids::{IdentityProviderId, OrganizationId, UserId},
    sign_ins::{FactorKind, SignInMethod},
    timestamps::Timestamp,
};

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
    /// What its person signed in with; none before they did.
    pub method: Option<SignInMethod>,
    /// What they showed besides a password.
    pub second_factor: Option<FactorKind>,
    /// When they last proved who they are.
    pub proven_at: Option<Timestamp>,
    /// Through which identity provider it began, if through one.
    pub identity_provider_id: Option<IdentityProviderId>,
    /// Whose that is.
    pub provider_organization_id: Option<OrganizationId>,
    /// What tells its person apart there.
    pub subject: Option<String>,
    /// What the session is called there.
    pub session_index: Option<String>,
}

// What a session holds belongs in no log.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Adds a session. False if there is one of that key, which stays.
pub async fn add(tx: &mut Tx, row: &Row) -> Result<bool, Error> {
    let text =
        "INSERT INTO sessions (key_hash, user_id, data, created_at, last_seen_at, expires_at, address, agent,
            method, second_factor, proven_at, identity_provider_id, provider_organization_id, subject,
            session_index)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (key_hash) DO NOTHING";
    let added = execute!(
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
        row.method,
        row.second_factor,
        row.proven_at,
        row.identity_provider_id,
        row.provider_organization_id,
        row.subject.as_deref(),
        row.session_index.as_deref(),
    )?;
    Ok(added > 0)
}

/// Replaces whose a session is, how they proved it, and what it holds. False if there is no such session: one that was
/// ended stays so.
pub async fn set_data(tx: &mut Tx, row: &Row) -> Result<bool, Error> {
    let text = "UPDATE sessions SET user_id = $2, data = $3, method = $4, second_factor = $5, proven_at = $6,
            identity_provider_id = $7, provider_organization_id = $8, subject = $9, session_index = $10
        WHERE key_hash = $1";
    let changed = execute!(
        tx,
        text,
        &row.key_hash,
        row.user_id,
        &row.data,
        row.method,
        row.second_factor,
        row.proven_at,
        row.identity_provider_id,
        row.provider_organization_id,
        row.subject.as_deref(),
        row.session_index.as_deref(),
    )?;
    Ok(changed > 0)
}

/// Notes a session's use: when, until when it lasts now, and from where. What is not given stays. False if there is
/// no such session.
pub async fn touch(tx: &mut Tx, row: &Row) -> Result<bool, Error> {
    let text = "UPDATE sessions SET last_seen_at = $2, expires_at = $3, address = COALESCE($4, address),
            agent = COALESCE($5, agent)
        WHERE key_hash = $1";
    let touched = execute!(
        tx,
        text,
        &row.key_hash,
        row.last_seen_at,
        row.expires_at,
        row.address.as_deref(),
        row.agent.as_deref().map(storable).as_deref(),
    )?;
    Ok(touched > 0)
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

/// A person's sessions that have not ended, last used first, at most `limit`.
pub async fn list_for_user(tx: &mut Tx, user: UserId, now: Timestamp, limit: u32) -> Result<Vec<Row>, Error> {
    let text = "SELECT * FROM sessions WHERE user_id = $1 AND expires_at > $2
        ORDER BY last_seen_at DESC, key_hash LIMIT $3";
    fetch_all!(tx, text, user, now, i64::from(limit))
}

/// Ends a session of a person. False if they have none of that key.
pub async fn remove_own(tx: &mut Tx, user: UserId, key_hash: &[u8]) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM sessions WHERE user_id = $1 AND key_hash = $2", user, key_hash)? > 0)
}

/// Ends every session of a person but this one; returns how many.
pub async fn remove_others(tx: &mut Tx, user: UserId, key_hash: &[u8]) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE user_id = $1 AND key_hash <> $2", user, key_hash)
}

/// Ends every session of a person; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE user_id = $1", user)
}

/// Ends the sessions of somebody that began through an identity provider: all of them, or the one that it calls so. Returns whose
/// they were and how many.
pub async fn remove_of_subject(
    tx: &mut Tx,
    id: IdentityProviderId,
    subject: &str,
    session_index: Option<&str>,
) -> Result<Vec<Option<UserId>>, Error> {
    let text = "DELETE FROM sessions
        WHERE identity_provider_id = $1 AND subject = $2 AND ($3 IS NULL OR session_index = $3) RETURNING user_id";
    let rows: Vec<(Option<UserId>,)> = fetch_all!(tx, text, id, subject, session_index)?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Ends the sessions that began with that session at an identity provider, whoever's they are; returns whose they were.
pub async fn remove_of_index(
    tx: &mut Tx,
    id: IdentityProviderId,
    session_index: &str,
) -> Result<Vec<Option<UserId>>, Error> {
    let text =
        "DELETE FROM sessions WHERE identity_provider_id = $1 AND session_index = $2 RETURNING user_id";
    let rows: Vec<(Option<UserId>,)> = fetch_all!(tx, text, id, session_index)?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}
