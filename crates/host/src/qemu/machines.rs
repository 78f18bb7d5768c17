//! The life of VMs on this machine, as blocking code: what [`super::QemuHost`] does for each method of `Host`.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    agent::{Configuration, OpenVolumes, REPLY_SECONDS_MAX, Request, VolumeKey},
    ids::NodeId,
    networks::IpFilter,
    states::VolumeKind,
};

use super::{
    QemuSettings,
    control_sockets::Agents,
    facts::{self, Memory},
    files,
    images::Image,
    networks::Networks,
    node_directories::{NodeDirectories, NodeDirectory, NodeRecord},
    observations::last_moments,
    processes::{self, Children},
    sealing::{HostKey, UnlockKey},
    shredding, volumes,
};
use crate::{
    Accelerator, Error, HostFacts, NetworkBackend, NodeConfiguration, NodeSpec, ShredReport, VmFacts,
    VolumeFacts,
};

/// One hypervisor machine.
pub(super) struct Machine {
    pub(super) settings: QemuSettings,
    pub(super) state_dir: PathBuf,
    pub(super) identity: String,
    /// Tells what belongs to this host from what belongs to others on the same machine.
    tag: String,
    pub(super) directories: NodeDirectories,
    pub(super) networks: Networks,
    host_key: HostKey,
    pub(super) agents: Agents,
    pub(super) children: Children,
    pub(super) accelerator: Mutex<Option<Accelerator>>,
    /// One change at a time per node.
    changing: Mutex<HashMap<NodeId, Arc<Mutex<()>>>>,
    /// Held as long as the server lives, so that no second one touches the same nodes.
    _lock: File,
}

impl Machine {
    pub(super) fn open(settings: QemuSettings) -> Result<Self, Error> {
        files::make_directory(&settings.state_dir)?;
        let state_dir =
            settings.state_dir.canonicalize().map_err(files::failed("find the host's state directory"))?;
        let Some(lock) = processes::take_run_lock(&state_dir.join("host.lock"))? else {
            return Err(Error::State(format!("Another server uses {}. Stop it first.", state_dir.display())));
        };
        let name = format!("{} {}", state_dir.display(), settings.name);
        let tag = crate::fingerprints::sha256_hex(name.as_bytes())[..6].to_owned();
        Ok(Self {
            identity: identity(&state_dir.join("identity.json"))?,
            directories: NodeDirectories::open(&state_dir)?,
            networks: Networks::new(settings.network, &tag, settings.address_pool),
            host_key: HostKey::open(&state_dir)?,
            agents: Agents::default(),
            children: Children::default(),
            accelerator: Mutex::new(None),
            changing: Mutex::new(HashMap::new()),
            settings,
            state_dir,
            tag,
            _lock: lock,
        })
    }

    /// Runs a change of a node while no other change of it runs.
    pub(super) fn alone<T>(
        &self,
        node: NodeId,
        change: impl FnOnce(&NodeDirectory) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mine =
            Arc::clone(self.changing.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default());
        let _mine = mine.lock().unwrap_or_else(PoisonError::into_inner);
        change(&self.directories.of(node))
    }

    pub(super) fn facts(&self) -> Result<HostFacts, Error> {
        let settings = &self.settings;
        let needs_network_programs = self.networks.backend == NetworkBackend::Bridge;
        let mut problems = facts::missing_programs(&settings.qemu_binary, needs_network_programs);
        problems
            .extend(Image::check(&settings.image_dir, &self.state_dir).err().map(|error| error.to_string()));
        if needs_network_programs && !nix::unistd::geteuid().is_root() {
            problems.push(
                "Bridged networks need root. Run the server as root or choose the user network.".into(),
            );
        }
        let accelerator = match self.accelerator() {
            Ok(accelerator) => accelerator,
            Err(error) => Accelerator::Tcg { reason: format!("KVM could not be tested: {error}") },
        };
        let (memory, promised) = (Memory::read()?, self.memory_promised_mib(None)?);
        let nobody = self.directories.of(NodeId::from_uuid(Default::default()));
        Ok(HostFacts {
            name: settings.name.clone(),
            identity: self.identity.clone(),
            cloud: settings.cloud.clone(),
            zone: settings.zone.clone(),
            accelerator,
            network: self.networks.backend,
            memory_mib: memory.for_vms_mib(settings.memory_mib_max),
            memory_free_mib: memory.free_mib(settings.memory_mib_max, promised),
            disk_free_mib: volumes::disk_free_mib(&self.directories, &nobody)?,
            vcpus: std::thread::available_parallelism()
                .map_or(1, |count| u32::try_from(count.get()).unwrap_or(1)),
            problems,
            notices: self.networks.notices(),
        })
    }

