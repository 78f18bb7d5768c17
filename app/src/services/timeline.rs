//! The timeline: what a service's workflow does, live. The server draws it whole; with script it follows the stream.

use domain::{
    states::{ServiceState, StepState},
    timestamps::Timestamp,
    views::{Timeline, TimelineStep},
};
use leptos::prelude::*;

use crate::{
    components::{
        badges::{Tone, badge, service_state},
        icons::{Icon, icon},
    },
    quantities::duration,
};

/// An estimate below this says nothing that people could use.
const ESTIMATE_MILLIS_MIN: i64 = 1_000;

/// The title of a timeline that leads to the end of the service.
const DELETING: &str = "Deleting";

/// How far a timeline is at one moment, in milliseconds since its `now`.
fn elapsed(timeline: &Timeline, since_now: i64) -> Option<i64> {
    let end = timeline.finished_at.map_or(timeline.now.micros() / 1000 + since_now, |at| at.micros() / 1000);
    Some(end - timeline.started_at?.micros() / 1000)
}

/// How long one step has taken, or took.
fn step_elapsed(step: &TimelineStep, now_millis: i64) -> Option<i64> {
    let end = step.finished_at.map_or(now_millis, |at| at.micros() / 1000);
    Some(end - step.started_at?.micros() / 1000)
}

/// What there is to say of the rest: from history, never a promise.
#[must_use]
pub fn outlook(elapsed_millis: i64, estimate_millis: i64) -> String {
    let rest = estimate_millis - elapsed_millis;
    if rest > 0 {
        format!("about {} left; it usually takes {}", duration(rest), duration(estimate_millis))
    } else {
        format!("longer than usual, which is {}", duration(estimate_millis))
    }
}

/// What the page knows of the timeline.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// As the server said last.
    pub(super) timeline: RwSignal<Timeline>,
    /// Milliseconds since then.
    pub(super) since_now: RwSignal<i64>,
    /// Whether the page hears of changes.
    pub(super) is_live: RwSignal<bool>,
    /// The service is no more.
    pub(super) is_gone: RwSignal<bool>,
    /// Where its certificate of destruction is then; the list of them until that is known.
    pub(super) certificate: RwSignal<String>,
}

/// The live timeline with the service's state.
#[island]
pub fn LiveTimeline(
    /// As the server drew it.
    timeline: Timeline,
    /// Name of the project.
    project: String,
    /// Name of the service.
    service: String,
    /// The service is being deleted.
    is_deleting: bool,
    /// The viewer may have a failing step tried again.
    may_retry: bool,
) -> impl IntoView {
    let shown = Shown {
        timeline: RwSignal::new(timeline),
        since_now: RwSignal::new(0_i64),
        is_live: RwSignal::new(true),
        is_gone: RwSignal::new(false),
        certificate: RwSignal::new(crate::links::certificates(&project, None)),
    };
    #[cfg(feature = "hydrate")]
    super::follow::follow(crate::links::timeline_stream(&project, &service), shown, is_deleting);

    let Shown { timeline, since_now, is_live, is_gone, certificate } = shown;
    // What is over is folded; what ends before the viewer's eyes stays.
    let is_open = is_deleting || timeline.with_untracked(|timeline| timeline.is_active);
    let folded = NodeRef::new();
    unfold_at_need(folded, timeline);
    view! {
        <section class="card timeline" aria-labelledby="timeline-title">
            {move || timeline.with(|timeline| summary(timeline, since_now.get(), is_deleting, is_gone.get()))}
            <div role="status">{move || (!is_live.get()).then(not_live)}</div>
            <details node_ref=folded open=is_open hidden=move || timeline.with(|timeline| timeline.steps.is_empty())>
            <summary>"Steps"</summary>
            <ol>
                {move || {
                    timeline
                        .with(|timeline| {
                            let now = timeline.now.micros() / 1000 + since_now.get();
                            timeline.steps.iter().map(|one| step(one, now, may_retry.then_some((project.as_str(), service.as_str())))).collect_view()
                        })
                }}
            </ol>
            </details>
            {move || is_gone.get().then(|| gone(certificate.get()))}
        </section>
    }
}

/// Opens the steps when something begins, and when a step begins to fail: what it says and asks is in there.
fn unfold_at_need(folded: NodeRef<leptos::html::Details>, timeline: RwSignal<Timeline>) {
    Effect::new(move |before: Option<(bool, bool)>| {
        let (is_active, is_failing) =
            timeline.with(|timeline| (timeline.is_active, has_failing_step(timeline)));
        let is_new =
            before.is_some_and(|(active, failing)| (is_active && !active) || (is_failing && !failing));
        if let Some(folded) = folded.get_untracked().filter(|_| is_new) {
            folded.set_open(true);
        }
        (is_active, is_failing)
    });
}

