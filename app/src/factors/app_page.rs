//! `/profile/authentication/apps/new`: adds an authenticator app. The form is sent to the page itself, which then shows the
//! recovery codes that come with the first factor, once.

use control::factors::Added;
use domain::{errors::Error, secrets::Secret, views::TotpOffer};
use leptos::prelude::*;

use super::{frame, made_codes::made_codes};
use crate::{
    components::{
        copy::CopyButton,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Viewer, head},
        page::page,
    },
    context::{Posted, answer, control, done, no_store, posted, set_status},
    errors::AppError,
    links, session,
};

const TITLE: &str = "Add an authenticator app";
/// Names the form for the ids of its fields.
const FORM: &str = "new-app";
/// The field that says what is added.
const OFFERED: &str = "offered";
const SHOWN: [&str; 3] = ["name", "code", "next_code"];

/// Adds an authenticator app.
#[component]
pub(crate) fn NewAppPage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let frame = frame(TITLE).step(TITLE, links::new_app());
        let (form, offer) = match posted() {
            None => (FormState::of(FORM), begin().await?),
            Some(sent) => match finish(&sent).await {
                Ok(added) => return added_view(viewer, frame, added).await,
                Err(error) => match added_before(&error, &sent).await? {
                    Some(name) => {
                        set_status(error.status());
                        return Ok(frame.view(viewer, added_already(&name)));
                    }
                    None => refused(error, &sent).await?,
                },
            },
        };
        Ok(frame.view(viewer, draw(&offer, &form)))
    })
}

async fn begin() -> Result<TotpOffer, AppError> {
    let begun = answer(control::factors::begin_totp(&control()?).await)?;
    session::keep_ceremony(&begun.ceremony);
    Ok(begun.shown)
}

async fn finish(sent: &Posted) -> Result<Added, Error> {
    let ctx = control().map_err(|error| error.to_domain())?;
    let (code, next_code) = (Secret::new(sent.value("code")), Secret::new(sent.value("next_code")));
    control::factors::finish_totp(&ctx, &session::ceremony(), &sent.value("name"), [&code, &next_code]).await
}

/// What the app is called that the same form has added already, if it was refused for that.
async fn added_before(error: &Error, sent: &Posted) -> Result<Option<String>, AppError> {
    if !matches!(error, Error::Conflict { .. }) {
        return Ok(None);
    }
    let offered = sent.value(OFFERED);
    let own = answer(control::factors::own(&control()?).await)?.factors;
    Ok(own.into_iter().find(|factor| factor.id.to_string() == offered).map(|factor| factor.name))
}

/// The form was sent again.
pub(super) fn added_already(name: &str) -> AnyView {
    view! {
        {head(format!("“{name}” was added already"), (), ())}
        <p>
            "This form added it the first time. If you did not keep the recovery codes that were shown then, make new ones: they are \
             shown once, and kept nowhere."
        </p>
        <div class="form-actions">
            <a class="button button-primary" href=links::authentication()>"Go to Authentication"</a>
            <a class="button" href=links::recovery_codes()>"Make new recovery codes…"</a>
        </div>
    }
    .into_any()
}

/// The form again: with the same seed if only something of it has to be mended, else with a new one.
async fn refused(error: Error, sent: &Posted) -> Result<(FormState, TotpOffer), AppError> {
    let is_kept = matches!(error, Error::Invalid { .. });
    if !is_kept && !matches!(error, Error::Conflict { .. }) {
        return Err(error.into());
    }
    set_status(error.status());
    let offer = match is_kept {
        true => control::factors::offered_totp(&control()?, &session::ceremony()).await.ok(),
        false => None,
    };
    let offer = match offer {
        Some(offer) => offer,
        None => begin().await?,
    };
    Ok((FormState::refused(FORM, error, sent), offer))
}

/// What comes after a factor was added: its recovery codes, if there are any, else the list.
pub(super) async fn added_view(viewer: Viewer, frame: Frame, added: Added) -> Result<AnyView, AppError> {
    session::prove(added.proven).await?;
    let added = added.shown;
    let notice = format!("“{}” is added.", added.factor.name);
    let Some(codes) = added.recovery_codes else {
        done(&links::authentication(), &notice);
        return Ok(().into_any());
    };
    Ok(frame.view(viewer, view! { {head(notice, (), ())} {made_codes(&codes)} }))
}

fn draw(offer: &TotpOffer, form: &FormState) -> AnyView {
    no_store();
    // The person has to read or scan it.
    let (secret, uri) = (offer.secret.expose().to_owned(), offer.uri.expose().to_owned());
    let image = offer.qr_svg.expose().to_owned();
    let code = |name, label, has_focus| Field {
        name,
        label,
        autocomplete: Some("one-time-code"),
        inputmode: Some("numeric"),
        has_focus,
        is_code: true,
        max: Some(6),
        ..Field::default()
    };
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("So that you know it from others, like “Phone”.".into()),
        is_optional: true,
        max: Some(64),
        ..Field::default()
    };
    view! {
        {head(TITLE.into(), (), ())}
        <section class="card totp-offer" aria-labelledby="scan">
            <h2 id="scan">"1. Scan this with the app"</h2>
            <div class="totp-image" inner_html=image></div>
            <div class="totp-text">
                <p class="muted">"On the same device, "<a href=uri>"open it in the app"</a>". Or type it in there: time-based, six digits."</p>
                <div class="copyable">
                    <pre class="secret" tabindex="0" aria-label="Secret"><code>{secret.clone()}</code></pre>
                    <CopyButton text=secret.replace(' ', "") what="secret".to_owned() />
                </div>
            </div>
        </section>
        <section class="card" aria-labelledby="confirm-app">
            <h2 id="confirm-app">"2. Enter two codes in a row"</h2>
            <p class="muted">"The one that it shows now, and the one after it, at most half a minute later."</p>
            <form method="post" action=links::new_app() class="form form-narrow">
                {hidden(&[(OFFERED, &offer.factor.to_string())])} {form.error(&SHOWN)} {code("code", "Code", form.is_refused()).view(form)} {code("next_code", "Next code", false).view(form)}
                {name.view(form)}
                <div class="form-actions">
                    <button class="button button-primary">"Add authenticator app"</button>
                    <a class="button" href=links::authentication()>"Cancel"</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}
