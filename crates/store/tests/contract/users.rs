//! The contract of `store::users`.

use store::{Store, users};

use crate::samples::*;

contract!(an_email_address_is_taken_once, changes_are_seen, a_password_hash_is_not_printed);

async fn an_email_address_is_taken_once(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(users::count(&mut tx).await.unwrap(), 0);
    assert!(users::add(&mut tx, &user(1)).await.unwrap());
    let mut second = user(2);
    second.email = user(1).email;
    assert!(!users::add(&mut tx, &second).await.unwrap());
    // The refusal does not end the transaction.
    assert_eq!(users::count(&mut tx).await.unwrap(), 1);
    assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap(), Some(user(1)));
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), None);
    assert_eq!(users::find_by_email(&mut tx, &user(1).email).await.unwrap(), Some(user(1)));
    assert_eq!(users::find_by_email(&mut tx, "User1@example.org").await.unwrap(), None);
}

async fn changes_are_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut expected = user(1);
    expected.is_active = false;
    users::add(&mut tx, &expected).await.unwrap();
    users::add(&mut tx, &user(2)).await.unwrap();
    users::set_last_activity(&mut tx, user_id(1), at(77)).await.unwrap();
    users::set_password_hash(&mut tx, user_id(1), "new").await.unwrap();
    expected.last_activity_at = Some(at(77));
    expected.password_hash = "new".into();
    assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), Some(user(2)));
}

async fn a_password_hash_is_not_printed(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    let found = users::find(&mut tx, user_id(1)).await.unwrap().unwrap();
    assert!(!format!("{found:?}").contains("argon2"));
}
