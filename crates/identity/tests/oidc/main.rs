//! Signing in with OpenID providers: what is right is accepted, what is hostile refused by the check that is meant to.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

mod controls;
mod hostile;
mod logouts;
mod properties;
mod world;
