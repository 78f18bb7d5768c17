//! Light, dark or as the system says. The choice is kept in a cookie of its own, so that pages come in it from the
//! start, before and after sessions too.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::icons::{Icon, icon};
use crate::errors::AppError;

/// A colour scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// What the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    const ALL: [(Self, Icon); 3] =
        [(Self::Light, Icon::Light), (Self::System, Icon::System), (Self::Dark, Icon::Dark)];

    /// The scheme of that name.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(theme, _)| theme).find(|theme| theme.as_str() == name)
    }

    /// Its name in the page's `data-theme`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Keeps the colour scheme in this browser and goes back to `next`.
#[server(endpoint = "sessions/set_theme")]
pub async fn set_theme(theme: Theme, #[server(default)] next: String) -> Result<(), AppError> {
    crate::session::set_theme(theme);
    if crate::context::wants_html() {
        crate::context::go(&next);
    }
    Ok(())
}

/// The three buttons. A plain form; with script the page changes in place.
#[island]
pub fn ThemeChoice(
    /// What is chosen now.
    current: Theme,
    /// The page to come back to.
    here: String,
) -> impl IntoView {
    let chosen = RwSignal::new(current);
    let choose = move |event: leptos::ev::MouseEvent, theme: Theme| {
        event.prevent_default();
        chosen.set(theme);
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", theme.as_str());
        }
        leptos::task::spawn_local(async move {
            let _ = set_theme(theme, String::new()).await;
        });
    };
    let buttons = Theme::ALL
        .into_iter()
        .map(|(theme, symbol)| {
            view! {
                <button
                    class="theme-button"
                    name="theme"
                    value=theme.as_str()
                    aria-pressed=move || (chosen.get() == theme).to_string()
                    on:click=move |event| choose(event, theme)
                >
                    {icon(symbol)}
                    <span>{theme.as_str()}</span>
                </button>
            }
        })
        .collect_view();
    view! {
        <form method="post" action="/api/sessions/set_theme" class="theme-choice" aria-label="Colour scheme">
            <input type="hidden" name="next" value=here />
            {buttons}
        </form>
    }
}
