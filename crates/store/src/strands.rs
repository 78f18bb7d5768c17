//! Strands: one row per running workflow, and the lease that lets one worker at a time drive it.
//!
//! A worker leases a strand with a fresh token. Every write it makes afterwards names that token and does nothing
//! (false) if the lease has gone to somebody else meanwhile: a worker that was thought dead cannot undo what its
//! successor did. Each such write also gives the lease up.

use domain::{ids::StrandId, timestamps::Timestamp};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// A running workflow.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Strand {
    /// Equal to the id of the resource it drives.
    pub id: StrandId,
    /// Name of the workflow.
    pub workflow: String,
    /// The step whose turn it is.
    pub step: String,
    /// What the workflow remembers, JSON.
    pub state: String,
    /// When the step is due.
    pub wake_at: Timestamp,
    /// Until when the worker that holds it is believed to be alive.
    pub leased_until: Option<Timestamp>,
    /// Names the lease.
    pub lease_token: Option<Uuid>,
    /// Failed tries of this step in a row.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When the step should be done at the latest.
    pub deadline_at: Option<Timestamp>,
    /// When it was noted that the deadline passed.
    pub alerted_at: Option<Timestamp>,
    /// When the step's turn came.
    pub step_started_at: Timestamp,
    /// When the workflow began.
    pub created_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// Adds a strand.
pub async fn add(tx: &mut Tx, strand: &Strand) -> Result<(), Error> {
    let text = "INSERT INTO strands (id, workflow, step, state, wake_at, is_woken, leased_until, lease_token,
            attempts, error, deadline_at, alerted_at, step_started_at, created_at, generation)
        VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    execute!(
        tx,
        text,
        strand.id,
        &strand.workflow,
        &strand.step,
        &strand.state,
        strand.wake_at,
        strand.leased_until,
        strand.lease_token,
        strand.attempts,
        strand.error.as_deref(),
        strand.deadline_at,
        strand.alerted_at,
        strand.step_started_at,
        strand.created_at,
        strand.generation,
    )?;
    Ok(())
}

/// The strand of that id.
pub async fn find(tx: &mut Tx, id: StrandId) -> Result<Option<Strand>, Error> {
    fetch_optional!(tx, "SELECT * FROM strands WHERE id = $1", id)
}

/// What a strand of these hosts is: one whose nodes are all on them, or that has none yet. The node of another server's
/// host is that server's business, as nobody else can reach it.
macro_rules! of_hosts {
    ($other:literal) => {
        concat!("NOT EXISTS (SELECT 1 FROM nodes WHERE service_id = strands.id AND host ", $other, ")")
    };
}

/// The lease: the longest due strand that nobody holds. The databases differ in how they take a set, and in that
/// PostgreSQL has several writers, which should step over each other's choice instead of queueing for it.
macro_rules! lease {
    ($among:literal, $other:literal, $locking:literal) => {
        concat!(
            "UPDATE strands SET leased_until = $2, lease_token = $3, is_woken = FALSE, generation = generation + 1
            WHERE id = (SELECT id FROM strands
                WHERE wake_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) AND workflow ",
            $among,
            " AND ",
            of_hosts!($other),
            " ORDER BY wake_at, id LIMIT 1 ",
            $locking,
            ") RETURNING *"
        )
    };
}
const LEASE_SQLITE: &str =
    lease!("IN (SELECT value FROM json_each($4))", "NOT IN (SELECT value FROM json_each($5))", "");
const LEASE_POSTGRES: &str = lease!("= ANY($4)", "<> ALL($5)", "FOR UPDATE SKIP LOCKED");

/// Leases the strand of one of the workflows that is due longest and that nobody holds, among those of these hosts.
pub async fn lease(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    token: Uuid,
    workflows: &[&str],
    hosts: &[&str],
) -> Result<Option<Strand>, Error> {
    match tx {
        Tx::Sqlite(_) => {
            let among = serde_json::Value::from(workflows).to_string();
            let hosts = serde_json::Value::from(hosts).to_string();
            fetch_optional!(tx, LEASE_SQLITE, now, until, token, &among, &hosts)
        }
        Tx::Postgres(tx) => crate::queries::results::fetch_optional(
            module_path!(),
            sqlx::query(LEASE_POSTGRES)
                .bind(now)
                .bind(until)
                .bind(token)
                .bind(workflows)
                .bind(hosts)
                .fetch_optional(&mut **tx)
                .await,
        ),
    }
}

/// Says that the worker is still alive. False if the lease is lost.
pub async fn extend_lease(tx: &mut Tx, id: StrandId, token: Uuid, until: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE strands SET leased_until = $3 WHERE id = $1 AND lease_token = $2";
    Ok(execute!(tx, text, id, token, until)? > 0)
}

