//! An instant: the server writes UTC, the loader script shows the viewer's zone and keeps UTC in the tooltip.

use domain::timestamps::Timestamp;
use leptos::prelude::*;

/// An instant.
pub(crate) fn time(at: Timestamp) -> AnyView {
    view! { <time datetime=at.rfc3339()>{at.human()}</time> }.into_any()
}

/// An instant of which the day alone matters: the rest is in the tooltip.
pub(crate) fn day(at: Timestamp) -> AnyView {
    view! { <time datetime=at.rfc3339() data-day=at.human()>{at.date()}</time> }.into_any()
}

/// An instant, or a dash.
pub(crate) fn maybe_time(at: Option<Timestamp>) -> AnyView {
    match at {
        Some(at) => time(at).into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    }
}
