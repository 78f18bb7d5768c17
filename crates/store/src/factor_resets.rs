//! Requests that somebody lose their second factors, because they lost them all. Who may ask, and how long it takes, is said
//! in `control`.

use std::fmt;

use domain::{
    ids::{FactorResetId, OrganizationId, UserId},
    sign_ins::FactorResetOutcome,
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional, storable},
};

/// A request.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FactorReset {
    /// Its id.
    pub id: FactorResetId,
    /// Who is to lose their factors.
    pub user_id: UserId,
    /// For which organization it was asked.
    pub organization_id: OrganizationId,
    /// By whom.
    pub asked_by: UserId,
    /// Why.
    pub reason: String,
    /// Hash of the token in the link by which the person objects.
    pub token_hash: Vec<u8>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it comes to pass.
    pub due_at: Timestamp,
    /// How it ended.
    pub outcome: Option<FactorResetOutcome>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

// The hash belongs in no log.
impl fmt::Debug for FactorReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorReset")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Adds a request. False if one is open for the person.
pub async fn add(tx: &mut Tx, reset: &FactorReset) -> Result<bool, Error> {
    let text =
        "INSERT INTO factor_resets (id, user_id, organization_id, asked_by, reason, token_hash, created_at,
            due_at, outcome, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let added = execute!(
        tx,
        text,
        reset.id,
        reset.user_id,
        reset.organization_id,
        reset.asked_by,
        &*storable(&reset.reason),
        &reset.token_hash,
        reset.created_at,
        reset.due_at,
        reset.outcome,
        reset.ended_at,
    )?;
    Ok(added > 0)
}

/// The request that is open for a person.
pub async fn find_open(tx: &mut Tx, user: UserId) -> Result<Option<FactorReset>, Error> {
    fetch_optional!(tx, "SELECT * FROM factor_resets WHERE user_id = $1 AND ended_at IS NULL", user)
}

/// The newest request about a person, open or not.
pub async fn find_newest(tx: &mut Tx, user: UserId) -> Result<Option<FactorReset>, Error> {
    let text = "SELECT * FROM factor_resets WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
    fetch_optional!(tx, text, user)
}

/// The request to which the link of that token objects or objected, open or not.
pub async fn find_by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<FactorReset>, Error> {
    fetch_optional!(tx, "SELECT * FROM factor_resets WHERE token_hash = $1", token_hash)
}

/// Open requests whose time has come, the oldest first.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<FactorReset>, Error> {
    let text =
        "SELECT * FROM factor_resets WHERE ended_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2";
    fetch_all!(tx, text, now, i64::from(limit))
}

/// Notes that somebody who lost their factors has added one since.
pub async fn make_up(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    let (made_up, done) = (FactorResetOutcome::MadeUp, FactorResetOutcome::Done);
    execute!(
        tx,
        "UPDATE factor_resets SET outcome = $2 WHERE user_id = $1 AND outcome = $3",
        user,
        made_up,
        done
    )?;
    Ok(())
}

/// Ends a request. False if it is not open any more.
pub async fn end(
    tx: &mut Tx,
    id: FactorResetId,
    outcome: FactorResetOutcome,
    now: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE factor_resets SET outcome = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL";
    Ok(execute!(tx, text, id, outcome, now)? > 0)
}
