//! Projects: list, create, rename, delete.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod settings_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{list_page::ProjectsPage, settings_page::ProjectSettingsPage};
