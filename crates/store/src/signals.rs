//! What people ask of running workflows. A signal is a set member, not a queue: giving it twice is giving it once.

use domain::{ids::StrandId, states::Signal, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all},
};

/// A signal that waits to be seen to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Given {
    /// The workflow it is for.
    pub strand_id: StrandId,
    /// What is asked.
    pub signal: Signal,
    /// When it was last asked.
    pub at: Timestamp,
}

/// Gives a signal, or renews its time. False if there is no such strand.
pub async fn add(tx: &mut Tx, strand: StrandId, signal: Signal, at: Timestamp) -> Result<bool, Error> {
    let text = "INSERT INTO signals (strand_id, signal, at)
        SELECT id, $2, $3 FROM strands WHERE id = $1
        ON CONFLICT (strand_id, signal) DO UPDATE SET at = excluded.at";
    Ok(execute!(tx, text, strand, signal, at)? > 0)
}

/// The signals that wait, oldest first.
pub async fn list(tx: &mut Tx, strand: StrandId) -> Result<Vec<Given>, Error> {
    fetch_all!(tx, "SELECT * FROM signals WHERE strand_id = $1 ORDER BY at, signal", strand)
}

/// Removes a signal. False if it was not given.
pub async fn remove(tx: &mut Tx, strand: StrandId, signal: Signal) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM signals WHERE strand_id = $1 AND signal = $2", strand, signal)? > 0)
}

/// Removes a signal that was seen to, unless it was given again since `seen_at`, which would be lost otherwise.
pub async fn remove_seen(
    tx: &mut Tx,
    strand: StrandId,
    signal: Signal,
    seen_at: Timestamp,
) -> Result<bool, Error> {
    let text = "DELETE FROM signals WHERE strand_id = $1 AND signal = $2 AND at <= $3";
    Ok(execute!(tx, text, strand, signal, seen_at)? > 0)
}
