//! What narrows a log of events down: its form, its address, and the files of what it finds. Reads nothing of it: that is
//! the operation's.

use domain::{errors::Error, events::EventType, inputs::EventFilter, states::Outcome};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::components::{
    field::Field,
    filter::Filter,
    form::FormState,
    icons::{Icon, icon},
    select::{Group, Select},
};

/// An address that these pairs are part of.
pub(crate) type Address<'a> = &'a dyn Fn(&[(&str, Option<&str>)]) -> String;

/// The filter that an address holds.
pub(crate) fn asked(query: &ParamsMap) -> EventFilter {
    let of = |name| query.get(name).unwrap_or_default();
    EventFilter {
        event_type: of("event_type"),
        outcome: of("outcome"),
        actor: of("actor"),
        subject: of("subject"),
        project: of("project"),
        since: of("since"),
        until: of("until"),
        text: of("text"),
    }
}

/// The filter as part of an address.
pub(crate) fn pairs(filter: &EventFilter) -> [(&'static str, Option<&str>); 8] {
    [
        ("text", Some(&filter.text)),
        ("event_type", Some(&filter.event_type)),
        ("outcome", Some(&filter.outcome)),
        ("actor", Some(&filter.actor)),
        ("subject", Some(&filter.subject)),
        ("project", Some(&filter.project)),
        ("since", Some(&filter.since)),
        ("until", Some(&filter.until)),
    ]
}

/// What was asked for, and why it cannot be, if so.
pub(crate) fn state(filter: &EventFilter, refused: Option<Error>) -> FormState {
    let values = pairs(filter).map(|(name, value)| (name, value.unwrap_or_default()));
    FormState::asked(&values, refused)
}

/// The form; only an organization's log has several projects.
pub(crate) fn form(address: String, filter: &EventFilter, form: FormState, has_project: bool) -> AnyView {
    let field = |name, label, kind, hint: Option<&str>| {
        let hint = hint.map(str::to_owned);
        Field { name, label, kind, hint, is_optional: true, ..Field::default() }.view(&form)
    };
    let rare = ["actor", "subject", "project", "since", "until"];
    let is_open = rare.iter().any(|name| form.value(name).is_some() || form.reason(name).is_some());
    let project = has_project.then(|| field("project", "Project", "search", None));
    let more = view! {
        <details class="filter-more" open=is_open>
            <summary>"More filters"</summary>
            <div class="filter-fields">
                {field("actor", "Actor", "search", None)}
                {project}
                {date(&form, "since", "From", &filter.since)}
                {date(&form, "until", "To", &filter.until)}
                {field("subject", "Id of the subject", "search", Some("A person, group, unit, token or invitation."))}
            </div>
        </details>
    };
    let fields =
        vec![field("text", "Words", "search", None), event_type(&form), outcome(&form), more.into_any()];
    Filter { address, hidden: Vec::new(), form }.view(fields)
}

/// A day; an exact time in an address, which a day's field cannot hold, stays as it is.
fn date(form: &FormState, name: &'static str, label: &'static str, asked: &str) -> AnyView {
    let kind = if asked.contains('T') || form.reason(name).is_some() { "text" } else { "date" };
    let hint = Some("Days begin at 00:00 UTC.".into());
    Field { name, label, kind, hint, is_optional: true, ..Field::default() }.view(form)
}

/// The types, under what they are about.
fn event_type(form: &FormState) -> AnyView {
    let mut groups: Vec<Group> = Vec::new();
    for event_type in EventType::ALL {
        let name = event_type.as_str();
        let thing = name.split('.').next();
        let choice = (name.to_owned(), name.to_owned());
        match groups.iter_mut().find(|group| group.heading == thing) {
            Some(group) => group.choices.push(choice),
            None => groups.push(Group { heading: thing, choices: vec![choice] }),
        }
    }
    let select = Select {
        name: "event_type",
        label: "Event",
        groups,
        nothing: Some("All"),
        is_optional: true,
        ..Select::default()
    };
    select.view(form)
}

fn outcome(form: &FormState) -> AnyView {
    let choices = Outcome::ALL.iter().map(|outcome| (outcome.to_string(), outcome.to_string())).collect();
    let select = Select {
        name: "outcome",
        label: "Outcome",
        groups: vec![Group { heading: None, choices }],
        nothing: Some("All"),
        is_optional: true,
        ..Select::default()
    };
    select.view(form)
}

/// The files of everything that the filter finds, page or not.
pub(crate) fn files(address: Address<'_>, filter: &EventFilter) -> AnyView {
    let one = |format: &'static str, label: &'static str| {
        let mut query = pairs(filter).to_vec();
        query.push(("format", Some(format)));
        view! {
            <a class="button" href=address(&query) download>
                {icon(Icon::Download)}
                {label}
            </a>
        }
    };
    view! { {one("csv", "Export all as CSV")} {one("jsonl", "Export all as JSON lines")} }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links;

    #[test]
    fn every_type_can_be_chosen_under_its_heading() {
        let html = event_type(&FormState::asked(&[("event_type", "token.created")], None));
        let html = html.to_html();
        for event_type in EventType::ALL {
            assert_eq!(html.matches(&format!("value=\"{event_type}\"")).count(), 1, "{event_type}");
        }
        assert_eq!(html.matches("<optgroup label=\"token\"").count(), 1, "{html}");
        assert!(html.contains("value=\"token.created\" selected"), "{html}");
    }

    #[test]
    fn files_hold_what_the_list_was_asked_for() {
        let filter = EventFilter { actor: "ann@example.org".into(), ..EventFilter::default() };
        let html = files(&|query| links::events_file("shop", query), &filter).to_html();
        let address = "/projects/shop/events/export?actor=ann%40example.org&amp;format=csv";
        assert!(html.contains(address) || html.contains(&address.replace("&amp;", "&")), "{html}");
        assert!(html.contains("format=jsonl"), "{html}");
    }

    #[test]
    fn an_exact_time_is_not_lost_in_a_field_for_days() {
        let html = |asked: &str| {
            date(&FormState::asked(&[("since", asked)], None), "since", "From", asked).to_html()
        };
        assert!(html("2026-11-28").contains("type=\"date\""));
        assert!(html("2026-11-28T09:30:00Z").contains("type=\"text\""));
    }
}
