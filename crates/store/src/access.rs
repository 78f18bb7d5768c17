//! The one query behind every authorization: what a person holds on a resource and on everything above it. It
//! says what is so; what follows from it is decided in `control`.

use domain::{
    ids::{OrganizationId, ProjectId, ServiceId, UnitId, UserId},
    timestamps::Timestamp,
};

use crate::{Error, Tx, queries::fetch_all};

/// What somebody wants to act on, named as it is in URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// An organization.
    Organization(OrganizationId),
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
    /// The project, if the target is one or lies in one.
    pub project_id: Option<ProjectId>,
    /// Its name.
    pub project_name: Option<String>,
    /// The unit that the project is in.
    pub unit_id: Option<UnitId>,
    /// The service, if the target is one.
    pub service_id: Option<ServiceId>,
    /// Whether the person belongs to the organization.
    pub is_member: bool,
    /// Whether they are a super admin of it.
    pub is_super_admin: bool,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Ids of the roles and permissions they hold on the target or above it, each once, sorted.
    pub granted: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: OrganizationId,
    organization_name: String,
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    unit_id: Option<UnitId>,
    service_id: Option<ServiceId>,
    is_member: bool,
    is_super_admin: bool,
    is_active: bool,
    granted: Option<String>,
}

/// Everything but the target itself, which is found by the given joins and condition. $1 is the person, $2 the time.
macro_rules! effective {
    ($from:literal, $where:literal) => {
        concat!(
            "SELECT o.id AS organization_id, o.name AS organization_name, p.id AS project_id,
                p.name AS project_name, p.unit_id AS unit_id, s.id AS service_id,
                m.user_id IS NOT NULL AS is_member, COALESCE(m.is_super_admin, FALSE) AS is_super_admin,
                COALESCE(u.is_active, FALSE) AS is_active, g.granted AS granted
            FROM ",
            $from,
            " LEFT JOIN users u ON u.id = $1
            LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id = $1
            LEFT JOIN grants g ON g.principal_id = $1 AND g.principal_kind = 'user'
                AND g.organization_id = o.id AND (g.expires_at IS NULL OR g.expires_at > $2)
                AND ((g.resource_kind = 'organization' AND g.resource_id = o.id)
                    OR (g.resource_kind = 'unit' AND g.resource_id = p.unit_id)
                    OR (g.resource_kind = 'project' AND g.resource_id = p.id))
            WHERE ",
            $where
        )
    };
}
const ON_ORGANIZATION: &str =
    effective!("organizations o LEFT JOIN projects p ON FALSE LEFT JOIN services s ON FALSE", "o.id = $3");
const ON_PROJECT: &str = effective!(
    "projects p JOIN organizations o ON o.id = p.organization_id LEFT JOIN services s ON FALSE",
    "p.name = $3"
);
const ON_SERVICE: &str = effective!(
    "projects p JOIN organizations o ON o.id = p.organization_id JOIN services s ON s.project_id = p.id",
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
        Target::ProjectName(name) => fetch_all!(tx, ON_PROJECT, user, now, name)?,
        Target::Service { project, service } => fetch_all!(tx, ON_SERVICE, user, now, project, service)?,
    };
    // One row per grant; one without any.
    let mut granted: Vec<String> = rows.iter().filter_map(|row| row.granted.clone()).collect();
    granted.sort();
    granted.dedup();
    Ok(rows.into_iter().next().map(|row| Access {
        organization_id: row.organization_id,
        organization_name: row.organization_name,
        project_id: row.project_id,
        project_name: row.project_name,
        unit_id: row.unit_id,
        service_id: row.service_id,
        is_member: row.is_member,
        is_super_admin: row.is_super_admin,
        is_active: row.is_active,
        granted,
    }))
}
