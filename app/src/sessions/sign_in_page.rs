//! `/sign-in`: the e-mail address first, then what may be used with it. The second step is the same for every address,
//! known or not.

use control::single_sign_on;
use domain::{errors::Error, names::EmailAddress, views::ProviderChoice};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::gate::{Luggage, gate};
use crate::{
    components::{
        field::Field,
        form::{FormState, SIGN_IN},
        page::page,
        passkeys::{Options, PasskeyForm, Verb},
    },
    context::{answer, control, flash, go, posted, set_status},
    links,
    single_sign_on::first_way,
};

const TITLE: &str = "Sign in";
const PASSKEY: &str = "/api/sign_in/passkey";
const BEGIN_PASSKEY: &str = "/api/sign_in/begin_passkey";
const HELD_BACK: &str =
    "Your session ended and nothing was saved. Sign in to go on where you were, with what you had entered.";

/// The sign-in form; who is signed in already goes on.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let luggage = Luggage::of_request(next.as_deref());
        let ctx = control()?;
        if control::sessions::profile(&ctx).await.is_ok() {
            go(luggage.path());
        }
        if control::set_up::is_needed(&ctx).await? {
            go("/set-up");
        }
        let step = Step::of_request();
        let choices = match &step {
            Step::Proof(_, email) => answer(single_sign_on::providers_for(&ctx, email).await)?,
            Step::Email(..) => Vec::new(),
        };
        Ok(gate(TITLE, step.view(&luggage, choices)))
    })
}

/// How far somebody has come.
enum Step {
    /// Who they are; with what was typed before.
    Email(FormState, Option<String>),
    /// With what they sign in.
    Proof(FormState, String),
}

impl Step {
    fn of_request() -> Self {
        let Some(sent) = posted() else { return Self::of_flash() };
        // Back from a later step, to change it.
        if sent.has("typed") {
            return Self::Email(FormState::of(SIGN_IN), Some(sent.value("typed")));
        }
        match sent.value("email").parse::<EmailAddress>() {
            Ok(email) => Self::Proof(FormState::of(SIGN_IN), email.as_str().to_owned()),
            Err(error) => {
                set_status(422);
                Self::Email(FormState::refused(SIGN_IN, Error::name("email", error), &sent), None)
            }
        }
    }

    /// After something was refused: the step at which it was.
    fn of_flash() -> Self {
        let form = FormState::of(if flash().form == PASSKEY { PASSKEY } else { SIGN_IN });
        match form.value("email").filter(|email| !email.is_empty()) {
            Some(email) if form.reason("email").is_none() => Self::Proof(form, email),
            _ => Self::Email(form, None),
        }
    }

    fn view(self, luggage: &Luggage, choices: Vec<ProviderChoice>) -> AnyView {
        match self {
            Self::Email(form, typed) => email_step(&form, typed, luggage),
            Self::Proof(form, email) => proof_step(&form, &email, luggage, choices),
        }
    }
}

fn email_step(form: &FormState, typed: Option<String>, luggage: &Luggage) -> AnyView {
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: Some("username webauthn"),
        value: typed,
        has_focus: true,
        is_code: true,
        ..Field::default()
    };
    let field = form.id("email");
    view! {
        {luggage.notice(HELD_BACK)}
        <form method="post" action=links::sign_in(luggage.next.as_deref()) class="form">
            {form.error(&["email"])} {luggage.hidden(&[])} {email.view(form)}
            <div class="form-actions">
                <button class="button button-primary button-wide">"Continue"</button>
            </div>
        </form>
        {passkey(luggage, "", Some(field))}
    }
    .into_any()
}

fn proof_step(form: &FormState, email: &str, luggage: &Luggage, choices: Vec<ProviderChoice>) -> AnyView {
    let password = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: Some("current-password"),
        has_focus: true,
        ..Field::default()
    };
    let address = links::sign_in(luggage.next.as_deref());
    let id = format!("{}-shown", form.id("email"));
    if !choices.is_empty() {
        luggage.keep_for_trip();
    }
    let first = first_way(choices, luggage.next.as_deref());
    // Of two buttons one is the first.
    let sign_in = if first.is_some() { "button button-wide" } else { "button button-primary button-wide" };
    let password = Field { has_focus: first.is_none(), ..password };
    view! {
        {luggage.notice(HELD_BACK)} {first}
        <form method="post" action=address.clone() id="other-email">
            {luggage.hidden(&[("typed", email)])}
        </form>
        <form method="post" action=SIGN_IN class="form">
            {form.error(&["password"])} {luggage.hidden(&[])}
            <div class="field">
                <label for=id.clone()>"E-mail"</label>
                <div class="known-email">
                    <input
                        id=id.clone()
                        name="email"
                        type="email"
                        class="code"
                        value=email.to_owned()
                        autocomplete="username"
                        readonly
                    />
                    <button class="button" form="other-email">"Change"</button>
                </div>
            </div>
            {password.view(form)}
            <div class="form-actions">
                <button class=sign_in>"Sign in"</button>
            </div>
        </form>
        <p><a href=links::password_reset()>"Forgot your password?"</a></p>
        {passkey(luggage, email, None)}
    }
    .into_any()
}

/// The other way in; `fills` is the field at which the browser offers it by itself.
fn passkey(luggage: &Luggage, email: &str, fills: Option<String>) -> AnyView {
    let mut values = luggage.values();
    values.push(("email", email.to_owned()));
    let form = PasskeyForm {
        action: PASSKEY.to_owned(),
        verb: Verb::Get,
        options: Options::BeginAt(BEGIN_PASSKEY),
        hidden: values,
        fields: ().into_any(),
        fills,
        label: "Use a passkey",
        class: "button-wide",
        back: None,
    };
    view! { <div class="other-way">{form.view()}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn a_password_manager_finds_name_and_password_in_one_form() {
        let luggage = Luggage::default();
        let html = Owner::new().with(|| {
            proof_step(
                &FormState::refused(SIGN_IN, Error::NotFound, &crate::context::Posted([].into())),
                "a@b.example",
                &luggage,
                Vec::new(),
            )
            .to_html()
        });
        let form = html.split("<form").find(|form| form.contains("action=\"/api/sign_in\"")).unwrap();
        assert!(
            form.contains("autocomplete=\"username\"") && form.contains("value=\"a@b.example\""),
            "{form}"
        );
        assert!(form.contains("autocomplete=\"current-password\""), "{form}");
    }

    #[test]
    fn the_first_step_asks_for_one_thing_and_offers_passkeys_at_it() {
        let html = Owner::new().with(|| {
            email_step(
                &FormState::refused(SIGN_IN, Error::NotFound, &crate::context::Posted([].into())),
                None,
                &Luggage::default(),
            )
            .to_html()
        });
        assert!(
            html.contains("autocomplete=\"username webauthn\"") && !html.contains("type=\"password\""),
            "{html}"
        );
        assert!(
            html.contains("data-fills=\"sign-in-email\"") && html.contains("id=\"sign-in-email\""),
            "{html}"
        );
    }
}
