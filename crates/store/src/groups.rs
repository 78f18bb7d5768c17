//! Groups: sets of people and application users of one organization. Who is in one is in [`crate::group_members`].

use domain::{
    ids::{GroupId, OrganizationId},
    timestamps::Timestamp,
};

use crate::{
    Edited, Error, Tx,
    patterns::containing,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// Its name, unique in the organization.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

#[derive(sqlx::FromRow)]
struct Counted {
    #[sqlx(flatten)]
    group: Group,
    members: i64,
    grants: i64,
}

/// Adds a group. False if the name is taken in its organization.
pub async fn add(tx: &mut Tx, group: &Group) -> Result<bool, Error> {
    let Group { id, organization_id, name, description, created_at, generation } = group;
    let lower = name.to_ascii_lowercase();
    let text = "INSERT INTO groups (id, organization_id, name, description, created_at, generation)
        SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM groups other
            WHERE other.organization_id = $2 AND LOWER(other.name) = $7)
        ON CONFLICT (organization_id, name) DO NOTHING RETURNING id";
    let row: Option<(GroupId,)> =
        fetch_optional!(tx, text, id, organization_id, name, description, created_at, generation, lower)?;
    Ok(row.is_some())
}

/// The organization's group of that id.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: GroupId) -> Result<Option<Group>, Error> {
    let text = "SELECT * FROM groups WHERE id = $1 AND organization_id = $2";
    fetch_optional!(tx, text, id, organization)
}

/// The organization's group of that name.
pub async fn find_by_name(
    tx: &mut Tx,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<Group>, Error> {
    let text = "SELECT * FROM groups WHERE organization_id = $1 AND name = $2";
    fetch_optional!(tx, text, organization, name)
}

/// The organization's groups whose name or description holds the text, by name, from behind `after` on, each with the
/// numbers of its members and of the grants it holds.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    holding: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(Group, i64, i64)>, Error> {
    let text = "SELECT g.*, (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id) AS members,
            (SELECT COUNT(*) FROM grants h WHERE h.principal_id = g.id AND h.principal_kind = 'group'
                AND h.organization_id = g.organization_id) AS grants
        FROM groups g WHERE g.organization_id = $1 AND g.name > $2
            AND (LOWER(g.name) LIKE $3 ESCAPE '!' OR LOWER(g.description) LIKE $3 ESCAPE '!')
        ORDER BY g.name LIMIT $4";
    let (after, holding) = (after.unwrap_or(""), containing(holding.unwrap_or("")));
    let rows: Vec<Counted> = fetch_all!(tx, text, organization, after, &holding, i64::from(limit))?;
    Ok(rows.into_iter().map(|row| (row.group, row.members, row.grants)).collect())
}

/// How many of the organization's groups hold the text.
pub async fn count(tx: &mut Tx, organization: OrganizationId, holding: Option<&str>) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM groups WHERE organization_id = $1
        AND (LOWER(name) LIKE $2 ESCAPE '!' OR LOWER(description) LIKE $2 ESCAPE '!')";
    let (count,): (i64,) = fetch_one!(tx, text, organization, &containing(holding.unwrap_or("")))?;
    Ok(count)
}

/// Changes the name and description of a group of that generation.
pub async fn edit(
    tx: &mut Tx,
    id: GroupId,
    generation: i64,
    name: &str,
    description: &str,
) -> Result<Edited, Error> {
    let text = "UPDATE groups SET name = $3, description = $4, generation = generation + 1
        WHERE id = $1 AND generation = $2 AND NOT EXISTS (SELECT 1 FROM groups other
            WHERE other.organization_id = groups.organization_id AND LOWER(other.name) = $5
                AND other.id <> $1)";
    let lower = name.to_ascii_lowercase();
    let edited =
        execute!(tx, text, id, generation, name, description, lower).map_err(Error::unique_is_conflict)?;
    if edited > 0 {
        return Ok(Edited::Done);
    }
    let text = "SELECT id FROM groups WHERE id = $1 AND generation = $2";
    let row: Option<(GroupId,)> = fetch_optional!(tx, text, id, generation)?;
    Ok(if row.is_some() { Edited::Taken } else { Edited::Stale })
}

/// Removes a group with its memberships and the grants it held. False if there is none.
pub async fn remove(tx: &mut Tx, id: GroupId) -> Result<bool, Error> {
    let text = "DELETE FROM grants WHERE principal_id = $1 AND principal_kind = 'group'";
    execute!(tx, text, id)?;
    Ok(execute!(tx, "DELETE FROM groups WHERE id = $1", id)? > 0)
}