fn has_failing_step(timeline: &Timeline) -> bool {
    timeline.steps.iter().any(|step| step.state == StepState::Failing)
}

fn not_live() -> AnyView {
    view! {
        <p class="alert alert-warning">
            {icon(Icon::Warning)}
            <span>"Not live right now: this may be out of date. The page tries again by itself."</span>
        </p>
    }
    .into_any()
}

fn gone(certificate: String) -> AnyView {
    view! {
        <p class="alert alert-good" role="status">
            {icon(Icon::Done)}
            <span>
                "The service is gone. " <a href=certificate>"See the certificate of destruction"</a> "."
            </span>
        </p>
    }
    .into_any()
}

fn summary(timeline: &Timeline, since_now: i64, is_deleting: bool, is_gone: bool) -> AnyView {
    let has_problem = has_failing_step(timeline);
    let (tone, word) = match is_gone {
        true => (Tone::Plain, "DELETED"),
        false => service_state(timeline.state, is_deleting, has_problem),
    };
    let estimate = timeline.estimate_millis.filter(|millis| *millis >= ESTIMATE_MILLIS_MIN);
    let elapsed = elapsed(timeline, since_now);
    let facts = match (timeline.is_active, elapsed, estimate) {
        (true, Some(elapsed), Some(estimate)) => {
            format!("{} so far, {}", duration(elapsed), outlook(elapsed, estimate))
        }
        (true, Some(elapsed), None) => {
            format!("{} so far; no history yet to estimate from", duration(elapsed))
        }
        (true, None, _) => "Not begun yet".into(),
        (false, _, _) => String::new(),
    };
    let progress = estimate.filter(|_| timeline.is_active).map(|estimate| {
        view! {
            <progress
                max=estimate.to_string()
                value=elapsed.unwrap_or(0).min(estimate).to_string()
                aria-label="Time taken of the usual time"
            ></progress>
        }
    });
    view! {
        <header class="timeline-head">
            <span role="status">{badge(tone, word)}</span>
            <h2 id="timeline-title">{heading(timeline, elapsed, is_deleting, is_gone)}</h2>
            <p class="muted">{facts}</p>
        </header>
        {progress}
    }
    .into_any()
}

/// `Creating` while it is, `Created in 12 s` after it.
fn heading(timeline: &Timeline, elapsed_millis: Option<i64>, is_deleting: bool, is_gone: bool) -> String {
    if is_gone {
        past(DELETING, elapsed_millis)
    } else if is_deleting {
        DELETING.into()
    } else if timeline.is_active || timeline.steps.is_empty() {
        timeline.title.clone()
    } else {
        past(&timeline.title, elapsed_millis)
    }
}

/// What was going on, as what was done: `Restarting` becomes `Restarted in 12 s`.
fn past(title: &str, elapsed_millis: Option<i64>) -> String {
    let (verb, rest) = title.split_at(title.find(' ').unwrap_or(title.len()));
    let done = verb.strip_suffix("ing").map_or_else(|| verb.to_owned(), |stem| format!("{stem}ed"));
    match elapsed_millis {
        Some(millis) => format!("{done}{rest} in {}", duration(millis)),
        None => format!("{done}{rest}"),
    }
}

/// The timeline of a service that is gone, so that its last step is done. Steps of what went on before its deletion
/// (which can be too quick to be seen) did not lead to that, and are no part of it.
#[must_use]
pub fn ended(mut timeline: Timeline, at: Timestamp) -> Timeline {
    timeline.is_active = false;
    if timeline.title != DELETING {
        return Timeline {
            title: DELETING.into(),
            steps: Vec::new(),
            started_at: None,
            finished_at: None,
            ..timeline
        };
    }
    timeline.finished_at.get_or_insert(at);
    for step in &mut timeline.steps {
        step.state = StepState::Done;
        step.finished_at.get_or_insert(at);
    }
    timeline
}

