//! Runs a program of our own that reads what strangers sent: with limits of memory, processor time and time, without
//! network, files and children. Knows nothing of what the program does.
//!
//! The program limits itself, with [`confine`], before it reads its input: what it loads until then is ours alone. From
//! there on the kernel stops it (seccomp) at any call but those of computing on memory and of answering.

use std::{collections::BTreeMap, io, path::PathBuf, process::Stdio, time::Duration};

use nix::{
    libc,
    sys::resource::{Resource, setrlimit},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};

/// Bytes of memory that the program may take beyond what it has when it limits itself.
const MEMORY_BYTES: u64 = 160 << 20;
/// Seconds of processor time.
const PROCESSOR_SECONDS: u64 = 2;
/// How long it may take, with waiting for a processor.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of its answer, at most.
const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// How many run at the same time.
const AT_ONCE: usize = 2;

/// The calls of the kernel that a confined program may make: those of memory, of time and of its three open files.
const CALLS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    // Sorting asks how much memory there is.
    libc::SYS_sysinfo,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program cannot be started or talked to.
    #[error("The confined program cannot be run")]
    Io(#[from] io::Error),
    /// It was stopped by a limit, or stopped itself.
    #[error("The confined program ended with {0}")]
    Ended(std::process::ExitStatus),
    /// It took too long.
    #[error("The confined program took longer than {} s", TIME_LIMIT.as_secs())]
    TooSlow,
    /// Its answer is too long.
    #[error("The confined program's answer is too long")]
    TooLong,
}

/// Why a program could not limit itself. It must not go on then.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// A limit of resources.
    #[error("a limit cannot be set")]
    Limit(#[from] nix::errno::Errno),
    /// How much memory it has.
    #[error("/proc/self/statm cannot be read")]
    Memory(#[source] io::Error),
    /// The filter of calls.
    #[error("the filter of system calls cannot be set")]
    Filter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A program of ours that answers one question at a time, each in a process of its own.
pub struct Confined {
    program: PathBuf,
    argument: &'static str,
    at_once: Semaphore,
}

impl Confined {
    /// A program with the argument that makes it read a question, and limit itself before.
    #[must_use]
    pub fn new(program: PathBuf, argument: &'static str) -> Self {
        Self { program, argument, at_once: Semaphore::new(AT_ONCE) }
    }

    /// Asks. The process is gone when this returns, or soon after if the caller does not wait for it.
    ///
    /// # Errors
    /// If it cannot be started, was stopped by a limit, or did not end well.
    pub async fn ask(&self, question: &[u8]) -> Result<Vec<u8>, Error> {
        let _turn = self.at_once.acquire().await.map_err(|_| io::Error::other("the turns are closed"))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this crate starts processes; this one is our own program"
        )]
        let mut command = Command::new(&self.program);
        command
            .arg(self.argument)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        timeout(TIME_LIMIT, converse(&mut child, question)).await.map_err(|_| Error::TooSlow)?
    }
}

async fn converse(child: &mut Child, question: &[u8]) -> Result<Vec<u8>, Error> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("no pipes").into());
    };
    let mut answer = Vec::new();
    let mut output = output.take(ANSWER_BYTES_MAX + 1);
    let write = async {
        // A program that ends early leaves a broken pipe; its status says more.
        let written = input.write_all(question).await;
        drop(input);
        written
    };
    let (written, read) = tokio::join!(write, output.read_to_end(&mut answer));
    read?;
    if answer.len() as u64 > ANSWER_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let status = child.wait().await?;
    if !status.success() {
        return Err(Error::Ended(status));
    }
    written?;
    Ok(answer)
}

/// Limits this process for good: memory, processor time, no file beyond the three that are open, no call of the kernel
/// but those of computing. To be called by a program with one thread, before it reads what it is asked.
///
/// # Errors
/// If a limit cannot be set: the program must end then.
pub fn confine() -> Result<(), ConfineError> {
    let statm = std::fs::read_to_string("/proc/self/statm").map_err(ConfineError::Memory)?;
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let limit = |resource, value| setrlimit(resource, value, value);
    limit(Resource::RLIMIT_AS, pages * 4096 + MEMORY_BYTES)?;
    limit(Resource::RLIMIT_CPU, PROCESSOR_SECONDS)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_FSIZE, 0)?;
    // Those that are open stay open; no further one can be opened.
    limit(Resource::RLIMIT_NOFILE, 3)?;
    filter().map_err(ConfineError::Filter)
}

fn filter() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let calls: BTreeMap<i64, Vec<seccompiler::SeccompRule>> =
        CALLS.iter().map(|call| (*call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(calls, SeccompAction::KillProcess, SeccompAction::Allow, arch)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)?;
    Ok(())
}
