//! `/projects`: the projects of one organization, and the form that makes one.

use domain::{
    errors::Error,
    ids::OrganizationId,
    views::{Page, ProjectRow},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::api::list_projects;
use crate::{
    components::{
        api_call::ApiCalls,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        switcher,
        table::{Column, Row},
        time::time,
    },
    links,
};

/// The projects of an organization.
#[component]
pub(crate) fn ProjectsPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    page(async move {
        let asked: Option<OrganizationId> =
            query.get("organization").map(|id| id.parse()).transpose().map_err(|_| Error::NotFound)?;
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let Some((id, name)) =
            switcher::current(&viewer.profile, asked).map(|found| (found.id, found.name.clone()))
        else {
            return Ok(nowhere(viewer));
        };
        if asked.is_some_and(|asked| asked != id) {
            return Err(Error::NotFound.into());
        }
        let list = list_projects(id, after.clone()).await?;
        let key = id.to_string();
        let frame = Frame {
            title: "Projects".into(),
            section: Section::Projects,
            project: None,
            organization: Some(id),
            trail: Vec::new(),
            calls: ApiCalls::new()
                .get(
                    "List projects",
                    "/api/projects/list",
                    &[("organization", Some(&key)), ("after", after.as_deref())],
                )
                .post(
                    "Make a project",
                    "/api/projects/create",
                    &[("organization", &key), ("name", "my-project")],
                ),
        };
        Ok(frame.view(viewer, draw(&key, &name, list, after.as_deref())))
    })
}

const DIALOG: &str = "new-project";

fn draw(organization: &str, name: &str, page: Page<ProjectRow>, after: Option<&str>) -> AnyView {
    let new = || open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "New project" });
    let is_empty = page.rows.is_empty() && after.is_none();
    let empty = || {
        empty(
            Icon::Projects,
            "No projects yet",
            "A project holds services that belong together, with one CA for their certificates and one log of events.",
            new(),
        )
    };
    let list = List {
        caption: "Projects",
        columns: &[Column::Name("Name"), Column::Figure("Services"), Column::Text("Created")],
        after,
        address: &|after| links::projects(Some(organization), after),
    };
    let beside = view! { <span class="muted">{name.to_owned()}</span> };
    view! {
        {head("Projects".into(), beside, (!is_empty).then(new))} {list.view(page, row, empty)}
        {create_dialog(organization)}
    }
    .into_any()
}

fn row(project: ProjectRow) -> Row {
    let path = links::services(&project.name, None);
    vec![
        view! { <a class="row-link" href=path>{project.name}</a> }.into_any(),
        project.services.into_any(),
        time(project.created_at),
    ]
}

fn create_dialog(organization: &str) -> AnyView {
    let form = FormState::of("/api/projects/create");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some(
            "Letters a to z, digits and dashes. Unique in this installation; it is part of addresses.".into(),
        ),
        is_code: true,
        has_focus: true,
        max: Some(63),
        ..Field::default()
    };
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {form.error(&["name"])} {field.view(&form)}
            <div class="form-actions">
                <button class="button button-primary">"Create project"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "New project".into(), form.is_refused(), body.into_any())
}

/// For people who belong to no organization.
fn nowhere(viewer: Viewer) -> AnyView {
    let frame = Frame {
        title: "Projects".into(),
        section: Section::Projects,
        project: None,
        organization: None,
        trail: Vec::new(),
        calls: ApiCalls::new().get("Who am I", "/api/sessions/profile", &[]),
    };
    let body = view! {
        {head("Projects".into(), (), ())}
        {empty(
            Icon::Projects,
            "You belong to no organization",
            "Projects belong to organizations. Ask an organization admin to invite you.",
            (),
        )}
    };
    frame.view(viewer, body)
}
