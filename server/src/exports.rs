//! Event logs as files, page by page from the database to the wire: CSV for spreadsheets, JSON lines for programs. Who may
//! read them, and whether they are who they were, is asked anew for each page.

use std::io;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use control::{Context, events, tokens};
use domain::{
    errors::Error, ids::OrganizationId, inputs::EventFilter, principals::SubjectKind, secrets::Secret,
    timestamps::Timestamp, views::EventView,
};
use futures::stream;

use crate::api;

/// The columns of CSV; `docs/events.md` says what they mean.
const COLUMNS: [&str; 20] = [
    "sequence",
    "at",
    "event_type",
    "outcome",
    "actor",
    "credential",
    "token",
    "session",
    "address",
    "agent",
    "request_id",
    "project",
    "service",
    "subject_kind",
    "subject_id",
    "subject_name",
    "text",
    "before",
    "after",
    "id",
];

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

impl Form {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::JsonLines),
            _ => Err(Error::invalid("format", "Choose csv or jsonl.")),
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => CSV,
            Self::JsonLines => JSON_LINES,
        }
    }
}

/// Media type of CSV (RFC 4180).
pub(crate) const CSV: &str = "text/csv; charset=utf-8";
/// Media type of JSON lines.
pub(crate) const JSON_LINES: &str = "application/jsonl";

/// Who reads.
pub(crate) struct Reader {
    ctx: Context,
    /// What they showed if it is no session.
    token: Option<Secret>,
}

impl Reader {
    /// Somebody who is known by a session, or by this token.
    pub(crate) const fn with(ctx: Context, token: Option<Secret>) -> Self {
        Self { ctx, token }
    }

    /// Who they are now: the token may have ended since, or be for other addresses.
    async fn look_again(&mut self) -> Result<(), Error> {
        if let Some(token) = &self.token {
            self.ctx = tokens::authenticate_again(&self.ctx, token).await?;
        }
        Ok(())
    }
}

/// Whose events.
#[derive(Clone)]
enum Place {
    Organization(OrganizationId),
    Project(String),
}

/// A file that is written while it is read.
pub(crate) struct Export {
    reader: Reader,
    place: Place,
    filter: EventFilter,
    form: Form,
    /// The first page, until it is written.
    first: Option<Vec<EventView>>,
    /// Where the next page goes on.
    after: Option<i64>,
}

/// The events of an organization, from the newest on.
///
/// # Errors
/// `Invalid` on `format` or a member of the filter; `Denied`; `NotFound`.
pub(crate) async fn of_organization(
    reader: Reader,
    organization: OrganizationId,
    filter: EventFilter,
    format: &str,
) -> Result<Export, Error> {
    Export::begin(reader, Place::Organization(organization), filter, format).await
}

/// The events of a project, from the newest on.
///
/// # Errors
/// As [`of_organization`].
pub(crate) async fn of_project(
    reader: Reader,
    project: &str,
    filter: EventFilter,
    format: &str,
) -> Result<Export, Error> {
    Export::begin(reader, Place::Project(project.to_owned()), filter, format).await
}

impl Export {
    /// Reads the first page, so that what is refused is refused before the answer begins.
    async fn begin(reader: Reader, place: Place, filter: EventFilter, format: &str) -> Result<Self, Error> {
        let form = Form::parse(format)?;
        let mut export = Self { reader, place, filter, form, first: None, after: None };
        export.first = Some(export.fetch().await?);
        Ok(export)
    }

    async fn fetch(&mut self) -> Result<Vec<EventView>, Error> {
        let (ctx, filter, after) = (&self.reader.ctx, &self.filter, self.after);
        let events = match &self.place {
            Place::Organization(organization) => events::export(ctx, *organization, filter, after).await?,
            Place::Project(project) => events::export_project(ctx, project, filter, after).await?,
        };
        self.after = events.last().map(|event| event.sequence).or(after);
        Ok(events)
    }

    /// The page after the first ones.
    async fn fetch_on(&mut self) -> Result<Vec<EventView>, Error> {
        self.reader.look_again().await?;
        self.fetch().await
    }

    /// The next piece of the file; none at its end.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let first = self.first.take();
        let is_first = first.is_some();
        let events = match first {
            Some(events) => events,
            // The transfer is broken off: what is not whole must not look so.
            None => self.fetch_on().await.map_err(io::Error::other)?,
        };
        if events.is_empty() && !is_first {
            return Ok(None);
        }
        match self.form {
            Form::Csv => csv(&events, is_first).map(Some),
            Form::JsonLines => json_lines(&events).map(Some),
        }
    }

    fn file_name(&self) -> String {
        let place = match &self.place {
            Place::Organization(organization) => organization.to_string(),
            Place::Project(project) => project.clone(),
        };
        format!("events-{place}.{}", self.form.ending())
    }
}

