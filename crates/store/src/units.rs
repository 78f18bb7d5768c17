//! Organizational units, the level between an organization and its projects.

use domain::{
    ids::{OrganizationId, UnitId, UserId},
    principals::ResourceKind,
    timestamps::Timestamp,
};

use crate::{
    Edited, Error, Tx, grants,
    knowers::{Knower, of_known_projects},
    queries::{execute, fetch_all, fetch_one, fetch_optional},
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
    /// Counts up with each change.
    pub generation: i64,
}

/// Adds a unit. False if the name is taken in its organization.
pub async fn add(tx: &mut Tx, unit: &Unit) -> Result<bool, Error> {
    let Unit { id, organization_id, name, created_at, generation } = unit;
    let lower = name.to_ascii_lowercase();
    let text = "INSERT INTO units (id, organization_id, name, created_at, generation)
        SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM units o
            WHERE o.organization_id = $2 AND LOWER(o.name) = $6)
        ON CONFLICT (organization_id, name) DO NOTHING RETURNING id";
    let row: Option<(UnitId,)> =
        fetch_optional!(tx, text, id, organization_id, name, created_at, generation, lower)?;
    Ok(row.is_some())
}

/// The unit of that id.
pub async fn find(tx: &mut Tx, id: UnitId) -> Result<Option<Unit>, Error> {
    fetch_optional!(tx, "SELECT * FROM units WHERE id = $1", id)
}

/// The organization's units by name.
pub async fn list(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Unit>, Error> {
    fetch_all!(tx, "SELECT * FROM units WHERE organization_id = $1 ORDER BY name", organization)
}

/// How many projects the knower may know of in each of the organization's units; those without any are left out.
pub async fn count_projects(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
) -> Result<Vec<(UnitId, i64)>, Error> {
    const COUNT: &str = of_known_projects!(
        "SELECT p.unit_id, COUNT(*) FROM projects p",
        "AND p.unit_id IS NOT NULL GROUP BY p.unit_id ORDER BY p.unit_id"
    );
    let Knower { user, now, openings, knows_all } = *knower;
    fetch_all!(tx, COUNT, organization, user, now, openings, knows_all)
}

/// How many units the organization has.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM units WHERE organization_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count)
}

/// Renames a unit that is at that generation.
pub async fn rename(tx: &mut Tx, id: UnitId, generation: i64, new_name: &str) -> Result<Edited, Error> {
    let text = "UPDATE units SET name = $3, generation = generation + 1
        WHERE id = $1 AND generation = $2 AND NOT EXISTS (SELECT 1 FROM units o
            WHERE o.organization_id = units.organization_id AND LOWER(o.name) = $4 AND o.id <> $1)";
    let lower = new_name.to_ascii_lowercase();
    if execute!(tx, text, id, generation, new_name, lower).map_err(Error::unique_is_conflict)? > 0 {
        return Ok(Edited::Done);
    }
    let is_current = find(tx, id).await?.is_some_and(|unit| unit.generation == generation);
    Ok(if is_current { Edited::Taken } else { Edited::Stale })
}

/// Removes a unit and the grants on it. False while projects are in it, or if there is no such unit.
pub async fn remove(tx: &mut Tx, id: UnitId) -> Result<bool, Error> {
    let text = "DELETE FROM units WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM projects WHERE unit_id = $1)";
    let is_removed = execute!(tx, text, id)? > 0;
    if is_removed {
        grants::remove_for_resource(tx, ResourceKind::Unit, id.uuid()).await?;
    }
    Ok(is_removed)
}

/// Who holds something on the units $2 and $3 of the organization $1 at the time $4 and is let in.
macro_rules! holders {
    ($what:literal, $end:literal) => {
        concat!(
            "WITH given AS (SELECT g.principal_kind, g.principal_id FROM grants g
                WHERE g.resource_kind = 'unit' AND g.resource_id IN ($2, $3)
                    AND (g.organization_id = $1) IS TRUE AND (g.expires_at IS NULL OR g.expires_at > $4))
            SELECT ",
            $what,
            " FROM memberships m JOIN users u ON u.id = m.user_id
            WHERE m.organization_id = $1 AND m.is_active AND u.is_active AND m.user_id IN (
                SELECT principal_id FROM given WHERE principal_kind = 'user'
                UNION SELECT gm.user_id FROM given JOIN group_members gm ON gm.group_id = given.principal_id
                    WHERE given.principal_kind = 'group') ",
            $end
        )
    };
}

/// The active members who hold something on one of these units itself, directly or through a group; the first by id if
/// they are more than `limit`.
pub async fn holders(
    tx: &mut Tx,
    organization: OrganizationId,
    [one, other]: [Option<UnitId>; 2],
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UserId>, Error> {
    let text = holders!("m.user_id", "ORDER BY m.user_id LIMIT $5");
    let rows: Vec<(UserId,)> = fetch_all!(tx, text, organization, one, other, now, i64::from(limit))?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// How many they are.
pub async fn count_holders(
    tx: &mut Tx,
    organization: OrganizationId,
    [one, other]: [Option<UnitId>; 2],
    now: Timestamp,
) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, holders!("COUNT(*)", ""), organization, one, other, now)?;
    Ok(count)
}
