//! Follows a service's timeline in the browser. The stream is open only while something is under way and the page can be
//! seen: browsers have six connections to a server, and each stream holds one. Draws nothing.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use domain::views::Timeline;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::{
    FACTS,
    timeline::{Shown, ended, phase},
};
use crate::components::refresher::{is_hidden, refresh};

/// How often the elapsed times move on.
const TICK_MILLIS: u32 = 500;
/// How long a service at rest is left alone before the next look.
const REST_MILLIS: f64 = 5_000.0;
/// The pause after a stream that broke or was refused; it doubles with each one that says nothing at all.
const PAUSE_MILLIS: f64 = 2_000.0;
const PAUSE_MILLIS_MAX: f64 = 15_000.0;

/// Who follows: one for each timeline on a page, for as long as the page is there.
struct Follower {
    address: String,
    shown: Shown,
    is_deleting: bool,
    source: RefCell<Option<EventSource>>,
    /// Whether the open stream has said anything.
    has_spoken: Cell<bool>,
    /// Streams in a row that said nothing.
    in_vain: Cell<i32>,
    /// When the next stream is opened, and when the last word came, as the browser's clock has it.
    due_at: Cell<f64>,
    received_at: Cell<f64>,
}

/// Keeps `shown` up to date from now on.
pub(super) fn follow(address: String, shown: Shown, is_deleting: bool) {
    let now = js_sys::Date::now();
    let follower = Rc::new(Follower {
        address,
        shown,
        is_deleting,
        source: RefCell::default(),
        has_spoken: Cell::default(),
        in_vain: Cell::default(),
        due_at: Cell::new(now),
        received_at: Cell::new(now),
    });
    if follower.is_at_rest() {
        follower.due_at.set(now + REST_MILLIS);
    }
    follower.clone().heed_visibility();
    leptos::task::spawn_local(async move {
        loop {
            follower.tick();
            follower.look();
            gloo_timers::future::TimeoutFuture::new(TICK_MILLIS).await;
        }
    });
}

impl Follower {
    fn is_at_rest(&self) -> bool {
        !self.is_deleting && self.shown.timeline.with_untracked(|timeline| !timeline.is_active)
    }

    /// Moves the elapsed times on; they stand still while nobody knows what goes on.
    fn tick(&self) {
        if self.is_at_rest() || !self.shown.is_live.get_untracked() || self.shown.is_gone.get_untracked() {
            return;
        }
        let passed = js_sys::Date::now() - self.received_at.get();
        // Milliseconds fit: the page would have to stay open for 285 000 years.
        #[expect(clippy::cast_possible_truncation, reason = "a page is not open for that long")]
        self.shown.since_now.set(passed as i64);
    }

    /// Opens the stream when it is due and somebody can see the page.
    fn look(self: &Rc<Self>) {
        let is_due = js_sys::Date::now() >= self.due_at.get();
        if !is_due || is_hidden() || self.shown.is_gone.get_untracked() || self.source.borrow().is_some() {
            return;
        }
        let Ok(source) = EventSource::new(&self.address) else { return };
        // The browser's from here on; they go with the stream.
        let follower = self.clone();
        let on_timeline =
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| follower.hear(&event));
        let on_timeline = on_timeline.into_js_value();
        let _ = source.add_event_listener_with_callback("timeline", on_timeline.unchecked_ref());
        let follower = self.clone();
        let on_error = Closure::<dyn Fn()>::new(move || follower.miss()).into_js_value();
        source.set_onerror(Some(on_error.unchecked_ref()));
        self.has_spoken.set(false);
        *self.source.borrow_mut() = Some(source);
    }

    /// Lets the stream go; the next one is due after so many milliseconds.
    fn close(&self, millis: f64) {
        if let Some(source) = self.source.take() {
            source.close();
        }
        self.due_at.set(js_sys::Date::now() + millis);
    }

    /// Takes in what the stream says.
    fn hear(self: &Rc<Self>, event: &MessageEvent) {
        let Some(text) = event.data().as_string() else { return };
        let Ok(timeline) = serde_json::from_str::<Timeline>(&text) else { return };
        let is_stale = self.shown.timeline.with_untracked(phase) != phase(&timeline);
        self.has_spoken.set(true);
        self.in_vain.set(0);
        self.received_at.set(js_sys::Date::now());
        self.shown.since_now.set(0);
        self.shown.is_live.set(true);
        self.shown.timeline.set(timeline);
        if self.is_at_rest() {
            self.close(REST_MILLIS);
        }
        if is_stale {
            self.look_around();
        }
    }

    /// The stream broke, or was refused. A browser never comes back to one that was refused, so this does.
    fn miss(self: &Rc<Self>) {
        let in_vain = if self.has_spoken.get() { 0 } else { self.in_vain.get() + 1 };
        self.in_vain.set(in_vain);
        self.shown.is_live.set(in_vain == 0);
        self.close((PAUSE_MILLIS * 2_f64.powi(in_vain - 1)).clamp(PAUSE_MILLIS, PAUSE_MILLIS_MAX));
        self.look_around();
    }

    /// Fetches the facts below the timeline anew, or learns that the service is gone.
    fn look_around(self: &Rc<Self>) {
        let follower = self.clone();
        leptos::task::spawn_local(async move {
            if !refresh(FACTS).await {
                follower.end();
            }
        });
    }

    /// The service is gone, and what the page says of its parts is history.
    fn end(&self) {
        self.close(0.0);
        let Shown { timeline, since_now, is_live, is_gone } = self.shown;
        let passed = Duration::from_millis(u64::try_from(since_now.get_untracked()).unwrap_or(0));
        timeline.update(|timeline| *timeline = ended(timeline.clone(), timeline.now.plus(passed)));
        is_live.set(true);
        is_gone.set(true);
        if let Some(facts) = document().get_element_by_id(FACTS) {
            facts.remove();
        }
    }

    /// A page that nobody sees lets its stream go, and looks at once when it is seen again.
    fn heed_visibility(self: Rc<Self>) {
        let on_change = Closure::<dyn Fn()>::new(move || {
            self.close(0.0);
            if !is_hidden() && !self.shown.is_gone.get_untracked() {
                self.look();
                self.look_around();
            }
        });
        let on_change = on_change.into_js_value();
        let _ = document().add_event_listener_with_callback("visibilitychange", on_change.unchecked_ref());
    }
}
