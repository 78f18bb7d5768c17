//! The first user and the first organization, made through the set-up link.

pub mod api;

#[cfg(feature = "ssr")]
mod needed_page;
#[cfg(feature = "ssr")]
mod set_up_page;

/// Prints a new set-up link.
#[cfg(feature = "ssr")]
const COMMAND: &str = "redoubt admin set-up-link";

#[cfg(feature = "ssr")]
pub(crate) use self::{needed_page::SetUpNeededPage, set_up_page::SetUpPage};
