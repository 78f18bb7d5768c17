//! The binary `redoubt`: reads its arguments, starts the runtime, says what went wrong. Everything else is in the
//! library beside it.

use std::{io::ErrorKind, process::ExitCode};

use clap::Parser;
use server::{
    commands::{self, Arguments},
    config::Mistakes,
    judging,
};

/// Threads that run requests and workflows. The work is waiting; two are enough and keep the memory small.
const WORKER_THREADS: usize = 2;
/// Threads for what blocks: hashing passwords, reading files.
const BLOCKING_THREADS_MAX: usize = 16;
/// Exit code for a configuration or arguments that cannot be used.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    if judging::is_asked() {
        return judging::run();
    }
    let arguments = Arguments::parse();
    // Before anything speaks TLS: two crates could each bring a provider of their own.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("redoubt: TLS is set up twice");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads what is printed has read enough, as `head` does.
        Err(error) if is_end_of_reading(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redoubt: {error:#}");
            if error.is::<Mistakes>() { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn is_end_of_reading(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
