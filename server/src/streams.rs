//! Server-sent events: a service's timeline, live. Ends at shutdown and after a while; browsers come back by themselves.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension,
    extract::{Path, State},
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use control::{Context, Origin, changes};
use domain::errors::Error;
use futures::stream;
use tokio::sync::watch;

use crate::{
    metrics::{Metrics, OpenStream},
    refusals::Refusal,
};

/// Streams that are open at the same time, at most: all, those of one session, and those of one address.
const STREAMS_MAX: usize = 256;
const STREAMS_MAX_SESSION: usize = 16;
const STREAMS_MAX_ADDRESS: usize = 64;
/// A stream ends after this long, so that its reader's rights are looked at again.
const AGE_MAX: Duration = Duration::from_secs(600);
/// What a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What all streams share.
#[derive(Clone)]
pub(crate) struct Streams {
    places: Arc<Mutex<Places>>,
    metrics: Arc<Metrics>,
    shutdown: watch::Receiver<bool>,
}

impl Streams {
    pub(crate) fn new(metrics: Arc<Metrics>, shutdown: watch::Receiver<bool>) -> Self {
        Self { places: Arc::default(), metrics, shutdown }
    }
}

/// How many streams are open, all in all and by who holds them.
#[derive(Default)]
struct Places {
    open: usize,
    held: HashMap<Holder, usize>,
}

/// Who holds streams.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Holder {
    Session(Vec<u8>),
    Address(IpAddr),
}

impl Holder {
    const fn most(&self) -> usize {
        match self {
            Self::Session(_) => STREAMS_MAX_SESSION,
            Self::Address(_) => STREAMS_MAX_ADDRESS,
        }
    }
}

/// A place among the open streams; dropping it frees it.
struct Place {
    places: Arc<Mutex<Places>>,
    holders: Vec<Holder>,
}

impl Place {
    /// None if there are too many open already.
    fn take(places: &Arc<Mutex<Places>>, holders: Vec<Holder>) -> Option<Self> {
        let mut all = places.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |holder: &Holder| all.held.get(holder).is_some_and(|open| *open >= holder.most());
        if all.open >= STREAMS_MAX || holders.iter().any(is_full) {
            return None;
        }
        all.open += 1;
        for holder in &holders {
            *all.held.entry(holder.clone()).or_default() += 1;
        }
        Some(Self { places: places.clone(), holders })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        all.open = all.open.saturating_sub(1);
        for holder in &self.holders {
            if let Some(open) = all.held.get_mut(holder) {
                *open -= 1;
            }
        }
        all.held.retain(|_, open| *open > 0);
    }
}

/// One open stream.
struct Open {
    changes: changes::Changes,
    shutdown: watch::Receiver<bool>,
    is_first: bool,
    _place: Place,
    _counted: OpenStream,
}

/// `GET /streams/projects/{project}/services/{service}/timeline`
pub(crate) async fn timeline(
    State(streams): State<Streams>,
    Extension(ctx): Extension<Context>,
    Extension(origin): Extension<Origin>,
    Path((project, service)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let session = ctx.session().map(|session| Holder::Session(session.to_vec()));
    let holders = session.into_iter().chain(origin.address.map(Holder::Address)).collect();
    let place = Place::take(&streams.places, holders).ok_or_else(|| Error::Unavailable {
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
