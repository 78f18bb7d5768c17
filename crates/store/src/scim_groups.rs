//! Groups that identity providers keep by SCIM. What they are called and who is in them is in [`crate::groups`] and
//! [`crate::group_members`].

use domain::{
    ids::{GroupId, IdentityProviderId, OrganizationId, UserId},
    timestamps::Timestamp,
};
use uuid::Uuid;

pub use crate::scim_users::Keeper;
use crate::{
    Error, Tx,
    queries::{among, execute, fetch_all, fetch_all_among, fetch_one, fetch_optional},
};

/// A group that an identity provider keeps.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ScimGroup {
    /// Which group.
    pub group_id: GroupId,
    /// Which keeps it.
    pub identity_provider_id: IdentityProviderId,
    /// What the identity provider calls the resource.
    pub external_id: Option<String>,
    /// Since when it keeps it.
    pub created_at: Timestamp,
    /// When it last changed something.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// A group, with its name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Found {
    /// What SCIM keeps.
    #[sqlx(flatten)]
    pub group: ScimGroup,
    /// What it is called.
    pub name: String,
}

macro_rules! found {
    ($rest:literal) => {
        concat!("SELECT s.*, g.name FROM scim_groups s JOIN groups g ON g.id = s.group_id ", $rest)
    };
}

/// Has an identity provider keep a group. False if one does.
pub async fn add(tx: &mut Tx, group: &ScimGroup) -> Result<bool, Error> {
    let text = "INSERT INTO scim_groups (group_id, identity_provider_id, external_id, created_at, changed_at, generation)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let added = execute!(
        tx,
        text,
        group.group_id,
        group.identity_provider_id,
        group.external_id.as_deref(),
        group.created_at,
        group.changed_at,
        group.generation,
    )?;
    Ok(added > 0)
}

/// The group of that id that the identity provider keeps.
pub async fn find(tx: &mut Tx, id: IdentityProviderId, group: GroupId) -> Result<Option<Found>, Error> {
    fetch_optional!(tx, found!("WHERE s.identity_provider_id = $1 AND s.group_id = $2"), id, group)
}

/// The group of that name, in any case of its letters.
pub async fn find_by_name(tx: &mut Tx, id: IdentityProviderId, name: &str) -> Result<Option<Found>, Error> {
    let lower = name.to_ascii_lowercase();
    fetch_optional!(tx, found!("WHERE s.identity_provider_id = $1 AND LOWER(g.name) = $2"), id, lower)
}

/// Those that the identity provider calls so, at most `limit`.
pub async fn list_by_external_id(
    tx: &mut Tx,
    id: IdentityProviderId,
    external_id: &str,
    limit: u32,
) -> Result<Vec<Found>, Error> {
    let text =
        found!("WHERE s.identity_provider_id = $1 AND s.external_id = $2 ORDER BY s.group_id LIMIT $3");
    fetch_all!(tx, text, id, external_id, i64::from(limit))
}

/// Those that an identity provider keeps, by id: from behind `after` on, without the first `skipped`.
pub async fn list(
    tx: &mut Tx,
    id: IdentityProviderId,
    after: Option<GroupId>,
    skipped: u32,
    limit: u32,
) -> Result<Vec<Found>, Error> {
    let text = found!(
        "WHERE s.identity_provider_id = $1 AND s.group_id > $2 ORDER BY s.group_id LIMIT $3 OFFSET $4"
    );
    let after = after.map_or(Uuid::nil(), GroupId::uuid);
    fetch_all!(tx, text, id, after, i64::from(limit), i64::from(skipped))
}

/// How many an identity provider keeps.
pub async fn count(tx: &mut Tx, id: IdentityProviderId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM scim_groups WHERE identity_provider_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, id)?;
    Ok(count)
}

/// Which identity provider keeps a group, if one does.
pub async fn keeper(tx: &mut Tx, group: GroupId) -> Result<Option<Keeper>, Error> {
    let text = "SELECT p.id AS identity_provider_id, p.name FROM scim_groups s
        JOIN identity_providers p ON p.id = s.identity_provider_id WHERE s.group_id = $1";
    fetch_optional!(tx, text, group)
}

/// Which of these groups of an organization are kept by SCIM, in no order.
pub async fn kept_among(
    tx: &mut Tx,
    organization: OrganizationId,
    groups: &[Uuid],
) -> Result<Vec<GroupId>, Error> {
    macro_rules! text {
        ($database:ident) => {
            concat!(
                "SELECT s.group_id FROM scim_groups s JOIN groups g ON g.id = s.group_id
                    WHERE g.organization_id = $1 AND s.group_id ",
                among!($database)
            )
        };
    }
    let (sqlite, postgres) = (text!(sqlite), text!(postgres));
    let rows: Vec<(GroupId,)> = fetch_all_among!(tx, sqlite, postgres, organization, groups)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Who is in a group, of those whom its identity provider keeps, by id.
pub async fn members(tx: &mut Tx, group: GroupId) -> Result<Vec<UserId>, Error> {
    let text = "SELECT m.user_id FROM scim_groups s JOIN group_members m ON m.group_id = s.group_id
        JOIN scim_users u ON u.identity_provider_id = s.identity_provider_id AND u.user_id = m.user_id
        WHERE s.group_id = $1 ORDER BY m.user_id";
    let rows: Vec<(UserId,)> = fetch_all!(tx, text, group)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Replaces what a group of that generation is called there. False if it was changed since.
pub async fn set(tx: &mut Tx, group: &ScimGroup) -> Result<bool, Error> {
    let text = "UPDATE scim_groups SET external_id = $2, changed_at = $3, generation = generation + 1
        WHERE group_id = $1 AND generation = $4";
    let changed =
        execute!(tx, text, group.group_id, group.external_id.as_deref(), group.changed_at, group.generation)?;
    Ok(changed > 0)
}

/// Takes somebody out of all groups that an identity provider keeps; says out of how many.
pub async fn take_out(
    tx: &mut Tx,
    id: IdentityProviderId,
    user: UserId,
    now: Timestamp,
) -> Result<u64, Error> {
    let text =
        "UPDATE scim_groups SET changed_at = $3, generation = generation + 1 WHERE identity_provider_id = $1
        AND group_id IN (SELECT group_id FROM group_members WHERE user_id = $2)";
    execute!(tx, text, id, user, now)?;
    let text = "DELETE FROM group_members WHERE user_id = $2
        AND group_id IN (SELECT group_id FROM scim_groups WHERE identity_provider_id = $1)";
    execute!(tx, text, id, user)
}
