//! Sign-in protocols as pure functions: a request goes in, an assertion or a reason comes out.
//!
//! Nothing here knows the database, HTTP or a clock. Passwords are the first; SAML, OIDC, TOTP and passkeys follow.

pub mod passwords;
