//! Text that must not be printed: no `Debug`, no `Display`, wiped when dropped.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret text (a password, a private key in PEM, an unlock key in base64).
///
/// It has no `Debug` and no `Display`, so it cannot slip into a log line; reading it is always written out as
/// [`Secret::expose`]. Serialising is possible because secrets travel in the agent protocol and, for the
/// connection password, to the browser that asked for it.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Name the reason where you call it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
