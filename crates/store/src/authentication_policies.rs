//! The authentication policies that organizations have set. What they lead to is said in `domain`.

use domain::{
    ids::{OrganizationId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional},
};

/// An organization's policy.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The policy, as JSON.
    pub policy: String,
    /// When it was set.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// An organization's policy; none if it never set one.
pub async fn find(tx: &mut Tx, organization: OrganizationId) -> Result<Option<Row>, Error> {
    fetch_optional!(tx, "SELECT * FROM authentication_policies WHERE organization_id = $1", organization)
}

/// The policies of all organizations that a person belongs to and is not deactivated in, of those that set one.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<Row>, Error> {
    let text = "SELECT a.* FROM memberships m JOIN authentication_policies a ON a.organization_id = m.organization_id
        WHERE m.user_id = $1 AND m.is_active ORDER BY a.organization_id";
    fetch_all!(tx, text, user)
}

/// Sets an organization's policy. False if it was changed since that generation; that of a policy that was never set is 0.
pub async fn set(
    tx: &mut Tx,
    organization: OrganizationId,
    generation: i64,
    policy: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let first = "INSERT INTO authentication_policies (organization_id, policy, changed_at, generation)
        VALUES ($1, $2, $3, 1) ON CONFLICT (organization_id) DO NOTHING";
    let next = "UPDATE authentication_policies SET policy = $2, changed_at = $3, generation = generation + 1
        WHERE organization_id = $1 AND generation = $4";
    let changed = match generation {
        0 => execute!(tx, first, organization, policy, now)?,
        _ => execute!(tx, next, organization, policy, now, generation)?,
    };
    Ok(changed > 0)
}
