//! The event log: no change without an event, and a chain that shows every tampering.

use control::{events, ip_filters, projects, services, sessions};
use domain::{inputs::SignIn, secrets::Secret};

use crate::{
    check::{check_chain, check_world},
    workflows::services::office,
    world::{ALL_EVENTS, ALL_PROJECTS, EMAIL, Goal, PASSWORD, PROJECT, World},
};

/// What a call did: names of the tables whose rows differ, but for events, and how many events there are more.
async fn effect<T>(world: &World, call: impl Future<Output = T>) -> (Vec<String>, usize) {
    let before = world.dump().await;
    call.await;
    let after = world.dump().await;
    let changed = after.iter().filter(|(table, rows)| *table != "events" && before[*table] != **rows);
    let changed = changed.map(|(table, _)| table.clone()).collect();
    (changed, after["events"].len() - before["events"].len())
}

async fn writes(world: World) {
    let ctx = world.ctx();
    let sign_in = |password: &str| SignIn { email: EMAIL.into(), password: Secret::new(password.into()) };
    let none = || (Vec::<String>::new(), 0);
    let tables = |names: &[&str]| (names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), 1);

    // What changes something says so, once.
    let got = effect(&world, sessions::sign_in(&world.nobody(), sign_in(PASSWORD))).await;
    assert_eq!(got, tables(&["users"]));
    let got = effect(&world, sessions::sign_in(&world.nobody(), sign_in("wrong"))).await;
    assert_eq!(got, tables(&["sign_in_attempts"]));
    let got = effect(&world, sessions::sign_out(&ctx)).await;
    assert_eq!(got, tables(&[]));
    let got = effect(&world, projects::create(&ctx, world.organization, "other", "")).await;
    assert_eq!(got, tables(&["projects"]));
    let got = effect(&world, projects::rename(&ctx, "other", "another")).await;
    assert_eq!(got, tables(&["projects"]));
    let got = effect(&world, projects::delete(&ctx, "another", "another")).await;
    assert_eq!(got, tables(&["projects"]));
    let got = effect(&world, world.create("orders")).await;
    assert_eq!(got, tables(&["services", "step_runs", "strands"]));
    world.run_to(Goal::Resting("orders")).await;
    let got = effect(&world, services::password(&ctx, PROJECT, "orders")).await;
    assert_eq!(got, tables(&[]));
    let got = effect(&world, services::retry(&ctx, PROJECT, "orders")).await;
    assert_eq!(got, tables(&["strands"]));
    let got = effect(&world, ip_filters::add(&ctx, office())).await;
    assert_eq!(got, tables(&["ip_filter_entries", "services", "signals", "strands"]));
    let got = effect(&world, ip_filters::remove(&ctx, PROJECT, "orders", "198.51.100.0/24")).await;
    assert_eq!(got.1, 1);

    // What only looks changes nothing.
    let organization = control::organizations::view(&ctx, world.organization);
    assert_eq!(effect(&world, organization).await, none());
    assert_eq!(effect(&world, projects::list(&ctx, world.organization, &ALL_PROJECTS, None)).await, none());
    assert_eq!(effect(&world, projects::view(&ctx, PROJECT)).await, none());
    assert_eq!(effect(&world, services::plans(&ctx, PROJECT)).await, none());
    assert_eq!(effect(&world, services::list(&ctx, PROJECT, None)).await, none());
    assert_eq!(effect(&world, services::view(&ctx, PROJECT, "orders")).await, none());
    assert_eq!(effect(&world, services::timeline(&ctx, PROJECT, "orders")).await, none());
    assert_eq!(effect(&world, events::list(&ctx, PROJECT, &ALL_EVENTS, None)).await, none());
    assert_eq!(effect(&world, control::certificates::list(&ctx, PROJECT, None)).await, none());
    let all = events::list_for_organization(&ctx, world.organization, &ALL_EVENTS, None);
    assert_eq!(effect(&world, all).await, none());
    let all = control::certificates::list_for_organization(&ctx, world.organization, None);
    assert_eq!(effect(&world, all).await, none());
    assert_eq!(effect(&world, sessions::profile(&ctx)).await, none());

    let got = effect(&world, services::delete(&ctx, PROJECT, "orders", "orders")).await;
    assert_eq!(got, tables(&["services", "signals", "strands"]));
    world.run_to(Goal::Gone("orders")).await;
    check_world(&world).await;
}

#[tokio::test]
async fn no_change_without_an_event_on_sqlite() {
    writes(World::new().await).await;
}

#[tokio::test]
async fn no_change_without_an_event_on_postgres() {
    writes(World::postgres().await).await;
}

#[tokio::test]
async fn every_change_to_the_chain_is_found() {
    let world = World::new().await;
    world.running("orders").await;
    services::password(&world.ctx(), PROJECT, "orders").await.unwrap();
    let mut tx = world.store.read().await.unwrap();
    let good = crate::check::events(&mut tx, Some(world.organization)).await;
    assert!(good.len() >= 5);
    check_chain(&good);
    let is_found = |events: Vec<store::events::Event>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_chain(&events))).is_err()
    };
    for index in 0..good.len() {
        let mut changed = good.clone();
        changed[index].text.push('.');
        assert!(is_found(changed));
        let mut changed = good.clone();
        changed[index].outcome = domain::states::Outcome::Denied;
        assert!(is_found(changed));
        if index + 1 < good.len() {
            let mut removed = good.clone();
            removed.remove(index);
            assert!(is_found(removed));
            let mut swapped = good.clone();
            swapped.swap(index, index + 1);
            assert!(is_found(swapped));
        }
    }
}

#[tokio::test]
async fn events_are_paged_newest_first() {
    let world = World::new().await;
    world.running("orders").await;
    for _ in 0..60 {
        services::retry(&world.ctx(), PROJECT, "orders").await.unwrap();
    }
    let first = events::list(&world.ctx(), PROJECT, &ALL_EVENTS, None).await.unwrap();
    assert_eq!((first.rows.len(), first.total), (50, 63));
    let second = events::list(&world.ctx(), PROJECT, &ALL_EVENTS, first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.next), (13, None));
    let sequences: Vec<_> = first.rows.iter().chain(&second.rows).map(|event| event.sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a > b), "{sequences:?}");
    let error = events::list(&world.ctx(), PROJECT, &ALL_EVENTS, Some("last")).await.unwrap_err();
    assert_eq!(error.field(), Some("after"));
}
