//! Changes of a service that runs and goes on running: its IP filter, its certificate.

use domain::states::Signal;

use super::{
    Step, Subject,
    making::{BEGIN_LIMIT, LOOK_EVERY},
};
use crate::{
    errors::Failure,
    ip_filters,
    workflow::{Next, Turn},
};

impl Subject {
    /// Puts the stored list of ranges in force.
    pub(super) async fn apply_ip_filter(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let mut tx = turn.control().store().read().await?;
        let service = store::services::find(&mut tx, self.service.id).await?;
        let service = service.ok_or_else(|| Failure::Inconsistent("the service is gone".into()))?;
        let filter = ip_filters::current(&mut tx, &service).await?;
        let given = store::signals::list(&mut tx, turn.strand().id).await?;
        drop(tx);
        let asked_at = given.iter().find(|given| given.signal == Signal::ApplyIpFilter).map(|given| given.at);
        if !self.is_ready(turn, &self.observe(turn).await?).await? {
            // The resting step sees to the VM; the signal stays.
            return Ok(Next::Hop(Step::Wait.as_str()));
        }
        for node in &self.nodes {
            let in_force = turn.control().host(&node.host)?.set_ip_filter(node.id, &filter).await?;
            if in_force > filter.generation {
                return self.outnumber(turn, in_force).await;
            }
        }
        let seen = self.observe(turn).await?;
        let in_force = seen.agent.as_ref().and_then(|status| status.ip_filter_generation);
        if in_force != Some(filter.generation) {
            if turn.elapsed() < BEGIN_LIMIT {
                return Ok(Next::Nap(LOOK_EVERY));
            }
            let why = seen.agent.and_then(|status| status.problem).or(seen.agent_problem);
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            return Err(Failure::Inconsistent(format!("The guest did not put the IP filter in force{why}")));
        }
        let strand = turn.strand().id;
        // Whether the customer changed it again meanwhile is seen in the same transaction that takes the signal away.
        // The generation says it for sure: servers' clocks may differ.
        let tx = turn.write().await?;
        let latest = store::services::find(tx, self.service.id).await?;
        if let Some(asked_at) = asked_at
            && latest.is_some_and(|latest| latest.ip_filter_generation == filter.generation)
        {
            store::signals::remove_seen(tx, strand, Signal::ApplyIpFilter, asked_at).await?;
        }
        if let Some(status) = seen.agent {
            self.store_report(turn, &status).await?;
        }
        store::alerts::remove_for(turn.write().await?, strand).await?;
        turn.set_deadline(None);
        Ok(Next::Hop(Step::Wait.as_str()))
    }

    /// The host has a later list in force than the one that is stored: the database is an older copy, and what was
    /// changed since is not known. What people see in it is what shall be in force, so it is made the latest.
    async fn outnumber(&self, turn: &mut Turn, in_force: i64) -> Result<Next, Failure> {
        let service = self.service.id;
        tracing::warn!(%service, in_force, "The host has a later IP filter than the database, which is put in force again");
        let above = in_force.checked_add(1);
        let above = above.ok_or_else(|| Failure::Inconsistent("the IP filter changed too often".into()))?;
        store::services::raise_ip_filter_generation(turn.write().await?, service, above).await?;
        Ok(Next::Nap(LOOK_EVERY))
    }

    /// Hands the guest a new certificate, which PostgreSQL shows to everybody who connects from then on.
    pub(super) async fn renew_certificate(&self, turn: &mut Turn) -> Result<Next, Failure> {
        if !self.is_ready(turn, &self.observe(turn).await?).await? {
            // The resting step sees to the VM, which gets a new certificate with each start.
            return Ok(Next::Hop(Step::Wait.as_str()));
        }
        for node in &self.nodes {
            let configuration = self.configuration(turn, node).await?;
            let certificate = configuration.tls.certificate.clone();
            turn.control().host(&node.host)?.configure(node.id, configuration).await?;
            store::nodes::set_certificate(turn.write().await?, node.id, &certificate, None).await?;
        }
        let strand = turn.strand().id;
        store::alerts::remove_for(turn.write().await?, strand).await?;
        turn.set_deadline(None);
        Ok(Next::Hop(Step::Wait.as_str()))
    }
}
