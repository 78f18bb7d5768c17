//! What a server looks at besides the steps: deadlines that pass, and rows that have ended by themselves.

use std::time::Duration;

use domain::events::EventType;
use store::strands::Strand;
use tokio::sync::watch;

use super::{Runner, Turn, Workflow, caught};
use crate::{
    errors::{Failure, chain},
    factor_resets, housekeeping,
};

/// How often deadlines are looked at.
const WATCH_EVERY: Duration = Duration::from_secs(5);
/// In every how many-th of these looks the rows go that have ended by themselves: once a minute.
const LOOKS_PER_TIDYING: u64 = 12;

impl Runner {
    /// Raises an alert for every strand that is past its deadline, once, and has what has ended removed; until
    /// `shutdown` turns true.
    pub(crate) async fn watch_over(self, mut shutdown: watch::Receiver<bool>) {
        let mut looks = 0_u64;
        while !*shutdown.borrow() {
            let looked = caught(self.raise_alerts()).await;
            let tidied = match looks % LOOKS_PER_TIDYING {
                0 => {
                    let carried_out = caught(factor_resets::carry_out_due(&self.control)).await.map(drop);
                    caught(housekeeping::tidy(&self.control)).await.and(carried_out)
                }
                _ => Ok(()),
            };
            // The workers have told already that the database is gone, and that this will not work either.
            if let Err(failure) = looked.and(tidied)
                && !self.outages.is_on()
            {
                tracing::warn!(
                    error = chain(&failure),
                    "Deadlines and what has ended could not be looked at"
                );
            }
            looks += 1;
            tokio::select! {
                () = tokio::time::sleep(WATCH_EVERY) => {}
                _ = shutdown.changed() => {}
            }
        }
    }

    pub(crate) async fn raise_alerts(&self) -> Result<(), Failure> {
        let mut tx = self.control.store().read().await?;
        let overdue = store::strands::overdue(&mut tx, self.control.now()).await?;
        drop(tx);
        for strand in overdue {
            if let Some(workflow) = self.workflows.iter().find(|workflow| workflow.name() == strand.workflow)
            {
                self.raise_alert(workflow.as_ref(), strand).await?;
            }
        }
        Ok(())
    }

    async fn raise_alert(&self, workflow: &dyn Workflow, seen: Strand) -> Result<(), Failure> {
        let now = self.control.now();
        let mut turn = Turn::new(self.control.clone(), seen);
        let id = turn.strand.id;
        // It may have come to rest, or another server may have raised the alert, since it was seen.
        let strand = store::strands::find(turn.write().await?, id).await?;
        let is_overdue = |strand: &Strand| {
            strand.alerted_at.is_none() && strand.deadline_at.is_some_and(|deadline| deadline < now)
        };
        let Some(strand) = strand.filter(is_overdue) else { return Ok(()) };
        let text = match &strand.error {
            Some(error) => format!("Not done in time; the step {} fails: {error}", strand.step),
            None => format!("Not done in time; it waits in the step {}", strand.step),
        };
        tracing::error!(strand = %id, step = strand.step, "A workflow is past its deadline");
        let alert = store::alerts::Alert {
            id: self.control.new_uuid(),
            strand_id: id,
            text: text.clone(),
            raised_at: now,
        };
        let tx = turn.write().await?;
        store::alerts::add(tx, &alert).await?;
        store::strands::set_alerted(tx, id, now).await?;
        workflow.set_problem(tx, &strand, Some(&text)).await?;
        let subject = workflow.describe(tx, &strand).await?;
        turn.record(EventType::WorkflowOverdue, subject, domain::states::Outcome::Failed, text).await?;
        if let Some(tx) = turn.tx.take() {
            tx.commit().await?;
        }
        self.control.notify();
        Ok(())
    }
}
