//! `/profile/authentication/security-keys/new` and `…/passkeys/new`: add what the browser makes. The form is sent to the page
//! itself, which then shows the recovery codes that come with the first factor, once.

use control::factors::Added;
use domain::{errors::Error, sign_ins::FactorKind};
use leptos::prelude::*;

use super::{
    app_page::{added_already, added_view},
    frame,
};
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
        None => {
            answer(control::factors::may_begin(&control()?).await)?;
            FormState::of(FORM)
        }
        // The script sends it so when the server did not want the device to be asked.
        Some(sent) if sent.value("answer").is_empty() => match obstacle(kind, &sent.value("name")).await? {
            Some(error) => {
                set_status(error.status());
                FormState::refused(FORM, error, &sent)
            }
            None => FormState::filled(FORM, sent.joined()),
        },
        Some(sent) => match finish(kind, &sent).await {
            Ok(added) => return added_view(viewer, frame, added).await,
            Err(error @ (Error::Invalid { .. } | Error::Conflict { .. })) => {
                set_status(error.status());
                if let Some(name) = added_before(&error, &sent).await? {
                    return Ok(frame.view(viewer, added_already(&name)));
                }
                FormState::refused(FORM, error, &sent)
            }
            Err(error) => return Err(error.into()),
        },
    };
    Ok(frame.view(viewer, draw(&texts, &form)))
}

/// Why the device was not asked, of a form that came without its answer; none if nothing stands in the way.
async fn obstacle(kind: FactorKind, name: &str) -> Result<Option<Error>, AppError> {
    let ctx = control()?;
    let begun = match kind {
        FactorKind::Passkey => control::factors::begin_passkey(&ctx, name).await,
        _ => control::factors::begin_security_key(&ctx, name).await,
    };
    match begun.err() {
        None => Ok(None),
        Some(error @ (Error::Invalid { .. } | Error::Conflict { .. })) => Ok(Some(error)),
        Some(error) => Err(error.into()),
    }
}

/// What is called so that the same form has added already, if it was refused for that.
async fn added_before(error: &Error, sent: &Posted) -> Result<Option<String>, AppError> {
    match error {
        Error::Conflict { .. } => {
            answer(control::factors::added_with(&control()?, &sent.value("answer")).await)
        }
        _ => Ok(None),
    }
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
    /// Where its ceremony begins, once it has a name.
    begins_at: &'static str,
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
            begins_at: "/api/factors/begin_passkey",
        },
        _ => Texts {
            title: "Add a security key",
            what: "Have the key at hand. The browser asks you to plug it in or hold it to the device, and to touch it. You use it \
                   after your password.",
            hint: "So that you know it from others, like “Blue key”.",
            button: "Add security key",
            address: links::new_security_key(),
            begins_at: "/api/factors/begin_security_key",
        },
    }
}

fn draw(texts: &Texts, form: &FormState) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some(texts.hint.to_owned()),
        is_optional: true,
        has_focus: true,
        max: Some(64),
        stops_at_max: true,
        ..Field::default()
    };
    let fields = view! { {form.error(&["name"])} {name.view(form)} };
    let form = PasskeyForm {
        action: texts.address.clone(),
        verb: Verb::Create,
        options: Options::BeginAt(texts.begins_at),
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

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn nothing_is_made_before_its_name_is_looked_at() {
        for kind in [FactorKind::Passkey, FactorKind::SecurityKey] {
            let texts = texts(kind);
            let html = Owner::new().with(|| draw(&texts, &FormState::default()).to_html());
            assert!(html.contains(&format!("data-begin=\"{}\"", texts.begins_at)), "{html}");
            assert!(!html.contains("data-options") && html.contains("maxlength=\"64\""), "{html}");
        }
    }
}
