//! How long a guest has not said what is waited for. Counted over looks that were made: while no server or no database
//! was there to look, nobody can say that a guest was silent.

use std::time::Duration;

use domain::timestamps::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest time between two looks that belong together. More than the slowest look and the pause after it, and far
/// less than what a silence leads to, so that it always takes several looks.
const GAP_MAX: Duration = Duration::from_secs(15);

/// Looks in a row that did not show what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Silence {
    first: Timestamp,
    last: Timestamp,
}

impl Silence {
    /// One more such look, after those `before`. None of them counts that is older than `since`.
    pub(super) fn go_on(before: Option<Self>, since: Timestamp, now: Timestamp) -> Self {
        match before {
            Some(before) if before.first >= since && now.since(before.last) <= GAP_MAX => {
                Self { last: now, ..before }
            }
            _ => Self { first: now, last: now },
        }
    }

    /// How long it has been so for sure.
    pub(super) fn length(self) -> Duration {
        self.last.since(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looks_that_were_made_count() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let mut silence = Silence::go_on(None, at(0), at(100));
        assert_eq!(silence.length(), Duration::ZERO);
        for second in 101..=130 {
            silence = Silence::go_on(Some(silence), at(0), at(second));
        }
        assert_eq!(silence.length().as_secs(), 30);
        let after_a_pause = Silence::go_on(Some(silence), at(0), at(500));
        assert_eq!(after_a_pause.length(), Duration::ZERO);
        let in_a_later_step = Silence::go_on(Some(silence), at(101), at(131));
        assert_eq!(in_a_later_step.length(), Duration::ZERO);
    }
}
