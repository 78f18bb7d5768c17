//! One's own sessions: the list, and signing other browsers out.

use std::time::Duration;

use control::{Context, sessions, testing::session};
use domain::{
    errors::Error,
    ids::UserId,
    sign_ins::{FactorKind, SignInMethod},
};

use crate::world::World;

/// Another browser in which somebody is signed in, used so many seconds ago.
async fn add(world: &World, user: UserId, key: u8, seconds: u64) {
    let row = store::sessions::Row {
        key_hash: vec![key; 32],
        last_seen_at: world.now().minus(Duration::from_secs(seconds)),
        address: Some("198.51.100.7".into()),
        agent: Some("browser".into()),
        method: Some(SignInMethod::Passkey),
        second_factor: Some(FactorKind::Passkey),
        ..world.session_row(user)
    };
    assert!(world.control.session_rows().add(&row).await.unwrap());
}

fn at(world: &World, user: UserId, key: u8) -> Context {
    let session = control::Session { key_hash: vec![key; 32], ..session(user, world.now()) };
    world.control.context(world.origin("203.0.113.9"), Some(session))
}

fn id(key: u8) -> String {
    format!("{key:02x}").repeat(32)
}

#[tokio::test]
async fn asvs_7_5_2_one_sees_where_one_is_signed_in() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    add(&world, world.user, 0xab, 60).await;
    add(&world, bob, 0xcd, 10).await;
    let own = sessions::own(&world.ctx()).await.unwrap();
    assert_eq!(own.iter().map(|session| session.is_current).collect::<Vec<_>>(), [true, false]);
    assert_eq!(own[1].id, id(0xab));
    assert_eq!(own[1].address.as_deref(), Some("198.51.100.7"));
    assert_eq!(own[1].agent.as_deref(), Some("browser"));
    assert_eq!(
        (own[1].method, own[1].second_factor),
        (Some(SignInMethod::Passkey), Some(FactorKind::Passkey))
    );
    assert_eq!(own[1].last_seen_at, world.now().minus(Duration::from_secs(60)));
    assert!(sessions::own(&at(&world, world.user, 0xab)).await.unwrap()[1].is_current);
}

#[tokio::test]
async fn asvs_7_5_2_one_signs_another_browser_out() {
    for world in [World::new().await, World::postgres().await] {
        let bob = world.add_user("bob@example.org", Some(false), true).await;
        add(&world, world.user, 0xab, 60).await;
        add(&world, bob, 0xcd, 10).await;
        let ctx = world.ctx();
        assert!(sessions::own(&at(&world, world.user, 0xab)).await.is_ok());
        sessions::end(&ctx, &id(0xab)).await.unwrap();
        assert_eq!(sessions::own(&ctx).await.unwrap().len(), 1);
        let event = world.last_event(world.organization, "user.session_ended").await;
        assert!(event.before.unwrap().contains("198.51.100.7"));
        // Its next request that changes something is refused.
        let refused = sessions::end_others(&at(&world, world.user, 0xab)).await.unwrap_err();
        assert_eq!(refused.status(), 401);
        assert!(world.control.session_rows().load(&[0xab; 32]).await.unwrap().is_none());
        for unknown in [id(0xab), id(0xcd), String::new(), "zz".into(), "é".repeat(64)] {
            assert_eq!(sessions::end(&ctx, &unknown).await, Err(Error::NotFound), "{unknown}");
        }
        let own = sessions::own(&ctx).await.unwrap();
        assert_eq!(sessions::end(&ctx, &own[0].id).await.unwrap_err().status(), 409);
        assert!(sessions::own(&at(&world, bob, 0xcd)).await.is_ok(), "that of somebody else stays");
    }
}

#[tokio::test]
async fn asvs_7_4_5_an_admin_signs_a_member_out_everywhere() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let carol = world.add_user("carol@example.org", Some(false), true).await;
    world.grant(carol, "organization:users:write", None).await;
    add(&world, bob, 1, 60).await;
    let end = async |by: UserId, user: UserId| {
        sessions::end_all_of(&world.ctx_of(by), world.organization, user).await
    };
    assert!(matches!(end(bob, carol).await, Err(Error::Denied { .. })));
    assert!(matches!(end(carol, world.user).await, Err(Error::Forbidden { .. })));
    assert_eq!(end(carol, carol).await.unwrap_err().status(), 409);
    let (_, stranger) = world.another_organization("Other").await;
    assert_eq!(end(carol, stranger).await, Err(Error::NotFound));
    assert!(sessions::own(&world.ctx_of(stranger)).await.is_ok());
    assert_eq!(end(carol, bob).await, Ok(2));
    let event = world.last_event(world.organization, "user.session_ended").await;
    assert_eq!((event.subject_id, event.actor.as_str()), (Some(bob.uuid()), "carol@example.org"));
    assert_eq!(sessions::end_others(&world.ctx_of(bob)).await.unwrap_err().status(), 401);
    assert!(sessions::own(&world.ctx()).await.is_ok());
}

#[tokio::test]
async fn asvs_7_4_3_one_signs_all_other_browsers_out() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    add(&world, world.user, 1, 60).await;
    add(&world, world.user, 2, 60).await;
    add(&world, bob, 3, 60).await;
    assert_eq!(sessions::end_others(&world.ctx()).await, Ok(2));
    assert_eq!(sessions::own(&world.ctx()).await.unwrap().len(), 1);
    assert_eq!(sessions::own(&world.ctx_of(bob)).await.unwrap().len(), 2);
    assert_eq!(sessions::end_others(&world.ctx()).await, Ok(0));
    assert_eq!(world.count_events("user.session_ended").await, 1, "nothing ended, nothing to tell");
}
