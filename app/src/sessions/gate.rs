//! The page around what stands before the console: the mark, one card, notices. Loads nothing.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        form::{FormState, hidden},
        frame::brand,
        icons::{Icon, icon},
        toast::toasts,
    },
    context::{flash, held_back, keep_for_trip, posted},
    links,
};

/// Such a page.
pub(crate) fn gate(title: &'static str, body: AnyView) -> AnyView {
    view! {
        <Title text=format!("{title} · Redoubt") />
        <main id="main" class="gate">
            {brand()} <section class="card gate-card"><h1>{title}</h1> {body}</section>
        </main>
        {toasts()}
    }
    .into_any()
}

/// What goes along from step to step until somebody is in: where they were going, and the form that waits for them.
#[derive(Clone, Default)]
pub(crate) struct Luggage {
    /// Where they go on; none for the start.
    pub(crate) next: Option<String>,
    held_back: Option<String>,
    is_fresh: bool,
}

impl Luggage {
    /// What this request brings, with `next` as its address has it.
    pub(crate) fn of_request(next: Option<&str>) -> Self {
        let next = next.and_then(links::own_path).map(str::to_owned);
        let sent = posted().map(|sent| sent.value("held_back")).filter(|sealed| !sealed.is_empty());
        Self { next, held_back: sent.or_else(held_back), is_fresh: FormState::is_held_back(&flash()) }
    }

    /// Where they go on.
    pub(crate) fn path(&self) -> &str {
        self.next.as_deref().unwrap_or("/projects")
    }

    /// The values that go along in each form.
    pub(crate) fn values(&self) -> Vec<(&'static str, String)> {
        let held_back = self.held_back.clone().unwrap_or_default();
        vec![("next", self.next.clone().unwrap_or_default()), ("held_back", held_back)]
    }

    /// The same as hidden fields, with further ones.
    pub(crate) fn hidden(&self, more: &[(&'static str, &str)]) -> AnyView {
        let values = self.values();
        let values = values.iter().map(|(name, value)| (*name, value.as_str()));
        hidden(&values.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Whether a form waits.
    pub(crate) fn has_form(&self) -> bool {
        self.held_back.is_some()
    }

    /// Has the browser keep the form that waits, if one does, until it is back from an identity provider.
    pub(crate) fn keep_for_trip(&self) {
        if let Some(held_back) = &self.held_back {
            keep_for_trip(held_back);
        }
    }

    /// What is said when somebody is led here out of their work: only the first time.
    pub(crate) fn notice(&self, text: &'static str) -> Option<AnyView> {
        self.is_fresh.then(|| {
            view! { <p class="alert alert-warning" role="note">{icon(Icon::Lock)} <span>{text}</span></p> }
                .into_any()
        })
    }
}
