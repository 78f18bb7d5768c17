//! The life of a service: place, make volumes, start the VM, wait for the agent, open the volumes, hand over
//! certificates and first user, wait for PostgreSQL, rest; and destroy from every step.

mod changing;
mod destruction;
mod making;
mod resting;
mod silences;
mod steps;
mod sweeping;

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    certificates::DestroyedNode,
    events::EventType,
    ids::{NodeId, ServiceId},
    states::{NodeState, Outcome, ServiceState, Signal},
    timestamps::Timestamp,
};
use host::{NodeSpec, VolumeSpec};
use serde::{Deserialize, Serialize};
use store::{Tx, nodes::Node, services::Service, strands::Strand};

use silences::Silence;
pub use steps::{Run, Step};
pub(crate) use sweeping::sweep;

use crate::{
    errors::Failure,
    workflow::{EventSubject, Next, Turn, Workflow},
};

/// Name in `strands.workflow`.
const NAME: &str = "services";
/// By when a service should run, be restarted or be gone; then an alert is raised.
const DEADLINE: Duration = Duration::from_secs(10 * 60);

/// The workflow; it has no state of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceWorkflow;

/// The strand's own notes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Notes {
    /// What the steps lead to.
    run: Run,
    /// When VMs were found gone lately.
    restarts: Vec<Timestamp>,
    /// How often in a row the VM had to be started over before PostgreSQL answered.
    setbacks: u32,
    /// Since when the guest has not said what is waited for.
    #[serde(default)]
    silence: Option<Silence>,
    /// Nodes that are shredded, for the certificate.
    destroyed: Vec<DestroyedNode>,
}

impl ServiceWorkflow {
    /// Makes the strand of a new service, in the transaction that makes the service.
    pub(crate) async fn begin(tx: &mut Tx, id: ServiceId, now: Timestamp) -> Result<(), Failure> {
        let notes = Notes {
            run: Run::Creating,
            restarts: Vec::new(),
            setbacks: 0,
            silence: None,
            destroyed: Vec::new(),
        };
        let strand = Strand {
            id: id.into(),
            workflow: NAME.into(),
            step: Step::Place.as_str().into(),
            state: serde_json::to_string(&notes)?,
            wake_at: now,
            leased_until: None,
            lease_token: None,
            attempts: 0,
            error: None,
            deadline_at: Some(now.plus(DEADLINE)),
            alerted_at: None,
            step_started_at: now,
            created_at: now,
            generation: 0,
        };
        store::strands::add(tx, &strand).await?;
        store::step_runs::begin_if_absent(tx, strand.id, Step::Place.as_str(), Run::Creating.as_str(), now)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Workflow for ServiceWorkflow {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let subject = Subject::load(turn).await?;
        let signals = subject.signals.clone();
        if signals.contains(&Signal::Destroy) && !subject.step.is_destruction() {
            return subject.begin_destruction(turn).await;
        }
        match subject.step {
            Step::Place => subject.place(turn).await,
            Step::MakeVolumes => subject.make_volumes(turn).await,
            Step::StartVm => subject.start_vm(turn).await,
            Step::WaitForAgent => subject.wait_for_agent(turn).await,
            Step::OpenVolumes => subject.open_volumes(turn).await,
            Step::HandOver => subject.hand_over(turn).await,
            Step::WaitForPostgresql => subject.wait_for_postgresql(turn).await,
            Step::Wait => subject.wait(turn).await,
            Step::ApplyIpFilter => subject.apply_ip_filter(turn).await,
            Step::RenewCertificate => subject.renew_certificate(turn).await,
            Step::StopVm => subject.stop_vm(turn).await,
            Step::Shred => subject.shred(turn).await,
            Step::Certify => subject.certify(turn).await,
            Step::CleanUp => subject.clean_up(turn).await,
        }
    }

    fn run_of(&self, step: &str, state: &str) -> Option<&'static str> {
        if step == Step::Wait.as_str() {
            return None;
        }
        let notes: Option<Notes> = serde_json::from_str(state).ok();
        Some(notes.map_or(Run::Creating, |notes| notes.run).as_str())
    }

