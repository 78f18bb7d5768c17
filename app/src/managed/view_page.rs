//! `/organizations/{organization}/managed-users/{user}`: an account that an organization manages, and what it may do with it.

use domain::{
    ids::{OrganizationId, UserId},
    views::{ManagedView, Page, TokenRow},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::list_page::state;
use crate::{
    components::{
        api_call::ApiCalls,
        confirm::Confirm,
        empty::empty,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        table::{Column, Row},
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
    quantities::count,
    users::asked,
};

/// A managed account.
#[component]
pub(crate) fn ManagedUserPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let (organization, user) = asked(&params)?;
        let ctx = control()?;
        let managed = answer(control::managed::view(&ctx, organization, user).await)?;
        let tokens = answer(control::managed::tokens(&ctx, organization, user, after.as_deref()).await)?;
        let (key, id) = (organization.to_string(), user.to_string());
        let frame = Frame::in_organization(organization, Section::Users, managed.row.name.clone())
            .step("Users", links::users(&key, &[]))
            .step("Managed users", links::managed_users(&key, &[]))
            .step(managed.row.email.clone(), links::managed_user(&key, &id, &[]))
            .calls(calls(organization, user));
        Ok(frame.view(viewer, draw(&managed, tokens, after.as_deref())))
    })
}

fn calls(organization: OrganizationId, user: UserId) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/managed-users/{user}");
    ApiCalls::new()
        .v1("View the account", "GET", &path, None)
        .v1("Deactivate it everywhere", "POST", &format!("{path}/deactivate"), None)
        .v1("Reactivate it", "POST", &format!("{path}/reactivate"), None)
        .v1("Mail a link that sets a new password", "POST", &format!("{path}/password-reset"), None)
        .v1("List its tokens", "GET", &format!("{path}/tokens"), None)
        .v1("Delete it", "DELETE", &format!("{path}?confirm=EMAIL"), None)
}

fn draw(managed: &ManagedView, tokens: Page<TokenRow>, after: Option<&str>) -> AnyView {
    let row = &managed.row;
    let organization = managed.organization_id.to_string();
    let membership = match row.is_member {
        true => {
            let path = links::user(&organization, &row.user_id.to_string());
            view! { <a href=path>"Member of this organization"</a> }.into_any()
        }
        false => "Not a member of this organization".into_any(),
    };
    let second_factor = if row.has_second_factor { "yes" } else { "none" };
    view! {
        {head(row.name.clone(), state(row), ())}
        <dl class="facts">
            <div class="facts-wide"><dt>"E-mail"</dt><dd class="break">{row.email.clone()}</dd></div>
            <div><dt>"Membership"</dt><dd>{membership}</dd></div>
            <div><dt>"In organizations"</dt><dd>{managed.organizations}</dd></div>
            <div><dt>"Second factor"</dt><dd>{second_factor}</dd></div>
            <div><dt>"Account made"</dt><dd>{time(row.created_at)}</dd></div>
            <div><dt>"Last activity"</dt><dd>{maybe_time(row.last_activity_at)}</dd></div>
        </dl>
        {acts(managed)} {tokens_section(managed, tokens, after)} {end(managed)}
    }
    .into_any()
}

/// What can be done with the account.
fn acts(managed: &ManagedView) -> AnyView {
    if let Some(obstacle) = managed.obstacle.clone() {
        return view! { <p class="muted">{obstacle}</p> }.into_any();
    }
    let switch = match (managed.row.is_active, managed.stays.clone()) {
        (false, _) => button(managed, "/api/managed/reactivate", "Reactivate account"),
        (true, None) => button(managed, "/api/managed/deactivate", "Deactivate account everywhere"),
        (true, Some(reason)) => view! { <p class="muted">{reason}</p> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="acts">
            <h2 id="acts">"The account"</h2>
            <p class="muted">
                "Deactivating shuts the account out of every organization and signs it out. What it holds stays in place."
            </p>
            <div class="form-actions">
                {switch} {button(managed, "/api/managed/ask_password_reset", "Mail a link for a new password")}
            </div>
        </section>
    }
    .into_any()
}

fn button(managed: &ManagedView, action: &'static str, label: &'static str) -> AnyView {
    let form = FormState::of(action);
    let (organization, user) = (managed.organization_id.to_string(), managed.row.user_id.to_string());
    view! {
        <form method="post" action=action>
            {hidden(&[("organization", &organization), ("user", &user)])} {form.error(&[])}
            <button class="button">{label}</button>
        </form>
    }
    .into_any()
}

fn tokens_section(managed: &ManagedView, tokens: Page<TokenRow>, after: Option<&str>) -> AnyView {
    let (organization, user) = (managed.organization_id.to_string(), managed.row.user_id.to_string());
    let nothing = || {
        empty(
            Icon::Token,
            "No tokens",
            "A token lets a program act for its owner, as long as it is good.",
            (),
        )
    };
    let list = List {
        caption: "Personal tokens",
        columns: &[
            Column::Name("Token"),
            Column::Text("For"),
            Column::Text("Made"),
            Column::Text("Last used"),
            Column::Actions,
        ],
        after,
        address: &|after| links::managed_user(&organization, &user, &[("after", after)]),
    };
    let row = |token: TokenRow| token_row(managed, &token);
    view! {
        <section class="stack" aria-labelledby="tokens">
            <h2 id="tokens">{format!("Personal tokens ({})", count(managed.tokens, "token"))}</h2>
            {FormState::of("/api/managed/revoke_token").error(&[])} {list.view(tokens, row, nothing)}
        </section>
    }
    .into_any()
}

fn token_row(managed: &ManagedView, token: &TokenRow) -> Row {
    let (organization, user) = (managed.organization_id.to_string(), managed.row.user_id.to_string());
    let (id, label) = (token.id.to_string(), format!("Revoke {}", token.prefix));
    let revoke = managed.obstacle.is_none().then(|| {
        view! {
            <form method="post" action="/api/managed/revoke_token">
                {hidden(&[("organization", &organization), ("user", &user), ("token", &id)])}
                <button class="button button-small" aria-label=label>"Revoke"</button>
            </form>
        }
    });
    vec![
        view! { <code>{token.prefix.clone()}</code> }.into_any(),
        view! { <span class="free-text">{token.description.clone()}</span> }.into_any(),
        time(token.created_at),
        maybe_time(token.last_used_at),
        revoke.into_any(),
    ]
}

/// The way to delete the account.
fn end(managed: &ManagedView) -> AnyView {
    if managed.obstacle.is_some() {
        return ().into_any();
    }
    Confirm {
        id: "delete-account",
        action: "/api/managed/delete",
        hidden: vec![
            ("organization", managed.organization_id.to_string()),
            ("user", managed.row.user_id.to_string()),
        ],
        name: managed.row.email.clone(),
        verb: "Delete account",
        goes: vec![
            format!("The account with its place in {}.", count(managed.organizations, "organization")),
            format!("What it holds there, its second factors and {}.", count(managed.tokens, "token")),
            "Invitations that they sent and that are open.".into(),
        ],
        stays: Some("Projects and services stay, and so do the events."),
        obstacle: managed.stays.clone(),
    }
    .view()
}
