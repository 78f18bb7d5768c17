//! The notice of what was just done. Stays until it is dismissed or the next page is opened.

use leptos::prelude::*;

use super::icons::{Icon, icon};
use crate::context;

/// The notice in this request's flash, if there is one.
pub(crate) fn toasts() -> AnyView {
    let notice = context::flash().notice.map(|notice| {
        view! {
            <div class="toast">
                {icon(Icon::Done)} <p>{notice}</p>
                <a class="button button-quiet button-icon" href=context::own_address() data-dismiss="" aria-label="Dismiss">
                    {icon(Icon::Close)}
                </a>
            </div>
        }
    });
    view! { <div class="toasts" role="status">{notice}</div> }.into_any()
}
