//! `/projects/{project}/events`: the project's log, latest first, with what changed.

use domain::{
    errors::Error,
    inputs::EventFilter,
    views::{EVENTS_UNCOUNTED, EventSubject, EventView, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    api::list_events,
    filter::{self, Address, asked, files, pairs},
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{badge, outcome},
        breaks::breakable,
        empty::empty,
        filter::{found, is_needed, nothing_fits},
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
        let (filter, after) = (asked(&query), query.get("after"));
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let name = project.name.clone();
        let (page, refused) = found(list_events(name.clone(), filter.clone(), after.clone()).await)?;
        let path = format!("/v1/projects/{}/events", links::encode(&name));
        let frame = Frame::in_project(project, Section::Events, "Events")
            .step("Events", links::events(&name, None))
            .calls(calls(&path, &filter));
        let log = Log {
            title: "Events",
            has_project: false,
            none: "Everything that is done in this project is recorded here, refused tries too.",
            after: after.as_deref(),
            filter: &filter,
            refused,
            address: &|query| links::found_events(&name, query),
            file: &|query| links::events_file(&name, query),
        };
        Ok(frame.view(viewer, log.view(page)))
    })
}

/// The requests behind a log.
pub(crate) fn calls(path: &str, filter: &EventFilter) -> ApiCalls {
    let list = links::with_query(path, &pairs(filter));
    let file = links::with_query(
        &format!("{path}/export"),
        &[&pairs(filter)[..], &[("format", Some("jsonl"))]].concat(),
    );
    ApiCalls::new().v1("List events", "GET", &list, None).v1("Export all of them", "GET", &file, None)
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
const OF_ORGANIZATION: [Column; 6] = [
    Column::Text("Time"),
    Column::Name("What happened"),
    PROJECT,
    Column::Text("Event"),
    Column::Text("Outcome"),
    Column::Text("Actor"),
];

/// The log of a project or of an organization.
pub(crate) struct Log<'a> {
    /// What it is called.
    pub(crate) title: &'static str,
    /// It has the events of several projects.
    pub(crate) has_project: bool,
    /// What will be in it.
    pub(crate) none: &'static str,
    /// Where the page begins.
    pub(crate) after: Option<&'a str>,
    /// What is asked for.
    pub(crate) filter: &'a EventFilter,
    /// Why it cannot be, if so.
    pub(crate) refused: Option<Error>,
    /// Its address.
    pub(crate) address: Address<'a>,
    /// The address of its files.
    pub(crate) file: Address<'a>,
}

impl Log<'_> {
    /// Draws one page of it.
    pub(crate) fn view(self, page: Page<EventView>) -> AnyView {
        let form = filter::state(self.filter, self.refused);
        let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
        let is_refused = form.is_refused();
        let empty = || match is_filled {
            true => nothing_fits(is_refused),
            false => empty(Icon::Events, "No events yet", self.none, ()),
        };
        let files = (page.total > 0).then(|| files(self.file, self.filter));
        let form = is_needed.then(|| filter::form((self.address)(&[]), self.filter, form, self.has_project));
        let columns: &[Column] = if self.has_project { &OF_ORGANIZATION } else { &OF_PROJECT };
        let here =
            |after: Option<&str>| (self.address)(&[&pairs(self.filter)[..], &[("after", after)]].concat());
        let list = List { caption: self.title, columns, after: self.after, address: &here };
        let row = |event| row(self.has_project, self.address, event);
        let rows = match page.next.as_deref().filter(|_| page.rows.is_empty()) {
            Some(next) => nothing_so_far(here(Some(next))),
            None => {
                let count = counted(page.rows.len(), page.total);
                list.view_counted(page, count, row, empty)
            }
        };
        view! { {head(self.title.into(), (), files)} {form} {rows} }.into_any()
    }
}

/// In place of the events of a page that looked through many and found none that fits.
fn nothing_so_far(next: String) -> AnyView {
    let step = view! { <a class="button" rel="next" href=next>"Look further back"</a> };
    empty(
        Icon::Search,
        "Nothing found so far",
        "None of the events that were looked through fits. Older ones may.",
        step,
    )
}

/// How many events of how many are shown.
fn counted(shown: usize, total: i64) -> String {
    match total {
        EVENTS_UNCOUNTED => format!("{shown} shown, not all counted"),
        total => format!("{shown} of {total} shown"),
    }
}

