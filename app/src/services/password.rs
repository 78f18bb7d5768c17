//! The password, hidden until it is asked for. Without script the form is sent to the Connect page itself, which
//! then shows it once; no address, cookie or cache ever holds it.

use leptos::prelude::*;

use super::api::reveal_password;
use crate::{
    components::{
        copy::CopyButton,
        icons::{Icon, icon},
    },
    links,
};

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
    let problem = RwSignal::new(None::<String>);
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
                Err(error) => problem.set(Some(error.to_string())),
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
            <span class="field-error" role="alert">{move || problem.get()}</span>
        </span>
    }
}
