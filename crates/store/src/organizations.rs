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
}

#[derive(sqlx::FromRow)]
struct Joined {
    #[sqlx(flatten)]
    organization: Organization,
    is_super_admin: bool,
}

/// Adds an organization.
pub async fn add(tx: &mut Tx, organization: &Organization) -> Result<(), Error> {
    let Organization { id, name, wrapped_key, created_at } = organization;
    let text = "INSERT INTO organizations (id, name, wrapped_key, created_at) VALUES ($1, $2, $3, $4)";
    execute!(tx, text, id, name, wrapped_key, created_at)?;
    Ok(())
}

/// The organization of that id.
pub async fn find(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>, Error> {
    fetch_optional!(tx, "SELECT * FROM organizations WHERE id = $1", id)
}

/// The organizations a person belongs to, by name, and whether they are a super admin there.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<(Organization, bool)>, Error> {
    let text = "SELECT o.*, m.is_super_admin FROM organizations o
        JOIN memberships m ON m.organization_id = o.id
        WHERE m.user_id = $1 ORDER BY o.name, o.id";
    let rows: Vec<Joined> = fetch_all!(tx, text, user)?;
    Ok(rows.into_iter().map(|row| (row.organization, row.is_super_admin)).collect())
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM organizations")?;
    Ok(count)
}
