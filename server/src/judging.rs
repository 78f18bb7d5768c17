//! The confined half of verifying SAML responses: this binary, started by itself, answers one question on its standard
//! input and ends. It limits itself before it reads.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use identity::saml::questions::{self, QUESTION_BYTES_MAX};

/// Whether this process was started to answer a question.
#[must_use]
pub fn is_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == questions::ARGUMENT)
}

/// Answers the question. To be called with one thread, before anything else.
#[must_use]
pub fn run() -> ExitCode {
    questions::warm_up();
    // What cannot be confined must not read.
    if host::confinement::confine().is_err() {
        return ExitCode::FAILURE;
    }
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer() -> io::Result<()> {
    let mut question = Vec::new();
    io::stdin().lock().take(QUESTION_BYTES_MAX).read_to_end(&mut question)?;
    let answer = questions::answer(&question)?;
    io::stdout().lock().write_all(&answer)
}
