//! The contract of `store::scim_users`.

use store::{
    Error, Store, Tx, identity_providers, memberships, scim_providers,
    scim_users::{self, Found, ScimUser},
    users,
};

use crate::{
    samples::*,
    scim_providers::{kept_user, with_scim},
};

contract!(
    one_provider_keeps_a_person,
    they_are_found_by_what_they_are_called,
    they_are_listed_in_order,
    a_change_knows_what_it_was_made_from,
    they_are_active_where_both_are,
    it_goes_with_the_membership,
);

fn found(user: ScimUser) -> Found {
    Found { user, is_let_in: true }
}

/// A second provider of organization 1.
async fn with_third(tx: &mut Tx) {
    assert!(identity_providers::add(tx, &provider(3, 1, "Another")).await.unwrap());
    assert!(scim_providers::add(tx, provider_id(3), at(7)).await.unwrap());
}

async fn one_provider_keeps_a_person(store: Store) {
    let mut tx = with_scim(&store).await;
    with_third(&mut tx).await;
    assert!(scim_users::add(&mut tx, &kept_user(1, 2)).await.unwrap());
    assert!(!scim_users::add(&mut tx, &kept_user(1, 2)).await.unwrap());
    assert!(!scim_users::add(&mut tx, &kept_user(3, 2)).await.unwrap(), "another one of the organization's");
    let same_name = ScimUser { user_name: "user2@example.org".into(), ..kept_user(1, 3) };
    assert!(!scim_users::add(&mut tx, &same_name).await.unwrap());
    let (one, other) = (organization_id(1), organization_id(2));
    let keeper = scim_users::keeper(&mut tx, one, user_id(2)).await.unwrap().unwrap();
    assert_eq!((keeper.identity_provider_id, keeper.name.as_str()), (provider_id(1), "IdP 1"));
    assert_eq!(scim_users::keeper(&mut tx, other, user_id(2)).await.unwrap(), None);
    assert_eq!(scim_users::keeper(&mut tx, one, user_id(3)).await.unwrap(), None);
    // In another organization somebody else may keep them as well.
    memberships::add(&mut tx, other, user_id(2), false, at(3)).await.unwrap();
    let there = ScimUser { organization_id: other, ..kept_user(2, 2) };
    assert!(scim_users::add(&mut tx, &there).await.unwrap());
    let names: Vec<_> = scim_users::keepers(&mut tx, user_id(2))
        .await
        .unwrap()
        .into_iter()
        .map(|keeper| keeper.name)
        .collect();
    assert_eq!(names, ["IdP 1", "IdP 2"]);
    assert_eq!(scim_users::keepers(&mut tx, user_id(3)).await.unwrap(), []);
    assert!(scim_users::remove(&mut tx, provider_id(1), user_id(2)).await.unwrap());
    assert!(!scim_users::remove(&mut tx, provider_id(1), user_id(2)).await.unwrap());
    assert_eq!(scim_users::count(&mut tx, provider_id(2)).await.unwrap(), 1);
}

async fn they_are_found_by_what_they_are_called(store: Store) {
    let mut tx = with_scim(&store).await;
    let one =
        ScimUser { external_id: Some("Ä-1".into()), attributes: "{\"a\":1}".into(), ..kept_user(1, 2) };
    let other = ScimUser { external_id: Some("Ä-1".into()), ..kept_user(1, 3) };
    for user in [&one, &other] {
        assert!(scim_users::add(&mut tx, user).await.unwrap());
    }
    let id = provider_id(1);
    let (one, other) = (found(one), found(other));
    assert_eq!(scim_users::find(&mut tx, id, user_id(2)).await.unwrap(), Some(one.clone()));
    assert_eq!(scim_users::find(&mut tx, provider_id(2), user_id(2)).await.unwrap(), None);
    assert_eq!(
        scim_users::find_by_name(&mut tx, id, "user3@example.org").await.unwrap(),
        Some(other.clone())
    );
    assert_eq!(scim_users::find_by_name(&mut tx, id, "USER3@example.org").await.unwrap(), None);
    assert_eq!(scim_users::find_by_name(&mut tx, provider_id(2), "user3@example.org").await.unwrap(), None);
    let both = scim_users::list_by_external_id(&mut tx, id, "Ä-1", 9).await.unwrap();
    assert_eq!(both, [one.clone(), other]);
    assert_eq!(scim_users::list_by_external_id(&mut tx, id, "Ä-1", 1).await.unwrap(), [one]);
    assert_eq!(scim_users::list_by_external_id(&mut tx, provider_id(2), "Ä-1", 9).await.unwrap(), []);
    assert_eq!(scim_users::list_by_external_id(&mut tx, id, "ä-1", 9).await.unwrap(), []);
}

