//! The contract of `store::factors`.

use domain::{ids::FactorId, sign_ins::FactorKind};
use store::{
    Store,
    factors::{self, Factor},
};

use crate::samples::*;

contract!(
    is_its_persons_alone,
    a_step_is_taken_once_and_none_before_it,
    of_two_answers_to_one_counter_one_is_taken,
    kinds_are_told_of_members,
    goes_alone_or_with_all_of_its_person,
);

fn factor_id(number: u128) -> FactorId {
    FactorId::from_uuid(uuid(number))
}

/// An authenticator app of user 1.
fn totp(number: u128) -> Factor {
    Factor {
        id: factor_id(number),
        user_id: user_id(1),
        kind: FactorKind::Totp,
        name: "Phöne 🦀".into(),
        secret_sealed: Some(vec![0, 255]),
        last_step: None,
        credential_id: None,
        credential: None,
        created_at: at(i64::try_from(number).unwrap()),
        last_used_at: None,
    }
}

fn passkey(number: u128) -> Factor {
    Factor {
        kind: FactorKind::Passkey,
        secret_sealed: None,
        credential_id: Some(vec![u8::try_from(number).unwrap(); 16]),
        credential: Some("{\"counter\":1}".into()),
        ..totp(number)
    }
}

async fn is_its_persons_alone(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::users::add(&mut tx, &user(2)).await.unwrap();
    for factor in [&passkey(2), &totp(1)] {
        assert!(factors::add(&mut tx, factor).await.unwrap());
    }
    assert_eq!(factors::find(&mut tx, user_id(1), factor_id(1)).await.unwrap(), Some(totp(1)));
    assert_eq!(factors::find(&mut tx, user_id(2), factor_id(1)).await.unwrap(), None);
    assert_eq!(factors::list_for_user(&mut tx, user_id(1)).await.unwrap(), [totp(1), passkey(2)]);
    assert_eq!(factors::list_for_user(&mut tx, user_id(2)).await.unwrap(), []);
    // A credential is one person's, once.
    let taken = Factor { id: factor_id(3), user_id: user_id(2), ..passkey(2) };
    assert!(!factors::add(&mut tx, &taken).await.unwrap());
    assert_eq!(factors::find_by_credential(&mut tx, &[2; 16]).await.unwrap(), Some(passkey(2)));
    assert_eq!(factors::find_by_credential(&mut tx, &[3; 16]).await.unwrap(), None);
    assert!(factors::set_name(&mut tx, user_id(1), factor_id(1), "Tablet").await.unwrap());
    assert!(!factors::set_name(&mut tx, user_id(2), factor_id(1), "Mine").await.unwrap());
    let named = factors::find(&mut tx, user_id(1), factor_id(1)).await.unwrap().unwrap();
    assert_eq!(named.name, "Tablet");
    assert!(!format!("{named:?}").contains("255"), "no seed in logs");
}

async fn a_step_is_taken_once_and_none_before_it(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    factors::add(&mut tx, &totp(1)).await.unwrap();
    factors::add(&mut tx, &passkey(2)).await.unwrap();
    for (step, is_taken) in [(7, true), (7, false), (6, false), (8, true)] {
        let taken = factors::take_step(&mut tx, user_id(1), factor_id(1), step, at(step)).await.unwrap();
        assert_eq!(taken, is_taken, "{step}");
    }
    assert!(!factors::take_step(&mut tx, user_id(2), factor_id(1), 9, at(9)).await.unwrap());
    assert!(!factors::take_step(&mut tx, user_id(1), factor_id(2), 9, at(9)).await.unwrap(), "no app");
    let factor = factors::find(&mut tx, user_id(1), factor_id(1)).await.unwrap().unwrap();
    assert_eq!((factor.last_step, factor.last_used_at), (Some(8), Some(at(8))));
}

async fn of_two_answers_to_one_counter_one_is_taken(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    factors::add(&mut tx, &passkey(2)).await.unwrap();
    let before = passkey(2).credential.unwrap();
    let (user, id) = (user_id(1), factor_id(2));
    assert!(!factors::set_credential(&mut tx, user_id(2), id, &before, "x", at(5)).await.unwrap());
    assert!(factors::set_credential(&mut tx, user, id, &before, "{\"counter\":2}", at(5)).await.unwrap());
    assert!(!factors::set_credential(&mut tx, user, id, &before, "{\"counter\":2}", at(6)).await.unwrap());
    let factor = factors::find(&mut tx, user, id).await.unwrap().unwrap();
    assert_eq!(factor.credential.as_deref(), Some("{\"counter\":2}"));
    assert_eq!(factor.last_used_at, Some(at(5)));
}

async fn kinds_are_told_of_members(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    // A stranger's is not told.
    store::users::add(&mut tx, &user(2)).await.unwrap();
    factors::add(&mut tx, &Factor { user_id: user_id(2), ..totp(9) }).await.unwrap();
    for factor in [totp(1), passkey(2), passkey(3)] {
        factors::add(&mut tx, &factor).await.unwrap();
    }
    let kinds = factors::kinds_in_organization(&mut tx, organization_id(1)).await.unwrap();
    assert_eq!(kinds, [(user_id(1), FactorKind::Passkey), (user_id(1), FactorKind::Totp)]);
    let asked = [uuid(1), uuid(2)];
    let among = factors::kinds_among(&mut tx, organization_id(1), &asked).await.unwrap();
    assert!(among.len() == 2 && kinds.iter().all(|kind| among.contains(kind)), "{among:?}");
    assert_eq!(factors::kinds_among(&mut tx, organization_id(1), &asked[1..]).await.unwrap(), []);
}

async fn goes_alone_or_with_all_of_its_person(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for factor in [totp(1), passkey(2), passkey(3)] {
        factors::add(&mut tx, &factor).await.unwrap();
    }
    assert!(!factors::remove(&mut tx, user_id(2), factor_id(1)).await.unwrap());
    assert!(factors::remove(&mut tx, user_id(1), factor_id(1)).await.unwrap());
    assert!(!factors::remove(&mut tx, user_id(1), factor_id(1)).await.unwrap());
    let later = Factor { created_at: at(1_000_000), ..passkey(4) };
    factors::add(&mut tx, &later).await.unwrap();
    assert_eq!(factors::remove_for_user(&mut tx, user_id(1), at(999_999)).await.unwrap(), 2);
    assert_eq!(factors::list_for_user(&mut tx, user_id(1)).await.unwrap(), [later]);
    assert_eq!(factors::remove_for_user(&mut tx, user_id(1), at(1_000_000)).await.unwrap(), 1);
    assert_eq!(factors::list_for_user(&mut tx, user_id(1)).await.unwrap(), []);
}
