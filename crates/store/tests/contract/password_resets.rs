//! The contract of `store::password_resets`.

use store::{Store, password_resets};

use crate::samples::*;

contract!(a_person_has_one_link_at_most, goes_when_its_time_is_over);

async fn a_person_has_one_link_at_most(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    password_resets::replace(&mut tx, user_id(1), b"one", at(100), at(1)).await.unwrap();
    assert_eq!(password_resets::find(&mut tx, b"one", at(99)).await.unwrap(), Some(user_id(1)));
    assert_eq!(password_resets::find(&mut tx, b"one", at(100)).await.unwrap(), None);
    assert_eq!(password_resets::find(&mut tx, b"two", at(2)).await.unwrap(), None);
    password_resets::replace(&mut tx, user_id(1), b"two", at(100), at(2)).await.unwrap();
    assert_eq!(password_resets::find(&mut tx, b"one", at(3)).await.unwrap(), None);
    assert_eq!(password_resets::find(&mut tx, b"two", at(3)).await.unwrap(), Some(user_id(1)));
    assert_eq!(password_resets::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 1);
    assert_eq!(password_resets::find(&mut tx, b"two", at(3)).await.unwrap(), None);
}

async fn goes_when_its_time_is_over(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::users::add(&mut tx, &user(2)).await.unwrap();
    password_resets::replace(&mut tx, user_id(1), b"one", at(10), at(1)).await.unwrap();
    password_resets::replace(&mut tx, user_id(2), b"two", at(20), at(1)).await.unwrap();
    assert_eq!(password_resets::remove_expired(&mut tx, at(20), 1).await.unwrap(), 1);
    assert_eq!(password_resets::find(&mut tx, b"two", at(19)).await.unwrap(), Some(user_id(2)));
    assert_eq!(password_resets::remove_expired(&mut tx, at(20), 9).await.unwrap(), 1);
}
