//! Who belongs to which organization, and who is a super admin there.

use domain::{
    ids::{OrganizationId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_optional},
};

/// A person in an organization.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Membership {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// Whether they hold everything there.
    pub is_super_admin: bool,
    /// Since when.
    pub joined_at: Timestamp,
}

/// Makes a person a member.
pub async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    is_super_admin: bool,
    joined_at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO memberships (organization_id, user_id, is_super_admin, joined_at)
        VALUES ($1, $2, $3, $4)";
    execute!(tx, text, organization, user, is_super_admin, joined_at)?;
    Ok(())
}

/// The person's membership, if they are a member.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Membership>, Error> {
    let text = "SELECT * FROM memberships WHERE organization_id = $1 AND user_id = $2";
    fetch_optional!(tx, text, organization, user)
}
