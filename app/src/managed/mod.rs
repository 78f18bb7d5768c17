//! The accounts that an organization manages: everybody with an address in its verified domains, and what it may do with them.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{list_page::ManagedUsersPage, view_page::ManagedUserPage};
