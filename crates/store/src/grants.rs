//! Grants: a role or a permission, given to a principal on a resource; what one principal holds, and through which group.
//! Who holds something is in [`crate::holders`], what grants add up to at a place in [`crate::access`].

use domain::{
    ids::{GrantId, GroupId, OrganizationId, UnitId, UserId},
    principals::{PrincipalKind, ResourceKind, UserKind},
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// Grants that are looked at of one principal; who holds more should hold a role instead.
pub const HELD_MAX: i64 = 10_000;
/// Grants whose time is over that are looked at of one person or group.
pub const ENDED_MAX: i64 = 200;

/// One role or permission given to one principal on one resource.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The organization that the resource belongs to.
    pub organization_id: OrganizationId,
    /// What the principal is.
    pub principal_kind: PrincipalKind,
    /// Id of the principal.
    pub principal_id: Uuid,
    /// Id of a role or of a permission.
    pub granted: String,
    /// What the resource is.
    pub resource_kind: ResourceKind,
    /// Id of the resource.
    pub resource_id: Uuid,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Sign-in name of who gave it.
    pub created_by: String,
}

/// A grant with the names of what it is about.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Described {
    /// The grant.
    #[sqlx(flatten)]
    pub grant: Grant,
    /// What the principal is called; empty if it is gone.
    pub principal_name: String,
    /// The principal's sign-in name; none for a group.
    pub principal_email: Option<String>,
    /// A person or an application user; none for a group.
    pub user_kind: Option<UserKind>,
    /// Whether the principal's account and membership in the organization are active; a group is.
    pub is_active: bool,
    /// What the resource is called; empty if it is gone.
    pub resource_name: String,
    /// The unit of the project that is the resource.
    pub resource_unit_id: Option<UnitId>,
}

/// A grant as somebody holds it: its fields, and what they come through.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// The grant's id.
    pub id: GrantId,
    /// The organization that the resource belongs to.
    pub organization_id: OrganizationId,
    /// What the principal is.
    pub principal_kind: PrincipalKind,
    /// Id of the principal: of the user, or of the group it is held through.
    pub principal_id: Uuid,
    /// Id of a role or of a permission.
    pub granted: String,
    /// What the resource is.
    pub resource_kind: ResourceKind,
    /// Id of the resource.
    pub resource_id: Uuid,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Sign-in name of who gave it.
    pub created_by: String,
    /// The group it is held through; none if it was given to them directly.
    pub group_id: Option<GroupId>,
    /// What the group is called.
    pub group_name: Option<String>,
    /// What the resource is called.
    pub resource_name: String,
    /// The unit of the project that is the resource.
    pub resource_unit_id: Option<UnitId>,
}

/// Which grants are meant; everything that is none leaves all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Those of this principal, groups they are in left out.
    pub principal: Option<Uuid>,
    /// Those on this resource itself.
    pub resource: Option<Uuid>,
}

/// Gives something. A grant of the same thing to the same principal on the same resource takes the new end and giver
/// and keeps its id and age. Returns the id.
pub async fn put(tx: &mut Tx, grant: &Grant) -> Result<GrantId, Error> {
    let text =
        "INSERT INTO grants (id, organization_id, principal_kind, principal_id, granted, resource_kind,
            resource_id, created_at, expires_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (organization_id, principal_id, granted, resource_id)
            DO UPDATE SET expires_at = excluded.expires_at, created_by = excluded.created_by
        RETURNING id";
    let (id,): (GrantId,) = fetch_one!(
        tx,
        text,
        grant.id,
        grant.organization_id,
        grant.principal_kind,
        grant.principal_id,
        &grant.granted,
        grant.resource_kind,
        grant.resource_id,
        grant.created_at,
        grant.expires_at,
        &grant.created_by,
    )?;
    Ok(id)
}

/// The organization's grant of that id.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: GrantId) -> Result<Option<Grant>, Error> {
    let text = "SELECT * FROM grants WHERE id = $1 AND organization_id = $2";
    fetch_optional!(tx, text, id, organization)
}

/// Takes a grant back. False if there is none.
pub async fn remove(tx: &mut Tx, id: GrantId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM grants WHERE id = $1", id)? > 0)
}

/// Takes back every grant on a resource that goes; returns how many.
pub async fn remove_for_resource(tx: &mut Tx, kind: ResourceKind, id: Uuid) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM grants WHERE resource_kind = $1 AND resource_id = $2", kind, id)
}

/// Takes back everything that was given to a principal in an organization; returns how many grants.
pub async fn remove_for_principal(
    tx: &mut Tx,
    organization: OrganizationId,
    principal: Uuid,
) -> Result<u64, Error> {
    let text = "DELETE FROM grants WHERE principal_id = $1 AND organization_id = $2";
    execute!(tx, text, principal, organization)
}

