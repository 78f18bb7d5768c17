//! The authentication policies that organizations have set, and those whom a change of one can turn away. What a policy
//! leads to is said in `domain`.

use domain::{
    ids::{OrganizationId, TokenId, UserId},
    principals::UserKind,
    sign_ins::{FactorKind, SignInMethod},
    timestamps::Timestamp,
    tokens::TokenKind,
};

use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{among, execute, fetch_all, fetch_all_among, fetch_one, fetch_optional},
};

/// An organization's policy.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The policy, as JSON.
    pub policy: String,
    /// When it was set.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// An organization's policy; none if it never set one.
pub async fn find(tx: &mut Tx, organization: OrganizationId) -> Result<Option<Row>, Error> {
    fetch_optional!(tx, "SELECT * FROM authentication_policies WHERE organization_id = $1", organization)
}

/// The policy of an organization that somebody belongs to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnPolicy {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// The policy, as JSON.
    pub policy: String,
    /// Since when they are exempt from "identity provider required" there.
    pub break_glass_since: Option<Timestamp>,
}

/// The policies of all organizations that a person belongs to and is not deactivated in, of those that set one.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<OwnPolicy>, Error> {
    let text = "SELECT a.organization_id, o.name, a.policy, m.break_glass_since FROM memberships m
        JOIN authentication_policies a ON a.organization_id = m.organization_id
        JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = $1 AND m.is_active ORDER BY a.organization_id";
    fetch_all!(tx, text, user)
}

/// Sets an organization's policy. False if it was changed since that generation; that of a policy that was never set is 0.
pub async fn set(
    tx: &mut Tx,
    organization: OrganizationId,
    generation: i64,
    policy: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let first = "INSERT INTO authentication_policies (organization_id, policy, changed_at, generation)
        VALUES ($1, $2, $3, 1) ON CONFLICT (organization_id) DO NOTHING";
    let next = "UPDATE authentication_policies SET policy = $2, changed_at = $3, generation = generation + 1
        WHERE organization_id = $1 AND generation = $4";
    let changed = match generation {
        0 => execute!(tx, first, organization, policy, now)?,
        _ => execute!(tx, next, organization, policy, now, generation)?,
    };
    Ok(changed > 0)
}

/// A person whom an organization lets in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they hold everything there.
    pub is_super_admin: bool,
    /// Since when they are exempt from "identity provider required".
    pub break_glass_since: Option<Timestamp>,
    /// Whether they have a password.
    pub has_password: bool,
    /// When they last did anything, anywhere.
    pub last_activity_at: Option<Timestamp>,
}

/// A browser in which a member is signed in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OpenSession {
    /// Hash of its id.
    pub key_hash: Vec<u8>,
    /// Who.
    pub user_id: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// What they signed in with; none if that was not kept.
    pub method: Option<SignInMethod>,
    /// What they showed besides a password.
    pub second_factor: Option<FactorKind>,
    /// Whose identity provider vouched for them.
    pub provider_organization_id: Option<OrganizationId>,
    /// From where it was last used.
    pub address: Option<String>,
}

/// A token that reaches the organization and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OpenToken {
    /// Its id.
    pub id: TokenId,
    /// Whose kind it is of.
    pub kind: TokenKind,
    /// Its first characters.
    pub prefix: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_address: Option<String>,
    /// What its maker had signed in with.
    pub method: Option<SignInMethod>,
    /// What they had shown besides a password.
    pub second_factor: Option<FactorKind>,
    /// Whose identity provider had vouched for them.
    pub provider_organization_id: Option<OrganizationId>,
    /// Whose it is.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether this is a person.
    pub user_kind: UserKind,
}

