//! `/projects/{project}/settings`: rename, what is said of it, whom to tell, move and delete: each for who may.

use domain::{
    actions::Action,
    lists,
    views::{ProjectSettings, ProjectView, Tag},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    api::view_project_settings,
    move_page::{key, place},
};
use crate::{
    components::{
        api_call::ApiCalls,
        confirm::Confirm,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
        select::{Group, Select},
        text_area::TextArea,
    },
    errors::AppError,
    links,
    services::api::list_services,
};

/// A project's settings.
#[component]
pub(crate) fn ProjectSettingsPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let settings = view_project_settings(params.get("project").unwrap_or_default()).await?;
        let project = settings.project.clone();
        let calls = calls(&settings);
        let frame = Frame::in_project(project.clone(), Section::Settings, "Settings")
            .step("Settings", links::project_settings(&project.name))
            .calls(calls);
        let sees_record = viewer.may(project.organization_id, Action::ViewOrganizationEvents)
            && viewer.may(project.organization_id, Action::ViewOrganizationCertificates);
        let services = services_of(&project).await?;
        Ok(frame.view(viewer, draw(settings, &services, sees_record)))
    })
}

fn calls(ProjectSettings { project, tags, contacts, .. }: &ProjectSettings) -> ApiCalls {
    use serde_json::json;

    let (path, may) = (format!("/v1/projects/{}", project.name), |action| project.powers.may(action));
    let mut calls = ApiCalls::new().v1("View the project", "GET", &path, None);
    if may(Action::RenameProject) {
        calls = calls.v1("Rename it", "PATCH", &path, Some(&json!({ "name": "new-name" })));
    }
    if may(Action::SetProjectTags) {
        let body = json!({ "tags": tags, "generation": project.generation });
        calls = calls.v1("Set its tags", "PUT", &format!("{path}/tags"), Some(&body));
    }
    if may(Action::SetProjectContacts) {
        let body = json!({ "contacts": contacts, "generation": project.generation });
        calls = calls.v1("Set its contacts", "PUT", &format!("{path}/contacts"), Some(&body));
    }
    if may(Action::DeleteProject) {
        let address = links::with_query(&path, &[("confirm", Some(&project.name))]);
        calls = calls.v1("Delete it", "DELETE", &address, None);
    }
    calls
}

/// Why a project that holds services stays.
fn obstacle(services: i64, named: &[String]) -> String {
    let them = if services == 1 { "it" } else { "them" };
    format!("It still holds {}. Delete {them} first.", lists::told(services, "service", named))
}

/// The names of the first services, for who may delete the project and see them.
async fn services_of(project: &ProjectView) -> Result<Vec<String>, AppError> {
    let sees = project.services > 0 && project.powers.may(Action::ViewService);
    if !sees || !project.powers.may(Action::DeleteProject) {
        return Ok(Vec::new());
    }
    let page = list_services(project.name.clone(), None).await?;
    Ok(page.rows.into_iter().map(|service| service.name).collect())
}

/// What is left of a project that is gone, and where those find it who see the whole organization.
const fn stays(sees_record: bool) -> &'static str {
    match sees_record {
        true => "Its events and certificates of destruction stay: see All events and All certificates.",
        false => {
            "Its events and certificates of destruction stay: a super admin of the organization can see them."
        }
    }
}

fn draw(settings: ProjectSettings, services: &[String], sees_record: bool) -> AnyView {
    let ProjectSettings { project, tags, contacts, destinations } = settings;
    let may = |action| project.powers.may(action);
    let organization = project.organization_id.to_string();
    let choices: Vec<(String, String)> =
        destinations.iter().map(|unit| (key(unit), place(unit.as_ref()))).collect();
    view! {
        {head("Settings".into(), (), ())}
        {may(Action::RenameProject).then(|| rename(&project))}
        {self::tags(&project, &tags, may(Action::SetProjectTags))}
        {self::contacts(&project, &contacts, may(Action::SetProjectContacts))}
        {(!choices.is_empty()).then(|| move_to(&project, choices))}
        {may(Action::DeleteProject).then(|| delete(&project, services, sees_record))}
        {(may(Action::DeleteProject) && sees_record).then(|| record(&organization))}
    }
    .into_any()
}

