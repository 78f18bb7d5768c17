//! `/sign-in/factor`: the second factor, after the right password.

use domain::{errors::Error, sign_ins::FactorKind, views::SecondFactorView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::gate::{Luggage, gate};
use crate::{
    components::{alerts::warning, form::FormState, page::page},
    context::{control, go, set_status},
    factor_resets,
    factors::{Question, question},
    links, session,
};

const TITLE: &str = "Confirm it is you";
const CODE: &str = "/api/sign_in/code";
const SECURITY_KEY: &str = "/api/sign_in/security_key";

/// The second factor; who is signed in already goes on.
#[component]
pub(crate) fn FactorPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let luggage = Luggage::of_request(next.as_deref());
        let ctx = control()?;
        if control::sessions::profile(&ctx).await.is_ok() {
            go(luggage.path());
        }
        match control::sessions::second_factor(&ctx, &session::ceremony()).await {
            Ok(asked) => Ok(gate(TITLE, draw(asked, &luggage, control::mails::are_sent(&ctx)))),
            Err(error @ Error::Unauthenticated { .. }) => {
                set_status(error.status());
                Ok(gate("Sign in again", begin_again(&error, &luggage)))
            }
            Err(other) => Err(other.into()),
        }
    })
}

fn draw(asked: SecondFactorView, luggage: &Luggage, are_mails_sent: bool) -> AnyView {
    let question = Question {
        kinds: &asked.kinds,
        options: asked.options,
        code: FormState::of(CODE),
        key: FormState::of(SECURITY_KEY),
        hidden: luggage.values(),
        verb: "Sign in",
    };
    let reset = asked.reset_due_at.is_some().then(waiting);
    let has_codes = asked.kinds.contains(&FactorKind::RecoveryCode);
    view! {
        <p class="muted">"The password of " <strong class="break">{asked.email}</strong> " was right. Now your second factor."</p>
        {reset}
        {self::question(question)}
        <details class="lost">
            <summary>"Lost everything?"</summary>
            {lost(has_codes, are_mails_sent)}
        </details>
        <form method="post" action=links::sign_in(luggage.next.as_deref())>
            {luggage.hidden(&[("typed", "")])}
            <button class="button button-quiet button-wide">"Sign in as somebody else"</button>
        </form>
    }
    .into_any()
}

/// Said to who has shown the password: that it was asked already, and what the factor does to that.
/// Not when it comes to pass: whoever has only the password would know when to return.
fn waiting() -> AnyView {
    warning("A reset of your second factors is waiting. Signing in with one of them now stops it.")
}

/// What to do without any of them.
fn lost(has_codes: bool, are_mails_sent: bool) -> AnyView {
    let codes = has_codes.then(|| {
        view! { <p>"A recovery code does as well as your device: look where you keep your passwords, or on paper."</p> }
    });
    view! {
        {codes}
        {factor_resets::lost(are_mails_sent)}
    }
    .into_any()
}

/// The sign-in took too long, or was ended elsewhere.
fn begin_again(error: &Error, luggage: &Luggage) -> AnyView {
    let refused = FormState::of(CODE);
    let refused = if refused.is_refused() { refused } else { FormState::of(SECURITY_KEY) };
    let reason = (!refused.is_refused()).then(|| view! { <p>{error.to_string()}</p> });
    view! {
        {refused.error(&[])} {reason}
        <form method="post" action=links::sign_in(luggage.next.as_deref()) class="form">
            {luggage.hidden(&[("typed", "")])}
            <div class="form-actions">
                <button class="button button-primary button-wide" autofocus>"Sign in again"</button>
            </div>
        </form>
    }
    .into_any()
}
