//! `/organizations/{organization}/units/{unit}`: what is in the unit, its name, and its end.

use domain::{
    actions::Action,
    errors::Error,
    ids::UnitId,
    lists,
    views::{Page, ProjectRow, UnitView},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::view_unit;
use crate::{
    components::{
        api_call::ApiCalls,
        confirm::Confirm,
        copy::CopyButton,
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        time::time,
    },
    links, organizations,
    projects::{self, Place, api::list_projects, create_dialog, new_button},
};

/// A unit.
#[component]
pub(crate) fn UnitPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let organization = organizations::asked(&params)?;
        let id: UnitId = params.get("unit").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let unit = view_unit(organization, id).await?;
        let after = query.get("after");
        let within = list_projects(organization, id.to_string(), String::new(), after.clone()).await?;
        let key = organization.to_string();
        let name = viewer.organization(organization).map(|known| known.name.clone()).unwrap_or_default();
        let sees_grants = viewer.may(organization, Action::ViewPermissions);
        let frame = Frame::in_organization(organization, Section::Organization, unit.row.name.clone())
            .step(name, links::organization(&key))
            .step(unit.row.name.clone(), links::unit(&key, &id.to_string()))
            .calls(calls(&unit));
        Ok(frame.view(viewer, draw(&unit, within, after.as_deref(), sees_grants)))
    })
}

fn calls(unit: &UnitView) -> ApiCalls {
    let UnitView { row, organization_id, powers } = unit;
    let path = format!("/v1/organizations/{organization_id}/units/{}", row.id);
    let mut calls = ApiCalls::new().v1("View the unit", "GET", &path, None);
    let projects = format!("/v1/organizations/{organization_id}/projects");
    let within = links::with_query(&projects, &[("unit", Some(&row.id.to_string()))]);
    calls = calls.v1("List its projects", "GET", &within, None);
    if powers.may(Action::CreateProject) {
        let body = serde_json::json!({ "name": "my-project", "unit": row.id });
        calls = calls.v1("Create a project in it", "POST", &projects, Some(&body));
    }
    if powers.may(Action::RenameUnit) {
        let body = serde_json::json!({ "name": "New name", "generation": row.generation });
        calls = calls.v1("Rename it", "PATCH", &path, Some(&body));
    }
    if powers.may(Action::DeleteUnit) {
        let address = links::with_query(&path, &[("confirm", Some(&row.name))]);
        calls = calls.v1("Delete it", "DELETE", &address, None);
    }
    calls
}

fn draw(unit: &UnitView, within: Page<ProjectRow>, after: Option<&str>, sees_grants: bool) -> AnyView {
    let (organization, id) = (unit.organization_id.to_string(), unit.row.id.to_string());
    let may_create = unit.powers.may(Action::CreateProject);
    let new = move || may_create.then(new_button);
    let is_empty = within.rows.is_empty() && after.is_none();
    let address =
        |after: Option<&str>| links::with_query(&links::unit(&organization, &id), &[("after", after)]);
    let named: Vec<String> = match after {
        None => within.rows.iter().map(|project| project.name.clone()).collect(),
        Some(_) => Vec::new(),
    };
    let list = List { caption: "Projects", columns: &projects::IN_UNIT, after, address: &address };
    let none = || {
        empty(
            Icon::Projects,
            "No projects in this unit",
            "Projects are created here, or moved here from their settings.",
            new(),
        )
    };
    let resource = format!("unit:{id}");
    let permissions = sees_grants.then(|| {
        let path = links::permissions(&organization, &[("resource", Some(&resource))]);
        view! { <a class="button" href=path>{icon(Icon::Permission)} "Permissions on it"</a> }
    });
    // Who administers the unit alone sees no list of what is held on it, but may give.
    let grant = (!sees_grants && unit.powers.may(Action::Grant)).then(|| {
        let path = links::new_grant(&organization, &[("resource", Some(&resource))]);
        view! { <a class="button" href=path>{icon(Icon::Permission)} "Grant a role"</a> }
    });
    let actions = view! { {permissions} {grant} {(!is_empty).then(new)} };
    view! {
        {head(unit.row.name.clone(), view! { <span class="muted">"Unit"</span> }, actions)}
        <section class="stack" aria-labelledby="projects">
            <h2 id="projects">"Projects"</h2>
            {list.view(within, projects::row_in_unit, none)}
        </section>
        {facts(unit)}
        {unit.powers.may(Action::RenameUnit).then(|| rename(unit))}
        {unit.powers.may(Action::DeleteUnit).then(|| delete(unit, &named))}
        {may_create.then(|| create_dialog(&organization, Place::Unit(id.clone())))}
    }
    .into_any()
}

fn facts(unit: &UnitView) -> AnyView {
    let id = unit.row.id.to_string();
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"About it"</h2>
            <dl class="facts facts-copied">
                <div>
                    <dt>"Id"</dt>
                    <dd class="copyable"><code class="break">{id.clone()}</code> <CopyButton text=id what="id".to_owned() /></dd>
                </div>
                <div><dt>"Created"</dt><dd>{time(unit.row.created_at)}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

fn rename(unit: &UnitView) -> AnyView {
    let form = FormState::of("/api/units/rename");
    let field = Field {
        name: "name",
        label: "Name",
        value: Some(unit.row.name.clone()),
        max: Some(83),
        ..Field::default()
    };
    let (organization, id) = (unit.organization_id.to_string(), unit.row.id.to_string());
    let generation = unit.row.generation.to_string();
    view! {
        <section class="card" aria-labelledby="rename">
            <h2 id="rename">"Rename unit"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("organization", &organization), ("unit", &id), ("generation", &generation)])}
                {form.error(&["name"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-primary">"Rename"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// Why a unit that holds projects stays.
fn obstacle(projects: i64, named: &[String]) -> String {
    let them = if projects == 1 { "it" } else { "them" };
    format!("It still holds {}. Move or delete {them} first.", lists::told(projects, "project", named))
}

fn delete(unit: &UnitView, named: &[String]) -> AnyView {
    let name = unit.row.name.clone();
    Confirm {
        id: "delete-unit",
        action: "/api/units/delete",
        hidden: vec![("organization", unit.organization_id.to_string()), ("unit", unit.row.id.to_string())],
        goes: vec![format!("The unit {name} with every permission that is held on it.")],
        name,
        verb: "Delete unit",
        stays: Some("What happened in it stays in the organization’s events."),
        obstacle: (unit.row.projects > 0).then(|| obstacle(unit.row.projects, named)),
    }
    .view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_way_is_named() {
        let named = ["api", "shop", "web", "zoo"].map(str::to_owned);
        assert_eq!(obstacle(1, &named[..1]), "It still holds 1 project: api. Move or delete it first.");
        let told = "It still holds 9 projects: api, shop, web and 6 more. Move or delete them first.";
        assert_eq!(obstacle(9, &named), told);
    }
}
