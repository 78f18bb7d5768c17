//! The contract of `store::sessions`.

use domain::sign_ins::{FactorKind, SignInMethod};
use store::{
    Store, identity_providers,
    sessions::{self, Row},
};

use crate::samples::*;

contract!(
    is_found_until_it_ends,
    removes_what_has_ended_a_few_at_a_time,
    lists_and_removes_by_user,
    ends_what_began_at_an_identity_provider
);

async fn is_found_until_it_ends(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut row = session(1, None);
    row.address = Some("::1".into());
    row.agent = Some("firefox".into());
    assert!(sessions::add(&mut tx, &row).await.unwrap());
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(99)).await.unwrap(), Some(row.clone()));
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(100)).await.unwrap(), None);
    assert_eq!(sessions::find(&mut tx, b"other", at(0)).await.unwrap(), None);

    assert!(!sessions::add(&mut tx, &session(1, Some(1))).await.unwrap(), "the key is taken");
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(99)).await.unwrap(), Some(row.clone()));

    let mut later = row.clone();
    later.last_seen_at = at(60);
    later.expires_at = at(200);
    later.address = None;
    later.agent = Some("curl".into());
    assert!(sessions::touch(&mut tx, &later).await.unwrap());
    let mut signed_in = Row { user_id: Some(user_id(1)), data: vec![7; 3], ..session(1, None) };
    signed_in.method = Some(SignInMethod::Password);
    signed_in.second_factor = Some(FactorKind::Totp);
    signed_in.proven_at = Some(at(61));
    assert!(sessions::set_data(&mut tx, &signed_in).await.unwrap());
    // It is still where it was last seen.
    later = Row {
        last_seen_at: later.last_seen_at,
        expires_at: later.expires_at,
        agent: later.agent,
        ..signed_in
    };
    later.address = row.address.clone();
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(150)).await.unwrap(), Some(later));

    assert!(sessions::add(&mut tx, &session(2, None)).await.unwrap());
    assert_eq!(sessions::remove_expired(&mut tx, at(100), 9).await.unwrap(), 1);
    assert!(sessions::remove(&mut tx, &row.key_hash).await.unwrap());
    assert!(!sessions::remove(&mut tx, &row.key_hash).await.unwrap());
    // What was ended stays so.
    assert!(!sessions::touch(&mut tx, &row).await.unwrap());
    assert!(!sessions::set_data(&mut tx, &row).await.unwrap());
    assert_eq!(sessions::find(&mut tx, &row.key_hash, at(0)).await.unwrap(), None);
    assert_eq!(sessions::remove_expired(&mut tx, at(i64::MAX), 9).await.unwrap(), 0);
}

async fn removes_what_has_ended_a_few_at_a_time(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 1..=4 {
        let mut row = session(number, None);
        row.expires_at = at(10 * i64::from(number));
        assert!(sessions::add(&mut tx, &row).await.unwrap());
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
        assert!(sessions::add(&mut tx, row).await.unwrap());
    }
    let listed = sessions::list_for_user(&mut tx, user_id(1), at(99), 9).await.unwrap();
    assert_eq!(listed, [recent.clone(), session(1, Some(1))]);
    assert_eq!(sessions::list_for_user(&mut tx, user_id(1), at(99), 1).await.unwrap(), [recent.clone()]);
    assert_eq!(sessions::list_for_user(&mut tx, user_id(1), at(100), 9).await.unwrap(), []);
    assert!(!format!("{listed:?}").contains("data"));
    // Nobody ends those of others.
    assert!(!sessions::remove_own(&mut tx, user_id(2), &recent.key_hash).await.unwrap());
    assert_eq!(sessions::remove_others(&mut tx, user_id(2), b"none").await.unwrap(), 0);
    assert!(sessions::remove_own(&mut tx, user_id(1), &recent.key_hash).await.unwrap());
    assert!(!sessions::remove_own(&mut tx, user_id(1), &recent.key_hash).await.unwrap());
    assert!(sessions::add(&mut tx, &recent).await.unwrap());
    assert_eq!(sessions::remove_others(&mut tx, user_id(1), &recent.key_hash).await.unwrap(), 1);
    assert!(sessions::add(&mut tx, &session(1, Some(1))).await.unwrap());
    assert_eq!(sessions::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 2);
    assert_eq!(sessions::list_for_user(&mut tx, user_id(1), at(0), 9).await.unwrap(), []);
    assert!(sessions::find(&mut tx, &session(3, None).key_hash, at(0)).await.unwrap().is_some());
}

async fn ends_what_began_at_an_identity_provider(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        let row = provider(number, 1, &number.to_string());
        assert!(identity_providers::add(&mut tx, &row).await.unwrap());
    }
    let began = |key, user, provider, subject: &str, index: Option<&str>| Row {
        identity_provider_id: Some(provider_id(provider)),
        subject: Some(subject.into()),
        session_index: index.map(Into::into),
        ..session(key, user)
    };
    let rows = [
        began(1, Some(1), 1, "alice", Some("one")),
        began(2, Some(1), 1, "alice", Some("two")),
        began(3, None, 1, "alice", None),
        began(4, Some(1), 1, "Alice", Some("one")),
        began(5, Some(1), 2, "alice", Some("one")),
        session(6, Some(1)),
    ];
    for row in &rows {
        assert!(sessions::add(&mut tx, row).await.unwrap());
        assert_eq!(sessions::find(&mut tx, &row.key_hash, at(50)).await.unwrap().as_ref(), Some(row));
    }
    // Where a session began is kept as it goes on.
    assert!(sessions::set_data(&mut tx, &rows[0]).await.unwrap());
    assert_eq!(sessions::find(&mut tx, &rows[0].key_hash, at(50)).await.unwrap().as_ref(), Some(&rows[0]));
    let id = provider_id(1);
    let ended = sessions::remove_of_subject(&mut tx, id, "alice", Some("three")).await.unwrap();
    assert_eq!(ended, []);
    let ended = sessions::remove_of_subject(&mut tx, id, "alice", Some("two")).await.unwrap();
    assert_eq!(ended, [Some(user_id(1))]);
    let mut ended = sessions::remove_of_subject(&mut tx, id, "alice", None).await.unwrap();
    ended.sort();
    assert_eq!(ended, [None, Some(user_id(1))]);
    for (row, is_there) in rows.iter().zip([false, false, false, true, true, true]) {
        let found = sessions::find(&mut tx, &row.key_hash, at(50)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{:?}", row.key_hash[0]);
    }
    // By what the session is called there, whoever's it is; not that of another identity provider.
    assert_eq!(sessions::remove_of_index(&mut tx, id, "one").await.unwrap(), [Some(user_id(1))]);
    let others = sessions::find(&mut tx, &rows[4].key_hash, at(50)).await.unwrap();
    assert!(others.is_some());
}
