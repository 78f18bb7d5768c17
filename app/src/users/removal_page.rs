//! `/organizations/{organization}/users/{user}/remove` and `…/deactivate`: what it would take away, and the button that
//! does it.

use domain::{
    actions::Action,
    views::{Effects, MemberView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::{preview_user_removal, view_user};
use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer, head},
        page::page,
        preview::Preview,
    },
    context::set_status,
    links,
};

/// What is about to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Remove,
    Deactivate,
}

/// Before somebody is removed.
#[component]
pub(crate) fn UserRemovalPage() -> impl IntoView {
    preview(Act::Remove)
}

/// Before somebody is deactivated.
#[component]
pub(crate) fn UserDeactivationPage() -> impl IntoView {
    preview(Act::Deactivate)
}

fn preview(act: Act) -> AnyView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = super::asked(&params)?;
        // Both acts ask for the same.
        viewer.require(organization, Action::RemoveUser)?;
        let member = view_user(organization, id).await?;
        let (key, user) = (organization.to_string(), id.to_string());
        if member.is_self {
            set_status(403);
            let frame = Frame::in_organization(organization, Section::Users, "This is you")
                .step("Users", links::users(&key, &[]))
                .step(member.row.email.clone(), links::user(&key, &user));
            return Ok(frame.view(viewer, oneself(&key, &user)));
        }
        let changes = preview_user_removal(organization, id).await?;
        let path = format!("/v1/organizations/{key}/users/{user}");
        let calls =
            ApiCalls::new().v1("See what it changes", "GET", &format!("{path}/removal-effects"), None);
        let (title, own, calls) = match act {
            Act::Remove => {
                ("Remove", links::user_removal(&key, &user), calls.v1("Remove them", "DELETE", &path, None))
            }
            Act::Deactivate => {
                let calls = calls.v1("Deactivate them", "POST", &format!("{path}/deactivate"), None);
                ("Deactivate", links::user_deactivation(&key, &user), calls)
            }
        };
        let frame =
            Frame::in_organization(organization, Section::Users, format!("{title} {}", member.row.email))
                .step("Users", links::users(&key, &[]))
                .step(member.row.email.clone(), links::user(&key, &user))
                .step(title, own)
                .calls(calls);
        Ok(frame.view(viewer, draw(act, &member, changes)))
    })
}

/// In place of the preview for who asks about themselves.
fn oneself(organization: &str, user: &str) -> AnyView {
    view! {
        {head("This is you".into(), (), ())}
        <p>"Nobody removes or deactivates themselves. To go, leave the organization."</p>
        <div class="form-actions">
            <a class="button" href=links::leaving(organization)>"Leave the organization…"</a>
            <a class="button" href=links::user(organization, user)>"Back"</a>
        </div>
    }
    .into_any()
}

fn draw(act: Act, member: &MemberView, changes: Effects) -> AnyView {
    let (name, email) = (&member.row.name, &member.row.email);
    let (organization, user) = (member.organization_id.to_string(), member.row.user_id.to_string());
    let back = links::user(&organization, &user);
    let hidden = vec![("organization", organization), ("user", user)];
    let (title, preview) = match act {
        Act::Remove => {
            let preview = Preview {
                action: "/api/users/remove",
                hidden,
                sentence: format!(
                    "{name} ({email}) is removed from the organization with everything they hold here."
                ),
                note: Some("Their account stays, and what they did stays on record."),
                verb: "Remove",
                is_danger: true,
                confirmation: Some(("E-mail", email.clone())),
                back,
            };
            ("Remove", preview)
        }
        Act::Deactivate => {
            let preview = Preview {
                action: "/api/users/deactivate",
                hidden,
                sentence: format!(
                    "{name} ({email}) is shut out of the organization at once, and their tokens with them."
                ),
                note: Some(
                    "What they hold stays in place, and counts for nothing until they are reactivated.",
                ),
                verb: "Deactivate",
                is_danger: true,
                confirmation: None,
                back,
            };
            ("Deactivate", preview)
        }
    };
    view! { {head(format!("{title} {name}"), (), ())} {preview.view(changes)} }.into_any()
}
