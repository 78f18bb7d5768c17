//! Sign-in protocols as pure functions: a request goes in, an assertion or a reason comes out.
//!
//! Nothing here knows the database, HTTP or a clock.

pub mod breached;
pub mod oidc;
pub mod passwords;
pub mod recovery_codes;
pub mod saml;
pub mod scim;
#[cfg(feature = "testing")]
pub mod testing;
pub mod totp;
pub mod verdicts;
pub mod webauthn;
