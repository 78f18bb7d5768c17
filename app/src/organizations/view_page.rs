//! `/organizations/{organization}`: its name and id, its units, and its end.

use domain::{
    actions::Action,
    lists,
    views::{OrganizationView, Page, ProjectRow, UnitRow},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::view_organization;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        confirm::Confirm,
        copy::CopyButton,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
    },
    links,
    projects::api::list_projects,
    quantities::count,
    units::{self, api::list_units},
};

/// An organization.
#[component]
pub(crate) fn OrganizationPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let id = super::asked(&params)?;
        let organization = view_organization(id).await?;
        let units = list_units(id).await?;
        let projects = list_projects(id, String::new(), String::new(), None).await?;
        let frame = Frame::in_organization(id, Section::Organization, organization.name.clone());
        let frame = frame.calls(calls(&organization));
        Ok(frame.view(viewer, draw(&organization, units, &projects)))
    })
}

fn calls(OrganizationView { id, name, powers, generation, .. }: &OrganizationView) -> ApiCalls {
    use serde_json::json;

    let path = format!("/v1/organizations/{id}");
    let units = format!("{path}/units");
    let mut calls = ApiCalls::new().v1("View the organization", "GET", &path, None).v1(
        "List its units",
        "GET",
        &units,
        None,
    );
    if powers.may(Action::CreateUnit) {
        calls = calls.v1("Create a unit", "POST", &units, Some(&json!({ "name": "Shops" })));
    }
    if powers.may(Action::RenameOrganization) {
        let body = json!({ "name": "New name", "generation": generation });
        calls = calls.v1("Rename it", "PATCH", &path, Some(&body));
    }
    if powers.may(Action::DeleteOrganization) {
        calls = calls.v1("Delete it", "DELETE", &links::with_query(&path, &[("confirm", Some(name))]), None);
    }
    calls
}

fn draw(organization: &OrganizationView, units: Vec<UnitRow>, projects: &Page<ProjectRow>) -> AnyView {
    let obstacle = obstacle(projects, &units);
    let projects = projects.total;
    let (id, powers) = (organization.id.to_string(), &organization.powers);
    let standing = super::standing(organization);
    let article = if standing.starts_with('o') { "an" } else { "a" };
    let beside = badge(Tone::Plain, format!("you are {article} {standing}"));
    let path = links::explain(&id, &[]);
    let explain = view! { <a class="button" href=path>{icon(Icon::Permission)} "What you can do"</a> };
    view! {
        {head(organization.name.clone(), beside, explain)}
        {facts(&id, projects)}
        {units::section(&id, units, powers.may(Action::CreateUnit))}
        {powers.may(Action::RenameOrganization).then(|| rename(organization))}
        {powers.may(Action::DeleteOrganization).then(|| delete(organization, obstacle))}
    }
    .into_any()
}

fn facts(id: &str, projects: i64) -> AnyView {
    let path = links::projects(Some(id), None);
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"About it"</h2>
            <dl class="facts facts-copied">
                <div>
                    <dt>"Id"</dt>
                    <dd class="copyable">
                        <code class="break">{id.to_owned()}</code>
                        <CopyButton text=id.to_owned() what="id".to_owned() />
                    </dd>
                </div>
                <div><dt>"Projects that you see"</dt><dd><a href=path>{count(projects, "project")}</a></dd></div>
            </dl>
        </section>
    }
    .into_any()
}

fn rename(organization: &OrganizationView) -> AnyView {
    let form = FormState::of("/api/organizations/rename");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some("What people read. Nothing depends on it: programs use the id.".into()),
        value: Some(organization.name.clone()),
        max: Some(83),
        ..Field::default()
    };
    let (id, generation) = (organization.id.to_string(), organization.generation.to_string());
    view! {
        <section class="card" aria-labelledby="rename">
            <h2 id="rename">"Rename organization"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("organization", &id), ("generation", &generation)])} {form.error(&["name"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-primary">"Rename"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// Why an organization that holds something stays.
fn obstacle(projects: &Page<ProjectRow>, units: &[UnitRow]) -> Option<String> {
    let named: [Vec<&str>; 2] = [
        projects.rows.iter().map(|project| project.name.as_str()).collect(),
        units.iter().map(|unit| unit.name.as_str()).collect(),
    ];
    let units = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let held = [(projects.total, "project"), (units, "unit")].into_iter().zip(named);
    let held: Vec<String> = held
        .filter(|((number, _), _)| *number > 0)
        .map(|((number, noun), names)| lists::told(number, noun, &names))
        .collect();
    let them = if projects.total + units == 1 { "it" } else { "them" };
    (!held.is_empty()).then(|| format!("It still holds {}. Delete {them} first.", held.join(", and ")))
}

fn delete(organization: &OrganizationView, obstacle: Option<String>) -> AnyView {
    let name = organization.name.clone();
    Confirm {
        id: "delete-organization",
        action: "/api/organizations/delete",
        hidden: vec![("organization", organization.id.to_string())],
        goes: vec![
            format!(
                "The organization {name} with its groups, application users, tokens and open invitations."
            ),
            "Everybody’s membership of it; their accounts stay.".into(),
        ],
        name,
        verb: "Delete organization",
        stays: Some("What happened in it stays on record: the operator of this installation can read it."),
        obstacle,
    }
    .view()
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;

    use super::*;

    #[test]
    fn what_is_in_the_way_is_named() {
        let (id, created_at) = ("01890a5d-ac96-774b-bcce-b302099a8057", Timestamp::from_micros(0));
        let project = |name: &str| ProjectRow {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            unit: None,
            created_at,
            services: 0,
            tags: Vec::new(),
        };
        let unit = |name: &str| UnitRow {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            projects: 0,
            created_at,
            generation: 0,
        };
        let told = |projects: &[&str], units: &[&str]| {
            let rows: Vec<_> = projects.iter().map(|name| project(name)).collect();
            let total = i64::try_from(rows.len()).unwrap();
            let units: Vec<_> = units.iter().map(|name| unit(name)).collect();
            obstacle(&Page { rows, next: None, total }, &units).unwrap_or_default()
        };
        assert_eq!(told(&[], &[]), "");
        assert_eq!(told(&["shop"], &[]), "It still holds 1 project: shop. Delete it first.");
        assert_eq!(
            told(&["api", "shop", "web", "zoo"], &["Lab"]),
            "It still holds 4 projects: api, shop, web and one more, and 1 unit: Lab. Delete them first."
        );
    }
}