/// What the end of a try has in common: the lease ends, and a wake-up that came meanwhile beats the time to wake
/// that the step asked for.
macro_rules! end_of_try {
    ($changes:literal, $wake_at:literal) => {
        concat!(
            "UPDATE strands SET ",
            $changes,
            ", wake_at = CASE WHEN is_woken THEN wake_at ELSE ",
            $wake_at,
            " END, leased_until = NULL, lease_token = NULL, generation = generation + 1
            WHERE id = $1 AND lease_token = $2"
        )
    };
}

/// The step is done; the next one is due at `wake_at`, from when on it counts as started. False if the lease is lost.
pub async fn hop(
    tx: &mut Tx,
    id: StrandId,
    token: Uuid,
    step: &str,
    state: &str,
    wake_at: Timestamp,
    deadline_at: Option<Timestamp>,
) -> Result<bool, Error> {
    let text = end_of_try!(
        "step = $3, state = $4, step_started_at = $5, deadline_at = $6,
            alerted_at = CASE WHEN deadline_at = $6 THEN alerted_at END, attempts = 0, error = NULL",
        "$5"
    );
    Ok(execute!(tx, text, id, token, step, state, wake_at, deadline_at)? > 0)
}

/// The step is not done but nothing is wrong; it goes on at `wake_at`. False if the lease is lost.
pub async fn nap(
    tx: &mut Tx,
    id: StrandId,
    token: Uuid,
    wake_at: Timestamp,
    state: &str,
) -> Result<bool, Error> {
    let text = end_of_try!("state = $4, attempts = 0, error = NULL", "$3");
    Ok(execute!(tx, text, id, token, wake_at, state)? > 0)
}

/// The try failed; the next one is at `wake_at`. False if the lease is lost.
pub async fn fail(
    tx: &mut Tx,
    id: StrandId,
    token: Uuid,
    error: &str,
    wake_at: Timestamp,
) -> Result<bool, Error> {
    let text = end_of_try!("error = $3, attempts = attempts + 1", "$4");
    Ok(execute!(tx, text, id, token, &*storable(error), wake_at)? > 0)
}

/// The workflow is done and leaves, with its signals. False if the lease is lost.
pub async fn finish(tx: &mut Tx, id: StrandId, token: Uuid) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM strands WHERE id = $1 AND lease_token = $2", id, token)? > 0)
}

/// Has the strand looked at by `at` at the latest; if a worker holds it, again after that. False if there is none.
pub async fn wake(tx: &mut Tx, id: StrandId, at: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE strands SET is_woken = TRUE, generation = generation + 1,
            wake_at = CASE WHEN wake_at < $2 THEN wake_at ELSE $2 END
        WHERE id = $1";
    Ok(execute!(tx, text, id, at)? > 0)
}

/// Notes that the passed deadline was reported.
pub async fn set_alerted(tx: &mut Tx, id: StrandId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE strands SET alerted_at = $2 WHERE id = $1", id, at)?;
    Ok(())
}

/// The strands whose deadline has passed and was not reported yet, longest overdue first.
pub async fn overdue(tx: &mut Tx, now: Timestamp) -> Result<Vec<Strand>, Error> {
    let text = "SELECT * FROM strands WHERE deadline_at < $1 AND alerted_at IS NULL ORDER BY deadline_at, id";
    fetch_all!(tx, text, now)
}

macro_rules! next_wake {
    ($other:literal) => {
        concat!(
            "SELECT MIN(CASE WHEN leased_until > wake_at THEN leased_until ELSE wake_at END) FROM strands WHERE ",
            of_hosts!($other)
        )
    };
}
const NEXT_WAKE_SQLITE: &str = next_wake!("NOT IN (SELECT value FROM json_each($1))");
const NEXT_WAKE_POSTGRES: &str = next_wake!("<> ALL($1)");

/// When there will be something to lease next among the strands of these hosts; none if there are none.
pub async fn next_wake(tx: &mut Tx, hosts: &[&str]) -> Result<Option<Timestamp>, Error> {
    let (at,): (Option<Timestamp>,) = match tx {
        Tx::Sqlite(_) => fetch_one!(tx, NEXT_WAKE_SQLITE, &serde_json::Value::from(hosts).to_string())?,
        Tx::Postgres(tx) => crate::queries::results::fetch_one(
            module_path!(),
            sqlx::query(NEXT_WAKE_POSTGRES).bind(hosts).fetch_one(&mut **tx).await,
        )?,
    };
    Ok(at)
}

/// How many strands there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM strands")?;
    Ok(count)
}
