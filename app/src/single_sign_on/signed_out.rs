//! `/signed-out`: says so, and offers to be signed out at the identity provider as well; `/signed-out/provider` leads there.

use control::single_sign_on;
use domain::errors::Error;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    components::page::page,
    context::{control, go_outside, set_status},
    links, session,
    sessions::gate::gate,
};

const TITLE: &str = "You are signed out";

/// Says that one is signed out here.
#[component]
pub(crate) fn SignedOutPage() -> impl IntoView {
    let has_provider = use_query_map().read_untracked().get("provider").is_some();
    page(async move { Ok(gate(TITLE, said(has_provider, None))) })
}

/// Leads to the identity provider to be signed out there.
#[component]
pub(crate) fn ProviderSignOutPage() -> impl IntoView {
    page(async move {
        match single_sign_on::leave(&control()?, &session::ceremony()).await {
            Ok(address) => {
                go_outside(&address);
                Ok(().into_any())
            }
            Err(error @ Error::Conflict { .. }) => {
                set_status(error.status());
                Ok(gate(TITLE, said(false, Some(error.to_string()))))
            }
            Err(error) => Err(error.into()),
        }
    })
}

fn said(has_provider: bool, why: Option<String>) -> AnyView {
    let there = has_provider.then(|| {
        view! {
            <p>
                "You are still signed in at your identity provider: whoever uses this browser next could come back without a \
                 password."
            </p>
            <div class="form-actions">
                <a class="button button-primary button-wide" href=links::provider_sign_out() rel="external nofollow">
                    "Sign out there as well"
                </a>
            </div>
        }
    });
    view! {
        <p>"You are signed out of Redoubt in this browser."</p>
        {why.map(|why| view! { <p>{why}</p> })}
        {there}
        <p><a href=links::sign_in(None)>"Sign in again"</a></p>
    }
    .into_any()
}
