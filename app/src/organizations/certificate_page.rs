//! `/organizations/{organization}/certificates/{id}`: one certificate, whatever became of its project.

use domain::errors::Error;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::view_organization_certificate;
use crate::{
    certificates,
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer},
        page::page,
    },
    links,
};

/// One certificate of destruction of an organization.
#[component]
pub(crate) fn OrganizationCertificatePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let organization = super::asked(&params)?;
        let id = params.get("id").unwrap_or_default().parse().map_err(|_| Error::NotFound)?;
        let certificate = view_organization_certificate(organization, id).await?;
        let (owner, key) = (organization.to_string(), id.to_string());
        let service = certificate.body.service_name.clone();
        let calls = ApiCalls::new().get(
            "View the certificate",
            "/api/organizations/certificate",
            &[("organization", Some(&owner)), ("certificate", Some(&key))],
        );
        let title = format!("Certificate for {service}");
        let path = links::organization_certificate(&owner, &key);
        let frame = Frame::in_organization(organization, Section::OrganizationCertificates, title)
            .step("All certificates", links::organization_certificates(&owner, None))
            .step(service, path.clone())
            .calls(calls);
        Ok(frame.view(viewer, certificates::draw(&path, &certificate)))
    })
}
