//! The one query behind every authorization: what a person or application user holds on a resource, themselves or through a group, and on everything above it. It
//! says what is so; what follows from it is decided in `control`.

use domain::{
    ids::{OrganizationId, ProjectId, ServiceId, UnitId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{fetch_all, storable},
};

/// What somebody wants to act on, named as it is in URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// An organization.
    Organization(OrganizationId),
    /// A unit.
    Unit(UnitId),
    /// A project, by name.
    ProjectName(&'a str),
    /// A service, by the names of its project and its own.
    Service {
        /// Name of the project.
        project: &'a str,
        /// Name of the service.
        service: &'a str,
    },
}

/// A target that exists, its ancestors, and what the person holds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// Counts up with each change of the tenant.
    pub organization_generation: i64,
    /// The project, if the target is one or lies in one.
    pub project_id: Option<ProjectId>,
    /// Its name.
    pub project_name: Option<String>,
    /// The unit, if the target is one or lies in one.
    pub unit_id: Option<UnitId>,
    /// Its name.
    pub unit_name: Option<String>,
    /// The service, if the target is one.
    pub service_id: Option<ServiceId>,
    /// Whether the person belongs to the organization and is not deactivated there.
    pub is_member: bool,
    /// Whether they are a super admin of it.
    pub is_super_admin: bool,
    /// Whether their account is active.
    pub is_active: bool,
    /// Whether the organization's policy exempts them from "identity provider required".
    pub is_break_glass: bool,
    /// The organization's authentication policy, as JSON; none if it never set one.
    pub policy: Option<String>,
    /// Ids of the roles and permissions they hold on the target or above it, themselves or through a group, each once,
    /// sorted. Nothing for who is no member.
    pub granted: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: OrganizationId,
    organization_name: String,
    organization_generation: i64,
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    unit_id: Option<UnitId>,
    unit_name: Option<String>,
    service_id: Option<ServiceId>,
    is_member: bool,
    is_super_admin: bool,
    is_active: bool,
    is_break_glass: bool,
    policy: Option<String>,
    granted: Option<String>,
}

/// Everything but the target itself, which is found by the given joins and condition. $1 is the person, $2 the time. The
/// grants are found from the person and their groups, which are few, however many grants there are.
macro_rules! effective {
    ($from:literal, $where:literal) => {
        concat!(
            "SELECT o.id AS organization_id, o.name AS organization_name,
                o.generation AS organization_generation, p.id AS project_id, p.name AS project_name, n.id AS unit_id, n.name AS unit_name,
                s.id AS service_id, COALESCE(m.is_active, FALSE) AS is_member,
                COALESCE(m.is_super_admin, FALSE) AS is_super_admin, COALESCE(u.is_active, FALSE) AS is_active,
                m.break_glass_since IS NOT NULL AS is_break_glass, a.policy AS policy, g.granted AS granted
            FROM ",
            $from,
            " LEFT JOIN users u ON u.id = $1
            LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id = $1
            LEFT JOIN authentication_policies a ON a.organization_id = o.id
            LEFT JOIN (SELECT h.organization_id, h.resource_kind, h.resource_id, h.granted
                FROM (SELECT $1 AS id, 'user' AS kind
                    UNION ALL SELECT gm.group_id, 'group' FROM group_members gm WHERE gm.user_id = $1) me
                JOIN grants h ON h.principal_id = me.id AND h.principal_kind = me.kind
                WHERE h.expires_at IS NULL OR h.expires_at > $2) g
                ON m.is_active AND g.organization_id = o.id
                AND ((g.resource_kind = 'organization' AND g.resource_id = o.id)
                    OR (g.resource_kind = 'unit' AND g.resource_id = n.id)
                    OR (g.resource_kind = 'project' AND g.resource_id = p.id))
            WHERE ",
            $where
        )
    };
}
const ON_ORGANIZATION: &str = effective!(
    "organizations o LEFT JOIN units n ON FALSE LEFT JOIN projects p ON FALSE LEFT JOIN services s ON FALSE",
    "o.id = $3"
);
const ON_ORGANIZATIONS: &str = effective!(
    "memberships mine JOIN organizations o ON o.id = mine.organization_id LEFT JOIN units n ON FALSE
    LEFT JOIN projects p ON FALSE LEFT JOIN services s ON FALSE",
    "mine.user_id = $1 AND mine.is_active ORDER BY o.name, o.id"
);
const ON_UNIT: &str = effective!(
    "units n JOIN organizations o ON o.id = n.organization_id LEFT JOIN projects p ON FALSE
    LEFT JOIN services s ON FALSE",
    "n.id = $3"
);
const ON_PROJECT: &str = effective!(
    "projects p JOIN organizations o ON o.id = p.organization_id LEFT JOIN units n ON n.id = p.unit_id
    LEFT JOIN services s ON FALSE",
    "p.name = $3"
);
const ON_PROJECT_ID: &str = effective!(
    "projects p JOIN organizations o ON o.id = p.organization_id LEFT JOIN units n ON n.id = p.unit_id
    LEFT JOIN services s ON FALSE",
    "p.id = $3"
);
const ON_SERVICE_ID: &str = effective!(
    "services s JOIN projects p ON p.id = s.project_id JOIN organizations o ON o.id = p.organization_id
    LEFT JOIN units n ON n.id = p.unit_id",
    "s.id = $3"
);
const ON_SERVICE: &str = effective!(
    "projects p JOIN organizations o ON o.id = p.organization_id LEFT JOIN units n ON n.id = p.unit_id
    JOIN services s ON s.project_id = p.id",
    "p.name = $3 AND s.name = $4"
);

