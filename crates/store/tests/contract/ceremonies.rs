//! The contract of `store::ceremonies`.

use domain::sign_ins::CeremonyKind;
use store::{
    Store,
    ceremonies::{self, Ceremony},
};

use crate::samples::*;

contract!(is_taken_once_as_what_it_is_and_in_time, goes_with_its_person_or_its_time);

fn ceremony(number: u8) -> Ceremony {
    Ceremony {
        id_hash: vec![number; 32],
        kind: CeremonyKind::SecondFactor,
        user_id: Some(user_id(1)),
        state_sealed: vec![0, 255],
        created_at: at(1),
        expires_at: at(100),
    }
}

async fn is_taken_once_as_what_it_is_and_in_time(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let one = ceremony(1);
    ceremonies::add(&mut tx, &one).await.unwrap();
    let kind = CeremonyKind::SecondFactor;
    assert!(ceremonies::find(&mut tx, &one.id_hash, kind, at(99)).await.unwrap() == Some(one.clone()));
    for (hash, kind, now) in [
        (&one.id_hash, CeremonyKind::StepUp, at(50)),
        (&one.id_hash, kind, at(100)),
        (&vec![9; 32], kind, at(50)),
    ] {
        assert!(ceremonies::find(&mut tx, hash, kind, now).await.unwrap().is_none());
        assert!(ceremonies::take(&mut tx, hash, kind, now).await.unwrap().is_none());
    }
    assert!(ceremonies::take(&mut tx, &one.id_hash, kind, at(99)).await.unwrap() == Some(one.clone()));
    assert!(ceremonies::take(&mut tx, &one.id_hash, kind, at(99)).await.unwrap().is_none(), "once");
    assert!(ceremonies::find(&mut tx, &one.id_hash, kind, at(99)).await.unwrap().is_none());
}

async fn goes_with_its_person_or_its_time(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 1..=4 {
        let user_id = (number != 4).then_some(user_id(1));
        let expires_at = at(10 * i64::from(number));
        ceremonies::add(&mut tx, &Ceremony { user_id, expires_at, ..ceremony(number) }).await.unwrap();
    }
    assert_eq!(both(&mut tx).await, (3, 1));
    assert_eq!(ceremonies::remove_expired(&mut tx, at(20), 1).await.unwrap(), 1);
    assert_eq!(ceremonies::remove_expired(&mut tx, at(20), 9).await.unwrap(), 1);
    assert_eq!(ceremonies::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 1);
    assert_eq!(both(&mut tx).await, (0, 1), "nobody's stays");
    store::users::add(&mut tx, &user(2)).await.unwrap();
    let step_up = Ceremony { kind: CeremonyKind::StepUp, ..ceremony(5) };
    let another = Ceremony { user_id: Some(user_id(2)), kind: CeremonyKind::StepUp, ..ceremony(7) };
    for one in [&step_up, &ceremony(6), &another] {
        ceremonies::add(&mut tx, one).await.unwrap();
    }
    assert_eq!(ceremonies::remove_of_kind(&mut tx, user_id(1), CeremonyKind::StepUp).await.unwrap(), 1);
    assert_eq!(ceremonies::remove_of_kind(&mut tx, user_id(1), CeremonyKind::StepUp).await.unwrap(), 0);
    assert_eq!(both(&mut tx).await, (2, 1), "other kinds and those of others stay");
}

/// How many are under way of people, and of visitors.
async fn both(tx: &mut store::Tx) -> (i64, i64) {
    (ceremonies::count(tx, true).await.unwrap(), ceremonies::count(tx, false).await.unwrap())
}
