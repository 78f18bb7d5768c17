//! The contract of `store::sessions`.

use store::{Store, sessions};

use crate::samples::*;

contract!(upserts_and_finds_until_it_ends, removes_what_has_ended_a_few_at_a_time, lists_and_removes_by_user,);

async fn upserts_and_finds_until_it_ends(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut row = session(1, None);
    row.address = Some("::1".into());
    row.agent = Some("firefox".into());
    sessions::upsert(&mut tx, &row).await.unwrap();
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(99)).await.unwrap(), Some(row.clone()));
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(100)).await.unwrap(), None);
    assert_eq!(sessions::find(&mut tx, b"other", at(0)).await.unwrap(), None);

    let mut later = session(1, Some(1));
    later.data = vec![7; 3];
    later.created_at = at(50);
    later.last_seen_at = at(60);
    later.expires_at = at(200);
    later.agent = Some("curl".into());
    sessions::upsert(&mut tx, &later).await.unwrap();
    // It began when it began, and is still where it was last seen.
    later.created_at = row.created_at;
    later.address = row.address.clone();
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(150)).await.unwrap(), Some(later));

    sessions::upsert(&mut tx, &session(2, None)).await.unwrap();
    assert_eq!(sessions::remove_expired(&mut tx, at(100), 9).await.unwrap(), 1);
    assert!(sessions::remove(&mut tx, &row.key_hash).await.unwrap());
    assert!(!sessions::remove(&mut tx, &row.key_hash).await.unwrap());
    assert_eq!(sessions::remove_expired(&mut tx, at(i64::MAX), 9).await.unwrap(), 0);
}

async fn removes_what_has_ended_a_few_at_a_time(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 1..=4 {
        let mut row = session(number, None);
        row.expires_at = at(10 * i64::from(number));
        sessions::upsert(&mut tx, &row).await.unwrap();
    }
    assert_eq!(sessions::remove_expired(&mut tx, at(30), 2).await.unwrap(), 2);
    let third = session(3, None).key_hash;
    assert!(
        sessions::find(&mut tx, &third, at(0)).await.unwrap().is_some(),
        "those that ended first go first"
    );
    assert_eq!(sessions::remove_expired(&mut tx, at(30), 2).await.unwrap(), 1);
    assert!(sessions::find(&mut tx, &session(4, None).key_hash, at(30)).await.unwrap().is_some());
}

async fn lists_and_removes_by_user(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut recent = session(2, Some(1));
    recent.last_seen_at = at(70);
    for row in [&session(1, Some(1)), &recent, &session(3, None)] {
        sessions::upsert(&mut tx, row).await.unwrap();
    }
    let listed = sessions::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(listed, [recent, session(1, Some(1))]);
    assert!(!format!("{listed:?}").contains("data"));
    assert_eq!(sessions::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 2);
    assert_eq!(sessions::list_for_user(&mut tx, user_id(1)).await.unwrap(), []);
    assert!(sessions::find(&mut tx, &session(3, None).key_hash, at(0)).await.unwrap().is_some());
}
