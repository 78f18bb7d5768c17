//! One directory per node, and the files in it. Names everything after the node's id; holds no logic of VMs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::{ids::NodeId, networks::IpFilter, states::VolumeKind};
use serde::{Deserialize, Serialize};

use super::{files, networks::NodeNetwork};
use crate::{Error, NodeSpec, VolumeFacts};

/// Where a host keeps its nodes.
pub(crate) struct NodeDirectories {
    state_dir: PathBuf,
}

/// One node's directory, which may not exist.
pub(crate) struct NodeDirectory {
    pub(crate) node: NodeId,
    path: PathBuf,
    journal: PathBuf,
}

/// What the host decided for a node when it first heard of it; the first file that is written.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NodeRecord {
    pub(crate) spec: NodeSpec,
    pub(crate) network: NodeNetwork,
}

/// The last VM of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessRecord {
    pub(crate) pid: u32,
    /// Start time in clock ticks since the machine booted; with the id it names one process only.
    pub(crate) started_ticks: u64,
    /// Boot of the machine that the process belongs to.
    pub(crate) machine_boot: String,
    pub(crate) accelerator: String,
}

impl NodeDirectories {
    pub(crate) fn open(state_dir: &Path) -> Result<Self, Error> {
        files::make_directory(&state_dir.join("nodes"))?;
        files::make_directory(&state_dir.join("shreds"))?;
        Ok(Self { state_dir: state_dir.to_owned() })
    }

    pub(crate) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub(crate) fn of(&self, node: NodeId) -> NodeDirectory {
        NodeDirectory {
            node,
            path: self.state_dir.join("nodes").join(node.to_string()),
            journal: self.state_dir.join("shreds").join(format!("{node}.json")),
        }
    }

    /// Nodes that have a directory.
    pub(crate) fn existing(&self) -> Result<Vec<NodeId>, Error> {
        list(&self.state_dir.join("nodes"), |name| name.parse().ok())
    }

    /// Nodes that have a journal of their destruction.
    pub(crate) fn journaled(&self) -> Result<Vec<NodeId>, Error> {
        list(&self.state_dir.join("shreds"), |name| name.strip_suffix(".json")?.parse().ok())
    }

    /// The records of all nodes; a directory whose record was never written has none.
    pub(crate) fn records(&self) -> Result<Vec<NodeRecord>, Error> {
        let nodes = self.existing()?;
        let records: Result<Vec<_>, Error> = nodes.into_iter().map(|node| self.of(node).record()).collect();
        Ok(records?.into_iter().flatten().collect())
    }
}

impl NodeDirectory {
    pub(crate) fn exists(&self) -> bool {
        files::exists(&self.path)
    }
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
    pub(crate) fn journal(&self) -> &Path {
        &self.journal
    }
    pub(crate) fn image(&self, kind: VolumeKind) -> PathBuf {
        self.path.join(format!("{kind}.img"))
    }
    pub(crate) fn sealed(&self) -> PathBuf {
        self.path.join("sealed.json")
    }
    pub(crate) fn run_lock(&self) -> PathBuf {
        self.path.join("run.lock")
    }
    pub(crate) fn console_log(&self) -> PathBuf {
        self.path.join("console.log")
    }
    pub(crate) fn qemu_log(&self) -> PathBuf {
        self.path.join("qemu.log")
    }
    pub(crate) fn agent_socket(&self) -> PathBuf {
        self.path.join("agent.sock")
    }
    pub(crate) fn qmp_socket(&self) -> PathBuf {
        self.path.join("qmp.sock")
    }

    pub(crate) fn record(&self) -> Result<Option<NodeRecord>, Error> {
        files::read_json(&self.path.join("node.json"))
    }
    pub(crate) fn known_record(&self) -> Result<NodeRecord, Error> {
        self.record()?.ok_or_else(|| Error::State("This host knows no such node.".into()))
    }
    pub(crate) fn put_record(&self, record: &NodeRecord) -> Result<(), Error> {
        files::make_directory(&self.path)?;
        files::write_json(&self.path.join("node.json"), record)
    }

    /// Both volumes, once they are made; this file is what makes them count.
    pub(crate) fn volumes(&self) -> Result<Option<Vec<VolumeFacts>>, Error> {
        files::read_json(&self.path.join("volumes.json"))
    }
    pub(crate) fn put_volumes(&self, volumes: &[VolumeFacts]) -> Result<(), Error> {
        files::write_json(&self.path.join("volumes.json"), &volumes)
    }

    pub(crate) fn process(&self) -> Result<Option<ProcessRecord>, Error> {
        files::read_json(&self.path.join("vm.json"))
    }
    pub(crate) fn put_process(&self, process: &ProcessRecord) -> Result<(), Error> {
        files::write_json(&self.path.join("vm.json"), process)
    }

    /// Why the last VM ended, as far as it is known.
    pub(crate) fn ending(&self) -> Result<Option<String>, Error> {
        Ok(files::read_json::<Option<String>>(&self.path.join("ending.json"))?.flatten())
    }
    pub(crate) fn put_ending(&self, ending: Option<&str>) -> Result<(), Error> {
        files::write_json(&self.path.join("ending.json"), &ending)
    }

    /// The IP filter in force on the host, in the customer's terms.
    pub(crate) fn ip_filter(&self) -> Result<Option<IpFilter>, Error> {
        files::read_json(&self.path.join("ip_filter.json"))
    }
    pub(crate) fn put_ip_filter(&self, filter: &IpFilter) -> Result<(), Error> {
        files::write_json(&self.path.join("ip_filter.json"), filter)
    }

    /// Whether the guest ever had its volumes open: then they hold filesystems and are new no more.
    pub(crate) fn was_opened(&self) -> bool {
        files::exists(&self.path.join("opened"))
    }
    pub(crate) fn put_opened(&self) -> Result<(), Error> {
        files::write(&self.path.join("opened"), b"")
    }

    /// Removes the directory with all in it.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(files::failed(format!("remove {}", self.path.display()))(error))
            }
            _ => Ok(()),
        }
    }
}

fn list(path: &Path, parse: impl Fn(&str) -> Option<NodeId>) -> Result<Vec<NodeId>, Error> {
    let entries = fs::read_dir(path).map_err(files::failed(format!("list {}", path.display())))?;
    Ok(entries.filter_map(|entry| parse(entry.ok()?.file_name().to_str()?)).collect())
}
