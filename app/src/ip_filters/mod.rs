//! Who may connect to a service.

pub mod api;

#[cfg(feature = "ssr")]
mod network_page;

#[cfg(feature = "ssr")]
pub(crate) use self::network_page::{NetworkPage, wide};
