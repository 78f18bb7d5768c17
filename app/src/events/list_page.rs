//! `/projects/{project}/events`: the project's log, latest first, with what changed.

use domain::views::{EventView, Page};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_events;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{badge, outcome},
        empty::empty,
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        table::{Column, Row},
        time::time,
    },
    links,
    projects::api::view_project,
};

/// A project's events.
#[component]
pub(crate) fn EventsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let name = project.name.clone();
        let list = list_events(name.clone(), after.clone()).await?;
        let calls = ApiCalls::new().get(
            "List events",
            "/api/events/list",
            &[("project", Some(&name)), ("after", after.as_deref())],
        );
        let frame = Frame::in_project(project, Section::Events, "Events")
            .step("Events", links::events(&name, None))
            .calls(calls);
        let address = |after: Option<&str>| links::events(&name, after);
        let empty = "Everything that is done in this project is recorded here, refused tries too.";
        Ok(frame.view(viewer, draw("Events", list, after.as_deref(), &address, empty)))
    })
}

const COLUMNS: [Column; 5] = [
    Column::Text("Time"),
    Column::Name("What happened"),
    Column::Text("Event"),
    Column::Text("Outcome"),
    Column::Text("Actor"),
];

/// The log of a project or of an organization; `none` says what will be in it.
pub(crate) fn draw(
    title: &'static str,
    page: Page<EventView>,
    after: Option<&str>,
    address: &dyn Fn(Option<&str>) -> String,
    none: &'static str,
) -> AnyView {
    let list = List { caption: title, columns: &COLUMNS, after, address };
    let empty = || empty(Icon::Events, "No events yet", none, ());
    view! { {head(title.into(), (), ())} {list.view(page, row, empty)} }.into_any()
}

fn row(event: EventView) -> Row {
    let (tone, word) = outcome(event.outcome);
    let (at, actor) = (time(event.at), event.actor.clone());
    let event_type = event.event_type.clone();
    vec![
        at,
        details(event),
        view! { <code>{event_type}</code> }.into_any(),
        badge(tone, word),
        view! { <span class="event-actor">{actor}</span> }.into_any(),
    ]
}

/// What happened in one sentence; unfolded, everything else that is known of it.
fn details(event: EventView) -> AnyView {
    let has_change = event.before.is_some() || event.after.is_some();
    let one = |label: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{label}</dt><dd class="break">{value}</dd></div> })
    };
    let change = has_change.then(|| {
        view! {
            <div class="change">
                {change("Before", event.before.clone())} {change("After", event.after.clone())}
            </div>
        }
    });
    view! {
        <details class="event">
            <summary>{event.text}</summary>
            <dl class="facts">
                {one("Project", event.project_name)} {one("Service", event.service_name)} {one("Address", event.address)} {one("Program", event.agent)}
                {one("Request", Some(event.request_id))} {one("Sequence", Some(event.sequence.to_string()))}
            </dl>
            {change}
        </details>
    }
    .into_any()
}

fn change(label: &'static str, json: Option<String>) -> AnyView {
    let text = json.map_or_else(|| "nothing".to_owned(), |json| pretty(&json));
    view! {
        <figure>
            <figcaption>{label}</figcaption>
            <pre tabindex="0" aria-label=label><code>{text}</code></pre>
        </figure>
    }
    .into_any()
}

/// JSON over several lines; what is no JSON stays as it is.
fn pretty(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spread_and_anything_else_left_alone() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("no json"), "no json");
    }
}
