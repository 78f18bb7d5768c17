//! The events of a project: who did what, from where, and how it ended.

pub mod api;

#[cfg(feature = "ssr")]
pub(crate) mod filter;
#[cfg(feature = "ssr")]
mod list_page;

#[cfg(feature = "ssr")]
pub(crate) use self::list_page::{EventsPage, Log, calls};
