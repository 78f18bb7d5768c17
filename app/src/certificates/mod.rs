//! Certificates of destruction.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    list_page::{CertificatesPage, OF_ORGANIZATION, draw as draw_list},
    view_page::{CertificatePage, draw},
};
