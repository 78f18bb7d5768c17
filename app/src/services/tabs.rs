//! What the pages of one service share: loading it, head, state, and the links between them; and the page in their
//! place once the service is gone.

use domain::{actions::Action, errors::Error, powers::Powers, views::ServiceView};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{api::view_service, gone_page};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{badge, service_state},
        frame::{Frame, Section, Viewer, require},
    },
    errors::AppError,
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
    /// Each with what people read and the end of its address.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Overview, "Overview", ""),
        (Self::Connect, "Connect", "connect"),
        (Self::Network, "Network", "network"),
        (Self::Settings, "Settings", "settings"),
    ];

    /// Those that somebody with these powers in the project may see.
    pub(crate) fn open(powers: &Powers) -> impl Iterator<Item = (Self, &'static str, &'static str)> {
        Self::ALL.into_iter().filter(|(tab, ..)| powers.may(tab.action()))
    }

    /// What it takes to see it.
    const fn action(self) -> Action {
        match self {
            Self::Overview | Self::Connect | Self::Network => Action::ViewService,
            Self::Settings => Action::DeleteService,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Connect => "Connect",
            Self::Network => "Network",
            Self::Settings => "Settings",
        }
    }
}

/// A page of the service in the address: frame, head, tabs and what `draw` makes of it, with further API calls.
pub(crate) async fn service_page(
    params: &ParamsMap,
    tab: Tab,
    draw: impl FnOnce(&ServiceView, ApiCalls) -> (ApiCalls, AnyView),
) -> Result<AnyView, AppError> {
    let viewer = Viewer::load().await?;
    let (project, name) =
        (params.get("project").unwrap_or_default(), params.get("service").unwrap_or_default());
    match view_service(project.clone(), name.clone()).await {
        Ok(service) => {
            require(&service.project.powers, tab.action())?;
            let of = [("project", Some(project.as_str())), ("service", Some(name.as_str()))];
            let calls = ApiCalls::new().get("View the service", "/api/services/view", &of);
            let (calls, body) = draw(&service, calls);
            Ok(in_frame(viewer, &service, tab, calls, body))
        }
        Err(AppError::Refused(Error::NotFound)) => gone_page::find(viewer, project, &name).await,
        Err(error) => Err(error),
    }
}

/// The values that say which service a call is about.
pub(crate) fn pairs(service: &ServiceView) -> [(&'static str, &str); 2] {
    [("project", &service.project.name), ("service", &service.row.name)]
}

fn in_frame(viewer: Viewer, service: &ServiceView, tab: Tab, calls: ApiCalls, body: AnyView) -> AnyView {
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    let title = format!("{name} · {}", tab.label());
    let frame = Frame::in_project(service.project.clone(), Section::Services, title)
        .step(name.clone(), links::service(&project, &name, ""))
        .calls(calls);
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
        {tabs(service, tab)}
    };
    frame.view(viewer, view! { {head} {body} })
}

fn tabs(service: &ServiceView, current: Tab) -> AnyView {
    let items = Tab::open(&service.project.powers)
        .map(|(tab, label, path)| {
            let path = links::service(&service.project.name, &service.row.name, path);
            view! { <li><a href=path aria-current=(tab == current).then_some("page")>{label}</a></li> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label="Service"><ul>{items}</ul></nav> }.into_any()
}
