//! Projects: list, create, rename, move, say something of them, delete.

pub mod api;

#[cfg(feature = "ssr")]
mod create_form;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod move_page;
#[cfg(feature = "ssr")]
mod settings_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    create_form::{Place, create_dialog, new_button},
    list_page::{IN_UNIT, ProjectsPage, row_in_unit},
    move_page::MoveProjectPage,
    settings_page::ProjectSettingsPage,
};
