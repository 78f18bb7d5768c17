//! Starting VMs: everything QEMU works on is opened here and handed over, so that its process needs no rights at all.

use std::{
    fs::{File, OpenOptions},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    path::{Path, PathBuf},
    sync::PoisonError,
    time::{Duration, Instant},
};

use domain::{ids::NodeId, states::VolumeKind};

use super::{
    accelerators::{self, AcceleratorChoice},
    command_lines::{self, Descriptors, Processor, Shape},
    commands,
    facts::{self, Memory},
    files,
    images::Image,
    machines::Machine,
    node_directories::{NodeDirectory, NodeRecord},
    observations::last_moments,
    processes::{self, Launch},
    qmp::Monitor,
    sockets,
};
use crate::{Accelerator, Error, NodeSpec};

/// How long QEMU may take until its monitor answers.
const START_TIME_MAX: Duration = Duration::from_secs(8);
/// Nap between looks at the monitor.
const NAP: Duration = Duration::from_millis(20);
/// Memory that QEMU itself needs, mostly for translated code.
const QEMU_MEMORY_MIB: u64 = 160;
/// The users that VMs run as. A range that no distribution gives out; one user per node, so that nodes are strangers.
const USER_FIRST: u32 = 1_900_000_000;
const USERS: u32 = 200_000_000;
const MIB: u64 = 1024 * 1024;

impl Machine {
    /// Starts QEMU, which takes the lock over, and waits until its monitor answers.
    pub(super) fn launch(
        &self,
        directory: &NodeDirectory,
        record: &NodeRecord,
        lock: File,
    ) -> Result<Processor, Error> {
        let (spec, name) = (&record.spec, self.process_name(directory.node));
        if !processes::named(&name).is_empty() {
            return Err(Error::State(
                "A process of the node runs outside of its directory; stop the VM first.".into(),
            ));
        }
        let qemu = self.qemu()?;
        let image = Image::check(&self.settings.image_dir, &self.state_dir)?;
        let processor = match self.accelerator()? {
            Accelerator::Kvm => Processor::Kvm,
            Accelerator::Tcg { .. } => Processor::Tcg,
        };
        self.check_memory(spec)?;
        let user = user_of(directory.node);
        let locks_memory = user.is_some() && facts::has_swap();
        let filter = directory.ip_filter()?.unwrap_or_default();
        let network = self.networks.attach(record, &filter)?;
        let shape =
            Shape { name: &name, processor, vcpus: spec.vcpus, memory_mib: spec.memory_mib, locks_memory };
        let (descriptors, mut kept) = open_descriptors(directory, &image)?;
        let arguments = command_lines::node(&shape, &descriptors, &network);
        kept.extend(network.kept);
        kept.push(OwnedFd::from(lock));
        directory.put_ending(None)?;
        self.agents.hang_up(directory.node);
        let largest = spec.volumes.iter().map(|volume| u64::from(volume.size_mib)).max().unwrap_or(0);
        let launch = Launch {
            program: &qemu,
            arguments: &arguments,
            kept,
            log: fresh_log(&directory.qemu_log())?,
            user,
            groups: accelerators::groups(),
            locks_memory,
            // Room for the volumes; also the end of a console log that nobody cuts because the server is down.
            file_bytes_max: (largest + 1) * MIB,
        };
        let child = launch.start()?;
        let pid = child.id();
        self.children.adopt(directory.node, child);
        directory.put_process(&processes::record(pid, processor.as_str())?)?;
        self.wait_for_monitor(directory, &name)?;
        Ok(processor)
    }