/// A step; `retry` names project and service for who may have it tried again.
fn step(step: &TimelineStep, now_millis: i64, retry: Option<(&str, &str)>) -> AnyView {
    let (class, word) = match step.state {
        StepState::Done => ("step step-done", "done"),
        StepState::Active => ("step step-active", "under way"),
        StepState::Failing => ("step step-failing", "failing"),
        StepState::Pending => ("step step-pending", "waiting"),
    };
    let estimate = step.estimate_millis.filter(|millis| *millis >= ESTIMATE_MILLIS_MIN);
    let time = match (step.state, step_elapsed(step, now_millis), estimate) {
        (StepState::Pending, _, Some(estimate)) => format!("usually {}", duration(estimate)),
        (StepState::Pending, _, None) => String::new(),
        (_, Some(elapsed), Some(estimate)) if step.state != StepState::Done => {
            format!("{} of usually {}", duration(elapsed), duration(estimate))
        }
        (_, Some(elapsed), _) => duration(elapsed),
        (_, None, _) => String::new(),
    };
    let time = if step.attempts > 1 { format!("try {} · {time}", step.attempts) } else { time };
    let problem = step.error.clone().map(|error| problem(error, step, now_millis, retry));
    view! {
        <li class=class>
            <span class="step-mark" aria-hidden="true">{(step.state == StepState::Done).then(|| icon(Icon::Done))}</span>
            <span class="step-label">{step.label.clone()} <span class="visually-hidden">{format!(" ({word})")}</span></span>
            <span class="step-time">{time}</span>
            {problem}
        </li>
    }
    .into_any()
}

/// Why the last try failed. Once the step has got on that is history, and said quietly.
fn problem(error: String, step: &TimelineStep, now_millis: i64, retry: Option<(&str, &str)>) -> AnyView {
    if step.state != StepState::Failing {
        return view! { <p class="step-past">"An earlier try: " {error}</p> }.into_any();
    }
    let next = step.next_try_at.map(|at| {
        let wait = at.micros() / 1000 - now_millis;
        if wait > 0 { format!("Next try in {}.", duration(wait)) } else { "Trying again now.".into() }
    });
    let retry = retry.map(|(project, service)| {
        view! {
            <form method="post" action="/api/services/retry">
                <input type="hidden" name="project" value=project.to_owned() />
                <input type="hidden" name="service" value=service.to_owned() />
                <button class="button button-small">"Try now"</button>
            </form>
        }
    });
    view! {
        <div class="step-problem">
            <div>
                <p>{error}</p>
                <p class="step-next">{next}</p>
            </div>
            {retry}
        </div>
    }
    .into_any()
}

/// The parts of a timeline whose change makes the rest of the page stale.
#[must_use]
pub fn phase(timeline: &Timeline) -> (usize, bool, bool, ServiceState) {
    let done = timeline.steps.iter().filter(|step| step.state == StepState::Done).count();
    (done, timeline.is_active, has_failing_step(timeline), timeline.state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(title: &str) -> Timeline {
        let step = TimelineStep {
            step: "shred".into(),
            label: "Shred".into(),
            state: StepState::Active,
            started_at: Some(Timestamp::from_micros(1)),
            finished_at: None,
            attempts: 1,
            error: None,
            next_try_at: None,
            estimate_millis: None,
        };
        Timeline {
            title: title.into(),
            is_active: true,
            steps: vec![step],
            started_at: Some(Timestamp::from_micros(1)),
            finished_at: None,
            estimate_millis: None,
            now: Timestamp::from_micros(2),
            state: ServiceState::Rebuilding,
        }
    }

    #[test]
    fn a_service_that_is_gone_shows_the_steps_of_its_deletion_and_no_others() {
        let at = Timestamp::from_micros(2_500_001);
        let deleted = ended(timeline(DELETING), at);
        assert_eq!(
            (deleted.steps[0].state, deleted.finished_at, deleted.is_active),
            (StepState::Done, Some(at), false)
        );
        assert_eq!(heading(&deleted, elapsed(&deleted, 0), true, true), "Deleted in 2.5 s");
        let unseen = ended(timeline("Creating"), at);
        assert_eq!((unseen.steps.len(), unseen.is_active), (0, false));
        assert_eq!(heading(&unseen, elapsed(&unseen, 0), true, true), "Deleted");
    }

    #[test]
    fn a_step_that_fails_makes_the_rest_of_the_page_stale() {
        let going = timeline("Restarting");
        let mut failing = going.clone();
        failing.steps[0].state = StepState::Failing;
        assert_ne!(phase(&going), phase(&failing));
        assert_eq!(phase(&failing), phase(&Timeline { now: Timestamp::from_micros(9), ..failing.clone() }));
    }

    #[test]
    fn what_is_over_is_said_as_what_was_done() {
        assert_eq!(past("Creating", Some(75_000)), "Created in 1 min 15 s");
        assert_eq!(past("Changing the IP filter", None), "Changed the IP filter");
    }

    #[test]
    fn the_outlook_is_honest_about_the_past() {
        assert_eq!(outlook(10_000, 45_000), "about 35 s left; it usually takes 45 s");
        assert_eq!(outlook(50_000, 45_000), "longer than usual, which is 45 s");
    }
}
