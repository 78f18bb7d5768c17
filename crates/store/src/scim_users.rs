//! People whom identity providers keep by SCIM. Their accounts are in [`crate::users`]; what is here goes with their membership.

use domain::{
    ids::{IdentityProviderId, OrganizationId, UserId},
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
};

/// Somebody whom an identity provider keeps.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ScimUser {
    /// Which keeps them.
    pub identity_provider_id: IdentityProviderId,
    /// Who they are here.
    pub user_id: UserId,
    /// Whose identity provider it is.
    pub organization_id: OrganizationId,
    /// What they are called there: their e-mail address, in lower case.
    pub user_name: String,
    /// What the identity provider calls the resource.
    pub external_id: Option<String>,
    /// What it says of them, in JSON.
    pub attributes: String,
    /// Whether it lets them in. Whether they are let in here is another question.
    pub is_active: bool,
    /// Since when it keeps them.
    pub created_at: Timestamp,
    /// When it last changed something.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// Somebody, with what is not SCIM's.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Found {
    /// What SCIM keeps.
    #[sqlx(flatten)]
    pub user: ScimUser,
    /// Whether account and membership are active.
    pub is_let_in: bool,
}

/// Who keeps somebody or something.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Keeper {
    /// The identity provider.
    pub identity_provider_id: IdentityProviderId,
    /// Its name.
    pub name: String,
}

macro_rules! found {
    ($rest:literal) => {
        concat!(
            "SELECT s.*, (u.is_active AND m.is_active) AS is_let_in FROM scim_users s
            JOIN users u ON u.id = s.user_id
            JOIN memberships m ON m.organization_id = s.organization_id AND m.user_id = s.user_id ",
            $rest
        )
    };
}

/// Has an identity provider keep somebody. False if one of the organization does, or it keeps somebody of that name.
pub async fn add(tx: &mut Tx, user: &ScimUser) -> Result<bool, Error> {
    let text = "INSERT INTO scim_users (identity_provider_id, user_id, organization_id, user_name, external_id, attributes,
            is_active, created_at, changed_at, generation)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let added = execute!(
        tx,
        text,
        user.identity_provider_id,
        user.user_id,
        user.organization_id,
        &user.user_name,
        user.external_id.as_deref(),
        &user.attributes,
        user.is_active,
        user.created_at,
        user.changed_at,
        user.generation,
    )?;
    Ok(added > 0)
}

/// The person of that id whom the identity provider keeps.
pub async fn find(tx: &mut Tx, id: IdentityProviderId, user: UserId) -> Result<Option<Found>, Error> {
    fetch_optional!(tx, found!("WHERE s.identity_provider_id = $1 AND s.user_id = $2"), id, user)
}

/// The person of that name.
pub async fn find_by_name(
    tx: &mut Tx,
    id: IdentityProviderId,
    user_name: &str,
) -> Result<Option<Found>, Error> {
    fetch_optional!(tx, found!("WHERE s.identity_provider_id = $1 AND s.user_name = $2"), id, user_name)
}

/// Those whom the identity provider calls so, at most `limit`.
pub async fn list_by_external_id(
    tx: &mut Tx,
    id: IdentityProviderId,
    external_id: &str,
    limit: u32,
) -> Result<Vec<Found>, Error> {
    let text = found!("WHERE s.identity_provider_id = $1 AND s.external_id = $2 ORDER BY s.user_id LIMIT $3");
    fetch_all!(tx, text, id, external_id, i64::from(limit))
}

/// Those whom an identity provider keeps, by id: from behind `after` on, without the first `skipped`.
pub async fn list(
    tx: &mut Tx,
    id: IdentityProviderId,
    after: Option<UserId>,
    skipped: u32,
    limit: u32,
) -> Result<Vec<Found>, Error> {
    let text =
        found!("WHERE s.identity_provider_id = $1 AND s.user_id > $2 ORDER BY s.user_id LIMIT $3 OFFSET $4");
    let after = after.map_or(Uuid::nil(), UserId::uuid);
    fetch_all!(tx, text, id, after, i64::from(limit), i64::from(skipped))
}

/// How many an identity provider keeps.
pub async fn count(tx: &mut Tx, id: IdentityProviderId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM scim_users WHERE identity_provider_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, id)?;
    Ok(count)
}

/// Which identity provider of an organization keeps somebody, if one does.
pub async fn keeper(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Keeper>, Error> {
    let text = "SELECT p.id AS identity_provider_id, p.name FROM scim_users s
        JOIN identity_providers p ON p.id = s.identity_provider_id
        WHERE s.organization_id = $1 AND s.user_id = $2";
    fetch_optional!(tx, text, organization, user)
}

/// Which identity providers keep somebody, whosever they are, by name.
pub async fn keepers(tx: &mut Tx, user: UserId) -> Result<Vec<Keeper>, Error> {
    let text = "SELECT p.id AS identity_provider_id, p.name FROM scim_users s
        JOIN identity_providers p ON p.id = s.identity_provider_id WHERE s.user_id = $1 ORDER BY p.name, p.id";
    fetch_all!(tx, text, user)
}

/// Replaces what is said of somebody of that generation. False if it was changed since.
///
/// # Errors
/// [`Error::Conflict`] if the identity provider keeps somebody else of that name.
pub async fn set(tx: &mut Tx, user: &ScimUser) -> Result<bool, Error> {
    let text = "UPDATE scim_users SET user_name = $3, external_id = $4, attributes = $5, is_active = $6,
            changed_at = $7, generation = generation + 1
        WHERE identity_provider_id = $1 AND user_id = $2 AND generation = $8";
    let changed = execute!(
        tx,
        text,
        user.identity_provider_id,
        user.user_id,
        &user.user_name,
        user.external_id.as_deref(),
        &user.attributes,
        user.is_active,
        user.changed_at,
        user.generation,
    )
    .map_err(Error::unique_is_conflict)?;
    Ok(changed > 0)
}

/// Has an identity provider keep somebody no more. False if it does not.
pub async fn remove(tx: &mut Tx, id: IdentityProviderId, user: UserId) -> Result<bool, Error> {
    let text = "DELETE FROM scim_users WHERE identity_provider_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, id, user)? > 0)
}
