//! How often the API may be called: each token so many times a minute, and each address with so many tokens that are
//! refused. Counts in memory, each server for itself; decides nothing about the tokens.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    errors::Error,
    secrets::Secret,
    timestamps::{Clock, Timestamp},
};
use ring::digest::{SHA256, digest};

/// Requests of one token within a window.
pub(crate) const TOKEN_REQUESTS_MAX: u32 = 600;
/// Refused tokens from one address within a window.
const REFUSED_MAX: u32 = 10;
/// How long is counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Tokens, and addresses, that are remembered at the same time.
const REMEMBERED_MAX: usize = 10_000;

/// Names a token here: its text is not kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// That of a token's text.
    pub(crate) fn of(token: &Secret) -> Self {
        // Exposed to be hashed.
        Self(digest(&SHA256, token.expose().as_bytes()).as_ref().to_vec())
    }
}

/// What a token has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Requests until the window ends.
    pub(crate) remaining: u32,
    /// Seconds until then.
    pub(crate) reset_seconds: u64,
}

/// The counts.
pub(crate) struct Limits {
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    tokens: HashMap<Key, Window>,
    addresses: HashMap<IpAddr, Window>,
}

#[derive(Clone, Copy)]
struct Window {
    ends_at: Timestamp,
    count: u32,
}

impl Window {
    /// The same window, or a new one if it has ended.
    fn at(window: Option<Self>, now: Timestamp) -> Self {
        window
            .filter(|window| now < window.ends_at)
            .unwrap_or_else(|| Self { ends_at: now.plus(WINDOW), count: 0 })
    }

    /// Seconds until it ends, at least one.
    fn rest(self, now: Timestamp) -> u64 {
        u64::try_from(self.ends_at.since(now).as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
    }

    fn limited(self, now: Timestamp) -> Error {
        Error::limited(self.rest(now))
    }
}

impl Limits {
    /// Nothing counted yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counts: Mutex::default() }
    }

    /// Before a token is looked at: whether its address may bring one more. One that was good before always may, so
    /// that a neighbour behind the same address shuts nobody out.
    pub(crate) fn may_try(&self, key: &Key, address: Option<IpAddr>) -> Result<(), Error> {
        let (counts, now) = (self.counts(), self.clock.now());
        if let Some(window) = counts.tokens.get(key) {
            let is_over = now < window.ends_at && window.count >= TOKEN_REQUESTS_MAX;
            return if is_over { Err(window.limited(now)) } else { Ok(()) };
        }
        let window = Window::at(counts.addresses.get(&network(address)).copied(), now);
        if window.count >= REFUSED_MAX { Err(window.limited(now)) } else { Ok(()) }
    }

    /// Counts a token that was refused.
    pub(crate) fn refused(&self, key: &Key, address: Option<IpAddr>) {
        let (mut counts, now) = (self.counts(), self.clock.now());
        counts.tokens.remove(key);
        count(&mut counts.addresses, network(address), now);
    }

    /// Counts a request of a token that is good.
    pub(crate) fn accepted(&self, key: Key) -> Quota {
        let (mut counts, now) = (self.counts(), self.clock.now());
        let window = count(&mut counts.tokens, key, now);
        let remaining = TOKEN_REQUESTS_MAX.saturating_sub(window.count);
        Quota { remaining, reset_seconds: window.rest(now) }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one up. When too many are remembered, those go whose window has ended, or else the one that ends first.
fn count<K: Clone + Eq + Hash>(windows: &mut HashMap<K, Window>, key: K, now: Timestamp) -> Window {
    if windows.len() >= REMEMBERED_MAX && !windows.contains_key(&key) {
        windows.retain(|_, window| now < window.ends_at);
        if windows.len() >= REMEMBERED_MAX {
            let first = windows.iter().min_by_key(|(_, window)| window.ends_at).map(|(key, _)| key.clone());
            first.and_then(|first| windows.remove(&first));
        }
    }
    let mut window = Window::at(windows.get(&key).copied(), now);
    window.count = window.count.saturating_add(1);
    windows.insert(key, window);
    window
}

/// What is counted as one address: of IPv6 a /64, which any single line has.
fn network(address: Option<IpAddr>) -> IpAddr {
    match address.map(|address| address.to_canonical()) {
        None => Ipv4Addr::UNSPECIFIED.into(),
        Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        Some(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Turned(AtomicI64);

    impl Clock for Turned {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    fn limits() -> (Arc<Turned>, Limits) {
        let clock = Arc::new(Turned::default());
        (clock.clone(), Limits::new(clock))
    }

    fn key(text: &str) -> Key {
        Key::of(&Secret::new(text.to_owned()))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_token_has_its_requests_each_minute() {
        let (clock, limits) = limits();
        for used in 1..=TOKEN_REQUESTS_MAX {
            assert_eq!(limits.may_try(&key("a"), None), Ok(()));
            let quota = limits.accepted(key("a"));
            assert_eq!(quota, Quota { remaining: TOKEN_REQUESTS_MAX - used, reset_seconds: 60 });
        }
        clock.0.store(1, Ordering::Relaxed);
        let limited = Err(Error::limited(60));
        assert_eq!(limits.may_try(&key("a"), None), limited);
        assert_eq!(limits.may_try(&key("b"), None), Ok(()), "another token");
        clock.0.store(60_000_000, Ordering::Relaxed);
        assert_eq!(limits.may_try(&key("a"), None), Ok(()));
        assert_eq!(limits.accepted(key("a")).remaining, TOKEN_REQUESTS_MAX - 1);
    }

    #[test]
    fn an_address_has_few_tries_and_shuts_no_good_token_out() {
        let (clock, limits) = limits();
        limits.accepted(key("good"));
        for tries in 0..REFUSED_MAX {
            let key = key(&tries.to_string());
            assert_eq!(limits.may_try(&key, address("2001:db8::1")), Ok(()));
            limits.refused(&key, address("2001:db8::1"));
        }
        let limited = Err(Error::limited(60));
        assert_eq!(limits.may_try(&key("more"), address("2001:db8::2")), limited, "the same network");
        assert_eq!(limits.may_try(&key("more"), address("2001:db8:0:1::2")), Ok(()), "another network");
        assert_eq!(limits.may_try(&key("good"), address("2001:db8::1")), Ok(()));
        limits.refused(&key("good"), address("192.0.2.1"));
        assert_eq!(limits.may_try(&key("good"), address("2001:db8::1")), limited, "no longer good");
        clock.0.store(60_000_000, Ordering::Relaxed);
        assert_eq!(limits.may_try(&key("more"), address("2001:db8::2")), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (clock, limits) = limits();
        for index in 0..REMEMBERED_MAX + 10 {
            clock.0.store(i64::try_from(index).unwrap(), Ordering::Relaxed);
            limits.accepted(key(&index.to_string()));
        }
        assert_eq!(limits.counts().tokens.len(), REMEMBERED_MAX);
        assert!(!limits.counts().tokens.contains_key(&key("0")), "the oldest went");
        clock.0.store(120_000_000, Ordering::Relaxed);
        limits.accepted(key("late"));
        assert_eq!(limits.counts().tokens.len(), 1, "what has ended went");
    }
}
