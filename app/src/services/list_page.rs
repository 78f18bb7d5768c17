//! `/projects/{project}/services`: the services of a project with their states, live.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::{
    actions::Action,
    errors::Error,
    views::{Page, ProjectView, ServiceRow},
};
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
        list::List,
        navigation::of_project,
        page::page,
        refresher::Refresher,
        table::{Column, Row},
        time::time,
    },
    context::go,
    errors::AppError,
    links,
    projects::api::view_project,
};

/// Id of the part that is fetched anew.
const REGION: &str = "services";
/// How often, while a service is changing, and otherwise.
const BUSY_MILLIS: u32 = 2_500;
const IDLE_MILLIS: u32 = 5_000;

/// A project: its services, or for who sees none the first place there that they do see.
#[component]
pub(crate) fn ProjectPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        if project.powers.may(Action::ViewService) {
            return show(project, None).await;
        }
        let first = of_project(&project.powers).next().ok_or(Error::NotFound)?;
        go(&first.path(&project.name));
        Ok(().into_any())
    })
}

/// The services of a project.
#[component]
pub(crate) fn ServicesPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        show(view_project(params.get("project").unwrap_or_default()).await?, query.get("after")).await
    })
}

async fn show(project: ProjectView, after: Option<String>) -> Result<AnyView, AppError> {
    let viewer = Viewer::load().await?;
    let list = list_services(project.name.clone(), after.clone()).await?;
    let name = project.name.clone();
    let calls = ApiCalls::new().get(
        "List services",
        "/api/services/list",
        &[("project", Some(&name)), ("after", after.as_deref())],
    );
    let may_create = project.powers.may(Action::CreateService);
    let frame = Frame::in_project(project, Section::Services, "Services").calls(calls);
    Ok(frame.view(viewer, draw(&name, may_create, list, after.as_deref())))
}

const COLUMNS: [Column; 6] = [
    Column::Name("Name"),
    Column::Text("State"),
    Column::Text("Type"),
    Column::Text("Plan"),
    Column::Text("Cloud"),
    Column::Text("Created"),
];

fn draw(project: &str, may_create: bool, page: Page<ServiceRow>, after: Option<&str>) -> AnyView {
    let path = links::new_service(project);
    let new = move || {
        may_create.then(|| {
            view! { <a class="button button-primary" href=path.clone()>{icon(Icon::Add)} "New service"</a> }
        })
    };
    let is_active = page.rows.iter().any(is_changing);
    let is_empty = page.rows.is_empty() && after.is_none();
    let version = version(&page);
    let step = new.clone();
    let empty = || {
        empty(
            Icon::Service,
            "No services yet",
            "A service is a PostgreSQL on a virtual machine of its own, with every volume encrypted by a key that never \
             leaves its host.",
            step(),
        )
    };
    let list = List {
        caption: "Services",
        columns: &COLUMNS,
        after,
        address: &|after| links::services(project, after),
    };
    view! {
        <div id=REGION class="stack" data-version=version data-active=is_active.then_some("")>
            {head("Services".into(), (), (!is_empty).then(new))}
            {list.view(page, |one| row(project, one), empty)}
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

fn row(project: &str, service: ServiceRow) -> Row {
    let (tone, word) = service_state(service.state, service.is_deleting, service.problem.is_some());
    let path = links::service(project, &service.name, "");
    let problem = service.problem.map(|problem| view! { <span class="problem">{problem}</span> });
    vec![
        view! { <a class="row-link code" href=path>{service.name}</a> }.into_any(),
        view! { <div>{badge(tone, word)} {problem}</div> }.into_any(),
        service.service_type.label().into_any(),
        view! { <span class="nowrap">{service.plan}</span> }.into_any(),
        view! { <span class="nowrap">{service.cloud}</span> }.into_any(),
        time(service.created_at),
    ]
}
