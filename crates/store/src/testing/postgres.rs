//! A throwaway PostgreSQL server for the tests' process. Knows no database.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::Mutex,
};

/// Where Debian installs PostgreSQL, one directory per version.
const INSTALLATIONS: &str = "/usr/lib/postgresql";
/// What starts, stops and cleans up.
const SCRIPT: &str = include_str!("cluster.sh");

/// A PostgreSQL server of its own, reached through a socket in its directory. Both go when this is dropped or the
/// process ends, even by a signal.
pub struct Cluster {
    directory: PathBuf,
    talk: Mutex<Talk>,
}

struct Talk {
    keeper: Child,
    // None once it is told to go.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// Makes and starts a server. Panics with what to do if that fails.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let directory = tempfile::Builder::new().prefix("redoubt-test-").tempdir().unwrap().keep();
        #[expect(clippy::disallowed_methods, reason = "a database server for tests; the host crate runs VMs")]
        let mut keeper = std::process::Command::new("sh")
            .args(["-c", SCRIPT, "cluster.sh"])
            .args([&directory, &programs])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the tests; the keeper sees them end and cleans up.
            .process_group(0)
            .spawn()
            .unwrap();
        let talk = Talk {
            commands: keeper.stdin.take(),
            answers: BufReader::new(keeper.stdout.take().unwrap()),
            keeper,
        };
        let cluster = Self { directory, talk: Mutex::new(talk) };
        cluster.go_on();
        cluster
    }

    /// URL of a database on it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://redoubt@localhost/{database}?host={}", self.directory.display())
    }

    /// Kills the server as a power cut would; its data stay.
    pub fn stop(&self) {
        self.command("stop");
    }

    /// Starts the server after [`Cluster::stop`]; it recovers first.
    pub fn go_on(&self) {
        self.command("start");
    }

    fn command(&self, command: &str) {
        let mut talk = self.talk.lock().unwrap();
        let sent = talk.commands.as_mut().map(|commands| writeln!(commands, "{command}"));
        let mut answer = String::new();
        talk.answers.read_line(&mut answer).unwrap();
        assert!(
            matches!(sent, Some(Ok(()))) && answer == "done\n",
            "PostgreSQL did not {command}; it needs the program setpriv when run by root, and says: {answer}"
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(talk) = self.talk.get_mut() {
            talk.commands = None;
            let _ = talk.keeper.wait();
        }
    }
}

/// The newest installation's programs.
fn programs() -> PathBuf {
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    std::fs::read_dir(INSTALLATIONS)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(version)
        .map(|path| path.join("bin"))
        .expect(
            "PostgreSQL is not installed: these tests run on both databases. Run: apt-get install postgresql",
        )
}
