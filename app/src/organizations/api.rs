//! Server functions of organizations.

use domain::{
    ids::{CertificateId, OrganizationId},
    inputs::EventFilter,
    views::{CertificateRow, CertificateView, EventView, OrganizationView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// One organization.
#[server(endpoint = "organizations/view", input = GetUrl)]
pub async fn view_organization(organization: OrganizationId) -> Result<OrganizationView, AppError> {
    answer(control::organizations::view(&control()?, organization).await)
}

/// Renames an organization, as long as nobody else changed it.
#[server(endpoint = "organizations/rename")]
pub async fn rename_organization(
    organization: OrganizationId,
    generation: i64,
    #[server(default)] name: String,
) -> Result<OrganizationView, AppError> {
    let renamed = answer(control::organizations::rename(&control()?, organization, generation, &name).await)?;
    let path = links::organization(&organization.to_string());
    done(&path, &format!("The organization is called {} now.", renamed.name));
    Ok(renamed)
}

/// Deletes an organization that holds nothing any more.
#[server(endpoint = "organizations/delete")]
pub async fn delete_organization(
    organization: OrganizationId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::organizations::delete(&control()?, organization, &confirmation).await)?;
    done(&links::own_organizations(), "The organization is deleted.");
    Ok(())
}

/// The events of an organization, latest first.
#[server(endpoint = "organizations/events", input = GetUrl)]
pub async fn list_organization_events(
    organization: OrganizationId,
    #[server(default)] filter: EventFilter,
    #[server(default)] after: Option<String>,
) -> Result<Page<EventView>, AppError> {
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
