//! The background tasks of `control`: started with the server, watched for its health, awaited at its end.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use control::Control;
use tokio::{sync::watch, task::JoinHandle};

/// How long the steps that run at shutdown may take to end. A step that is cut off is repeated at the next start.
const STEP_END_MAX: Duration = Duration::from_secs(20);

/// Running workers.
#[derive(Clone, Default)]
pub struct Workers(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Workers {
    /// Starts them; they end after their current step once shutdown is requested.
    #[must_use]
    pub fn start(control: &Control, shutdown: &watch::Receiver<bool>) -> Self {
        Self(Arc::new(Mutex::new(control.spawn_workers(shutdown))))
    }

    /// Whether there are any and none has ended.
    pub(crate) fn is_running(&self) -> bool {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !tasks.is_empty() && !tasks.iter().any(JoinHandle::is_finished)
    }

    /// Waits until all have ended.
    pub async fn ended(self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let deadline = tokio::time::Instant::now() + STEP_END_MAX;
        for mut task in tasks {
            match tokio::time::timeout_at(deadline, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "A worker ended badly"),
                Err(_) => {
                    tracing::warn!("A step did not end in time and is repeated at the next start");
                    task.abort();
                }
            }
        }
    }
}
