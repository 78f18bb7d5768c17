//! The queue in front of password hashes, each of which takes 19 MiB and a processor. Knows nothing of passwords.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Hashes that are computed at the same time, at most.
const AT_ONCE: usize = 4;
/// Hashes that wait for their turn, at most; more are turned away at once.
const QUEUE_MAX: usize = 50;
/// How long one waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The queue.
pub(crate) struct Hashes {
    places: Semaphore,
    turns: Semaphore,
}

/// A place in the queue.
pub(crate) struct Place<'a> {
    hashes: &'a Hashes,
    _place: SemaphorePermit<'a>,
}

impl Hashes {
    pub(crate) const fn new() -> Self {
        Self { places: Semaphore::const_new(AT_ONCE + QUEUE_MAX), turns: Semaphore::const_new(AT_ONCE) }
    }

    /// A place, unless the queue is full.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        self.places.try_acquire().ok().map(|place| Place { hashes: self, _place: place })
    }
}

impl Place<'_> {
    /// Waits for its turn and does the work. None if the turn did not come in time.
    pub(crate) async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = tokio::time::timeout(WAIT_MAX, self.hashes.turns.acquire()).await.ok()?;
        let _turn = turn.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hashes = Hashes::new();
        let mut places: Vec<_> = std::iter::from_fn(|| hashes.place()).collect();
        assert_eq!(places.len(), AT_ONCE + QUEUE_MAX);
        let place = places.pop().unwrap();
        assert_eq!(place.work(|| 7).await, Some(7));
        assert!(hashes.place().is_some(), "whoever is done makes room");
    }
}
