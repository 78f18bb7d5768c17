//! `/sign-in/sso/{provider}` and `/step-up/sso/{provider}`, which lead to an identity provider; `/sign-in/answer`, to which its answer leads; and
//! `/sign-in/refused`, where those end whose answer nobody asked for or believes.

use control::single_sign_on::{self, Finished};
use domain::{errors::Error, secrets::Secret};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::leave;
use crate::{
    components::page::page,
    context::{answer, control, done, go, set_status, throw_away_after_trip, unpack_after_trip},
    links, session,
    sessions::gate::gate,
};

/// Leads to an identity provider.
#[component]
pub(crate) fn TripPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("provider").and_then(|id| id.parse().ok());
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let next = next.as_deref().and_then(links::own_path).unwrap_or_default();
        let id = id.ok_or(Error::NotFound)?;
        Ok(leave(answer(single_sign_on::begin(&control()?, id, next).await)?))
    })
}

/// Leads to the identity provider that one signed in with, to show once more who one is.
#[component]
pub(crate) fn ConfirmationTripPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("provider").and_then(|id| id.parse().ok());
    let next = use_query_map().read_untracked().get("next");
    page(async move {
        let next = next.as_deref().and_then(links::own_path).unwrap_or_default();
        let id = id.ok_or(Error::NotFound)?;
        Ok(leave(answer(single_sign_on::begin_step_up(&control()?, id, next).await)?))
    })
}

/// Ends a trip to an identity provider.
#[component]
pub(crate) fn AnswerPage() -> impl IntoView {
    let receipt = Secret::new(use_query_map().read_untracked().get("receipt").unwrap_or_default());
    page(async move {
        match single_sign_on::finish(&control()?, &session::ceremony(), &receipt).await {
            Ok(Finished::SignedIn(signed_in, provider, next)) => {
                let is_same_person = signed_in.is_same_person;
                session::begin_through(signed_in, *provider).await?;
                match is_same_person {
                    true => unpack_after_trip(),
                    false => throw_away_after_trip(),
                }
                go(links::own_path(&next).unwrap_or("/projects"));
                Ok(().into_any())
            }
            Ok(Finished::SteppedUp(proven, next)) => {
                session::prove(proven).await?;
                unpack_after_trip();
                go(links::own_path(&next).unwrap_or("/projects"));
                Ok(().into_any())
            }
            Ok(Finished::Linked) => {
                done(
                    &links::authentication(),
                    "Your account is linked: you can sign in with it from now on.",
                );
                Ok(().into_any())
            }
            Ok(Finished::Tested(organization, provider)) => {
                go(&links::identity_provider(&organization.to_string(), &provider.to_string()));
                Ok(().into_any())
            }
            Err(error @ (Error::Forbidden { .. } | Error::Conflict { .. })) => {
                set_status(error.status());
                Ok(refused(&error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    })
}

/// Says that an answer was not believed.
#[component]
pub(crate) fn RefusedPage() -> impl IntoView {
    page(async move {
        set_status(403);
        let why = "What your identity provider sent was not accepted. Begin the sign-in here again; if it stays, ask an admin of \
                   your organization, who finds the reason in its events.";
        Ok(refused(why))
    })
}

fn refused(why: &str) -> AnyView {
    let body = view! {
        <p class="alert alert-bad" role="alert">{why.to_owned()}</p>
        <div class="form-actions">
            <a class="button button-primary button-wide" href=links::sign_in(None)>
                "Sign in again"
            </a>
        </div>
    };
    gate("You are not signed in", body.into_any())
}
