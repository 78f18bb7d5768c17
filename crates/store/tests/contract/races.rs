//! What must hold when many write at once. Writers may be asked to try again; nothing may be lost or done twice.

use std::collections::HashMap;

use domain::timestamps::Timestamp;
use store::{Error, Store, events, projects, strands, users};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::samples::*;

contract!(
    no_change_is_lost,
    a_chain_has_no_gap_and_no_fork,
    a_free_name_goes_to_one,
    renames_and_new_projects_do_not_share_a_name,
    each_strand_is_leased_once,
);

const TASKS: u128 = 8;
const CHANGES: i64 = 10;
/// More than any test needs, so that a loop that cannot end fails.
const TRIES_MAX: usize = 2000;

/// Runs the transaction until it meets no other one. A macro, since closures that return futures which borrow cannot
/// be spawned.
macro_rules! persist {
    ($transaction:expr) => {
        'tries: {
            for _ in 0..TRIES_MAX {
                match $transaction.await {
                    Err(Error::Conflict) => {}
                    other => break 'tries other.unwrap(),
                }
            }
            panic!("still in conflict after {TRIES_MAX} tries")
        }
    };
}

async fn count_up(store: &Store) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let before = users::find(&mut tx, user_id(1)).await?.unwrap().last_activity_at;
    // Long enough for the others to read the same.
    tokio::task::yield_now().await;
    let after = at(before.map_or(0, Timestamp::micros) + 1);
    users::set_last_activity(&mut tx, user_id(1), after).await?;
    tx.commit().await
}

async fn no_change_is_lost(store: Store) {
    populate(&store).await;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..CHANGES {
                persist!(count_up(&store));
            }
        });
    }
    tasks.join_all().await;
    let mut tx = store.read().await.unwrap();
    let total = users::find(&mut tx, user_id(1)).await.unwrap().unwrap().last_activity_at;
    assert_eq!(total, Some(at(i64::try_from(TASKS).unwrap() * CHANGES)));
}

async fn append(store: &Store) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let (sequence, hash) = events::last(&mut tx, None).await?.unwrap_or((0, vec![0; 32]));
    let mut event = event(None, sequence + 1);
    event.previous_hash = hash;
    events::append(&mut tx, &event).await?;
    tx.commit().await
}

async fn a_chain_has_no_gap_and_no_fork(store: Store) {
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..CHANGES {
                persist!(append(&store));
            }
        });
    }
    tasks.join_all().await;
    let mut tx = store.read().await.unwrap();
    let mut chain = events::list_for_organization(&mut tx, None, &events::EventFilter::default(), None, 1000)
        .await
        .unwrap();
    chain.reverse();
    assert_eq!(chain.len(), usize::try_from(TASKS).unwrap() * usize::try_from(CHANGES).unwrap());
    let mut previous = vec![0; 32];
    for (sequence, event) in (1..).zip(chain) {
        assert_eq!((event.sequence, &event.previous_hash), (sequence, &previous));
        previous = event.hash;
    }
}

async fn add(store: &Store, number: u128) -> Result<bool, Error> {
    let mut wanted = project(100 + number);
    wanted.name = "wanted".into();
    let mut tx = store.write().await?;
    let is_mine = projects::add(&mut tx, &wanted).await?;
    tx.commit().await?;
    Ok(is_mine)
}

async fn rename(store: &Store, number: u128) -> Result<bool, Error> {
    let mut tx = store.write().await?;
    let is_mine = projects::rename(&mut tx, project_id(number), "wanted").await?;
    tx.commit().await?;
    Ok(is_mine)
}

async fn a_free_name_goes_to_one(store: Store) {
    populate(&store).await;
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move { persist!(add(&store, number)) });
    }
    let winners = tasks.join_all().await.into_iter().filter(|is_mine| *is_mine).count();
    assert_eq!(winners, 1);
}

async fn renames_and_new_projects_do_not_share_a_name(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 2..=TASKS {
        projects::add(&mut tx, &project(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 1..=TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            if number % 2 == 0 { persist!(rename(&store, number)) } else { persist!(add(&store, number)) }
        });
    }
    let winners = tasks.join_all().await.into_iter().filter(|is_mine| *is_mine).count();
    assert_eq!(winners, 1);
}

async fn lease(store: &Store, token: Uuid) -> Result<Option<strands::Strand>, Error> {
    let mut tx = store.write().await?;
    let strand = strands::lease(&mut tx, at(10), at(99), token, &["service"], &[]).await?;
    tx.commit().await?;
    Ok(strand)
}

async fn each_strand_is_leased_once(store: Store) {
    const STRANDS: u128 = 40;
    let mut tx = store.write().await.unwrap();
    for number in 0..STRANDS {
        strands::add(&mut tx, &strand(number, 0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for worker in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            let mut held = Vec::new();
            loop {
                let token = uuid(worker * 1000 + u128::try_from(held.len()).unwrap());
                match persist!(lease(&store, token)) {
                    Some(strand) => held.push((strand.id, token)),
                    None => return held,
                }
            }
        });
    }
    let held: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let tokens: HashMap<_, _> = held.iter().copied().collect();
    assert_eq!((held.len(), tokens.len()), (40, 40));
    let mut tx = store.read().await.unwrap();
    for (id, token) in tokens {
        assert_eq!(strands::find(&mut tx, id).await.unwrap().unwrap().lease_token, Some(token));
    }
}
