//! Who is in which group. Does not ask whether a group and its members are of one organization.

use domain::{
    ids::{GroupId, OrganizationId, UserId},
    principals::UserKind,
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    groups::Group,
    patterns::containing,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A person or application user in a group.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct GroupMember {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// A person or an application user.
    pub kind: UserKind,
    /// Since when they are in the group.
    pub added_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
    /// Whether their account and their membership in the group's organization are active.
    pub is_active: bool,
}

/// Adds somebody to a group. False if they are in it.
pub async fn add(tx: &mut Tx, group: GroupId, user: UserId, at: Timestamp) -> Result<bool, Error> {
    let text = "INSERT INTO group_members (group_id, user_id, added_at) VALUES ($1, $2, $3)
        ON CONFLICT (group_id, user_id) DO NOTHING";
    Ok(execute!(tx, text, group, user, at)? > 0)
}

/// Takes somebody out of a group. False if they are not in it.
pub async fn remove(tx: &mut Tx, group: GroupId, user: UserId) -> Result<bool, Error> {
    let text = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, group, user)? > 0)
}

/// Whether somebody is in a group.
pub async fn contains(tx: &mut Tx, group: GroupId, user: UserId) -> Result<bool, Error> {
    let text = "SELECT user_id FROM group_members WHERE group_id = $1 AND user_id = $2";
    let row: Option<(UserId,)> = fetch_optional!(tx, text, group, user)?;
    Ok(row.is_some())
}

/// The members of a group whose e-mail address or name holds the text, by e-mail address, from behind `after` on.
pub async fn list(
    tx: &mut Tx,
    group: GroupId,
    holding: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<GroupMember>, Error> {
    let text = "SELECT u.id AS user_id, u.email, u.name, u.kind, gm.added_at, u.last_activity_at,
            (u.is_active AND COALESCE(m.is_active, FALSE)) AS is_active
        FROM group_members gm JOIN users u ON u.id = gm.user_id JOIN groups g ON g.id = gm.group_id
            LEFT JOIN memberships m ON m.organization_id = g.organization_id AND m.user_id = u.id
        WHERE gm.group_id = $1 AND u.email > $2
            AND (LOWER(u.email) LIKE $3 ESCAPE '!' OR LOWER(u.name) LIKE $3 ESCAPE '!')
        ORDER BY u.email LIMIT $4";
    fetch_all!(tx, text, group, after.unwrap_or(""), &containing(holding.unwrap_or("")), i64::from(limit))
}

/// How many members of a group hold the text.
pub async fn count(tx: &mut Tx, group: GroupId, holding: Option<&str>) -> Result<i64, Error> {
    let text =
        "SELECT COUNT(*) FROM group_members gm JOIN users u ON u.id = gm.user_id WHERE gm.group_id = $1
        AND (LOWER(u.email) LIKE $2 ESCAPE '!' OR LOWER(u.name) LIKE $2 ESCAPE '!')";
    let (count,): (i64,) = fetch_one!(tx, text, group, &containing(holding.unwrap_or("")))?;
    Ok(count)
}

/// The organization's groups that somebody is in, by name.
pub async fn list_for_user(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Vec<Group>, Error> {
    let text = "SELECT g.* FROM group_members gm JOIN groups g ON g.id = gm.group_id
        WHERE gm.user_id = $1 AND g.organization_id = $2 ORDER BY g.name";
    fetch_all!(tx, text, user, organization)
}
