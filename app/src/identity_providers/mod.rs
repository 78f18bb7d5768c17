//! The identity providers of an organization: adding them, setting them up step by step, testing and removing them. Signing in with
//! one is in `single_sign_on`.

pub mod api;
pub mod scim_api;

#[cfg(feature = "ssr")]
mod client_form;
#[cfg(feature = "ssr")]
mod client_inputs;
#[cfg(feature = "ssr")]
mod facts;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod inputs;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod our_side;
#[cfg(feature = "ssr")]
mod people;
#[cfg(feature = "ssr")]
mod people_inputs;
#[cfg(feature = "ssr")]
mod scim_page;
#[cfg(feature = "ssr")]
mod security;
#[cfg(feature = "ssr")]
mod states;
#[cfg(feature = "ssr")]
mod test_report;
#[cfg(feature = "ssr")]
mod title;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    list_page::IdentityProvidersPage,
    scim_page::ScimPage,
    view_page::{IdentityProviderPage, TestProviderPage},
};
