//! The runner: leases strands, runs steps, stores what became of them. Knows nothing of any particular workflow.

use std::{sync::Arc, time::Duration};

use store::strands::Strand;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Next, Turn, Workflow, caught, outages::Outages};
use crate::{
    Control,
    errors::{Failure, TRIES_MAX, chain, pause_after_conflict},
};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a lease lasts unless it is extended: what a killed server's work waits for at most.
    pub lease: Duration,
    /// How often a lease is extended while its step runs.
    pub extend_every: Duration,
    /// How long one run of a step may take; afterwards it is given up and tried again.
    pub step: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(8),
            extend_every: Duration::from_secs(2),
            step: Duration::from_secs(60),
        }
    }
}

/// How far one turn has come. Tests have a runner die at each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The strand is leased, nothing else happened.
    Leased,
    /// The host did what the step asks for; nothing of it is stored.
    Acted,
    /// All of it is stored.
    Stored,
}

/// How long to sleep when nothing is due, if nobody wakes the runner.
const IDLE: Duration = Duration::from_millis(500);
/// The first pause after a failure; it doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 2000;

/// Drives strands; clones share the work.
#[derive(Clone)]
pub struct Runner {
    pub(super) control: Control,
    pub(super) workflows: Vec<Arc<dyn Workflow>>,
    limits: Limits,
    pub(super) outages: Arc<Outages>,
}

impl Runner {
    pub(crate) fn new(control: Control, workflows: Vec<Arc<dyn Workflow>>, limits: Limits) -> Self {
        Self { control, workflows, limits, outages: Arc::new(Outages::new()) }
    }

    /// Works until `shutdown` turns true; the present step is finished first.
    pub(crate) async fn work(self, mut shutdown: watch::Receiver<bool>) {
        while !*shutdown.borrow() {
            match caught(self.run_one()).await {
                Ok(true) => self.outages.end(),
                Ok(false) => {
                    self.outages.end();
                    tokio::select! {
                        () = self.control.wait_for_work(self.idle().await) => {}
                        _ = shutdown.changed() => {}
                    }
                }
                // The database answers, but others are faster all the time.
                Err(failure) if failure.is_conflict() => {
                    pause_after_conflict(self.control.random(), TRIES_MAX).await;
                }
                Err(failure @ Failure::Store(_)) => {
                    self.outages.begin(&failure);
                    tokio::select! {
                        () = self.outages.wait(|| self.answers()) => {}
                        _ = shutdown.changed() => {}
                    }
                }
                // A fault of the program; the strand is tried again when its lease is over.
                Err(failure) => {
                    tracing::error!(error = chain(&failure), "A worker broke off its work");
                    tokio::select! {
                        () = self.control.wait_for_work(IDLE) => {}
                        _ = shutdown.changed() => {}
                    }
                }
            }
        }
    }

    /// Whether the database says which strand is next.
    async fn answers(&self) -> bool {
        let Ok(mut tx) = self.control.store().read().await else { return false };
        store::strands::next_wake(&mut tx, &self.control.host_names()).await.is_ok()
    }

    /// Leases one due strand and runs its step. False when nothing is due.
    async fn run_one(&self) -> Result<bool, Failure> {
        self.run_until(Point::Stored).await
    }

    /// As [`Self::run_one`], but leaves everything as it is once `last` is reached, like a server that is killed then.
    pub(crate) async fn run_until(&self, last: Point) -> Result<bool, Failure> {
        let Some(strand) = self.lease().await? else { return Ok(false) };
        let Some(workflow) = self.workflows.iter().find(|workflow| workflow.name() == strand.workflow) else {
            return Err(Failure::Inconsistent(format!("no workflow is named {}", strand.workflow)));
        };
        if last == Point::Leased {
            return Ok(true);
        }
        let mut tries = 1;
        let stored = loop {
            // What the step wrote before it failed is undone when this returns, before anything else is written: SQLite
            // has one writer.
            match caught(self.take_turn(workflow.as_ref(), &strand, last)).await {
                Ok(()) if last == Point::Acted => return Ok(true),
                Ok(()) => break Ok(()),
                // Another transaction was faster. Nobody needs to know; the step can be repeated at any time.
                Err(Failure::Store(store::Error::Conflict)) if tries < TRIES_MAX => {
                    pause_after_conflict(self.control.random(), tries).await;
                    tries += 1;
                }
                Err(failure) => {
                    break self.store_failure(workflow.as_ref(), &strand, &failure).await;
                }
            }
        };
        self.control.notify();
        stored.map(|()| true)
    }

