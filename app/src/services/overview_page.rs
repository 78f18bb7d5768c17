//! `/projects/{project}/services/{service}`: what it is doing, how to reach it, what it is made of.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::{actions::Action, states::StepState, views::ServiceView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    FACTS,
    connect_page::{filter_link, not_answering},
    nodes::nodes,
    tabs::{Tab, pairs, service_page},
    timeline::LiveTimeline,
};
use crate::{
    components::{
        alerts::warning,
        copy::CopyButton,
        form::FormState,
        icons::{Icon, icon},
        page::page,
    },
    ip_filters::wide,
    links,
    quantities::count,
};

/// How often a browser without script loads the page again while something is under way.
const RELOAD_SECONDS: &str = "3";

/// A service's overview.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        service_page(&params, Tab::Overview, |service, calls| {
            let of = pairs(service).map(|(name, value)| (name, Some(value)));
            (calls.get("View its timeline", "/api/services/timeline", &of), draw(service))
        })
        .await
    })
}

fn draw(service: &ServiceView) -> AnyView {
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    // A deletion that was asked for counts before its first step has begun.
    let is_active = service.timeline.is_active || service.row.is_deleting;
    let reload = is_active
        .then(|| view! { <noscript><meta http-equiv="refresh" content=RELOAD_SECONDS /></noscript> });
    view! {
        {reload}
        {FormState::of("/api/services/retry").error(&[])}
        <LiveTimeline
            timeline=service.timeline.clone()
            project=project
            service=name
            is_deleting=service.row.is_deleting
            may_retry=service.project.powers.may(Action::RetryService)
        />
        <div id=FACTS class="stack" data-version=version(service)>
            {alert(service)}
            {connection(service)}
            <section class="card" aria-labelledby="nodes">
                <h2 id="nodes">"Nodes and volumes"</h2>
                <p class="muted">
                    "What each guest reports of its own encryption. A volume’s key was made on its host and has never \
                     left it."
                </p>
                {nodes(&service.nodes)}
            </section>
        </div>
    }
    .into_any()
}

/// Changes with what the facts show.
fn version(service: &ServiceView) -> String {
    let mut hasher = DefaultHasher::new();
    let shown = (&service.row, &service.connection, &service.nodes, &service.ip_filter, problem(service));
    serde_json::to_string(&shown).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What is wrong, unless the timeline says it at the step that fails.
fn problem(service: &ServiceView) -> Option<&String> {
    let is_said = |problem: &&String| {
        let mut steps = service.timeline.steps.iter();
        steps.any(|step| step.state == StepState::Failing && step.error.as_ref() == Some(problem))
    };
    service.row.problem.as_ref().filter(|problem| !is_said(problem))
}

fn alert(service: &ServiceView) -> AnyView {
    let Some(problem) = problem(service).cloned() else { return ().into_any() };
    warning(problem)
}

fn connection(service: &ServiceView) -> AnyView {
    if service.row.is_deleting {
        return ().into_any();
    }
    let (project, name) = (&service.project.name, &service.row.name);
    let connect = links::service(project, name, "connect");
    let Some(connection) = &service.connection else {
        return view! {
            <section class="card" aria-labelledby="connection">
                <h2 id="connection">"Connection"</h2>
                <p class="muted">"Shown as soon as the service has an address."</p>
            </section>
        }
        .into_any();
    };
    let uri = connection.uri.clone();
    view! {
        <section class="card" aria-labelledby="connection">
            <header class="card-head">
                <h2 id="connection">"Connection"</h2>
                <a class="button" href=connect>
                    "How to connect"
                </a>
            </header>
            {not_answering(service)}
            <div class="copyable">
                <pre tabindex="0" aria-label="Connection URI"><code>{uri.clone()}</code></pre>
                <CopyButton text=uri what="URI".to_owned() />
            </div>
            {who_may_connect(service)}
        </section>
    }
    .into_any()
}

fn who_may_connect(service: &ServiceView) -> AnyView {
    let (filter, link) = (&service.ip_filter, filter_link(service));
    let network = links::service(&service.project.name, &service.row.name, "network");
    let entries = i64::try_from(filter.entries.len()).unwrap_or(i64::MAX);
    if filter.entries.is_empty() {
        view! {
            <p class="alert alert-warning">
                {icon(Icon::Lock)}
                <span>"Closed: nobody can connect until the IP filter has an entry. " <a href=network>{link}</a></span>
            </p>
        }
        .into_any()
    } else {
        let ranges = count(entries, "address range");
        view! {
            {wide(filter).map(warning)}
            <p class="muted">{ranges} " may connect. " <a href=network>{link}</a></p>
        }
        .into_any()
    }
}
