//! Projects, which hold services. A project's name is unique in the whole installation.

use domain::{
    ids::{OrganizationId, ProjectId, UnitId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx, grants,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// The unit it is in.
    pub unit_id: Option<UnitId>,
    /// Its globally unique name.
    pub name: String,
    /// Certificate of its CA, PEM.
    pub ca_certificate: String,
    /// Private key of its CA, sealed.
    pub ca_key_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

#[derive(sqlx::FromRow)]
struct Counted {
    #[sqlx(flatten)]
    project: Project,
    services: i64,
}

/// Adds a project. False if the name is taken.
pub async fn add(tx: &mut Tx, project: &Project) -> Result<bool, Error> {
    let text = "INSERT INTO projects (id, organization_id, unit_id, name, ca_certificate, ca_key_sealed,
            created_at, generation)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING RETURNING id";
    let row: Option<(ProjectId,)> = fetch_optional!(
        tx,
        text,
        project.id,
        project.organization_id,
        project.unit_id,
        &project.name,
        &project.ca_certificate,
        &project.ca_key_sealed,
        project.created_at,
        project.generation,
    )?;
    Ok(row.is_some())
}

/// The project of that id.
pub async fn find(tx: &mut Tx, id: ProjectId) -> Result<Option<Project>, Error> {
    fetch_optional!(tx, "SELECT * FROM projects WHERE id = $1", id)
}

/// The project of that name.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Project>, Error> {
    fetch_optional!(tx, "SELECT * FROM projects WHERE name = $1", name)
}

/// The organization's projects by name, from behind `after` on, each with the number of its services.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(Project, i64)>, Error> {
    let text = "SELECT p.*, (SELECT COUNT(*) FROM services s WHERE s.project_id = p.id) AS services
        FROM projects p WHERE p.organization_id = $1 AND p.name > $2 ORDER BY p.name LIMIT $3";
    let rows: Vec<Counted> = fetch_all!(tx, text, organization, after.unwrap_or(""), i64::from(limit))?;
    Ok(rows.into_iter().map(|row| (row.project, row.services)).collect())
}

/// How many projects the organization has.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM projects WHERE organization_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count)
}

/// Renames a project. False if another project has the name, or there is no such project.
pub async fn rename(tx: &mut Tx, id: ProjectId, new_name: &str) -> Result<bool, Error> {
    let text = "UPDATE projects SET name = $2, generation = generation + 1
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM projects WHERE name = $2 AND id <> $1)";
    let renamed = execute!(tx, text, id, new_name).map_err(Error::unique_is_conflict)?;
    Ok(renamed > 0)
}

/// Removes a project and the grants on it. False if it still holds services, or there is no such project.
pub async fn remove(tx: &mut Tx, id: ProjectId) -> Result<bool, Error> {
    let text = "DELETE FROM projects
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM services WHERE project_id = $1)";
    let is_removed = execute!(tx, text, id)? > 0;
    if is_removed {
        grants::remove_for_resource(tx, "project", id.uuid()).await?;
    }
    Ok(is_removed)
}

/// How many services the project holds.
pub async fn services_count(tx: &mut Tx, id: ProjectId) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM services WHERE project_id = $1", id)?;
    Ok(count)
}