    /// Runs the step and stores what became of it, unless it is to end before that.
    async fn take_turn(&self, workflow: &dyn Workflow, strand: &Strand, last: Point) -> Result<(), Failure> {
        let mut turn = Turn::new(self.control.clone(), strand.clone());
        let next = self.run_leased(workflow, &mut turn).await?;
        match last {
            Point::Acted => Ok(()),
            _ => self.store_next(workflow, turn, next).await,
        }
    }

    async fn idle(&self) -> Duration {
        let Ok(mut tx) = self.control.store().read().await else { return IDLE };
        match store::strands::next_wake(&mut tx, &self.control.host_names()).await {
            Ok(Some(at)) => at.since(self.control.now()).clamp(Duration::from_millis(5), IDLE),
            _ => IDLE,
        }
    }

    async fn lease(&self) -> Result<Option<Strand>, Failure> {
        let names = self.workflows.iter().map(|workflow| workflow.name()).collect::<Vec<_>>();
        let (now, hosts) = (self.control.now(), self.control.host_names());
        // Look before taking the one writer of SQLite.
        let mut tx = self.control.store().read().await?;
        match store::strands::next_wake(&mut tx, &hosts).await? {
            Some(at) if at <= now => {}
            _ => return Ok(None),
        }
        drop(tx);
        let lease = async || {
            let mut tx = self.control.store().write().await?;
            let (until, token) = (now.plus(self.limits.lease), self.control.new_uuid());
            let leased = store::strands::lease(&mut tx, now, until, token, &names, &hosts).await?;
            tx.commit().await?;
            Ok(leased)
        };
        for tries in 1..TRIES_MAX {
            match lease().await {
                // Another worker took the same strand at the same moment; there may be others.
                Err(store::Error::Conflict) => pause_after_conflict(self.control.random(), tries).await,
                result => return Ok(result?),
            }
        }
        Ok(lease().await?)
    }

    /// Runs the step while extending its lease.
    async fn run_leased(&self, workflow: &dyn Workflow, turn: &mut Turn) -> Result<Next, Failure> {
        let (id, token) = (turn.strand().id, token_of(turn.strand())?);
        let (control, limits) = (self.control.clone(), self.limits);
        let keep = async {
            loop {
                tokio::time::sleep(limits.extend_every).await;
                let extended = async {
                    let mut tx = control.store().write().await?;
                    let kept =
                        store::strands::extend_lease(&mut tx, id, token, control.now().plus(limits.lease))
                            .await?;
                    tx.commit().await?;
                    Ok::<_, store::Error>(kept)
                };
                // A database that is away for a moment may be back before the lease ends; the token guards the rest.
                if matches!(extended.await, Ok(false)) {
                    break;
                }
            }
        };
        // A step that holds the write transaction must not be waited for by its own lease keeper: see `Turn::write`.
        tokio::select! {
            result = tokio::time::timeout(limits.step, workflow.run(turn)) => result.unwrap_or_else(|_| {
                Err(Failure::Inconsistent(format!("The step took longer than {} s and was given up", limits.step.as_secs_f32())))
            }),
            () = keep => Err(Failure::Inconsistent("The lease was lost to another server".into())),
        }
    }

