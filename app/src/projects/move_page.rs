//! `/projects/{project}/settings/move`: what moving the project there would take and give, and the button that does it.

use domain::{
    errors::Error,
    views::{Effects, NamedUnit, ProjectView},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::{preview_project_move, view_project_settings};
use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer, head},
        page::page,
        preview::Preview,
    },
    links,
};

/// The preview of a move.
#[component]
pub(crate) fn MoveProjectPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let settings = view_project_settings(params.get("project").unwrap_or_default()).await?;
        let unit = query.get("unit").unwrap_or_default();
        let name = settings.project.name.clone();
        let changes = preview_project_move(name.clone(), unit.clone()).await?;
        let is_meant = |destination: &Option<NamedUnit>| key(destination) == unit;
        let Some(destination) = settings.destinations.into_iter().find(is_meant) else {
            return Err(Error::conflict("The project is there already.").into());
        };
        let body = serde_json::json!({
            "unit": destination.as_ref().map(|unit| unit.id.to_string()),
            "from": settings.project.unit.as_ref().map(|unit| unit.id.to_string()),
        });
        let calls = ApiCalls::new().v1("Move it", "POST", &format!("/v1/projects/{name}/move"), Some(&body));
        let frame = Frame::in_project(settings.project.clone(), Section::Settings, "Move project")
            .step("Settings", links::project_settings(&name))
            .step("Move", format!("{}/move", links::project_settings(&name)))
            .calls(calls);
        Ok(frame.view(viewer, draw(&settings.project, destination.as_ref(), changes)))
    })
}

/// A destination as the form sends it.
pub(super) fn key(destination: &Option<NamedUnit>) -> String {
    destination.as_ref().map(|unit| unit.id.to_string()).unwrap_or_default()
}

/// A destination as people know it.
pub(super) fn place(unit: Option<&NamedUnit>) -> String {
    unit.map_or_else(|| "the organization itself".to_owned(), |unit| format!("the unit {}", unit.name))
}

fn draw(project: &ProjectView, destination: Option<&NamedUnit>, changes: Effects) -> AnyView {
    let unit = destination.map(|unit| unit.id.to_string()).unwrap_or_default();
    let seen = format!("at:{}", key(&project.unit));
    let (from, to) = (place(project.unit.as_ref()), place(destination));
    let preview = Preview {
        action: "/api/projects/move",
        hidden: vec![("project", project.name.clone()), ("unit", unit), ("seen", seen)],
        sentence: format!("The project {} moves from {from} to {to}.", project.name),
        note: Some(
            "Its services do not notice. What people hold on the one place does not count in it any more, what they hold on \
             the other does.",
        ),
        verb: "Move project",
        is_danger: false,
        confirmation: None,
        back: links::project_settings(&project.name),
    };
    view! { {head(format!("Move {}", project.name), (), ())} {preview.view(changes)} }.into_any()
}
