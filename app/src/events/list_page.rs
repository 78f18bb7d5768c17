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
        let page = list_events(name.clone(), after.clone()).await?;
        let calls = ApiCalls::new().get(
            "List events",
            "/api/events/list",
            &[("project", Some(&name)), ("after", after.as_deref())],
        );
        let frame = Frame::in_project(project, Section::Events, "Events")
            .step("Events", links::events(&name, None))
            .calls(calls);
        let address = |after: Option<&str>| links::events(&name, after);
        let list =
            List { caption: "Events", columns: &OF_PROJECT, after: after.as_deref(), address: &address };
        let none = "Everything that is done in this project is recorded here, refused tries too.";
        Ok(frame.view(viewer, draw(list, page, none)))
    })
}

const PROJECT: Column = Column::Text("Project");
const OF_PROJECT: [Column; 5] = [
    Column::Text("Time"),
    Column::Name("What happened"),
    Column::Text("Event"),
    Column::Text("Outcome"),
    Column::Text("Actor"),
];
/// The columns of an organization's log: those of a project's, and the project.
pub(crate) const OF_ORGANIZATION: [Column; 6] = [
    Column::Text("Time"),
    Column::Name("What happened"),
    PROJECT,
    Column::Text("Event"),
    Column::Text("Outcome"),
    Column::Text("Actor"),
];

/// The log of a project or of an organization; `none` says what will be in it.
pub(crate) fn draw(list: List<'_>, page: Page<EventView>, none: &'static str) -> AnyView {
    let (title, has_project) = (list.caption, list.columns.contains(&PROJECT));
    let empty = || empty(Icon::Events, "No events yet", none, ());
    view! { {head(title.into(), (), ())} {list.view(page, |event| row(has_project, event), empty)} }
        .into_any()
}

fn row(has_project: bool, event: EventView) -> Row {
    let (tone, word) = outcome(event.outcome);
    let (at, actor, event_type) = (time(event.at), event.actor.clone(), event.event_type.clone());
    let project = has_project.then(|| named(event.project_name.clone()));
    let rest = [
        view! { <code class="event-type">{breakable(&event_type)}</code> }.into_any(),
        badge(tone, word),
        view! { <span class="event-actor">{actor}</span> }.into_any(),
    ];
    [at, details(event)].into_iter().chain(project).chain(rest).collect()
}

/// A type that may go on in a second line behind its point.
fn breakable(event_type: &str) -> AnyView {
    match event_type.split_once('.') {
        Some((thing, what)) => view! { {format!("{thing}.")} <wbr /> {what.to_owned()} }.into_any(),
        None => event_type.to_owned().into_any(),
    }
}

/// The name of a project; what happens to people and to the organization itself is in none.
fn named(project: Option<String>) -> AnyView {
    match project {
        Some(name) => view! { <span class="free-text">{name}</span> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

/// What happened in one sentence; unfolded, everything else that is known of it.
fn details(event: EventView) -> AnyView {
    let has_change = event.before.is_some() || event.after.is_some();
    // What is not known is hidden rather than left out: the file with the list has a column for each label.
    let one = |label: &'static str, value: Option<String>| {
        let is_unknown = value.is_none();
        view! { <div hidden=is_unknown><dt>{label}</dt><dd class="break">{value}</dd></div> }
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
            <div class="event-rest">
                <dl class="facts">
                    {one("Project", event.project_name)} {one("Service", event.service_name)}
                    {one("Event", Some(event.event_type))} {one("Actor", Some(event.actor))}
                    {one("Credential", event.credential)}
                    {one("Session", event.session)} {one("Address", event.address)} {one("Program", event.agent)}
                    {one("Request", Some(event.request_id))} {one("Sequence", Some(event.sequence.to_string()))}
                </dl>
                {change}
            </div>
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
    use domain::{states::Outcome, timestamps::Timestamp};

    use super::*;

    fn event(project: Option<&str>) -> EventView {
        EventView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            sequence: 7,
            at: Timestamp::from_micros(0),
            event_type: "service.created".into(),
            outcome: Outcome::Done,
            actor: "ann@example.org".into(),
            credential: Some("session".into()),
            token: None,
            session: Some("0a1b2c3d4e5f".into()),
            address: Some("203.0.113.9".into()),
            agent: None,
            request_id: "r-1".into(),
            project_name: project.map(str::to_owned),
            service_name: None,
            subject: None,
            text: "Made it".into(),
            before: None,
            after: None,
        }
    }

    fn html(columns: &[Column], project: Option<&str>) -> String {
        let list = List { caption: "Events", columns, after: None, address: &|_| String::new() };
        let page = Page { rows: vec![event(project)], next: None, total: 1 };
        draw(list, page, "nothing yet").to_html()
    }

    #[test]
    fn only_the_organization_s_log_has_a_column_that_says_which_project() {
        assert!(html(&OF_ORGANIZATION, Some("shop")).contains("data-label=\"Project\""));
        assert!(!html(&OF_PROJECT, Some("shop")).contains("data-label=\"Project\""));
        assert!(html(&OF_ORGANIZATION, None).contains("<span class=\"muted\">–</span>"));
    }

    #[test]
    fn unfolded_an_event_says_everything_that_is_known_of_it() {
        let html = html(&OF_PROJECT, Some("shop"));
        for (label, value) in [
            ("Project", "shop"),
            ("Event", "service.created"),
            ("Actor", "ann@example.org"),
            ("Credential", "session"),
            ("Session", "0a1b2c3d4e5f"),
            ("Address", "203.0.113.9"),
            ("Request", "r-1"),
            ("Sequence", "7"),
        ] {
            let fact = format!("<div><dt>{label}</dt><dd class=\"break\">{value}");
            assert!(html.contains(&fact), "{fact}: {html}");
        }
        assert!(html.contains("<div hidden><dt>Program</dt>"), "{html}");
    }

    #[test]
    fn json_is_spread_and_anything_else_left_alone() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("no json"), "no json");
    }
}
