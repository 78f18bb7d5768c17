//! `/organizations/{organization}/users/{user}`: one person, and what can be done about them by who looks.

use domain::{
    actions::Action,
    powers::Powers,
    views::{FactorResetView, MemberRow, MemberView, NamedGroup, ProfileTexts},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{api::view_user, second_factor, standing, way_in::way_in};
use crate::{
    components::{
        api_call::ApiCalls,
        breaks::breakable,
        copy::CopyButton,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        time::{maybe_time, time},
    },
    context::{answer, control},
    factor_resets::waiting,
    links,
};

/// A person of an organization.
#[component]
pub(crate) fn UserPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = super::asked(&params)?;
        let member = view_user(organization, id).await?;
        let reset = answer(control::factor_resets::open_for(&control()?, organization, id).await)?;
        let powers = viewer.organization(organization).map(|known| known.powers.clone());
        let powers = powers.ok_or(domain::errors::Error::NotFound)?;
        let key = organization.to_string();
        let frame = Frame::in_organization(organization, Section::Users, member.row.name.clone())
            .step("Users", links::users(&key, &[]))
            .step(member.row.email.clone(), links::user(&key, &id.to_string()))
            .calls(calls(&member, &powers));
        let are_mails_sent = control::mails::are_sent(&control()?);
        Ok(frame.view(viewer, draw(&member, reset.as_ref(), &powers, are_mails_sent)))
    })
}

fn calls(member: &MemberView, powers: &Powers) -> ApiCalls {
    let path = format!("/v1/organizations/{}/users/{}", member.organization_id, member.row.user_id);
    let calls = ApiCalls::new().v1("View the user", "GET", &path, None);
    if !powers.may(Action::RemoveUser) || member.protection.is_some() || member.is_self {
        return calls;
    }
    calls
        .v1("See what removing them changes", "GET", &format!("{path}/removal-effects"), None)
        .v1("Deactivate them", "POST", &format!("{path}/deactivate"), None)
        .v1("Reactivate them", "POST", &format!("{path}/reactivate"), None)
        .v1("Remove them", "DELETE", &path, None)
        .v1("Mail them a link that sets a new password", "POST", &format!("{path}/password-reset"), None)
        .v1("See whether they are to lose their second factors", "GET", &format!("{path}/factor-reset"), None)
        .v1("Withdraw that", "DELETE", &format!("{path}/factor-reset"), None)
        .v1("Sign them out everywhere", "DELETE", &format!("{path}/sessions"), None)
}

fn draw(
    member: &MemberView,
    reset: Option<&FactorResetView>,
    powers: &Powers,
    are_mails_sent: bool,
) -> AnyView {
    let row = &member.row;
    let (organization, user) = (member.organization_id.to_string(), row.user_id.to_string());
    let principal = format!("user:{user}");
    let held = powers.may(Action::ViewPermissions).then(|| {
        let explain = links::explain(&organization, &[("principal", Some(&principal))]);
        let grants = links::permissions(&organization, &[("principal", Some(&principal))]);
        view! {
            <a class="button" href=grants>"What they were given"</a>
            <a class="button" href=explain>{icon(Icon::Permission)} "What they can do"</a>
        }
    });
    view! {
        {head(row.name.clone(), standing(row), held)}
        {waiting(reset, &organization, &user, powers.may(Action::WithdrawFactorReset))}
        {about(row, &member.profile)}
        {managed(member, powers)}
        {kept(member)}
        {groups(&organization, &member.groups)}
        {acts(member, powers, (reset.is_some(), are_mails_sent), &organization, &user)}
    }
    .into_any()
}

/// Which organization manages the account, if one does.
fn managed(member: &MemberView, powers: &Powers) -> AnyView {
    let Some(manager) = &member.managed_by else { return ().into_any() };
    let is_ours = manager.organization_id == member.organization_id;
    let account = (is_ours && powers.may(Action::ViewManagedUsers)).then(|| {
        let path =
            links::managed_user(&member.organization_id.to_string(), &member.row.user_id.to_string(), &[]);
        view! { <a class="button" href=path>"The account"</a> }
    });
    let text = format!(
        "Managed by {}, which has verified {}: it decides how they sign in, and can deactivate or delete the account.",
        manager.organization_name, manager.domain_name
    );
    view! {
        <section class="card" aria-labelledby="managed">
            <h2 id="managed">{format!("Managed by {}", manager.organization_name)}</h2>
            <p>{text}</p>
            {account}
        </section>
    }
    .into_any()
}

/// Which identity provider keeps them, if one does.
fn kept(member: &MemberView) -> Option<AnyView> {
    let name = &member.managed_by_scim.as_ref()?.identity_provider_name;
    let text = format!(
        "Their profile and whether they are active are changed at the identity provider {name}. You can shut them out here in an emergency."
    );
    Some(
        view! {
            <section class="card" aria-labelledby="kept">
                <h2 id="kept">{format!("Managed by SCIM of {name}")}</h2>
                <p>{text}</p>
            </section>
        }
        .into_any(),
    )
}

