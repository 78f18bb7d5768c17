//! PostgreSQL in the guest: its files, its process from start to end, its logs. Its settings are made in
//! [`settings`], its first user in [`first_user`].

pub(crate) mod first_user;
mod settings;
mod sql;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    process::{Child, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use domain::{
    agent::{Configuration, FirstUser, Phase},
    networks::IpFilter,
};
use nix::{
    sys::{
        signal::{Signal, kill},
        statvfs::statvfs,
    },
    unistd::Pid,
};

use crate::{
    commands::{self, User},
    console::say,
    guest::{Guest, memory_kib},
};

/// Uid and gid of postgres (`guest/build.sh` holds the same).
pub(crate) const UID: u32 = 70;
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
const DATA: &str = "/var/lib/postgresql/15/main";
const LOGS: &str = "/var/lib/postgresql/log";
/// Configuration and certificates: made anew at each boot, in memory only.
const CONFIGURATION: &str = "/run/redoubt";
const SOCKETS: &str = "/run/postgresql";

/// Starts in a row that never got ready before the guest gives up.
const FAILED_STARTS_MAX: u32 = 8;
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(40);
const END_TRIES_MAX: u32 = 250;
const FIRST_USER_TRIES_MAX: u32 = 5;
/// A fast shutdown writes a checkpoint; what takes longer than this is recovered at the next start.
const FAST_SHUTDOWN_MAX: Duration = Duration::from_secs(11);
const IMMEDIATE_SHUTDOWN_MAX: Duration = Duration::from_secs(2);
/// Log files that are kept, of at most 8 MB each.
const LOG_FILES_MAX: usize = 8;

/// The one PostgreSQL of the guest.
pub(crate) struct Postgres {
    pid: Mutex<Option<Pid>>,
    /// Set until it was made so.
    first_user: Mutex<Option<FirstUser>>,
    /// The port is part of the socket's name.
    port: AtomicU16,
}

impl Postgres {
    pub(crate) const fn new() -> Self {
        Self { pid: Mutex::new(None), first_user: Mutex::new(None), port: AtomicU16::new(0) }
    }

    /// Writes certificates and settings, and has a running PostgreSQL read them.
    pub(crate) fn configure(&self, configuration: &Configuration) -> io::Result<()> {
        let capacity = statvfs("/var/lib/postgresql").map(|facts| facts.blocks() * facts.fragment_size())?;
        let memory = memory_kib().map_or(0, |(total, _)| total);
        directory(CONFIGURATION, 0o750)?;
        directory(SOCKETS, 0o700)?;
        directory(LOGS, 0o700)?;
        place("server.key", configuration.tls.key.expose())?;
        place("server.crt", &configuration.tls.certificate)?;
        place("ca.crt", &configuration.tls.ca)?;
        place("pg_hba.conf", settings::CLIENT_AUTHENTICATION)?;
        place("pg_ident.conf", settings::USER_MAP)?;
        place("postgresql.conf", &settings::settings(&configuration.network, memory, capacity))?;
        self.port.store(configuration.network.port, Ordering::Relaxed);
        *self.first_user.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(configuration.first_user.clone());
        self.signal(Signal::SIGHUP);
        Ok(())
    }

    /// Makes the first user as configured, unless that is done.
    pub(crate) fn make_first_user(&self, guest: &Guest) -> Result<(), String> {
        let mut first_user = self.first_user.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(user) = first_user.as_ref() {
            guest.note_version(first_user::make(user, &self.socket())?);
            *first_user = None;
        }
        Ok(())
    }

    /// Ends the sessions of clients that an IP filter no longer lets in.
    pub(crate) fn end_sessions_outside(&self, filter: &IpFilter) -> Result<(), String> {
        first_user::end_sessions_outside(filter, &self.socket())
    }

    fn socket(&self) -> String {
        format!("{SOCKETS}/.s.PGSQL.{}", self.port.load(Ordering::Relaxed))
    }

    fn signal(&self, signal: Signal) -> bool {
        let pid = *self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        pid.is_some_and(|pid| kill(pid, signal).is_ok())
    }

