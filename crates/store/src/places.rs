//! Where people can go: projects and services found by parts of their names, over a whole organization.

use domain::ids::OrganizationId;

use crate::{
    Error, Tx,
    patterns::{beginning, containing},
    queries::fetch_all,
};

/// Parts of a text that a search takes into account.
pub const PARTS_MAX: usize = 3;

/// A service by its name, and the name of its project.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ServiceName {
    /// Its own.
    pub service: String,
    /// Its project's.
    pub project: String,
}

/// Names of the organization's projects that hold all the `parts`, with `beside` counting as the end of each name.
/// Those that begin with the first part come first.
pub async fn projects(
    tx: &mut Tx,
    organization: OrganizationId,
    beside: &str,
    parts: &[&str],
    limit: u32,
) -> Result<Vec<String>, Error> {
    let text = "SELECT p.name FROM projects p WHERE p.organization_id = $1
            AND (p.name || $2) LIKE $3 ESCAPE '!' AND (p.name || $2) LIKE $4 ESCAPE '!'
            AND (p.name || $2) LIKE $5 ESCAPE '!'
        ORDER BY CASE WHEN p.name LIKE $6 ESCAPE '!' THEN 0 ELSE 1 END, p.name LIMIT $7";
    let (first, [a, b, c]) = patterns(parts);
    let limit = i64::from(limit);
    let rows: Vec<(String,)> = fetch_all!(tx, text, organization, beside, &a, &b, &c, &first, limit)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The organization's services that hold all the `parts` in their own or their project's name or in `beside`. Those
/// that begin with the first part come first.
pub async fn services(
    tx: &mut Tx,
    organization: OrganizationId,
    beside: &str,
    parts: &[&str],
    limit: u32,
) -> Result<Vec<ServiceName>, Error> {
    let text =
        "SELECT s.name AS service, p.name AS project FROM services s JOIN projects p ON p.id = s.project_id
        WHERE p.organization_id = $1
            AND (s.name || ' ' || p.name || $2) LIKE $3 ESCAPE '!'
            AND (s.name || ' ' || p.name || $2) LIKE $4 ESCAPE '!'
            AND (s.name || ' ' || p.name || $2) LIKE $5 ESCAPE '!'
        ORDER BY CASE WHEN s.name LIKE $6 ESCAPE '!' THEN 0 ELSE 1 END, s.name, p.name LIMIT $7";
    let (first, [a, b, c]) = patterns(parts);
    fetch_all!(tx, text, organization, beside, &a, &b, &c, &first, i64::from(limit))
}

/// What `LIKE` takes for the beginning and for each part; a part that is missing is found everywhere.
fn patterns(parts: &[&str]) -> (String, [String; PARTS_MAX]) {
    let each = std::array::from_fn(|index| containing(parts.get(index).copied().unwrap_or_default()));
    (beginning(parts.first().copied().unwrap_or_default()), each)
}
