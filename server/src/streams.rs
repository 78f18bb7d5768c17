//! Server-sent events: a service's timeline, live. Ends at shutdown and after a while; browsers come back by themselves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, State},
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use control::{Context, changes};
use domain::errors::Error;
use futures::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{
    metrics::{Metrics, OpenStream},
    refusals::Refusal,
};

/// Streams that are open at the same time, at most.
const STREAMS_MAX: usize = 256;
/// A stream ends after this long, so that its reader's rights are looked at again.
const AGE_MAX: Duration = Duration::from_secs(600);
/// What a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What all streams share.
#[derive(Clone)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    shutdown: watch::Receiver<bool>,
}

impl Streams {
    pub(crate) fn new(metrics: Arc<Metrics>, shutdown: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(STREAMS_MAX)), metrics, shutdown }
    }
}

/// One open stream.
struct Open {
    changes: changes::Changes,
    shutdown: watch::Receiver<bool>,
    is_first: bool,
    _place: OwnedSemaphorePermit,
    _counted: OpenStream,
}

/// `GET /streams/projects/{project}/services/{service}/timeline`
pub(crate) async fn timeline(
    State(streams): State<Streams>,
    Extension(ctx): Extension<Context>,
    Path((project, service)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let place = streams.places.clone().try_acquire_owned().map_err(|_| Error::Unavailable {
        reason: "Too many pages are watching right now. This one does not update by itself.".into(),
    })?;
    let changes = changes::subscribe(&ctx, &project, &service).await?;
    let open = Open {
        changes,
        shutdown: streams.shutdown.clone(),
        is_first: true,
        _place: place,
        _counted: streams.metrics.open_stream(),
    };
    let deadline = tokio::time::Instant::now() + AGE_MAX;
    let events = stream::unfold(open, move |mut open| async move {
        let timeline = tokio::select! {
            timeline = open.changes.next() => timeline?,
            () = crate::shutdown::requested(&mut open.shutdown) => return None,
            () = tokio::time::sleep_until(deadline) => return None,
        };
        let event = Event::default().event("timeline").json_data(&timeline).ok()?;
        let event = if std::mem::take(&mut open.is_first) { event.retry(RETRY) } else { event };
        Some((Ok::<_, Infallible>(event), open))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
