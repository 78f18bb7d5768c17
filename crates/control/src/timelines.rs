//! The timeline of a service: its workflow's step history as people read it.

use domain::{
    states::{ServiceState, StepState},
    timestamps::Timestamp,
    views::{Timeline, TimelineStep},
};
use store::{Tx, services::Service, step_runs::StepRun};

use crate::{
    errors::Failure,
    workflows::services::{Run, Step},
};

/// Past runs that an estimate is the median of.
const ESTIMATE_RUNS: u32 = 20;

/// Draws the last run of the service's workflow: what is done, what goes on, what is to come.
pub(crate) async fn draw(tx: &mut Tx, service: &Service, now: Timestamp) -> Result<Timeline, Failure> {
    let history = store::step_runs::list(tx, service.id.into()).await?;
    let run = shown_run(service, &history);
    let entries = entries_of(&history, run);
    let started_at = entries.first().map(|entry| entry.started_at);
    let names: Vec<_> = run.steps().iter().map(|step| step.as_str()).collect();
    let mut durations = store::step_runs::durations(tx, run.as_str(), &names, ESTIMATE_RUNS).await?;
    let mut steps = Vec::new();
    let mut latest = 0;
    for step in run.steps() {
        // A step that was started over makes the later ones pending again, whatever they had come to before.
        let entry = entries.iter().rev().find(|entry| entry.step == step.as_str());
        let entry = entry.copied().filter(|entry| entry.sequence > latest);
        latest = latest.max(entry.map_or(0, |entry| entry.sequence));
        let estimate = durations.remove(step.as_str()).and_then(median);
        steps.push(draw_step(*step, entry, estimate));
    }
    let last_step = names.last().copied().unwrap_or_default();
    let whole = store::step_runs::run_durations(tx, run.as_str(), last_step, ESTIMATE_RUNS).await?;
    let is_active = steps.iter().any(|step| step.state != StepState::Done);
    let finished_at = steps.iter().filter_map(|step| step.finished_at).max().filter(|_| !is_active);
    Ok(Timeline {
        title: run.title().to_owned(),
        is_active,
        steps,
        started_at,
        finished_at,
        estimate_millis: median(whole),
        now,
        state: if service.deletion_requested_at.is_some() { ServiceState::Rebuilding } else { service.state },
    })
}

/// The run to show: the deletion from the moment it was asked for, else the last one. A change of the IP filter or of
/// the certificate is only shown while it goes on.
fn shown_run(service: &Service, history: &[StepRun]) -> Run {
    if service.deletion_requested_at.is_some() {
        return Run::Deleting;
    }
    let parse = |entry: &StepRun| entry.run.parse::<Run>().unwrap_or(Run::Creating);
    match history.last() {
        Some(last) if parse(last).is_passing() && last.finished_at.is_some() => {
            history.iter().rev().map(parse).find(|run| !run.is_passing()).unwrap_or(Run::Creating)
        }
        Some(last) => parse(last),
        None => Run::Creating,
    }
}

/// The entries of the last run of that kind, oldest first. A service is created once, so all tries at it are one run.
fn entries_of(history: &[StepRun], run: Run) -> Vec<&StepRun> {
    let of_run = history.iter().filter(|entry| entry.run == run.as_str());
    let last = of_run.clone().map(|entry| entry.run_number).max();
    of_run.filter(|entry| run == Run::Creating || Some(entry.run_number) == last).collect()
}

fn draw_step(step: Step, entry: Option<&StepRun>, estimate_millis: Option<i64>) -> TimelineStep {
    let state = match entry {
        None => StepState::Pending,
        Some(entry) if entry.finished_at.is_some() => StepState::Done,
        Some(entry) if entry.error.is_some() => StepState::Failing,
        Some(_) => StepState::Active,
    };
    TimelineStep {
        step: step.as_str().to_owned(),
        label: step.label().to_owned(),
        state,
        started_at: entry.map(|entry| entry.started_at),
        finished_at: entry.and_then(|entry| entry.finished_at),
        attempts: entry.map_or(0, |entry| entry.attempts),
        error: entry.and_then(|entry| entry.error.clone()),
        next_try_at: entry.and_then(|entry| entry.next_try_at),
        estimate_millis,
    }
}

fn median(mut millis: Vec<i64>) -> Option<i64> {
    millis.sort_unstable();
    millis.get(millis.len() / 2).copied()
}
