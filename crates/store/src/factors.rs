//! Second factors: authenticator apps, security keys and passkeys. What a code or a signature proves is not said here.

use std::fmt;

use domain::{
    ids::{FactorId, UserId},
    sign_ins::FactorKind,
    timestamps::Timestamp,
};

use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{among, execute, fetch_all, fetch_all_among, fetch_optional, storable},
};

/// A second factor of a person.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is.
    pub kind: FactorKind,
    /// What the person calls it.
    pub name: String,
    /// The seed of an authenticator app, sealed.
    pub secret_sealed: Option<Vec<u8>>,
    /// The last TOTP step that was taken.
    pub last_step: Option<i64>,
    /// Id of a WebAuthn credential.
    pub credential_id: Option<Vec<u8>>,
    /// The credential with its counter, as JSON of the WebAuthn library.
    pub credential: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

// Sealed or not, a seed belongs in no log.
impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factor")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Adds a factor. False if its credential belongs to somebody already.
pub async fn add(tx: &mut Tx, factor: &Factor) -> Result<bool, Error> {
    let text =
        "INSERT INTO factors (id, user_id, kind, name, secret_sealed, last_step, credential_id, credential,
            created_at, last_used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (credential_id) DO NOTHING";
    let added = execute!(
        tx,
        text,
        factor.id,
        factor.user_id,
        factor.kind,
        &*storable(&factor.name),
        factor.secret_sealed.as_deref(),
        factor.last_step,
        factor.credential_id.as_deref(),
        factor.credential.as_deref(),
        factor.created_at,
        factor.last_used_at,
    )?;
    Ok(added > 0)
}

/// A person's factor.
pub async fn find(tx: &mut Tx, user: UserId, id: FactorId) -> Result<Option<Factor>, Error> {
    fetch_optional!(tx, "SELECT * FROM factors WHERE user_id = $1 AND id = $2", user, id)
}

/// The factor with that WebAuthn credential, whoever’s it is.
pub async fn find_by_credential(tx: &mut Tx, credential_id: &[u8]) -> Result<Option<Factor>, Error> {
    fetch_optional!(tx, "SELECT * FROM factors WHERE credential_id = $1", credential_id)
}

/// A person's factors, the oldest first. There are few: see the limit in `control`.
pub async fn list_for_user(tx: &mut Tx, user: UserId) -> Result<Vec<Factor>, Error> {
    fetch_all!(tx, "SELECT * FROM factors WHERE user_id = $1 ORDER BY created_at, id", user)
}

/// Which kinds of factors the members of an organization have: each kind once for each who has it.
pub async fn kinds_in_organization(
    tx: &mut Tx,
    organization: domain::ids::OrganizationId,
) -> Result<Vec<(UserId, FactorKind)>, Error> {
    let text = "SELECT DISTINCT f.user_id, f.kind FROM memberships m JOIN factors f ON f.user_id = m.user_id
        WHERE m.organization_id = $1 ORDER BY f.user_id, f.kind";
    fetch_all!(tx, text, organization)
}

/// The same of those members alone who are among these users, in no order.
pub async fn kinds_among(
    tx: &mut Tx,
    organization: domain::ids::OrganizationId,
    users: &[Uuid],
) -> Result<Vec<(UserId, FactorKind)>, Error> {
    macro_rules! text {
        ($database:ident) => {
            concat!(
                "SELECT DISTINCT f.user_id, f.kind FROM memberships m JOIN factors f ON f.user_id = m.user_id
                    WHERE m.organization_id = $1 AND f.user_id ",
                among!($database)
            )
        };
    }
    let (sqlite, postgres) = (text!(sqlite), text!(postgres));
    fetch_all_among!(tx, sqlite, postgres, organization, users)
}

/// Takes a TOTP step, once: false if this step or a later one was taken before, or there is no such factor.
pub async fn take_step(
    tx: &mut Tx,
    user: UserId,
    id: FactorId,
    step: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE factors SET last_step = $3, last_used_at = $4
        WHERE user_id = $1 AND id = $2 AND kind = $5 AND (last_step IS NULL OR last_step < $3)";
    Ok(execute!(tx, text, user, id, step, now, FactorKind::Totp)? > 0)
}

/// Keeps a credential with its new counter after a use. False if it was changed since `before`, or there is no such factor:
/// of two answers to the same counter one is taken.
pub async fn set_credential(
    tx: &mut Tx,
    user: UserId,
    id: FactorId,
    before: &str,
    after: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE factors SET credential = $4, last_used_at = $5
        WHERE user_id = $1 AND id = $2 AND credential = $3";
    Ok(execute!(tx, text, user, id, before, after, now)? > 0)
}

/// Renames a factor. False if there is none.
pub async fn set_name(tx: &mut Tx, user: UserId, id: FactorId, name: &str) -> Result<bool, Error> {
    let text = "UPDATE factors SET name = $3 WHERE user_id = $1 AND id = $2";
    Ok(execute!(tx, text, user, id, &*storable(name))? > 0)
}

/// Removes a factor. False if there is none.
pub async fn remove(tx: &mut Tx, user: UserId, id: FactorId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM factors WHERE user_id = $1 AND id = $2", user, id)? > 0)
}

/// Removes every factor that a person had at a time; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId, until: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM factors WHERE user_id = $1 AND created_at <= $2", user, until)
}
