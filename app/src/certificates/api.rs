//! Server functions of certificates of destruction.

use domain::{
    ids::CertificateId,
    views::{CertificateRow, CertificateView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use crate::context::{answer, control};
use crate::errors::AppError;

/// The certificates of a project, latest first.
#[server(endpoint = "certificates/list", input = GetUrl)]
pub async fn list_certificates(
    project: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<CertificateRow>, AppError> {
    answer(control::certificates::list(&control()?, &project, after.as_deref()).await)
}

/// One certificate, with whether its signature is good.
#[server(endpoint = "certificates/view", input = GetUrl)]
pub async fn view_certificate(
    project: String,
    certificate: CertificateId,
) -> Result<CertificateView, AppError> {
    answer(control::certificates::view(&control()?, &project, certificate).await)
}
