//! What a provider says of somebody, from an ID token whose signature was right.

use std::collections::BTreeMap;

use domain::timestamps::Timestamp;
use serde::{Deserialize, Serialize};

/// What a provider says of somebody. Only from bytes that it signed, and from what it says beside them of the same person
/// (userinfo) if that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who says so (`iss`).
    pub issuer: String,
    /// The person's name at the provider (`sub`), which means something together with the issuer alone.
    pub subject: String,
    /// The session there (`sid`), for logout by the back channel.
    pub session_id: Option<String>,
    /// How the person signed in, as a class (`acr`).
    pub context_class: Option<String>,
    /// How the person signed in, as methods (`amr`).
    pub methods: Vec<String>,
    /// When the person signed in there (`auth_time`), if it says.
    pub authenticated_at: Option<Timestamp>,
    /// When the token was issued (`iat`).
    pub issued_at: Timestamp,
    /// Until when the token is good (`exp`).
    pub expires_at: Timestamp,
    /// Every claim with plain values, by its name: texts, numbers, `true` and `false`, and lists of them, all as texts. What the
    /// token says goes before what userinfo says. Claims with other values (objects, nothing) are left out.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Claims {
    /// The first value of a claim.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.first().map(String::as_str)
    }
}
