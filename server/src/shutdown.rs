//! Stopping in order: a signal turns a flag, and everything that waits or loops looks at it. VMs keep running.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Exit code of a process that was interrupted (128 + SIGINT).
const EXIT_INTERRUPTED: i32 = 130;

/// A flag that turns true at SIGINT or SIGTERM. A second signal ends the process at once.
pub(crate) fn on_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        for is_first in [true, false] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if is_first {
                tracing::info!("Stopping; virtual machines keep running");
                sender.send_replace(true);
            }
        }
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(receiver)
}

/// Returns once the flag is true, or nobody is left who could turn it.
pub(crate) async fn requested(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|is_requested| *is_requested).await;
}
