//! A dialog and the button that opens it, in plain HTML: `commandfor` opens it as modal without script. After a
//! refusal the server sends it open; the loader script makes that one modal, too.

use leptos::prelude::*;

use super::icons::{Icon, icon};

/// The button that opens the dialog `id`.
pub(crate) fn open_button(id: &'static str, class: &'static str, label: impl IntoView + 'static) -> AnyView {
    view! { <button type="button" class=class commandfor=id command="show-modal" aria-haspopup="dialog">{label}</button> }
    .into_any()
}

/// A dialog. `is_open` shows it from the start, which is how a refused form comes back.
pub(crate) fn dialog(id: &'static str, title: String, is_open: bool, body: AnyView) -> AnyView {
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    view! {
        <dialog id=id class="dialog" open=is_open closedby="closerequest" aria-labelledby=labelled_by>
            <header class="dialog-head">
                <h2 id=title_id>{title}</h2>
                <form method="dialog">
                    <button class="button button-quiet button-icon" aria-label="Close">{icon(Icon::Close)}</button>
                </form>
            </header>
            {body}
        </dialog>
    }
    .into_any()
}
