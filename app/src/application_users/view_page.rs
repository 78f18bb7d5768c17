//! `/organizations/{organization}/application-users/{user}`: what a program is for, what it holds, and its tokens.

use domain::{actions::Action, views::ApplicationUserView};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::json;

use super::list_page::texts;
use crate::{
    components::{
        api_call::ApiCalls,
        copy::CopyButton,
        dialog::{dialog, open_button},
        filter::found,
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page,
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
    permissions::people::People,
    tokens::{Asked, Owner, new_button, section},
};

const DIALOG: &str = "edit-application-user";

/// An application user.
#[component]
pub(crate) fn ApplicationUserPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let asked =
            Asked { unused_days: query.get("unused_days").unwrap_or_default(), after: query.get("after") };
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        let (organization, user) = (view.organization_id, view.row.user_id);
        let ctx = control()?;
        let list = control::application_users::tokens(
            &ctx,
            organization,
            user,
            &asked.unused_days,
            asked.after.as_deref(),
        );
        let (list, refused) = found(answer(list.await))?;
        let form = FormState::asked(&[("unused_days", &asked.unused_days)], refused);
        let (owner, people) = (super::owner(&viewer, &view), People::of(&viewer, organization));
        let new = (list.total > 0 || form.is_filled()).then(|| new_button(&owner)).flatten();
        let frame = super::frame(&view, view.row.name.clone()).calls(calls(&view, &owner, &people));
        let body = view! {
            {top(&view, &people)}
            <section class="stack" aria-labelledby="tokens">
                <header class="card-head">
                    <h2 id="tokens">"Tokens"</h2>
                    {new}
                </header>
                {protection(&view, &people)} {section(&owner, list, &asked, form)}
            </section>
            {end(&view, &people)}
        };
        Ok(frame.view(viewer, body))
    })
}

fn calls(view: &ApplicationUserView, owner: &Owner, people: &People) -> ApiCalls {
    let path = format!("/v1/organizations/{}/application-users/{}", view.organization_id, view.row.user_id);
    let mut calls =
        ApiCalls::new().v1("View it", "GET", &path, None).v1("List its tokens", "GET", &owner.api(), None);
    if may_edit(view, people) {
        let name = json!({
            "name": view.row.name, "description": view.row.description, "generation": view.generation,
        });
        calls = calls.v1("Change it", "PATCH", &path, Some(&name));
    }
    if owner.rights.make {
        let month = json!({ "description": "Deploys", "max_age_seconds": 30 * 86_400 });
        calls = calls.v1("Create a token", "POST", &owner.api(), Some(&month));
    }
    if owner.rights.revoke {
        let unused = json!({ "unused_days": 90 });
        calls = calls.v1("Revoke unused tokens", "POST", &format!("{}/revoke", owner.api()), Some(&unused));
    }
    calls
}

fn may_edit(view: &ApplicationUserView, people: &People) -> bool {
    view.protection.is_none() && people.may(Action::EditApplicationUser)
}

fn top(view: &ApplicationUserView, people: &People) -> AnyView {
    let edit = may_edit(view, people).then(|| open_button(DIALOG, "button", "Edit…"));
    let id = view.row.user_id.to_string();
    let description = (!view.row.description.is_empty())
        .then(|| view! { <p class="description">{view.row.description.clone()}</p> });
    let groups = view.groups.iter().map(|group| match people.group(group.id) {
        Some(path) => view! { <li><a class="break" href=path>{group.name.clone()}</a></li> }.into_any(),
        None => view! { <li><span class="break">{group.name.clone()}</span></li> }.into_any(),
    });
    let groups = match view.groups.is_empty() {
        true => view! { <span class="muted">"none"</span> }.into_any(),
        false => view! { <ul>{groups.collect_view()}</ul> }.into_any(),
    };
    view! {
        {head(view.row.name.clone(), (), view! { {holds(view, people)} {edit} })}
        {description}
        <dl class="facts">
            <div><dt>"Groups"</dt><dd>{groups}</dd></div>
            <div><dt>"Last used"</dt><dd>{maybe_time(view.row.last_used_at)}</dd></div>
            <div><dt>"Created"</dt><dd>{time(view.row.created_at)}</dd></div>
            <div class="facts-wide">
                <dt>"Id"</dt>
                <dd class="copyable"><code class="break">{id.clone()}</code> <CopyButton text=id what="id".to_owned() /></dd>
            </div>
        </dl>
        {may_edit(view, people).then(|| edit_dialog(view))}
    }
    .into_any()
}

/// The way to what it holds, for who sees permissions.
fn holds(view: &ApplicationUserView, people: &People) -> Option<AnyView> {
    let organization = view.organization_id.to_string();
    let principal = format!("user:{}", view.row.user_id);
    let query = [("principal", Some(principal.as_str()))];
    people.may(Action::ViewPermissions).then(|| {
        view! {
            <a class="button" href=links::permissions(&organization, &query)>"What it holds"</a>
            <a class="button" href=links::explain(&organization, &query)>"What that opens"</a>
        }
        .into_any()
    })
}

fn edit_dialog(view: &ApplicationUserView) -> AnyView {
    let form = FormState::of("/api/application_users/edit");
    let (organization, user) = (view.organization_id.to_string(), view.row.user_id.to_string());
    let generation = view.generation.to_string();
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", &organization), ("user", &user), ("generation", &generation)])}
            {texts(&form, Some(&view.row))} <div class="form-actions">
                <button class="button button-primary">"Save"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(DIALOG, "Edit application user".into(), is_refused, body.into_any())
}

/// Why somebody who manages application users cannot change this one.
fn protection(view: &ApplicationUserView, people: &People) -> Option<AnyView> {
    let reason = view.protection.clone().filter(|_| people.may(Action::CreateApplicationToken))?;
    let text = format!("You can neither change it nor create tokens for it. {reason}");
    Some(view! { <p class="muted">{text}</p> }.into_any())
}

/// The way to delete it, for who may.
fn end(view: &ApplicationUserView, people: &People) -> Option<AnyView> {
    if view.protection.is_some() || !people.may(Action::DeleteApplicationUser) {
        return None;
    }
    let (organization, user) = (view.organization_id.to_string(), view.row.user_id.to_string());
    let path = links::application_user_deletion(&organization, &user);
    let section = view! {
        <section class="card danger" aria-labelledby="delete">
            <div>
                <h2 id="delete">"Delete application user"</h2>
                <p>"Its tokens are refused at once, and what it holds is gone. The next page shows what that is."</p>
            </div>
            <a class="button button-danger" href=path>"Delete application user…"</a>
        </section>
    };
    Some(section.into_any())
}
