//! Domains that organizations list, who has proven one, and whom that makes managed. When one is looked at again, and when it
//! lapses, is said in `control`.

use domain::{
    domains::{DomainState, DomainVerification},
    ids::{DomainId, OrganizationId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    patterns::containing,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// A domain as one organization lists it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Who lists it.
    pub organization_id: OrganizationId,
    /// In ASCII and lower case; unique in its organization.
    pub name: String,
    /// How it is proven.
    pub verification: DomainVerification,
    /// What the proof holds. No secret: it is published.
    pub challenge_token: String,
    /// Whether it is proven. One organization at most has a name verified.
    pub state: DomainState,
    /// Since when it is in that state, or is to be proven in that way.
    pub state_since: Timestamp,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it was proven; none while it is unverified.
    pub verified_at: Option<Timestamp>,
    /// When its proof was last looked for.
    pub checked_at: Option<Timestamp>,
    /// When it is looked for again by itself.
    pub next_check_at: Option<Timestamp>,
    /// Since when it was not found any more; none while it is, and of what is unverified.
    pub failing_since: Option<Timestamp>,
    /// Why it was not found the last time.
    pub last_failure: Option<String>,
    /// How often people were told that it is gone.
    pub notices: i64,
    /// The address of whoever of its people was told last that they are managed; none once all were.
    pub told_until: Option<String>,
}

/// What a look at the proof left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    /// When it was looked for.
    pub checked_at: Timestamp,
    /// When it is looked for again by itself.
    pub next_check_at: Option<Timestamp>,
    /// Since when it was not found any more.
    pub failing_since: Option<Timestamp>,
    /// Why it was not found.
    pub last_failure: Option<&'a str>,
    /// How often people were told that it is gone.
    pub notices: i64,
}

/// The organization that manages somebody.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Manager {
    /// Its id.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// By which domain.
    pub domain: String,
}

/// Somebody whom an organization manages.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Managed {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they may sign in at all.
    pub is_user_active: bool,
    /// Whether they belong to the organization that manages them.
    pub is_member: bool,
    /// When their account was made.
    pub created_at: Timestamp,
    /// When they last did anything, anywhere.
    pub last_activity_at: Option<Timestamp>,
    /// Whether they have a second factor; recovery codes are none.
    pub has_second_factor: bool,
    /// Whether an identity provider of the organization keeps them by SCIM.
    pub is_kept_by_scim: bool,
}

/// Another organization that managed people are in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Discovered {
    /// Which.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// How many managed people are in it.
    pub people: i64,
    /// How many of them are super admins of it.
    pub super_admins: i64,
}

/// The people whom the organization $1 manages. An index leads from its domains to them.
macro_rules! managed {
    ($what:literal, $rest:expr) => {
        concat!(
            "SELECT ",
            $what,
            " FROM domains d JOIN users u ON u.email_domain = d.name
            LEFT JOIN memberships m ON m.user_id = u.id AND m.organization_id = d.organization_id
            WHERE d.organization_id = $1 AND d.state = 'verified' AND u.kind = 'person' ",
            $rest
        )
    };
}
/// What a [`Managed`] is read from.
macro_rules! managed_rows {
    ($rest:expr) => {
        managed!(
            "u.id AS user_id, u.email, u.name, u.is_active AS is_user_active, m.user_id IS NOT NULL AS is_member, u.created_at,
                u.last_activity_at, EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id) AS has_second_factor,
                EXISTS (SELECT 1 FROM scim_users s WHERE s.organization_id = $1 AND s.user_id = u.id) AS is_kept_by_scim",
            $rest
        )
    };
}
/// Whom a filter lets through: $2 is the text's pattern, $3 whether they are members.
macro_rules! filtered {
    () => {
        "AND ($2 IS NULL OR u.email LIKE $2 ESCAPE '!' OR LOWER(u.name) LIKE $2 ESCAPE '!')
            AND ($3 IS NULL OR (m.user_id IS NOT NULL) = $3)"
    };
}

/// Lists a domain. False if the organization lists it already.
pub async fn add(tx: &mut Tx, domain: &Domain) -> Result<bool, Error> {
    let text = "INSERT INTO domains (id, organization_id, name, verification, challenge_token, state, state_since, created_at,
            verified_at, checked_at, next_check_at, failing_since, last_failure, notices, told_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (organization_id, name) DO NOTHING";
    let added = execute!(
        tx,
        text,
        domain.id,
        domain.organization_id,
        &domain.name,
        domain.verification,
        &domain.challenge_token,
        domain.state,
        domain.state_since,
        domain.created_at,
        domain.verified_at,
        domain.checked_at,
        domain.next_check_at,
        domain.failing_since,
        domain.last_failure.as_deref(),
        domain.notices,
        domain.told_until.as_deref(),
    )?;
    Ok(added > 0)
}

