//! What people can ask for: the answers, the errors with their fields, the events, and who may.

mod access;
mod application_users;
mod events;
mod explanations;
mod factors;
mod groups;
mod invitations;
mod ip_filters;
mod mails;
mod naming;
mod organizations;
mod overtaken;
mod permissions;
mod places;
mod previews;
mod profiles;
mod project_settings;
mod projects;
mod revocations;
mod services;
mod sessions;
mod set_up;
mod tokens;
mod units;
mod users;
