//! How many wrong sign-ins are free, how long the waits after them are, and how many of the tries that are turned away
//! meanwhile are put on record. Counts without an event: what was tried is put on record by who looks at it. Knows no
//! password and no person.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{
    ids::{IdentityProviderId, UserId},
    names::EmailAddress,
    timestamps::Timestamp,
};
use store::{Tx, sign_in_attempts::Attempts};

use super::devices::DeviceId;
use crate::Control;

/// Wrong tries after which the wait doubles with each further one.
const FREE_TRIES: i64 = 4;
/// The longest wait between two tries. A person's count halves for each such time without a try, so that a guess now and
/// then does not keep them out.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Wrong tries from one address network before it has to wait.
const FREE_TRIES_ADDRESS: i64 = 20;
/// Failures from an address network are forgotten this long after the last one.
const ADDRESS_WINDOW: Duration = Duration::from_secs(10 * 60);
/// Challenges for passkeys that one network gets before it has to wait.
const FREE_CHALLENGES: i64 = 600;
/// Wrong recovery codes of an account, and requests that its factors be removed, before it has to wait for as long as they count.
const FREE_RECOVERY_CODES: i64 = 4;
/// Wrong recovery codes are forgotten this long after the last one.
const RECOVERY_WINDOW: Duration = Duration::from_secs(3600);
/// Tries turned away in one wait that are put on record, at most: each costs whoever makes it nothing, and none of
/// them may be the way to fill the disk.
pub(crate) const REFUSALS_TOLD_MAX: u32 = 10;
/// Waits that are counted at the same time, at most. Each cost whoever caused it at least one wrong try.
const WAITS_MAX: usize = 10_000;

/// What tries are counted by.
pub(crate) struct Counter {
    key: String,
    /// Wrong tries that cost no wait.
    free: i64,
    fading: Fading,
    waits: Waits,
}

/// How long the waits are after those that cost none.
#[derive(Clone, Copy)]
enum Waits {
    /// 2 s, doubling to 15 minutes.
    Doubling,
    /// So long, each.
    Same(Duration),
}

/// How a count goes down when nothing is tried.
enum Fading {
    /// By half for each time that passes.
    Half(Duration),
    /// To nothing after the time.
    Whole(Duration),
}

impl Counter {
    /// What is left of a count by now.
    fn standing(&self, attempts: &Attempts, now: Timestamp) -> i64 {
        let quiet = now.since(attempts.last_at).as_micros();
        match self.fading {
            Fading::Half(time) => attempts.failures >> (quiet / time.as_micros()).min(62),
            Fading::Whole(time) if quiet > time.as_micros() => 0,
            Fading::Whole(_) => attempts.failures,
        }
    }

    /// The count with one more.
    fn plus_one(&self, before: Option<&Attempts>, now: Timestamp) -> Attempts {
        let failures = before.map_or(0, |before| self.standing(before, now)) + 1;
        let wait = match self.waits {
            Waits::Doubling => wait_after(failures, self.free),
            Waits::Same(wait) if failures > self.free => wait,
            Waits::Same(_) => Duration::ZERO,
        };
        let locked_until = (!wait.is_zero()).then(|| now.plus(wait));
        Attempts { key: self.key.clone(), failures, last_at: now, locked_until }
    }
}

/// What a password is counted by; the first is the person's own. A device that they have signed in from before has a count
/// to itself: strangers neither raise it nor are they let off by it.
pub(crate) fn counters(
    address: Option<IpAddr>,
    email: &EmailAddress,
    device: Option<DeviceId>,
) -> Vec<Counter> {
    counted_by(address, own("", &format!("email:{email}"), device), device)
}

/// What a code of an authenticator app, or an answer of a security key, is counted by: apart from passwords, since the right
/// password, which comes before it, must not make room for more guesses.
pub(crate) fn code_counters(address: Option<IpAddr>, user: UserId, device: Option<DeviceId>) -> Vec<Counter> {
    counted_by(address, own("code:", &format!("user:{user}"), device), device)
}

