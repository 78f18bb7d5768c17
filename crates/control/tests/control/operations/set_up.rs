//! The set-up link and the first user.

use std::time::Duration;

use control::set_up;
use domain::{errors::Error, events::EventType, inputs::CompleteSetUp, secrets::Secret};

use crate::world::{World, complete_set_up};

#[tokio::test]
async fn the_link_makes_the_first_user_once() {
    let world = World::empty().await;
    assert_eq!(set_up::is_needed(&world.nobody()).await, Ok(true));
    let token = set_up::make_link(&world.control).await.unwrap();
    assert_eq!(set_up::check_link(&world.nobody(), &token).await, Ok(()));
    set_up::complete(&world.nobody(), complete_set_up(&token)).await.unwrap();
    assert_eq!(set_up::is_needed(&world.nobody()).await, Ok(false));

    let before = world.dump().await;
    assert_eq!(set_up::check_link(&world.nobody(), &token).await.unwrap_err().status(), 409);
    let again = CompleteSetUp { email: "eve@example.org".into(), ..complete_set_up(&token) };
    assert_eq!(set_up::complete(&world.nobody(), again).await.err().unwrap().status(), 409);
    assert_eq!(set_up::make_link(&world.control).await.err().map(|error| error.status()), Some(409));
    assert!(world.dump().await == before);
}

#[tokio::test]
async fn the_link_ends_after_a_day_and_a_new_one_replaces_it() {
    let world = World::empty().await;
    let first = set_up::make_link(&world.control).await.unwrap();
    let second = set_up::make_link(&world.control).await.unwrap();
    assert_ne!(first.expose(), second.expose());
    // Each is on record, without its token: in the chain of the installation, since there is no organization yet.
    let mut tx = world.store.read().await.unwrap();
    let events = crate::check::events(&mut tx, None).await;
    drop(tx);
    crate::check::check_chain(&events);
    let told: Vec<_> = events.iter().map(|event| (event.event_type, event.actor.as_str())).collect();
    assert_eq!(told, [(EventType::SetUpLinkMade, "operator"); 2]);
    assert!(!format!("{events:?}").contains(second.expose()));
    assert_eq!(set_up::check_link(&world.nobody(), &first).await.unwrap_err().status(), 409);
    world.clock.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(set_up::check_link(&world.nobody(), &second).await, Ok(()));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(set_up::check_link(&world.nobody(), &second).await.unwrap_err().status(), 409);
    let late = set_up::complete(&world.nobody(), complete_set_up(&second)).await;
    assert_eq!(late.err().unwrap().status(), 409);
    let made_up = Secret::new("x".repeat(40));
    assert_eq!(set_up::check_link(&world.nobody(), &made_up).await.unwrap_err().status(), 409);
}

#[tokio::test]
async fn bad_values_name_their_field_and_leave_the_link_usable() {
    let world = World::empty().await;
    let token = set_up::make_link(&world.control).await.unwrap();
    let good = || complete_set_up(&token);
    let before = world.dump().await;
    let empty =
        || CompleteSetUp { organization: String::new(), name: String::new(), email: String::new(), ..good() };
    for (field, bad) in [
        ("organization", empty()),
        ("name", CompleteSetUp { organization: "Acme".into(), ..empty() }),
        ("email", CompleteSetUp { organization: "Acme".into(), name: "Ann".into(), ..empty() }),
        ("name", CompleteSetUp { name: "  ".into(), ..good() }),
        ("email", CompleteSetUp { email: "ann".into(), ..good() }),
        ("organization", CompleteSetUp { organization: "x".repeat(84), ..good() }),
        ("password", CompleteSetUp { password: Secret::new("short".into()), ..good() }),
        ("password", CompleteSetUp { password: Secret::new("ann@example.org".into()), ..good() }),
    ] {
        let error = set_up::complete(&world.nobody(), bad).await.err().unwrap();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        assert_eq!(error.field(), Some(field));
    }
    assert!(world.dump().await == before);
    set_up::complete(&world.nobody(), good()).await.unwrap();
}
