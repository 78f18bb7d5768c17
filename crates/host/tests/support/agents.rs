//! Fake agents at a node's socket, for a node without a VM.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    thread::JoinHandle,
};

use domain::ids::NodeId;
use host::qemu::QemuHost;

use crate::support::{directory, settings};

pub(crate) fn open(state_dir: &Path) -> QemuHost {
    QemuHost::open(settings(state_dir)).unwrap()
}

/// Makes the host believe that a VM of the node runs, as long as the result lives.
pub(crate) fn pretend_to_run(state_dir: &Path, node: NodeId) -> File {
    let lock = File::create(directory(state_dir, node).join("run.lock")).unwrap();
    lock.try_lock().unwrap();
    lock
}

/// Serves one connection after the other at the node's agent socket.
pub(crate) fn fake_agent(
    state_dir: &Path,
    node: NodeId,
    connections: usize,
    serve: impl Fn(&mut BufReader<UnixStream>, &mut UnixStream) + Send + 'static,
) -> JoinHandle<()> {
    let listener = UnixListener::bind(directory(state_dir, node).join("agent.sock")).unwrap();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            serve(&mut BufReader::new(stream.try_clone().unwrap()), &mut stream);
        }
    })
}

/// The next call, as JSON; `None` at the end.
pub(crate) fn next_call(reader: &mut BufReader<UnixStream>) -> Option<serde_json::Value> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(serde_json::from_str(&line).unwrap()),
    }
}

pub(crate) fn say(stream: &mut UnixStream, text: &str) {
    // A host that has hung up is what some tests are about.
    let _ = stream.write_all(format!("{text}\n").as_bytes());
}

/// A status as an agent that waits for keys sends it.
pub(crate) fn status(id: u64, phase: &str) -> String {
    format!(
        r#"{{"version":1,"id":{id},"response":{{"status":{{"boot_id":"b","uptime_millis":5,"phase":"{phase}",
"problem":null,"volumes":[],"postgresql_version":null,"ip_filter_generation":null,"memory_kib":[1,1],
"phase_millis":[]}}}}}}"#
    )
    .replace('\n', "")
}
