//! `/set-up/{token}`: the form behind the set-up link.

use domain::{errors::Error, secrets::Secret};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::COMMAND;
use crate::{
    components::{
        field::Field,
        form::{FormState, hidden},
        frame::brand,
        page::page,
    },
    context::{control, no_store, set_status},
    passwords::rules::{Judge, PasswordRules},
};

/// Fewest characters of a password that is the only factor.
const PASSWORD_CHARS_MIN: u32 = 15;

/// The set-up form.
#[component]
pub(crate) fn SetUpPage() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    page(async move {
        no_store();
        match control::set_up::check_link(&control()?, &Secret::new(token.clone())).await {
            Ok(()) => Ok(draw(&token)),
            Err(error @ Error::Conflict { .. }) => Ok(unusable(&error)),
            Err(error) => Err(error.into()),
        }
    })
}

/// Whoever comes with a link that does not work need not have an account.
fn unusable(error: &Error) -> AnyView {
    set_status(error.status());
    let text = error.to_string();
    let (before, after) = text.split_once(COMMAND).unwrap_or((&text, ""));
    let command = text.contains(COMMAND).then(|| view! { <code class="nowrap">{COMMAND}</code> });
    view! {
        <Title text="Set-up · Redoubt" />
        <main id="main" class="gate">
            {brand()}
            <section class="card gate-card">
                <h1>"This link does not work"</h1>
                <p>{before.to_owned()} {command} {after.to_owned()}</p>
                <p>"If this installation is set up and you have an account in it: " <a href="/sign-in">"sign in"</a> "."</p>
            </section>
        </main>
    }
    .into_any()
}

fn draw(token: &str) -> AnyView {
    let form = FormState::of("/api/set_up/complete");
    let is_first = !form.is_refused();
    let fields = [
        Field {
            name: "organization",
            label: "Organization",
            hint: Some("Your company or team. It owns the projects and everything in them.".into()),
            autocomplete: Some("organization"),
            has_focus: is_first,
            max: Some(83),
            ..Field::default()
        },
        Field {
            name: "name",
            label: "Your name",
            autocomplete: Some("name"),
            max: Some(128),
            ..Field::default()
        },
        Field {
            name: "email",
            label: "E-mail",
            hint: Some("You sign in with it.".into()),
            kind: "email",
            autocomplete: Some("username"),
            is_code: true,
            ..Field::default()
        },
        Field {
            name: "password",
            label: "Password",
            hint: Some(format!(
                "At least {PASSWORD_CHARS_MIN} characters while it is your only factor. A few unrelated words are \
                 easy to remember and hard to guess; any characters, spaces too."
            )),
            kind: "password",
            autocomplete: Some("new-password"),
            min: Some(PASSWORD_CHARS_MIN),
            ..Field::default()
        },
    ];
    let shown = ["organization", "name", "email", "password"];
    view! {
        <Title text="Set-up · Redoubt" />
        <main id="main" class="gate">
            {brand()}
            <section class="card gate-card">
                <h1>"Set up Redoubt"</h1>
                <p class="muted">"You become the super admin of the first organization. This link works once."</p>
                <form method="post" action=form.action class="form">
                    {form.error(&shown)} {hidden(&[("token", token)])}
                    {fields.into_iter().map(|field| field.view(&form)).collect_view()}
                    <PasswordRules field=form.id("password") judge=Judge::SetUp />
                    <div class="form-actions">
                        <button class="button button-primary button-wide">"Set up and sign in"</button>
                    </div>
                </form>
            </section>
        </main>
    }
    .into_any()
}