/// What a recovery code is counted by.
pub(crate) fn recovery_counters(
    address: Option<IpAddr>,
    user: UserId,
    device: Option<DeviceId>,
) -> Vec<Counter> {
    let own = Counter {
        free: FREE_RECOVERY_CODES,
        fading: Fading::Whole(RECOVERY_WINDOW),
        waits: Waits::Same(RECOVERY_WINDOW),
        ..own("recovery:", &format!("user:{user}"), device)
    };
    counted_by(address, own, device)
}

/// What is counted where nobody has said yet who they are: the network alone.
pub(crate) fn network_counters(address: Option<IpAddr>) -> Vec<Counter> {
    network(address)
        .map(|name| of_network(format!("address:{name}"), FREE_TRIES_ADDRESS))
        .into_iter()
        .collect()
}

/// Challenges that are asked for by those who are not signed in. A sign-in from the network begins the count anew.
pub(crate) fn challenge_counters(address: Option<IpAddr>) -> Vec<Counter> {
    network(address)
        .map(|name| of_network(format!("challenges:{name}"), FREE_CHALLENGES))
        .into_iter()
        .collect()
}

/// What is posted in the name of an identity provider and is not accepted: it costs whoever sends it nothing, and must not be the
/// way to fill the disk.
pub(crate) fn answer_counters(address: Option<IpAddr>, provider: IdentityProviderId) -> Vec<Counter> {
    network(address)
        .map(|name| of_network(format!("answers:{provider}:{name}"), FREE_TRIES_ADDRESS))
        .into_iter()
        .collect()
}

/// Links that are asked for by those who lost their password.
pub(crate) fn link_counters(address: Option<IpAddr>) -> Vec<Counter> {
    network(address)
        .map(|name| of_network(format!("resets:{name}"), FREE_TRIES_ADDRESS))
        .into_iter()
        .collect()
}

fn of_network(key: String, free: i64) -> Counter {
    Counter { key, free, fading: Fading::Whole(ADDRESS_WINDOW), waits: Waits::Doubling }
}

/// Requests that somebody lose their second factors.
pub(crate) fn factor_reset_counters(user: UserId) -> Vec<Counter> {
    let (fading, waits) = (Fading::Whole(RECOVERY_WINDOW), Waits::Same(RECOVERY_WINDOW));
    vec![Counter { key: format!("factor_reset:user:{user}"), free: FREE_RECOVERY_CODES, fading, waits }]
}

/// The count that is the person's own, or their device's.
fn own(purpose: &str, person: &str, device: Option<DeviceId>) -> Counter {
    let key = match device {
        Some(device) => {
            let id: String = device.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{purpose}device:{id}")
        }
        None => format!("{purpose}{person}"),
    };
    Counter { key, free: FREE_TRIES, fading: Fading::Half(WAIT_MAX), waits: Waits::Doubling }
}

/// One's own count and, unless a device has one, that of the network.
fn counted_by(address: Option<IpAddr>, own: Counter, device: Option<DeviceId>) -> Vec<Counter> {
    let others = if device.is_some() { Vec::new() } else { network_counters(address) };
    [own].into_iter().chain(others).collect()
}

/// The network that an address is in.
fn network(address: Option<IpAddr>) -> Option<String> {
    Some(match address? {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00)
        }
    })
}

/// How long to wait after the n-th failure in a row: nothing for the free ones, then 2 s, doubling to 15 minutes.
pub(crate) fn wait_after(failures: i64, free: i64) -> Duration {
    match u32::try_from(failures - free) {
        Ok(over) if over > 0 => Duration::from_secs(1_u64 << over.min(10)).min(WAIT_MAX),
        _ => Duration::ZERO,
    }
}

