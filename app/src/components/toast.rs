//! The notice of what was just done, and of a session that ended meanwhile. Stays until it is dismissed, the next page
//! is opened, or the person is signed in again.

use leptos::prelude::*;

use super::{
    icons::{Icon, icon},
    refresher::SESSION_ENDED,
};
use crate::{context, links};

/// The notice in this request's flash, if there is one.
pub(crate) fn toasts() -> AnyView {
    region(().into_any())
}

/// The same on a page of somebody who is signed in. With script it learns when the session has ended, and does not go
/// away over what was typed.
pub(crate) fn toasts_of_session() -> AnyView {
    let sign_in = links::sign_in(None);
    let ended = view! {
        <div class="toast toast-warning" id=SESSION_ENDED role="alert" hidden>
            {icon(Icon::Lock)}
            <p>
                "Your session ended. What you entered is still here: "
                <a href=sign_in target="_blank">"sign in in a new tab"</a> ", then go on."
            </p>
        </div>
    };
    region(ended.into_any())
}

fn region(ended: AnyView) -> AnyView {
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
    view! { <div class="toasts" role="status">{notice} {ended}</div> }.into_any()
}
