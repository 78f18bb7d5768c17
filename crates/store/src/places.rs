//! Where people can go: projects and services found by parts of their names, over a whole organization.

use domain::ids::{OrganizationId, ProjectId, UnitId};

use crate::{
    Error, Tx,
    knowers::{Knower, of_known_projects},
    patterns::{beginning, containing},
    queries::fetch_all,
};

/// Parts of a text that a search takes into account.
pub const PARTS_MAX: usize = 3;

/// A project by its name, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProjectName {
    /// Its id.
    pub id: ProjectId,
    /// The unit it is in.
    pub unit_id: Option<UnitId>,
    /// Its name.
    pub name: String,
}

/// A service by its name, and its project.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ServiceName {
    /// Its own.
    pub service: String,
    /// Its project's.
    pub project: String,
    /// Its project.
    pub project_id: ProjectId,
    /// The unit that the project is in.
    pub unit_id: Option<UnitId>,
}

const PROJECTS: &str = of_known_projects!(
    "SELECT p.id, p.unit_id, p.name FROM projects p",
    "AND (p.name || $6) LIKE $7 ESCAPE '!' AND (p.name || $6) LIKE $8 ESCAPE '!'
        AND (p.name || $6) LIKE $9 ESCAPE '!'
    ORDER BY CASE WHEN p.name LIKE $10 ESCAPE '!' THEN 0 ELSE 1 END, p.name LIMIT $11"
);
const SERVICES: &str = of_known_projects!(
    "SELECT s.name AS service, p.name AS project, p.id AS project_id, p.unit_id
        FROM services s JOIN projects p ON p.id = s.project_id",
    "AND (s.name || ' ' || p.name || $6) LIKE $7 ESCAPE '!'
        AND (s.name || ' ' || p.name || $6) LIKE $8 ESCAPE '!'
        AND (s.name || ' ' || p.name || $6) LIKE $9 ESCAPE '!'
    ORDER BY CASE WHEN s.name LIKE $10 ESCAPE '!' THEN 0 ELSE 1 END, s.name, p.name LIMIT $11"
);

/// Those of the organization's projects that the knower may know of and that hold all the `parts`, with
/// `beside` counting as the end of each name. Those that begin with the first part come first.
pub async fn projects(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
    beside: &str,
    parts: &[&str],
    limit: u32,
) -> Result<Vec<ProjectName>, Error> {
    let Knower { user, now, openings, knows_all } = *knower;
    let (first, [a, b, c]) = patterns(parts);
    let limit = i64::from(limit);
    fetch_all!(tx, PROJECTS, organization, user, now, openings, knows_all, beside, &a, &b, &c, &first, limit)
}

/// The services in those projects that the knower may know of that hold all the `parts` in their own or their project's
/// name or in `beside`. Those that begin with the first part come first.
pub async fn services(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
    beside: &str,
    parts: &[&str],
    limit: u32,
) -> Result<Vec<ServiceName>, Error> {
    let Knower { user, now, openings, knows_all } = *knower;
    let (first, [a, b, c]) = patterns(parts);
    let limit = i64::from(limit);
    fetch_all!(tx, SERVICES, organization, user, now, openings, knows_all, beside, &a, &b, &c, &first, limit)
}

/// What `LIKE` takes for the beginning and for each part; a part that is missing is found everywhere.
fn patterns(parts: &[&str]) -> (String, [String; PARTS_MAX]) {
    let each = std::array::from_fn(|index| containing(parts.get(index).copied().unwrap_or_default()));
    (beginning(parts.first().copied().unwrap_or_default()), each)
}