/// The wait that is not over and ends last.
pub(crate) async fn find(
    tx: &mut Tx,
    counters: &[Counter],
    now: Timestamp,
) -> Result<Option<LockOut>, store::Error> {
    let mut longest: Option<LockOut> = None;
    for Counter { key, .. } in counters {
        let attempts = store::sign_in_attempts::find(tx, key).await?;
        let until = attempts.and_then(|attempts| attempts.locked_until).filter(|until| *until > now);
        if let Some(until) = until
            && longest.as_ref().is_none_or(|longest| longest.until < until)
        {
            longest = Some(LockOut { key: key.clone(), until });
        }
    }
    Ok(longest)
}

/// A try that was counted before it was looked at.
pub(crate) struct Counted(Vec<(Option<Attempts>, Attempts)>);

/// Counts a try as a wrong one before anybody looks at it, so that of many at the same moment no more are looked at than
/// of as many one after another. Nothing is counted during a wait.
pub(crate) async fn count(
    control: &Control,
    counters: &[Counter],
) -> Result<Result<Counted, LockOut>, store::Error> {
    let now = control.now();
    let mut tx = control.store().write().await?;
    if let Some(lock_out) = find(&mut tx, counters, now).await? {
        return Ok(Err(lock_out));
    }
    let counted = count_within(&mut tx, counters, now).await?;
    tx.commit().await?;
    Ok(Ok(counted))
}

/// Counts a wrong try within the transaction that looked at it.
pub(crate) async fn count_within(
    tx: &mut Tx,
    counters: &[Counter],
    now: Timestamp,
) -> Result<Counted, store::Error> {
    let mut counted = Vec::with_capacity(counters.len());
    for counter in counters {
        let before = store::sign_in_attempts::find(tx, &counter.key).await?;
        let after = counter.plus_one(before.as_ref(), now);
        store::sign_in_attempts::put(tx, &after).await?;
        counted.push((before, after));
    }
    Ok(Counted(counted))
}

/// After a right answer within the transaction that looked at it, which was not counted: the person's own count begins anew.
pub(crate) async fn clear(tx: &mut Tx, counters: &[Counter]) -> Result<(), store::Error> {
    match counters.first() {
        Some(own) => store::sign_in_attempts::clear(tx, &own.key).await,
        None => Ok(()),
    }
}

impl Counted {
    /// Whether the next try has to wait, and this one had not.
    pub(crate) fn begins_to_wait(&self) -> bool {
        let waits = |attempts: &Attempts| attempts.locked_until.is_some();
        self.0.first().is_some_and(|(before, after)| waits(after) && !before.as_ref().is_some_and(waits))
    }

    /// After the right password: the person's own count begins anew. Of the others only this try is taken back, since one
    /// right password must not make room for twenty more guesses at others.
    pub(crate) async fn forgive(&self, tx: &mut Tx) -> Result<(), store::Error> {
        let Some(((_, own), others)) = self.0.split_first() else { return Ok(()) };
        store::sign_in_attempts::clear(tx, &own.key).await?;
        take_back(tx, others).await
    }

    /// After a try that nobody got to look at.
    pub(crate) async fn take_back(&self, control: &Control) -> Result<(), store::Error> {
        let mut tx = control.store().write().await?;
        take_back(&mut tx, &self.0).await?;
        tx.commit().await
    }
}

/// Takes a try out of counts that others may have raised since.
async fn take_back(tx: &mut Tx, counted: &[(Option<Attempts>, Attempts)]) -> Result<(), store::Error> {
    for (before, mine) in counted {
        let Some(mut attempts) = store::sign_in_attempts::find(tx, &mine.key).await? else { continue };
        attempts.failures -= 1;
        if attempts.failures <= 0 {
            store::sign_in_attempts::clear(tx, &mine.key).await?;
            continue;
        }
        if let Some(before) = before
            && attempts.last_at == mine.last_at
        {
            attempts.last_at = before.last_at;
        }
        if attempts.locked_until == mine.locked_until {
            attempts.locked_until = None;
        }
        store::sign_in_attempts::put(tx, &attempts).await?;
    }
    Ok(())
}

