//! The contract of `store::factor_resets`.

use domain::{ids::FactorResetId, sign_ins::FactorResetOutcome};
use store::{
    Store,
    factor_resets::{self, FactorReset},
};

use crate::samples::*;

contract!(
    one_is_open_for_a_person_and_ends_once,
    one_that_was_carried_out_is_made_up_for,
    comes_due_in_its_order
);

fn reset(number: u128, user: u128) -> FactorReset {
    FactorReset {
        id: FactorResetId::from_uuid(uuid(number)),
        user_id: user_id(user),
        organization_id: organization_id(1),
        asked_by: user_id(1),
        reason: "Lost the phöne".into(),
        token_hash: vec![u8::try_from(number).unwrap(); 32],
        created_at: at(1),
        due_at: at(100),
        outcome: None,
        ended_at: None,
    }
}

async fn one_is_open_for_a_person_and_ends_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let one = reset(1, 1);
    assert!(factor_resets::add(&mut tx, &one).await.unwrap());
    assert!(!factor_resets::add(&mut tx, &reset(2, 1)).await.unwrap());
    assert_eq!(factor_resets::find_open(&mut tx, user_id(1)).await.unwrap(), Some(one.clone()));
    assert_eq!(factor_resets::find_by_token(&mut tx, &[1; 32]).await.unwrap(), Some(one.clone()));
    assert_eq!(factor_resets::find_by_token(&mut tx, &[2; 32]).await.unwrap(), None);
    let outcome = FactorResetOutcome::Objected;
    assert!(factor_resets::end(&mut tx, one.id, outcome, at(5)).await.unwrap());
    assert!(!factor_resets::end(&mut tx, one.id, FactorResetOutcome::Done, at(6)).await.unwrap());
    assert_eq!(factor_resets::find_open(&mut tx, user_id(1)).await.unwrap(), None);
    let ended = FactorReset { outcome: Some(outcome), ended_at: Some(at(5)), ..one.clone() };
    assert_eq!(factor_resets::find_by_token(&mut tx, &[1; 32]).await.unwrap(), Some(ended.clone()));
    assert_eq!(factor_resets::find_newest(&mut tx, user_id(1)).await.unwrap(), Some(ended));
    let next = FactorReset { created_at: at(6), ..reset(2, 1) };
    assert!(factor_resets::add(&mut tx, &next).await.unwrap(), "the next one can be asked");
    assert_eq!(factor_resets::find_newest(&mut tx, user_id(1)).await.unwrap(), Some(next));
    assert_eq!(factor_resets::find_newest(&mut tx, user_id(2)).await.unwrap(), None);
    assert!(!format!("{one:?}").contains("token_hash"));
}

async fn one_that_was_carried_out_is_made_up_for(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let one = reset(1, 1);
    assert!(factor_resets::add(&mut tx, &one).await.unwrap());
    let outcome =
        async |tx: &mut store::Tx| factor_resets::find_newest(tx, user_id(1)).await.unwrap().unwrap().outcome;
    factor_resets::make_up(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(outcome(&mut tx).await, None, "it is open");
    assert!(factor_resets::end(&mut tx, one.id, FactorResetOutcome::Done, at(5)).await.unwrap());
    factor_resets::make_up(&mut tx, user_id(2)).await.unwrap();
    assert_eq!(outcome(&mut tx).await, Some(FactorResetOutcome::Done));
    factor_resets::make_up(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(outcome(&mut tx).await, Some(FactorResetOutcome::MadeUp));
}

async fn comes_due_in_its_order(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::users::add(&mut tx, &user(2)).await.unwrap();
    let (early, late) = (FactorReset { due_at: at(50), ..reset(2, 2) }, reset(1, 1));
    for reset in [&late, &early] {
        factor_resets::add(&mut tx, reset).await.unwrap();
    }
    assert_eq!(factor_resets::due(&mut tx, at(49), 9).await.unwrap(), []);
    assert_eq!(factor_resets::due(&mut tx, at(50), 9).await.unwrap(), std::slice::from_ref(&early));
    assert_eq!(factor_resets::due(&mut tx, at(100), 9).await.unwrap(), [early.clone(), late.clone()]);
    assert_eq!(factor_resets::due(&mut tx, at(100), 1).await.unwrap(), std::slice::from_ref(&early));
    factor_resets::end(&mut tx, early.id, FactorResetOutcome::Done, at(60)).await.unwrap();
    assert_eq!(factor_resets::due(&mut tx, at(100), 9).await.unwrap(), [late]);
}
