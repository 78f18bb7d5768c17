//! The tokens with which identity providers push people and groups. A token's text is kept nowhere.

use std::fmt;

use domain::{
    ids::{IdentityProviderId, ScimTokenId},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional},
};

/// A token.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ScimToken {
    /// Its id.
    pub id: ScimTokenId,
    /// Whose it is.
    pub identity_provider_id: IdentityProviderId,
    /// SHA-256 of its text.
    pub token_hash: Vec<u8>,
    /// Its first characters.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

// The hash belongs in no log.
impl fmt::Debug for ScimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimToken")
            .field("id", &self.id)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Adds a token.
pub async fn add(tx: &mut Tx, token: &ScimToken) -> Result<(), Error> {
    let ScimToken { id, identity_provider_id, token_hash, prefix, created_at, created_by, last_used_at } =
        token;
    let text = "INSERT INTO scim_tokens (id, identity_provider_id, token_hash, prefix, created_at, created_by, last_used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute!(
        tx,
        text,
        *id,
        *identity_provider_id,
        token_hash,
        prefix,
        *created_at,
        created_by,
        *last_used_at
    )?;
    Ok(())
}

/// The token of that hash.
pub async fn find_by_hash(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<ScimToken>, Error> {
    fetch_optional!(tx, "SELECT * FROM scim_tokens WHERE token_hash = $1", token_hash)
}

/// Those of an identity provider, the oldest first.
pub async fn list(tx: &mut Tx, id: IdentityProviderId) -> Result<Vec<ScimToken>, Error> {
    let text = "SELECT * FROM scim_tokens WHERE identity_provider_id = $1 ORDER BY created_at, id";
    fetch_all!(tx, text, id)
}

/// Notes a use.
pub async fn touch(tx: &mut Tx, id: ScimTokenId, now: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE scim_tokens SET last_used_at = $2 WHERE id = $1", id, now)?;
    Ok(())
}

/// Ends a token. False if there is none.
pub async fn remove(tx: &mut Tx, id: ScimTokenId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM scim_tokens WHERE id = $1", id)? > 0)
}
