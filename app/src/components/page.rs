//! What every page does around its own work: wait for what it loads, and say why there is nothing to show.

use domain::errors::Error;
use leptos::prelude::*;
use leptos_meta::Title;

use super::icons::{Icon, icon};
use crate::{
    context::{go, own_address, set_status, wants_html},
    errors::AppError,
    links,
};

/// A page that shows what `load` makes, or the error that it ends in with the status that says the same.
pub(crate) fn page<V: IntoView + 'static>(
    load: impl Future<Output = Result<V, AppError>> + Send + 'static,
) -> AnyView {
    Suspend::new(async move {
        match load.await {
            Ok(view) => view.into_any(),
            Err(error) => refused(&error.to_domain()),
        }
    })
    .into_any()
}

/// The page for an address that does not exist.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    refused(&Error::NotFound)
}

fn refused(error: &Error) -> AnyView {
    if matches!(error, Error::Unauthenticated { .. }) {
        set_status(401);
        if wants_html() {
            go(&links::sign_in(Some(&own_address())));
        }
    } else {
        set_status(error.status());
    }
    let heading = heading(error);
    view! {
        <Title text=heading />
        <main id="main" class="notice-page">
            <p class="notice-page-icon">{icon(Icon::Warning)}</p>
            <h1>{heading}</h1>
            <p>{error.to_string()}</p>
            <p><a class="button" href="/projects">"Go to your projects"</a></p>
        </main>
    }
    .into_any()
}

const fn heading(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "Nothing here",
        Error::Denied { .. } => "Not allowed",
        Error::Unauthenticated { .. } => "Sign in first",
        Error::Invalid { .. } | Error::Conflict { .. } => "That did not work",
        Error::Limited { .. } => "Too many tries",
        Error::Unavailable { .. } => "Not available right now",
        Error::Internal { .. } => "Something went wrong",
    }
}
