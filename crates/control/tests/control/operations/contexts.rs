//! What a context says of who asks, and what a token is not enough for.

use control::{profiles, users};
use domain::{
    errors::Error,
    permissions::{Granted, Role},
};

use crate::world::World;

#[tokio::test]
async fn who_asks_is_known_by_their_session_and_nobody_by_none() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (ann, bob) = (world.ctx(), world.ctx_of(bob));
    assert!(ann.is_signed_in() && bob.is_signed_in());
    assert_eq!(ann.session(), Some(&world.session_row(world.user).key_hash[..]));
    assert_ne!(ann.session(), bob.session());
    let token = world.token_of(world.user, &[]).await;
    assert!(token.is_signed_in() && token.session().is_none());
    let nobody = world.nobody();
    assert!(!nobody.is_signed_in() && nobody.session().is_none());
}

/// What is done in a place and takes a session is refused to a token there, too.
#[tokio::test]
async fn a_token_does_not_leave_an_organization() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let token = world.token_of(bob, &[]).await;
    let refused = profiles::leave(&token, world.organization, "Acme").await;
    assert_eq!(refused, Err(Error::Denied { permission: "session".into() }));
    profiles::leave(&world.ctx_of(bob), world.organization, "Acme").await.unwrap();
}

/// A super admin's token that is limited to being an organization admin acts on nobody who is more.
#[tokio::test]
async fn a_limited_token_is_no_more_powerful_than_its_scopes() {
    let world = World::new().await;
    let organization = world.organization;
    let bob = world.add_user("bob@example.org", Some(true), true).await;
    let carol = world.add_user("carol@example.org", Some(false), true).await;
    let token = world.token_of(world.user, &[Granted::Role(Role::OrganizationAdmin)]).await;
    let refused = users::deactivate(&token, organization, bob).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }), "{refused}");
    users::deactivate(&token, organization, carol).await.unwrap();
    let whole = world.token_of(world.user, &[]).await;
    users::deactivate(&whole, organization, bob).await.unwrap();
}