/// The resource of a grant `g`, which is one of these if it is there: nothing is given across organizations.
macro_rules! resources {
    () => {
        " LEFT JOIN organizations ro ON g.resource_kind = 'organization' AND ro.id = g.resource_id
            AND ro.id = g.organization_id
        LEFT JOIN units ru ON g.resource_kind = 'unit' AND ru.id = g.resource_id
            AND ru.organization_id = g.organization_id
        LEFT JOIN projects rp ON g.resource_kind = 'project' AND rp.id = g.resource_id
            AND rp.organization_id = g.organization_id "
    };
}
pub(crate) use resources;

/// Grants with names, by the given condition.
macro_rules! described {
    ($($where:expr),+) => {
        concat!(
            "SELECT g.*, COALESCE(u.name, gr.name, '') AS principal_name, u.email AS principal_email,
                u.kind AS user_kind, COALESCE(ro.name, ru.name, rp.name, '') AS resource_name,
                rp.unit_id AS resource_unit_id,
                (gr.id IS NOT NULL OR (COALESCE(u.is_active, FALSE) AND COALESCE(m.is_active, FALSE))) AS is_active
            FROM grants g LEFT JOIN users u ON g.principal_kind = 'user' AND u.id = g.principal_id
            LEFT JOIN memberships m ON m.organization_id = g.organization_id AND m.user_id = u.id
            LEFT JOIN groups gr ON g.principal_kind = 'group' AND gr.id = g.principal_id",
            resources!(),
            "WHERE ",
            $($where),+
        )
    };
}

/// What the filter leaves, by the way it is looked for: a text for each, so that each has its index. An organization that
/// must only be right is compared in a way that takes no index.
macro_rules! in_organization {
    () => {
        "g.organization_id = $1"
    };
}
macro_rules! of_principal {
    () => {
        "g.principal_id = $2 AND ($3 IS NULL OR g.resource_id = $3) AND (g.organization_id = $1) IS TRUE"
    };
}
macro_rules! on_resource {
    () => {
        "g.resource_id = $2 AND (g.organization_id = $1) IS TRUE"
    };
}
pub(crate) use {described, in_organization, of_principal, on_resource};
macro_rules! page {
    ($where:expr, $at:literal, $id:literal, $limit:literal) => {
        described!(
            $where,
            " AND (g.created_at, g.id) > (",
            $at,
            ", ",
            $id,
            ") ORDER BY g.created_at, g.id LIMIT ",
            $limit
        )
    };
}
const PAGE: &str = page!(in_organization!(), "$2", "$3", "$4");
const PAGE_OF_PRINCIPAL: &str = page!(of_principal!(), "$4", "$5", "$6");
const PAGE_ON_RESOURCE: &str = page!(on_resource!(), "$3", "$4", "$5");

/// The organization's grants, oldest first, from behind the one with time and id `after` on.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &GrantFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Described>, Error> {
    let (at, id) = after.unwrap_or((Timestamp::from_micros(i64::MIN), Uuid::nil()));
    let limit = i64::from(limit);
    match *filter {
        GrantFilter { principal: Some(principal), resource } => {
            fetch_all!(tx, PAGE_OF_PRINCIPAL, organization, principal, resource, at, id, limit)
        }
        GrantFilter { resource: Some(resource), .. } => {
            fetch_all!(tx, PAGE_ON_RESOURCE, organization, resource, at, id, limit)
        }
        _ => fetch_all!(tx, PAGE, organization, at, id, limit),
    }
}

/// How many grants the organization has.
pub async fn count(tx: &mut Tx, organization: OrganizationId, filter: &GrantFilter) -> Result<i64, Error> {
    const ALL: &str = concat!("SELECT COUNT(*) FROM grants g WHERE ", in_organization!());
    const OF_PRINCIPAL: &str = concat!("SELECT COUNT(*) FROM grants g WHERE ", of_principal!());
    const ON_RESOURCE: &str = concat!("SELECT COUNT(*) FROM grants g WHERE ", on_resource!());
    let (count,): (i64,) = match *filter {
        GrantFilter { principal: Some(principal), resource } => {
            fetch_one!(tx, OF_PRINCIPAL, organization, principal, resource)?
        }
        GrantFilter { resource: Some(resource), .. } => fetch_one!(tx, ON_RESOURCE, organization, resource)?,
        _ => fetch_one!(tx, ALL, organization)?,
    };
    Ok(count)
}

/// The organization's grant of that id, with names.
pub async fn find_described(
    tx: &mut Tx,
    organization: OrganizationId,
    id: GrantId,
) -> Result<Option<Described>, Error> {
    fetch_optional!(tx, described!("g.id = $2 AND g.organization_id = $1"), organization, id)
}

