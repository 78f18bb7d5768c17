//! What stands where a list would be while there is nothing in it: what the thing is for, and the first step.

use leptos::prelude::*;

use super::icons::{Icon, icon};

/// An empty list.
pub(crate) fn empty(
    symbol: Icon,
    heading: &'static str,
    text: &'static str,
    step: impl IntoView + 'static,
) -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-icon">{icon(symbol)}</p>
            <h2>{heading}</h2>
            <p>{text}</p>
            <div class="empty-step">{step}</div>
        </div>
    }
    .into_any()
}
