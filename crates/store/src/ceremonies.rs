//! What one request begins and another one of the same browser ends, as a challenge and its answer. Only a hash of the id in
//! the cookie is stored, and a sealed state.

use domain::{ids::UserId, sign_ins::CeremonyKind, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_one, fetch_optional},
};

/// A ceremony that is under way.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Ceremony {
    /// Hash of its id.
    pub id_hash: Vec<u8>,
    /// What is to be ended.
    pub kind: CeremonyKind,
    /// Whose it is, if that is known yet.
    pub user_id: Option<UserId>,
    /// What the end needs of the beginning, sealed.
    pub state_sealed: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when it can be ended.
    pub expires_at: Timestamp,
}

/// Begins a ceremony.
pub async fn add(tx: &mut Tx, ceremony: &Ceremony) -> Result<(), Error> {
    let text = "INSERT INTO ceremonies (id_hash, kind, user_id, state_sealed, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let Ceremony { id_hash, kind, user_id, state_sealed, created_at, expires_at } = ceremony;
    execute!(tx, text, id_hash, *kind, *user_id, state_sealed, *created_at, *expires_at)?;
    Ok(())
}

/// A ceremony that is under way, which stays so.
pub async fn find(
    tx: &mut Tx,
    id_hash: &[u8],
    kind: CeremonyKind,
    now: Timestamp,
) -> Result<Option<Ceremony>, Error> {
    let text = "SELECT * FROM ceremonies WHERE id_hash = $1 AND kind = $2 AND expires_at > $3";
    fetch_optional!(tx, text, id_hash, kind, now)
}

/// Takes a ceremony out, once; none if there is none, it is another kind, or its time is over.
pub async fn take(
    tx: &mut Tx,
    id_hash: &[u8],
    kind: CeremonyKind,
    now: Timestamp,
) -> Result<Option<Ceremony>, Error> {
    let text = "DELETE FROM ceremonies WHERE id_hash = $1 AND kind = $2 AND expires_at > $3 RETURNING *";
    fetch_optional!(tx, text, id_hash, kind, now)
}

/// How many are under way of people that are known, or of visitors of whom nothing is.
pub async fn count(tx: &mut Tx, are_known: bool) -> Result<i64, Error> {
    let (count,): (i64,) = match are_known {
        true => fetch_one!(tx, "SELECT COUNT(*) FROM ceremonies WHERE user_id IS NOT NULL")?,
        false => fetch_one!(tx, "SELECT COUNT(*) FROM ceremonies WHERE user_id IS NULL")?,
    };
    Ok(count)
}

/// Removes the ceremonies of one kind that a person has under way; returns how many.
pub async fn remove_of_kind(tx: &mut Tx, user: UserId, kind: CeremonyKind) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM ceremonies WHERE user_id = $1 AND kind = $2", user, kind)
}

/// Removes every ceremony of a person; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM ceremonies WHERE user_id = $1", user)
}

/// Removes those whose time is over, at most `limit`; returns how many.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM ceremonies WHERE id_hash IN
        (SELECT id_hash FROM ceremonies WHERE expires_at <= $1 ORDER BY expires_at, id_hash LIMIT $2)";
    execute!(tx, text, now, i64::from(limit))
}
