//! The contract of `store::strands`: leases, fencing, and what the end of a try leaves.

use store::{Store, Tx, strands};
use uuid::Uuid;

use crate::samples::*;

contract!(
    adds_finds_and_counts,
    leases_the_longest_due_of_the_workflows,
    an_expired_lease_goes_to_the_next_and_fences_the_first,
    a_lease_that_is_extended_stays,
    hop_begins_a_step_afresh,
    nap_clears_errors_and_fail_counts_them,
    finish_removes_with_signals,
    wake_reaches_a_sleeping_strand,
    wake_reaches_a_strand_that_is_held,
    tells_what_is_overdue_once,
    tells_when_to_look_again,
    leases_what_is_on_ones_own_hosts,
);

const WORKFLOWS: &[&str] = &["service"];

async fn lease(tx: &mut Tx, now: i64, until: i64, token: Uuid) -> Option<u128> {
    let strand = strands::lease(tx, at(now), at(until), token, WORKFLOWS, &[]).await.unwrap()?;
    assert_eq!((strand.lease_token, strand.leased_until), (Some(token), Some(at(until))));
    Some(strand.id.uuid().as_u128())
}

async fn found(tx: &mut Tx, number: u128) -> strands::Strand {
    strands::find(tx, strand_id(number)).await.unwrap().unwrap()
}

async fn adds_finds_and_counts(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut full = strand(1, 5);
    full.leased_until = Some(at(1));
    full.lease_token = Some(uuid(2));
    full.error = Some("why".into());
    full.deadline_at = Some(at(3));
    full.alerted_at = Some(at(4));
    full.generation = 9;
    full.attempts = 2;
    strands::add(&mut tx, &full).await.unwrap();
    assert_eq!(strands::find(&mut tx, strand_id(1)).await.unwrap(), Some(full));
    assert_eq!(strands::find(&mut tx, strand_id(2)).await.unwrap(), None);
    assert_eq!(strands::count(&mut tx).await.unwrap(), 1);
}

async fn leases_the_longest_due_of_the_workflows(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut foreign = strand(4, 1);
    foreign.workflow = "backup".into();
    for strand in [strand(1, 20), strand(2, 10), strand(3, 31), foreign] {
        strands::add(&mut tx, &strand).await.unwrap();
    }
    assert_eq!(lease(&mut tx, 9, 99, uuid(1)).await, None);
    assert_eq!(lease(&mut tx, 30, 99, uuid(1)).await, Some(2));
    assert_eq!(lease(&mut tx, 30, 99, uuid(2)).await, Some(1));
    assert_eq!(lease(&mut tx, 30, 99, uuid(3)).await, None);
    let nothing = strands::lease(&mut tx, at(30), at(99), uuid(3), &[], &[]).await.unwrap();
    assert_eq!(nothing, None);
    let both = strands::lease(&mut tx, at(31), at(99), uuid(3), &["service", "backup"], &[]).await.unwrap();
    assert_eq!(both.unwrap().id, strand_id(4));
}

async fn an_expired_lease_goes_to_the_next_and_fences_the_first(store: Store) {
    let (first, second) = (uuid(101), uuid(102));
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 0)).await.unwrap();
    assert_eq!(lease(&mut tx, 10, 20, first).await, Some(1));
    assert_eq!(lease(&mut tx, 19, 30, second).await, None);
    assert_eq!(lease(&mut tx, 20, 30, second).await, Some(1));
    // The first comes back from wherever it was and finds nothing it may change.
    let id = strand_id(1);
    let before = found(&mut tx, 1).await;
    assert!(!strands::extend_lease(&mut tx, id, first, at(99)).await.unwrap());
    assert!(!strands::hop(&mut tx, id, first, "next", "{}", at(9), None).await.unwrap());
    assert!(!strands::nap(&mut tx, id, first, at(9), "{}").await.unwrap());
    assert!(!strands::fail(&mut tx, id, first, "why", at(9)).await.unwrap());
    assert!(!strands::finish(&mut tx, id, first).await.unwrap());
    assert_eq!(found(&mut tx, 1).await, before);
    assert!(strands::nap(&mut tx, id, second, at(40), "{}").await.unwrap());
    // A lease ends with the write it was for.
    assert!(!strands::nap(&mut tx, id, second, at(40), "{}").await.unwrap());
}

