//! A service that runs: its VM is looked after, and what people asked for is taken up.

use std::time::Duration;

use domain::{
    agent::{Phase, Status},
    events::EventType,
    states::{NodeState, ServiceState, Signal},
    timestamps::Timestamp,
};
use host::{Observation, VmState};

use super::{DEADLINE, Run, Silence, Step, Subject};
use crate::{
    authorities,
    errors::Failure,
    workflow::{Next, Turn},
};

/// How often a running VM is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often an unchanged report is written down again, so that people see when the guest was last heard of.
const REPORT_EVERY: Duration = Duration::from_secs(20);
/// How long a guest may be silent before the node is shown as timing out.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it may be silent before its VM is started anew.
const SILENCE_MAX: Duration = Duration::from_secs(180);
/// Restarts within [`RESTART_WINDOW`] after which further ones wait for the window to pass.
const RESTARTS_MAX: usize = 5;
/// See [`RESTARTS_MAX`].
const RESTART_WINDOW: Duration = Duration::from_secs(600);

impl Subject {
    pub(super) async fn wait(mut self, turn: &mut Turn) -> Result<Next, Failure> {
        let seen = self.observe(turn).await?;
        let silence = self.listen(turn, &seen)?;
        let reason = match (&seen.vm, &seen.agent) {
            (VmState::Stopped { reason }, _) => reason.clone(),
            (VmState::Absent, _) => "its process is gone".into(),
            (VmState::Running, Some(status)) => match status.phase {
                Phase::Ready => match self.distrust(turn, status).await? {
                    Some(reason) => reason,
                    None if self.is_filter_due(status) => {
                        return self.begin_change(turn, Run::Changing, Step::ApplyIpFilter);
                    }
                    None if self.is_certificate_due(turn.now()) => {
                        return self.begin_change(turn, Run::Renewing, Step::RenewCertificate);
                    }
                    None => return self.keep(turn, status).await,
                },
                Phase::Failed => status.problem.clone().unwrap_or_else(|| "the guest gave up".into()),
                Phase::WaitingForKeys => "the guest booted anew".into(),
                _ => return self.miss(turn, ServiceState::Running, status.problem.clone()).await,
            },
            (VmState::Running, None) if silence > SILENCE_MAX => "its agent is silent".into(),
            (VmState::Running, None) if silence > SILENCE => {
                return self.miss(turn, ServiceState::Running, seen.agent_problem.clone()).await;
            }
            (VmState::Running, None) => return Ok(Next::Nap(LOOK_EVERY)),
        };
        self.restart(turn, &reason).await
    }

    /// Notes whether the agent answers, and says for how long it has not.
    fn listen(&mut self, turn: &mut Turn, seen: &Observation) -> Result<Duration, Failure> {
        let is_silent = matches!((&seen.vm, &seen.agent), (VmState::Running, None));
        let go_on = || Silence::go_on(self.notes.silence, turn.strand().step_started_at, turn.now());
        let silence = is_silent.then(go_on);
        if self.notes.silence != silence {
            self.notes.silence = silence;
            self.save_notes(turn)?;
        }
        Ok(silence.map_or(Duration::ZERO, Silence::length))
    }

    /// Whether the customer changed the IP filter, or the guest has another one than it should.
    fn is_filter_due(&self, status: &Status) -> bool {
        self.signals.contains(&Signal::ApplyIpFilter)
            || status.ip_filter_generation != Some(self.service.ip_filter_generation)
    }

    /// Whether the certificate that the guest was given last ends soon.
    fn is_certificate_due(&self, now: Timestamp) -> bool {
        let mut given = self.nodes.iter().filter_map(|node| node.certificate.as_deref());
        given.any(|certificate| authorities::is_due(certificate, now))
    }

    fn begin_change(&mut self, turn: &mut Turn, run: Run, step: Step) -> Result<Next, Failure> {
        self.notes.run = run;
        self.save_notes(turn)?;
        turn.set_deadline(Some(turn.now().plus(DEADLINE)));
        Ok(Next::Hop(step.as_str()))
    }

    /// All is well: write the report down when it says something new.
    async fn keep(&self, turn: &mut Turn, status: &Status) -> Result<Next, Failure> {
        let node = self.node()?;
        let old: Option<Status> = node.report.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let is_old = node.seen_at.is_none_or(|at| turn.now().since(at) >= REPORT_EVERY);
        let was_troubled = node.state != NodeState::Running
            || self.service.state != ServiceState::Running
            || self.service.problem != status.problem;
        if is_old || was_troubled || old.is_none_or(|old| differs(&old, status)) {
            self.store_report(turn, status).await?;
        }
        if was_troubled {
            self.set_states(turn, ServiceState::Running, NodeState::Running).await?;
            store::services::set_problem(turn.write().await?, self.service.id, status.problem.as_deref())
                .await?;
        }
        Ok(Next::Nap(LOOK_EVERY))
    }

    /// The VM runs but its guest does not say that all is well, or it is down for now.
    async fn miss(
        &self,
        turn: &mut Turn,
        state: ServiceState,
        problem: Option<String>,
    ) -> Result<Next, Failure> {
        let problem = problem.unwrap_or_else(|| "The guest does not answer".into());
        if self.node()?.state != NodeState::TimingOut
            || self.service.state != state
            || self.service.problem.as_ref() != Some(&problem)
        {
            self.set_states(turn, state, NodeState::TimingOut).await?;
            store::services::set_problem(turn.write().await?, self.service.id, Some(&problem)).await?;
        }
        Ok(Next::Nap(LOOK_EVERY))
    }

    /// Starts the VM again; its volumes and sealed keys are still there.
    async fn restart(&mut self, turn: &mut Turn, reason: &str) -> Result<Next, Failure> {
        let now = turn.now();
        self.notes.restarts.retain(|at| now.since(*at) < RESTART_WINDOW);
        if self.notes.restarts.len() >= RESTARTS_MAX {
            let problem = format!(
                "The VM stopped {RESTARTS_MAX} times within {} minutes, last: {reason}. It is started again later.",
                RESTART_WINDOW.as_secs() / 60
            );
            return self.miss(turn, ServiceState::Rebuilding, Some(problem)).await;
        }
        self.notes.restarts.push(now);
        self.notes.run = Run::Restarting;
        let node = self.node()?;
        // A guest that has given up still runs: the next start needs it gone.
        turn.control().host(&node.host)?.stop_vm(node.id).await?;
        self.set_states(turn, ServiceState::Rebuilding, NodeState::SettingUpVm).await?;
        let text = format!("A node of {} is started again: {reason}", self.service.name);
        self.record(turn, EventType::NodeRestarted, text).await?;
        self.save_notes(turn)?;
        turn.set_deadline(Some(now.plus(DEADLINE)));
        Ok(Next::Hop(Step::StartVm.as_str()))
    }
}

/// Whether two reports differ in anything but the passing of time.
fn differs(old: &Status, new: &Status) -> bool {
    old.boot_id != new.boot_id
        || old.phase != new.phase
        || old.problem != new.problem
        || old.ip_filter_generation != new.ip_filter_generation
        || old.postgresql_version != new.postgresql_version
        || old.volumes.len() != new.volumes.len()
}
