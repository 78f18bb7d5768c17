//! A host that keeps everything in memory (and, if told so, in a state file) and runs nothing.
//!
//! It behaves like [`crate::qemu::QemuHost`] as far as a caller can see: the same states, errors and reports, only
//! that no volume, VM or network exists. [`Faults`] makes it fail on purpose. It encrypts nothing: never for data.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{ids::NodeId, networks::IpFilter, states::VolumeKind, timestamps::Clock};

use crate::{
    Accelerator, Error, Host, HostFacts, NetworkBackend, NodeConfiguration, NodeSpec, Observation,
    ShredReport, VmFacts, VolumeFacts,
};

mod faults;
mod reports;
mod worlds;

pub use faults::{Agent, Call, Faults};
use faults::{Ending, Fault};
use worlds::World;

/// How fast the pretended guests get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Booting, opening volumes and starting PostgreSQL are each seen this many times by `observe`, then over.
    Observations(u32),
    /// Booting, opening volumes and starting PostgreSQL take this long each by the clock.
    Clock(Duration),
}

/// What a simulated host pretends to be.
#[derive(Clone)]
pub struct SimulatedSettings {
    /// Its name.
    pub name: String,
    /// Its cloud.
    pub cloud: String,
    /// Its zone.
    pub zone: String,
    /// Memory for VMs.
    pub memory_mib: u64,
    /// Disk for volumes.
    pub disk_mib: u64,
    /// How fast guests get on.
    pub pace: Pace,
    /// Where the state is kept across restarts of the server; memory only without it.
    pub state_file: Option<PathBuf>,
    /// Where the time of reports comes from.
    pub clock: Arc<dyn Clock>,
}

impl SimulatedSettings {
    /// A roomy host in zone `a` of `local-main` whose guests need one observation per phase.
    #[must_use]
    pub fn new(name: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.to_owned(),
            cloud: "local-main".into(),
            zone: "a".into(),
            memory_mib: 65_536,
            disk_mib: 1_048_576,
            pace: Pace::Observations(1),
            state_file: None,
            clock,
        }
    }
}

/// The simulated host.
pub struct SimulatedHost {
    settings: SimulatedSettings,
    identity: String,
    world: Mutex<World>,
    faults: Faults,
}

impl SimulatedHost {
    /// Opens a host; with a state file it goes on where the last one stopped.
    pub fn open(settings: SimulatedSettings) -> Result<Self, Error> {
        let (world, identity) = match &settings.state_file {
            Some(path) => {
                let mut world = World::load(path)?;
                let identity = world.identity()?;
                world.save(path)?;
                (world, identity)
            }
            // One that forgets everything when it ends is the same host again.
            None => (World::default(), format!("simulated {}", settings.name)),
        };
        Ok(Self { settings, identity, world: Mutex::new(world), faults: Faults::default() })
    }

    /// Where faults are ordered and calls are counted.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Ends the node's VM as a crash would, without anybody being told. False if none ran.
    pub fn kill_vm(&self, node: NodeId) -> bool {
        self.world().kill(node, "The VM was killed by signal 9.")
    }

    /// Everything the host still holds, a sentence each: what a leak check must find empty.
    #[must_use]
    pub fn leftovers(&self) -> Vec<String> {
        self.world().leftovers()
    }

    /// Nodes whose VM runs.
    #[must_use]
    pub fn running(&self) -> Vec<NodeId> {
        self.world().running()
    }

    /// The IP filter in force on the host for a node, as last handed over.
    #[must_use]
    pub fn ip_filter(&self, node: NodeId) -> Option<IpFilter> {
        self.world().ip_filter(node)
    }

