//! Tokens that are turned away: what their bearer is told, and what is on record.

use std::time::Duration;

use control::{Origin, application_users, organizations, tokens};
use domain::{
    errors::Error,
    inputs::{CreateToken, EditToken},
    principals::SubjectKind,
    states::Outcome,
};

use super::{HOME, MINUTE, keep, made, plain, present, program, stored, turned_away};
use crate::{check::check_world, world::World};

#[tokio::test]
async fn a_token_ends_with_whoever_it_belongs_to() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let personal = keep(&world, tokens::create(&world.ctx_of(bob), &plain()).await.unwrap());
    let (user, application) = program(&world, &[], &plain()).await;
    let set = async |user, is_active| {
        let mut tx = world.store.write().await.unwrap();
        assert!(store::memberships::set_active(&mut tx, world.organization, user, is_active).await.unwrap());
        tx.commit().await.unwrap();
    };
    let ctx = present(&world, &personal.token, HOME).await.unwrap();
    organizations::view(&ctx, world.organization).await.unwrap();
    let before = world.event_types().await.len();
    set(user, false).await;
    set(bob, false).await;
    assert!(turned_away(&world, &application.token, HOME).await.contains("deactivated"));
    let event = world.last_event(world.organization, "token.refused").await;
    assert_eq!((event.outcome, event.subject_id), (Outcome::Denied, Some(application.row.id.uuid())));
    assert!(event.text.contains("deactivated"), "{}", event.text);
    // A person may act elsewhere; here they are nobody.
    let ctx = present(&world, &personal.token, HOME).await.unwrap();
    assert_eq!(organizations::view(&ctx, world.organization).await, Err(Error::NotFound));
    set(user, true).await;
    set(bob, true).await;
    present(&world, &application.token, HOME).await.unwrap();
    organizations::view(&present(&world, &personal.token, HOME).await.unwrap(), world.organization)
        .await
        .unwrap();
    assert_eq!(world.event_types().await.len(), before + 1, "nothing else of this is an event");
    let mut tx = world.store.write().await.unwrap();
    assert!(store::memberships::remove(&mut tx, world.organization, user).await.unwrap());
    tx.commit().await.unwrap();
    assert!(turned_away(&world, &application.token, HOME).await.contains("deactivated"));
    // Whoever is deactivated everywhere comes in with nothing.
    let gone = world.add_user("gone@example.org", Some(true), false).await;
    let mut tx = world.store.write().await.unwrap();
    let mut token = stored(&world, personal.row.id).await;
    store::tokens::remove(&mut tx, token.id).await.unwrap();
    token.user_id = gone;
    store::tokens::add(&mut tx, &token).await.unwrap();
    tx.commit().await.unwrap();
    assert!(turned_away(&world, &personal.token, HOME).await.contains("deactivated"));
}

#[tokio::test]
async fn an_expired_token_is_turned_away_on_record_once_a_minute() {
    let world = World::new().await;
    let (elsewhere, _) = world.another_organization("Elsewhere").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, world.user, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let short = CreateToken { max_age_seconds: "600".into(), ..plain() };
    let personal = made(&world, &short).await;
    let (user, application) = program(&world, &[], &short).await;
    world.clock.advance(10 * MINUTE - Duration::from_micros(1));
    present(&world, &personal.token, HOME).await.unwrap();
    present(&world, &application.token, HOME).await.unwrap();
    world.clock.advance(Duration::from_micros(1));
    for _ in 0..3 {
        for token in [&personal, &application] {
            assert!(turned_away(&world, &token.token, HOME).await.starts_with("This token expired at 20"));
        }
    }
    assert_eq!(world.count_events("token.refused").await, 2);
    let event = world.last_event(elsewhere, "token.refused").await;
    assert_eq!((event.subject_id, event.user_id), (Some(personal.row.id.uuid()), Some(world.user)));
    let event = world.last_event(world.organization, "token.refused").await;
    assert_eq!(
        (event.subject_kind, event.subject_id),
        (Some(SubjectKind::Token), Some(application.row.id.uuid()))
    );
    assert_eq!((event.outcome, event.user_id), (Outcome::Denied, Some(user)));
    assert_eq!((event.token_id, event.address.as_deref()), (Some(application.row.id), Some(HOME)));
    assert_eq!(event.actor, "deployer (application user)");
    assert_eq!(event.agent.as_deref(), Some("tests"));
    assert!(event.text.contains(&application.row.prefix) && event.text.contains("expired"), "{}", event.text);
    world.clock.advance(MINUTE);
    turned_away(&world, &application.token, HOME).await;
    assert_eq!(world.count_events("token.refused").await, 3);
    // Being turned away is no use.
    assert_eq!(
        stored(&world, application.row.id).await.last_used_at,
        Some(world.now().minus(MINUTE + Duration::from_micros(1)))
    );
    check_world(&world).await;
}

#[tokio::test]
async fn a_token_is_good_from_its_ranges_alone() {
    let world = World::new().await;
    let input = CreateToken { ip_ranges: "192.0.2.0/24\n2001:db8::/32".into(), ..plain() };
    let (_, token) = program(&world, &[], &input).await;
    for good in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7"] {
        present(&world, &token.token, good).await.unwrap();
    }
    for bad in ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::7", "::1"] {
        let reason = turned_away(&world, &token.token, bad).await;
        assert!(reason.contains(bad.trim_start_matches("::ffff:")), "{reason}");
    }
    assert_eq!(world.count_events("token.refused").await, 1);
    let event = world.last_event(world.organization, "token.refused").await;
    assert_eq!((event.outcome, event.address.as_deref()), (Outcome::Denied, Some("192.0.3.7")));
    // From an address that nobody knows it is no good either.
    let origin = Origin { address: None, ..world.origin(HOME) };
    let error = tokens::authenticate(&world.control, origin, &token.token).await.err().unwrap();
    assert!(matches!(&error, Error::Unauthenticated { reason } if reason.contains("not known")), "{error:?}");
    // A change holds from the next request on.
    let edit = EditToken { description: "x".into(), ip_ranges: "::1".into(), generation: 0 };
    let user = stored(&world, token.row.id).await.user_id;
    application_users::edit_token(&world.ctx(), world.organization, user, token.row.id, &edit).await.unwrap();
    turned_away(&world, &token.token, "192.0.2.7").await;
    present(&world, &token.token, "::1").await.unwrap();
    // Without ranges the address does not matter.
    let open = made(&world, &plain()).await;
    let origin = Origin { address: None, ..world.origin(HOME) };
    assert!(tokens::authenticate(&world.control, origin, &open.token).await.is_ok());
}

/// From a foreign address nobody learns whether the token would be good, or whose it is.
#[tokio::test]
async fn a_foreign_address_learns_of_its_address_alone() {
    let world = World::new().await;
    let bound = CreateToken { ip_ranges: HOME.into(), max_age_seconds: "600".into(), ..plain() };
    let (user, token) = program(&world, &[], &bound).await;
    let away = "192.0.2.1";
    let said = turned_away(&world, &token.token, away).await;
    assert_eq!(said, "This token may not be used from the address 192.0.2.1.");
    let mut tx = world.store.write().await.unwrap();
    assert!(store::memberships::set_active(&mut tx, world.organization, user, false).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(turned_away(&world, &token.token, away).await, said);
    world.clock.advance(10 * MINUTE);
    assert_eq!(turned_away(&world, &token.token, away).await, said);
    let event = world.last_event(world.organization, "token.refused").await;
    assert_eq!(event.address.as_deref(), Some(away));
    assert!(turned_away(&world, &token.token, HOME).await.contains("deactivated"));
}
