//! The identity providers of organizations, our keys towards them, and the domains that lead to them. Settings are JSON, which is
//! read in `control`.

use std::fmt;

use domain::{
    identity_providers::{ProviderProtocol, ProviderState},
    ids::{DomainId, IdentityProviderId, IdentityProviderKeyId, OrganizationId, UserId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// An identity provider.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct IdentityProvider {
    /// Its id, which is in its addresses.
    pub id: IdentityProviderId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What the organization calls it.
    pub name: String,
    /// What it speaks.
    pub protocol: ProviderProtocol,
    /// Whether it lets people in.
    pub state: ProviderState,
    /// Its settings, as JSON.
    pub settings: String,
    /// The secret that it knows us by, sealed.
    pub secret_sealed: Option<Vec<u8>>,
    /// What its last test found, as JSON.
    pub last_test: Option<String>,
    /// When it was last tested.
    pub tested_at: Option<Timestamp>,
    /// When a test last passed, with the settings that it has.
    pub passed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

// Settings may hold what belongs in no log.
impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityProvider").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One of our keys towards an identity provider.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Key {
    /// Its id.
    pub id: IdentityProviderKeyId,
    /// Towards whom.
    pub identity_provider_id: IdentityProviderId,
    /// The private key, sealed.
    pub private_sealed: Vec<u8>,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs; none while it is only given out.
    pub used_from: Option<Timestamp>,
}

// The sealed key belongs in no log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Adds an identity provider. False if the organization has one of that name.
pub async fn add(tx: &mut Tx, row: &IdentityProvider) -> Result<bool, Error> {
    let text = "INSERT INTO identity_providers (id, organization_id, name, protocol, state, settings,
            secret_sealed, last_test, tested_at, passed_at, created_at, changed_at, generation)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
    let added = execute!(
        tx,
        text,
        row.id,
        row.organization_id,
        &row.name,
        row.protocol,
        row.state,
        &row.settings,
        row.secret_sealed.as_deref(),
        row.last_test.as_deref(),
        row.tested_at,
        row.passed_at,
        row.created_at,
        row.changed_at,
        row.generation,
    )?;
    Ok(added > 0)
}

/// The identity provider of that id.
pub async fn find(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<IdentityProvider>, Error> {
    fetch_optional!(tx, "SELECT * FROM identity_providers WHERE id = $1", id)
}

/// An organization's, by name.
pub async fn list(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<IdentityProvider>, Error> {
    fetch_all!(
        tx,
        "SELECT * FROM identity_providers WHERE organization_id = $1 ORDER BY name, id",
        organization
    )
}

/// How many an organization has.
pub async fn count(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM identity_providers WHERE organization_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count)
}

/// Those that people of a domain sign in with: active ones that a verified domain of their organization leads to.
pub async fn active_of_domain(tx: &mut Tx, domain: &str) -> Result<Vec<IdentityProvider>, Error> {
    let text = "SELECT p.* FROM identity_providers p
        JOIN identity_provider_domains l ON l.identity_provider_id = p.id
        JOIN domains d ON d.id = l.domain_id AND d.organization_id = p.organization_id
        WHERE d.name = $1 AND d.state = 'verified' AND p.state = 'active' ORDER BY p.name, p.id";
    fetch_all!(tx, text, domain)
}

/// Replaces name, state, settings, secret and what tests found. False if it was changed since that generation.
/// The name must be free: see [`name_is_taken`].
pub async fn set(tx: &mut Tx, row: &IdentityProvider) -> Result<bool, Error> {
    let text = "UPDATE identity_providers SET name = $2, state = $3, settings = $4, secret_sealed = $5, passed_at = $6,
            changed_at = $7, generation = generation + 1
        WHERE id = $1 AND generation = $8";
    let changed = execute!(
        tx,
        text,
        row.id,
        &row.name,
        row.state,
        &row.settings,
        row.secret_sealed.as_deref(),
        row.passed_at,
        row.changed_at,
        row.generation,
    )?;
    Ok(changed > 0)
}

/// Whether the organization has another one of that name.
pub async fn name_is_taken(
    tx: &mut Tx,
    organization: OrganizationId,
    name: &str,
    by_other_than: IdentityProviderId,
) -> Result<bool, Error> {
    let text =
        "SELECT COUNT(*) FROM identity_providers WHERE organization_id = $1 AND name = $2 AND id <> $3";
    let (count,): (i64,) = fetch_one!(tx, text, organization, name, by_other_than)?;
    Ok(count > 0)
}

/// Keeps what a test found; `passed_at` only if it passed and the settings are still those of that generation.
pub async fn set_test(
    tx: &mut Tx,
    id: IdentityProviderId,
    generation: i64,
    report: &str,
    passed: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let report = &*storable(report);
    let text = "UPDATE identity_providers SET last_test = $2, tested_at = $3 WHERE id = $1";
    execute!(tx, text, id, report, now)?;
    if passed {
        let text = "UPDATE identity_providers SET passed_at = $2 WHERE id = $1 AND generation = $3";
        execute!(tx, text, id, now, generation)?;
    }
    Ok(())
}

/// Removes an identity provider, with its keys, identities, sessions and tokens. False if there is none.
pub async fn remove(tx: &mut Tx, id: IdentityProviderId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM identity_providers WHERE id = $1", id)? > 0)
}

/// Adds a key.
pub async fn add_key(tx: &mut Tx, key: &Key) -> Result<(), Error> {
    let text = "INSERT INTO identity_provider_keys (id, identity_provider_id, private_sealed, certificate, created_at,
            used_from)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let Key { id, identity_provider_id, private_sealed, certificate, created_at, used_from } = key;
    execute!(tx, text, *id, *identity_provider_id, private_sealed, certificate, *created_at, *used_from)?;
    Ok(())
}

