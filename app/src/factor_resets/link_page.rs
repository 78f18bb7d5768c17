//! `/factor-resets/{token}`: the page behind the link in the mail to who is to lose their second factors. Anybody who has the
//! link may open it; looking changes nothing.

use control::factor_resets::Linked;
use domain::{errors::Error, secrets::Secret, sign_ins::FactorResetOutcome, views::FactorResetView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        form::{FormState, hidden},
        page::page,
        time::time,
    },
    context::{control, flash, no_store, set_status},
    links,
    sessions::gate::gate,
};

const TITLE: &str = "Second factors";
const OBJECT: &str = "/api/factor_resets/object";

/// What is to happen, and the form that stops it.
#[component]
pub(crate) fn FactorResetPage() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    page(async move {
        no_store();
        match control::factor_resets::view(&control()?, &Secret::new(token.clone())).await {
            Ok(Linked::Waiting(reset)) => Ok(gate(TITLE, draw(&token, &reset))),
            Ok(Linked::Over { outcome, told }) => Ok(gate(TITLE, over(outcome, told))),
            Err(error @ Error::NotFound) => {
                set_status(error.status());
                Ok(gate(TITLE, unknown()))
            }
            Err(error) => Err(error.into()),
        }
    })
}

/// There is nothing there, and nobody need worry.
fn unknown() -> AnyView {
    view! {
        <p>"This is no link that was sent, or a part of one. Open the one in the mail as a whole."</p>
        <div class="form-actions"><a class="button" href="/">"Go to the start"</a></div>
    }
    .into_any()
}

/// There is nothing to stop any more.
fn over(outcome: FactorResetOutcome, told: &'static str) -> AnyView {
    let is_own = outcome == FactorResetOutcome::Objected && flash().notice.is_some();
    let told =
        if is_own { "You stopped it: the second factors stay. The super admins are told." } else { told };
    view! {
        <p>{told}</p>
        <p>
            "If somebody else asked for it, they may know your password: "
            <a href=links::sign_in(Some(&links::change_password()))>"change it"</a> ", and tell an admin of your organization."
        </p>
    }
    .into_any()
}

fn draw(token: &str, reset: &FactorResetView) -> AnyView {
    let form = FormState::of(OBJECT);
    view! {
        <p class="break">
            <strong>{reset.asked_by.clone()}</strong> " asks that the second factors and recovery codes of "
            <strong>{reset.email.clone()}</strong> " be removed, because all of them were lost."
        </p>
        <dl class="facts">
            <div><dt>"Reason"</dt><dd class="break">{reset.reason.clone()}</dd></div>
            <div><dt>"Comes to pass"</dt><dd>{time(reset.due_at)}</dd></div>
        </dl>
        <form method="post" action=OBJECT class="form">
            {form.error(&[])} {hidden(&[("token", token)])}
            <div class="form-actions">
                <button class="button button-danger button-wide">"This was not me: stop it"</button>
            </div>
        </form>
        <p class="muted">
            "If you asked for it, you need not do anything. Afterwards your password alone lets you in, until you add a second \
             factor."
        </p>
    }
    .into_any()
}