    pub(super) fn make_volumes(&self, spec: &NodeSpec) -> Result<Vec<VolumeFacts>, Error> {
        self.alone(spec.node, |directory| {
            refuse_shredded(directory)?;
            check_volumes(spec)?;
            if !directory.exists() {
                // Before anything is written, so that a refused node leaves nothing.
                volumes::check_room(&self.directories, directory, spec)?;
            }
            self.networks.record(&self.directories, spec)?;
            volumes::make(&self.directories, directory, spec, &self.host_key)
        })
    }

    pub(super) fn start_vm(&self, spec: &NodeSpec) -> Result<VmFacts, Error> {
        self.alone(spec.node, |directory| {
            refuse_shredded(directory)?;
            if directory.volumes()?.is_none() {
                return Err(Error::State("The node has no volumes yet.".into()));
            }
            let record = self.networks.record(&self.directories, spec)?;
            self.children.reap(spec.node);
            let accelerator = match processes::take_run_lock(&directory.run_lock())? {
                None => directory.process()?.map_or_else(|| "unknown".into(), |process| process.accelerator),
                Some(lock) => self.launch(directory, &record, lock)?.as_str().into(),
            };
            let (address, port) = record.network.address();
            Ok(VmFacts { address, port, accelerator })
        })
    }

    pub(super) fn open_volumes(&self, node: NodeId) -> Result<(), Error> {
        self.alone(node, |directory| {
            self.check_running(directory)?;
            let keys = volumes::unlock_keys(directory, &self.host_key)?;
            let is_new = !directory.was_opened();
            let volume = |(kind, key): &(VolumeKind, UnlockKey)| VolumeKey {
                kind: *kind,
                unlock_key: key.base64(),
                is_new,
            };
            let request = Request::OpenVolumes(OpenVolumes { volumes: keys.iter().map(volume).collect() });
            self.order(directory, request)
        })
    }

    pub(super) fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error> {
        self.alone(node, |directory| {
            self.check_running(directory)?;
            let record = directory.known_record()?;
            let ip_filter = self.put_ip_filter(directory, &record, &configuration.ip_filter)?;
            let request = Request::Configure(Box::new(Configuration {
                network: record.network.of_guest(),
                hostname: configuration.hostname,
                tls: configuration.tls,
                first_user: configuration.first_user,
                ip_filter: record.network.filter_of_guest(&ip_filter),
                now_seconds: configuration.now_seconds,
            }));
            self.order(directory, request)
        })
    }

