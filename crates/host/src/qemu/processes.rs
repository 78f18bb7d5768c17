//! VM processes: starting them apart from the server, finding them again, ending them. Knows nothing of their arguments.
//!
//! A VM outlives the server that started it. Whether it runs is told by a lock on a file in the node's directory,
//! which the process inherits before it exists and gives up only by ending: no process id can lie about that.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
    process::{Child, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::ids::NodeId;
use nix::{
    libc,
    sys::{
        resource::{Resource, setrlimit},
        signal::Signal,
        stat::{Mode, umask},
    },
    unistd::{Gid, Uid, setgroups, setresgid, setresuid, setsid},
};

use super::{commands, files, node_directories::ProcessRecord};
use crate::Error;

/// How much of a log file is left alone, and how much is kept of one that has grown over that.
const LOG_BYTES_MAX: u64 = 1024 * 1024;
const LOG_BYTES_KEPT: u64 = 64 * 1024;
/// How long the lock may be held by somebody who only looks whether it is held.
const LOOK_TIME_MAX: Duration = Duration::from_millis(200);
/// Longest command line that is searched for a name.
const COMMAND_LINE_BYTES_MAX: u64 = 64 * 1024;

/// A process to start.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [String],
    /// Descriptors that the process gets under the numbers they have here.
    pub(crate) kept: Vec<OwnedFd>,
    pub(crate) log: File,
    /// User and group of its own, when the server may give it one.
    pub(crate) user: Option<u32>,
    pub(crate) groups: Vec<u32>,
    pub(crate) locks_memory: bool,
    pub(crate) file_bytes_max: u64,
}

/// Processes that this server started itself, and so must wait for.
#[derive(Default)]
pub(crate) struct Children(Mutex<HashMap<NodeId, Child>>);

impl Children {
    pub(crate) fn adopt(&self, node: NodeId, child: Child) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(node, child);
    }

    /// Waits for the node's process if it has ended, and says how it ended.
    pub(crate) fn reap(&self, node: NodeId) -> Option<String> {
        let mut children = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let status = children.get_mut(&node)?.try_wait().ok()??;
        children.remove(&node);
        Some(format!("QEMU ended with {status}."))
    }
}

impl Launch<'_> {
    /// Starts the process in a session of its own, so that neither a terminal nor the server's end takes it along.
    pub(crate) fn start(self) -> Result<Child, Error> {
        let program = self.program.display().to_string();
        let log = || self.log.try_clone().map(Stdio::from).map_err(files::failed("hand the log file over"));
        let mut command = commands::command(self.program);
        command.args(self.arguments).stdout(log()?).stderr(log()?);
        let kept: Vec<i32> = self.kept.iter().map(AsRawFd::as_raw_fd).collect();
        let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
        let (user, locks_memory, file_bytes_max) = (self.user, self.locks_memory, self.file_bytes_max);
        let prepare = move || {
            setsid()?;
            umask(Mode::from_bits_truncate(0o077));
            setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
            setrlimit(Resource::RLIMIT_FSIZE, file_bytes_max, file_bytes_max)?;
            if locks_memory {
                setrlimit(Resource::RLIMIT_MEMLOCK, libc::RLIM_INFINITY, libc::RLIM_INFINITY)?;
            }
            if let Some(user) = user {
                setgroups(&groups)?;
                setresgid(Gid::from_raw(user), Gid::from_raw(user), Gid::from_raw(user))?;
                setresuid(Uid::from_raw(user), Uid::from_raw(user), Uid::from_raw(user))?;
            }
            keep_only(&kept)
        };
        #[expect(
            unsafe_code,
            reason = "runs between fork and exec: only system calls on values made before, no allocation"
        )]
        // SAFETY: as above; the descriptors stay open because `self.kept` lives until after `spawn`.
        unsafe {
            command.pre_exec(prepare);
        }
        command
            .spawn()
            .map_err(|error| Error::Program { program, output: format!("it did not start: {error}.") })
    }
}

/// Marks every descriptor to be closed at exec but the standard three and those to be kept.
fn keep_only(kept: &[i32]) -> std::io::Result<()> {
    #[expect(unsafe_code, reason = "system calls that nix does not wrap; they take no pointers")]
    // SAFETY: plain system calls with integers; wrong descriptors give an error.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // Refused by old kernels; everything this server opens is marked anyway.
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        for descriptor in kept {
            if libc::fcntl(*descriptor, libc::F_SETFD, 0) != 0 {
                return Err(std::io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

/// Takes the node's run lock, to be handed to the new process; `None` if a process of the node holds it.
pub(crate) fn take_run_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = open_lock(path)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if started.elapsed() > LOOK_TIME_MAX => return Ok(None),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(files::failed("lock the node")(error)),
        }
    }
}

/// Whether a process of the node lives. A process that has ended but was not waited for does not count.
pub(crate) fn holds_run_lock(path: &Path) -> Result<bool, Error> {
    if !files::exists(path) {
        return Ok(false);
    }
    match open_lock(path)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(files::failed("look at the node's lock")(error)),
    }
}

fn open_lock(path: &Path) -> Result<File, Error> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    open.map_err(files::failed(format!("open {}", path.display())))
}

/// Opens a log file to append to; only so can it be cut while a VM writes to it.
pub(crate) fn open_log(path: &Path) -> Result<File, Error> {
    let open = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    open.map_err(files::failed(format!("open {}", path.display())))
}

/// Cuts a log file that has grown too long down to its end.
pub(crate) fn cap_log(path: &Path) -> std::io::Result<()> {
    if path.metadata().map_or(0, |metadata| metadata.len()) <= LOG_BYTES_MAX {
        return Ok(());
    }
    let tail = log_tail(path)?;
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.set_len(0)?;
    file.write_all(&tail)
}

