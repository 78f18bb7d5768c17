//! The real router on a temporary SQLite database and a simulated host: what a browser and a stranger see.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

mod installation;

mod api;
mod credential_events;
mod cross_site;
mod done_already;
mod files;
mod groups;
mod headers;
mod hostile;
mod identity_providers;
mod invitations;
mod journeys;
mod lists;
mod machinery;
mod made_tokens;
mod own_factors;
mod people;
mod policies;
mod recovery;
mod scim;
mod session_cookies;
mod sign_in_pages;
mod single_sign_on;
mod step_up;
mod streams;
mod walk;
