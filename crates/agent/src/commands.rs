//! Child processes: the only place that starts them. Each has an empty environment, a time limit and a limit on
//! its output; what it reads on its standard input never appears in its arguments.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::{
    memfd::{MFdFlags, memfd_create},
    wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
};

/// Output beyond this is cut off.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;
const POLL: Duration = Duration::from_millis(5);

/// Who a child runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Postgres,
}

/// A child to run to its end.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a str,
    pub(crate) arguments: &'a [&'a str],
    pub(crate) input: &'a [u8],
    pub(crate) user: User,
    pub(crate) limit: Duration,
}

/// Pids that somebody waits for; the sweep leaves those alone.
static AWAITED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Runs a child and gives its standard output. The error names the program and ends with what it said last.
pub(crate) fn run(run: &Run<'_>) -> Result<String, String> {
    let name = run.program.rsplit('/').next().unwrap_or(run.program);
    try_run(run, name).map_err(|error| format!("{name}: {error}"))?.map_err(|error| format!("{name} {error}"))
}

fn try_run(run: &Run<'_>, name: &str) -> io::Result<Result<String, String>> {
    let mut stdout = scratch()?;
    let mut stderr = scratch()?;
    let mut command = command(run.program, run.user);
    command.args(run.arguments).stdin(Stdio::piped()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = spawn(&mut command)?;
    let pipe = child.stdin.take();
    // The writer gets a thread of its own, as a child may not read; it ends when the child does.
    let status = thread::scope(|scope| {
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(run.input)));
        wait(&mut child, run.limit)
    })?;
    let Some(status) = status else {
        return Ok(Err(format!("took longer than {} s", run.limit.as_secs())));
    };
    let errors = text(&mut stderr)?;
    if status.success() {
        return text(&mut stdout).map(Ok);
    }
    let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let last = last.trim().trim_start_matches(name).trim_start_matches(": ");
    Ok(Err(format!("failed ({status}): {}", last.chars().take(200).collect::<String>())))
}

/// A command with an empty environment, ready to be given arguments and files.
#[expect(clippy::disallowed_methods, reason = "this is the agent's one place that starts processes")]
pub(crate) fn command(program: &str, user: User) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin").env("LC_ALL", "C").current_dir("/");
    if user == User::Postgres {
        // The standard library drops all supplementary groups together with the uid.
        command.uid(crate::postgres::UID).gid(crate::postgres::UID);
    }
    command
}

/// Starts a child that must be waited for with [`wait`] or [`wait_forever`].
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut awaited = AWAITED.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    awaited.insert(child.id());
    Ok(child)
}

fn forget(child: &Child) {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner).remove(&child.id());
}

/// Waits for the end of a child; one that is too slow is killed and gives `None`.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = try_wait(child)? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            wait_forever(child)?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Whether a child has ended.
pub(crate) fn try_wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let status = child.try_wait()?;
    if status.is_some() {
        forget(child);
    }
    Ok(status)
}

/// Waits for the end of a child that is meant to run for as long as the guest does.
pub(crate) fn wait_forever(child: &mut Child) -> io::Result<ExitStatus> {
    let status = child.wait();
    forget(child);
    status
}

/// Lets every other thread and process go before this thread and the children it starts from now on.
#[expect(unsafe_code, reason = "setpriority takes three numbers and touches no memory; no library wraps it")]
pub(crate) fn yield_to_others() {
    unsafe { nix::libc::setpriority(nix::libc::PRIO_PROCESS, 0, 19) };
}

/// Ends the zombies that nobody waits for: children of children, which fall to the first process.
pub(crate) fn sweep() {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    // The lock keeps `spawn` from starting a child that ends before it is known to be awaited.
    let awaited = AWAITED.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) = waitid(Id::All, flags) {
        if awaited.contains(&pid.as_raw().unsigned_abs()) {
            // Its waiter is about to take it; whatever is behind it has time until the next sweep.
            return;
        }
        let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
    }
}

fn scratch() -> io::Result<std::fs::File> {
    Ok(memfd_create("output", MFdFlags::MFD_CLOEXEC)?.into())
}

fn text(file: &mut std::fs::File) -> io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(arguments: &'a [&'a str], input: &'a [u8], limit: Duration) -> Result<String, String> {
        run(&Run { program: "/bin/sh", arguments, input, user: User::Root, limit })
    }

    #[test]
    fn input_goes_in_output_comes_out_and_failures_say_why() {
        let second = Duration::from_secs(10);
        assert_eq!(
            shell(&["-c", "cat; env | grep -c HOME"], b"hello ", second),
            Err("sh failed (exit status: 1): it said nothing".into())
        );
        assert_eq!(shell(&["-c", "cat"], b"hello", second).as_deref(), Ok("hello"));
        let large = vec![b'x'; 300_000];
        assert_eq!(
            shell(&["-c", "wc -c"], &large, second).map(|text| text.trim().to_owned()).as_deref(),
            Ok("300000")
        );
        assert_eq!(shell(&["-c", "true"], &large, second).as_deref(), Ok(""), "a child that does not read");
        let error = shell(&["-c", "echo one >&2; echo sh: two >&2; exit 3"], b"", second).unwrap_err();
        assert_eq!(error, "sh failed (exit status: 3): two");
    }

    #[test]
    fn slow_children_are_killed() {
        let error = shell(&["-c", "exec sleep 60"], b"", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error, "sh took longer than 0 s");
    }
}
