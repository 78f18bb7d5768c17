//! Organizational units, the level between an organization and its projects.

use domain::{
    ids::{OrganizationId, UnitId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{fetch_all, fetch_optional},
};

/// An organizational unit.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// Its name, unique in the organization.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Adds a unit. False if the name is taken in its organization.
pub async fn add(tx: &mut Tx, unit: &Unit) -> Result<bool, Error> {
    let Unit { id, organization_id, name, created_at } = unit;
    let text = "INSERT INTO units (id, organization_id, name, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, name) DO NOTHING RETURNING id";
    let row: Option<(UnitId,)> = fetch_optional!(tx, text, id, organization_id, name, created_at)?;
    Ok(row.is_some())
}

/// The unit of that id.
pub async fn find(tx: &mut Tx, id: UnitId) -> Result<Option<Unit>, Error> {
    fetch_optional!(tx, "SELECT * FROM units WHERE id = $1", id)
}

/// The organization's units, by name.
pub async fn list(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Unit>, Error> {
    fetch_all!(tx, "SELECT * FROM units WHERE organization_id = $1 ORDER BY name", organization)
}
