//! The verifier of SAML responses: valid ones are accepted, hostile ones refused by the check that is meant to.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

mod certificates;
mod controls;
mod costs;
mod gauges;
mod hostile;
mod properties;
mod world;
