//! `/profile/organizations/{organization}/leave`: what goes when one leaves an organization, and the form for it.

use domain::{errors::Error, views::OrganizationView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        api_call::ApiCalls,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
    },
    context::{answer, control},
    errors::AppError,
    links,
    organizations::asked,
};

/// Leaves an organization.
#[component]
pub(crate) fn LeavePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let organization = viewer.organization(id).cloned().ok_or(Error::NotFound)?;
        if let Some(rule) = organization.refused_by {
            return Err(Error::TurnedAway { rule, organization: organization.name }.into());
        }
        let indispensable = indispensable(&viewer, &organization).await?;
        let frame = Frame::of_person(Section::Organizations, "Leave organization")
            .step("Organizations", links::own_organizations())
            .step(organization.name.clone(), links::leaving(&id.to_string()))
            .calls(calls(&organization));
        Ok(frame.view(viewer, draw(&organization, indispensable)))
    })
}

fn calls(organization: &OrganizationView) -> ApiCalls {
    let id = organization.id.to_string();
    let values = [("organization", id.as_str()), ("confirmation", organization.name.as_str())];
    ApiCalls::new().post("Leave the organization", "/api/profile/leave", &values)
}

/// Why the organization cannot do without the viewer, if so; only a super admin can be the last of anything.
async fn indispensable(viewer: &Viewer, organization: &OrganizationView) -> Result<Option<String>, AppError> {
    if !organization.is_super_admin {
        return Ok(None);
    }
    let oneself = control::users::view(&control()?, organization.id, viewer.profile.user_id).await;
    Ok(answer(oneself)?.indispensable)
}

fn draw(organization: &OrganizationView, indispensable: Option<String>) -> AnyView {
    let (id, name) = (organization.id.to_string(), organization.name.clone());
    let body = if let Some(reason) = indispensable {
        let step = links::users(&id, &[]);
        view! {
            <p>"You cannot leave now. " {reason}</p>
            <div class="form-actions">
                <a class="button button-primary" href=step>"See its users"</a>
                <a class="button" href=links::own_organizations()>"Back"</a>
            </div>
        }
        .into_any()
    } else {
        form(&id, &name)
    };
    view! { {head(format!("Leave {name}?"), (), ())} {body} }.into_any()
}

fn form(id: &str, name: &str) -> AnyView {
    let form = FormState::of("/api/profile/leave");
    let field = Field {
        name: "confirmation",
        label: "Name of the organization",
        hint: Some(format!("Type {name} to confirm.")),
        is_code: true,
        ..Field::default()
    };
    view! {
        <p>"This cannot be undone: only an invitation leads back. What goes:"</p>
        <ul class="goes leaving">
            <li>"Everything that you hold in it, by yourself and through its groups."</li>
            <li>"What your tokens and sessions open there. They stay good for your other organizations."</li>
        </ul>
        <p class="muted">"What you did stays on record, and what you made stays where it is."</p>
        <form method="post" action=form.action class="form form-narrow">
            {hidden(&[("organization", id)])} {form.error(&["confirmation"])} {field.view(&form)}
            <div class="form-actions">
                <button class="button button-danger">"Leave organization"</button>
                <a class="button" href=links::own_organizations()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{powers::Powers, principals::ResourceKind};
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn who_is_indispensable_is_told_why() {
        let organization = OrganizationView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            name: "Acme".into(),
            is_super_admin: true,
            generation: 0,
            powers: Powers::none(ResourceKind::Organization),
            refused_by: None,
        };
        let html = |reason: Option<&str>| {
            Owner::new().with(|| draw(&organization, reason.map(str::to_owned)).to_html())
        };
        let told = html(Some("You are the last."));
        assert!(!told.contains("<form") && told.contains("You are the last."));
        assert!(html(None).contains("action=\"/api/profile/leave\"") && html(None).contains("Type Acme"));
    }
}