async fn they_are_listed_in_order(store: Store) {
    let mut tx = with_scim(&store).await;
    for number in [3, 1, 2] {
        assert!(scim_users::add(&mut tx, &kept_user(1, number)).await.unwrap());
    }
    let id = provider_id(1);
    let mut listed = async |after: Option<u128>, skipped, limit| -> Vec<u128> {
        let rows = scim_users::list(&mut tx, id, after.map(user_id), skipped, limit).await.unwrap();
        rows.iter().map(|row| row.user.user_id.uuid().as_u128()).collect()
    };
    assert_eq!(listed(None, 0, 9).await, [1, 2, 3]);
    assert_eq!(listed(None, 1, 1).await, [2]);
    assert_eq!(listed(Some(1), 0, 9).await, [2, 3]);
    assert_eq!(listed(Some(3), 0, 9).await, [0; 0]);
    assert_eq!(scim_users::count(&mut tx, id).await.unwrap(), 3);
    assert_eq!(scim_users::list(&mut tx, provider_id(2), None, 0, 9).await.unwrap(), []);
}

async fn a_change_knows_what_it_was_made_from(store: Store) {
    let mut tx = with_scim(&store).await;
    for number in [2, 3] {
        assert!(scim_users::add(&mut tx, &kept_user(1, number)).await.unwrap());
    }
    let change = ScimUser {
        user_name: "new@example.org".into(),
        external_id: Some("x".into()),
        attributes: "{\"title\":\"y\"}".into(),
        is_active: false,
        changed_at: at(20),
        ..kept_user(1, 2)
    };
    assert!(scim_users::set(&mut tx, &change).await.unwrap());
    assert!(!scim_users::set(&mut tx, &change).await.unwrap(), "it was changed since");
    let now = scim_users::find(&mut tx, provider_id(1), user_id(2)).await.unwrap().unwrap().user;
    assert_eq!(now, ScimUser { generation: 1, ..change });
    assert_eq!(
        scim_users::find(&mut tx, provider_id(1), user_id(3)).await.unwrap(),
        Some(found(kept_user(1, 3)))
    );
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    let taken = ScimUser { user_name: "new@example.org".into(), ..kept_user(1, 3) };
    assert!(matches!(scim_users::set(&mut tx, &taken).await, Err(Error::Conflict)));
}

async fn they_are_active_where_both_are(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(scim_users::add(&mut tx, &kept_user(1, 2)).await.unwrap());
    let organization = organization_id(1);
    for (account, membership) in [(false, true), (true, false), (true, true)] {
        users::set_active(&mut tx, user_id(2), account).await.unwrap();
        memberships::set_active(&mut tx, organization, user_id(2), membership).await.unwrap();
        let found = scim_users::find(&mut tx, provider_id(1), user_id(2)).await.unwrap().unwrap();
        assert_eq!(found.is_let_in, account && membership);
    }
}

async fn it_goes_with_the_membership(store: Store) {
    let mut tx = with_scim(&store).await;
    for number in [2, 3] {
        assert!(scim_users::add(&mut tx, &kept_user(1, number)).await.unwrap());
    }
    memberships::remove(&mut tx, organization_id(1), user_id(2)).await.unwrap();
    users::remove(&mut tx, user_id(3)).await.unwrap();
    assert_eq!(scim_users::count(&mut tx, provider_id(1)).await.unwrap(), 0);
}