    fn wait_for_monitor(&self, directory: &NodeDirectory, name: &str) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let monitor = sockets::connect(&directory.qmp_socket()).and_then(Monitor::open);
            match monitor.and_then(|mut monitor| monitor.name()) {
                Ok(found) if found == name => return Ok(()),
                Ok(_) => return Err(Error::State("Another VM answers at the node's monitor.".into())),
                Err(_) => {}
            }
            if let Some(ending) = self.children.reap(directory.node) {
                directory.put_ending(Some(&ending))?;
                return Err(Error::Program { program: "QEMU".into(), output: last_moments(directory)? });
            }
            if started.elapsed() > START_TIME_MAX {
                return Err(Error::State("QEMU was started but its monitor does not answer.".into()));
            }
            std::thread::sleep(NAP);
        }
    }

    fn qemu(&self) -> Result<PathBuf, Error> {
        commands::find(&self.settings.qemu_binary).ok_or_else(|| Error::Missing {
            what: format!("The program {} is not installed", self.settings.qemu_binary.display()),
            remedy: facts::install_remedy(),
        })
    }

    pub(super) fn accelerator(&self) -> Result<Accelerator, Error> {
        let emulated = |reason: &str| Accelerator::Tcg { reason: reason.to_owned() };
        match self.settings.accelerator {
            AcceleratorChoice::Kvm => return Ok(Accelerator::Kvm),
            AcceleratorChoice::Tcg => return Ok(emulated("Emulation was chosen in the configuration.")),
            AcceleratorChoice::Auto => {}
        }
        let mut known = self.accelerator.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let user = user_of(NodeId::from_uuid(Default::default()));
        if user.is_none() && Path::new("/dev/kvm").exists() && !accelerators::may_open() {
            return Ok(emulated("The server may not open /dev/kvm. Add its user to the group kvm."));
        }
        let image = Image::check(&self.settings.image_dir, &self.state_dir)?;
        let found = accelerators::probe(&self.qemu()?, &image, &self.state_dir, user)?;
        Ok(known.insert(found).clone())
    }

    fn check_memory(&self, spec: &NodeSpec) -> Result<(), Error> {
        let promised = self.memory_promised_mib(Some(spec.node))?;
        let free = Memory::read()?.free_mib(self.settings.memory_mib_max, promised);
        let need = u64::from(spec.memory_mib);
        if need + QEMU_MEMORY_MIB > free {
            return Err(Error::Full(format!(
                "The VM needs {need} MiB of memory (and {QEMU_MEMORY_MIB} MiB to run), but this host has {free} MiB free."
            )));
        }
        Ok(())
    }

    /// Memory of all nodes of this host, running or not: a stopped one must be able to come back.
    pub(super) fn memory_promised_mib(&self, except: Option<NodeId>) -> Result<u64, Error> {
        let records = self.directories.records()?;
        let others = records.iter().filter(|record| Some(record.spec.node) != except);
        Ok(others.map(|record| u64::from(record.spec.memory_mib) + QEMU_MEMORY_MIB).sum())
    }
}

/// The user that a node's VM runs as, if this process may change users.
fn user_of(node: NodeId) -> Option<u32> {
    let digest = crate::fingerprints::sha256_hex(node.to_string().as_bytes());
    let number = u32::from_str_radix(&digest[..8], 16).unwrap_or(0);
    nix::unistd::geteuid().is_root().then_some(USER_FIRST + number % USERS)
}

/// Opens all that QEMU works on.
fn open_descriptors(directory: &NodeDirectory, image: &Image) -> Result<(Descriptors, Vec<OwnedFd>), Error> {
    let disk = |kind| {
        let path = directory.image(kind);
        let open = OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NOFOLLOW).open(&path);
        open.map_err(files::failed(format!("open {}", path.display())))
    };
    let socket = |path: PathBuf| {
        sockets::listen(&path).map_err(files::failed(format!("listen at {}", path.display())))
    };
    let image = image.open()?;
    let (root, data) = (disk(VolumeKind::Root)?, disk(VolumeKind::Data)?);
    let console = fresh_log(&directory.console_log())?;
    let (agent, qmp) = (socket(directory.agent_socket())?, socket(directory.qmp_socket())?);
    let descriptors = Descriptors {
        kernel: image.kernel.as_raw_fd(),
        initramfs: image.initramfs.as_raw_fd(),
        base: image.base.as_raw_fd(),
        root: root.as_raw_fd(),
        data: data.as_raw_fd(),
        console: console.as_raw_fd(),
        agent: agent.as_raw_fd(),
        qmp: qmp.as_raw_fd(),
    };
    let files = [image.kernel, image.initramfs, image.base, root, data, console].map(OwnedFd::from);
    let sockets = [agent, qmp].map(OwnedFd::from);
    Ok((descriptors, files.into_iter().chain(sockets).collect()))
}

/// An empty log: what an earlier VM said must not pass for the words of this one.
fn fresh_log(path: &Path) -> Result<File, Error> {
    files::remove(path)?;
    processes::open_log(path)
}
