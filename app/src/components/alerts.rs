//! A sentence that people should not miss, within the page it concerns.

use leptos::prelude::*;

use super::icons::{Icon, icon};

/// Something to know before going on.
pub(crate) fn warning(said: impl IntoView) -> AnyView {
    let said = said.into_any();
    view! { <p class="alert alert-warning" role="note">{icon(Icon::Warning)} <span>{said}</span></p> }
        .into_any()
}