/// Our keys towards an identity provider, the newest first.
pub async fn keys(tx: &mut Tx, id: IdentityProviderId) -> Result<Vec<Key>, Error> {
    let text = "SELECT * FROM identity_provider_keys WHERE identity_provider_id = $1 ORDER BY created_at DESC, id DESC";
    fetch_all!(tx, text, id)
}

/// Has a key sign from now on. False if there is none, or it does already.
pub async fn use_key(tx: &mut Tx, id: IdentityProviderKeyId, now: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE identity_provider_keys SET used_from = $2 WHERE id = $1 AND used_from IS NULL";
    Ok(execute!(tx, text, id, now)? > 0)
}

/// Removes a key. False if there is none.
pub async fn remove_key(tx: &mut Tx, id: IdentityProviderKeyId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM identity_provider_keys WHERE id = $1", id)? > 0)
}

/// The domains that lead to an identity provider.
pub async fn domains(tx: &mut Tx, id: IdentityProviderId) -> Result<Vec<DomainId>, Error> {
    let text =
        "SELECT domain_id FROM identity_provider_domains WHERE identity_provider_id = $1 ORDER BY domain_id";
    let rows: Vec<(DomainId,)> = fetch_all!(tx, text, id)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Has a domain lead to an identity provider. False if it does already.
pub async fn add_domain(tx: &mut Tx, id: IdentityProviderId, domain: DomainId) -> Result<bool, Error> {
    let text = "INSERT INTO identity_provider_domains (identity_provider_id, domain_id) VALUES ($1, $2)
        ON CONFLICT DO NOTHING";
    Ok(execute!(tx, text, id, domain)? > 0)
}

/// Has a domain lead to an identity provider no more. False if it did not.
pub async fn remove_domain(tx: &mut Tx, id: IdentityProviderId, domain: DomainId) -> Result<bool, Error> {
    let text = "DELETE FROM identity_provider_domains WHERE identity_provider_id = $1 AND domain_id = $2";
    Ok(execute!(tx, text, id, domain)? > 0)
}

/// How many sessions that began with it are not over.
pub async fn count_sessions(tx: &mut Tx, id: IdentityProviderId, now: Timestamp) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM sessions WHERE identity_provider_id = $1 AND expires_at > $2";
    let (count,): (i64,) = fetch_one!(tx, text, id, now)?;
    Ok(count)
}

/// How many tokens were made in sessions that began with it.
pub async fn count_tokens(tx: &mut Tx, id: IdentityProviderId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM tokens WHERE identity_provider_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, id)?;
    Ok(count)
}

/// Whether an organization has one that lets people in and that a test passed of, with the settings that it has.
pub async fn has_passed(tx: &mut Tx, organization: OrganizationId) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) FROM identity_providers
        WHERE organization_id = $1 AND state = 'active' AND passed_at IS NOT NULL";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count > 0)
}

/// The identity providers that let in members of an organization who are linked with them or whose domain leads to them, whosever
/// they are, at most `limit` pairs.
pub async fn ways_of_members(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<(UserId, IdentityProviderId)>, Error> {
    let text = "SELECT i.user_id, i.identity_provider_id FROM memberships m
            JOIN identities i ON i.user_id = m.user_id
            JOIN identity_providers p ON p.id = i.identity_provider_id
        WHERE m.organization_id = $1 AND m.is_active AND p.state = 'active'
        UNION
        SELECT u.id, p.id FROM memberships m
            JOIN users u ON u.id = m.user_id
            JOIN domains d ON d.name = u.email_domain AND d.state = 'verified'
            JOIN identity_provider_domains l ON l.domain_id = d.id
            JOIN identity_providers p ON p.id = l.identity_provider_id AND p.organization_id = d.organization_id
        WHERE m.organization_id = $1 AND m.is_active AND p.state = 'active'
        ORDER BY 1, 2 LIMIT $2";
    fetch_all!(tx, text, organization, i64::from(limit))
}