    async fn set_problem(&self, tx: &mut Tx, strand: &Strand, problem: Option<&str>) -> Result<(), Failure> {
        Ok(store::services::set_problem(tx, ServiceId::from_uuid(strand.id.uuid()), problem).await?)
    }

    async fn describe(&self, tx: &mut Tx, strand: &Strand) -> Result<EventSubject, Failure> {
        let id = ServiceId::from_uuid(strand.id.uuid());
        let Some(service) = store::services::find(tx, id).await? else { return Ok(EventSubject::default()) };
        let project = store::projects::find(tx, service.project_id).await?;
        Ok(EventSubject {
            organization: project.as_ref().map(|project| project.organization_id),
            project: project.map(|project| (project.id, project.name)),
            service: Some((id, service.name)),
        })
    }
}

/// What every step needs: the service, its project and nodes, read before anything is done.
struct Subject {
    step: Step,
    notes: Notes,
    service: Service,
    project: store::projects::Project,
    nodes: Vec<Node>,
    signals: Vec<Signal>,
}

impl Subject {
    async fn load(turn: &Turn) -> Result<Self, Failure> {
        let strand = turn.strand();
        let step = strand.step.parse().map_err(Failure::Inconsistent)?;
        let id = ServiceId::from_uuid(strand.id.uuid());
        let mut tx = turn.control().store().read().await?;
        let service = store::services::find(&mut tx, id)
            .await?
            .ok_or_else(|| Failure::Inconsistent(format!("the service {id} is gone")))?;
        let project = store::projects::find(&mut tx, service.project_id)
            .await?
            .ok_or_else(|| Failure::Inconsistent(format!("the project of {id} is gone")))?;
        Ok(Self {
            step,
            notes: serde_json::from_str(&strand.state)?,
            nodes: store::nodes::list(&mut tx, id).await?,
            signals: store::signals::list(&mut tx, strand.id)
                .await?
                .into_iter()
                .map(|given| given.signal)
                .collect(),
            service,
            project,
        })
    }

    /// The one node of a service that has been placed.
    fn node(&self) -> Result<&Node, Failure> {
        self.nodes.first().ok_or_else(|| Failure::Inconsistent("the service has no node".into()))
    }

    /// What the host is told of a node.
    async fn spec(&self, turn: &Turn, node: &Node) -> Result<NodeSpec, Failure> {
        let plan = domain::plans::plan(&self.service.plan)
            .ok_or_else(|| Failure::Inconsistent(format!("no plan is named {}", self.service.plan)))?;
        let mut tx = turn.control().store().read().await?;
        let mut volumes = Vec::new();
        for volume in store::volumes::list(&mut tx, node.id).await? {
            volumes.push(VolumeSpec {
                volume: volume.id,
                kind: volume.kind,
                size_mib: u32::try_from(volume.size_mib)
                    .map_err(|_| Failure::Inconsistent(format!("size of the volume {}", volume.id)))?,
            });
        }
        Ok(NodeSpec {
            node: node.id,
            service: self.service.id,
            organization: self.project.organization_id,
            vcpus: plan.vcpus,
            memory_mib: plan.memory_mib,
            volumes,
        })
    }

    fn save_notes(&self, turn: &mut Turn) -> Result<(), Failure> {
        turn.set_state(serde_json::to_string(&self.notes)?);
        Ok(())
    }

    /// Writes an event about this service in the turn's transaction.
    async fn record(&self, turn: &mut Turn, event_type: EventType, text: String) -> Result<(), Failure> {
        let subject = EventSubject {
            organization: Some(self.project.organization_id),
            project: Some((self.project.id, self.project.name.clone())),
            service: Some((self.service.id, self.service.name.clone())),
        };
        turn.record(event_type, subject, Outcome::Done, text).await
    }

    /// Writes the states of the service and of all its nodes.
    async fn set_states(
        &self,
        turn: &mut Turn,
        service: ServiceState,
        node: NodeState,
    ) -> Result<(), Failure> {
        let ids: Vec<NodeId> = self.nodes.iter().map(|node| node.id).collect();
        let tx = turn.write().await?;
        store::services::set_state(tx, self.service.id, service).await?;
        for id in ids {
            store::nodes::set_state(tx, id, node).await?;
        }
        Ok(())
    }
}