    /// Keeps PostgreSQL running until the guest stops or it is clear that it will not run.
    pub(crate) fn supervise(&self, guest: &Guest) {
        let mut failed_starts = 0;
        let mut pause = PAUSE_MIN;
        while !guest.is_stopping() {
            guest.enter(Phase::Starting);
            let (end, was_ready) = self.run(guest);
            if guest.is_stopping() {
                return;
            }
            (failed_starts, pause) = if was_ready { (0, PAUSE_MIN) } else { (failed_starts + 1, pause) };
            let detail = last_fatal_line().map_or(String::new(), |line| format!(": {line}"));
            if failed_starts >= FAILED_STARTS_MAX {
                guest.fail(format!(
                    "PostgreSQL did not start in {failed_starts} tries; the last ended with {end}{detail}"
                ));
                return;
            }
            guest.enter(Phase::Starting);
            guest.note_problem(format!("PostgreSQL ended with {end} and is started again{detail}"));
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Runs PostgreSQL once, from start to end. Gives how it ended and whether it ever got ready.
    fn run(&self, guest: &Guest) -> (String, bool) {
        let mut child = match self.start(guest) {
            Ok(Some(child)) => child,
            Ok(None) => return ("a stop".into(), false),
            Err(error) => return (error.to_string(), false),
        };
        let mut was_ready = false;
        let ended = wait_until_ready(&mut child).and_then(|ended| match ended {
            Some(status) => Ok(status),
            None => {
                was_ready = self.become_ready(guest);
                commands::wait_forever(&mut child)
            }
        });
        *self.pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
        (ended.map_or_else(|error| error.to_string(), |status| status.to_string()), was_ready)
    }

    fn start(&self, guest: &Guest) -> io::Result<Option<Child>> {
        // The file keeps two servers from the same data, but after a crash it still says "ready". Without it nothing
        // of a former server may be left: its sessions outlive it for a moment.
        end_all_processes()?;
        match fs::remove_file(format!("{DATA}/postmaster.pid")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        let log =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(startup_log())?;
        let mut command = commands::command(&format!("{PROGRAMS}/postgres"), User::Postgres);
        command
            .args(["-D", DATA, "-c", &format!("config_file={CONFIGURATION}/postgresql.conf")])
            // The postmaster is spared when memory runs out, its sessions are not.
            .envs([("PG_OOM_ADJUST_FILE", "/proc/self/oom_score_adj"), ("PG_OOM_ADJUST_VALUE", "0")])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock that `stop` takes: either it sees the process, or no process is started.
        if guest.is_stopping() {
            return Ok(None);
        }
        let child = commands::spawn(&mut command)?;
        *pid = i32::try_from(child.id()).ok().map(Pid::from_raw);
        let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), "-900");
        Ok(Some(child))
    }

    fn become_ready(&self, guest: &Guest) -> bool {
        for _ in 0..FIRST_USER_TRIES_MAX {
            match self.make_first_user(guest) {
                Ok(()) => {
                    guest.enter(Phase::Ready);
                    return true;
                }
                Err(problem) => guest.note_problem(format!("the first user could not be made: {problem}")),
            }
            thread::sleep(PAUSE_MIN);
        }
        // It answers but is of no use; ending it counts as a failed start.
        self.signal(Signal::SIGINT);
        false
    }

    /// Shuts PostgreSQL down, at first in order.
    pub(crate) fn stop(&self) {
        for (signal, limit) in
            [(Signal::SIGINT, FAST_SHUTDOWN_MAX), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN_MAX)]
        {
            let started = Instant::now();
            if !self.signal(signal) {
                return;
            }
            while started.elapsed() < limit {
                if self.pid.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
                    return;
                }
                thread::sleep(READY_POLL);
            }
            say(format_args!("PostgreSQL did not end within {} s of {signal}", limit.as_secs()));
        }
    }
}

/// Kills every process of postgres and sees that it is gone.
fn end_all_processes() -> io::Result<()> {
    for _ in 0..END_TRIES_MAX {
        commands::sweep();
        let mut is_clear = true;
        for entry in fs::read_dir("/proc")?.flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid::from_raw);
            if let Some(pid) = pid
                && entry.metadata().is_ok_and(|facts| facts.uid() == UID)
            {
                is_clear = false;
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
        if is_clear {
            return Ok(());
        }
        thread::sleep(READY_POLL);
    }
    Err(io::Error::other("processes of a former PostgreSQL do not end"))
}

/// Polls the file in which the postmaster says how far it is: asking by connection would cost a process each.
fn wait_until_ready(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = commands::try_wait(child)? {
            return Ok(Some(status));
        }
        let text = fs::read_to_string(format!("{DATA}/postmaster.pid")).unwrap_or_default();
        if is_ready(&text) {
            return Ok(None);
        }
        thread::sleep(READY_POLL);
    }
}

fn is_ready(postmaster_pid: &str) -> bool {
    postmaster_pid.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

fn startup_log() -> String {
    format!("{LOGS}/startup.log")
}

/// What PostgreSQL said before its log collector ran; there are no sessions then, so this holds no SQL.
fn last_fatal_line() -> Option<String> {
    let mut text = String::new();
    File::open(startup_log()).ok()?.take(16 * 1024).read_to_string(&mut text).ok()?;
    let (_, line) = text.lines().rev().find_map(|line| line.split_once("FATAL:"))?;
    Some(line.trim().chars().take(160).collect())
}

fn directory(path: &str, mode: u32) -> io::Result<()> {
    if !fs::exists(path)? {
        fs::DirBuilder::new().mode(mode).create(path)?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    chown(path, Some(UID), Some(UID))
}

/// Writes a file that only postgres reads. It appears whole or not at all.
fn place(name: &str, text: &str) -> io::Result<()> {
    let temporary = format!("{CONFIGURATION}/.{name}.new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    chown(&temporary, Some(UID), Some(UID))?;
    fs::rename(&temporary, format!("{CONFIGURATION}/{name}"))
}

/// Deletes the oldest log files beyond [`LOG_FILES_MAX`].
pub(crate) fn prune_logs() {
    let Ok(entries) = fs::read_dir(LOGS) else { return };
    let mut logs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    logs.retain(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgresql-"))
    });
    logs.sort();
    let surplus = logs.len().saturating_sub(LOG_FILES_MAX);
    for path in &logs[..surplus] {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_the_eighth_line() {
        let text = |state: &str| {
            format!("123\n{DATA}\n1700000000\n5432\n{SOCKETS}\n10.0.2.15\n  5432001   0\n{state}\n")
        };
        assert!(is_ready(&text("ready   ")));
        assert!(!is_ready(&text("starting")));
        assert!(!is_ready(""));
        assert!(!is_ready("ready\n"));
    }
}
