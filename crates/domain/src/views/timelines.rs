//! The steps of a service's workflow as the customer sees them; it does not run them.

use serde::{Deserialize, Serialize};

use crate::{
    states::{ServiceState, StepState},
    timestamps::Timestamp,
};

/// The steps of a service's workflow, as the customer sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// What the steps lead to: `Creating`, `Restarting`, `Deleting`.
    pub title: String,
    /// Whether something is under way.
    pub is_active: bool,
    /// The steps in order: done, active, pending.
    pub steps: Vec<TimelineStep>,
    /// When the first step began.
    pub started_at: Option<Timestamp>,
    /// When the last step ended, if nothing is under way.
    pub finished_at: Option<Timestamp>,
    /// How long the whole took lately (median of the last successful ones), in milliseconds.
    pub estimate_millis: Option<i64>,
    /// The server's time when this was made, so that a browser can show elapsed times.
    pub now: Timestamp,
    /// State of the service at that time.
    pub state: ServiceState,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineStep {
    /// The step's name in the workflow.
    pub step: String,
    /// What people read.
    pub label: String,
    /// How far it is.
    pub state: StepState,
    /// When its first try began.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Tries so far.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When the next try is due, after a failure.
    pub next_try_at: Option<Timestamp>,
    /// How long this step took lately, in milliseconds.
    pub estimate_millis: Option<i64>,
}
