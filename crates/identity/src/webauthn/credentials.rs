//! What is kept of a registered passkey or security key. Judges nothing.
//!
//! The library's feature `danger-credential-internals` is for reading counter and backup state, and for asking for
//! passkeys and security keys at once, which its types keep apart; nothing of a credential is ever set here.

use domain::sign_ins::FactorKind;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{Credential as Internals, RegisterPublicKeyCredential};

use super::{Error, read};

/// A registered passkey or security key: its id, public key, counter and backup state. No secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    pub(super) kind: FactorKind,
    #[serde(rename = "credential")]
    pub(super) internals: Internals,
}

impl Credential {
    /// Reads what [`Credential::to_json`] wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|_| Error::State)
    }

    /// As JSON, to be kept.
    ///
    /// # Errors
    /// Only if the library cannot write what it made.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|_| Error::State)
    }

    /// Passkey or security key.
    #[must_use]
    pub const fn kind(&self) -> FactorKind {
        self.kind
    }

    /// The id that the authenticator gave it, unique among all.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.internals.cred_id.as_ref()
    }

    /// How many signatures the authenticator had made; 0 if it does not count, as those that synchronise.
    #[must_use]
    pub const fn counter(&self) -> u32 {
        self.internals.counter
    }

    /// Whether it may be copied to other devices of its owner.
    #[must_use]
    pub const fn is_backup_eligible(&self) -> bool {
        self.internals.backup_eligible
    }

    /// Whether it was copied when it was last used.
    #[must_use]
    pub const fn is_backed_up(&self) -> bool {
        self.internals.backup_state
    }
}

/// The id of the credential that an answer to a registration brings, if it is such an answer. Nothing of it is proven.
#[must_use]
pub fn registered_id(answer: &str) -> Option<Vec<u8>> {
    let answer = read::<RegisterPublicKeyCredential>(answer).ok()?;
    Some(answer.raw_id.to_vec())
}
