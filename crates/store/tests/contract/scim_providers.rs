//! The contract of `store::scim_providers`.

use store::{
    Store, Tx, identity_providers,
    scim_groups::{self, ScimGroup},
    scim_providers::{self, ScimProvider},
    scim_tokens,
    scim_users::{self, ScimUser},
};

use crate::{samples::*, scim_tokens::token};

contract!(it_is_on_or_off, what_it_kept_goes_with_it, it_goes_with_its_provider);

/// Provider 1 of organization 1 and provider 2 of organization 2, with SCIM, and the people of [`furnish`].
pub(crate) async fn with_scim(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    for number in [1, 2] {
        let provider = provider(number, number, &format!("IdP {number}"));
        assert!(identity_providers::add(&mut tx, &provider).await.unwrap());
        assert!(scim_providers::add(&mut tx, provider.id, at(7)).await.unwrap());
    }
    tx
}

/// Somebody whom a provider of organization 1 keeps.
pub(crate) fn kept_user(provider: u128, user: u128) -> ScimUser {
    ScimUser {
        identity_provider_id: provider_id(provider),
        user_id: user_id(user),
        organization_id: organization_id(1),
        user_name: format!("user{user}@example.org"),
        external_id: None,
        attributes: "{}".into(),
        is_active: true,
        created_at: at(8),
        changed_at: at(8),
        generation: 0,
    }
}

/// A group that a provider keeps.
pub(crate) fn kept_group(provider: u128, group: u128) -> ScimGroup {
    ScimGroup {
        group_id: group_id(group),
        identity_provider_id: provider_id(provider),
        external_id: None,
        created_at: at(8),
        changed_at: at(8),
        generation: 0,
    }
}

async fn it_is_on_or_off(store: Store) {
    let mut tx = with_scim(&store).await;
    let id = provider_id(1);
    assert!(!scim_providers::add(&mut tx, id, at(9)).await.unwrap());
    let expected = ScimProvider { identity_provider_id: id, switched_on_at: at(7) };
    assert_eq!(scim_providers::find(&mut tx, id).await.unwrap(), Some(expected));
    assert!(scim_providers::remove(&mut tx, id).await.unwrap());
    assert!(!scim_providers::remove(&mut tx, id).await.unwrap());
    assert_eq!(scim_providers::find(&mut tx, id).await.unwrap(), None);
    assert!(scim_providers::find(&mut tx, provider_id(2)).await.unwrap().is_some());
    assert!(identity_providers::find(&mut tx, id).await.unwrap().is_some());
}

async fn what_it_kept_goes_with_it(store: Store) {
    let mut tx = with_scim(&store).await;
    scim_tokens::add(&mut tx, &token(1, 1)).await.unwrap();
    assert!(scim_users::add(&mut tx, &kept_user(1, 2)).await.unwrap());
    assert!(scim_groups::add(&mut tx, &kept_group(1, 31)).await.unwrap());
    scim_providers::remove(&mut tx, provider_id(1)).await.unwrap();
    assert_eq!(scim_tokens::list(&mut tx, provider_id(1)).await.unwrap(), []);
    assert_eq!(scim_users::count(&mut tx, provider_id(1)).await.unwrap(), 0);
    assert_eq!(scim_groups::count(&mut tx, provider_id(1)).await.unwrap(), 0);
    let member = store::memberships::find(&mut tx, organization_id(1), user_id(2)).await.unwrap();
    assert!(member.is_some(), "people stay");
    assert!(store::groups::find(&mut tx, organization_id(1), group_id(31)).await.unwrap().is_some());
}

async fn it_goes_with_its_provider(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(scim_users::add(&mut tx, &kept_user(1, 2)).await.unwrap());
    identity_providers::remove(&mut tx, provider_id(1)).await.unwrap();
    assert_eq!(scim_providers::find(&mut tx, provider_id(1)).await.unwrap(), None);
    assert_eq!(scim_users::keeper(&mut tx, organization_id(1), user_id(2)).await.unwrap(), None);
}
