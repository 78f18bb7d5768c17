//! `/password-reset`: asking for a link that sets a new password, and what the link shows.

use domain::{errors::Error, secrets::Secret, views::PasswordResetView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        field::Field,
        form::{FormState, hidden},
        page::page,
    },
    context::{control, no_store, set_status},
    factor_resets::lost,
    links,
    passwords::rules::{Judge, PasswordRules},
    sessions::gate::gate,
};

const ASK: &str = "/api/passwords/ask_reset";
const RESET: &str = "/api/passwords/reset";

/// The form that asks for a link.
#[component]
pub(crate) fn AskPasswordResetPage() -> impl IntoView {
    page(async move { Ok(ask(control::mails::are_sent(&control()?))) })
}

fn ask(are_mails_sent: bool) -> AnyView {
    let form = FormState::of(ASK);
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: Some("username"),
        has_focus: true,
        is_code: true,
        ..Field::default()
    };
    let body = view! {
        <p class="muted">
            "A link comes by mail that works once, for half an hour. Your second factors stay."
        </p>
        <form method="post" action=ASK class="form">
            {form.error(&["email"])} {email.view(&form)}
            <div class="form-actions">
                <button class="button button-primary button-wide">"Send the link"</button>
            </div>
        </form>
        <details class="lost">
            <summary>"Lost your second factors as well?"</summary>
            {lost(are_mails_sent)}
        </details>
        <p><a href=links::sign_in(None)>"Back to signing in"</a></p>
    };
    gate("New password", body.into_any())
}

/// The form behind the link.
#[component]
pub(crate) fn PasswordResetPage() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    page(async move {
        no_store();
        match control::passwords::view_reset(&control()?, &Secret::new(token.clone())).await {
            Ok(reset) => Ok(draw(&token, &reset)),
            Err(error @ Error::Conflict { .. }) => Ok(unusable(&error)),
            Err(error) => Err(error.into()),
        }
    })
}

/// Whoever comes with a link that does not work need not have an account.
fn unusable(error: &Error) -> AnyView {
    set_status(error.status());
    let body = view! {
        <p>{error.to_string()}</p>
        <p><a href=links::password_reset()>"Ask for a new link"</a></p>
    };
    gate("This link does not work", body.into_any())
}

fn draw(token: &str, reset: &PasswordResetView) -> AnyView {
    let form = FormState::of(RESET);
    let password = Field {
        name: "password",
        label: "New password",
        kind: "password",
        autocomplete: Some("new-password"),
        hint: Some(format!(
            "At least {} characters. A few words that do not belong together are best.",
            reset.chars_min
        )),
        has_focus: true,
        ..Field::default()
    };
    let id = format!("{}-email", form.id("email"));
    let body = view! {
        <form method="post" action=RESET class="form">
            {form.error(&["password"])} {hidden(&[("token", token)])}
            <div class="field">
                <label for=id.clone()>"E-mail"</label>
                <input id=id type="email" class="code" value=reset.email.clone() autocomplete="username" readonly />
            </div>
            {password.view(&form)} <PasswordRules field=form.id("password") judge=Judge::Link />
            <p class="muted">"You are signed out everywhere, and then sign in with it. Second factors stay as they are."</p>
            <div class="form-actions">
                <button class="button button-primary button-wide">"Set the password"</button>
            </div>
        </form>
    };
    gate("New password", body.into_any())
}
