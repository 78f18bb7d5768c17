//! Builds what the server binary needs beside itself: the console's files and the guest image. Ships nothing.
//!
//! `cargo xtask console [--release]` and `cargo xtask image`; both print what they do and how long it took.

mod console;
mod image;
mod styles;

use std::{path::PathBuf, process::ExitCode};

const USAGE: &str = "\
cargo xtask console [--release]   build the console's WASM, CSS and script into target/site
cargo xtask image                 build the guest image into target/image
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["console"] => console::build(false),
        ["console", "--release"] => console::build(true),
        ["image", rest @ ..] => image::build(rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the workspace this program was compiled from.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
