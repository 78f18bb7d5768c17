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
        page::page,
        table::{pager, table},
        time::time,
    },
    links,
    projects::api::view_project,
};

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
        let frame = Frame {
            title: "Certificates of destruction".into(),
            section: Section::Certificates,
            project: Some(project),
            organization: None,
            trail: vec![("Certificates".into(), links::certificates(&name, None))],
            calls: ApiCalls::new().get(
                "List certificates",
                "/api/certificates/list",
                &[("project", Some(&name)), ("after", after.as_deref())],
            ),
        };
        Ok(frame.view(viewer, draw(&name, list, after.is_some())))
    })
}

fn draw(project: &str, list: Page<CertificateRow>, is_later: bool) -> AnyView {
    let first = is_later.then(|| links::certificates(project, None));
    let next = list.next.as_deref().map(|after| links::certificates(project, Some(after)));
    let body = if list.rows.is_empty() && !is_later {
        empty(
            Icon::Certificate,
            "No certificates yet",
            "When a service is deleted its volumes’ keys are destroyed, and a signed certificate says what went and how \
             that was checked.",
            (),
        )
        .into_any()
    } else {
        let shown = list.rows.len();
        let rows = list.rows.into_iter().map(|one| row(project, one)).collect_view().into_any();
        view! {
            {table("Certificates of destruction", &["Service", "Destroyed", "Certificate"], rows)}
            {pager(shown, list.total, first, next)}
        }
        .into_any()
    };
    view! { {head("Certificates of destruction".into(), (), ())} {body} }.into_any()
}

fn row(project: &str, certificate: CertificateRow) -> AnyView {
    let id = certificate.id.to_string();
    view! {
        <tr>
            <th scope="row">
                <a class="row-link code" href=links::certificate(project, &id)>{certificate.service_name}</a>
            </th>
            <td>{time(certificate.destroyed_at)}</td>
            <td><code>{id}</code></td>
        </tr>
    }
    .into_any()
}