    /// Has a volume's image vanish behind the host's back. False if there is none.
    pub fn lose_volume(&self, node: NodeId, kind: VolumeKind) -> bool {
        self.world().lose_volume(node, kind)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic in another test thread must not hide what the world looked like.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one call with whatever fault was ordered for it. A lie is the true answer of a world that is thrown away.
    async fn call<T>(
        &self,
        call: Call,
        node: Option<NodeId>,
        act: impl FnOnce(&mut World) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.faults.take(call, node) {
            None => self.change(act),
            Some(Fault { acts, ending: Ending::Truth }) => {
                if acts {
                    self.change(act)
                } else {
                    act(&mut self.world().clone())
                }
            }
            Some(Fault { acts, ending: Ending::Error(error) }) => {
                if acts {
                    self.change(act)?;
                }
                Err(error)
            }
            Some(Fault { acts, ending: Ending::Never }) => {
                if acts {
                    self.change(act)?;
                }
                std::future::pending().await
            }
        }
    }

    fn change<T>(&self, act: impl FnOnce(&mut World) -> Result<T, Error>) -> Result<T, Error> {
        let mut world = self.world();
        let result = act(&mut world);
        if let Some(path) = &self.settings.state_file {
            world.save(path)?;
        }
        result
    }
}

#[async_trait]
impl Host for SimulatedHost {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    async fn facts(&self) -> Result<HostFacts, Error> {
        self.call(Call::Facts, None, |world| {
            let settings = &self.settings;
            Ok(HostFacts {
                name: settings.name.clone(),
                identity: self.identity.clone(),
                cloud: settings.cloud.clone(),
                zone: settings.zone.clone(),
                accelerator: Accelerator::Tcg { reason: "Simulated: no VM runs.".into() },
                network: NetworkBackend::Simulated,
                memory_mib: settings.memory_mib,
                memory_free_mib: settings.memory_mib.saturating_sub(world.memory_used_mib()),
                disk_free_mib: self.faults.disk_free(settings.disk_mib.saturating_sub(world.disk_used_mib())),
                vcpus: 8,
                problems: Vec::new(),
                notices: Vec::new(),
            })
        })
        .await
    }

    async fn make_volumes(&self, node: &NodeSpec) -> Result<Vec<VolumeFacts>, Error> {
        let free = self.faults.disk_free(self.settings.disk_mib);
        self.call(Call::MakeVolumes, Some(node.node), |world| world.make_volumes(node, free)).await
    }

    async fn start_vm(&self, node: &NodeSpec) -> Result<VmFacts, Error> {
        let now = self.settings.clock.now();
        self.call(Call::StartVm, Some(node.node), |world| world.start_vm(node, self.settings.memory_mib, now))
            .await
    }

    async fn open_volumes(&self, node: NodeId) -> Result<(), Error> {
        self.call(Call::OpenVolumes, Some(node), |world| {
            world.guest(node, &self.settings, &self.faults)?.open_volumes();
            Ok(())
        })
        .await
    }

    async fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error> {
        self.call(Call::Configure, Some(node), |world| {
            let generation = world.put_ip_filter(node, &configuration.ip_filter)?;
            world.guest(node, &self.settings, &self.faults)?.configure(generation);
            Ok(())
        })
        .await
    }

    async fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        self.call(Call::SetIpFilter, Some(node), |world| {
            let generation = world.put_ip_filter(node, filter)?;
            world.guest(node, &self.settings, &self.faults)?.set_ip_filter(generation);
            Ok(generation)
        })
        .await
    }

    async fn observe(&self, node: NodeId) -> Result<Observation, Error> {
        self.call(Call::Observe, Some(node), |world| Ok(world.observe(node, &self.settings, &self.faults)))
            .await
    }

    async fn stop_vm(&self, node: NodeId) -> Result<(), Error> {
        self.call(Call::StopVm, Some(node), |world| {
            world.kill(node, "The VM was stopped.");
            Ok(())
        })
        .await
    }

    async fn shred(&self, node: NodeId) -> Result<ShredReport, Error> {
        let now = self.settings.clock.now();
        self.call(Call::Shred, Some(node), |world| world.shred(node, now)).await
    }

    async fn forget(&self, node: NodeId) -> Result<(), Error> {
        self.call(Call::Forget, Some(node), |world| world.forget(node)).await
    }

    async fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        self.call(Call::Nodes, None, |world| Ok(world.nodes())).await
    }

    async fn client_address(&self, node: NodeId, peer: IpAddr) -> Result<(IpAddr, Option<String>), Error> {
        self.call(Call::ClientAddress, Some(node), |_| {
            let peer = if peer.is_loopback() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { peer };
            Ok((peer, Some("This service is simulated: nothing listens at its address.".into())))
        })
        .await
    }
}

#[cfg(test)]
#[path = "simulated/tests.rs"]
mod tests;
