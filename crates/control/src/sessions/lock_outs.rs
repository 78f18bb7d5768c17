//! How many wrong sign-ins are free, how long the waits after them are, and how many of the tries that are turned away
//! meanwhile are put on record. Knows no password and no person.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{names::EmailAddress, timestamps::Timestamp};

/// Wrong tries after which the wait doubles with each further one.
const FREE_TRIES: i64 = 4;
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Wrong tries from one address network before it has to wait.
const FREE_TRIES_ADDRESS: i64 = 20;
/// Failures from an address network are forgotten this long after the last one.
pub(super) const ADDRESS_WINDOW: Duration = Duration::from_secs(10 * 60);
/// Tries turned away in one wait that are put on record, at most: each costs whoever makes it nothing, and none of
/// them may be the way to fill the disk.
pub(super) const REFUSALS_TOLD_MAX: u32 = 10;
/// Waits that are counted at the same time, at most. Each cost whoever caused it at least one wrong try.
const WAITS_MAX: usize = 10_000;

/// What failed sign-ins are counted by, each with how many are free. The e-mail comes first.
pub(super) fn keys(address: Option<IpAddr>, email: &EmailAddress) -> Vec<(String, i64)> {
    let mut keys = vec![(format!("email:{email}"), FREE_TRIES)];
    let network = match address {
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            Some(format!("address:{a}.{b}.{c}.0/24"))
        }
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("address:{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00))
        }
        None => None,
    };
    keys.extend(network.map(|network| (network, FREE_TRIES_ADDRESS)));
    keys
}

/// How long to wait after the n-th failure in a row: nothing for the free ones, then 2 s, doubling to 15 minutes.
pub(super) fn wait_after(failures: i64, free: i64) -> Duration {
    match u32::try_from(failures - free) {
        Ok(over) if over > 0 => Duration::from_secs(1_u64 << over.min(10)).min(WAIT_MAX),
        _ => Duration::ZERO,
    }
}

/// A wait that is not over.
pub(super) struct LockOut {
    /// Whose: see [`keys`].
    pub(super) key: String,
    /// Until when.
    pub(super) until: Timestamp,
}

/// How many tries each wait has turned away on this server.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, (Timestamp, u32)>>);

impl Refusals {
    /// Counts one more; says the how many-th it is if it belongs on record.
    pub(super) fn count(&self, lock_out: &LockOut, now: Timestamp) -> Option<u32> {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.len() >= WAITS_MAX {
            waits.retain(|_, (until, _)| *until > now);
        }
        if waits.len() >= WAITS_MAX && !waits.contains_key(&lock_out.key) {
            return None;
        }
        let (until, count) = waits.entry(lock_out.key.clone()).or_insert((lock_out.until, 0));
        if *until != lock_out.until {
            (*until, *count) = (lock_out.until, 0);
        }
        *count = count.saturating_add(1);
        (*count <= REFUSALS_TOLD_MAX).then_some(*count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_6_3_1_waits_double_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| wait_after(failures, FREE_TRIES).as_secs();
        assert_eq!([1, 4, 5, 6, 7, 30].map(seconds), [0, 0, 2, 4, 8, 900]);
    }

    #[test]
    fn refusals_are_told_up_to_a_number_for_each_wait() {
        let refusals = Refusals::default();
        let (now, at) = (Timestamp::from_micros(0), Timestamp::from_micros);
        let count = |key: &str, until| refusals.count(&LockOut { key: key.into(), until: at(until) }, now);
        for number in 1..=REFUSALS_TOLD_MAX {
            assert_eq!(count("one", 5), Some(number));
        }
        assert_eq!(count("one", 5), None);
        assert_eq!(count("two", 5), Some(1), "somebody else's wait");
        assert_eq!(count("one", 6), Some(1), "the next wait");
        for number in 0..2 * WAITS_MAX {
            count(&format!("flood {number}"), 9);
        }
        assert!(refusals.0.lock().unwrap().len() <= WAITS_MAX);
        // Those that are over make room.
        let late = LockOut { key: "three".into(), until: at(30) };
        assert_eq!(refusals.count(&late, at(20)), Some(1));
    }
}
