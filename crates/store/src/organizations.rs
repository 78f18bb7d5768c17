//! Organizations, the tenants.

use domain::{
    ids::{OrganizationId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// What people call it.
    pub name: String,
    /// The key its secrets are sealed under, itself sealed under the master key.
    pub wrapped_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

#[derive(sqlx::FromRow)]
struct Joined {
    #[sqlx(flatten)]
    organization: Organization,
    is_super_admin: bool,
}

/// Adds an organization.
pub async fn add(tx: &mut Tx, organization: &Organization) -> Result<(), Error> {
    let Organization { id, name, wrapped_key, created_at, generation } = organization;
    let text = "INSERT INTO organizations (id, name, wrapped_key, created_at, generation)
        VALUES ($1, $2, $3, $4, $5)";
    execute!(tx, text, id, name, wrapped_key, created_at, generation)?;
    Ok(())
}

/// The organization of that id.
pub async fn find(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>, Error> {
    fetch_optional!(tx, "SELECT * FROM organizations WHERE id = $1", id)
}

/// The organizations a person belongs to and is not deactivated in, by name, and whether they are a super admin there.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<(Organization, bool)>, Error> {
    let text = "SELECT o.*, m.is_super_admin FROM organizations o
        JOIN memberships m ON m.organization_id = o.id
        WHERE m.user_id = $1 AND m.is_active ORDER BY o.name, o.id";
    let rows: Vec<Joined> = fetch_all!(tx, text, user)?;
    Ok(rows.into_iter().map(|row| (row.organization, row.is_super_admin)).collect())
}

/// The names of the organizations that a person belongs to and is deactivated in.
pub async fn list_shut_out(tx: &mut Tx, user: UserId) -> Result<Vec<String>, Error> {
    let text = "SELECT o.name FROM organizations o JOIN memberships m ON m.organization_id = o.id
        WHERE m.user_id = $1 AND NOT m.is_active ORDER BY o.name, o.id";
    let rows: Vec<(String,)> = fetch_all!(tx, text, user)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM organizations")?;
    Ok(count)
}

/// Renames an organization. False if it was changed since that generation, or there is no such organization.
pub async fn rename(tx: &mut Tx, id: OrganizationId, generation: i64, new_name: &str) -> Result<bool, Error> {
    let text =
        "UPDATE organizations SET name = $3, generation = generation + 1 WHERE id = $1 AND generation = $2";
    Ok(execute!(tx, text, id, generation, new_name)? > 0)
}

/// Removes an organization with its memberships, groups, grants and application users; people stay. False if it still
/// holds projects or units, or there is no such organization.
pub async fn remove(tx: &mut Tx, id: OrganizationId) -> Result<bool, Error> {
    let text = "SELECT EXISTS (SELECT 1 FROM projects WHERE organization_id = $1)
            OR EXISTS (SELECT 1 FROM units WHERE organization_id = $1)";
    let (holds_something,): (bool,) = fetch_one!(tx, text, id)?;
    if holds_something {
        return Ok(false);
    }
    // They belong to no other organization, and their memberships go with it.
    let text = "DELETE FROM users WHERE kind = 'application'
        AND id IN (SELECT user_id FROM memberships WHERE organization_id = $1)";
    execute!(tx, text, id)?;
    Ok(execute!(tx, "DELETE FROM organizations WHERE id = $1", id)? > 0)
}
