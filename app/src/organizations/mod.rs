//! An organization: its own page, and its events and certificates, which outlive the projects they came from.

pub mod api;

#[cfg(feature = "ssr")]
mod certificate_page;
#[cfg(feature = "ssr")]
mod certificates_page;
#[cfg(feature = "ssr")]
mod events_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    certificate_page::OrganizationCertificatePage, certificates_page::OrganizationCertificatesPage,
    events_page::OrganizationEventsPage, view_page::OrganizationPage,
};

#[cfg(feature = "ssr")]
use domain::{errors::Error, ids::OrganizationId};
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

/// The organization that an address names.
#[cfg(feature = "ssr")]
pub(crate) fn asked(params: &ParamsMap) -> Result<OrganizationId, Error> {
    params.get("organization").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)
}
