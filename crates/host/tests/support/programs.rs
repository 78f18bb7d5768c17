//! Programs that tests look at the machine with.

use std::{io::Write, process::Output};

pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    #[expect(clippy::disallowed_methods, reason = "tests look at the machine from outside of the host crate")]
    let mut command = std::process::Command::new(program);
    let mut child = command
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}
