//! `/step-up`: asks somebody to show once more who they are, and leads back to what they were about to do.

use domain::views::StepUpView;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{field::Field, form::FormState, page::page},
    context::{answer, control},
    factors::{Question, question},
    links, session,
    sessions::gate::{Luggage, gate},
};

const TITLE: &str = "Confirm it is you";
const CODE: &str = "/api/step_up/code";
const SECURITY_KEY: &str = "/api/step_up/security_key";
const PASSWORD: &str = "/api/step_up/password";
const CANCEL: &str = "/api/step_up/cancel";

/// Asks once more.
#[component]
pub(crate) fn StepUpPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let luggage = Luggage::of_request(next.as_deref());
        let begun = answer(control::step_up::view(&control()?).await)?;
        session::keep_ceremony(&begun.ceremony);
        Ok(gate(TITLE, draw(begun.shown, &luggage)))
    })
}

fn draw(asked: StepUpView, luggage: &Luggage) -> AnyView {
    let kept = match luggage.has_form() {
        true => " What you had entered is kept, but for passwords and codes.",
        false => "",
    };
    let by_provider = asked.provider.map(|choice| {
        luggage.keep_for_trip();
        let address = links::confirmation_trip(&choice.id.to_string(), luggage.path());
        view! {
            <div class="other-way">
                <a class="button button-wide" href=address rel="external nofollow">
                    "Confirm with " {choice.name}
                </a>
            </div>
        }
    });
    let forms = match asked.kinds.is_empty() {
        true if asked.has_password || by_provider.is_none() => by_password(luggage),
        true => ().into_any(),
        false => question(Question {
            kinds: &asked.kinds,
            options: asked.options,
            code: FormState::of(CODE),
            key: FormState::of(SECURITY_KEY),
            hidden: luggage.values(),
            verb: "Confirm",
        }),
    };
    view! {
        <p class="muted">
            "This takes a fresh proof that it is you, and not somebody who found this browser open. The proof is good for ten \
             minutes." {kept}
        </p>
        {forms} {by_provider}
        <form method="post" action=CANCEL>
            {luggage.hidden(&[])} <button class="button button-quiet button-wide">"Cancel"</button>
        </form>
        // Whoever finds a browser open and is not its person ends that here, as on every page.
        <form method="post" action="/api/sign_out">
            <button class="button button-quiet button-wide">"Sign out"</button>
        </form>
    }
    .into_any()
}

fn by_password(luggage: &Luggage) -> AnyView {
    let form = FormState::of(PASSWORD);
    let field = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: Some("current-password"),
        has_focus: true,
        ..Field::default()
    };
    view! {
        <form method="post" action=PASSWORD class="form">
            {form.error(&["password"])} {luggage.hidden(&[])} {field.view(&form)}
            <div class="form-actions">
                <button class="button button-primary button-wide">"Confirm"</button>
            </div>
        </form>
    }
    .into_any()
}