/// Whom an organization lets in. $1 is the organization.
macro_rules! let_in {
    ($what:expr, $joins:literal, $($rest:expr),+) => {
        concat!(
            "SELECT ",
            $what,
            " FROM memberships m JOIN users u ON u.id = m.user_id ",
            $joins,
            " WHERE m.organization_id = $1 AND m.is_active AND u.is_active ",
            $($rest),+
        )
    };
}
/// What a [`Person`] is read from.
macro_rules! person {
    () => {
        "m.user_id, u.email, u.name, m.is_super_admin, m.break_glass_since, u.password_hash <> '' AS has_password,
            u.last_activity_at"
    };
}
/// Tokens that reach it. $2 is the time.
macro_rules! open_tokens {
    ($what:literal, $rest:literal) => {
        let_in!(
            $what,
            "JOIN tokens t ON t.user_id = m.user_id AND (t.organization_id IS NULL OR t.organization_id = m.organization_id)",
            "AND (t.expires_at IS NULL OR t.expires_at > $2) ",
            $rest
        )
    };
}

/// The people whom an organization lets in, super admins first, at most `limit`.
pub async fn people(tx: &mut Tx, organization: OrganizationId, limit: u32) -> Result<Vec<Person>, Error> {
    let text =
        let_in!(person!(), "", "AND u.kind = 'person' ORDER BY m.is_super_admin DESC, u.email LIMIT $2");
    fetch_all!(tx, text, organization, i64::from(limit))
}

/// Those of them who are among these users, in no order.
pub async fn people_among(
    tx: &mut Tx,
    organization: OrganizationId,
    users: &[Uuid],
) -> Result<Vec<Person>, Error> {
    let sqlite = let_in!(person!(), "", "AND u.kind = 'person' AND m.user_id ", among!(sqlite));
    let postgres = let_in!(person!(), "", "AND u.kind = 'person' AND m.user_id ", among!(postgres));
    fetch_all_among!(tx, sqlite, postgres, organization, users)
}

/// Exempts a member from "identity provider required", or no longer. False if they are not a member.
pub async fn set_break_glass(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    since: Option<Timestamp>,
) -> Result<bool, Error> {
    let text = "UPDATE memberships SET break_glass_since = $3 WHERE organization_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, organization, user, since)? > 0)
}

/// Who is exempt from "identity provider required".
pub async fn break_glass(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<UserId>, Error> {
    let text = "SELECT user_id FROM memberships WHERE organization_id = $1 AND break_glass_since IS NOT NULL
        ORDER BY user_id";
    let rows: Vec<(UserId,)> = fetch_all!(tx, text, organization)?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// How many people an organization lets in.
pub async fn count_people(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, let_in!("COUNT(*)", "", "AND u.kind = 'person'"), organization)?;
    Ok(count)
}

/// The sessions that those people have open, those first that were used last.
pub async fn sessions(
    tx: &mut Tx,
    organization: OrganizationId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OpenSession>, Error> {
    let text = let_in!(
        "s.key_hash, s.user_id, s.created_at, s.last_seen_at, s.method, s.second_factor, s.provider_organization_id,
            s.address",
        "JOIN sessions s ON s.user_id = m.user_id",
        "AND s.expires_at > $2 ORDER BY s.last_seen_at DESC, s.key_hash LIMIT $3"
    );
    fetch_all!(tx, text, organization, now, i64::from(limit))
}

/// The tokens that reach an organization, of people and application users, at most `limit`.
pub async fn tokens(
    tx: &mut Tx,
    organization: OrganizationId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OpenToken>, Error> {
    let text = open_tokens!(
        "t.id, t.kind, t.prefix, t.description, t.created_at, t.last_used_at, t.last_address, t.method,
            t.second_factor, t.provider_organization_id, t.user_id, u.email, u.name, u.kind AS user_kind",
        "ORDER BY t.id LIMIT $3"
    );
    fetch_all!(tx, text, organization, now, i64::from(limit))
}

/// How many tokens reach an organization.
pub async fn count_tokens(tx: &mut Tx, organization: OrganizationId, now: Timestamp) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, open_tokens!("COUNT(*)", ""), organization, now)?;
    Ok(count)
}
