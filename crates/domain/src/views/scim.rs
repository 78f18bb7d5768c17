//! What identity providers keep by SCIM, as pages and the API show it.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{IdentityProviderId, ScimTokenId},
    secrets::Secret,
    timestamps::Timestamp,
};

/// The identity provider that keeps a person or a group: what it keeps is changed there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ScimKeeper {
    /// Its id.
    pub identity_provider_id: IdentityProviderId,
    /// Its name.
    pub identity_provider_name: String,
}

/// SCIM of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ScimView {
    /// Whether it is switched on.
    pub is_on: bool,
    /// Since when.
    pub switched_on_at: Option<Timestamp>,
    /// The address that the identity provider is to be given.
    pub base_url: String,
    /// Its tokens, the oldest first.
    pub tokens: Vec<ScimTokenRow>,
    /// How many people it keeps.
    pub people: i64,
    /// How many groups it keeps.
    pub groups: i64,
}

/// A token with which an identity provider pushes people and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ScimTokenRow {
    /// Its id.
    pub id: ScimTokenId,
    /// Its first characters.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token that was just made: the only time its text is seen.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct MadeScimToken {
    /// As in the list.
    #[serde(flatten)]
    pub row: ScimTokenRow,
    /// The whole text.
    pub token: Secret,
}
