//! OpenID Connect with the code flow, seen from the relying party: a provider is asked who somebody is, and what comes back
//! is judged. Knows no database, no clock and no randomness of its own; what is fetched goes through the caller's
//! [`exchanges::Http`].
//!
//! [`providers::discover`] reads what a provider says of itself; [`questions::ask`] writes the address that the browser is
//! sent to; [`verifications::finish`] takes the answer that it comes back with, trades the code in and decides. A token is
//! believed in three steps: [`tokens`] refuses everything unusual, [`keys`] has a library check the signature, and the claims
//! are read from the very bytes that were signed. [`logouts`] is for the provider's word that a session there is over.

pub mod algorithms;
pub mod checks;
pub mod claims;
mod contents;
pub mod exchanges;
mod grants;
pub mod keys;
pub mod logouts;
pub mod providers;
pub mod questions;
mod signatures;
#[cfg(feature = "testing")]
pub mod testing;
mod tokens;
pub mod verifications;