/// The organization's domain of that id.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: DomainId) -> Result<Option<Domain>, Error> {
    let text = "SELECT * FROM domains WHERE id = $1 AND organization_id = $2";
    fetch_optional!(tx, text, id, organization)
}

/// The domain of that name that is verified, whoever has it.
pub async fn find_verified(tx: &mut Tx, name: &str) -> Result<Option<Domain>, Error> {
    fetch_optional!(tx, "SELECT * FROM domains WHERE name = $1 AND state = 'verified'", name)
}

/// The organization's domains by name. They are few.
pub async fn list(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Domain>, Error> {
    fetch_all!(tx, "SELECT * FROM domains WHERE organization_id = $1 ORDER BY name", organization)
}

/// How many domains the organization lists.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM domains WHERE organization_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count)
}

/// Has a domain proven in another way, which is tried by itself from `next_check_at` on. False if there is none of that id.
pub async fn set_verification(
    tx: &mut Tx,
    id: DomainId,
    verification: DomainVerification,
    now: Timestamp,
    next_check_at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE domains SET verification = $2, next_check_at = $4, last_failure = NULL,
            state_since = CASE WHEN state = 'unverified' THEN $3 ELSE state_since END
        WHERE id = $1";
    Ok(execute!(tx, text, id, verification, now, next_check_at)? > 0)
}

/// Notes that a domain is proven. False if another organization has it, or there is none of that id.
pub async fn set_verified(
    tx: &mut Tx,
    id: DomainId,
    now: Timestamp,
    next_check_at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE domains SET state = 'verified', state_since = $2, verified_at = $2, checked_at = $2,
            next_check_at = $3, failing_since = NULL, last_failure = NULL, notices = 0, told_until = ''
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM domains other
            WHERE other.name = domains.name AND other.state = 'verified')";
    let changed = execute!(tx, text, id, now, next_check_at).map_err(Error::unique_is_conflict)?;
    Ok(changed > 0)
}

/// Notes what became of a look at the proof. False if there is no domain of that id.
pub async fn set_checked(tx: &mut Tx, id: DomainId, checked: &Checked<'_>) -> Result<bool, Error> {
    let text = "UPDATE domains SET checked_at = $2, next_check_at = $3, failing_since = $4, last_failure = $5, notices = $6 WHERE id = $1";
    let Checked { checked_at, next_check_at, failing_since, last_failure, notices } = *checked;
    let failure = last_failure.map(storable);
    Ok(execute!(tx, text, id, checked_at, next_check_at, failing_since, failure.as_deref(), notices)? > 0)
}

/// Notes that a domain's proof was gone for too long. False if it is not verified.
pub async fn set_lapsed(
    tx: &mut Tx,
    id: DomainId,
    now: Timestamp,
    next_check_at: Timestamp,
    failure: &str,
) -> Result<bool, Error> {
    let text =
        "UPDATE domains SET state = 'unverified', state_since = $2, verified_at = NULL, checked_at = $2,
            next_check_at = $3, failing_since = NULL, last_failure = $4, notices = 0, told_until = NULL
        WHERE id = $1 AND state = 'verified'";
    Ok(execute!(tx, text, id, now, next_check_at, &*storable(failure))? > 0)
}

/// Domains whose proof is due to be looked for, the most overdue first.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Domain>, Error> {
    let text = "SELECT * FROM domains WHERE next_check_at <= $1 ORDER BY next_check_at, id LIMIT $2";
    fetch_all!(tx, text, now, i64::from(limit))
}

/// Takes a look at a proof for one of several servers: it is due again at `next_check_at` if that one tells nothing. False if
/// another one took it.
pub async fn claim(
    tx: &mut Tx,
    id: DomainId,
    due_at: Option<Timestamp>,
    next_check_at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE domains SET next_check_at = $3 WHERE id = $1 AND next_check_at = $2";
    Ok(execute!(tx, text, id, due_at, next_check_at)? > 0)
}

/// Verified domains of whose people some were not told yet that they are managed.
pub async fn untold(tx: &mut Tx, limit: u32) -> Result<Vec<Domain>, Error> {
    let text = "SELECT * FROM domains WHERE told_until IS NOT NULL AND state = 'verified' ORDER BY state_since, id LIMIT $1";
    fetch_all!(tx, text, i64::from(limit))
}

