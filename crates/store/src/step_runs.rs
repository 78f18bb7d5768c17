//! The history of workflow steps: what the timeline shows and what estimates are made from.
//!
//! The steps of a strand fall into runs (one creation, one restart). A run ends where a step of another kind of run
//! begins, or where a step begins that this run has already been through.

use std::collections::BTreeMap;

use domain::{ids::StrandId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional, storable},
};

/// How many of the latest steps of a strand one kind of run may go back: what is older is forgotten, so that a
/// history of years is no longer than one of days.
const STEPS_KEPT: i64 = 200;

/// One step, with all its tries.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StepRun {
    /// The workflow.
    pub strand_id: StrandId,
    /// Counts up within the workflow.
    pub sequence: i64,
    /// Name of the step.
    pub step: String,
    /// What the step was part of: `creating`, `restarting`, `deleting`, `changing`.
    pub run: String,
    /// Counts the runs within the workflow, from 1.
    pub run_number: i64,
    /// When its first try began.
    pub started_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Failed tries.
    pub attempts: i64,
    /// Why the last try failed; stays after the step is done.
    pub error: Option<String>,
    /// When the next try is due.
    pub next_try_at: Option<Timestamp>,
}

/// Notes that a step begins, unless it is the one that is under way; returns its number either way. Steps of the same
/// kind of run that are long past are forgotten.
pub async fn begin_if_absent(
    tx: &mut Tx,
    strand: StrandId,
    step: &str,
    run: &str,
    now: Timestamp,
) -> Result<i64, Error> {
    let last = "SELECT * FROM step_runs WHERE strand_id = $1 ORDER BY sequence DESC LIMIT 1";
    let last: Option<StepRun> = fetch_optional!(tx, last, strand)?;
    let (sequence, run_number) = match last {
        None => (1, 1),
        Some(last) if last.run == run && last.step == step && last.finished_at.is_none() => {
            return Ok(last.sequence);
        }
        Some(last) if last.run == run => {
            let text = "SELECT sequence FROM step_runs WHERE strand_id = $1 AND run_number = $2 AND step = $3
                LIMIT 1";
            let earlier: Option<(i64,)> = fetch_optional!(tx, text, strand, last.run_number, step)?;
            (last.sequence + 1, last.run_number + i64::from(earlier.is_some()))
        }
        Some(last) => (last.sequence + 1, last.run_number + 1),
    };
    let text = "INSERT INTO step_runs (strand_id, sequence, step, run, run_number, started_at, finished_at,
            attempts, error, next_try_at)
        VALUES ($1, $2, $3, $4, $5, $6, NULL, 0, NULL, NULL)";
    execute!(tx, text, strand, sequence, step, run, run_number, now).map_err(Error::unique_is_conflict)?;
    let old = "DELETE FROM step_runs WHERE strand_id = $1 AND run = $2 AND sequence <= $3";
    execute!(tx, old, strand, run, sequence - STEPS_KEPT)?;
    Ok(sequence)
}

/// Notes how a try failed.
pub async fn set_failed(
    tx: &mut Tx,
    strand: StrandId,
    sequence: i64,
    attempts: i64,
    error: &str,
    next_try_at: Timestamp,
) -> Result<(), Error> {
    let text = "UPDATE step_runs SET attempts = $3, error = $4, next_try_at = $5
        WHERE strand_id = $1 AND sequence = $2";
    execute!(tx, text, strand, sequence, attempts, &*storable(error), next_try_at)?;
    Ok(())
}

/// Notes that the step is done. One that is done already stays as it is.
pub async fn finish(tx: &mut Tx, strand: StrandId, sequence: i64, at: Timestamp) -> Result<(), Error> {
    let text = "UPDATE step_runs SET finished_at = $3, next_try_at = NULL
        WHERE strand_id = $1 AND sequence = $2 AND finished_at IS NULL";
    execute!(tx, text, strand, sequence, at)?;
    Ok(())
}

/// The strand's steps, oldest first.
pub async fn list(tx: &mut Tx, strand: StrandId) -> Result<Vec<StepRun>, Error> {
    fetch_all!(tx, "SELECT * FROM step_runs WHERE strand_id = $1 ORDER BY sequence", strand)
}

/// The last times of each step, taken from the index step by step: a history of years costs no more than one of days.
/// The databases differ in how they take a set, and in how a subquery sees what stands before it.
const DURATIONS_SQLITE: &str = "SELECT r.step, (r.finished_at - r.started_at) / 1000
    FROM json_each($2) s JOIN step_runs r ON r.rowid IN
        (SELECT rowid FROM step_runs WHERE run = $1 AND step = s.value AND finished_at IS NOT NULL
            ORDER BY finished_at DESC, strand_id, sequence LIMIT $3)
    ORDER BY r.finished_at DESC, r.strand_id, r.sequence";
const DURATIONS_POSTGRES: &str = "SELECT r.step, (r.finished_at - r.started_at) / 1000
    FROM unnest($2) s (step) CROSS JOIN LATERAL
        (SELECT * FROM step_runs WHERE run = $1 AND step = s.step AND finished_at IS NOT NULL
            ORDER BY finished_at DESC, strand_id, sequence LIMIT $3) r
    ORDER BY r.finished_at DESC, r.strand_id, r.sequence";

/// How long each of these steps took the last times it was done in such a run, over all strands: milliseconds, latest
/// first. A step that was never done is left out.
pub async fn durations(
    tx: &mut Tx,
    run: &str,
    steps: &[&str],
    limit: u32,
) -> Result<BTreeMap<String, Vec<i64>>, Error> {
    let limit = i64::from(limit);
    let rows: Vec<(String, i64)> = match tx {
        Tx::Sqlite(_) => {
            let among = serde_json::Value::from(steps).to_string();
            fetch_all!(tx, DURATIONS_SQLITE, run, &among, limit)?
        }
        Tx::Postgres(tx) => crate::queries::results::fetch_all(
            module_path!(),
            sqlx::query(DURATIONS_POSTGRES).bind(run).bind(steps).bind(limit).fetch_all(&mut **tx).await,
        )?,
    };
    let mut durations = BTreeMap::<String, Vec<i64>>::new();
    for (step, millis) in rows {
        durations.entry(step).or_default().push(millis);
    }
    Ok(durations)
}

/// How long the last runs of that kind took that came to the end of their last step, over all strands: milliseconds,
/// latest first. Found by that step, from the index, as there may be any number of runs.
pub async fn run_durations(tx: &mut Tx, run: &str, last_step: &str, limit: u32) -> Result<Vec<i64>, Error> {
    let text = "SELECT (MAX(r.finished_at) - MIN(r.started_at)) / 1000
        FROM (SELECT strand_id, run_number FROM step_runs
            WHERE run = $1 AND step = $2 AND finished_at IS NOT NULL
            ORDER BY finished_at DESC, strand_id LIMIT $3) ended
        JOIN step_runs r ON r.strand_id = ended.strand_id AND r.run_number = ended.run_number
        GROUP BY r.strand_id, r.run_number HAVING COUNT(*) = COUNT(r.finished_at)
        ORDER BY MAX(r.finished_at) DESC, r.strand_id";
    let rows: Vec<(i64,)> = fetch_all!(tx, text, run, last_step, i64::from(limit))?;
    Ok(rows.into_iter().map(|(millis,)| millis).collect())
}

/// Forgets the strand's history; returns how many steps.
pub async fn remove(tx: &mut Tx, strand: StrandId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM step_runs WHERE strand_id = $1", strand)
}
