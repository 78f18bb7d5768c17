//! Server functions of organizations.

#[cfg(feature = "ssr")]
use domain::inputs::EventFilter;
use domain::{
    ids::{CertificateId, OrganizationId},
    views::{CertificateRow, CertificateView, EventView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use crate::context::{answer, control};
use crate::errors::AppError;

/// The events of an organization, latest first.
#[server(endpoint = "organizations/events", input = GetUrl)]
pub async fn list_organization_events(
    organization: OrganizationId,
    #[server(default)] after: Option<String>,
) -> Result<Page<EventView>, AppError> {
    let filter = EventFilter::default();
    answer(control::events::list_for_organization(&control()?, organization, &filter, after.as_deref()).await)
}

/// The certificates of an organization, latest first.
#[server(endpoint = "organizations/certificates", input = GetUrl)]
pub async fn list_organization_certificates(
    organization: OrganizationId,
    #[server(default)] after: Option<String>,
) -> Result<Page<CertificateRow>, AppError> {
    answer(control::certificates::list_for_organization(&control()?, organization, after.as_deref()).await)
}

/// One certificate of an organization, with whether its signature is good.
#[server(endpoint = "organizations/certificate", input = GetUrl)]
pub async fn view_organization_certificate(
    organization: OrganizationId,
    certificate: CertificateId,
) -> Result<CertificateView, AppError> {
    answer(control::certificates::view_for_organization(&control()?, organization, certificate).await)
}
