//! Files that people take with them: a project's CA certificate, certificates of destruction, event logs, proofs of domains.

use axum::{
    Extension,
    extract::{Path, Query},
    http::header,
    response::IntoResponse,
};
use control::{Context, certificates, domains, services};
use domain::{errors::Error, inputs::EventFilter, views::CertificateView};
use serde::Deserialize;

use crate::{
    exports::{self, Export, Reader},
    refusals::Refusal,
};

/// Which events, in what form.
#[derive(Deserialize)]
pub(crate) struct ExportQuery {
    #[serde(default)]
    format: String,
    #[serde(flatten)]
    filter: EventFilter,
}

/// `GET /projects/{project}/services/{service}/ca.pem`
pub(crate) async fn ca_certificate(
    Extension(ctx): Extension<Context>,
    Path((project, service)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let view = services::view(&ctx, &project, &service).await?;
    let connection = view.connection.ok_or_else(|| {
        Error::conflict("The service has no certificate yet. Wait until it is running and try again.")
    })?;
    Ok(attachment("application/x-pem-file", "ca.pem", connection.ca_certificate))
}

/// `GET /projects/{project}/certificates/{id}/download`
pub(crate) async fn destruction_certificate(
    Extension(ctx): Extension<Context>,
    Path((project, id)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    certificate(&ctx, &certificates::view(&ctx, &project, id).await?)
}

/// `GET /organizations/{organization}/certificates/{id}/download`
pub(crate) async fn organization_certificate(
    Extension(ctx): Extension<Context>,
    Path((organization, id)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let organization = organization.parse().map_err(|_| Error::NotFound)?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    certificate(&ctx, &certificates::view_for_organization(&ctx, organization, id).await?)
}

/// `GET /organizations/{organization}/domains/{domain}/file`
pub(crate) async fn domain_file(
    Extension(ctx): Extension<Context>,
    Path((organization, domain)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let organization = organization.parse().map_err(|_| Error::NotFound)?;
    let domain = domain.parse().map_err(|_| Error::NotFound)?;
    let row = domains::view(&ctx, organization, domain).await?;
    Ok(attachment("text/plain; charset=utf-8", "redoubt", format!("{}\n", row.challenge())))
}

/// `GET /organizations/{organization}/events/export`
pub(crate) async fn organization_events(
    Extension(ctx): Extension<Context>,
    Path(organization): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Export, Refusal> {
    let organization = organization.parse().map_err(|_| Error::NotFound)?;
    Ok(exports::of_organization(Reader::with(ctx, None), organization, query.filter, &query.format).await?)
}

/// `GET /projects/{project}/events/export`
pub(crate) async fn project_events(
    Extension(ctx): Extension<Context>,
    Path(project): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Export, Refusal> {
    Ok(exports::of_project(Reader::with(ctx, None), &project, query.filter, &query.format).await?)
}

fn certificate(ctx: &Context, view: &CertificateView) -> Result<impl IntoResponse + use<>, Refusal> {
    let id = view.body.id;
    let mut text = serde_json::to_string_pretty(&view.signed)
        .map_err(|_| Error::Internal { report: ctx.request_id().to_string() })?;
    text.push('\n');
    Ok(attachment("application/json", &format!("destruction-{id}.json"), text))
}

fn attachment(content_type: &'static str, name: &str, body: String) -> impl IntoResponse + use<> {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
}