impl IntoResponse for Export {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.file_name());
        let headers = [
            (header::CONTENT_TYPE, self.form.media_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        let pieces = stream::try_unfold(self, |mut export| async move {
            Ok::<_, io::Error>(export.next().await?.map(|piece| (piece, export)))
        });
        (headers, Body::from_stream(pieces)).into_response()
    }
}

fn json_lines(events: &[EventView]) -> io::Result<Bytes> {
    let mut text = String::new();
    for event in events {
        text.push_str(&api::text(event)?);
        text.push('\n');
    }
    Ok(text.into())
}

fn csv(events: &[EventView], with_head: bool) -> io::Result<Bytes> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if with_head {
        writer.write_record(COLUMNS)?;
    }
    for event in events {
        writer.write_record(cells(event).map(defuse))?;
    }
    writer.into_inner().map(Bytes::from).map_err(csv::IntoInnerError::into_error)
}

fn cells(event: &EventView) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let subject = event.subject.as_ref();
    [
        event.sequence.to_string(),
        Timestamp::rfc3339(event.at),
        event.event_type.clone(),
        event.outcome.to_string(),
        event.actor.clone(),
        text(&event.credential),
        event.token.map(|token| token.to_string()).unwrap_or_default(),
        text(&event.session),
        text(&event.address),
        text(&event.agent),
        event.request_id.clone(),
        text(&event.project_name),
        text(&event.service_name),
        subject.map(|subject| SubjectKind::as_str(subject.kind).to_owned()).unwrap_or_default(),
        subject.map(|subject| subject.id.to_string()).unwrap_or_default(),
        subject.map(|subject| subject.name.clone()).unwrap_or_default(),
        event.text.clone(),
        text(&event.before),
        text(&event.after),
        event.id.to_string(),
    ]
}

/// A cell that a spreadsheet would take for a formula, as a text: names and programs of people are in here.
fn defuse(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{EventId, TokenId},
        states::Outcome,
        views::EventSubject,
    };
    use uuid::Uuid;

    use super::*;

    fn event() -> EventView {
        EventView {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            sequence: 7,
            at: Timestamp::from_micros(1_795_325_845_000_000),
            event_type: "group.created".into(),
            outcome: Outcome::Done,
            actor: "=1+1".into(),
            credential: Some("personal token".into()),
            token: Some(TokenId::from_uuid(Uuid::from_u128(2))),
            session: None,
            address: Some("192.0.2.1".into()),
            agent: Some("@curl, \"8\"".into()),
            request_id: "r".into(),
            project_name: None,
            service_name: None,
            subject: Some(EventSubject {
                kind: SubjectKind::Group,
                id: Uuid::from_u128(3),
                name: "Ops\nteam".into(),
            }),
            text: "Created the group ÄÖÜ".into(),
            before: None,
            after: Some("{\"name\":\"a\"}".into()),
        }
    }

    #[test]
    fn a_spreadsheet_gets_texts_and_no_formulas() {
        let bytes = csv(&[event()], true).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_ref());
        assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
        let row = reader.records().next().unwrap().unwrap();
        let cell = |name: &str| &row[COLUMNS.iter().position(|column| *column == name).unwrap()];
        for (name, expected) in [
            ("sequence", "7"),
            ("at", "2026-11-22T05:37:25Z"),
            ("actor", "'=1+1"),
            ("agent", "'@curl, \"8\""),
            ("token", "00000000-0000-0000-0000-000000000002"),
            ("session", ""),
            ("subject_kind", "group"),
            ("subject_name", "Ops\nteam"),
            ("text", "Created the group ÄÖÜ"),
            ("after", "{\"name\":\"a\"}"),
        ] {
            assert_eq!(cell(name), expected, "{name}");
        }
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            assert_eq!(defuse(format!("{start}x")), format!("'{start}x"));
        }
        assert_eq!(defuse("a=b".into()), "a=b");
    }

    #[test]
    fn programs_get_one_object_a_line() {
        let bytes = json_lines(&[event(), event()]).unwrap();
        let lines: Vec<serde_json::Value> = std::str::from_utf8(&bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["at"], "2026-11-22T05:37:25Z");
        assert_eq!(lines[0]["after"]["name"], "a");
        assert_eq!(lines[0]["actor"], "=1+1", "a program is no spreadsheet");
    }
}
