//! Everything that was logged in this process, so that secrets can be looked for.

use std::{
    io::{self, Write},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static LOG: LazyLock<()> = LazyLock::new(|| {
    tracing_subscriber::fmt()
        // Statements are logged without their values, so they would only take room.
        .with_env_filter(EnvFilter::new("trace,sqlx=warn"))
        .with_ansi(false)
        .with_writer(Log)
        .init();
});

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        written().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        Self
    }
}

fn written() -> MutexGuard<'static, Vec<u8>> {
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to write down what is logged.
pub fn start() {
    LazyLock::force(&LOG);
}

/// What was logged so far.
pub fn text() -> String {
    String::from_utf8_lossy(&written()).into_owned()
}
