//! What a simulated host pretends to hold: nodes with volumes, keys, networks and guests. Has no faults of its own.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use domain::{
    agent::{Phase, Status, VolumeReport},
    ids::NodeId,
    networks::IpFilter,
    states::VolumeKind,
    timestamps::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    Agent, Faults, Pace, SimulatedSettings,
    reports::{self, report, twist},
};
use crate::{Error, NodeSpec, Observation, ShredReport, VmFacts, VmState, VolumeFacts};

/// First of the ports that pretended services listen on.
const PORT_FIRST: u16 = 20_001;

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct World {
    nodes: BTreeMap<NodeId, Machine>,
    reports: BTreeMap<NodeId, ShredReport>,
    boots: u64,
    #[serde(default)]
    identity: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Machine {
    spec: NodeSpec,
    volumes: Vec<VolumeFacts>,
    /// Volumes whose images have vanished.
    #[serde(default)]
    lost: Vec<VolumeKind>,
    has_sealed_keys: bool,
    port: Option<u16>,
    ip_filter: Option<IpFilter>,
    guest: Option<Guest>,
    last_words: Option<String>,
}

/// A pretended guest from boot to power-off.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Guest {
    boot: u64,
    started: Timestamp,
    /// `None` while it boots and nobody answers.
    phase: Option<Phase>,
    entered: Timestamp,
    looks: u32,
    is_configured: bool,
    ip_filter_generation: Option<i64>,
    phase_millis: Vec<(Phase, u64)>,
}

