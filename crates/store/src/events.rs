//! Audit events, in one chain per organization and one for the installation itself. Appends and reads; there is no
//! way to change or remove an event.

use domain::{
    actions::Action,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, RequestId, ServiceId, TokenId, UserId},
    principals::SubjectKind,
    states::Outcome,
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    patterns::containing,
    queries::{bound, fetch_all, fetch_one, fetch_optional, results, storable},
};

/// One audit record.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The tenant; none for events of the installation.
    pub organization_id: Option<OrganizationId>,
    /// The project it concerns, which may be gone.
    pub project_id: Option<ProjectId>,
    /// The service it concerns, which may be gone.
    pub service_id: Option<ServiceId>,
    /// The project's name at the time.
    pub project_name: Option<String>,
    /// The service's name at the time.
    pub service_name: Option<String>,
    /// What happened.
    pub event_type: EventType,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Its place in the chain, from 1.
    pub sequence: i64,
    /// Who: a sign-in name, or `system`.
    pub actor: String,
    /// Who, if it was a person that is known.
    pub user_id: Option<UserId>,
    /// In which session.
    pub session_id: Option<String>,
    /// With what credential.
    pub credential: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// The request.
    pub request_id: RequestId,
    /// What was tried.
    pub action: Action,
    /// A sentence.
    pub text: String,
    /// The thing before, JSON without secrets.
    pub before: Option<String>,
    /// The thing after.
    pub after: Option<String>,
    /// Hash of the event before it in the chain.
    pub previous_hash: Vec<u8>,
    /// Hash of this one.
    pub hash: Vec<u8>,
    /// What else it is about, besides organization, project and service.
    pub subject_kind: Option<SubjectKind>,
    /// Its id; it may be gone.
    pub subject_id: Option<Uuid>,
    /// Its name at the time.
    pub subject_name: Option<String>,
    /// The token that acted.
    pub token_id: Option<TokenId>,
}

impl Event {
    /// The event with its texts as they are kept: what is hashed has to be what is read again.
    #[must_use]
    pub fn as_kept(mut self) -> Self {
        let keep = |text: &mut String| *text = storable(text).into_owned();
        keep(&mut self.actor);
        keep(&mut self.text);
        let texts = [
            &mut self.project_name,
            &mut self.service_name,
            &mut self.session_id,
            &mut self.credential,
            &mut self.address,
            &mut self.agent,
            &mut self.before,
            &mut self.after,
            &mut self.subject_name,
        ];
        texts.into_iter().flatten().for_each(keep);
        self
    }
}

/// Which events are looked for; all by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFilter<'a> {
    /// Those of this type.
    pub event_type: Option<EventType>,
    /// Those that ended this way.
    pub outcome: Option<Outcome>,
    /// Those whose actor's name holds this.
    pub actor: Option<&'a str>,
    /// Those about this subject, or done by this person.
    pub subject: Option<Uuid>,
    /// Those of the project that had this name then.
    pub project: Option<&'a str>,
    /// Those from this time on.
    pub since: Option<Timestamp>,
    /// Those before this time.
    pub until: Option<Timestamp>,
    /// Those that hold this in their sentence, or in the name of actor, subject, project or service.
    pub text: Option<&'a str>,
    /// Those numbered from this on: it bounds how many are looked at, whatever else is asked for.
    pub from: i64,
}

/// The chain an event belongs to: its organization's, or the one of all zeros.
fn chain(organization: Option<OrganizationId>) -> Uuid {
    organization.map_or(Uuid::nil(), OrganizationId::uuid)
}

/// Rows that one statement adds, at most: both databases take so many values.
const ROWS_PER_STATEMENT: usize = 500;
/// What stands before the rows.
const INSERT: &str = "INSERT INTO events (id, chain_id, sequence, organization_id, project_id, service_id, project_name,
    service_name, event_type, outcome, at, actor, user_id, session_id, credential, address, agent, request_id, action, text,
    before, after, previous_hash, hash, subject_kind, subject_id, subject_name, token_id) ";

/// Appends an event. [`Error::Conflict`] if somebody else has taken its place in the chain.
pub async fn append(tx: &mut Tx, event: &Event) -> Result<(), Error> {
    append_all(tx, std::slice::from_ref(event)).await
}

