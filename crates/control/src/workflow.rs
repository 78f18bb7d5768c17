//! The workflow engine: strands, steps, and the runner that drives them.
//!
//! One row (a *strand*) per running thing. The runner leases a strand, runs one step, and stores what the step wrote
//! together with where to go next. A step first makes things so on the host, with no transaction open, then writes.
//! Every step may be run again after a crash at any point, so each is idempotent; an error is kept, shown and tried
//! again. A lease is extended while a step runs and carries a token: whoever lost it cannot write any more.

mod outages;
mod panics;
mod runner;
mod watches;

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    actions::Action,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, RequestId, ServiceId},
    states::Outcome,
    timestamps::Timestamp,
};
use store::{Tx, strands::Strand};

pub(crate) use panics::caught;
pub use runner::{Limits, Point, Runner};

use crate::{Control, audit, errors::Failure};

/// Where a strand goes after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To another step, at once.
    Hop(&'static str),
    /// To an earlier step, because of an error that is shown; after a pause that grows with the tries.
    Back {
        /// The step to begin again with.
        step: &'static str,
        /// Why.
        error: String,
        /// How often in a row this has happened.
        setbacks: u32,
    },
    /// To the same step, after a while.
    Nap(Duration),
    /// Nowhere: the strand is finished and removed.
    Done,
}

/// A kind of strand.
#[async_trait]
pub trait Workflow: Send + Sync {
    /// Its name, as in `strands.workflow`.
    fn name(&self) -> &'static str;

    /// Runs the strand's present step once.
    async fn run(&self, turn: &mut Turn) -> Result<Next, Failure>;

    /// The run a step belongs to, which the history is grouped by; none for resting steps, which have no history.
    fn run_of(&self, step: &str, state: &str) -> Option<&'static str>;

    /// What to write on the resource when a step failed (`Some`) or succeeded after failures (`None`).
    async fn set_problem(&self, tx: &mut Tx, strand: &Strand, problem: Option<&str>) -> Result<(), Failure>;

    /// What an event about the strand is about.
    async fn describe(&self, tx: &mut Tx, strand: &Strand) -> Result<EventSubject, Failure>;
}

/// What an event of a workflow is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSubject {
    /// The tenant.
    pub organization: Option<OrganizationId>,
    /// The project and its name.
    pub project: Option<(ProjectId, String)>,
    /// The service and its name.
    pub service: Option<(ServiceId, String)>,
}

/// One run of one step: what it knows, and the transaction its results go into.
pub struct Turn {
    control: Control,
    strand: Strand,
    tx: Option<Tx>,
    /// New `strands.state`, if the step changes it.
    state: Option<String>,
    /// New deadline: `Some(None)` takes it away.
    deadline: Option<Option<Timestamp>>,
}

impl Turn {
    pub(crate) const fn new(control: Control, strand: Strand) -> Self {
        Self { control, strand, tx: None, state: None, deadline: None }
    }

    /// The handle on everything.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The strand as it was leased.
    #[must_use]
    pub const fn strand(&self) -> &Strand {
        &self.strand
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.control.now()
    }

    /// How long the step has been the strand's step.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now().since(self.strand.step_started_at)
    }

    /// The transaction that the engine will commit together with the hop. Open it last: nothing outside of the
    /// database may be waited for afterwards.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(&mut self) -> Result<&mut Tx, Failure> {
        if self.tx.is_none() {
            self.tx = Some(self.control.store().write().await?);
        }
        self.tx
            .as_mut()
            .ok_or_else(|| Failure::Inconsistent("a transaction that was just opened is gone".into()))
    }

    /// Appends an event of the workflow to the same transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record(
        &mut self,
        event_type: EventType,
        subject: EventSubject,
        outcome: Outcome,
        text: String,
    ) -> Result<(), Failure> {
        let id = EventId::from_uuid(self.control.new_uuid());
        let request_id = RequestId::from_uuid(self.strand.id.uuid());
        let mut event = audit::blank(id, self.now(), event_type, Action::RunWorkflow, request_id);
        event.organization_id = subject.organization;
        (event.project_id, event.project_name) = subject.project.unzip();
        (event.service_id, event.service_name) = subject.service.unzip();
        (event.outcome, event.text) = (outcome, text);
        audit::append(self.write().await?, event).await?;
        Ok(())
    }

    /// Replaces the strand's own notes.
    pub fn set_state(&mut self, state: String) {
        self.state = Some(state);
    }

    /// Sets or takes away the time by which the strand should have come to rest.
    pub const fn set_deadline(&mut self, deadline: Option<Timestamp>) {
        self.deadline = Some(deadline);
    }
}