async fn a_lease_that_is_extended_stays(store: Store) {
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 0)).await.unwrap();
    assert_eq!(lease(&mut tx, 10, 20, uuid(1)).await, Some(1));
    assert!(strands::extend_lease(&mut tx, strand_id(1), uuid(1), at(30)).await.unwrap());
    assert_eq!(lease(&mut tx, 25, 40, uuid(2)).await, None);
    assert_eq!(lease(&mut tx, 30, 40, uuid(2)).await, Some(1));
}

async fn hop_begins_a_step_afresh(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut tried = strand(1, 0);
    tried.attempts = 3;
    tried.error = Some("why".into());
    tried.alerted_at = Some(at(1));
    strands::add(&mut tx, &tried).await.unwrap();
    lease(&mut tx, 10, 20, uuid(1)).await.unwrap();
    assert!(strands::hop(&mut tx, strand_id(1), uuid(1), "boot", "[1]", at(15), Some(at(60))).await.unwrap());
    let mut expected = strand(1, 15);
    expected.step = "boot".into();
    expected.state = "[1]".into();
    expected.step_started_at = at(15);
    expected.deadline_at = Some(at(60));
    expected.generation = 2;
    assert_eq!(found(&mut tx, 1).await, expected);
}

async fn nap_clears_errors_and_fail_counts_them(store: Store) {
    let id = strand_id(1);
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 0)).await.unwrap();
    for attempt in 1..=2 {
        lease(&mut tx, attempt * 10, attempt * 10 + 5, uuid(1)).await.unwrap();
        let wake_at = at(attempt * 10 + 1);
        assert!(strands::fail(&mut tx, id, uuid(1), "a \0 byte", wake_at).await.unwrap());
        let failed = found(&mut tx, 1).await;
        assert_eq!((failed.attempts, failed.error.as_deref()), (attempt, Some("a \u{fffd} byte")));
        assert_eq!((failed.wake_at, failed.leased_until, failed.lease_token), (wake_at, None, None));
        assert_eq!((failed.step.as_str(), failed.state.as_str()), ("place", "{}"));
    }
    lease(&mut tx, 50, 55, uuid(1)).await.unwrap();
    assert!(strands::nap(&mut tx, id, uuid(1), at(70), "[2]").await.unwrap());
    let mut expected = strand(1, 70);
    expected.state = "[2]".into();
    expected.generation = 6;
    assert_eq!(found(&mut tx, 1).await, expected);
}

async fn finish_removes_with_signals(store: Store) {
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 0)).await.unwrap();
    let destroy = domain::states::Signal::Destroy;
    store::signals::add(&mut tx, strand_id(1), destroy, at(1)).await.unwrap();
    assert!(!strands::finish(&mut tx, strand_id(1), uuid(1)).await.unwrap());
    lease(&mut tx, 10, 20, uuid(1)).await.unwrap();
    assert!(strands::finish(&mut tx, strand_id(1), uuid(1)).await.unwrap());
    assert_eq!(strands::count(&mut tx).await.unwrap(), 0);
    assert_eq!(store::signals::list(&mut tx, strand_id(1)).await.unwrap(), []);
}

async fn wake_reaches_a_sleeping_strand(store: Store) {
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 1000)).await.unwrap();
    assert!(!strands::wake(&mut tx, strand_id(2), at(10)).await.unwrap());
    assert!(strands::wake(&mut tx, strand_id(1), at(10)).await.unwrap());
    assert_eq!(found(&mut tx, 1).await.wake_at, at(10));
    // Never later than it was.
    assert!(strands::wake(&mut tx, strand_id(1), at(500)).await.unwrap());
    assert_eq!(found(&mut tx, 1).await.wake_at, at(10));
}

