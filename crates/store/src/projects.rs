//! Projects, which hold services. A project's name is unique in the whole installation.

use domain::{
    ids::{OrganizationId, ProjectId, UnitId},
    principals::ResourceKind,
    timestamps::Timestamp,
};

use crate::{
    Error, Tx, grants,
    knowers::{Knower, of_known_projects},
    patterns::containing,
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

/// A project in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// It.
    #[sqlx(flatten)]
    pub project: Project,
    /// Name of the unit it is in.
    pub unit_name: Option<String>,
    /// How many services it holds.
    pub services: i64,
}

/// Which projects are looked for; all by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProjectFilter<'a> {
    /// Those in this unit.
    pub unit: Option<UnitId>,
    /// Those whose name holds this.
    pub text: Option<&'a str>,
}

const LIST: &str = of_known_projects!(
    "SELECT p.*, u.name AS unit_name, (SELECT COUNT(*) FROM services s WHERE s.project_id = p.id) AS services
        FROM projects p LEFT JOIN units u ON u.id = p.unit_id",
    "AND ($6 IS NULL OR p.unit_id = $6) AND ($7 IS NULL OR LOWER(p.name) LIKE $7 ESCAPE '!')
        AND p.name > $8 ORDER BY p.name LIMIT $9"
);
const COUNT: &str = of_known_projects!(
    "SELECT COUNT(*) FROM projects p",
    "AND ($6 IS NULL OR p.unit_id = $6) AND ($7 IS NULL OR LOWER(p.name) LIKE $7 ESCAPE '!')"
);

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

/// The organization's projects that the knower may know of, by name, from behind `after` on.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
    filter: &ProjectFilter<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let Knower { user, now, openings, knows_all } = *knower;
    let (text, after, limit) = (filter.text.map(containing), after.unwrap_or(""), i64::from(limit));
    fetch_all!(
        tx,
        LIST,
        organization,
        user,
        now,
        openings,
        knows_all,
        filter.unit,
        text.as_deref(),
        after,
        limit,
    )
}

/// How many projects [`list`] has with the same knower and filter.
pub async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
    filter: &ProjectFilter<'_>,
) -> Result<i64, Error> {
    let Knower { user, now, openings, knows_all } = *knower;
    let text = filter.text.map(containing);
    let (count,): (i64,) =
        fetch_one!(tx, COUNT, organization, user, now, openings, knows_all, filter.unit, text.as_deref())?;
    Ok(count)
}

/// Renames a project. False if another project has the name, or there is no such project.
pub async fn rename(tx: &mut Tx, id: ProjectId, new_name: &str) -> Result<bool, Error> {
    let text = "UPDATE projects SET name = $2, generation = generation + 1
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM projects WHERE name = $2 AND id <> $1)";
    let renamed = execute!(tx, text, id, new_name).map_err(Error::unique_is_conflict)?;
    Ok(renamed > 0)
}

/// Counts up for a change of what is said of a project. False if it was changed since that generation, or there is no such
/// project.
pub async fn count_up(tx: &mut Tx, id: ProjectId, generation: i64) -> Result<bool, Error> {
    let text = "UPDATE projects SET generation = generation + 1 WHERE id = $1 AND generation = $2";
    Ok(execute!(tx, text, id, generation)? > 0)
}

/// Moves a project into a unit of its organization, or out of all units. False if there is no such project, or no such
/// unit in its organization.
pub async fn move_to(tx: &mut Tx, id: ProjectId, unit: Option<UnitId>) -> Result<bool, Error> {
    let text = "UPDATE projects SET unit_id = $2, generation = generation + 1
        WHERE id = $1 AND ($2 IS NULL OR EXISTS (SELECT 1 FROM units u
            WHERE u.id = $2 AND u.organization_id = projects.organization_id))";
    Ok(execute!(tx, text, id, unit)? > 0)
}

/// Removes a project and the grants on it. False if it still holds services, or there is no such project.
pub async fn remove(tx: &mut Tx, id: ProjectId) -> Result<bool, Error> {
    let text = "DELETE FROM projects
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM services WHERE project_id = $1)";
    let is_removed = execute!(tx, text, id)? > 0;
    if is_removed {
        grants::remove_for_resource(tx, ResourceKind::Project, id.uuid()).await?;
    }
    Ok(is_removed)
}

/// How many services the project holds.
pub async fn services_count(tx: &mut Tx, id: ProjectId) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM services WHERE project_id = $1", id)?;
    Ok(count)
}
