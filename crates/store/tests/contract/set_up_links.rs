//! The contract of `store::set_up_links`.

use store::{
    Store,
    set_up_links::{self, SetUpLink},
};

use crate::samples::*;

contract!(a_link_works_once_and_in_time);

async fn a_link_works_once_and_in_time(store: Store) {
    let mut tx = store.write().await.unwrap();
    set_up_links::add(&mut tx, b"one", at(100), at(1)).await.unwrap();
    set_up_links::add(&mut tx, b"two", at(100), at(1)).await.unwrap();
    let mut expected =
        SetUpLink { token_hash: b"one".to_vec(), created_at: at(1), expires_at: at(100), used_at: None };
    assert_eq!(set_up_links::find(&mut tx, b"one").await.unwrap(), Some(expected.clone()));
    assert_eq!(set_up_links::find(&mut tx, b"three").await.unwrap(), None);
    assert!(!set_up_links::use_once(&mut tx, b"three", at(50)).await.unwrap());
    assert!(!set_up_links::use_once(&mut tx, b"one", at(100)).await.unwrap());
    assert!(set_up_links::use_once(&mut tx, b"one", at(99)).await.unwrap());
    assert!(!set_up_links::use_once(&mut tx, b"one", at(99)).await.unwrap());
    expected.used_at = Some(at(99));
    assert_eq!(set_up_links::find(&mut tx, b"one").await.unwrap(), Some(expected));
    assert_eq!(set_up_links::remove_unused(&mut tx).await.unwrap(), 1);
    assert_eq!(set_up_links::find(&mut tx, b"two").await.unwrap(), None);
    assert!(set_up_links::find(&mut tx, b"one").await.unwrap().is_some());
}
