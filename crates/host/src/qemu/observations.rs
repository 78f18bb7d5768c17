//! Looking at VMs: whether they run, what their agents say, why they ended or stand still.

use std::{path::PathBuf, time::Duration};

use domain::{
    agent::{Phase, Status},
    ids::NodeId,
    states::VolumeKind,
};

use super::{
    commands::last_words, machines::Machine, node_directories::NodeDirectory, processes, qmp::Monitor,
    sockets,
};
use crate::{Error, Observation, VmState};

/// How long an agent that answered before, and one that may still be booting, are waited for when a VM is looked at.
const LOOK_TIME_MAX: Duration = Duration::from_secs(3);
const FIRST_LOOK_TIME_MAX: Duration = Duration::from_millis(1500);

impl Machine {
    pub(super) fn observe(&self, node: NodeId) -> Result<Observation, Error> {
        let directory = self.directories.of(node);
        let stopped = |vm| Observation { vm, agent: None, agent_problem: None };
        if let Some(ending) = self.children.reap(node)
            && directory.exists()
        {
            directory.put_ending(Some(&ending))?;
        }
        if !directory.exists() {
            let is_orphan = !processes::named(&self.process_name(node)).is_empty();
            let problem =
                is_orphan.then(|| "The VM's directory is gone, so its agent cannot be asked.".to_owned());
            let vm = if is_orphan { VmState::Running } else { VmState::Absent };
            return Ok(Observation { agent_problem: problem, ..stopped(vm) });
        }
        if !processes::holds_run_lock(&directory.run_lock())? {
            self.agents.hang_up(node);
            return Ok(stopped(VmState::Stopped { reason: last_moments(&directory)? }));
        }
        for log in [directory.console_log(), directory.qemu_log()] {
            // A log that cannot be cut now is cut at the next look.
            let _ = processes::cap_log(&log);
        }
        let time = if self.agents.has_answered(node) { LOOK_TIME_MAX } else { FIRST_LOOK_TIME_MAX };
        let (agent, agent_problem) = match self.agents.status(node, &directory.agent_socket(), time) {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(paused(&directory).unwrap_or_else(|| error.to_string()))),
        };
        if agent.as_ref().is_some_and(has_opened) && !directory.was_opened() {
            directory.put_opened()?;
        }
        Ok(Observation { vm: VmState::Running, agent, agent_problem })
    }
}

/// Whether the guest has its volumes open, so that they hold filesystems.
fn has_opened(status: &Status) -> bool {
    let phase = matches!(status.phase, Phase::WaitingForConfiguration | Phase::Starting | Phase::Ready);
    let is_told = |kind: &VolumeKind| status.volumes.iter().any(|volume| volume.kind == *kind);
    phase && VolumeKind::ALL.iter().all(is_told)
}

/// Why the VM does not run, with the last words of QEMU or else of the guest.
pub(super) fn last_moments(directory: &NodeDirectory) -> Result<String, Error> {
    let words = |path: PathBuf| {
        let tail = processes::log_tail(&path).unwrap_or_default();
        last_words(&String::from_utf8_lossy(&tail))
    };
    let ending = match (directory.ending()?, directory.process()?) {
        (Some(ending), _) => ending,
        (_, None) => return Ok("The VM was never started.".into()),
        (_, Some(_)) => "The VM ended while no server watched it.".into(),
    };
    let said = [words(directory.qemu_log()), words(directory.console_log())];
    let said = said.iter().find(|words| !words.is_empty());
    Ok(said.map_or_else(|| ending.clone(), |words| format!("{ending} Last words: {words}")))
}

/// Why the guest stands still, if QEMU stopped it; once there is room again it is let go on.
fn paused(directory: &NodeDirectory) -> Option<String> {
    let mut monitor = sockets::connect(&directory.qmp_socket()).and_then(Monitor::open).ok()?;
    match monitor.status().ok()?.as_str() {
        "running" => None,
        "io-error" => {
            // If there is no room yet, it stops again at the same place.
            let _ = monitor.go_on();
            Some("The VM stands still because this host's disk is full. Free some space; it then goes on by itself.".into())
        }
        other => Some(format!("The VM stands still: QEMU reports “{}”.", last_words(other))),
    }
}
