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
        page::page,
        table::{pager, table},
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
        let frame = Frame {
            title: "Events".into(),
            section: Section::Events,
            project: Some(project),
            organization: None,
            trail: vec![("Events".into(), links::events(&name, None))],
            calls: ApiCalls::new().get(
                "List events",
                "/api/events/list",
                &[("project", Some(&name)), ("after", after.as_deref())],
            ),
        };
        Ok(frame.view(viewer, draw(&name, list, after.is_some())))
    })
}

fn draw(project: &str, list: Page<EventView>, is_later: bool) -> AnyView {
    let first = is_later.then(|| links::events(project, None));
    let next = list.next.as_deref().map(|after| links::events(project, Some(after)));
    let body = if list.rows.is_empty() && !is_later {
        empty(
            Icon::Events,
            "No events yet",
            "Everything that is done in this project is recorded here, refused tries too.",
            (),
        )
        .into_any()
    } else {
        let shown = list.rows.len();
        let rows = list.rows.into_iter().map(row).collect_view().into_any();
        let columns = ["Time", "What happened", "Event", "Outcome", "Actor"];
        view! { {table("Events", &columns, rows)} {pager(shown, list.total, first, next)} }.into_any()
    };
    view! { {head("Events".into(), (), ())} {body} }.into_any()
}

fn row(event: EventView) -> AnyView {
    let (tone, word) = outcome(event.outcome);
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
        <tr>
            <td class="nowrap">{time(event.at)}</td>
            <td class="event-text">
                <details>
                    <summary>{event.text}</summary>
                    <dl class="facts">
                        {one("Service", event.service_name)} {one("Address", event.address)} {one("Program", event.agent)}
                        {one("Request", Some(event.request_id))} {one("Sequence", Some(event.sequence.to_string()))}
                    </dl>
                    {change}
                </details>
            </td>
            <td><code>{event.event_type}</code></td>
            <td>{badge(tone, word)}</td>
            <td>{event.actor}</td>
        </tr>
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