/// Adds rows by one statement; one that is not for a single row is not kept for the next time.
macro_rules! insert {
    ($driver:ty, $tx:expr, $events:expr) => {{
        let mut rows = sqlx::QueryBuilder::<$driver>::new(INSERT);
        rows.push_values($events, |mut row, event: &Event| {
            row.push_bind(event.id).push_bind(chain(event.organization_id)).push_bind(event.sequence);
            row.push_bind(event.organization_id).push_bind(event.project_id).push_bind(event.service_id);
            row.push_bind(bound(event.project_name.as_deref()).storable());
            row.push_bind(bound(event.service_name.as_deref()).storable());
            row.push_bind(event.event_type).push_bind(event.outcome).push_bind(event.at);
            row.push_bind(bound(&event.actor).storable()).push_bind(event.user_id);
            row.push_bind(bound(event.session_id.as_deref()).storable());
            row.push_bind(bound(event.credential.as_deref()).storable());
            row.push_bind(bound(event.address.as_deref()).storable());
            row.push_bind(bound(event.agent.as_deref()).storable());
            row.push_bind(event.request_id).push_bind(event.action);
            row.push_bind(bound(&event.text).storable());
            row.push_bind(bound(event.before.as_deref()).storable());
            row.push_bind(bound(event.after.as_deref()).storable());
            row.push_bind(&event.previous_hash).push_bind(&event.hash);
            row.push_bind(event.subject_kind).push_bind(event.subject_id);
            row.push_bind(bound(event.subject_name.as_deref()).storable()).push_bind(event.token_id);
        });
        let is_one = $events.len() == 1;
        results::execute(module_path!(), rows.build().persistent(is_one).execute(&mut **$tx).await)
    }};
}

/// Appends events in their order, many by one statement. [`Error::Conflict`] if somebody else has taken a place of theirs in
/// the chain.
pub async fn append_all(tx: &mut Tx, events: &[Event]) -> Result<(), Error> {
    for events in events.chunks(ROWS_PER_STATEMENT) {
        let added = match tx {
            Tx::Sqlite(tx) => insert!(sqlx::Sqlite, tx, events),
            Tx::Postgres(tx) => insert!(sqlx::Postgres, tx, events),
        };
        added.map_err(Error::unique_is_conflict)?;
    }
    Ok(())
}

/// Whether there is an event of that type about that person in that organization that says exactly this of what is after.
pub async fn is_told(
    tx: &mut Tx,
    organization: OrganizationId,
    event_type: EventType,
    subject: UserId,
    after: &str,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) FROM events
        WHERE subject_id = $1 AND event_type = $2 AND organization_id = $3 AND after = $4";
    let (count,): (i64,) = fetch_one!(tx, text, subject, event_type, organization, after)?;
    Ok(count > 0)
}

/// Number and hash of the chain's last event.
pub async fn last(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let text = "SELECT sequence, hash FROM events WHERE chain_id = $1 ORDER BY sequence DESC LIMIT 1";
    fetch_optional!(tx, text, chain(organization))
}

/// What an [`EventFilter`] lets through, of the events that `$1` picks. `$3` to `$11` are its fields. Both ends of the
/// numbers are always given: so PostgreSQL goes by the index whatever the values are.
macro_rules! filtered {
    ($select:literal, $picked:literal, $rest:literal) => {
        concat!(
            $select,
            " FROM events WHERE ",
            $picked,
            " = $1 AND sequence < $2 AND sequence >= $11 AND ($3 IS NULL OR event_type = $3) AND ($4 IS NULL OR outcome = $4)
                AND ($5 IS NULL OR LOWER(actor) LIKE $5 ESCAPE '!')
                AND ($6 IS NULL OR subject_id = $6 OR user_id = $6) AND ($7 IS NULL OR project_name = $7)
                AND ($8 IS NULL OR at >= $8) AND ($9 IS NULL OR at < $9)
                AND ($10 IS NULL OR LOWER(text) LIKE $10 ESCAPE '!' OR LOWER(actor) LIKE $10 ESCAPE '!'
                    OR LOWER(subject_name) LIKE $10 ESCAPE '!' OR LOWER(project_name) LIKE $10 ESCAPE '!'
                    OR LOWER(service_name) LIKE $10 ESCAPE '!') ",
            $rest
        )
    };
}
const LIST_FOR_PROJECT: &str = filtered!("SELECT *", "project_id", "ORDER BY sequence DESC LIMIT $12");
const LIST_FOR_CHAIN: &str = filtered!("SELECT *", "chain_id", "ORDER BY sequence DESC LIMIT $12");
const COUNT_FOR_PROJECT: &str =
    filtered!("SELECT COUNT(*) FROM (SELECT 1 AS one", "project_id", "LIMIT $12) counted");