/// The organization's grant of that to a principal on a resource, with names.
pub async fn find_given(
    tx: &mut Tx,
    organization: OrganizationId,
    principal: Uuid,
    granted: &str,
    resource: Uuid,
) -> Result<Option<Described>, Error> {
    let text = described!(
        "g.organization_id = $1 AND g.principal_id = $2 AND g.granted = $3 AND g.resource_id = $4"
    );
    fetch_optional!(tx, text, organization, principal, granted, resource)
}

/// Somebody and the groups they are in, as the `me` of [`held`].
macro_rules! person_and_groups {
    () => {
        "SELECT $1 AS id, 'user' AS kind
            UNION ALL SELECT gm.group_id, 'group' FROM group_members gm WHERE gm.user_id = $1"
    };
}

/// What those who are `me` hold or held, by the `$when` that compares its end with the time $2: found from them, who are few,
/// however many grants there are. The order of the joins says so to SQLite.
macro_rules! held {
    ($me:expr, $when:literal, $where:literal) => {
        concat!(held!(@ "", $me, $when, $where), " ORDER BY g.created_at, g.id LIMIT $3")
    };
    // The limit is that of each organization.
    ($me:expr, $when:literal, $where:literal; each) => {
        concat!(
            "SELECT * FROM (",
            held!(
                @ ", ROW_NUMBER() OVER (PARTITION BY g.organization_id ORDER BY g.created_at, g.id) AS place",
                $me, $when, $where
            ),
            ") each_one WHERE place <= $3 ORDER BY created_at, id"
        )
    };
    (@ $further:literal, $me:expr, $when:literal, $where:literal) => {
        concat!(
            "SELECT g.*, gr.id AS group_id, gr.name AS group_name,
                COALESCE(ro.name, ru.name, rp.name) AS resource_name, rp.unit_id AS resource_unit_id",
            $further,
            " FROM (",
            $me,
            ") me CROSS JOIN grants g LEFT JOIN groups gr ON g.principal_kind = 'group' AND gr.id = g.principal_id",
            resources!(),
            "WHERE g.principal_id = me.id AND g.principal_kind = me.kind
                AND COALESCE(ro.id, ru.id, rp.id) IS NOT NULL AND ",
            $when,
            " AND ",
            $where
        )
    };
}

/// Everything that somebody holds in an organization, directly or through groups, oldest first, at most [`HELD_MAX`].
/// Whether they are a member, without which it is worth nothing, is not looked at.
pub async fn held(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Held>, Error> {
    let text = held!(
        person_and_groups!(),
        "(g.expires_at IS NULL OR g.expires_at > $2)",
        "(g.organization_id = $4) IS TRUE"
    );
    fetch_all!(tx, text, user, now, HELD_MAX, organization)
}

/// Everything that somebody holds in the organizations that `other` belongs to and is let into, directly or through groups,
/// oldest first, at most [`HELD_MAX`] in each. Whether they are members of these themselves is not looked at.
pub async fn held_beside(
    tx: &mut Tx,
    user: UserId,
    other: UserId,
    now: Timestamp,
) -> Result<Vec<Held>, Error> {
    let text = held!(
        person_and_groups!(),
        "(g.expires_at IS NULL OR g.expires_at > $2)",
        "(g.organization_id IN (SELECT m.organization_id FROM memberships m WHERE m.user_id = $4 AND m.is_active)) IS TRUE";
        each
    );
    fetch_all!(tx, text, user, now, HELD_MAX, other)
}

/// Everything that a group holds, oldest first, at most [`HELD_MAX`].
pub async fn held_by_group(tx: &mut Tx, group: GroupId, now: Timestamp) -> Result<Vec<Held>, Error> {
    let text = held!(
        "SELECT $1 AS id, 'group' AS kind",
        "(g.expires_at IS NULL OR g.expires_at > $2)",
        "gr.organization_id = g.organization_id"
    );
    fetch_all!(tx, text, group, now, HELD_MAX)
}

/// What somebody, or a group, held in an organization and holds no more because its time is over, oldest first, at most
/// [`ENDED_MAX`]. What has ended stays until it is revoked or given anew.
pub async fn ended(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: PrincipalKind,
    principal: Uuid,
    now: Timestamp,
) -> Result<Vec<Held>, Error> {
    let text = held!(
        "SELECT $1 AS id, $5 AS kind UNION ALL SELECT gm.group_id, 'group' FROM group_members gm
            WHERE gm.user_id = $1 AND $5 = 'user'",
        "g.expires_at <= $2",
        "(g.organization_id = $4) IS TRUE"
    );
    fetch_all!(tx, text, principal, now, ENDED_MAX, organization, kind)
}
