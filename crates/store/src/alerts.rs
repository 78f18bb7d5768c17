//! Alerts: workflows that did not keep their deadline and wait for somebody to look.

use domain::{ids::StrandId, timestamps::Timestamp};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, storable},
};

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Alert {
    /// Its id.
    pub id: Uuid,
    /// The workflow.
    pub strand_id: StrandId,
    /// A sentence.
    pub text: String,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// Raises an alert.
pub async fn add(tx: &mut Tx, alert: &Alert) -> Result<(), Error> {
    let text = "INSERT INTO alerts (id, strand_id, text, raised_at) VALUES ($1, $2, $3, $4)";
    execute!(tx, text, alert.id, alert.strand_id, &*storable(&alert.text), alert.raised_at)?;
    Ok(())
}

/// Every alert, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Alert>, Error> {
    fetch_all!(tx, "SELECT * FROM alerts ORDER BY raised_at, id")
}

/// Takes back the alerts of a workflow that is on its way again; returns how many.
pub async fn remove_for(tx: &mut Tx, strand: StrandId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM alerts WHERE strand_id = $1", strand)
}
