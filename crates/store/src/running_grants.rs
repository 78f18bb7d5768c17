//! Grants that have not ended, for what tells of those that go with their holder or their place. All of an organization are in
//! [`crate::grants`], whatever became of them; what somebody holds is there, too.

use domain::{ids::OrganizationId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    grants::{Described, GrantFilter, described, in_organization, of_principal, on_resource, resources},
    queries::{fetch_all, fetch_one},
};

/// Grants that have not ended, oldest first: they alone count against the limit.
macro_rules! running {
    ($where:expr, $now:literal, $limit:literal) => {
        described!(
            $where,
            " AND (g.expires_at IS NULL OR g.expires_at > ",
            $now,
            ") ORDER BY g.created_at, g.id LIMIT ",
            $limit
        )
    };
}

/// The organization's grants that have not ended, oldest first.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &GrantFilter,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Described>, Error> {
    const ALL: &str = running!(in_organization!(), "$2", "$3");
    const OF_PRINCIPAL: &str = running!(of_principal!(), "$4", "$5");
    const ON_RESOURCE: &str = running!(on_resource!(), "$3", "$4");
    let limit = i64::from(limit);
    match *filter {
        GrantFilter { principal: Some(principal), resource } => {
            fetch_all!(tx, OF_PRINCIPAL, organization, principal, resource, now, limit)
        }
        GrantFilter { resource: Some(resource), .. } => {
            fetch_all!(tx, ON_RESOURCE, organization, resource, now, limit)
        }
        _ => fetch_all!(tx, ALL, organization, now, limit),
    }
}

/// Counts grants that have not ended, and the projects that they are on.
macro_rules! running_counts {
    ($where:expr, $now:literal) => {
        concat!(
            "SELECT COUNT(*), COUNT(DISTINCT CASE WHEN g.resource_kind = 'project' THEN g.resource_id END)
            FROM grants g WHERE ",
            $where,
            " AND (g.expires_at IS NULL OR g.expires_at > ",
            $now,
            ")"
        )
    };
}

/// How many grants of the organization have not ended, and on how many projects themselves.
pub async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &GrantFilter,
    now: Timestamp,
) -> Result<(i64, i64), Error> {
    const ALL: &str = running_counts!(in_organization!(), "$2");
    const OF_PRINCIPAL: &str = running_counts!(of_principal!(), "$4");
    const ON_RESOURCE: &str = running_counts!(on_resource!(), "$3");
    match *filter {
        GrantFilter { principal: Some(principal), resource } => {
            fetch_one!(tx, OF_PRINCIPAL, organization, principal, resource, now)
        }
        GrantFilter { resource: Some(resource), .. } => {
            fetch_one!(tx, ON_RESOURCE, organization, resource, now)
        }
        _ => fetch_one!(tx, ALL, organization, now),
    }
}
