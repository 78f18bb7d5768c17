//! The contract of `store::step_runs`.

use std::collections::BTreeMap;

use store::{
    Store, Tx,
    step_runs::{self, StepRun},
};

use crate::samples::*;

contract!(
    begins_a_step_once,
    a_failure_is_kept_with_its_text,
    tells_runs_apart,
    tells_how_long_steps_and_runs_took,
    forgets_what_is_long_past,
);

/// Begins and finishes a step.
async fn ran(tx: &mut Tx, strand: u128, run: &str, step: &str, from: i64, to: i64) {
    let id = strand_id(strand);
    let sequence = step_runs::begin_if_absent(tx, id, step, run, at(from)).await.unwrap();
    step_runs::finish(tx, id, sequence, at(to)).await.unwrap();
}

async fn begins_a_step_once(store: Store) {
    let id = strand_id(1);
    let mut tx = store.write().await.unwrap();
    assert_eq!(step_runs::begin_if_absent(&mut tx, id, "place", "creating", at(10)).await.unwrap(), 1);
    assert_eq!(step_runs::begin_if_absent(&mut tx, id, "place", "creating", at(20)).await.unwrap(), 1);
    step_runs::finish(&mut tx, id, 1, at(30)).await.unwrap();
    step_runs::finish(&mut tx, id, 1, at(40)).await.unwrap();
    assert_eq!(step_runs::begin_if_absent(&mut tx, id, "boot", "creating", at(30)).await.unwrap(), 2);
    let expected = |sequence, step: &str, started_at, finished_at: Option<i64>| StepRun {
        strand_id: id,
        sequence,
        step: step.into(),
        run: "creating".into(),
        run_number: 1,
        started_at: at(started_at),
        finished_at: finished_at.map(at),
        attempts: 0,
        error: None,
        next_try_at: None,
    };
    let listed = step_runs::list(&mut tx, id).await.unwrap();
    assert_eq!(listed, [expected(1, "place", 10, Some(30)), expected(2, "boot", 30, None)]);
    assert_eq!(step_runs::list(&mut tx, strand_id(2)).await.unwrap(), []);
    assert_eq!(step_runs::remove(&mut tx, id).await.unwrap(), 2);
    assert_eq!(step_runs::list(&mut tx, id).await.unwrap(), []);
}

async fn a_failure_is_kept_with_its_text(store: Store) {
    let id = strand_id(1);
    let mut tx = store.write().await.unwrap();
    step_runs::begin_if_absent(&mut tx, id, "place", "creating", at(10)).await.unwrap();
    step_runs::set_failed(&mut tx, id, 1, 4, "no \0 room", at(50)).await.unwrap();
    let failed = step_runs::list(&mut tx, id).await.unwrap().remove(0);
    assert_eq!((failed.attempts, failed.error.as_deref()), (4, Some("no \u{fffd} room")));
    assert_eq!((failed.next_try_at, failed.finished_at), (Some(at(50)), None));
    step_runs::finish(&mut tx, id, 1, at(60)).await.unwrap();
    let done = step_runs::list(&mut tx, id).await.unwrap().remove(0);
    assert_eq!((done.attempts, done.error.as_deref()), (4, Some("no \u{fffd} room")));
    assert_eq!((done.next_try_at, done.finished_at), (None, Some(at(60))));
}

async fn tells_runs_apart(store: Store) {
    let mut tx = store.write().await.unwrap();
    ran(&mut tx, 1, "creating", "place", 0, 1).await;
    ran(&mut tx, 1, "creating", "boot", 1, 2).await;
    ran(&mut tx, 1, "restarting", "boot", 10, 11).await;
    ran(&mut tx, 1, "restarting", "ready", 11, 12).await;
    // The same kind again, with nothing in between.
    ran(&mut tx, 1, "restarting", "boot", 20, 21).await;
    // The first boot is still under way when the service is to go.
    step_runs::begin_if_absent(&mut tx, strand_id(1), "ready", "restarting", at(21)).await.unwrap();
    ran(&mut tx, 1, "deleting", "stop", 30, 31).await;
    let numbers: Vec<_> =
        step_runs::list(&mut tx, strand_id(1)).await.unwrap().iter().map(|one| one.run_number).collect();
    assert_eq!(numbers, [1, 1, 2, 2, 3, 3, 4]);
}

async fn tells_how_long_steps_and_runs_took(store: Store) {
    let mut tx = store.write().await.unwrap();
    ran(&mut tx, 1, "creating", "place", 0, 5_000).await;
    ran(&mut tx, 1, "creating", "boot", 5_000, 25_999).await;
    ran(&mut tx, 2, "creating", "place", 100_000, 101_000).await;
    ran(&mut tx, 2, "creating", "boot", 101_000, 141_000).await;
    ran(&mut tx, 2, "restarting", "boot", 500_000, 503_000).await;
    // Still under way: no whole run, but a step of it is done.
    ran(&mut tx, 3, "creating", "place", 900_000, 907_000).await;
    step_runs::begin_if_absent(&mut tx, strand_id(3), "boot", "creating", at(907_000)).await.unwrap();
    let steps = ["place", "boot", "nothing"];
    let all = step_runs::durations(&mut tx, "creating", &steps, 9).await.unwrap();
    assert_eq!(all, BTreeMap::from([("boot".into(), vec![40, 20]), ("place".into(), vec![7, 1, 5])]));
    let last = step_runs::durations(&mut tx, "creating", &steps, 2).await.unwrap();
    assert_eq!(last, BTreeMap::from([("boot".into(), vec![40, 20]), ("place".into(), vec![7, 1])]));
    let others = step_runs::durations(&mut tx, "restarting", &steps, 9).await.unwrap();
    assert_eq!(others, BTreeMap::from([("boot".into(), vec![3])]));
    assert_eq!(step_runs::durations(&mut tx, "creating", &[], 9).await.unwrap(), BTreeMap::new());
    assert_eq!(step_runs::run_durations(&mut tx, "creating", "boot", 9).await.unwrap(), [41, 25]);
    assert_eq!(step_runs::run_durations(&mut tx, "creating", "boot", 1).await.unwrap(), [41]);
    assert_eq!(step_runs::run_durations(&mut tx, "restarting", "boot", 9).await.unwrap(), [3]);
    assert_eq!(step_runs::run_durations(&mut tx, "deleting", "boot", 9).await.unwrap(), [0; 0]);
}

/// Each kind of run for itself: many small changes do not take away how the strand came to be.
async fn forgets_what_is_long_past(store: Store) {
    let mut tx = store.write().await.unwrap();
    ran(&mut tx, 1, "creating", "place", 0, 1).await;
    ran(&mut tx, 2, "changing", "apply", 0, 1).await;
    for number in 0..250 {
        ran(&mut tx, 1, "changing", "apply", number * 10, number * 10 + 5).await;
    }
    let listed = step_runs::list(&mut tx, strand_id(1)).await.unwrap();
    assert_eq!((listed.len(), listed[0].run.as_str()), (201, "creating"));
    assert_eq!((listed[1].sequence, listed[200].sequence), (52, 251));
    assert_eq!(step_runs::list(&mut tx, strand_id(2)).await.unwrap().len(), 1);
    assert_eq!(
        step_runs::begin_if_absent(&mut tx, strand_id(1), "stop", "deleting", at(9)).await.unwrap(),
        252
    );
}
