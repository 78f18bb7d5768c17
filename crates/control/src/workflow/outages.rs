//! What the workers of one server do while the database does not answer: one of them tries for all, ever less often,
//! and the log gets one line at the beginning and one at the end.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::sync::Mutex;

use crate::errors::{Failure, chain};

/// The first pause between two tries; it doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// The longest pause: how long a database may be back before anybody notices.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The outage that the workers of one server share, if there is one.
pub(super) struct Outages {
    /// Held by the one who tries for all.
    trying: Mutex<()>,
    /// Tries since the database last did what was asked.
    tries: AtomicU32,
    pause_first: Duration,
    pause_max: Duration,
}

impl Outages {
    pub(super) const fn new() -> Self {
        Self::with_pauses(PAUSE_FIRST, PAUSE_MAX)
    }

    const fn with_pauses(pause_first: Duration, pause_max: Duration) -> Self {
        Self { trying: Mutex::const_new(()), tries: AtomicU32::new(0), pause_first, pause_max }
    }

    /// Whether there is one; it has been told then.
    pub(super) fn is_on(&self) -> bool {
        self.tries.load(Ordering::Relaxed) > 0
    }

    /// Something went wrong that has to do with the database. True for the first to notice.
    pub(super) fn begin(&self, failure: &Failure) -> bool {
        let is_first = self.tries.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_first {
            let error = chain(failure);
            tracing::warn!(error, "The runner cannot use the database; it goes on trying, ever less often");
        }
        is_first
    }

    /// The database did what was asked.
    pub(super) fn end(&self) {
        if self.is_on() {
            let tries = self.tries.swap(0, Ordering::Relaxed);
            if tries > 0 {
                tracing::info!(tries, "The runner can use the database again");
            }
        }
    }

    /// Returns once `answers` does; only one of those who wait here calls it.
    pub(super) async fn wait<F: Future<Output = bool>>(&self, answers: impl Fn() -> F) {
        let Ok(_turn) = self.trying.try_lock() else {
            drop(self.trying.lock().await);
            return;
        };
        loop {
            // Not from the beginning if it answers but does not do what is asked: the pauses go on growing then.
            let tries = self.tries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.pause_after(tries)).await;
            if answers().await {
                return;
            }
        }
    }

    fn pause_after(&self, tries: u32) -> Duration {
        self.pause_first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(self.pause_max)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicBool},
        time::Instant,
    };

    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        let millis = |tries| Outages::new().pause_after(tries).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 6, u32::MAX].map(millis), [500, 1000, 2000, 4000, 5000, 5000, 5000]);
    }

    #[tokio::test]
    async fn one_tries_for_all_and_one_tells() {
        const PAUSE_MAX: Duration = Duration::from_millis(8);
        let outages = Arc::new(Outages::with_pauses(Duration::from_millis(1), PAUSE_MAX));
        let (is_back, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let failure = || Failure::Inconsistent("gone".into());
        outages.end();
        assert!(!outages.is_on());
        let began = Instant::now();
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (outages, is_back, asked) = (outages.clone(), is_back.clone(), asked.clone());
                tokio::spawn(async move {
                    let has_told = outages.begin(&failure());
                    let answers = || async {
                        asked.fetch_add(1, Ordering::SeqCst);
                        is_back.load(Ordering::SeqCst)
                    };
                    outages.wait(answers).await;
                    has_told
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        is_back.store(true, Ordering::SeqCst);
        let mut told = 0;
        for worker in workers {
            told += u32::from(worker.await.unwrap());
        }
        assert_eq!(told, 1);
        // The pauses are at least as long as they say, so there cannot have been more tries than fit.
        let most = began.elapsed().as_millis() / PAUSE_MAX.as_millis() + 5;
        let asked = asked.load(Ordering::SeqCst);
        assert!(asked >= 2 && u128::from(asked) <= most, "{asked} tries, at most {most}");

        assert!(outages.is_on(), "to answer is not yet to do what is asked");
        outages.end();
        assert!(!outages.is_on());
        assert!(outages.begin(&failure()), "the next outage is told again");
    }
}