    async fn store_next(&self, workflow: &dyn Workflow, mut turn: Turn, next: Next) -> Result<(), Failure> {
        let (strand, now) = (turn.strand.clone(), self.control.now());
        let token = token_of(&strand)?;
        let state = turn.state.clone().unwrap_or_else(|| strand.state.clone());
        let deadline = turn.deadline.unwrap_or(strand.deadline_at);
        turn.write().await?;
        let Some(mut tx) = turn.tx.take() else {
            return Err(Failure::Inconsistent("a transaction that was just opened is gone".into()));
        };
        if matches!(next, Next::Hop(_) | Next::Done) && (strand.error.is_some() || strand.attempts > 0) {
            workflow.set_problem(&mut tx, &strand, None).await?;
        }
        let from = workflow.run_of(&strand.step, &strand.state);
        let kept = match &next {
            Next::Hop(step) => {
                if let Some(run) = from {
                    let sequence =
                        store::step_runs::begin_if_absent(&mut tx, strand.id, &strand.step, run, now).await?;
                    store::step_runs::finish(&mut tx, strand.id, sequence, now).await?;
                }
                if let Some(run) = workflow.run_of(step, &state) {
                    store::step_runs::begin_if_absent(&mut tx, strand.id, step, run, now).await?;
                }
                store::strands::hop(&mut tx, strand.id, token, step, &state, now, deadline).await?
            }
            Next::Back { step, error, setbacks } => {
                let (setbacks, pause) = (i64::from(*setbacks), backoff(i64::from(*setbacks)));
                let error = cut(error);
                tracing::warn!(strand = %strand.id, step = strand.step, error, "A step goes back");
                if let Some(run) = from {
                    let sequence =
                        store::step_runs::begin_if_absent(&mut tx, strand.id, &strand.step, run, now).await?;
                    store::step_runs::finish(&mut tx, strand.id, sequence, now).await?;
                }
                if let Some(run) = workflow.run_of(step, &state) {
                    let sequence =
                        store::step_runs::begin_if_absent(&mut tx, strand.id, step, run, now).await?;
                    let next_try = now.plus(pause);
                    store::step_runs::set_failed(&mut tx, strand.id, sequence, setbacks, &error, next_try)
                        .await?;
                }
                workflow.set_problem(&mut tx, &strand, Some(&error)).await?;
                store::strands::hop(&mut tx, strand.id, token, step, &state, now.plus(pause), deadline)
                    .await?
            }
            Next::Nap(duration) => {
                store::strands::nap(&mut tx, strand.id, token, now.plus(*duration), &state).await?
            }
            Next::Done => {
                if let Some(run) = from {
                    let sequence =
                        store::step_runs::begin_if_absent(&mut tx, strand.id, &strand.step, run, now).await?;
                    store::step_runs::finish(&mut tx, strand.id, sequence, now).await?;
                }
                store::strands::finish(&mut tx, strand.id, token).await?
            }
        };
        if !kept {
            // Whoever has the lease now does the step again.
            tracing::warn!(strand = %strand.id, step = strand.step, "The lease was lost; what the step wrote is undone");
            return Ok(());
        }
        tx.commit().await?;
        tracing::debug!(strand = %strand.id, step = strand.step, ?next, "Step done");
        Ok(())
    }

    async fn store_failure(
        &self,
        workflow: &dyn Workflow,
        strand: &Strand,
        failure: &Failure,
    ) -> Result<(), Failure> {
        let (log, error) = (chain(failure), cut(&failure.public(strand.id.uuid())));
        tracing::warn!(strand = %strand.id, step = strand.step, attempts = strand.attempts + 1, error = log, "A step failed; it will be tried again");
        for tries in 1..TRIES_MAX {
            match self.try_store_failure(workflow, strand, &error).await {
                Err(failure) if failure.is_conflict() => {
                    pause_after_conflict(self.control.random(), tries).await;
                }
                result => return result,
            }
        }
        self.try_store_failure(workflow, strand, &error).await
    }

    async fn try_store_failure(
        &self,
        workflow: &dyn Workflow,
        strand: &Strand,
        error: &str,
    ) -> Result<(), Failure> {
        let now = self.control.now();
        let wake_at = now.plus(backoff(strand.attempts + 1));
        let mut tx = self.control.store().write().await?;
        if !store::strands::fail(&mut tx, strand.id, token_of(strand)?, error, wake_at).await? {
            return Ok(());
        }
        if let Some(run) = workflow.run_of(&strand.step, &strand.state) {
            let sequence =
                store::step_runs::begin_if_absent(&mut tx, strand.id, &strand.step, run, now).await?;
            let attempts = strand.attempts + 1;
            store::step_runs::set_failed(&mut tx, strand.id, sequence, attempts, error, wake_at).await?;
        }
        workflow.set_problem(&mut tx, strand, Some(error)).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn token_of(strand: &Strand) -> Result<Uuid, Failure> {
    strand.lease_token.ok_or_else(|| Failure::Inconsistent("a leased strand has no token".into()))
}

/// The pause after the n-th failure in a row.
fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    PAUSE_FIRST.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

fn cut(error: &str) -> String {
    error.chars().take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        assert_eq!(backoff(1), PAUSE_FIRST);
        assert_eq!(backoff(3), Duration::from_secs(2));
        assert_eq!(backoff(1000), PAUSE_MAX);
        assert_eq!(backoff(i64::MAX), PAUSE_MAX);
    }
}
