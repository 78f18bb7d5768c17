//! Which projects somebody may know of: the one condition that every list of projects, and of what is in them, shares.
//! Which roles and permissions let one know is said by the caller.

use domain::{ids::UserId, timestamps::Timestamp};

/// Somebody who asks for projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knower<'a> {
    /// Who. Whether they belong to the organization, and are let in, is not looked at.
    pub user: UserId,
    /// When: grants end.
    pub now: Timestamp,
    /// Roles and permissions that let one know of a project when they are held on it, on its unit or on its
    /// organization, directly or through a group. A comma before and behind each: `,admin,operator,`.
    pub openings: &'a str,
    /// Whether they know of every project anyway.
    pub knows_all: bool,
}

/// A query over the projects `p` of the organization $1 that the [`Knower`] of $2 (`user`), $3 (`now`), $4 (`openings`)
/// and $5 (`knows_all`) may know of: what stands before `WHERE`, and what comes behind the conditions that are made
/// here. What somebody holds is gathered once, however many projects there are; the organization is compared in a way
/// that takes no index, so that SQLite goes by the principal's.
macro_rules! of_known_projects {
    ($select:literal, $rest:literal) => {
        concat!(
            "WITH opened AS MATERIALIZED (
                SELECT g.resource_kind, g.resource_id
                FROM (SELECT 'user' AS kind, $2 AS id
                    UNION ALL SELECT 'group', m.group_id FROM group_members m WHERE m.user_id = $2) h
                JOIN grants g ON g.principal_id = h.id AND g.principal_kind = h.kind
                    AND (g.organization_id = $1) IS TRUE AND (g.expires_at IS NULL OR g.expires_at > $3)
                    AND $4 LIKE '%,' || g.granted || ',%'
            ) ",
            $select,
            " WHERE p.organization_id = $1
                AND ($5 OR p.organization_id IN (SELECT resource_id FROM opened WHERE resource_kind = 'organization')
                    OR p.unit_id IN (SELECT resource_id FROM opened WHERE resource_kind = 'unit')
                    OR p.id IN (SELECT resource_id FROM opened WHERE resource_kind = 'project')) ",
            $rest
        )
    };
}
pub(crate) use of_known_projects;
