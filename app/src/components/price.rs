//! A price: exact per hour, and what that makes in a month.

use domain::plans::{HOURS_PER_MONTH, MicroUsd};
use leptos::prelude::*;

/// A price per hour and month.
pub(crate) fn price(per_hour: MicroUsd, per_month: MicroUsd) -> AnyView {
    view! {
        <span class="price">
            <strong>{per_month.dollars(2)}</strong>
            <span class="muted" title=format!("A month counts {HOURS_PER_MONTH} hours")>" per month"</span>
            <span class="price-hour muted">{per_hour.dollars(4)} " per hour"</span>
        </span>
    }
    .into_any()
}
