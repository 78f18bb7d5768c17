//! `/set-up`: says how to get the set-up link. Anybody may see it, so it holds no link itself.

use leptos::prelude::*;
use leptos_meta::Title;

use super::COMMAND;
use crate::{
    components::{frame::brand, page::page},
    context::{control, go},
};

/// How to get the set-up link.
#[component]
pub(crate) fn SetUpNeededPage() -> impl IntoView {
    page(async {
        if !control::set_up::is_needed(&control()?).await? {
            go("/sign-in");
        }
        Ok(view! {
            <Title text="Set-up · Redoubt" />
            <main id="main" class="gate">
                {brand()}
                <section class="card gate-card">
                    <h1>"This installation is not set up yet"</h1>
                    <p>
                        "The first user and the first organization are made through a one-time link, which the server \
                         printed when it started."
                    </p>
                    <p>"To print a new one, run this on the server:"</p>
                    <pre tabindex="0" aria-label="Command"><code>{COMMAND}</code></pre>
                </section>
            </main>
        })
    })
}
