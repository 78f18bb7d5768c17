//! A host that runs real VMs with QEMU on LUKS2 volumes. The rules of the platform are not here: it does as it is told.
//!
//! All work on the machine is blocking code on tokio's blocking pool. So a caller that gives up waiting leaves
//! nothing half done: the work runs on to its end, and each part of it has a time limit.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use domain::{ids::NodeId, networks::IpFilter, timestamps::Clock};

use crate::{
    Error, Host, HostFacts, NodeConfiguration, NodeSpec, Observation, ShredReport, VmFacts, VolumeFacts,
};

mod accelerators;
mod command_lines;
mod commands;
mod control_sockets;
mod endings;
mod facts;
mod files;
mod images;
mod launches;
mod machines;
mod networks;
mod node_directories;
mod observations;
mod processes;
mod qmp;
mod sealing;
mod shredding;
mod sockets;
mod volumes;

pub use accelerators::AcceleratorChoice;
pub use networks::{AddressPool, NetworkChoice};

/// What a host is told at start.
#[derive(Clone)]
pub struct QemuSettings {
    /// Its name.
    pub name: String,
    /// The cloud it belongs to.
    pub cloud: String,
    /// The zone it stands in.
    pub zone: String,
    /// Where it keeps nodes, keys and journals. One server at a time.
    pub state_dir: PathBuf,
    /// Where the guest image lies.
    pub image_dir: PathBuf,
    /// How VMs are reached.
    pub network: NetworkChoice,
    /// How VMs are run.
    pub accelerator: AcceleratorChoice,
    /// QEMU: a path, or a name that is looked for in the usual directories.
    pub qemu_binary: PathBuf,
    /// Memory that VMs may have altogether; 80 % of the machine's if not set.
    pub memory_mib_max: Option<u64>,
    /// Where the networks of services are taken from. Give each host of one machine a range of its own.
    pub address_pool: AddressPool,
    /// Where the time of reports comes from.
    pub clock: Arc<dyn Clock>,
}

/// The host.
#[derive(Clone)]
pub struct QemuHost {
    machine: Arc<machines::Machine>,
}

impl QemuHost {
    /// Opens the state directory (made with its host key at first start). VMs that run already are adopted.
    ///
    /// A missing program or image is no error here: [`HostFacts::problems`] tells of it.
    pub fn open(settings: QemuSettings) -> Result<Self, Error> {
        Ok(Self { machine: Arc::new(machines::Machine::open(settings)?) })
    }

    /// Stops and shreds every node of this host, whatever is in it, and removes its networks. Names what it removed.
    pub async fn destroy_everything(&self) -> Result<Vec<String>, Error> {
        self.run(machines::Machine::destroy_everything).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&machines::Machine) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let machine = Arc::clone(&self.machine);
        let done = tokio::task::spawn_blocking(move || work(&machine)).await;
        done.unwrap_or_else(|_| {
            Err(Error::State("A fault of the host's own kept it from ending its work.".into()))
        })
    }
}

#[async_trait]
impl Host for QemuHost {
    fn name(&self) -> &str {
        &self.machine.settings.name
    }

    fn identity(&self) -> &str {
        &self.machine.identity
    }

    async fn facts(&self) -> Result<HostFacts, Error> {
        self.run(machines::Machine::facts).await
    }

    async fn make_volumes(&self, node: &NodeSpec) -> Result<Vec<VolumeFacts>, Error> {
        let node = node.clone();
        self.run(move |machine| machine.make_volumes(&node)).await
    }

    async fn start_vm(&self, node: &NodeSpec) -> Result<VmFacts, Error> {
        let node = node.clone();
        self.run(move |machine| machine.start_vm(&node)).await
    }

    async fn open_volumes(&self, node: NodeId) -> Result<(), Error> {
        self.run(move |machine| machine.open_volumes(node)).await
    }

    async fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error> {
        self.run(move |machine| machine.configure(node, configuration)).await
    }

    async fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        let filter = filter.clone();
        self.run(move |machine| machine.set_ip_filter(node, &filter)).await
    }

    async fn observe(&self, node: NodeId) -> Result<Observation, Error> {
        self.run(move |machine| machine.observe(node)).await
    }

    async fn stop_vm(&self, node: NodeId) -> Result<(), Error> {
        self.run(move |machine| machine.stop_vm(node)).await
    }

    async fn shred(&self, node: NodeId) -> Result<ShredReport, Error> {
        self.run(move |machine| machine.shred(node)).await
    }

    async fn forget(&self, node: NodeId) -> Result<(), Error> {
        self.run(move |machine| machine.forget(node)).await
    }

    async fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        self.run(machines::Machine::nodes).await
    }

    async fn client_address(&self, node: NodeId, peer: IpAddr) -> Result<(IpAddr, Option<String>), Error> {
        self.run(move |machine| machine.client_address(node, peer)).await
    }
}
