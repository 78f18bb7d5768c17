//! The verbs of Redoubt: what can be done, by whom, and what is written down about it.
//!
//! Every operation takes a [`Context`] and starts by asking it for a permit; only a permit leads to the database, and
//! only through an audit event to a write. Nothing here knows HTTP, HTML, cookies or SQL text.

pub mod application_users;
pub mod ceremonies;
pub mod certificates;
pub mod changes;
pub mod domains;
pub mod events;
pub mod explanations;
pub mod factor_resets;
pub mod factors;
pub mod groups;
pub mod identity_providers;
pub mod invitations;
pub mod ip_filters;
pub mod mails;
pub mod managed;
pub mod notices;
pub mod organizations;
pub mod passwords;
pub mod permissions;
pub mod places;
pub mod policies;
pub mod profiles;
pub mod projects;
pub mod scim;
pub mod services;
pub mod sessions;
pub mod set_up;
pub mod single_sign_on;
pub mod step_up;
pub mod tokens;
pub mod units;
pub mod users;

pub mod access;
mod audit;
mod authorities;
mod contexts;
mod control;
mod effects;
pub mod envelopes;
mod errors;
mod holdings;
pub mod housekeeping;
mod indispensable;
mod knowers;
mod operators;
mod pages;
mod random;
mod resources;
mod standings;
mod timelines;

#[cfg(feature = "testing")]
pub mod testing;
pub mod workflow;
pub mod workflows;

pub use contexts::{Context, Origin, Session};
pub use control::{Control, Parts};
pub use envelopes::MasterKey;
pub use random::{Random, SystemRandom};