/// The end of a log file.
pub(crate) fn log_tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_KEPT)))?;
    let mut tail = Vec::new();
    file.take(LOG_BYTES_KEPT).read_to_end(&mut tail)?;
    Ok(tail)
}

/// What is needed to find a process again.
pub(crate) fn record(pid: u32, accelerator: &str) -> Result<ProcessRecord, Error> {
    let ticks =
        started_ticks(pid).ok_or_else(|| Error::State("QEMU ended right after it was started.".into()))?;
    Ok(ProcessRecord {
        pid,
        started_ticks: ticks,
        machine_boot: machine_boot()?,
        accelerator: accelerator.to_owned(),
    })
}

/// Processes that were started as `-name NAME`.
pub(crate) fn named(name: &str) -> Vec<ProcessRecord> {
    all_named(|found| found == name).into_iter().map(|(record, _)| record).collect()
}

/// Processes with a `-name` that is wanted, and that name.
pub(crate) fn all_named(is_wanted: impl Fn(&str) -> bool) -> Vec<(ProcessRecord, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let name = name_of(pid).filter(|name| is_wanted(name))?;
        Some((record(pid, "").ok()?, name))
    })
    .collect()
}

fn name_of(pid: u32) -> Option<String> {
    let mut line = Vec::new();
    let file = File::open(format!("/proc/{pid}/cmdline")).ok()?;
    file.take(COMMAND_LINE_BYTES_MAX).read_to_end(&mut line).ok()?;
    let mut arguments = line.split(|byte| *byte == 0).skip_while(|argument| *argument != b"-name");
    arguments.next()?;
    String::from_utf8(arguments.next()?.to_vec()).ok()
}

/// Sends a signal to this process and no other: the process is held by a descriptor while its start time is compared.
pub(crate) fn signal(process: &ProcessRecord, signal: Signal) -> Result<(), Error> {
    let Ok(pid) = i32::try_from(process.pid) else { return Ok(()) };
    #[expect(
        unsafe_code,
        reason = "pidfd_open is not wrapped by nix; it takes integers and returns a new descriptor"
    )]
    // SAFETY: a non-negative result is a descriptor that nobody else owns.
    let held = unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        let Ok(descriptor @ 0..) = i32::try_from(descriptor) else { return Ok(()) };
        OwnedFd::from_raw_fd(descriptor)
    };
    if started_ticks(process.pid) != Some(process.started_ticks) || machine_boot()? != process.machine_boot {
        return Ok(());
    }
    #[expect(unsafe_code, reason = "pidfd_send_signal is not wrapped by nix; a null siginfo is allowed")]
    // SAFETY: the descriptor is open, the pointer is null as the call permits.
    let sent = unsafe {
        let none = std::ptr::null::<libc::siginfo_t>();
        libc::syscall(libc::SYS_pidfd_send_signal, held.as_raw_fd(), signal as i32, none, 0)
    };
    let error = std::io::Error::last_os_error();
    if sent == 0 || error.raw_os_error() == Some(libc::ESRCH) {
        return Ok(());
    }
    Err(files::failed(format!("send {signal} to process {pid}"))(error))
}

/// When a process that has not ended was started.
fn started_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so count from behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

fn machine_boot() -> Result<String, Error> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    Ok(id.map_err(files::failed("read the machine's boot id"))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(lock: Option<File>, name: &str) -> Child {
        let path = commands::find(Path::new("sh")).unwrap();
        let log = tempfile::tempfile().unwrap();
        let arguments = ["-c".into(), "sleep 30 & wait".into(), "sh".into(), "-name".into(), name.into()];
        Launch {
            program: &path,
            arguments: &arguments,
            kept: lock.map(OwnedFd::from).into_iter().collect(),
            log,
            user: None,
            groups: Vec::new(),
            locks_memory: false,
            file_bytes_max: 1024,
        }
        .start()
        .unwrap()
    }

    #[test]
    fn the_lock_lives_as_long_as_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.lock");
        assert!(!holds_run_lock(&path).unwrap());
        let lock = take_run_lock(&path).unwrap().unwrap();
        let name = format!("redoubt-test-{}", std::process::id());
        let mut child = sleeper(Some(lock), &name);
        assert!(holds_run_lock(&path).unwrap());
        assert!(take_run_lock(&path).unwrap().is_none());
        let found = named(&name);
        assert_eq!(found[0].pid, child.id());

        let stranger = ProcessRecord { started_ticks: 1, ..found[0].clone() };
        signal(&stranger, Signal::SIGKILL).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "another start time is another process");

        let group = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        assert_eq!(nix::unistd::getsid(Some(group)).unwrap(), group, "it has a session of its own");
        nix::sys::signal::killpg(group, Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        let started = Instant::now();
        while holds_run_lock(&path).unwrap() && started.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(take_run_lock(&path).unwrap().is_some());
        assert!(named(&name).is_empty());
        signal(&found[0], Signal::SIGKILL).unwrap();
    }

    #[test]
    fn logs_are_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("console.log");
        let mut log = open_log(&path).unwrap();
        log.write_all(&vec![b'a'; 2 * 1024 * 1024]).unwrap();
        log.write_all(b"end").unwrap();
        cap_log(&path).unwrap();
        assert_eq!(path.metadata().unwrap().len(), LOG_BYTES_KEPT);
        log.write_all(b"more").unwrap();
        assert!(log_tail(&path).unwrap().ends_with(b"endmore"));
    }
}
