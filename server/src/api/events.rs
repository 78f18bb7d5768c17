//! The event logs of organizations and projects: pages, and whole as files.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use control::events;
use domain::{
    actions::Action,
    errors::Error,
    ids::RequestId,
    inputs::EventFilter,
    views::{EventView, Page},
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    answers::{Answer, Listed},
    calls::Call,
    operations::{AFTER, Operation, Parameter},
};
use crate::exports::{self, CSV, Export, JSON_LINES, Reader};

const OF_ORGANIZATION: &str = "/v1/organizations/{organization}/events";
const OF_PROJECT: &str = "/v1/projects/{project}/events";
const EXPORT_OF_ORGANIZATION: &str = "/v1/organizations/{organization}/events/export";
const EXPORT_OF_PROJECT: &str = "/v1/projects/{project}/events/export";

const TYPE: Parameter = Parameter { name: "event_type", description: "A type, as in group.created." };
const OUTCOME: Parameter = Parameter { name: "outcome", description: "done, denied or failed." };
const ACTOR: Parameter = Parameter { name: "actor", description: "Part of who did it." };
const SUBJECT: Parameter = Parameter {
    name: "subject",
    description: "Id of the person, group, unit, token or invitation it is about, or of the person who did it.",
};
const PROJECT: Parameter = Parameter { name: "project", description: "Name of a project." };
const SINCE: Parameter =
    Parameter { name: "since", description: "From this instant on: a date (UTC) or an RFC 3339 time." };
const UNTIL: Parameter =
    Parameter { name: "until", description: "Before this instant; a date means to its end." };
const TEXT: Parameter =
    Parameter { name: "text", description: "Words in the sentence, in who did it, or in what it is about." };
const FORMAT: Parameter = Parameter { name: "format", description: "csv or jsonl." };

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(OF_ORGANIZATION, "listOrganizationEvents", Action::ViewOrganizationEvents, list)
            .about("Lists what happened in an organization, newest first.")
            .with_query(&[TYPE, OUTCOME, ACTOR, SUBJECT, PROJECT, SINCE, UNTIL, TEXT, AFTER]),
        Operation::get(
            EXPORT_OF_ORGANIZATION,
            "exportOrganizationEvents",
            Action::ViewOrganizationEvents,
            export,
        )
        .about("Gives all of it as a file.")
        .requiring(&[FORMAT])
        .with_query(&[TYPE, OUTCOME, ACTOR, SUBJECT, PROJECT, SINCE, UNTIL, TEXT]),
        Operation::get(OF_PROJECT, "listProjectEvents", Action::ViewProjectEvents, list_of_project)
            .about("Lists what happened in a project, newest first.")
            .with_query(&[TYPE, OUTCOME, ACTOR, SUBJECT, SINCE, UNTIL, TEXT, AFTER]),
        Operation::get(
            EXPORT_OF_PROJECT,
            "exportProjectEvents",
            Action::ViewProjectEvents,
            export_of_project,
        )
        .about("Gives all of it as a file.")
        .requiring(&[FORMAT])
        .with_query(&[TYPE, OUTCOME, ACTOR, SUBJECT, SINCE, UNTIL, TEXT]),
    ]
}

impl Listed for EventView {
    const PLURAL: &'static str = "events";
    const TOTAL: &'static str = "Rows in the whole list; 10001 if they are not all counted.";
}

impl Answer for Export {
    const STATUS: StatusCode = StatusCode::OK;

    fn content(_: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        let text = || json_schema!({ "type": "string" });
        vec![(CSV, text()), (JSON_LINES, text())]
    }

    fn respond(self, _: RequestId) -> Response {
        self.into_response()
    }
}

fn filter(call: &Call) -> EventFilter {
    let value = |name: &str| call.query(name).to_owned();
    EventFilter {
        event_type: value(TYPE.name),
        outcome: value(OUTCOME.name),
        actor: value(ACTOR.name),
        subject: value(SUBJECT.name),
        project: value(PROJECT.name),
        since: value(SINCE.name),
        until: value(UNTIL.name),
        text: value(TEXT.name),
    }
}

async fn list(call: Call) -> Result<Page<EventView>, Error> {
    events::list_for_organization(&call.ctx, call.id("organization")?, &filter(&call), call.after()).await
}

async fn export(call: Call) -> Result<Export, Error> {
    let (organization, filter) = (call.id("organization")?, filter(&call));
    let reader = Reader::with(call.ctx.clone(), call.token.clone());
    exports::of_organization(reader, organization, filter, call.query("format")).await
}

async fn list_of_project(call: Call) -> Result<Page<EventView>, Error> {
    events::list(&call.ctx, call.name("project"), &filter(&call), call.after()).await
}

async fn export_of_project(call: Call) -> Result<Export, Error> {
    let filter = filter(&call);
    let reader = Reader::with(call.ctx.clone(), call.token.clone());
    exports::of_project(reader, call.name("project"), filter, call.query("format")).await
}
