//! Audit events, in one chain per organization and one for the installation itself. Appends and reads; there is no
//! way to change or remove an event.

use domain::{
    actions::Action,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, RequestId, ServiceId, UserId},
    states::Outcome,
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional},
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
}

/// The chain an event belongs to: its organization's, or the one of all zeros.
fn chain(organization: Option<OrganizationId>) -> Uuid {
    organization.map_or(Uuid::nil(), OrganizationId::uuid)
}

/// Appends an event. [`Error::Conflict`] if somebody else has taken its place in the chain.
pub async fn append(tx: &mut Tx, event: &Event) -> Result<(), Error> {
    let text = "INSERT INTO events (id, chain_id, sequence, organization_id, project_id, service_id, project_name,
            service_name, event_type, outcome, at, actor, user_id, session_id, credential, address, agent,
            request_id, action, text, before, after, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24)";
    execute!(
        tx,
        text,
        event.id,
        chain(event.organization_id),
        event.sequence,
        event.organization_id,
        event.project_id,
        event.service_id,
        event.project_name.as_deref(),
        event.service_name.as_deref(),
        event.event_type,
        event.outcome,
        event.at,
        &event.actor,
        event.user_id,
        event.session_id.as_deref(),
        event.credential.as_deref(),
        event.address.as_deref(),
        event.agent.as_deref(),
        event.request_id,
        event.action,
        &event.text,
        event.before.as_deref(),
        event.after.as_deref(),
        &event.previous_hash,
        &event.hash,
    )
    .map_err(Error::unique_is_conflict)?;
    Ok(())
}

/// Number and hash of the chain's last event.
pub async fn last(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let text = "SELECT sequence, hash FROM events WHERE chain_id = $1 ORDER BY sequence DESC LIMIT 1";
    fetch_optional!(tx, text, chain(organization))
}

/// A project's events, newest first, from before the event numbered `after` on.
pub async fn list_for_project(
    tx: &mut Tx,
    project: ProjectId,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    let text = "SELECT * FROM events WHERE project_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3";
    fetch_all!(tx, text, project, after.unwrap_or(i64::MAX), i64::from(limit))
}

/// How many events the project has.
pub async fn count_for_project(tx: &mut Tx, project: ProjectId) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM events WHERE project_id = $1", project)?;
    Ok(count)
}

/// How many events a chain has.
pub async fn count_for_organization(tx: &mut Tx, organization: Option<OrganizationId>) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM events WHERE chain_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, chain(organization))?;
    Ok(count)
}

/// A chain's events, newest first, from before the event numbered `after` on.
pub async fn list_for_organization(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    let text = "SELECT * FROM events WHERE chain_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3";
    fetch_all!(tx, text, chain(organization), after.unwrap_or(i64::MAX), i64::from(limit))
}
