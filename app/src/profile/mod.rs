//! Oneself: what one is called and where one works, and the organizations one belongs to or is invited into. One's tokens
//! are in `tokens`.

pub mod api;

#[cfg(feature = "ssr")]
mod leave_page;
#[cfg(feature = "ssr")]
mod organizations_page;
#[cfg(feature = "ssr")]
mod profile_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    leave_page::LeavePage, organizations_page::OwnOrganizationsPage, profile_page::ProfilePage,
};
