//! A provider's keys, and whether one of them made a signature. Fetches nothing.

use openidconnect::core::CoreJsonWebKey;
use serde::{Deserialize, Serialize};

/// The public keys of a provider that are for signatures taken here. Others that it publishes are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keys(Vec<CoreJsonWebKey>);

impl Keys {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}
