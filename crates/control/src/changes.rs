//! Watching a service's timeline: what the live page listens to. Every look asks for the session and a permit again, so
//! that a stream ends when the session or the right to see it does.

use std::time::Duration;

use domain::{errors::Error, timestamps::Timestamp, views::Timeline};
use tokio::sync::watch;

use crate::{Context, services};

/// How long to wait before looking again when nothing was announced: other servers write to the same database.
const LOOK_AGAIN: Duration = Duration::from_millis(1000);
/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(150);

/// A watch over one service.
pub struct Changes {
    ctx: Context,
    project: String,
    service: String,
    changed: watch::Receiver<u64>,
    last: Option<Timeline>,
}

/// Begins to watch a service's timeline.
///
/// # Errors
/// `NotFound`, `Denied`, `Unauthenticated`.
pub async fn subscribe(ctx: &Context, project: &str, service: &str) -> Result<Changes, Error> {
    let changed = ctx.control.changed();
    services::timeline(ctx, project, service).await?;
    Ok(Changes {
        ctx: ctx.clone(),
        project: project.to_owned(),
        service: service.to_owned(),
        changed,
        last: None,
    })
}

impl Changes {
    /// The timeline: at once the first time, then whenever it has changed. None when the service is gone or may no
    /// longer be seen, or the session is over.
    pub async fn next(&mut self) -> Option<Timeline> {
        loop {
            if self.last.is_some() {
                let _ = tokio::time::timeout(LOOK_AGAIN, self.changed.changed()).await;
                tokio::time::sleep(PAUSE).await;
            }
            self.changed.mark_unchanged();
            let timeline = match self.look().await {
                Ok(timeline) => timeline,
                // The database may be back soon; the page keeps what it has until then.
                Err(Error::Unavailable { .. }) if self.last.is_some() => continue,
                Err(_) => return None,
            };
            if self.last.as_ref().map(timeless) != Some(timeless(&timeline)) {
                self.last = Some(timeline.clone());
                return Some(timeline);
            }
        }
    }
}

impl Changes {
    async fn look(&self) -> Result<Timeline, Error> {
        let ctx = &self.ctx;
        if !ctx.has_session().await.map_err(|failure| failure.into_error(ctx.request_id()))? {
            return Err(Error::Unauthenticated { reason: "Sign in first.".into() });
        }
        services::timeline(ctx, &self.project, &self.service).await
    }
}

/// The timeline without the time it was made at, which differs each time.
fn timeless(timeline: &Timeline) -> Timeline {
    Timeline { now: Timestamp::from_micros(0), ..timeline.clone() }
}
