//! What a hypervisor machine can do: make encrypted volumes, run VMs on them, talk to the agent inside, shred.
//!
//! [`Host`] is all that the rest of Redoubt knows of a hypervisor. [`qemu`] runs real VMs; [`simulated`] keeps
//! everything in memory and can be told to fail. This is the only crate that starts processes or touches devices.
//! Unlock keys live here and in the guest: no method of [`Host`] takes or gives one.

use std::net::IpAddr;

use async_trait::async_trait;
use domain::{
    agent::{FirstUser, Status, TlsFiles},
    certificates::DestructionStep,
    ids::{NodeId, OrganizationId, ServiceId, VolumeId},
    networks::IpFilter,
    states::VolumeKind,
};
use serde::{Deserialize, Serialize};

pub mod confinement;
mod fingerprints;
pub mod qemu;
pub mod simulated;

/// A hypervisor machine. Every method makes things so: repeating it is harmless, and it returns what is.
///
/// Methods return within about 15 seconds; what takes longer is polled with [`Host::observe`].
#[async_trait]
pub trait Host: Send + Sync {
    /// Name of the machine, by which nodes find it again. Asks nobody.
    fn name(&self) -> &str;

    /// A random id that the machine's state directory was given when it was made, so that two hosts of the same name
    /// are told apart. Asks nobody.
    fn identity(&self) -> &str;

    /// Name, place, means and present problems of the machine.
    async fn facts(&self) -> Result<HostFacts, Error>;

    /// Makes the node's directory, its LUKS2 volumes and their sealed unlock keys.
    async fn make_volumes(&self, node: &NodeSpec) -> Result<Vec<VolumeFacts>, Error>;

    /// Makes the node's network and starts its VM if it is not running.
    async fn start_vm(&self, node: &NodeSpec) -> Result<VmFacts, Error>;

    /// Hands the unlock keys to the agent and has it open the volumes.
    async fn open_volumes(&self, node: NodeId) -> Result<(), Error>;

    /// Hands over certificates, first user and IP filter, and puts the filter in force on the host as well.
    async fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error>;

    /// Puts an IP filter in force on the host and in the guest, and returns the generation that is in force on the
    /// host then: an older one than that is accepted and ignored.
    async fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error>;

    /// Whether the VM runs and what its agent says. An agent that does not answer is no error.
    async fn observe(&self, node: NodeId) -> Result<Observation, Error>;

    /// Stops the VM, in order if the agent answers, by force otherwise, and sees that the process is gone.
    async fn stop_vm(&self, node: NodeId) -> Result<(), Error>;

    /// Deletes the sealed keys, erases keyslots and headers, discards and unlinks the volumes, removes network
    /// and directory, and says of each volume what was seen. Repeated after a crash it returns the same report.
    /// The VM must be stopped. A node that this host does not know is no error, and its report says so.
    async fn shred(&self, node: NodeId) -> Result<ShredReport, Error>;

    /// Drops what the host remembers of a shredded node, once its report is stored.
    async fn forget(&self, node: NodeId) -> Result<(), Error>;

    /// Every node of which this host holds anything: a process, a file, a network, a report.
    async fn nodes(&self) -> Result<Vec<NodeId>, Error>;

    /// The address under which the node's service sees a client that the console sees at `peer`, and a sentence
    /// for the client if that needs explaining.
    async fn client_address(&self, node: NodeId, peer: IpAddr) -> Result<(IpAddr, Option<String>), Error>;
}

/// How VMs are run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accelerator {
    /// Hardware virtualisation; a test boot succeeded.
    Kvm,
    /// Emulation, and why.
    Tcg {
        /// A sentence.
        reason: String,
    },
}

/// How VMs are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkBackend {
    /// Bridges and taps; each VM has an address of its own.
    Bridge,
    /// QEMU's user networking; loopback only.
    User,
    /// None: the simulated host.
    Simulated,
}

