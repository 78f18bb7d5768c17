//! The contract of `store::settings`.

use store::{Store, settings};

contract!(a_value_stays_as_it_was_first_set);

async fn a_value_stays_as_it_was_first_set(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(settings::find(&mut tx, "key").await.unwrap(), None);
    assert!(settings::add_if_absent(&mut tx, "key", &[0, 1, 255]).await.unwrap());
    assert!(!settings::add_if_absent(&mut tx, "key", b"other").await.unwrap());
    assert!(settings::add_if_absent(&mut tx, "empty", b"").await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(settings::find(&mut tx, "key").await.unwrap(), Some(vec![0, 1, 255]));
    assert_eq!(settings::find(&mut tx, "empty").await.unwrap(), Some(Vec::new()));
}
