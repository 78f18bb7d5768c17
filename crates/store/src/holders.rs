//! Who holds something at a place, and by which grants: those of many people at once. What one principal holds is in
//! [`crate::grants`].

use domain::{
    ids::{OrganizationId, ProjectId, UnitId, UserId},
    principals::UserKind,
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    grants::{Held, resources},
    queries::{among, fetch_all, fetch_all_among, fetch_one},
};

/// Grants that are looked at of many people at once.
pub const HELD_BY_MAX: i64 = 100_000;

/// A grant with the person who holds it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldBy {
    /// Who.
    pub user_id: UserId,
    /// The grant.
    #[sqlx(flatten)]
    pub held: Held,
}

/// Somebody who holds what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// A person or an application user.
    pub kind: UserKind,
    /// Whether they hold it as super admin, whatever else they hold.
    pub is_super_admin: bool,
}

/// Whose grants are asked for: of those who hold one of the openings at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderFilter<'a> {
    /// The organization.
    pub organization: OrganizationId,
    /// The unit that the place is or lies in.
    pub unit: Option<UnitId>,
    /// The project that the place is.
    pub project: Option<ProjectId>,
    /// Ids of roles and permissions, each with a comma before and behind: `,admin,operator,`.
    pub openings: &'a str,
    /// The time at which they hold it.
    pub now: Timestamp,
}

/// Who holds one of the openings $4 at the time $5 in the organization $1, its unit $2 or its project $3. The order of the
/// joins is what SQLite should do: begin with the few who hold something.
macro_rules! holders {
    ($what:literal, $end:literal) => {
        concat!(
            "WITH given AS (SELECT g.principal_kind, g.principal_id FROM grants g
                WHERE ((g.resource_kind = 'organization' AND g.resource_id = $1)
                        OR (g.resource_kind = 'unit' AND g.resource_id = $2)
                        OR (g.resource_kind = 'project' AND g.resource_id = $3))
                    AND (g.organization_id = $1) IS TRUE AND $4 LIKE '%,' || g.granted || ',%'
                    AND (g.expires_at IS NULL OR g.expires_at > $5)),
            holding AS (SELECT user_id FROM memberships WHERE organization_id = $1 AND is_super_admin
                UNION SELECT principal_id FROM given WHERE principal_kind = 'user'
                UNION SELECT gm.user_id FROM given JOIN group_members gm ON gm.group_id = given.principal_id
                    WHERE given.principal_kind = 'group')
            SELECT ",
            $what,
            " FROM holding h CROSS JOIN memberships m CROSS JOIN users u
            WHERE m.organization_id = $1 AND m.user_id = h.user_id AND u.id = h.user_id
                AND m.is_active AND u.is_active ",
            $end
        )
    };
}

/// The active members who are super admins or hold one of the openings at the place or above it, directly or through
/// a group, by e-mail address, from behind `after` on.
pub async fn list(
    tx: &mut Tx,
    filter: &HolderFilter<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Holder>, Error> {
    let HolderFilter { organization, unit, project, openings, now } = *filter;
    let text = holders!(
        "u.id AS user_id, u.email, u.name, u.kind, m.is_super_admin",
        "AND u.email > $6 ORDER BY u.email LIMIT $7"
    );
    let (after, limit) = (after.unwrap_or(""), i64::from(limit));
    fetch_all!(tx, text, organization, unit, project, openings, now, after, limit)
}

/// How many they are.
pub async fn count(tx: &mut Tx, filter: &HolderFilter<'_>) -> Result<i64, Error> {
    let HolderFilter { organization, unit, project, openings, now } = *filter;
    let text = holders!("COUNT(*)", "");
    let (count,): (i64,) = fetch_one!(tx, text, organization, unit, project, openings, now)?;
    Ok(count)
}

/// What is held at the time `$now` by each of these people, themselves or through a group.
macro_rules! held_by {
    ($people:expr, $now:literal, $where:literal, $limit:literal) => {
        concat!(
            "WITH people AS (",
            $people,
            ") SELECT me.user_id, g.*, gr.id AS group_id, gr.name AS group_name,
                COALESCE(ro.name, ru.name, rp.name) AS resource_name, rp.unit_id AS resource_unit_id
            FROM (SELECT p.user_id, p.user_id AS id, 'user' AS kind FROM people p
                UNION ALL SELECT p.user_id, gm.group_id, 'group' FROM people p
                    JOIN group_members gm ON gm.user_id = p.user_id) me
            CROSS JOIN grants g LEFT JOIN groups gr ON g.principal_kind = 'group' AND gr.id = g.principal_id",
            resources!(),
            "WHERE g.principal_id = me.id AND g.principal_kind = me.kind
                AND (g.expires_at IS NULL OR g.expires_at > ",
            $now,
            ") AND COALESCE(ro.id, ru.id, rp.id) IS NOT NULL
                AND (g.organization_id = $1) IS TRUE AND ",
            $where,
            " ORDER BY me.user_id, g.created_at, g.id LIMIT ",
            $limit
        )
    };
}

/// These people, who are looked for among the ids $2.
macro_rules! held_among {
    ($database:ident) => {
        held_by!(
            concat!("SELECT u.id AS user_id FROM users u WHERE u.id ", among!($database)),
            "$3",
            "TRUE",
            "$4"
        )
    };
}

/// What each of these people holds in the organization, for themselves and through groups. Whether they are members is not
/// looked at. By person and age, at most [`HELD_BY_MAX`].
pub async fn held_among(
    tx: &mut Tx,
    organization: OrganizationId,
    users: &[Uuid],
    now: Timestamp,
) -> Result<Vec<HeldBy>, Error> {
    let (sqlite, postgres) = (held_among!(sqlite), held_among!(postgres));
    fetch_all_among!(tx, sqlite, postgres, organization, users, now, HELD_BY_MAX)
}

/// By which grants those on a page of [`list`] hold what was asked for; super admins may hold none. At most
/// [`HELD_BY_MAX`].
pub async fn paths(
    tx: &mut Tx,
    filter: &HolderFilter<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<HeldBy>, Error> {
    let HolderFilter { organization, unit, project, openings, now } = *filter;
    let text = held_by!(
        holders!("u.id AS user_id", "AND u.email > $6 ORDER BY u.email LIMIT $7"),
        "$5",
        "$4 LIKE '%,' || g.granted || ',%'
            AND ((g.resource_kind = 'organization' AND g.resource_id = $1)
                OR (g.resource_kind = 'unit' AND g.resource_id = $2)
                OR (g.resource_kind = 'project' AND g.resource_id = $3))",
        "$8"
    );
    let (after, limit) = (after.unwrap_or(""), i64::from(limit));
    fetch_all!(tx, text, organization, unit, project, openings, now, after, limit, HELD_BY_MAX)
}
