//! The button that copies a text. Without script it is not shown, and the text beside it can be selected.

use leptos::prelude::*;

use super::icons::{Icon, icon};

/// Copies `text` to the clipboard and says so.
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// What it is, for the button's name: `Copy host`.
    what: String,
) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        {
            let promise = window().navigator().clipboard().write_text(&text);
            leptos::task::spawn_local(async move {
                if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
                    is_copied.set(true);
                    gloo_timers::future::TimeoutFuture::new(2_000).await;
                    is_copied.try_set(false);
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = &text;
    };
    let mut name = what;
    name.insert_str(0, "Copy ");
    let title = name.clone();
    view! {
        <button
            type="button"
            class="button button-quiet button-icon needs-script"
            class:is-done=move || is_copied.get()
            on:click=copy
            title=title
        >
            <span class="copy-idle">{icon(Icon::Copy)}</span>
            <span class="copy-done">{icon(Icon::Done)}</span>
            <span class="visually-hidden" role="status">
                {move || if is_copied.get() { "Copied".to_owned() } else { name.clone() }}
            </span>
        </button>
    }
}
