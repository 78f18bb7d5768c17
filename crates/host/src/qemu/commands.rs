//! Starting programs: with a clean environment, a time limit and capped output. Decides nothing about what is run.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::Error;

/// Where programs are looked for. Not the caller's `PATH`: `sbin` is often missing there, and it is not ours.
const DIRECTORIES: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// How much of a program's output is kept.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// How much of a program's output an error tells.
const LAST_WORDS_CHARS_MAX: usize = 400;
/// How long a program may take unless told otherwise.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Longest nap between looks at whether a program has ended.
const NAP_MAX: Duration = Duration::from_millis(10);

/// A program to run.
pub(crate) struct Program {
    name: String,
    command: Command,
    input: Option<Zeroizing<Vec<u8>>>,
    time_max: Duration,
}

/// A program that ended by itself.
pub(crate) struct Finished {
    name: String,
    status: ExitStatus,
    pub(crate) output: Zeroizing<Vec<u8>>,
    errors: String,
}

/// The full path of a program, if it is installed.
pub(crate) fn find(name: &Path) -> Option<PathBuf> {
    if name.is_absolute() {
        return name.is_file().then(|| name.to_owned());
    }
    DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.is_file())
}

/// A command with nothing of the server's environment.
pub(crate) fn command(path: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the one place where the host crate starts programs")]
    let mut command = Command::new(path);
    command
        .env_clear()
        .env("PATH", DIRECTORIES.join(":"))
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

impl Program {
    /// Finds an installed program.
    pub(crate) fn find(name: &str) -> Result<Self, Error> {
        let path = find(Path::new(name)).ok_or_else(|| Error::Missing {
            what: format!("The program {name} is not installed"),
            remedy: super::facts::install_remedy(),
        })?;
        Ok(Self { name: name.to_owned(), command: command(&path), input: None, time_max: TIME_MAX })
    }

    /// Adds arguments. Never a secret: everybody on the machine can read them.
    pub(crate) fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// What the program reads; wiped afterwards.
    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = Some(Zeroizing::new(bytes.to_vec()));
        self
    }

    /// Runs the program to its end, however it ends.
    pub(crate) fn run(mut self) -> Result<Finished, Error> {
        let name = self.name.clone();
        let failed = |output: String| Error::Program { program: name.clone(), output };
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that a timeout also ends what the program has started.
        self.command.process_group(0);
        if self.input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().map_err(|error| failed(format!("it did not start: {error}")))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let bytes = self.input.take();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if let (Some(mut pipe), Some(bytes)) = (input, bytes) {
                    // A program that ends without reading everything says why in its exit status.
                    let _ = pipe.write_all(&bytes);
                }
            });
            let output = scope.spawn(move || read_capped(output));
            let errors = scope.spawn(move || read_capped(errors));
            let status = wait(&mut child, self.time_max).map_err(&failed)?;
            let gone = |_| failed("its output could not be read".into());
            let (output, errors) = (output.join().map_err(gone)?, errors.join().map_err(gone)?);
            Ok(Finished {
                name: name.clone(),
                status,
                output,
                errors: String::from_utf8_lossy(&errors).into_owned(),
            })
        })
    }

    /// Runs the program and wants it to succeed.
    pub(crate) fn succeed(self) -> Result<Finished, Error> {
        let finished = self.run()?;
        if finished.succeeded() { Ok(finished) } else { Err(finished.into_error()) }
    }
}

impl Finished {
    pub(crate) fn succeeded(&self) -> bool {
        self.status.success()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// The failure with the program's last words.
    pub(crate) fn into_error(self) -> Error {
        let words = last_words(&self.errors);
        let output =
            if words.is_empty() { format!("{}.", self.status) } else { format!("{}: {words}", self.status) };
        Error::Program { program: self.name, output }
    }
}

/// The end of a text from outside as one printable line.
pub(crate) fn last_words(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line: Vec<char> = line.join(" ").chars().filter(|c| !c.is_control()).collect();
    line[line.len().saturating_sub(LAST_WORDS_CHARS_MAX)..].iter().collect()
}

/// Keeps the first bytes and reads the rest away, so that the program does not block on a full pipe.
fn read_capped(pipe: Option<impl Read>) -> Zeroizing<Vec<u8>> {
    // All of the room at once: a growing vector would leave copies behind that nobody wipes.
    let mut kept = Zeroizing::new(Vec::with_capacity(OUTPUT_BYTES_MAX));
    if let Some(mut pipe) = pipe {
        let limit = OUTPUT_BYTES_MAX as u64;
        let _ = pipe.by_ref().take(limit).read_to_end(&mut kept);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    kept
}

fn wait(child: &mut Child, time_max: Duration) -> Result<ExitStatus, String> {
    let started = Instant::now();
    let mut nap = Duration::from_micros(500);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if started.elapsed() < time_max => {
                std::thread::sleep(nap);
                nap = (nap * 2).min(NAP_MAX);
            }
            Ok(None) => {
                kill_group(child);
                return Err(format!("it took longer than {} seconds.", time_max.as_secs()));
            }
            Err(error) => return Err(format!("it cannot be waited for: {error}")),
        }
    }
}

/// The child is ours and not yet waited for, so its id and its group's cannot have passed to another process.
fn kill_group(child: &mut Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_and_input_is_fed() {
        let done = Program::find("cat").unwrap().input(b"hello").succeed().unwrap();
        assert_eq!(done.text(), "hello");
    }

    #[test]
    fn failures_tell_the_last_words() {
        let error = Program::find("ls").unwrap().arguments(["/nowhere/at/all"]).succeed().err().unwrap();
        assert!(error.to_string().contains("No such file"), "{error}");
        assert!(matches!(Program::find("no-such-program-here"), Err(Error::Missing { .. })));
    }

    #[test]
    fn time_and_output_are_limited() {
        let mut slow = Program::find("sleep").unwrap().arguments(["60"]);
        slow.time_max = Duration::from_millis(50);
        assert!(slow.run().err().unwrap().to_string().contains("longer than"));
        let flood =
            Program::find("head").unwrap().arguments(["-c", "3000000", "/dev/zero"]).succeed().unwrap();
        assert_eq!(flood.output.len(), OUTPUT_BYTES_MAX);
    }

    #[test]
    fn the_servers_environment_is_not_handed_on() {
        let done = Program::find("env").unwrap().succeed().unwrap();
        let names: Vec<String> =
            done.text().lines().map(|line| line.split('=').next().unwrap().into()).collect();
        assert!(names.iter().all(|name| ["PATH", "LC_ALL", "PWD"].contains(&name.as_str())), "{names:?}");
    }
}
