//! How many statements an operation sends to PostgreSQL: a list must not ask more often the more rows it has.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing::instrument::WithSubscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Counts what would be written, one line for each statement.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Count {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.clone()
    }
}

/// Does the work, which must not leave its task, and counts its statements; only those on PostgreSQL are seen.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, usize) {
    let count = Count::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("off,sqlx::query=trace"))
        .with_writer(count.clone())
        .finish();
    let done = work.with_subscriber(subscriber).await;
    (done, count.0.load(Ordering::Relaxed))
}