fn row(has_project: bool, log: Address<'_>, event: EventView) -> Row {
    let (tone, word) = outcome(event.outcome);
    let (at, actor, event_type) = (time(event.at), event.actor.clone(), event.event_type.clone());
    let project = has_project.then(|| named(event.project_name.clone()));
    let rest = [
        view! { <code class="event-type">{breakable(&event_type)}</code> }.into_any(),
        badge(tone, word),
        view! { <span class="event-actor">{actor}</span> }.into_any(),
    ];
    [at, details(log, event)].into_iter().chain(project).chain(rest).collect()
}

/// The name of a project; what happens to people and to the organization itself is in none.
fn named(project: Option<String>) -> AnyView {
    match project {
        Some(name) => view! { <span class="free-text">{name}</span> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

/// What happened in one sentence; unfolded, everything else that is known of it.
fn details(log: Address<'_>, event: EventView) -> AnyView {
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
                    {subject(log, event.subject)} {one("Credential", event.credential)}
                    {one("Token", event.token.map(|token| token.to_string()))} {one("Session", event.session)} {one("Address", event.address)} {one("Program", event.agent)}
                    {one("Request", Some(event.request_id))} {one("Sequence", Some(event.sequence.to_string()))}
                </dl>
                {change}
            </div>
        </details>
    }
    .into_any()
}

/// What an event is about, with the way to all that happened to it; it may be gone, so this leads to no page of its own.
fn subject(log: Address<'_>, subject: Option<EventSubject>) -> AnyView {
    let is_unknown = subject.is_none();
    let value = subject.map(|EventSubject { kind, id, name }| {
        let path = log(&[("subject", Some(&id.to_string()))]);
        let kind = kind.as_str().replace('_', " ");
        view! { <a href=path title="All events about it">{format!("{kind} {name}")}</a> }
    });
    view! { <div hidden=is_unknown><dt>"Subject"</dt><dd class="break">{value}</dd></div> }.into_any()
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
    use domain::{principals::SubjectKind, states::Outcome, timestamps::Timestamp};

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

    fn html(has_project: bool, event: EventView) -> String {
        let log = Log {
            title: "Events",
            has_project,
            none: "nothing yet",
            after: None,
            filter: &EventFilter::default(),
            refused: None,
            address: &|query| links::found_events("shop", query),
            file: &|query| links::events_file("shop", query),
        };
        log.view(Page { rows: vec![event], next: None, total: 1 }).to_html()
    }

    #[test]
    fn only_the_organization_s_log_has_a_column_that_says_which_project() {
        assert!(html(true, event(Some("shop"))).contains("data-label=\"Project\""));
        assert!(!html(false, event(Some("shop"))).contains("data-label=\"Project\""));
        assert!(html(true, event(None)).contains("<span class=\"muted\">–</span>"));
    }

    #[test]
    fn unfolded_an_event_says_everything_that_is_known_of_it() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let subject = EventSubject {
            kind: SubjectKind::ApplicationUser,
            id: id.parse().unwrap(),
            name: "<deployer>".into(),
        };
        let html = html(false, EventView { subject: Some(subject), ..event(Some("shop")) });
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
        assert!(html.contains(&format!("href=\"/projects/shop/events?subject={id}\"")), "{html}");
        assert!(html.contains("application user &lt;deployer&gt;"), "{html}");
    }

    #[test]
    fn a_page_that_found_nothing_leads_to_where_it_stopped() {
        let log = |filter, next: Option<&str>| {
            let log = Log {
                title: "Events",
                has_project: false,
                none: "nothing yet",
                after: None,
                filter,
                refused: None,
                address: &|query| links::found_events("shop", query),
                file: &|query| links::events_file("shop", query),
            };
            let next = next.map(str::to_owned);
            log.view(Page { rows: Vec::new(), next, total: EVENTS_UNCOUNTED }).to_html()
        };
        let filter = EventFilter { text: "rare".into(), ..EventFilter::default() };
        let html = log(&filter, Some("950001"));
        assert!(html.contains("href=\"/projects/shop/events?text=rare&amp;after=950001\""), "{html}");
        assert!(!log(&filter, None).contains("Look further back"));
        assert_eq!(counted(50, EVENTS_UNCOUNTED), "50 shown, not all counted");
        assert_eq!(counted(50, 10_000), "50 of 10000 shown");
    }

    #[test]
    fn json_is_spread_and_anything_else_left_alone() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("no json"), "no json");
    }
}
