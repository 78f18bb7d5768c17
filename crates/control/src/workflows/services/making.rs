//! From nothing to a PostgreSQL that answers.

use std::time::Duration;

use domain::{
    agent::{FirstUser, Phase},
    events::EventType,
    ids::{NodeId, VolumeId},
    secrets::Secret,
    states::{NodeState, ServiceState, VolumeKind},
};
use host::{NodeConfiguration, Observation, VmState};
use store::{nodes::Node, volumes::Volume};

use super::{Notes, Run, Silence, Step, Subject};
use crate::{
    authorities,
    envelopes::Place,
    errors::Failure,
    ip_filters, projects, services,
    workflow::{Next, Turn},
};

/// How often a booting guest is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How long a guest may take from one phase to the next before its VM is started anew.
const PHASE_LIMIT: Duration = Duration::from_secs(120);
/// What every volume is, as `cryptsetup` says it.
const LUKS_TYPE: &str = "LUKS2";
/// See [`LUKS_TYPE`].
const CIPHER: &str = "aes-xts-plain64";
/// See [`LUKS_TYPE`].
const KEY_BITS: u32 = 512;
/// How long a guest may take to begin with what it has accepted.
pub(super) const BEGIN_LIMIT: Duration = Duration::from_secs(5);

impl Subject {
    /// Chooses the host and writes down node and volumes before anything of them exists, so that whatever a crash
    /// leaves behind has a row that leads to it.
    pub(super) async fn place(&self, turn: &mut Turn) -> Result<Next, Failure> {
        if !self.nodes.is_empty() {
            return Ok(Next::Hop(Step::MakeVolumes.as_str()));
        }
        let plan = domain::plans::plan(&self.service.plan)
            .ok_or_else(|| Failure::Inconsistent(format!("no plan is named {}", self.service.plan)))?;
        let facts = turn.control().first_host().facts().await?;
        let (now, control) = (turn.now(), turn.control().clone());
        let node = Node {
            id: NodeId::from_uuid(control.new_uuid()),
            service_id: self.service.id,
            organization_id: self.project.organization_id,
            host: facts.name,
            zone: facts.zone,
            state: NodeState::SettingUpVm,
            created_at: now,
            address: None,
            port: None,
            accelerator: None,
            seen_at: None,
            report: None,
            ip_filter_generation: None,
            starts: 0,
            certificate: None,
            key_sealed: None,
        };
        let tx = turn.write().await?;
        store::nodes::add(tx, &node).await?;
        for (kind, size_mib) in [(VolumeKind::Root, plan.root_mib), (VolumeKind::Data, plan.data_mib)] {
            let volume = Volume {
                id: VolumeId::from_uuid(control.new_uuid()),
                node_id: node.id,
                kind,
                size_mib: i64::from(size_mib),
                luks_uuid: None,
                volume_key_fingerprint: None,
                unlock_key_fingerprint: None,
                report: None,
            };
            store::volumes::add(tx, &volume).await?;
        }
        Ok(Next::Hop(Step::MakeVolumes.as_str()))
    }

    pub(super) async fn make_volumes(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let node = self.node()?;
        let spec = self.spec(turn, node).await?;
        let facts = turn.control().host(&node.host)?.make_volumes(&spec).await?;
        let tx = turn.write().await?;
        for volume in facts {
            store::volumes::set_facts(
                tx,
                volume.volume,
                &volume.luks_uuid,
                &volume.volume_key_fingerprint,
                &volume.unlock_key_fingerprint,
            )
            .await?;
        }
        Ok(Next::Hop(Step::StartVm.as_str()))
    }

    pub(super) async fn start_vm(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let node = self.node()?;
        let spec = self.spec(turn, node).await?;
        let vm = match turn.control().host(&node.host)?.start_vm(&spec).await {
            // The volumes that were reported are not there. Once a VM has run on them they hold rows: never again then.
            Err(host::Error::State(error)) if node.starts == 0 => {
                return self.set_back(turn, Step::MakeVolumes, error);
            }
            result => result?,
        };
        let (id, service) = (node.id, self.service.id);
        self.set_states(turn, ServiceState::Rebuilding, NodeState::SettingUpVm).await?;
        let tx = turn.write().await?;
        let address = vm.address.to_string();
        store::nodes::set_vm(tx, id, &address, i64::from(vm.port), &vm.accelerator).await?;
        store::nodes::count_start(tx, id).await?;
        store::services::set_endpoint(tx, service, &address, i64::from(vm.port)).await?;
        Ok(Next::Hop(Step::WaitForAgent.as_str()))
    }

    pub(super) async fn wait_for_agent(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let seen = self.observe(turn).await?;
        if let Some(back) = self.go_back_if_down(turn, &seen).await? {
            return Ok(back);
        }
        match seen.agent {
            Some(_) => Ok(Next::Hop(Step::OpenVolumes.as_str())),
            None => self.keep_waiting(turn, "did not answer", seen.agent_problem).await,
        }
    }