async fn wake_reaches_a_strand_that_is_held(store: Store) {
    let id = strand_id(1);
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(1, 0)).await.unwrap();
    for end_of_try in 0..3 {
        let now = 10 + end_of_try * 10;
        lease(&mut tx, now, now + 5, uuid(1)).await.unwrap();
        assert!(strands::wake(&mut tx, id, at(now)).await.unwrap());
        // The holder has not seen what it is woken for, and means to sleep long.
        assert!(match end_of_try {
            0 => strands::nap(&mut tx, id, uuid(1), at(9999), "{}").await.unwrap(),
            1 => strands::fail(&mut tx, id, uuid(1), "why", at(9999)).await.unwrap(),
            _ => strands::hop(&mut tx, id, uuid(1), "next", "{}", at(9999), None).await.unwrap(),
        });
        assert!(found(&mut tx, 1).await.wake_at <= at(now), "{end_of_try}");
    }
    // Once seen to, a wake-up is over.
    lease(&mut tx, 100, 105, uuid(1)).await.unwrap();
    assert!(strands::nap(&mut tx, id, uuid(1), at(9999), "{}").await.unwrap());
    assert_eq!(found(&mut tx, 1).await.wake_at, at(9999));
}

async fn tells_what_is_overdue_once(store: Store) {
    let mut tx = store.write().await.unwrap();
    for (number, deadline) in [(1, Some(20)), (2, Some(10)), (3, Some(31)), (4, None)] {
        let mut strand = strand(number, 0);
        strand.deadline_at = deadline.map(at);
        strands::add(&mut tx, &strand).await.unwrap();
    }
    let overdue = strands::overdue(&mut tx, at(30)).await.unwrap();
    assert_eq!(overdue.iter().map(|one| one.id).collect::<Vec<_>>(), [strand_id(2), strand_id(1)]);
    strands::set_alerted(&mut tx, strand_id(2), at(30)).await.unwrap();
    let overdue = strands::overdue(&mut tx, at(30)).await.unwrap();
    assert_eq!(overdue.iter().map(|one| one.id).collect::<Vec<_>>(), [strand_id(1)]);
    assert_eq!(found(&mut tx, 2).await.alerted_at, Some(at(30)));
}

async fn tells_when_to_look_again(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(strands::next_wake(&mut tx, &[]).await.unwrap(), None);
    strands::add(&mut tx, &strand(1, 50)).await.unwrap();
    strands::add(&mut tx, &strand(2, 5)).await.unwrap();
    assert_eq!(strands::next_wake(&mut tx, &[]).await.unwrap(), Some(at(5)));
    // What is held can be had when the lease ends.
    assert_eq!(lease(&mut tx, 10, 40, uuid(1)).await, Some(2));
    assert_eq!(strands::next_wake(&mut tx, &[]).await.unwrap(), Some(at(40)));
    strands::extend_lease(&mut tx, strand_id(2), uuid(1), at(60)).await.unwrap();
    assert_eq!(strands::next_wake(&mut tx, &[]).await.unwrap(), Some(at(50)));
}

async fn leases_what_is_on_ones_own_hosts(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    strands::add(&mut tx, &strand(2, 300)).await.unwrap();
    // The first has its node on host-a, the second has none yet.
    for (hosts, expected) in [(&["host-b"][..], 300), (&[], 300), (&["host-b", "host-a"], 100)] {
        assert_eq!(strands::next_wake(&mut tx, hosts).await.unwrap(), Some(at(expected)), "{hosts:?}");
    }
    let mut lease = async |hosts: &[&str]| {
        let leased = strands::lease(&mut tx, at(500), at(900), uuid(1), WORKFLOWS, hosts).await.unwrap();
        leased.map(|strand| strand.id)
    };
    assert_eq!(lease(&["host-b"]).await, Some(strand_id(2)));
    assert_eq!(lease(&["host-b"]).await, None);
    assert_eq!(lease(&["host-a"]).await, Some(strand_id(1)));
}
