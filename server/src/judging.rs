//! Verifying SAML responses in a confined process: this binary, started by itself, answers one question on its standard input
//! and ends. It limits itself before it reads. Both halves are here.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use async_trait::async_trait;
use control::single_sign_on::{JudgeError, SamlJudge};
use host::confinement::Confined;
use identity::saml::{
    questions::{self, ARGUMENT, QUESTION_BYTES_MAX, Question},
    verifications::Report,
};

/// Has responses judged by processes of this binary.
pub struct ConfinedJudge(Confined);

impl ConfinedJudge {
    /// By the binary that runs, also if its file was replaced since.
    #[must_use]
    pub fn new() -> Self {
        Self::by("/proc/self/exe".into())
    }

    /// By a binary of ours at that path.
    #[must_use]
    pub fn by(binary: PathBuf) -> Self {
        Self(Confined::new(binary, ARGUMENT))
    }
}

impl Default for ConfinedJudge {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl SamlJudge for ConfinedJudge {
    async fn judge(&self, question: &Question) -> Result<Report, JudgeError> {
        let failed = |error: &dyn std::error::Error| JudgeError(error.to_string());
        let question = question.to_bytes().map_err(|error| failed(&error))?;
        let answer = self.0.ask(&question).await.map_err(|error| failed(&error))?;
        questions::report(&answer).map_err(|error| failed(&error))
    }
}

/// Whether this process was started to answer a question.
#[must_use]
pub fn is_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
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
