//! Audit records as readers of the log see them; it does not write them.

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{
    ids::{EventId, TokenId},
    principals::SubjectKind,
    states::Outcome,
    timestamps::Timestamp,
};

/// Events that a list counts to find its total, at most.
pub const EVENTS_COUNTED_MAX: u32 = 10_000;
/// The total of a list of events that was not counted to its end: there are more than [`EVENTS_COUNTED_MAX`], or the log is
/// too long to look through all of it for those that fit a filter.
pub const EVENTS_UNCOUNTED: i64 = 10_001;

/// One audit record as a reader of the log sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// Its place in the organization's chain.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Its type, as in `service.created`.
    pub event_type: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: a sign-in name, or `system`.
    pub actor: String,
    /// With what credential: `password`, `session`, `personal token`.
    pub credential: Option<String>,
    /// With which token, if with one.
    pub token: Option<TokenId>,
    /// In which session: a name that does not give its key away.
    pub session: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// Project it concerns.
    pub project_name: Option<String>,
    /// Service it concerns.
    pub service_name: Option<String>,
    /// What it is about besides project and service.
    pub subject: Option<EventSubject>,
    /// A sentence.
    pub text: String,
    /// The thing before, as JSON, secrets left out.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    pub before: Option<String>,
    /// The thing after.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    pub after: Option<String>,
}

/// A person, group, unit, token or invitation that an event is about; it may be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct EventSubject {
    /// Which kind.
    pub kind: SubjectKind,
    /// Its id.
    pub id: Uuid,
    /// What it was called then.
    pub name: String,
}