fn about(row: &MemberRow, profile: &ProfileTexts) -> AnyView {
    let id = row.user_id.to_string();
    let said = [
        ("Job title", &profile.job_title),
        ("Department", &profile.department),
        ("City", &profile.city),
        ("Country", &profile.country),
    ];
    let said = said
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| view! { <div><dt>{label}</dt><dd class="break">{text.clone()}</dd></div> })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="about">
            <h2 id="about">"About them"</h2>
            <dl class="facts facts-copied">
                <div>
                    <dt>"E-mail"</dt>
                    <dd class="copyable">
                        <span class="break">{breakable(&row.email)}</span>
                        <CopyButton text=row.email.clone() what="e-mail address".to_owned() />
                    </dd>
                </div>
                <div>
                    <dt>"Id"</dt>
                    <dd class="copyable"><code class="break">{id.clone()}</code> <CopyButton text=id what="id".to_owned() /></dd>
                </div>
                <div><dt>"Second factor"</dt><dd>{second_factor(row)}</dd></div>
                <div><dt>"Joined"</dt><dd>{time(row.joined_at)}</dd></div>
                <div><dt>"Last activity"</dt><dd>{maybe_time(row.last_activity_at)}</dd></div>
                {said}
            </dl>
        </section>
    }
    .into_any()
}

fn groups(organization: &str, groups: &[NamedGroup]) -> AnyView {
    let list = groups
        .iter()
        .map(|group| {
            let path = links::group(organization, &group.id.to_string(), &[]);
            view! { <li><a class="break" href=path>{group.name.clone()}</a></li> }
        })
        .collect_view();
    let body = match groups.is_empty() {
        true => view! { <p class="muted">"In no group."</p> }.into_any(),
        false => view! { <ul class="lines">{list}</ul> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="groups">
            <h2 id="groups">"Groups"</h2>
            {body}
        </section>
    }
    .into_any()
}

/// What the viewer can do about the person, or why they cannot.
fn acts(
    member: &MemberView,
    powers: &Powers,
    (is_reset_waiting, are_mails_sent): (bool, bool),
    organization: &str,
    user: &str,
) -> AnyView {
    let super_admin = powers.may(Action::SetSuperAdmin).then(|| super_admin(member, organization, user));
    if !powers.may(Action::RemoveUser) {
        return super_admin.into_any();
    }
    let why_not = match (&member.protection, member.is_self, &member.indispensable) {
        (Some(reason), ..) => Some(reason.clone()),
        (None, true, _) => {
            Some("This is you. To go, leave the organization under Profile → Organizations.".into())
        }
        (None, false, indispensable) => indispensable.clone(),
    };
    if let Some(reason) = why_not {
        return view! { {super_admin} <p class="muted">{reason}</p> }.into_any();
    }
    let removal = links::user_removal(organization, user);
    view! {
        {super_admin}
        {way_in(member, (is_reset_waiting, are_mails_sent), organization, user)}
        {activity(member, organization, user)}
        <section class="card danger" aria-labelledby="remove">
            <div>
                <h2 id="remove">"Remove from the organization"</h2>
                <p>"With everything they hold here. Their account stays, and so does what they did."</p>
            </div>
            <a class="button button-danger" href=removal>"Remove…"</a>
        </section>
    }
    .into_any()
}

fn activity(member: &MemberView, organization: &str, user: &str) -> AnyView {
    let form = FormState::of("/api/users/reactivate");
    let (heading, text, act) = match member.row.is_active {
        true => {
            let path = links::user_deactivation(organization, user);
            let act = view! { <a class="button button-danger" href=path>"Deactivate…"</a> }.into_any();
            (
                "Deactivate",
                "Shuts them out at once. What they hold stays in place for when they come back.",
                act,
            )
        }
        false => {
            let act = view! {
                <form method="post" action=form.action>
                    {hidden(&[("organization", organization), ("user", user)])}
                    <button class="button">"Reactivate"</button>
                </form>
            }
            .into_any();
            ("Reactivate", "Lets them in again, with everything they held.", act)
        }
    };
    view! {
        {form.error(&[])}
        <section class="card card-line" aria-labelledby="activity">
            <div>
                <h2 id="activity">{heading}</h2>
                <p class="muted">{text}</p>
            </div>
            {act}
        </section>
    }
    .into_any()
}

fn super_admin(member: &MemberView, organization: &str, user: &str) -> AnyView {
    let is_one = member.row.is_super_admin;
    let obstacle = match (is_one, member.row.is_active) {
        (true, _) => member.indispensable.clone(),
        (false, false) => Some("They are deactivated: reactivate them first.".into()),
        (false, true) => None,
    };
    let act = match obstacle {
        Some(obstacle) => view! { <p class="muted">{obstacle}</p> }.into_any(),
        None => {
            let path = links::user_super_admin(organization, user);
            view! { <a class="button" href=path>{super_admin_verb(is_one)} "…"</a> }.into_any()
        }
    };
    view! {
        <section class="card card-line" aria-labelledby="super-admin-heading">
            <div>
                <h2 id="super-admin-heading">"Super admin"</h2>
                <p class="muted">{super_admin_means(is_one)}</p>
            </div>
            {act}
        </section>
    }
    .into_any()
}

/// What is done about somebody who is a super admin, or is none.
pub(super) const fn super_admin_verb(is_one: bool) -> &'static str {
    if is_one { "Remove super admin" } else { "Make super admin" }
}

/// What there is to know of that.
pub(super) const fn super_admin_means(is_one: bool) -> &'static str {
    match is_one {
        true => "They can do everything here. Without it they keep what they were given besides.",
        false => {
            "A super admin can do everything here: delete the organization and make other super admins, too."
        }
    }
}
