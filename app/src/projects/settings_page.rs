//! `/projects/{project}/settings`: rename and delete.

use domain::{actions::Action, views::ProjectView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::view_project;
use crate::{
    components::{
        api_call::ApiCalls,
        confirm::Confirm,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
    },
    links,
    quantities::count,
};

/// A project's settings.
#[component]
pub(crate) fn ProjectSettingsPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let name = project.name.clone();
        let calls = ApiCalls::new()
            .get("View the project", "/api/projects/view", &[("project", Some(&name))])
            .post("Rename it", "/api/projects/rename", &[("project", &name), ("name", "new-name")])
            .post("Delete it", "/api/projects/delete", &[("project", &name), ("confirmation", &name)]);
        let frame = Frame::in_project(project.clone(), Section::Settings, "Settings")
            .step("Settings", links::project_settings(&name))
            .calls(calls);
        let sees_organization = viewer.may(project.organization_id, Action::ViewOrganizationEvents)
            && viewer.may(project.organization_id, Action::ViewOrganizationCertificates);
        Ok(frame.view(viewer, draw(&project, sees_organization)))
    })
}

/// Why a project that holds services stays.
fn obstacle(services: i64) -> String {
    let them = if services == 1 { "it" } else { "them" };
    format!("It still holds {}. Delete {them} first.", count(services, "service"))
}

/// What is left of a project that is gone, and where those find it who see the whole organization.
const fn stays(sees_organization: bool) -> &'static str {
    match sees_organization {
        true => "Its events and certificates of destruction stay: see All events and All certificates.",
        false => {
            "Its events and certificates of destruction stay: a super admin of the organization can see them."
        }
    }
}

fn draw(project: &ProjectView, sees_organization: bool) -> AnyView {
    let (name, organization) = (project.name.clone(), project.organization_id.to_string());
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
    let confirm = Confirm {
        id: "delete-project",
        action: "/api/projects/delete",
        hidden: vec![("project", name.clone())],
        name: name.clone(),
        verb: "Delete project",
        goes: vec![format!("The project {name} with its certificate authority.")],
        stays: Some(stays(sees_organization)),
        obstacle: (project.services > 0).then(|| obstacle(project.services)),
    };
    view! {
        {head("Settings".into(), (), ())}
        <section class="card" aria-labelledby="rename">
            <h2 id="rename">"Rename project"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("project", &name)])} {form.error(&["name"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-primary">"Rename"</button>
                </div>
            </form>
        </section>
        {confirm.view()}
        {sees_organization.then(|| record(&organization))}
    }
    .into_any()
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
    use domain::timestamps::Timestamp;
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn only_those_who_see_the_organization_are_sent_to_its_lists() {
        let owner = Owner::new();
        let project = ProjectView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            organization_id: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(),
            organization_name: "Acme".into(),
            name: "shop".into(),
            created_at: Timestamp::from_micros(0),
            services: 0,
            unit: None,
            generation: 0,
            powers: domain::powers::Powers::none(domain::principals::ResourceKind::Project),
        };
        let html = |sees| owner.with(|| draw(&project, sees).to_html());
        assert!(html(true).contains("/organizations/") && html(true).contains("see All events"));
        assert!(!html(false).contains("/organizations/") && !html(false).contains("see All events"));
        assert!(html(false).contains("a super admin"));
    }

    #[test]
    fn one_service_is_it_and_several_are_them() {
        assert_eq!(obstacle(1), "It still holds 1 service. Delete it first.");
        assert_eq!(obstacle(2), "It still holds 2 services. Delete them first.");
    }
}