impl World {
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Io {
                doing: format!("read the simulated host's state in {}", path.display()),
                source: error.into(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Io { doing: format!("read {}", path.display()), source }),
        }
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let fresh = path.with_extension("new");
        serde_json::to_vec(self)
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(&fresh, bytes))
            .and_then(|()| std::fs::rename(&fresh, path))
            .map_err(|source| Error::Io { doing: format!("write {}", path.display()), source })
    }

    /// What tells this world from others, made at the first look.
    pub(super) fn identity(&mut self) -> Result<String, Error> {
        let identity = match self.identity.take() {
            Some(identity) => identity,
            None => crate::fingerprints::random_hex()?,
        };
        Ok(self.identity.insert(identity).clone())
    }

    pub(super) fn memory_used_mib(&self) -> u64 {
        let running = self.nodes.values().filter(|machine| machine.guest.is_some());
        running.map(|machine| u64::from(machine.spec.memory_mib)).sum()
    }

    pub(super) fn disk_used_mib(&self) -> u64 {
        self.nodes
            .values()
            .filter(|machine| !machine.volumes.is_empty())
            .map(|machine| size(&machine.spec))
            .sum()
    }

    pub(super) fn make_volumes(&mut self, spec: &NodeSpec, disk_mib: u64) -> Result<Vec<VolumeFacts>, Error> {
        let free = disk_mib.saturating_sub(self.disk_used_mib());
        let is_made = self.nodes.get(&spec.node).is_some_and(|machine| !machine.volumes.is_empty());
        if !is_made && size(spec) > free {
            let need = size(spec);
            return Err(Error::Full(format!(
                "The volumes need {need} MiB, but {free} MiB are free on the disk."
            )));
        }
        let machine = self.machine(spec)?;
        if machine.volumes.is_empty() {
            machine.volumes = spec.volumes.iter().map(reports::made).collect();
            machine.has_sealed_keys = true;
        }
        Ok(machine.volumes.clone())
    }

    pub(super) fn start_vm(
        &mut self,
        spec: &NodeSpec,
        memory_mib: u64,
        now: Timestamp,
    ) -> Result<VmFacts, Error> {
        let used = self.memory_used_mib();
        let taken: Vec<u16> = self.nodes.values().filter_map(|machine| machine.port).collect();
        let boot = self.boots + 1;
        let machine = self.machine(spec)?;
        if machine.volumes.is_empty() {
            return Err(Error::State("The node has no volumes yet.".into()));
        }
        if machine.guest.is_none() {
            if used + u64::from(spec.memory_mib) > memory_mib {
                return Err(Error::Full(format!("All of the {memory_mib} MiB of memory for VMs is in use.")));
            }
            machine.guest = Some(Guest::boot(boot, now));
        }
        let free = (PORT_FIRST..u16::MAX).find(|port| !taken.contains(port));
        let free = free.ok_or_else(|| Error::Full("All ports are in use.".into()))?;
        let port = *machine.port.get_or_insert(free);
        self.boots = boot;
        Ok(VmFacts { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port, accelerator: "simulated".into() })
    }

    /// The guest of a node, if its agent answers.
    pub(super) fn guest(
        &mut self,
        node: NodeId,
        settings: &SimulatedSettings,
        faults: &Faults,
    ) -> Result<&mut Guest, Error> {
        let machine = self.nodes.get_mut(&node).ok_or_else(unknown)?;
        let guest = machine.guest.as_mut().ok_or_else(|| Error::State("The VM does not run.".into()))?;
        guest.advance(settings.pace, settings.clock.now());
        match faults.agent_now() {
            Agent::Silent => Err(Error::Agent("did not answer within 10 seconds.".into())),
            Agent::Garbage => Err(Error::Agent("answered something that is no reply.".into())),
            Agent::Failed(problem) => Err(Error::Guest(problem)),
            _ if guest.phase.is_none() => Err(Error::Agent("does not answer yet.".into())),
            _ => Ok(guest),
        }
    }

    pub(super) fn put_ip_filter(&mut self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        let machine = self.nodes.get_mut(&node).ok_or_else(unknown)?;
        match &machine.ip_filter {
            Some(now) if now.generation > filter.generation => Ok(now.generation),
            _ => Ok(machine.ip_filter.insert(filter.clone()).generation),
        }
    }

    pub(super) fn observe(
        &mut self,
        node: NodeId,
        settings: &SimulatedSettings,
        faults: &Faults,
    ) -> Observation {
        let state = |vm| Observation { vm, agent: None, agent_problem: None };
        let Some(machine) = self.nodes.get_mut(&node) else { return state(VmState::Absent) };
        let Some(guest) = machine.guest.as_mut() else {
            let reason = machine.last_words.clone().unwrap_or_else(|| "The VM was never started.".into());
            return state(VmState::Stopped { reason });
        };
        let now = settings.clock.now();
        guest.advance(settings.pace, now);
        guest.looks += 1;
        let problem = match faults.agent_now() {
            Agent::Silent => Some("did not answer in time."),
            Agent::Garbage => Some("answered something that is no reply."),
            _ if guest.phase.is_none() => Some("does not answer yet."),
            _ => None,
        };
        let machine: &Machine = machine;
        let guest = machine.guest.as_ref().filter(|_| problem.is_none());
        let agent = guest.and_then(|guest| guest.status(machine, now));
        Observation {
            vm: VmState::Running,
            agent: agent.map(|status| twist(status, faults.agent_now(), &machine.volumes)),
            agent_problem: problem.map(|text| format!("The agent in the VM {text}")),
        }
    }

    pub(super) fn kill(&mut self, node: NodeId, last_words: &str) -> bool {
        let Some(machine) = self.nodes.get_mut(&node) else { return false };
        let ran = machine.guest.take().is_some();
        if ran {
            machine.last_words = Some(last_words.to_owned());
        }
        ran
    }

    pub(super) fn lose_volume(&mut self, node: NodeId, kind: VolumeKind) -> bool {
        let Some(machine) = self.nodes.get_mut(&node) else { return false };
        let has = machine.volumes.iter().any(|volume| volume.kind == kind);
        if has {
            machine.lost.push(kind);
        }
        has
    }

    pub(super) fn shred(&mut self, node: NodeId, now: Timestamp) -> Result<ShredReport, Error> {
        if let Some(report) = self.reports.get(&node) {
            return Ok(report.clone());
        }
        if self.nodes.get(&node).is_some_and(|machine| machine.guest.is_some()) {
            return Err(Error::State("The VM still runs; stop it first.".into()));
        }
        let report = match self.nodes.remove(&node) {
            Some(machine) => reports::shredded(machine.volumes, &machine.lost, now),
            None => reports::unknown(now),
        };
        self.reports.insert(node, report.clone());
        Ok(report)
    }

    pub(super) fn forget(&mut self, node: NodeId) -> Result<(), Error> {
        if self.nodes.contains_key(&node) {
            return Err(Error::State("The node is not shredded.".into()));
        }
        self.reports.remove(&node);
        Ok(())
    }

    pub(super) fn nodes(&self) -> Vec<NodeId> {
        // A node is in one map or the other, never in both.
        self.nodes.keys().chain(self.reports.keys()).copied().collect()
    }

    pub(super) fn running(&self) -> Vec<NodeId> {
        self.nodes.iter().filter(|(_, machine)| machine.guest.is_some()).map(|(node, _)| *node).collect()
    }

    pub(super) fn ip_filter(&self, node: NodeId) -> Option<IpFilter> {
        self.nodes.get(&node)?.ip_filter.clone()
    }

    pub(super) fn leftovers(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (node, machine) in &self.nodes {
            found.push(format!("directory of node {node}"));
            found.extend(
                machine.volumes.iter().map(|volume| format!("volume {} of node {node}", volume.kind)),
            );
            found.extend(machine.has_sealed_keys.then(|| format!("sealed keys of node {node}")));
            found.extend(machine.port.map(|port| format!("port {port} of node {node}")));
            found.extend(machine.guest.is_some().then(|| format!("VM of node {node}")));
        }
        found.extend(self.reports.keys().map(|node| format!("report of node {node}")));
        found
    }

    fn machine(&mut self, spec: &NodeSpec) -> Result<&mut Machine, Error> {
        if self.reports.contains_key(&spec.node) {
            return Err(Error::State("The node was shredded; nodes are never used again.".into()));
        }
        let machine = self.nodes.entry(spec.node).or_insert_with(|| Machine {
            spec: spec.clone(),
            volumes: Vec::new(),
            lost: Vec::new(),
            has_sealed_keys: false,
            port: None,
            ip_filter: None,
            guest: None,
            last_words: None,
        });
        if machine.spec != *spec {
            return Err(Error::State("The node exists with other volumes, memory or owner.".into()));
        }
        Ok(machine)
    }
}

