//! `/projects/{project}/services/{service}/settings`: delete, with the name typed.

use domain::views::ServiceView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    api::view_service,
    tabs::{Tab, service_page},
};
use crate::{
    components::{api_call::ApiCalls, confirm::Confirm, frame::Viewer, page::page},
    quantities::count,
};

/// A service's settings.
#[component]
pub(crate) fn ServiceSettingsPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (project, name) =
            (params.get("project").unwrap_or_default(), params.get("service").unwrap_or_default());
        let service = view_service(project.clone(), name.clone()).await?;
        let calls = ApiCalls::new().post(
            "Delete the service",
            "/api/services/delete",
            &[("project", &project), ("service", &name), ("confirmation", &name)],
        );
        let body = confirm(&service).view();
        Ok(service_page(viewer, &service, Tab::Settings, calls, body))
    })
}

fn confirm(service: &ServiceView) -> Confirm {
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    let nodes = i64::try_from(service.nodes.len()).unwrap_or(i64::MAX);
    let volumes: usize = service.nodes.iter().map(|node| node.volumes.len()).sum();
    let volumes = i64::try_from(volumes).unwrap_or(i64::MAX);
    Confirm {
        id: "delete-service",
        action: "/api/services/delete",
        hidden: vec![("project", project), ("service", name.clone())],
        goes: vec![
            format!("{name} with {} and {}.", count(nodes, "node"), count(volumes, "volume")),
            "All of its data: the keys of its volumes are destroyed, and nobody can open them again.".into(),
            "You get a signed certificate of destruction.".into(),
        ],
        name,
        verb: "Delete service",
        obstacle: service.row.is_deleting.then(|| "It is being deleted.".into()),
    }
}
