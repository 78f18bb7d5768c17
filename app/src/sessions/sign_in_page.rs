//! `/sign-in`: e-mail and password.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{
        field::Field,
        form::{FormState, SIGN_IN, hidden},
        frame::brand,
        icons::{Icon, icon},
        page::page,
        toast::toasts,
    },
    context::{control, flash, go, sealed_flash},
    links,
};

/// The sign-in form; who is signed in already goes on.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let next = next.as_deref().and_then(links::own_path).unwrap_or("/projects").to_owned();
        let ctx = control()?;
        if control::sessions::profile(&ctx).await.is_ok() {
            go(&next);
        }
        if control::set_up::is_needed(&ctx).await? {
            go("/set-up");
        }
        Ok(draw(&next))
    })
}

fn draw(next: &str) -> AnyView {
    let form = FormState::of(SIGN_IN);
    let held_back = FormState::is_held_back(&flash()).then(sealed_flash).flatten();
    let held_back = held_back.or_else(|| form.value("held_back")).filter(|form| !form.is_empty());
    let notice = held_back.as_ref().map(|_| {
        view! {
            <p class="alert alert-warning" role="note">
                {icon(Icon::Lock)}
                <span>"Your session ended and nothing was saved. Sign in to go on where you were, with what you had entered."</span>
            </p>
        }
    });
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: Some("username"),
        has_focus: !form.is_refused() || form.value("email").is_none(),
        is_code: true,
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: Some("current-password"),
        has_focus: form.is_refused(),
        ..Field::default()
    };
    view! {
        <Title text="Sign in · Redoubt" />
        <main id="main" class="gate">
            {brand()}
            <section class="card gate-card">
                <h1>"Sign in"</h1>
                <form method="post" action=form.action class="form">
                    {notice} {form.error(&["email", "password"])}
                    {hidden(&[("next", next), ("held_back", &held_back.unwrap_or_default())])} {email.view(&form)}
                    {password.view(&form)}
                    <div class="form-actions">
                        <button class="button button-primary button-wide">"Sign in"</button>
                    </div>
                </form>
            </section>
        </main>
        {toasts()}
    }
    .into_any()
}
