//! Fetches a part of the page anew and puts it in place: live lists without drawing them a second time in WASM.

use leptos::prelude::*;

/// Id of what the frame says, once it is true, of a session that ended.
pub(crate) const SESSION_ENDED: &str = "session-ended";

/// Fetches the page again every few seconds and replaces the element `region` by its new self. Draws nothing.
#[island]
pub fn Refresher(
    /// Id of the element to replace.
    region: String,
    /// How long to wait between two fetches while something is under way (the region has `data-active`).
    busy_millis: u32,
    /// How long otherwise.
    idle_millis: u32,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    leptos::task::spawn_local(async move {
        loop {
            let is_busy = browser::find(&region).is_some_and(|element| element.has_attribute("data-active"));
            let millis = if is_busy { busy_millis } else { idle_millis };
            gloo_timers::future::TimeoutFuture::new(millis).await;
            if !is_hidden() {
                refresh(&region).await;
            }
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (region, busy_millis, idle_millis);
}

/// What has become of the page that is shown.
#[cfg(feature = "hydrate")]
pub(crate) enum Page {
    /// It is there, or cannot be asked for right now.
    Here(Option<String>),
    /// It does not exist any more.
    Gone,
    /// The server wants the person to sign in again.
    Closed,
}

/// Fetches this page and replaces the element `region` if it changed. Says whether the page still exists. If the session
/// is over it loads the page again, which leads to the sign-in, unless what was typed into it would be lost.
#[cfg(feature = "hydrate")]
pub(crate) async fn refresh(region: &str) -> bool {
    match browser::fetch_own_page().await.unwrap_or(Page::Here(None)) {
        Page::Here(Some(html)) => {
            browser::say_session_ended(false);
            browser::swap(region, &html);
        }
        Page::Here(None) => {}
        Page::Gone => return false,
        Page::Closed if browser::has_input() => browser::say_session_ended(true),
        Page::Closed => {
            let _ = window().location().reload();
        }
    }
    true
}

#[cfg(feature = "hydrate")]
pub(crate) use browser::is_hidden;

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::{document, window};
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{
        CustomEvent, CustomEventInit, DomParser, Element, Headers, HtmlInputElement, HtmlTextAreaElement,
        RequestInit, Response, SupportedType, VisibilityState,
    };

    use super::{Page, SESSION_ENDED};

    /// Where people type or choose, within a form.
    const FIELDS: &str = "form :is(input, textarea)";

    pub(super) fn find(region: &str) -> Option<Element> {
        document().get_element_by_id(region)
    }

    pub(crate) fn is_hidden() -> bool {
        document().visibility_state() == VisibilityState::Hidden
    }

    /// Whether a form on the page holds what the server did not put there.
    pub(super) fn has_input() -> bool {
        let Ok(fields) = document().query_selector_all(FIELDS) else { return false };
        (0..fields.length()).filter_map(|index| fields.get(index)).any(|field| {
            if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
                input.checked() != input.default_checked() || input.value() != input.default_value()
            } else {
                let text = field.dyn_ref::<HtmlTextAreaElement>();
                text.is_some_and(|text| text.default_value().is_ok_and(|default| default != text.value()))
            }
        })
    }

    /// Shows or hides what the frame says of a session that ended.
    pub(super) fn say_session_ended(is_ended: bool) {
        if let Some(notice) = find(SESSION_ENDED) {
            let _ = match is_ended {
                true => notice.remove_attribute("hidden"),
                false => notice.set_attribute("hidden", ""),
            };
        }
    }

    /// The page as the server would send it now.
    pub(super) async fn fetch_own_page() -> Result<Page, JsValue> {
        let address = window().location().href()?;
        // Nobody did anything: this must not keep the session alive.
        let headers = Headers::new()?;
        headers.set("redoubt-background", "1")?;
        let init = RequestInit::new();
        init.set_headers(&headers);
        let fetched = window().fetch_with_str_and_init(&address, &init);
        let response: Response = JsFuture::from(fetched).await?.dyn_into()?;
        match response.status() {
            _ if response.redirected() => Ok(Page::Closed),
            401 | 403 => Ok(Page::Closed),
            404 => Ok(Page::Gone),
            _ if !response.ok() => Ok(Page::Here(None)),
            _ => Ok(Page::Here(JsFuture::from(response.text()?).await?.as_string())),
        }
    }

    /// Scripts in a parsed page do not run, so what comes in is markup and nothing else.
    pub(super) fn swap(region: &str, html: &str) {
        let Ok(page) =
            DomParser::new().and_then(|parser| parser.parse_from_string(html, SupportedType::TextHtml))
        else {
            return;
        };
        let (Some(old), Some(new)) = (find(region), page.get_element_by_id(region)) else { return };
        // The server's words on both sides: what islands and the zone made of them since does not count.
        let fresh = new.get_attribute("data-version");
        if fresh.is_some() && fresh == old.get_attribute("data-version") {
            return;
        }
        let has_focus = document().active_element().is_some_and(|active| old.contains(Some(&active)));
        if has_focus {
            return;
        }
        if old.replace_with_with_node_1(&new).is_ok() {
            let bubbling = CustomEventInit::new();
            bubbling.set_bubbles(true);
            if let Ok(event) = CustomEvent::new_with_event_init_dict("redoubt:refreshed", &bubbling) {
                let _ = new.dispatch_event(&event);
            }
        }
    }
}
