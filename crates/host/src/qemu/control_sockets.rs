//! The conversation with the agents in the VMs (`domain::agent`). Believes nothing: every line is bounded and parsed
//! strictly, every wait ends. Starts and stops no VM.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    ops::RangeInclusive,
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    agent::{Call, LINE_BYTES_MAX, PROTOCOL_VERSION, Reply, Request, Response, Status},
    ids::NodeId,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{commands::last_words, sockets};
use crate::Error;

/// How much is read at once.
const CHUNK_BYTES: usize = 8 * 1024;
/// How long a greeting is waited for before it is sent again.
const GREETING_TIME: Duration = Duration::from_millis(250);
/// How many replies to calls that nobody waits for any more are skipped before the agent counts as broken.
const STALE_REPLIES_MAX: usize = 64;

/// The connections to all agents of a host, one per node, kept open.
#[derive(Default)]
pub(crate) struct Agents(Mutex<HashMap<NodeId, Arc<Mutex<Conversation>>>>);

/// One connection and what was received but not yet understood.
#[derive(Default)]
pub(crate) struct Conversation {
    stream: Option<UnixStream>,
    last_id: u64,
    received: Vec<u8>,
    has_answered: bool,
}

impl Agents {
    /// Asks the agent of a node, whose socket is at `path`.
    pub(crate) fn ask(
        &self,
        node: NodeId,
        path: &Path,
        request: Request,
        time: Duration,
    ) -> Result<Response, Error> {
        let conversation =
            Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default());
        let mut conversation = conversation.lock().unwrap_or_else(PoisonError::into_inner);
        conversation.ask(path, request, time)
    }

    /// [`Agents::ask`] how the guest is.
    pub(crate) fn status(&self, node: NodeId, path: &Path, time: Duration) -> Result<Status, Error> {
        match self.ask(node, path, Request::Status, time)? {
            Response::Status(status) => Ok(*status),
            Response::Refused { reason } => Err(refused(&reason)),
            Response::Accepted => Err(nonsense("accepted a question instead of answering it.")),
        }
    }

    /// [`Agents::ask`] for something that is accepted or refused.
    pub(crate) fn order(
        &self,
        node: NodeId,
        path: &Path,
        request: Request,
        time: Duration,
    ) -> Result<(), Error> {
        match self.ask(node, path, request, time)? {
            Response::Accepted => Ok(()),
            Response::Refused { reason } => Err(refused(&reason)),
            Response::Status(_) => Err(nonsense("answered a question that was not asked.")),
        }
    }

    /// Whether the agent has answered since the VM was started or adopted.
    pub(crate) fn has_answered(&self, node: NodeId) -> bool {
        let conversations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is in use right now is waiting for an answer, and so will the caller.
        conversations.get(&node).is_some_and(|one| one.try_lock().is_ok_and(|one| one.has_answered))
    }

    /// Hangs up, as the VM is gone.
    pub(crate) fn hang_up(&self, node: NodeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }
}

impl Conversation {
    fn ask(&mut self, path: &Path, request: Request, time: Duration) -> Result<Response, Error> {
        let deadline = Instant::now() + time;
        if self.stream.is_none() {
            self.connect(path)?;
        }
        let result = self.talk(request, deadline);
        if let Err(Failure::Broken(_)) = result {
            *self = Self::default();
        }
        result.map_err(|failure| match failure {
            Failure::Late => Error::Agent("did not answer in time.".into()),
            Failure::Broken(what) => nonsense(&what),
            Failure::TooLong => {
                Error::State("What the guest is to be told does not fit into one message.".into())
            }
        })
    }

    fn talk(&mut self, request: Request, deadline: Instant) -> Result<Response, Failure> {
        if !self.has_answered {
            let status = self.greet(deadline)?;
            if matches!(request, Request::Status) {
                return Ok(status);
            }
        }
        let id = self.send(request, deadline)?;
        self.receive(id..=id, deadline)
    }

    /// Asks for a status until the first answer comes: what is sent before the guest has opened its port is lost.
    ///
    /// It also takes the place of a reply that an earlier connection did not wait for. Calls are counted anew with
    /// each connection, so that reply could pass for one of this connection's; now it can at most pass for a status.
    fn greet(&mut self, deadline: Instant) -> Result<Response, Failure> {
        let first = self.last_id + 1;
        loop {
            let id = self.send(Request::Status, deadline)?;
            let patience = deadline.min(Instant::now() + GREETING_TIME);
            match self.receive(first..=id, patience) {
                Err(Failure::Late) if Instant::now() < deadline => {}
                Ok(response) => {
                    self.has_answered = true;
                    return Ok(response);
                }
                failed => return failed,
            }
        }
    }

