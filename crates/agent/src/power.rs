//! The end of the guest: PostgreSQL is shut down, volumes are closed, the power goes off; by force if need be.

use std::{
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

use nix::{
    sys::{
        reboot::{RebootMode, reboot},
        signal::{Signal, kill},
    },
    unistd::{Pid, sync},
};

use crate::{console::say, life::Node, tree, volumes};

/// From the request to the end, whatever happens.
const STOP_MAX: Duration = Duration::from_secs(18);
/// How long killed processes may take to let go of the volumes.
const SETTLE: Duration = Duration::from_millis(50);

/// Begins to stop, once.
pub(crate) fn begin(node: &Arc<Node>) {
    if !node.guest.begin_stop() {
        return;
    }
    let orderly = Arc::clone(node);
    let started = thread::Builder::new().name("stop".into()).spawn(move || stop(&orderly));
    let deadline = thread::Builder::new().name("deadline".into()).spawn(|| {
        thread::sleep(STOP_MAX);
        say("stopping took too long");
        off();
    });
    if started.is_err() || deadline.is_err() {
        off();
    }
}

fn stop(node: &Node) {
    node.postgres.stop();
    sync();
    // Everything but this process.
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
    thread::sleep(SETTLE);
    let way_back = node.way_back.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(way_back) = way_back.as_ref() {
        match tree::leave_root(way_back) {
            Ok(()) => {
                tree::unmount_volumes();
                volumes::close();
            }
            Err(error) => say(format_args!("leaving the root: {error}")),
        }
    }
    sync();
    off();
}

/// Cuts the power. The journal of the filesystems makes good what was under way.
pub(crate) fn off() -> ! {
    say(format_args!("power off at {} ms", crate::guest::uptime_millis()));
    let _ = reboot(RebootMode::RB_POWER_OFF);
    // Only a kernel that cannot power off comes here; the end of the first process stops it as well.
    std::process::abort();
}
