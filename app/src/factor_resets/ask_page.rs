//! `/organizations/{organization}/users/{user}/factor-reset`: what somebody who lost every second factor would lose of them
//! and when, and the form that asks for it.

use domain::{
    actions::Action,
    sign_ins::FactorKind,
    views::{FactorResetPreview, MemberView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::json;

use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
        text_area::TextArea,
        time::time,
    },
    context::{answer, control},
    links,
    quantities::count,
    users::{self, api::view_user},
};

const ASK: &str = "/api/users/ask_factor_reset";

/// Before it is asked.
#[component]
pub(crate) fn AskFactorResetPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = users::asked(&params)?;
        viewer.require(organization, Action::ResetFactors)?;
        let member = view_user(organization, id).await?;
        let ctx = control()?;
        let would = answer(control::factor_resets::preview(&ctx, organization, id).await)?;
        let are_mails_sent = control::mails::are_sent(&ctx);
        let (key, user) = (organization.to_string(), id.to_string());
        let path = format!("/v1/organizations/{key}/users/{user}/factor-reset");
        let body = json!({ "reason": "She called, and I know her voice." });
        let calls = ApiCalls::new().v1("Ask for it", "POST", &path, Some(&body));
        let title = format!("Reset second factors: {}", member.row.email);
        let frame = Frame::in_organization(organization, Section::Users, title)
            .step("Users", links::users(&key, &[]))
            .step(member.row.email.clone(), links::user(&key, &user))
            .step("Reset second factors", links::user_factor_reset(&key, &user))
            .calls(calls);
        Ok(frame.view(viewer, draw(&member, &would, are_mails_sent)))
    })
}

fn draw(member: &MemberView, would: &FactorResetPreview, are_mails_sent: bool) -> AnyView {
    let (organization, user) = (member.organization_id.to_string(), member.row.user_id.to_string());
    let back = links::user(&organization, &user);
    let title = format!("Reset second factors of {}?", member.row.name);
    if let Some(obstacle) = &would.obstacle {
        return view! {
            {head(title, (), ())} {warning(obstacle.clone())}
            <div class="form-actions"><a class="button" href=back>"Back"</a></div>
        }
        .into_any();
    }
    let form = FormState::of(ASK);
    let reason = TextArea {
        name: "reason",
        label: "Reason",
        hint: Some(
            "How you made sure that it is really they who ask: whoever gets you to do this needs only the password. They and \
             every super admin read it."
                .into(),
        ),
        rows: 3,
        ..TextArea::default()
    };
    view! {
        {head(title, (), ())}
        <p>"For who lost every second factor and every recovery code. Who has one left signs in with it instead."</p>
        {happens(would, are_mails_sent)}
        <form method="post" action=ASK class="form form-narrow">
            {hidden(&[("organization", &organization), ("user", &user)])} {form.error(&["reason"])} {reason.view(&form)}
            <div class="form-actions">
                <button class="button button-danger">"Reset second factors"</button>
                <a class="button" href=back>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

/// What happens, in its order.
fn happens(would: &FactorResetPreview, are_mails_sent: bool) -> AnyView {
    let told = format!("{} and every super admin of their organizations are told by mail.", would.email);
    let unsent = (!are_mails_sent).then_some(" There is no mail server that sends it: tell them yourself.");
    let codes = match would.recovery_codes_left {
        0 => String::new(),
        left => format!(" and {}", count(left, "recovery code")),
    };
    let goes = format!("They lose {}{codes}, and are signed out everywhere.", named(&would.factors));
    view! {
        <section class="card" aria-labelledby="happens">
            <h2 id="happens">"What happens"</h2>
            <dl class="facts facts-list">
                <div>
                    <dt>"At once"</dt>
                    <dd class="break">{told} {unsent}</dd>
                </div>
                <div>
                    <dt>"For a day"</dt>
                    <dd>
                        "They can stop it with the link in that mail, in their profile, or by signing in with a second factor. Whoever \
                         manages users here can take it back on their page."
                    </dd>
                </div>
                <div>
                    <dt>{time(would.due_at)}</dt>
                    <dd>{goes}</dd>
                </div>
                <div>
                    <dt>"After that"</dt>
                    <dd>
                        "Their password, which stays, lets them in by itself until they add a second factor. If they lost that as well, \
                         or it has fewer than 15 characters, they need the link that sets a new one. Where the authentication policy asks for a second factor, they add \
                         one before they get in."
                    </dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}

/// `an authenticator app, 2 security keys`.
fn named(kinds: &[FactorKind]) -> String {
    let mut parts = Vec::new();
    for kind in [FactorKind::Totp, FactorKind::SecurityKey, FactorKind::Passkey] {
        let held = kinds.iter().filter(|held| **held == kind).count();
        if held > 0 {
            parts.push(count(i64::try_from(held).unwrap_or(i64::MAX), kind.name()));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_named_by_kind() {
        use FactorKind::{Passkey, SecurityKey, Totp};
        assert_eq!(named(&[Totp]), "1 authenticator app");
        assert_eq!(named(&[SecurityKey, Passkey, SecurityKey]), "2 security keys, 1 passkey");
    }
}