    fn connect(&mut self, path: &Path) -> Result<(), Error> {
        let stream =
            sockets::connect(path).map_err(|error| Error::Agent(format!("cannot be reached: {error}.")))?;
        *self = Self { stream: Some(stream), ..Self::default() };
        Ok(())
    }

    fn send(&mut self, request: Request, deadline: Instant) -> Result<u64, Failure> {
        self.last_id += 1;
        // All of the room at once: a growing vector would leave copies of secrets behind.
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX + CHUNK_BYTES));
        let call = Call { version: PROTOCOL_VERSION, id: self.last_id, request };
        serde_json::to_writer(&mut *line, &call).map_err(|_| Failure::TooLong)?;
        line.push(b'\n');
        if line.len() > LINE_BYTES_MAX {
            return Err(Failure::TooLong);
        }
        let stream = self.stream.as_mut().ok_or_else(|| Failure::Broken("hung up.".into()))?;
        // Half a line cannot be taken back, so a write that does not get through ends the connection.
        stream.set_write_timeout(Some(remaining(deadline)?)).map_err(broken)?;
        stream.write_all(&line).map_err(broken)?;
        Ok(self.last_id)
    }

    /// The reply to one of the calls `ids`. Replies to earlier calls are skipped.
    fn receive(&mut self, ids: RangeInclusive<u64>, deadline: Instant) -> Result<Response, Failure> {
        for _ in 0..STALE_REPLIES_MAX {
            let reply = parse(&self.line(deadline)?)?;
            if ids.contains(&reply.id) {
                return Ok(reply.response);
            }
            if reply.id > *ids.end() {
                return Err(Failure::Broken("answered a call that was not made.".into()));
            }
        }
        Err(Failure::Broken("sends nothing but old replies.".into()))
    }

    /// The next line. Never holds more than the longest line and one chunk.
    fn line(&mut self, deadline: Instant) -> Result<Vec<u8>, Failure> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.received[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.received.split_off(searched + end + 1);
                let line = std::mem::replace(&mut self.received, rest);
                return if line.len() > LINE_BYTES_MAX { Err(too_long()) } else { Ok(line) };
            }
            searched = self.received.len();
            if searched >= LINE_BYTES_MAX {
                return Err(too_long());
            }
            let stream = self.stream.as_mut().ok_or_else(|| Failure::Broken("hung up.".into()))?;
            stream.set_read_timeout(Some(remaining(deadline)?)).map_err(broken)?;
            let mut chunk = [0; CHUNK_BYTES];
            match stream.read(&mut chunk) {
                Ok(0) => return Err(Failure::Broken("hung up.".into())),
                Ok(count) => self.received.extend_from_slice(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(Failure::Late);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

/// Why an exchange did not end with a reply.
enum Failure {
    /// Nothing came in time; it may still come, and then be skipped.
    Late,
    /// The connection is of no use any more.
    Broken(String),
    /// Our own message is too long.
    TooLong,
}

/// What replies of every version have.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

fn parse(line: &[u8]) -> Result<Reply, Failure> {
    // The parser's text may quote what the guest sent, so only the place of the error is told.
    let strange = |error: serde_json::Error| {
        Failure::Broken(format!("sent a line that is no reply (column {}).", error.column()))
    };
    let Versioned { version } = serde_json::from_slice(line).map_err(strange)?;
    if version != PROTOCOL_VERSION {
        return Err(Failure::Broken(format!(
            "speaks version {version}, this host version {PROTOCOL_VERSION}."
        )));
    }
    serde_json::from_slice(line).map_err(strange)
}

fn remaining(deadline: Instant) -> Result<Duration, Failure> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(Failure::Late) } else { Ok(left) }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn broken(error: std::io::Error) -> Failure {
    Failure::Broken(format!("cannot be talked to: {error}."))
}

fn too_long() -> Failure {
    Failure::Broken(format!("sent a line of more than {LINE_BYTES_MAX} bytes."))
}

fn nonsense(what: &str) -> Error {
    Error::Agent(what.to_owned())
}

fn refused(reason: &str) -> Error {
    Error::Guest(last_words(reason))
}
