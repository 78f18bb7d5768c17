//! Stopping VMs: in order if the agent answers, ever harder otherwise, and seeing that the process is gone.

use std::time::{Duration, Instant};

use domain::{agent::Request, ids::NodeId};
use nix::sys::signal::Signal;

use super::{files, machines::Machine, node_directories::NodeDirectory, processes, qmp::Monitor, sockets};
use crate::Error;

/// How long the agent may take to accept that it is to stop.
const ORDER_TIME_MAX: Duration = Duration::from_secs(3);
/// How long each way of stopping a VM is given: by the agent, by QEMU, by a signal, by force.
const TIMES_MAX: [Duration; 4] =
    [Duration::from_secs(6), Duration::from_secs(2), Duration::from_secs(1), Duration::from_secs(3)];
/// Nap between looks at whether a process has ended.
const NAP: Duration = Duration::from_millis(20);

impl Machine {
    pub(super) fn stop_vm(&self, node: NodeId) -> Result<(), Error> {
        self.alone(node, |directory| {
            self.children.reap(node);
            if self.is_gone(directory)? {
                self.agents.hang_up(node);
                return Ok(());
            }
            for (way, time) in [Self::stop_by_agent, Self::stop_by_monitor, Self::stop_by_signal, Self::kill]
                .into_iter()
                .zip(TIMES_MAX)
            {
                // A way that fails is followed by a harder one; only what is left in the end counts.
                if way(self, directory).is_ok() && self.wait_until_gone(directory, time)? {
                    self.agents.hang_up(node);
                    if directory.exists() {
                        directory.put_ending(Some("The VM was stopped."))?;
                    }
                    return Ok(());
                }
            }
            Err(Error::State("The VM's process does not end, not even by force. Look at this host.".into()))
        })
    }

    pub(super) fn is_gone(&self, directory: &NodeDirectory) -> Result<bool, Error> {
        let is_locked = processes::holds_run_lock(&directory.run_lock())?;
        Ok(!is_locked && processes::named(&self.process_name(directory.node)).is_empty())
    }

    fn wait_until_gone(&self, directory: &NodeDirectory, time: Duration) -> Result<bool, Error> {
        let started = Instant::now();
        while started.elapsed() < time {
            self.children.reap(directory.node);
            if self.is_gone(directory)? {
                return Ok(true);
            }
            std::thread::sleep(NAP);
        }
        Ok(false)
    }

    fn stop_by_agent(&self, directory: &NodeDirectory) -> Result<(), Error> {
        self.agents.order(directory.node, &directory.agent_socket(), Request::Stop, ORDER_TIME_MAX)
    }

    fn stop_by_monitor(&self, directory: &NodeDirectory) -> Result<(), Error> {
        let monitor = sockets::connect(&directory.qmp_socket()).and_then(Monitor::open);
        monitor.and_then(|mut monitor| monitor.quit()).map_err(files::failed("tell QEMU to quit"))
    }

    fn stop_by_signal(&self, directory: &NodeDirectory) -> Result<(), Error> {
        self.signal(directory, Signal::SIGTERM)
    }

    fn kill(&self, directory: &NodeDirectory) -> Result<(), Error> {
        self.signal(directory, Signal::SIGKILL)
    }

    fn signal(&self, directory: &NodeDirectory, signal: Signal) -> Result<(), Error> {
        let mut processes = processes::named(&self.process_name(directory.node));
        processes.extend(directory.process()?);
        processes.iter().try_for_each(|process| processes::signal(process, signal))
    }
}
