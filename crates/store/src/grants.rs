//! Grants: a role or a permission, given to a principal on a resource. What they add up to is in [`crate::access`].

use domain::{
    ids::{GrantId, OrganizationId},
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all},
};

/// One role or permission given to one principal on one resource.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The organization that the resource belongs to.
    pub organization_id: OrganizationId,
    /// `user`, `application_user` or `group`.
    pub principal_kind: String,
    /// Id of the principal.
    pub principal_id: Uuid,
    /// Id of a role or of a permission.
    pub granted: String,
    /// `organization`, `unit` or `project`.
    pub resource_kind: String,
    /// Id of the resource.
    pub resource_id: Uuid,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Adds a grant.
pub async fn add(tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    let text =
        "INSERT INTO grants (id, organization_id, principal_kind, principal_id, granted, resource_kind,
            resource_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    execute!(
        tx,
        text,
        grant.id,
        grant.organization_id,
        &grant.principal_kind,
        grant.principal_id,
        &grant.granted,
        &grant.resource_kind,
        grant.resource_id,
        grant.created_at,
        grant.expires_at,
    )?;
    Ok(())
}

/// Takes a grant back. False if there is none.
pub async fn remove(tx: &mut Tx, id: GrantId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM grants WHERE id = $1", id)? > 0)
}

/// Takes back every grant on a resource that goes; returns how many.
pub async fn remove_for_resource(tx: &mut Tx, resource_kind: &str, resource_id: Uuid) -> Result<u64, Error> {
    let text = "DELETE FROM grants WHERE resource_kind = $1 AND resource_id = $2";
    execute!(tx, text, resource_kind, resource_id)
}

/// Every grant in the organization, oldest first.
pub async fn list_for_organization(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Grant>, Error> {
    let text = "SELECT * FROM grants WHERE organization_id = $1 ORDER BY created_at, id";
    fetch_all!(tx, text, organization)
}
