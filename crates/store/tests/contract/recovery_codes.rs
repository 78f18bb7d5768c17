//! The contract of `store::recovery_codes`.

use store::{Store, recovery_codes};

use crate::samples::*;

contract!(each_is_used_once, new_ones_end_the_old_ones);

async fn each_is_used_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let codes = [b"one".to_vec(), b"two".to_vec()];
    assert_eq!(recovery_codes::made_at(&mut tx, user_id(1)).await.unwrap(), None);
    recovery_codes::replace(&mut tx, user_id(1), &codes, at(1)).await.unwrap();
    assert_eq!(recovery_codes::count_unused(&mut tx, user_id(1)).await.unwrap(), 2);
    assert!(!recovery_codes::use_once(&mut tx, user_id(1), b"three", at(2)).await.unwrap());
    assert!(!recovery_codes::use_once(&mut tx, user_id(2), b"one", at(2)).await.unwrap());
    assert!(recovery_codes::use_once(&mut tx, user_id(1), b"one", at(2)).await.unwrap());
    assert!(!recovery_codes::use_once(&mut tx, user_id(1), b"one", at(3)).await.unwrap());
    assert!(recovery_codes::use_once(&mut tx, user_id(1), b"two", at(3)).await.unwrap());
    assert_eq!(recovery_codes::made_at(&mut tx, user_id(1)).await.unwrap(), Some(at(1)), "used ones count");
    assert_eq!(recovery_codes::count_unused(&mut tx, user_id(1)).await.unwrap(), 0);
}

async fn new_ones_end_the_old_ones(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::users::add(&mut tx, &user(2)).await.unwrap();
    for user in [1, 2] {
        recovery_codes::replace(&mut tx, user_id(user), &[b"old".to_vec()], at(1)).await.unwrap();
    }
    recovery_codes::replace(&mut tx, user_id(1), &[b"new".to_vec()], at(2)).await.unwrap();
    for (user, made) in [(1, at(2)), (2, at(1))] {
        assert_eq!(recovery_codes::made_at(&mut tx, user_id(user)).await.unwrap(), Some(made));
    }
    assert!(!recovery_codes::use_once(&mut tx, user_id(1), b"old", at(3)).await.unwrap());
    assert!(recovery_codes::use_once(&mut tx, user_id(1), b"new", at(3)).await.unwrap());
    assert_eq!(
        recovery_codes::remove_for_user(&mut tx, user_id(1), at(1)).await.unwrap(),
        0,
        "they are newer"
    );
    assert_eq!(recovery_codes::remove_for_user(&mut tx, user_id(1), at(2)).await.unwrap(), 1);
    assert!(recovery_codes::use_once(&mut tx, user_id(2), b"old", at(3)).await.unwrap(), "somebody else's");
}