impl LockOut {
    /// Seconds until it is over.
    pub(crate) fn seconds_left(&self, now: Timestamp) -> u64 {
        let micros = self.until.since(now).as_micros();
        u64::try_from(micros.div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
    }
}

/// A wait that is not over.
pub(crate) struct LockOut {
    /// Whose: see [`counters`].
    pub(crate) key: String,
    /// Until when.
    pub(crate) until: Timestamp,
}

/// How many tries each wait has turned away on this server.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, (Timestamp, u32)>>);

impl Refusals {
    /// Counts one more; says the how many-th it is if it belongs on record.
    pub(crate) fn count(&self, lock_out: &LockOut, now: Timestamp) -> Option<u32> {
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
    use super::{super::devices, *};

    #[test]
    fn asvs_6_3_1_waits_double_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| wait_after(failures, FREE_TRIES).as_secs();
        assert_eq!([1, 4, 5, 6, 7, 30].map(seconds), [0, 0, 2, 4, 8, 900]);
    }

    /// Each row of the document, with the numbers that count.
    #[test]
    fn asvs_6_1_1_the_limits_are_documented_as_they_are() {
        let document = include_str!("../../../../docs/sign-in.md");
        let (first, most) = (wait_after(FREE_TRIES + 1, FREE_TRIES).as_secs(), WAIT_MAX.as_secs());
        let doubling = format!("{first} s, doubling to {most} s");
        let fading = format!("half of the count with each {most} s without a try");
        let network = |free| {
            format!("network | {free} | {doubling} | {} s after the last one", ADDRESS_WINDOW.as_secs())
        };
        let own = |whose| format!("{whose} | {FREE_TRIES} | {doubling} | {fading}");
        let recovery = RECOVERY_WINDOW.as_secs();
        let rows = [
            format!("password | {}", own("e-mail address")),
            format!("password, by a device that signed in before | {}", own("device")),
            format!(
                "password, passkey, code or security key, by any other device | {}",
                network(FREE_TRIES_ADDRESS)
            ),
            format!("code or security key | {}", own("person, or their device")),
            format!(
                "recovery code | person, or their device | {FREE_RECOVERY_CODES} | {recovery} s | {recovery} s after the last one"
            ),
            format!("link that sets a password | {}", network(FREE_TRIES_ADDRESS)),
            format!("challenge for a passkey | {}", network(FREE_CHALLENGES)),
        ];
        for row in &rows {
            assert!(document.contains(&format!("\n| {row} |\n")), "{row}");
        }
        let table = document.split("| what is tried |").nth(1).unwrap();
        let table = table.split("\n\n").next().unwrap();
        assert_eq!(table.lines().filter(|line| line.starts_with("| ")).count(), rows.len());
        let days = devices::LIFETIME.as_secs() / (24 * 3600);
        assert!(document.contains(&format!("a device from which its person signed in within {days} days")));
    }

    #[test]
    fn counts_fade() {
        let email: EmailAddress = "ann@example.org".parse().unwrap();
        let counters = counters(Some(IpAddr::from([192, 0, 2, 1])), &email, None);
        let attempts = |failures| Attempts {
            key: String::new(),
            failures,
            last_at: Timestamp::from_micros(0),
            locked_until: None,
        };
        let after = |counter: &Counter, minutes: i64| {
            counter.standing(&attempts(14), Timestamp::from_micros(minutes * 60_000_000))
        };
        assert_eq!(
            [0, 14, 15, 30, 45, 60, 6000].map(|minutes| after(&counters[0], minutes)),
            [14, 14, 7, 3, 1, 0, 0]
        );
        assert_eq!([0, 10, 11].map(|minutes| after(&counters[1], minutes)), [14, 14, 0]);
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
