//! Who somebody is at an identity provider.

use domain::{
    ids::{IdentityProviderId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// Somebody as an identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Identity {
    /// Where.
    pub identity_provider_id: IdentityProviderId,
    /// What tells them apart there.
    pub subject: String,
    /// Who they are here.
    pub user_id: UserId,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When they last signed in with it.
    pub last_used_at: Option<Timestamp>,
}

/// Links somebody. False if the subject is linked already.
pub async fn add(tx: &mut Tx, identity: &Identity) -> Result<bool, Error> {
    let text = "INSERT INTO identities (identity_provider_id, subject, user_id, created_at, last_used_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let Identity { identity_provider_id, subject, user_id, created_at, last_used_at } = identity;
    Ok(execute!(tx, text, *identity_provider_id, subject, *user_id, *created_at, *last_used_at)? > 0)
}

/// Who that subject is.
pub async fn find(tx: &mut Tx, id: IdentityProviderId, subject: &str) -> Result<Option<Identity>, Error> {
    let text = "SELECT * FROM identities WHERE identity_provider_id = $1 AND subject = $2";
    fetch_optional!(tx, text, id, subject)
}

/// All that somebody is linked with, the oldest first.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<Identity>, Error> {
    let text =
        "SELECT * FROM identities WHERE user_id = $1 ORDER BY created_at, identity_provider_id, subject";
    fetch_all!(tx, text, user)
}

/// How many people an identity provider knows.
pub async fn count(tx: &mut Tx, id: IdentityProviderId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM identities WHERE identity_provider_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, id)?;
    Ok(count)
}

/// Notes a sign-in.
pub async fn touch(tx: &mut Tx, id: IdentityProviderId, subject: &str, now: Timestamp) -> Result<(), Error> {
    let text = "UPDATE identities SET last_used_at = $3 WHERE identity_provider_id = $1 AND subject = $2";
    execute!(tx, text, id, subject, now)?;
    Ok(())
}

/// Takes a link away. False if there is none.
pub async fn remove(tx: &mut Tx, id: IdentityProviderId, subject: &str, user: UserId) -> Result<bool, Error> {
    let text = "DELETE FROM identities WHERE identity_provider_id = $1 AND subject = $2 AND user_id = $3";
    Ok(execute!(tx, text, id, subject, user)? > 0)
}

/// Ends the sessions of somebody that began with an identity provider, and the tokens that were made in them; returns how many.
pub async fn end_what_began(tx: &mut Tx, id: IdentityProviderId, user: UserId) -> Result<(u64, u64), Error> {
    let text = "DELETE FROM sessions WHERE identity_provider_id = $1 AND user_id = $2";
    let sessions = execute!(tx, text, id, user)?;
    let text = "DELETE FROM tokens WHERE identity_provider_id = $1 AND user_id = $2";
    Ok((sessions, execute!(tx, text, id, user)?))
}