fn rename(project: &ProjectView) -> AnyView {
    let (name, id) = (&project.name, project.id.to_string());
    let form = FormState::of("/api/projects/rename");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some(
            "Renaming changes the addresses of the project’s pages. Services keep their names and run on."
                .into(),
        ),
        value: Some(name.clone()),
        is_code: true,
        max: Some(63),
        ..Field::default()
    };
    view! {
        <section class="card" aria-labelledby="rename">
            <h2 id="rename">"Rename project"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("project", name), ("id", &id)])} {form.error(&["name"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-primary">"Rename"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn tags(project: &ProjectView, tags: &[Tag], may_edit: bool) -> AnyView {
    let body = match may_edit {
        true => {
            let form = FormState::of("/api/projects/set_tags");
            let lines: Vec<String> = tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
            let field = TextArea {
                name: "tags",
                label: "Tags",
                hint: Some(
                    "key=value, one a line, like team=checkout. Those that begin with billing: are printed on invoices."
                        .into(),
                ),
                value: Some(lines.join("\n")),
                rows: 4,
                is_optional: true,
                is_code: true,
                ..TextArea::default()
            };
            view! {
                <form method="post" action=form.action class="form form-narrow">
                    {kept(project)} {form.error(&["tags"])} {field.view(&form)}
                    <div class="form-actions">
                        <button class="button button-primary">"Save tags"</button>
                    </div>
                </form>
            }
            .into_any()
        }
        false if tags.is_empty() => view! { <p class="muted">"None."</p> }.into_any(),
        false => super::list_page::tags(tags.to_vec()),
    };
    view! {
        <section class="card" aria-labelledby="tags">
            <h2 id="tags">"Tags"</h2>
            <p class="muted">"Words about the project, for people who look for it and for bills."</p>
            {body}
        </section>
    }
    .into_any()
}

/// Which project the forms are about, and as it was when they were made.
fn kept(project: &ProjectView) -> AnyView {
    hidden(&[("project", &project.name), ("generation", &project.generation.to_string())])
}

fn contacts(project: &ProjectView, contacts: &[String], may_edit: bool) -> AnyView {
    let body = match may_edit {
        true => {
            let form = FormState::of("/api/projects/set_contacts");
            let field = TextArea {
                name: "contacts",
                label: "Contacts",
                hint: Some("An e-mail address a line, at most 10.".into()),
                value: Some(contacts.join("\n")),
                rows: 3,
                is_optional: true,
                is_code: true,
                ..TextArea::default()
            };
            view! {
                <form method="post" action=form.action class="form form-narrow">
                    {kept(project)} {form.error(&["contacts"])} {field.view(&form)}
                    <div class="form-actions">
                        <button class="button button-primary">"Save contacts"</button>
                    </div>
                </form>
            }
            .into_any()
        }
        false if contacts.is_empty() => view! { <p class="muted">"None."</p> }.into_any(),
        false => {
            let lines = contacts.iter().map(|email| view! { <li class="break">{email.clone()}</li> });
            view! { <ul>{lines.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby="contacts">
            <h2 id="contacts">"Contacts"</h2>
            <p class="muted">"Whom to tell of what happens in the project."</p>
            {body}
        </section>
    }
    .into_any()
}

fn move_to(project: &ProjectView, choices: Vec<(String, String)>) -> AnyView {
    let select = Select {
        name: "unit",
        label: "Destination",
        groups: vec![Group { heading: None, choices }],
        is_optional: true,
        ..Select::default()
    };
    let action = format!("{}/move", links::project_settings(&project.name));
    view! {
        <section class="card" aria-labelledby="move">
            <h2 id="move">"Move project"</h2>
            <p class="muted break">
                {format!(
                    "It is in {} now. You see what people lose and gain by the move before it is made.",
                    place(project.unit.as_ref()),
                )}
            </p>
            <form method="get" action=action class="form form-narrow">
                {select.view(&FormState::asked(&[], None))}
                <div class="form-actions">
                    <button class="button">"See what it changes"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn delete(project: &ProjectView, services: &[String], sees_record: bool) -> AnyView {
    let name = &project.name;
    Confirm {
        id: "delete-project",
        action: "/api/projects/delete",
        hidden: vec![("project", name.clone())],
        name: name.clone(),
        verb: "Delete project",
        goes: vec![format!("The project {name} with its certificate authority.")],
        stays: Some(stays(sees_record)),
        obstacle: (project.services > 0).then(|| obstacle(project.services, services)),
    }
    .view()
}

/// Where the record of what happened is once the project is gone.
fn record(organization: &str) -> AnyView {
    view! {
        <p class="muted">
            "What happened in a project stays on record when it is deleted: "
            <a href=links::organization_events(organization, None)>"all events"</a> " and "
            <a href=links::organization_certificates(organization, None)>"all certificates of destruction"</a>
            " of the organization."
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        permissions::{Granted, Role},
        powers::Powers,
        principals::ResourceKind,
        timestamps::Timestamp,
    };
    use leptos::reactive::owner::Owner;

    use super::*;

    fn html(role: Role, sees_record: bool) -> String {
        let powers = Powers {
            is_member: true,
            granted: vec![Granted::Role(role)],
            ..Powers::none(ResourceKind::Project)
        };
        let project = ProjectView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            organization_id: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(),
            organization_name: "Acme".into(),
            name: "shop".into(),
            created_at: Timestamp::from_micros(0),
            services: 0,
            unit: None,
            generation: 0,
            powers,
        };
        let tags = vec![Tag { key: "team".into(), value: "checkout".into() }];
        let settings = ProjectSettings { project, tags, contacts: Vec::new(), destinations: Vec::new() };
        Owner::new().with(|| draw(settings, &[], sees_record).to_html())
    }

    #[test]
    fn only_those_who_see_the_record_are_sent_to_it() {
        let admin = |sees| html(Role::OrganizationAdmin, sees);
        assert!(admin(true).contains("/organizations/") && admin(true).contains("see All events"));
        assert!(!admin(false).contains("/organizations/") && !admin(false).contains("see All events"));
        assert!(admin(false).contains("a super admin"));
    }

    #[test]
    fn who_may_change_nothing_sees_what_is_set_and_no_form() {
        let html = html(Role::ReadOnly, false);
        assert!(html.contains("team=") && html.contains("checkout"), "{html}");
        assert!(!html.contains("<form") && !html.contains("<button"), "{html}");
    }

    #[test]
    fn who_may_edit_a_project_may_not_all_delete_it() {
        let html = html(Role::Operator, false);
        assert!(html.contains("/api/projects/set_tags"), "{html}");
        assert!(!html.contains("/api/projects/delete") && !html.contains("/api/projects/rename"), "{html}");
    }

    #[test]
    fn one_service_is_it_and_several_are_them() {
        let named = ["orders", "users"].map(str::to_owned);
        assert_eq!(obstacle(1, &named[..1]), "It still holds 1 service: orders. Delete it first.");
        assert_eq!(obstacle(2, &named), "It still holds 2 services: orders and users. Delete them first.");
        assert_eq!(obstacle(2, &[]), "It still holds 2 services. Delete them first.");
    }
}
