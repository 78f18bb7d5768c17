//! `/profile/authentication/security-keys/new` and `…/passkeys/new`: add what the browser makes. The form is sent to the page
//! itself, which then shows the recovery codes that come with the first factor, once.

use control::factors::Added;
use domain::{errors::Error, sign_ins::FactorKind};
use leptos::prelude::*;

use super::{app_page::added_view, frame};
use crate::{
    components::{
        field::Field,
        form::FormState,
        frame::{Viewer, head},
        page::page,
        passkeys::{Options, PasskeyForm, Verb},
    },
    context::{Posted, answer, control, posted, set_status},
    errors::AppError,
    links, session,
};

/// Names the form for the ids of its fields.
const FORM: &str = "new-key";

/// Adds a security key.
#[component]
pub(crate) fn NewSecurityKeyPage() -> impl IntoView {
    page(new_key(FactorKind::SecurityKey))
}

/// Adds a passkey.
#[component]
pub(crate) fn NewPasskeyPage() -> impl IntoView {
    page(new_key(FactorKind::Passkey))
}

async fn new_key(kind: FactorKind) -> Result<AnyView, AppError> {
    let viewer = Viewer::load().await?;
    let texts = texts(kind);
    let frame = frame(texts.title).step(texts.title, texts.address.clone());
    let form = match posted() {
        None => FormState::of(FORM),
        Some(sent) => match finish(kind, &sent).await {
            Ok(added) => return added_view(viewer, frame, added).await,
            Err(error @ (Error::Invalid { .. } | Error::Conflict { .. })) => {
                set_status(error.status());
                FormState::refused(FORM, error, &sent)
            }
            Err(error) => return Err(error.into()),
        },
    };
    // What the browser answers is good once: each page has a challenge of its own.
    let options = begin(kind).await?;
    Ok(frame.view(viewer, draw(&texts, &form, options)))
}

async fn begin(kind: FactorKind) -> Result<String, AppError> {
    let ctx = control()?;
    let begun = match kind {
        FactorKind::Passkey => control::factors::begin_passkey(&ctx).await,
        _ => control::factors::begin_security_key(&ctx).await,
    };
    let begun = answer(begun)?;
    session::keep_ceremony(&begun.ceremony);
    Ok(begun.shown)
}

async fn finish(kind: FactorKind, sent: &Posted) -> Result<Added, Error> {
    let ctx = control().map_err(|error| error.to_domain())?;
    let (ceremony, name, given) = (session::ceremony(), sent.value("name"), sent.value("answer"));
    match kind {
        FactorKind::Passkey => control::factors::finish_passkey(&ctx, &ceremony, &name, &given).await,
        _ => control::factors::finish_security_key(&ctx, &ceremony, &name, &given).await,
    }
}

/// What is said of a kind.
struct Texts {
    title: &'static str,
    what: &'static str,
    hint: &'static str,
    button: &'static str,
    address: String,
}

fn texts(kind: FactorKind) -> Texts {
    match kind {
        FactorKind::Passkey => Texts {
            title: "Add a passkey",
            what: "Your device or password manager makes a key that only works for this console. With it you sign in without a \
                   password: the device asks for your fingerprint, face or PIN.",
            hint: "Where it is kept, like “Laptop” or “Password manager”.",
            button: "Make passkey",
            address: links::new_passkey(),
        },
        _ => Texts {
            title: "Add a security key",
            what: "Have the key at hand. The browser asks you to plug it in or hold it to the device, and to touch it. You use it \
                   after your password.",
            hint: "So that you know it from others, like “Blue key”.",
            button: "Add security key",
            address: links::new_security_key(),
        },
    }
}

fn draw(texts: &Texts, form: &FormState, options: String) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some(texts.hint.to_owned()),
        is_optional: true,
        has_focus: true,
        max: Some(64),
        ..Field::default()
    };
    let fields = view! { {form.error(&["name"])} {name.view(form)} };
    let form = PasskeyForm {
        action: texts.address.clone(),
        verb: Verb::Create,
        options: Options::Begun(options),
        hidden: Vec::new(),
        fields: fields.into_any(),
        fills: None,
        label: texts.button,
        class: "button-primary",
        back: Some(links::authentication()),
    };
    view! {
        {head(texts.title.into(), (), ())}
        <section class="card form-narrow" aria-label=texts.title>
            <p class="muted">{texts.what}</p>
            {form.view()}
        </section>
    }
    .into_any()
}
