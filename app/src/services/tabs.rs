//! What the pages of one service share: head, state, and the links between them.

use domain::views::ServiceView;
use leptos::prelude::*;

use crate::{
    components::{
        api_call::ApiCalls,
        badges::{badge, service_state},
        frame::{Frame, Section, Viewer},
    },
    links,
};

/// The pages of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// What it is doing and what it is made of.
    Overview,
    /// How to connect.
    Connect,
    /// Who may connect.
    Network,
    /// Delete it.
    Settings,
}

impl Tab {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Overview, "Overview", ""),
        (Self::Connect, "Connect", "connect"),
        (Self::Network, "Network", "network"),
        (Self::Settings, "Settings", "settings"),
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Connect => "Connect",
            Self::Network => "Network",
            Self::Settings => "Settings",
        }
    }
}

/// A page of a service: frame, head, tabs and `body`.
pub(crate) fn service_page(
    viewer: Viewer,
    service: &ServiceView,
    tab: Tab,
    calls: ApiCalls,
    body: impl IntoView + 'static,
) -> AnyView {
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    let frame = Frame {
        title: format!("{name} · {}", tab.label()),
        section: Section::Services,
        project: Some(service.project.clone()),
        organization: None,
        trail: vec![(name.clone(), links::service(&project, &name, ""))],
        calls,
    };
    let row = &service.row;
    let facts = format!("{} · {} · {}", row.service_type.label(), row.plan, row.cloud);
    // On the overview the live timeline says the state.
    let state = (tab != Tab::Overview).then(|| {
        let (tone, word) = service_state(row.state, row.is_deleting, row.problem.is_some());
        badge(tone, word)
    });
    let head = view! {
        <header class="page-head">
            <h1 class="code">{name.clone()}</h1>
            {state}
            <span class="muted">{facts}</span>
        </header>
        {tabs(&project, &name, tab)}
    };
    frame.view(viewer, view! { {head} {body.into_any()} })
}

fn tabs(project: &str, service: &str, current: Tab) -> AnyView {
    let items = Tab::ALL
        .into_iter()
        .map(|(tab, label, path)| {
            let path = links::service(project, service, path);
            view! { <li><a href=path aria-current=(tab == current).then_some("page")>{label}</a></li> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label="Service"><ul>{items}</ul></nav> }.into_any()
}