    pub(super) fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        self.alone(node, |directory| {
            let record = directory.known_record()?;
            let filter = self.put_ip_filter(directory, &record, filter)?;
            self.check_running(directory)?;
            self.order(directory, Request::SetIpFilter(record.network.filter_of_guest(&filter)))?;
            Ok(filter.generation)
        })
    }

    pub(super) fn shred(&self, node: NodeId) -> Result<ShredReport, Error> {
        self.alone(node, |directory| {
            self.children.reap(node);
            shredding::shred(directory, self, &*self.settings.clock)
        })
    }

    pub(super) fn forget(&self, node: NodeId) -> Result<(), Error> {
        self.alone(node, shredding::forget)?;
        self.changing.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
        Ok(())
    }

    pub(super) fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        let mut nodes: BTreeSet<NodeId> = self.directories.existing()?.into_iter().collect();
        nodes.extend(self.directories.journaled()?);
        nodes.extend(self.networks.nodes()?);
        let prefix = format!("redoubt-{}-", self.tag);
        let processes = processes::all_named(|name| name.starts_with(&prefix));
        nodes.extend(
            processes.iter().filter_map(|(_, name)| name.strip_prefix(&prefix)?.parse::<NodeId>().ok()),
        );
        Ok(nodes.into_iter().collect())
    }

    pub(super) fn client_address(
        &self,
        node: NodeId,
        peer: IpAddr,
    ) -> Result<(IpAddr, Option<String>), Error> {
        let record = self.directories.of(node).known_record()?;
        Ok(self.networks.client_address(&record.network, peer))
    }

    pub(super) fn destroy_everything(&self) -> Result<Vec<String>, Error> {
        let mut removed = Vec::new();
        for node in self.nodes()? {
            self.stop_vm(node)?;
            let volumes = self.shred(node)?.volumes.len();
            self.forget(node)?;
            removed.push(format!("node {node} with {volumes} volumes"));
        }
        removed.extend(self.networks.remove_everything()?);
        Ok(removed)
    }

    pub(super) fn process_name(&self, node: NodeId) -> String {
        format!("redoubt-{}-{node}", self.tag)
    }

    fn order(&self, directory: &NodeDirectory, request: Request) -> Result<(), Error> {
        self.agents.order(
            directory.node,
            &directory.agent_socket(),
            request,
            Duration::from_secs(REPLY_SECONDS_MAX),
        )
    }

    fn check_running(&self, directory: &NodeDirectory) -> Result<(), Error> {
        directory.known_record()?;
        if processes::holds_run_lock(&directory.run_lock())? {
            return Ok(());
        }
        Err(Error::State(format!("The VM does not run. {}", last_moments(directory)?)))
    }

    /// Puts the newer of the filter that is given and the one in force in force on the host, and returns it.
    fn put_ip_filter(
        &self,
        directory: &NodeDirectory,
        record: &NodeRecord,
        filter: &IpFilter,
    ) -> Result<IpFilter, Error> {
        let newer = match directory.ip_filter()? {
            Some(in_force) if in_force.generation > filter.generation => in_force,
            _ => filter.clone(),
        };
        directory.put_ip_filter(&newer)?;
        self.networks.put_ip_filter(record, &newer)?;
        Ok(newer)
    }
}

impl shredding::Surroundings for Machine {
    fn check_no_process(&self, node: NodeId) -> Result<(), Error> {
        if self.is_gone(&self.directories.of(node))? {
            return Ok(());
        }
        Err(Error::State("The VM still runs; stop it first.".into()))
    }

    fn remove_network(&self, node: NodeId) -> Result<&'static str, Error> {
        let network = self.directories.of(node).record()?.map(|record| record.network);
        self.networks.remove(node, network.as_ref())
    }
}

/// The identity of a state directory, made at the first start.
fn identity(path: &Path) -> Result<String, Error> {
    if let Some(identity) = files::read_json(path)? {
        return Ok(identity);
    }
    let identity = crate::fingerprints::random_hex()?;
    files::write_json(path, &identity)?;
    Ok(identity)
}

fn refuse_shredded(directory: &NodeDirectory) -> Result<(), Error> {
    if shredding::has_begun(directory) {
        return Err(Error::State("The node was shredded; nodes are never used again.".into()));
    }
    Ok(())
}

fn check_volumes(spec: &NodeSpec) -> Result<(), Error> {
    let mut kinds: Vec<VolumeKind> = spec.volumes.iter().map(|volume| volume.kind).collect();
    kinds.sort_unstable();
    if kinds != VolumeKind::ALL {
        return Err(Error::State("A node has one root and one data volume.".into()));
    }
    Ok(())
}