    pub(super) async fn open_volumes(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let seen = self.observe(turn).await?;
        if let Some(back) = self.go_back_if_down(turn, &seen).await? {
            return Ok(back);
        }
        let node = self.node()?;
        match seen.agent.map(|status| status.phase) {
            Some(Phase::WaitingForKeys) => {
                turn.control().host(&node.host)?.open_volumes(node.id).await?;
                Ok(Next::Nap(LOOK_EVERY))
            }
            Some(Phase::OpeningVolumes) => self.keep_waiting(turn, "did not open its volumes", None).await,
            Some(_) => Ok(Next::Hop(Step::HandOver.as_str())),
            None => self.keep_waiting(turn, "did not open its volumes", seen.agent_problem).await,
        }
    }

    pub(super) async fn hand_over(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let seen = self.observe(turn).await?;
        if let Some(back) = self.go_back_if_down(turn, &seen).await? {
            return Ok(back);
        }
        let Some(status) = seen.agent else {
            return self.keep_waiting(turn, "did not take its configuration", seen.agent_problem).await;
        };
        if matches!(status.phase, Phase::WaitingForKeys) {
            return self.set_back(turn, Step::OpenVolumes, "The guest has no keys any more".into());
        }
        let node = self.node()?;
        let configuration = self.configuration(turn, node).await?;
        let certificate = configuration.tls.certificate.clone();
        turn.control().host(&node.host)?.configure(node.id, configuration).await?;
        let id = node.id;
        store::nodes::set_certificate(turn.write().await?, id, &certificate, None).await?;
        Ok(Next::Hop(Step::WaitForPostgresql.as_str()))
    }

    pub(super) async fn wait_for_postgresql(mut self, turn: &mut Turn) -> Result<Next, Failure> {
        let seen = self.observe(turn).await?;
        if let Some(back) = self.go_back_if_down(turn, &seen).await? {
            return Ok(back);
        }
        let Some(status) = seen.agent else {
            return self.keep_waiting(turn, "did not start PostgreSQL", seen.agent_problem).await;
        };
        match status.phase {
            Phase::Ready => {}
            Phase::WaitingForKeys => {
                return self.set_back(turn, Step::OpenVolumes, "The guest has no keys any more".into());
            }
            Phase::WaitingForConfiguration if turn.elapsed() >= BEGIN_LIMIT => {
                let error = "The guest did nothing with its configuration".into();
                return self.set_back(turn, Step::HandOver, error);
            }
            _ => return self.keep_waiting(turn, "did not start PostgreSQL", status.problem).await,
        }
        let is_told = |volume: &Volume| status.volumes.iter().any(|report| report.kind == volume.kind);
        if !self.volumes(turn).await?.iter().all(is_told) {
            return self.keep_waiting(turn, "did not report its volumes", status.problem).await;
        }
        self.store_report(turn, &status).await?;
        self.set_states(turn, ServiceState::Running, NodeState::Running).await?;
        let now = turn.now();
        let tx = turn.write().await?;
        store::services::set_running_at(tx, self.service.id, now).await?;
        store::services::set_problem(tx, self.service.id, None).await?;
        self.notes.setbacks = 0;
        self.save_notes(turn)?;
        let what = if self.notes.run == Run::Creating { "runs" } else { "runs again" };
        self.record(turn, EventType::ServiceRunning, format!("The service {} {what}", self.service.name))
            .await?;
        turn.set_deadline(None);
        let strand = turn.strand().id;
        store::alerts::remove_for(turn.write().await?, strand).await?;
        Ok(Next::Hop(Step::Wait.as_str()))
    }

    /// Looks at the service's node.
    pub(super) async fn observe(&self, turn: &Turn) -> Result<Observation, Failure> {
        let node = self.node()?;
        Ok(turn.control().host(&node.host)?.observe(node.id).await?)
    }

