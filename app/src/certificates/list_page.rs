//! `/projects/{project}/certificates`: the services that are gone for good, each with its certificate.

use domain::views::{CertificateRow, Page};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_certificates;
use crate::{
    components::{
        api_call::ApiCalls,
        empty::empty,
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        table::{Column, Row},
        time::time,
    },
    links,
    projects::api::view_project,
};

const TITLE: &str = "Certificates of destruction";
const OF_PROJECT: [Column; 3] =
    [Column::Name("Service"), Column::Text("Destroyed"), Column::Text("Certificate")];
const OF_ORGANIZATION: [Column; 4] = [
    Column::Name("Service"),
    Column::Text("Project"),
    Column::Text("Destroyed"),
    Column::Text("Certificate"),
];

/// A project's certificates of destruction.
#[component]
pub(crate) fn CertificatesPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let name = project.name.clone();
        let list = list_certificates(name.clone(), after.clone()).await?;
        let calls = ApiCalls::new().get(
            "List certificates",
            "/api/certificates/list",
            &[("project", Some(&name)), ("after", after.as_deref())],
        );
        let frame = Frame::in_project(project, Section::Certificates, TITLE)
            .step("Certificates", links::certificates(&name, None))
            .calls(calls);
        let address = |after: Option<&str>| links::certificates(&name, after);
        let certificate = |id: &str| links::certificate(&name, id);
        Ok(frame.view(viewer, draw(list, true, after.as_deref(), &address, &certificate)))
    })
}

/// The certificates of one project or of a whole organization; `certificate` gives the address of one.
pub(crate) fn draw(
    page: Page<CertificateRow>,
    is_of_project: bool,
    after: Option<&str>,
    address: &dyn Fn(Option<&str>) -> String,
    certificate: &dyn Fn(&str) -> String,
) -> AnyView {
    let list = List {
        caption: TITLE,
        columns: if is_of_project { &OF_PROJECT } else { &OF_ORGANIZATION },
        after,
        address,
    };
    let empty = || {
        empty(
            Icon::Certificate,
            "No certificates yet",
            "When a service is deleted its volumes’ keys are destroyed, and a signed certificate says what went and how \
             that was checked.",
            (),
        )
    };
    view! { {head(TITLE.into(), (), ())} {list.view(page, |one| row(certificate, is_of_project, one), empty)} }.into_any()
}

fn row(address: &dyn Fn(&str) -> String, is_of_project: bool, certificate: CertificateRow) -> Row {
    let id = certificate.id.to_string();
    let path = address(&id);
    let mut row =
        vec![view! { <a class="row-link code" href=path>{certificate.service_name}</a> }.into_any()];
    if !is_of_project {
        row.push(view! { <span class="free-text">{certificate.project_name}</span> }.into_any());
    }
    row.extend([time(certificate.destroyed_at), view! { <code>{id}</code> }.into_any()]);
    row
}
