//! `/organizations/{organization}/application-users/{user}/delete`: what goes with an application user, and the form that
//! deletes it.

use domain::actions::Action;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Viewer, head},
        page::page,
        preview::Preview,
    },
    context::{answer, control},
    links,
    quantities::count,
};

/// What deleting an application user would do.
#[component]
pub(crate) fn DeleteApplicationUserPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        let (organization, user, name) = (view.organization_id, view.row.user_id, view.row.name.clone());
        viewer.require(organization, Action::DeleteApplicationUser)?;
        let ctx = control()?;
        let would = control::application_users::preview_delete(&ctx, organization, user);
        let would = answer(would.await)?;
        let (owner, key) = (organization.to_string(), user.to_string());
        let path = format!("/v1/organizations/{owner}/application-users/{key}");
        let calls = ApiCalls::new()
            .v1("See what it would take away", "GET", &format!("{path}/deletion-effects"), None)
            .v1("Delete it", "DELETE", &format!("{path}?confirm={}", links::encode(&name)), None);
        let frame = super::frame(&view, "Delete application user")
            .step("Delete", links::application_user_deletion(&owner, &key))
            .calls(calls);
        let preview = Preview {
            action: "/api/application_users/delete",
            sentence: sentence(&name, view.row.tokens),
            note: Some("What it did stays on record. This cannot be undone."),
            verb: "Delete application user",
            is_danger: true,
            confirmation: Some(("Name of the application user", name.clone())),
            back: links::application_user(&owner, &key, &[]),
            hidden: vec![("organization", owner), ("user", key)],
        };
        let title = head(format!("Delete {name}?"), (), ());
        Ok(frame.view(viewer, view! { {title} {preview.view(would)} }))
    })
}

fn sentence(name: &str, tokens: i64) -> String {
    match tokens {
        0 => format!(
            "The application user {name} will be deleted, with everything that it holds. It has no tokens."
        ),
        _ => format!(
            "The application user {name} will be deleted, with everything that it holds. {} will be refused at once.",
            count(tokens, "token"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_becomes_of_the_tokens() {
        assert!(sentence("ci", 0).ends_with("It has no tokens."));
        assert!(sentence("ci", 1).contains("1 token will be refused"));
        assert!(sentence("ci", 2).contains("2 tokens will be refused"));
    }
}
