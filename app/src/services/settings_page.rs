//! `/projects/{project}/services/{service}/settings`: delete, with the name typed.

use domain::views::ServiceView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::tabs::{Tab, pairs, service_page};
use crate::{
    components::{confirm::Confirm, page::page},
    quantities::count,
};

/// A service's settings.
#[component]
pub(crate) fn ServiceSettingsPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        service_page(&params, Tab::Settings, |service, calls| {
            let [project, name] = pairs(service);
            let of = [project, name, ("confirmation", name.1)];
            (calls.post("Delete the service", "/api/services/delete", &of), confirm(service).view())
        })
        .await
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
        stays: None,
        obstacle: service.row.is_deleting.then(|| "It is being deleted.".into()),
    }
}
