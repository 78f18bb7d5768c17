//! The console: pages, islands and server functions. Holds no rule, no SQL and no cookie.
//!
//! Two builds of the same crate: `ssr` is the server's (pages, and the bodies of the server functions), `hydrate` is
//! the browser's (islands, and the server functions as calls). A page exists only in the first; an island in both.
//! The features are never joined.

#![recursion_limit = "256"]
// Leptos' macros make components `pub` whatever was asked for.
#![cfg_attr(feature = "ssr", expect(unreachable_pub, reason = "written by Leptos' macros"))]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` and `hydrate` are two builds; build the server and the frontend each with `-p`");

pub mod errors;
pub mod links;
pub mod quantities;

#[cfg(feature = "ssr")]
mod context;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod session;
#[cfg(feature = "ssr")]
mod shell;

pub mod components;

pub mod application_users;
pub mod certificates;
pub mod domains;
pub mod events;
pub mod factor_resets;
pub mod factors;
pub mod groups;
pub mod identity_providers;
pub mod invitations;
pub mod ip_filters;
pub mod mails;
pub mod managed;
pub mod organizations;
pub mod passwords;
pub mod permissions;
pub mod policies;
pub mod profile;
pub mod projects;
pub mod services;
pub mod sessions;
pub mod set_up;
pub mod single_sign_on;
pub mod step_up;
pub mod tokens;
pub mod units;
pub mod users;

#[cfg(feature = "ssr")]
pub use crate::{
    components::theme::Theme,
    context::{LeftOut, Posted, PublicOrigin, WhyLeftOut},
    routes::App,
    session::{BEGAN_AT, Ceremonies, PROOF, PROVEN_AT, PROVIDER_SESSION, SESSION_NAME, USER_ID},
    shell::{Assets, csp, shell},
};
