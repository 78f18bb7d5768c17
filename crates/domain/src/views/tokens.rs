//! Tokens as lists show them; their text is shown once, when they are made.

use serde::{Deserialize, Serialize};

use crate::{
    ids::TokenId, networks::Cidr, permissions::Granted, secrets::Secret, timestamps::Timestamp,
    tokens::TokenKind,
};

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// Whose kind it is of.
    pub kind: TokenKind,
    /// What it is for.
    pub description: String,
    /// Its first characters, to tell tokens apart.
    pub prefix: String,
    /// What it is limited to; empty means to nothing.
    pub scopes: Vec<Granted>,
    /// From where it may be used; empty means from anywhere.
    pub ip_ranges: Vec<Cidr>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Its longest age in seconds, counted from when it was made or, if it is extended, last used.
    pub max_age_seconds: Option<i64>,
    /// Whether each use moves its end.
    pub extend_when_used: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether that has passed.
    pub is_expired: bool,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_address: Option<String>,
    /// With what program.
    pub last_agent: Option<String>,
    /// The token that takes its place.
    pub replaced_by: Option<TokenId>,
    /// Counts up with each change.
    pub generation: i64,
}

/// A token that was just made: the only time its text is seen.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct MadeToken {
    /// As in the list.
    #[serde(flatten)]
    pub row: TokenRow,
    /// The whole text.
    pub token: Secret,
    /// What its maker should know: that its ranges shut out the address it was asked for from.
    pub warning: Option<String>,
}
