//! The password, hidden until it is asked for. Without script the form is sent to the Connect page itself, which
//! then shows it once; no address, cookie or cache ever holds it.

use domain::errors::Error;
use leptos::prelude::*;

use super::api::reveal_password;
use crate::{
    components::{
        copy::CopyButton,
        icons::{Icon, icon},
    },
    errors::AppError,
    links,
};

/// Why it is not shown. Where somebody can do something about it, with the way there: to the sign-in, or to what
/// became of the service.
fn why(error: AppError, (sign_in, service): &(String, String)) -> AnyView {
    match error {
        AppError::Refused(Error::Unauthenticated { .. }) => {
            view! { <span>"Your session ended. " <a href=sign_in.clone()>"Sign in again"</a></span> }
                .into_any()
        }
        AppError::Refused(Error::NotFound) => view! {
            <span>
                "This service was deleted. " <a href=service.clone()>"See what became of it"</a>
            </span>
        }
        .into_any(),
        other => view! { <span>{other.to_string()}</span> }.into_any(),
    }
}

/// Shows the password on request.
#[island]
pub fn PasswordReveal(
    /// Name of the project.
    project: String,
    /// Name of the service.
    service: String,
) -> impl IntoView {
    let action = links::service(&project, &service, "connect");
    let shown = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<AppError>);
    let places = (links::sign_in(Some(&action)), links::service(&project, &service, ""));
    let is_waiting = RwSignal::new(false);
    let reveal = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if is_waiting.get_untracked() {
            return;
        }
        is_waiting.set(true);
        problem.set(None);
        let (project, service) = (project.clone(), service.clone());
        leptos::task::spawn_local(async move {
            let answer = reveal_password(project, service).await;
            is_waiting.set(false);
            match answer {
                // The person asked to read it.
                Ok(password) => shown.set(Some(password.expose().to_owned())),
                Err(error) => problem.set(Some(error)),
            }
        });
    };
    view! {
        <span class="password">
            {move || match shown.get() {
                Some(text) => {
                    view! {
                        <code class="secret">{text.clone()}</code>
                        <CopyButton text what="password".to_owned() />
                        <button type="button" class="button button-small" on:click=move |_| shown.set(None)>
                            "Hide"
                        </button>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <form method="post" action=action.clone() on:submit=reveal.clone()>
                            <span class="password-dots" class:skeleton=move || is_waiting.get() aria-hidden="true">
                                "••••••••••••"
                            </span>
                            <button class="button button-small" aria-busy=move || is_waiting.get().then_some("true")>{icon(Icon::Lock)} "Show password"</button>
                        </form>
                    }
                        .into_any()
                }
            }}
            <span class="field-error" role="alert">{move || problem.get().map(|error| why(error, &places))}</span>
        </span>
    }
}
