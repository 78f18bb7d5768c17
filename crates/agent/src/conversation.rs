//! Talks with the host over the virtio-serial port. Every call is answered at once; work goes to other threads.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::Path,
    sync::{Arc, mpsc::Sender},
    thread,
    time::{Duration, Instant},
};

use domain::agent::{Phase, Request, Response};
use nix::{
    libc::O_NONBLOCK,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use zeroize::Zeroizing;

use crate::{
    console::say,
    life::{self, Job, Node},
    power,
    protocol::{self, Breach, Lines},
    volumes::Keys,
};

const READ_BYTES: usize = 32 * 1024;
/// How often a port without a host is looked at. It cannot be waited for.
const ABSENT_PAUSE: Duration = Duration::from_millis(50);
/// How long a host may take to make room for a reply.
const WRITE_MAX: Duration = Duration::from_secs(5);
/// After a breach everything is dropped until the host hangs up or says nothing for this long.
const SILENCE: Duration = Duration::from_secs(1);

/// Answers calls as long as the guest lives.
pub(crate) fn hold(port: &Path, node: &Arc<Node>, jobs: &Sender<Job>) -> io::Result<()> {
    let mut port = OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open(port)?;
    let mut lines = Lines::new();
    let mut listener = Listener { node, jobs, has_keys: false };
    let mut buffer = Zeroizing::new(vec![0; READ_BYTES]);
    loop {
        let Some(length) = receive(&mut port, &mut buffer, None)? else {
            lines.clear();
            thread::sleep(ABSENT_PAUSE);
            continue;
        };
        let answered = lines.push(&buffer[..length]).and_then(|()| listener.answer(&mut lines, &mut port));
        if let Err(breach) = answered {
            say(format_args!("the conversation ends: {}", breach.as_str()));
            lines.clear();
            while receive(&mut port, &mut buffer, Some(SILENCE))?.is_some() {}
        }
    }
}

/// Receives some bytes; `None` when there is no host, or none that says anything in time.
fn receive(port: &mut File, buffer: &mut [u8], limit: Option<Duration>) -> io::Result<Option<usize>> {
    loop {
        match port.read(buffer) {
            Ok(0) => return Ok(None),
            Ok(length) => return Ok(Some(length)),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(_) => (),
        }
        let timeout = limit.and_then(|limit| PollTimeout::try_from(limit).ok()).unwrap_or(PollTimeout::NONE);
        let mut fds = [PollFd::new(port.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                let events = fds[0].revents().unwrap_or(PollFlags::empty());
                if !events.contains(PollFlags::POLLIN) {
                    return Ok(None);
                }
            }
            Err(nix::errno::Errno::EINTR) => (),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends a line; a host that does not read loses it.
fn send(port: &mut File, mut line: &[u8]) {
    let started = Instant::now();
    while !line.is_empty() && started.elapsed() < WRITE_MAX {
        match port.write(line) {
            Ok(length) => line = &line[length..],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return,
        }
    }
}

struct Listener<'a> {
    node: &'a Arc<Node>,
    jobs: &'a Sender<Job>,
    has_keys: bool,
}

impl Listener<'_> {
    fn answer(&mut self, lines: &mut Lines, port: &mut File) -> Result<(), Breach> {
        while let Some(call) = lines.next()? {
            let response = self.respond(call.request).unwrap_or_else(|reason| Response::Refused { reason });
            send(port, &protocol::write(call.id, response));
        }
        Ok(())
    }

    fn respond(&mut self, request: Request) -> Result<Response, String> {
        let is_stopping = self.node.guest.phase() == Phase::Stopping;
        match request {
            Request::Status => return Ok(Response::Status(Box::new(self.node.guest.status()))),
            Request::Stop => power::begin(self.node),
            _ if is_stopping => return Err("the guest is stopping".into()),
            Request::OpenVolumes(open) => {
                let keys = Keys::read(&open)?;
                if !std::mem::replace(&mut self.has_keys, true) {
                    self.hand_over(Job::Open(keys))?;
                }
            }
            Request::Configure(configuration) => {
                life::check(&configuration)?;
                self.hand_over(Job::Configure(configuration))?;
            }
            Request::SetIpFilter(filter) => {
                life::check_filter(&filter)?;
                self.hand_over(Job::Filter(filter))?;
            }
        }
        Ok(Response::Accepted)
    }

    fn hand_over(&self, job: Job) -> Result<(), String> {
        self.jobs.send(job).map_err(|_| "the guest does no more work".to_owned())
    }
}
