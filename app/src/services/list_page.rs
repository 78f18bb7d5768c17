//! `/projects/{project}/services`: the services of a project with their states, live.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::views::{Page, ServiceRow};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_services;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{badge, service_state},
        empty::empty,
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        refresher::Refresher,
        table::{pager, table},
        time::time,
    },
    links,
    projects::api::view_project,
};

/// Id of the part that is fetched anew.
const REGION: &str = "services";
/// How often, while a service is changing, and otherwise.
const BUSY_MILLIS: u32 = 2_500;
const IDLE_MILLIS: u32 = 5_000;

/// The services of a project.
#[component]
pub(crate) fn ServicesPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let list = list_services(project.name.clone(), after.clone()).await?;
        let name = project.name.clone();
        let frame = Frame {
            title: "Services".into(),
            section: Section::Services,
            project: Some(project),
            organization: None,
            trail: Vec::new(),
            calls: ApiCalls::new().get(
                "List services",
                "/api/services/list",
                &[("project", Some(&name)), ("after", after.as_deref())],
            ),
        };
        Ok(frame.view(viewer, draw(&name, list, after.is_some())))
    })
}

fn draw(project: &str, list: Page<ServiceRow>, is_later: bool) -> AnyView {
    let path = links::new_service(project);
    let new = move || {
        view! { <a class="button button-primary" href=path.clone()>{icon(Icon::Add)} "New service"</a> }
    };
    let first = is_later.then(|| links::services(project, None));
    let next = list.next.as_deref().map(|after| links::services(project, Some(after)));
    let is_active = list.rows.iter().any(is_changing);
    let version = version(&list);
    let body = if list.rows.is_empty() && !is_later {
        empty(
            Icon::Service,
            "No services yet",
            "A service is a PostgreSQL on a virtual machine of its own, with every volume encrypted by a key that never \
             leaves its host.",
            new(),
        )
        .into_any()
    } else {
        let shown = list.rows.len();
        let rows = list.rows.into_iter().map(|one| row(project, one)).collect_view().into_any();
        let columns = ["Name", "State", "Type", "Plan", "Cloud", "Created"];
        view! { {table("Services", &columns, rows)} {pager(shown, list.total, first, next)} }.into_any()
    };
    view! {
        {head("Services".into(), (), new())}
        <div id=REGION class="stack" data-version=version data-active=is_active.then_some("")>
            {body}
        </div>
        <Refresher region=REGION.to_owned() busy_millis=BUSY_MILLIS idle_millis=IDLE_MILLIS />
    }
    .into_any()
}

fn is_changing(service: &ServiceRow) -> bool {
    use domain::states::ServiceState::{Rebalancing, Rebuilding};
    service.is_deleting || matches!(service.state, Rebuilding | Rebalancing)
}

/// Changes with what the list shows, so that the browser replaces it only then.
fn version(list: &Page<ServiceRow>) -> String {
    let mut hasher = DefaultHasher::new();
    list.total.hash(&mut hasher);
    for row in &list.rows {
        (&row.name, row.state, row.is_deleting, &row.problem).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn row(project: &str, service: ServiceRow) -> AnyView {
    let (tone, word) = service_state(service.state, service.is_deleting, service.problem.is_some());
    let path = links::service(project, &service.name, "");
    view! {
        <tr>
            <th scope="row">
                <a class="row-link code" href=path>{service.name}</a>
            </th>
            <td>
                {badge(tone, word)}
                {service.problem.map(|problem| view! { <span class="problem">{problem}</span> })}
            </td>
            <td>{service.service_type.label()}</td>
            <td>{service.plan}</td>
            <td>{service.cloud}</td>
            <td>{time(service.created_at)}</td>
        </tr>
    }
    .into_any()
}