    /// Back to the start of the VM when it is not there any more or its guest has given up.
    async fn go_back_if_down(&self, turn: &mut Turn, seen: &Observation) -> Result<Option<Next>, Failure> {
        let error = match (&seen.vm, &seen.agent) {
            (VmState::Stopped { reason }, _) => format!("The VM stopped: {reason}"),
            (VmState::Absent, _) => "The VM is gone".to_owned(),
            (VmState::Running, Some(status)) if status.phase == Phase::Failed => {
                let node = self.node()?;
                turn.control().host(&node.host)?.stop_vm(node.id).await?;
                format!("The guest gave up: {}", status.problem.as_deref().unwrap_or("it does not say why"))
            }
            (VmState::Running, Some(status)) => match self.distrust(turn, status).await? {
                Some(error) => {
                    let node = self.node()?;
                    turn.control().host(&node.host)?.stop_vm(node.id).await?;
                    error
                }
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(self.set_back(turn, Step::StartVm, error)?))
    }

    /// Whether the VM runs and its guest says that all is well.
    pub(super) async fn is_ready(&self, turn: &Turn, seen: &Observation) -> Result<bool, Failure> {
        match (&seen.vm, &seen.agent) {
            (VmState::Running, Some(status)) if status.phase == Phase::Ready => {
                Ok(self.distrust(turn, status).await?.is_none())
            }
            _ => Ok(false),
        }
    }

    /// Why what the guest says of its volumes cannot be, if so: each must be the one that the host made, opened as
    /// LUKS2 with the cipher and the key length that all volumes have.
    pub(super) async fn distrust(
        &self,
        turn: &Turn,
        status: &domain::agent::Status,
    ) -> Result<Option<String>, Failure> {
        let volumes = self.volumes(turn).await?;
        for report in &status.volumes {
            let made = volumes.iter().find(|volume| volume.kind == report.kind);
            let is_encrypted =
                report.luks_type == LUKS_TYPE && report.cipher == CIPHER && report.key_bits == KEY_BITS;
            let is_ours = made.is_some_and(|volume| volume.luks_uuid.as_ref() == Some(&report.luks_uuid));
            if !is_encrypted || !is_ours {
                return Ok(Some(format!(
                    "The guest says of the volume {}: {} {} with a key of {} bits, UUID {}. That is not the volume that was made",
                    report.kind, report.luks_type, report.cipher, report.key_bits, report.luks_uuid,
                )));
            }
        }
        Ok(None)
    }

    /// The volumes of the service's node, as the host made them.
    pub(super) async fn volumes(&self, turn: &Turn) -> Result<Vec<Volume>, Failure> {
        let mut tx = turn.control().store().read().await?;
        Ok(store::volumes::list(&mut tx, self.node()?.id).await?)
    }

    /// Looks again soon; starts the VM anew when it has taken too long.
    async fn keep_waiting(
        &self,
        turn: &mut Turn,
        what: &str,
        problem: Option<String>,
    ) -> Result<Next, Failure> {
        let silence = Silence::go_on(self.notes.silence, turn.strand().step_started_at, turn.now());
        if silence.length() < PHASE_LIMIT {
            let notes = Notes { silence: Some(silence), ..self.notes.clone() };
            turn.set_state(serde_json::to_string(&notes)?);
            return Ok(Next::Nap(LOOK_EVERY));
        }
        let node = self.node()?;
        turn.control().host(&node.host)?.stop_vm(node.id).await?;
        let problem = problem.map(|problem| format!(": {problem}")).unwrap_or_default();
        let error = format!("The guest {what} within {} seconds{problem}", PHASE_LIMIT.as_secs());
        self.set_back(turn, Step::StartVm, error)
    }

    /// Goes on with an earlier step, after a pause that grows.
    fn set_back(&self, turn: &mut Turn, step: Step, error: String) -> Result<Next, Failure> {
        let setbacks = self.notes.setbacks.saturating_add(1);
        let notes = Notes { setbacks, silence: None, ..self.notes.clone() };
        turn.set_state(serde_json::to_string(&notes)?);
        Ok(Next::Back { step: step.as_str(), error, setbacks: notes.setbacks })
    }

    pub(super) async fn configuration(&self, turn: &Turn, node: &Node) -> Result<NodeConfiguration, Failure> {
        let (control, now) = (turn.control(), turn.now());
        let mut tx = control.store().read().await?;
        let key = control.organization_key(&mut tx, self.project.organization_id).await?;
        let ip_filter = ip_filters::current(&mut tx, &self.service).await?;
        drop(tx);
        let place = Place { column: projects::CA_KEY, row: self.project.id.uuid() };
        let ca_key = key.open(place, &self.project.ca_key_sealed)?;
        let ca_key = String::from_utf8(ca_key.to_vec())
            .map(Secret::new)
            .map_err(|_| Failure::Inconsistent("a CA key is no text".into()))?;
        let address = node.address.as_deref().and_then(|address| address.parse().ok());
        let address = address.ok_or_else(|| Failure::Inconsistent("the node has no address yet".into()))?;
        let hostname = format!("{}-{}", self.service.name, &node.id.uuid().simple().to_string()[20..]);
        let name = format!("{}.{}.redoubt.internal", self.service.name, self.project.name);
        Ok(NodeConfiguration {
            tls: authorities::issue(&self.project.ca_certificate, &ca_key, &name, &[address], now)?,
            hostname: hostname.chars().take(63).collect(),
            first_user: FirstUser {
                name: self.service.username.clone(),
                password: services::open_password(&key, &self.service)?,
                database: self.service.database_name.clone(),
            },
            ip_filter,
            now_seconds: now.micros() / 1_000_000,
        })
    }

    /// Keeps what the guest reported.
    pub(super) async fn store_report(
        &self,
        turn: &mut Turn,
        status: &domain::agent::Status,
    ) -> Result<(), Failure> {
        let (node, now) = (self.node()?.id, turn.now());
        let json = serde_json::to_string(status)?;
        let tx = turn.write().await?;
        store::nodes::set_report(tx, node, &json, now, status.ip_filter_generation).await?;
        for volume in store::volumes::list(tx, node).await? {
            if let Some(report) = status.volumes.iter().find(|report| report.kind == volume.kind) {
                store::volumes::set_report(tx, volume.id, &serde_json::to_string(report)?).await?;
            }
        }
        Ok(())
    }
}
