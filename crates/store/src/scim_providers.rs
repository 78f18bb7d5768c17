//! Identity providers that SCIM is switched on for. Whom and what they push is in [`crate::scim_users`] and
//! [`crate::scim_groups`], and goes with the row.

use domain::{ids::IdentityProviderId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_optional},
};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ScimProvider {
    /// Which.
    pub identity_provider_id: IdentityProviderId,
    /// Since when.
    pub switched_on_at: Timestamp,
}

/// Switches SCIM on. False if it is on.
pub async fn add(tx: &mut Tx, id: IdentityProviderId, now: Timestamp) -> Result<bool, Error> {
    let text = "INSERT INTO scim_providers (identity_provider_id, switched_on_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(execute!(tx, text, id, now)? > 0)
}

/// That of an identity provider; none if SCIM is off.
pub async fn find(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<ScimProvider>, Error> {
    fetch_optional!(tx, "SELECT * FROM scim_providers WHERE identity_provider_id = $1", id)
}

/// Switches SCIM off: its tokens go, and people and groups are nobody's of SCIM any more. False if it is off.
pub async fn remove(tx: &mut Tx, id: IdentityProviderId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM scim_providers WHERE identity_provider_id = $1", id)? > 0)
}
