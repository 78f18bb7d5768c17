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

/// What the heading leaves out, which is as short as the navigation.
const KIND: &str = "of destruction";
const TITLE: &str = "Certificates";
const PROJECT: Column = Column::Text("Project");
const OF_PROJECT: [Column; 3] =
    [Column::Name("Service"), Column::Text("Destroyed"), Column::Text("Certificate")];
/// The columns of an organization's list: those of a project's, and the project.
pub(crate) const OF_ORGANIZATION: [Column; 4] =
    [Column::Name("Service"), PROJECT, Column::Text("Destroyed"), Column::Text("Certificate")];

/// A project's certificates of destruction.
#[component]
pub(crate) fn CertificatesPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let name = project.name.clone();
        let page = list_certificates(name.clone(), after.clone()).await?;
        let calls = ApiCalls::new().get(
            "List certificates",
            "/api/certificates/list",
            &[("project", Some(&name)), ("after", after.as_deref())],
        );
        let frame = Frame::in_project(project, Section::Certificates, TITLE)
            .step(TITLE, links::certificates(&name, None))
            .calls(calls);
        let address = |after: Option<&str>| links::certificates(&name, after);
        let certificate = |id: &str| links::certificate(&name, id);
        let list = List { caption: TITLE, columns: &OF_PROJECT, after: after.as_deref(), address: &address };
        Ok(frame.view(viewer, draw(list, page, &certificate)))
    })
}

/// The certificates of one project or of a whole organization; `certificate` gives the address of one.
pub(crate) fn draw(
    list: List<'_>,
    page: Page<CertificateRow>,
    certificate: &dyn Fn(&str) -> String,
) -> AnyView {
    let (title, has_project) = (list.caption, list.columns.contains(&PROJECT));
    let beside = view! { <span class="muted">{KIND}</span> };
    let empty = || {
        empty(
            Icon::Certificate,
            "No certificates yet",
            "When a service is deleted its volumes’ keys are destroyed, and a signed certificate says what went and how \
             that was checked.",
            (),
        )
    };
    view! { {head(title.into(), beside, ())} {list.view(page, |one| row(certificate, has_project, one), empty)} }.into_any()
}

fn row(address: &dyn Fn(&str) -> String, has_project: bool, certificate: CertificateRow) -> Row {
    let id = certificate.id.to_string();
    let path = address(&id);
    let mut row =
        vec![view! { <a class="row-link code" href=path>{certificate.service_name}</a> }.into_any()];
    if has_project {
        row.push(view! { <span class="free-text">{certificate.project_name}</span> }.into_any());
    }
    row.extend([time(certificate.destroyed_at), view! { <code>{id}</code> }.into_any()]);
    row
}