/// What a host is and has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Its name.
    pub name: String,
    /// See [`Host::identity`].
    pub identity: String,
    /// The cloud it belongs to.
    pub cloud: String,
    /// The zone it stands in.
    pub zone: String,
    /// How it runs VMs.
    pub accelerator: Accelerator,
    /// How VMs are reached.
    pub network: NetworkBackend,
    /// Memory of the machine that VMs may have, and what of it is free.
    pub memory_mib: u64,
    /// Free for new VMs.
    pub memory_free_mib: u64,
    /// Disk that is free for new volumes.
    pub disk_free_mib: u64,
    /// Processors.
    pub vcpus: u32,
    /// What stands in the way of running VMs right now, each a sentence that says what to do.
    pub problems: Vec<String>,
    /// Who cannot reach the services of this host. Nothing to worry about if that is what is wanted.
    pub notices: Vec<Notice>,
}

/// What is so on a host without being wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What everybody may know: a sentence.
    pub what: String,
    /// What whoever operates the host does to change it: a sentence with names of this machine.
    pub remedy: String,
}

/// What a node is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// The node.
    pub node: NodeId,
    /// Its service.
    pub service: ServiceId,
    /// Its tenant; a host keeps tenants apart.
    pub organization: OrganizationId,
    /// Virtual processors.
    pub vcpus: u8,
    /// Memory.
    pub memory_mib: u32,
    /// Both volumes.
    pub volumes: Vec<VolumeSpec>,
}

/// What a volume is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// The volume.
    pub volume: VolumeId,
    /// Which disk.
    pub kind: VolumeKind,
    /// Its size.
    pub size_mib: u32,
}

/// A volume that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFacts {
    /// The volume.
    pub volume: VolumeId,
    /// Which disk.
    pub kind: VolumeKind,
    /// UUID in the LUKS header.
    pub luks_uuid: String,
    /// SHA-256 (hex) of the LUKS2 digest value.
    pub volume_key_fingerprint: String,
    /// SHA-256 (hex) of the unlock key.
    pub unlock_key_fingerprint: String,
}

/// A VM that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmFacts {
    /// Address clients connect to.
    pub address: IpAddr,
    /// Port clients connect to.
    pub port: u16,
    /// How it is run: `kvm` or `tcg`.
    pub accelerator: String,
}

/// What a node is told besides its keys. Addresses inside the guest are the host's business. No `Debug`: secrets.
#[derive(Clone)]
pub struct NodeConfiguration {
    /// Name of the VM within the guest.
    pub hostname: String,
    /// Certificates of the PostgreSQL server.
    pub tls: TlsFiles,
    /// The first database user.
    pub first_user: FirstUser,
    /// Who may connect.
    pub ip_filter: IpFilter,
    /// Seconds since the Unix epoch.
    pub now_seconds: i64,
}

/// What a look at a node shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The VM.
    pub vm: VmState,
    /// What the agent answered, if it did.
    pub agent: Option<Status>,
    /// Why there is no answer, if there is none: not yet booted, or a broken protocol.
    pub agent_problem: Option<String>,
}

/// Whether a VM runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VmState {
    /// It runs.
    Running,
    /// It ran and does not any more, with the last words of its log.
    Stopped {
        /// What is known of why.
        reason: String,
    },
    /// This host has nothing of it.
    Absent,
}

/// How a node was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShredReport {
    /// What volumes it had (empty if it never got any).
    pub volumes: Vec<VolumeFacts>,
    /// Those of them that were not where they should have been, so that only their keys were destroyed.
    pub missing: Vec<MissingVolume>,
    /// What was done and how it was checked. Times are filled by the host.
    pub steps: Vec<DestructionStep>,
}

/// A volume that was not found when it was to be destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingVolume {
    /// The volume.
    pub volume: VolumeId,
    /// What was seen instead, and what was destroyed all the same.
    pub why: String,
}

/// Why a host could not do something. Texts are sentences for the timeline: they say what and, if known, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine lacks a program, an image, a right.
    #[error("{what}. {remedy}")]
    Missing {
        /// What is missing.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// No room: disk, memory, addresses.
    #[error("{0}")]
    Full(String),
    /// The agent does not answer, or answers nonsense.
    #[error("The agent in the VM {0}")]
    Agent(String),
    /// The agent refused.
    #[error("The guest says: {0}")]
    Guest(String),
    /// The node is not in a state for this.
    #[error("{0}")]
    State(String),
    /// A file or device.
    #[error("Could not {doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: String,
        /// Its last words, secrets never among them.
        output: String,
    },
}
