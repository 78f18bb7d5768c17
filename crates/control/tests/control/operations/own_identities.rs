//! One's own links with identity providers: which are shown, and when one may go.

use control::single_sign_on;
use domain::{
    errors::Error,
    events::EventType,
    identity_providers::{ProviderProtocol, ProviderState, SamlSettings},
    ids::{IdentityProviderId, OrganizationId, UserId},
    sign_ins::Proof,
};
use store::{identities::Identity, identity_providers::IdentityProvider};

use crate::world::World;

pub(super) async fn add_provider(
    world: &World,
    organization: OrganizationId,
    name: &str,
    state: ProviderState,
) -> IdentityProviderId {
    let id = IdentityProviderId::from_uuid(world.uuid());
    let provider = IdentityProvider {
        id,
        organization_id: organization,
        name: name.into(),
        protocol: ProviderProtocol::Saml,
        state,
        settings: serde_json::to_string(&SamlSettings::default()).unwrap(),
        secret_sealed: None,
        last_test: None,
        tested_at: None,
        passed_at: None,
        created_at: world.now(),
        changed_at: world.now(),
        generation: 1,
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::identity_providers::add(&mut tx, &provider).await.unwrap());
    tx.commit().await.unwrap();
    id
}

pub(super) async fn link(world: &World, provider: IdentityProviderId, user: UserId) {
    let identity = Identity {
        identity_provider_id: provider,
        subject: "ann@there".into(),
        user_id: user,
        created_at: world.now(),
        last_used_at: None,
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::identities::add(&mut tx, &identity).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn links_and_what_could_be_linked_are_shown() {
    let world = World::new().await;
    let organization = world.organization;
    let linked = add_provider(&world, organization, "Linked", ProviderState::Disabled).await;
    let free = add_provider(&world, organization, "Free", ProviderState::Active).await;
    add_provider(&world, organization, "Draft", ProviderState::Draft).await;
    let (other, _) = world.another_organization("Other").await;
    add_provider(&world, other, "Theirs", ProviderState::Active).await;
    let user = world.add_user("ann@acme.example", Some(false), true).await;
    let ctx = world.signed_in(user, Proof::PASSWORD, "192.0.2.1").await;
    link(&world, linked, user).await;
    let own = single_sign_on::own(&ctx).await.unwrap();
    assert_eq!(own.identities.len(), 1);
    assert_eq!((own.identities[0].provider_id, own.identities[0].is_active), (linked, false));
    assert_eq!(own.linkable.iter().map(|provider| provider.id).collect::<Vec<_>>(), [free]);
}

#[tokio::test]
async fn a_link_that_is_the_only_way_in_stays() {
    let world = World::new().await;
    let provider = add_provider(&world, world.organization, "Only", ProviderState::Active).await;
    let user = world.add_user("ann@acme.example", Some(false), true).await;
    let mut tx = world.store.write().await.unwrap();
    store::users::set_password_hash(&mut tx, user, "", world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let ctx = world.signed_in(user, Proof::PASSWORD, "192.0.2.1").await;
    link(&world, provider, user).await;
    let refused = single_sign_on::unlink(&ctx, provider, "ann@there").await;
    assert!(
        matches!(&refused, Err(Error::Conflict { reason }) if reason.contains("only way in")),
        "{refused:?}"
    );
    // One that lets nobody in is no other way.
    let off = add_provider(&world, world.organization, "Off", ProviderState::Disabled).await;
    link(&world, off, user).await;
    assert!(matches!(single_sign_on::unlink(&ctx, provider, "ann@there").await, Err(Error::Conflict { .. })));
    let other = add_provider(&world, world.organization, "On", ProviderState::Active).await;
    link(&world, other, user).await;
    assert_eq!(single_sign_on::unlink(&ctx, provider, "ann@there").await, Ok(false));
    let event = world.last_event(world.organization, EventType::UserIdentityUnlinked.as_str()).await;
    assert!(event.text.contains("ann@there"), "{}", event.text);
}

#[tokio::test]
async fn sessions_that_began_with_it_go_with_the_link_and_nobody_elses_does() {
    let world = World::new().await;
    let provider = add_provider(&world, world.organization, "Acme", ProviderState::Active).await;
    let user = world.add_user("ann@acme.example", Some(false), true).await;
    let ctx = world.signed_in(user, Proof::PASSWORD, "192.0.2.1").await;
    link(&world, provider, user).await;
    let through = store::sessions::Row {
        key_hash: vec![7; 32],
        identity_provider_id: Some(provider),
        subject: Some("ann@there".into()),
        ..world.session_row(user)
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::sessions::add(&mut tx, &through).await.unwrap());
    tx.commit().await.unwrap();
    for (id, subject) in [(provider, "bob@there"), (IdentityProviderId::from_uuid(world.uuid()), "ann@there")]
    {
        assert_eq!(single_sign_on::unlink(&ctx, id, subject).await, Err(Error::NotFound));
    }
    assert_eq!(single_sign_on::unlink(&ctx, provider, "ann@there").await, Ok(false));
    let mut tx = world.store.read().await.unwrap();
    let left = store::sessions::list_for_user(&mut tx, user, world.now(), 10).await.unwrap();
    assert!(!left.is_empty() && left.iter().all(|row| row.identity_provider_id.is_none()), "{left:?}");
    assert!(store::identities::list_for_user(&mut tx, user).await.unwrap().is_empty());
}