/// Notes who of its people was told last; none if all were. False if others were told meanwhile.
pub async fn set_told_until(
    tx: &mut Tx,
    id: DomainId,
    before: Option<&str>,
    address: Option<&str>,
) -> Result<bool, Error> {
    let text = "UPDATE domains SET told_until = $3 WHERE id = $1 AND told_until = $2";
    Ok(execute!(tx, text, id, before, address)? > 0)
}

/// Removes a domain. False if there is none of that id.
pub async fn remove(tx: &mut Tx, id: DomainId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM domains WHERE id = $1", id)? > 0)
}

/// How many people have an address at a domain, whoever has it.
pub async fn count_people(tx: &mut Tx, name: &str) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM users WHERE email_domain = $1 AND kind = 'person'";
    let (count,): (i64,) = fetch_one!(tx, text, name)?;
    Ok(count)
}

/// How many people each verified domain of an organization makes managed.
pub async fn count_managed_each(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<(DomainId, i64)>, Error> {
    let text = "SELECT d.id, COUNT(u.id) FROM domains d
        LEFT JOIN users u ON u.email_domain = d.name AND u.kind = 'person'
        WHERE d.organization_id = $1 AND d.state = 'verified' GROUP BY d.id ORDER BY d.id";
    fetch_all!(tx, text, organization)
}

/// The addresses of those people in order, from behind `after` on.
pub async fn people(tx: &mut Tx, name: &str, after: &str, limit: u32) -> Result<Vec<UserId>, Error> {
    let text = "SELECT id FROM users WHERE email_domain = $1 AND kind = 'person' AND email > $2
        ORDER BY email LIMIT $3";
    let rows: Vec<(UserId,)> = fetch_all!(tx, text, name, after, i64::from(limit))?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The organization that manages somebody, if one does.
pub async fn manager(tx: &mut Tx, user: UserId) -> Result<Option<Manager>, Error> {
    let text = "SELECT d.organization_id, o.name, d.name AS domain FROM users u
        JOIN domains d ON d.name = u.email_domain AND d.state = 'verified'
        JOIN organizations o ON o.id = d.organization_id
        WHERE u.id = $1 AND u.kind = 'person'";
    fetch_optional!(tx, text, user)
}

/// Somebody, if the organization manages them.
pub async fn find_managed(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Managed>, Error> {
    fetch_optional!(tx, managed_rows!("AND u.id = $2"), organization, user)
}

/// Whom the organization manages, by e-mail address, from behind `after` on: whose address or name holds the text, and who
/// are members of it, or are not.
pub async fn list_managed(
    tx: &mut Tx,
    organization: OrganizationId,
    text: Option<&str>,
    is_member: Option<bool>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Managed>, Error> {
    let query = managed_rows!(concat!(filtered!(), " AND u.email > $4 ORDER BY u.email LIMIT $5"));
    let (text, after, limit) = (text.map(containing), after.unwrap_or(""), i64::from(limit));
    fetch_all!(tx, query, organization, text.as_deref(), is_member, after, limit)
}

/// How many they are.
pub async fn count_managed(
    tx: &mut Tx,
    organization: OrganizationId,
    text: Option<&str>,
    is_member: Option<bool>,
) -> Result<i64, Error> {
    let text = text.map(containing);
    let query = managed!("COUNT(*)", filtered!());
    let (count,): (i64,) = fetch_one!(tx, query, organization, text.as_deref(), is_member)?;
    Ok(count)
}

/// What somebody whom an organization manages could sign in with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ManagedMeans {
    /// Who.
    pub user_id: UserId,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether they have a passkey.
    pub has_passkey: bool,
}

/// What those whom the organization manages, and who are not shut out everywhere, could sign in with; at most `limit`.
pub async fn managed_means(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<ManagedMeans>, Error> {
    let text = managed!(
        "u.id AS user_id, u.password_hash <> '' AS has_password,
            EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id AND f.kind = 'passkey') AS has_passkey",
        "AND u.is_active ORDER BY u.id LIMIT $2"
    );
    fetch_all!(tx, text, organization, i64::from(limit))
}

/// The other organizations that people are in whom the organization manages, by name, at most `limit`.
pub async fn discovered(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<Discovered>, Error> {
    let text = "SELECT o.id AS organization_id, o.name, COUNT(*) AS people,
            COUNT(CASE WHEN m.is_super_admin THEN 1 END) AS super_admins
        FROM domains d JOIN users u ON u.email_domain = d.name
        JOIN memberships m ON m.user_id = u.id AND m.organization_id <> d.organization_id
        JOIN organizations o ON o.id = m.organization_id
        WHERE d.organization_id = $1 AND d.state = 'verified' AND u.kind = 'person'
        GROUP BY o.id, o.name ORDER BY o.name, o.id LIMIT $2";
    fetch_all!(tx, text, organization, i64::from(limit))
}
