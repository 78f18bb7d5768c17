//! What a context says of who asks.

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