/// What the person holds on the target; none if there is no such target. One query, whatever the target.
pub async fn effective(
    tx: &mut Tx,
    user: UserId,
    target: Target<'_>,
    now: Timestamp,
) -> Result<Option<Access>, Error> {
    let rows: Vec<Row> = match target {
        Target::Organization(id) => fetch_all!(tx, ON_ORGANIZATION, user, now, id)?,
        Target::Unit(id) => fetch_all!(tx, ON_UNIT, user, now, id)?,
        Target::ProjectName(name) => fetch_all!(tx, ON_PROJECT, user, now, storable(name).as_ref())?,
        Target::Service { project, service } => {
            let (project, service) = (storable(project), storable(service));
            fetch_all!(tx, ON_SERVICE, user, now, project.as_ref(), service.as_ref())?
        }
    };
    Ok(gathered(rows).pop())
}

/// What the person holds now on what was found before, whatever it is called by now; none if it is gone. One query.
pub async fn again(
    tx: &mut Tx,
    user: UserId,
    before: &Access,
    now: Timestamp,
) -> Result<Option<Access>, Error> {
    let rows: Vec<Row> = match (before.service_id, before.project_id, before.unit_id) {
        (Some(service), ..) => fetch_all!(tx, ON_SERVICE_ID, user, now, service)?,
        (None, Some(project), _) => fetch_all!(tx, ON_PROJECT_ID, user, now, project)?,
        (None, None, Some(unit)) => fetch_all!(tx, ON_UNIT, user, now, unit)?,
        (None, None, None) => fetch_all!(tx, ON_ORGANIZATION, user, now, before.organization_id)?,
    };
    Ok(gathered(rows).pop())
}

/// What the person holds on each organization that they belong to and are not deactivated in, by name. One query,
/// however many there are.
pub async fn on_organizations(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<Access>, Error> {
    let rows: Vec<Row> = fetch_all!(tx, ON_ORGANIZATIONS, user, now)?;
    Ok(gathered(rows))
}

/// One for each target: there is a row per grant, and one without any. The rows of a target stand together.
fn gathered(rows: Vec<Row>) -> Vec<Access> {
    let mut all: Vec<Access> = Vec::new();
    for mut row in rows {
        let granted = row.granted.take();
        if all.last().is_none_or(|last| last.organization_id != row.organization_id) {
            all.push(row.into());
        }
        if let Some(access) = all.last_mut() {
            access.granted.extend(granted);
        }
    }
    for access in &mut all {
        access.granted.sort();
        access.granted.dedup();
    }
    all
}

impl From<Row> for Access {
    fn from(row: Row) -> Self {
        Self {
            organization_id: row.organization_id,
            organization_name: row.organization_name,
            organization_generation: row.organization_generation,
            project_id: row.project_id,
            project_name: row.project_name,
            unit_id: row.unit_id,
            unit_name: row.unit_name,
            service_id: row.service_id,
            is_member: row.is_member,
            is_super_admin: row.is_super_admin,
            is_active: row.is_active,
            is_break_glass: row.is_break_glass,
            policy: row.policy,
            granted: Vec::new(),
        }
    }
}
