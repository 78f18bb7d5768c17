//! The database: [`Store`], [`Tx`], and one module per table with plain records and free functions.
//!
//! One SQL text serves SQLite and PostgreSQL; a transaction knows which of them it is on, and the few true
//! differences are a visible `match`. This is the only crate that runs SQL. It knows no rules: who may do what, and
//! when, is said in `control`. It reads no clock and makes no ids.

mod connections;
mod edits;
mod errors;
mod migrations;
mod patterns;
mod queries;
#[cfg(feature = "testing")]
pub mod testing;

pub mod accepted_assertions;
pub mod access;
pub mod alerts;
pub mod authentication_policies;
pub mod ceremonies;
pub mod destruction_certificates;
pub mod domains;
pub mod events;
pub mod factor_resets;
pub mod factors;
pub mod grants;
pub mod group_members;
pub mod groups;
pub mod holders;
pub mod identities;
pub mod identity_providers;
pub mod invitations;
pub mod ip_filter_entries;
pub mod knowers;
pub mod mail_tallies;
pub mod mails;
pub mod memberships;
pub mod nodes;
pub mod organizations;
pub mod password_resets;
pub mod places;
pub mod project_contacts;
pub mod project_tags;
pub mod projects;
pub mod provider_requests;
pub mod provider_watches;
pub mod recovery_codes;
pub mod running_grants;
pub mod scim_groups;
pub mod scim_providers;
pub mod scim_tokens;
pub mod scim_users;
pub mod services;
pub mod sessions;
pub mod set_up_links;
pub mod settings;
pub mod sign_in_attempts;
pub mod signals;
pub mod step_runs;
pub mod strands;
pub mod tokens;
pub mod units;
pub mod users;
pub mod volumes;

pub use connections::{Store, Tx};
pub use edits::Edited;
pub use errors::Error;
