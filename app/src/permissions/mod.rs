//! Permissions: who holds what in an organization or on a project, giving and taking back, and why somebody can do what
//! they can.

pub mod api;

#[cfg(feature = "ssr")]
mod choices;
#[cfg(feature = "ssr")]
mod chosen_page;
#[cfg(feature = "ssr")]
mod explain_page;
#[cfg(feature = "ssr")]
mod grant_page;
#[cfg(feature = "ssr")]
mod holders_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
pub(crate) mod people;
#[cfg(feature = "ssr")]
mod places;
#[cfg(feature = "ssr")]
mod preview_page;
#[cfg(feature = "ssr")]
mod revocation_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    choices::{Choices, Chosen, named, places},
    chosen_page::RevokeChosenPage,
    explain_page::ExplainPage,
    grant_page::GrantPage,
    holders_page::HoldersPage,
    list_page::{PermissionsPage, table_of_group},
    preview_page::PreviewGrantPage,
    revocation_page::RevokePage,
};