impl Guest {
    fn boot(boot: u64, now: Timestamp) -> Self {
        Self {
            boot,
            started: now,
            phase: None,
            entered: now,
            looks: 0,
            is_configured: false,
            ip_filter_generation: None,
            phase_millis: Vec::new(),
        }
    }

    pub(super) fn open_volumes(&mut self) {
        if self.phase == Some(Phase::WaitingForKeys) {
            self.enter(Phase::OpeningVolumes, self.entered);
        }
    }

    pub(super) fn configure(&mut self, ip_filter_generation: i64) {
        self.is_configured = true;
        self.set_ip_filter(ip_filter_generation);
    }

    pub(super) fn set_ip_filter(&mut self, generation: i64) {
        self.ip_filter_generation = self.ip_filter_generation.max(Some(generation));
    }

    /// Enters every phase whose time has come.
    fn advance(&mut self, pace: Pace, now: Timestamp) {
        loop {
            let over = match pace {
                Pace::Observations(count) => self.looks >= count,
                Pace::Clock(each) => now.since(self.entered) >= each,
            };
            let next = match self.phase {
                None if over => Phase::WaitingForKeys,
                Some(Phase::OpeningVolumes) if over => Phase::WaitingForConfiguration,
                Some(Phase::WaitingForConfiguration) if self.is_configured => Phase::Starting,
                Some(Phase::Starting) if over => Phase::Ready,
                _ => return,
            };
            self.enter(next, now);
        }
    }

    fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.phase = Some(phase);
        self.entered = now;
        self.looks = 0;
        self.phase_millis.push((phase, millis(self.started, now)));
    }

    fn status(&self, machine: &Machine, now: Timestamp) -> Option<Status> {
        let phase = self.phase?;
        let is_open = !matches!(phase, Phase::WaitingForKeys | Phase::OpeningVolumes);
        let memory = u64::from(machine.spec.memory_mib) * 1024;
        Some(Status {
            boot_id: format!("simulated-{}-{}", machine.spec.node, self.boot),
            uptime_millis: millis(self.started, now),
            phase,
            problem: None,
            volumes: if is_open { volume_reports(machine) } else { Vec::new() },
            postgresql_version: (phase == Phase::Ready).then(|| "15.20 (simulated)".to_owned()),
            ip_filter_generation: self.ip_filter_generation,
            memory_kib: (memory, memory / 2),
            phase_millis: self.phase_millis.clone(),
        })
    }
}

fn volume_reports(machine: &Machine) -> Vec<VolumeReport> {
    let size_of = |kind: VolumeKind| machine.spec.volumes.iter().find(|spec| spec.kind == kind);
    let made = machine.volumes.iter();
    made.map(|volume| {
        let mib = size_of(volume.kind).map_or(0, |spec| u64::from(spec.size_mib));
        report(volume.kind, &volume.luks_uuid, mib.saturating_sub(1) * 1_048_576)
    })
    .collect()
}

fn size(spec: &NodeSpec) -> u64 {
    spec.volumes.iter().map(|volume| u64::from(volume.size_mib)).sum()
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}

fn unknown() -> Error {
    Error::State("This host knows no such node.".into())
}