const COUNT_FOR_CHAIN: &str =
    filtered!("SELECT COUNT(*) FROM (SELECT 1 AS one", "chain_id", "LIMIT $12) counted");

/// Runs a query made by [`filtered`].
macro_rules! fetch_filtered {
    ($fetch:ident, $tx:expr, $text:expr, $picked:expr, $after:expr, $filter:expr, $limit:expr) => {{
        let filter: &EventFilter = $filter;
        $fetch!(
            $tx,
            $text,
            $picked,
            $after.unwrap_or(i64::MAX),
            filter.event_type,
            filter.outcome,
            filter.actor.map(containing).as_deref(),
            filter.subject,
            filter.project,
            filter.since,
            filter.until,
            filter.text.map(containing).as_deref(),
            filter.from,
            i64::from($limit)
        )
    }};
}

/// A project's events, newest first, from before the event numbered `after` on.
pub async fn list_for_project(
    tx: &mut Tx,
    project: ProjectId,
    filter: &EventFilter<'_>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    fetch_filtered!(fetch_all, tx, LIST_FOR_PROJECT, project, after, filter, limit)
}

/// How many events of the project the filter lets through; `most` stands for so many and for more.
pub async fn count_for_project(
    tx: &mut Tx,
    project: ProjectId,
    filter: &EventFilter<'_>,
    most: u32,
) -> Result<i64, Error> {
    let (count,): (i64,) = if *filter == EventFilter::default() {
        // From the index alone.
        let text =
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM events WHERE project_id = $1 LIMIT $2) counted";
        fetch_one!(tx, text, project, i64::from(most))?
    } else {
        fetch_filtered!(fetch_one, tx, COUNT_FOR_PROJECT, project, None, filter, most)?
    };
    Ok(count)
}

/// The number of the event that this many of the project's lie between and the one numbered `after`, or the end of the log;
/// none if there are no more than those.
pub async fn beyond_for_project(
    tx: &mut Tx,
    project: ProjectId,
    after: Option<i64>,
    count: u32,
) -> Result<Option<i64>, Error> {
    let text = "SELECT sequence FROM events WHERE project_id = $1 AND sequence < $2
        ORDER BY sequence DESC LIMIT 1 OFFSET $3";
    let row: Option<(i64,)> =
        fetch_optional!(tx, text, project, after.unwrap_or(i64::MAX), i64::from(count))?;
    Ok(row.map(|(sequence,)| sequence))
}

/// A chain's events, newest first, from before the event numbered `after` on.
pub async fn list_for_organization(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    filter: &EventFilter<'_>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    fetch_filtered!(fetch_all, tx, LIST_FOR_CHAIN, chain(organization), after, filter, limit)
}

/// How many events of the chain the filter lets through; `most` stands for so many and for more. All of them are as many as
/// the number of the last one says: they are numbered without a gap, and none is ever removed.
pub async fn count_for_organization(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    filter: &EventFilter<'_>,
    most: u32,
) -> Result<i64, Error> {
    let chain = chain(organization);
    let (count,): (i64,) = if *filter == EventFilter::default() {
        fetch_one!(tx, "SELECT COALESCE(MAX(sequence), 0) FROM events WHERE chain_id = $1", chain)?
    } else {
        fetch_filtered!(fetch_one, tx, COUNT_FOR_CHAIN, chain, None, filter, most)?
    };
    Ok(count)
}

/// The number of the event that this many of the chain's lie between and the one numbered `after`, or the end of the log;
/// none if there are no more than those.
pub async fn beyond_for_organization(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    after: Option<i64>,
    count: u32,
) -> Result<Option<i64>, Error> {
    let text = "SELECT sequence FROM events WHERE chain_id = $1 AND sequence < $2
        ORDER BY sequence DESC LIMIT 1 OFFSET $3";
    let (after, count) = (after.unwrap_or(i64::MAX), i64::from(count));
    let row: Option<(i64,)> = fetch_optional!(tx, text, chain(organization), after, count)?;
    Ok(row.map(|(sequence,)| sequence))
}
