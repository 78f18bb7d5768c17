//! The event log: no change without an event, and a chain that shows every tampering.

use std::time::Duration;

use control::{Origin, events, ip_filters, projects, services, sessions, testing};
use domain::{
    errors::Error,
    inputs::{EventFilter, SignIn},
    principals::SubjectKind,
    secrets::Secret,
    views::{EVENTS_UNCOUNTED, EventView, Page},
};

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

    // Somebody did something a while ago.
    world.clock.advance(std::time::Duration::from_secs(60));
    // What changes something says so, once.
    let got = effect(&world, sessions::sign_in(&world.nobody(), sign_in(PASSWORD))).await;
    assert_eq!(got, tables(&["mail_tallies", "mails", "users"]));
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

/// Texts of the organization's events that a filter leaves, oldest first.
async fn filtered(world: &World, change: impl FnOnce(&mut EventFilter)) -> Vec<String> {
    let mut filter = EventFilter::default();
    change(&mut filter);
    let page = events::list_for_organization(&world.ctx(), world.organization, &filter, None).await.unwrap();
    let exported = events::export(&world.ctx(), world.organization, &filter, None).await.unwrap();
    assert_eq!(page.rows, exported, "a file holds what the pages show");
    assert_eq!(page.total, i64::try_from(exported.len()).unwrap());
    exported.into_iter().rev().map(|event| event.text).collect()
}

#[tokio::test]
async fn events_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    let day = world.now().rfc3339()[..10].to_owned();
    let unit = control::units::create(&ctx, organization, "Data").await.unwrap().row.id;
    let middle = world.now().rfc3339();
    world.clock.advance(Duration::from_secs(3600));
    control::units::create(&world.ctx_of(bob), organization, "Web").await.unwrap_err();
    projects::create(&ctx, organization, "other", "").await.unwrap();
    let (made, refused, project) = (
        "Created the unit Data",
        "Refused: unit.create needs role:organization:admin",
        "Created the project other",
    );
    assert_eq!(filtered(&world, |filter| filter.event_type = "unit.created".into()).await, [made]);
    assert_eq!(filtered(&world, |filter| filter.outcome = "denied".into()).await, [refused]);
    assert_eq!(filtered(&world, |filter| filter.actor = " BOB@ ".into()).await, [refused]);
    assert_eq!(filtered(&world, |filter| filter.subject = unit.to_string()).await, [made]);
    assert_eq!(filtered(&world, |filter| filter.subject = bob.to_string()).await, [refused]);
    assert_eq!(filtered(&world, |filter| filter.project = "other".into()).await, [project]);
    assert_eq!(filtered(&world, |filter| filter.text = "unit data".into()).await, [made]);
    assert_eq!(filtered(&world, |filter| filter.since.clone_from(&day)).await, [made, refused, project]);
    assert_eq!(filtered(&world, |filter| filter.until.clone_from(&day)).await.len(), 5);
    assert_eq!(filtered(&world, |filter| filter.until.clone_from(&middle)).await.len(), 2);
    let both = filtered(&world, |filter| {
        filter.since.clone_from(&middle);
        filter.outcome = "done".into();
    });
    assert_eq!(both.await, [made, project]);
    let event = events::list_for_organization(&ctx, organization, &ALL_EVENTS, None).await.unwrap().rows;
    let subject = event.iter().find_map(|event| event.subject.clone()).unwrap();
    assert_eq!((subject.kind, subject.id, subject.name.as_str()), (SubjectKind::Unit, unit.uuid(), "Data"));
    check_world(&world).await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_refused_on_its_field() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    type Change = fn(&mut EventFilter);
    let changes: [(Change, &str); 6] = [
        (|filter| filter.event_type = "unit".into(), "event_type"),
        (|filter| filter.outcome = "good".into(), "outcome"),
        (|filter| filter.subject = "Data".into(), "subject"),
        (|filter| filter.since = "yesterday".into(), "since"),
        (|filter| filter.until = "2026-02-30".into(), "until"),
        (
            |filter| {
                filter.since = "2026-11-28".into();
                filter.until = "2026-11-27".into();
            },
            "until",
        ),
    ];
    for (change, field) in changes {
        let mut filter = EventFilter::default();
        change(&mut filter);
        for error in [
            events::list(&ctx, PROJECT, &filter, None).await.unwrap_err(),
            events::list_for_organization(&ctx, organization, &filter, None).await.unwrap_err(),
            events::export(&ctx, organization, &filter, None).await.unwrap_err(),
            events::export_project(&ctx, PROJECT, &filter, None).await.unwrap_err(),
        ] {
            assert_eq!(error.field(), Some(field), "{error}");
        }
    }
}

#[tokio::test]
async fn a_file_goes_on_where_it_ended_and_is_for_those_who_may_read() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    projects::rename(&ctx, PROJECT, "store").await.unwrap();
    let all = events::export(&ctx, organization, &ALL_EVENTS, None).await.unwrap();
    let rest = events::export(&ctx, organization, &ALL_EVENTS, Some(all[0].sequence)).await.unwrap();
    assert_eq!(rest, all[1..]);
    let own = events::export_project(&ctx, "store", &ALL_EVENTS, None).await.unwrap();
    assert_eq!(
        own.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(),
        ["project.renamed", "project.created"]
    );
    let rest = events::export_project(&ctx, "store", &ALL_EVENTS, Some(own[0].sequence)).await.unwrap();
    assert_eq!(rest, own[1..]);
    // With the session the file ends, though its reader may read all of it.
    world.end_session(world.user).await;
    let over = Err(Error::Unauthenticated { reason: "Sign in first.".into() });
    assert_eq!(events::export(&ctx, organization, &ALL_EVENTS, Some(all[0].sequence)).await, over);
    assert_eq!(events::export_project(&ctx, "store", &ALL_EVENTS, Some(own[0].sequence)).await, over);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let his = world.ctx_of(bob);
    let denied = Err(Error::Denied { permission: "organization:event_logs:read".into() });
    assert_eq!(events::export(&his, organization, &ALL_EVENTS, None).await, denied);
    assert_eq!(events::export_project(&his, "store", &ALL_EVENTS, None).await, Err(Error::NotFound));
    let (_, stranger) = world.another_organization("Other").await;
    let theirs = events::export(&world.ctx_of(stranger), organization, &ALL_EVENTS, None).await;
    assert_eq!(theirs, Err(Error::NotFound));
}

/// However long the log is and however rare what is looked for, a page looks through so many events and no more.
async fn a_long_log(world: World) {
    let (ctx, organization) = (world.ctx(), world.organization);
    control::units::create(&ctx, organization, "Data").await.unwrap();
    projects::rename(&ctx, PROJECT, "store").await.unwrap();
    let before = events::list_for_organization(&ctx, organization, &ALL_EVENTS, None).await.unwrap().total;
    let copies = i64::from(events::LOOKED_AT_MAX);
    store::testing::repeat_last_event(&world.store, organization, copies).await;
    let of_type = |event_type: &str| EventFilter { event_type: event_type.into(), ..EventFilter::default() };
    let all = async |filter: &EventFilter, after: Option<&str>| {
        events::list_for_organization(&ctx, organization, filter, after).await.unwrap()
    };
    let own = async |filter: &EventFilter, after: Option<&str>| {
        events::list(&ctx, "store", filter, after).await.unwrap()
    };
    let told = |page: &Page<EventView>| (page.rows.len(), page.next.clone(), page.total);

    // Counted to the end where that takes no more than a look at the last one.
    let page = all(&ALL_EVENTS, None).await;
    assert_eq!((page.rows.len(), page.total), (50, before + copies));
    let page = own(&ALL_EVENTS, None).await;
    assert_eq!((page.rows.len(), page.total), (50, EVENTS_UNCOUNTED));
    // Many fit.
    let page = all(&of_type("project.renamed"), None).await;
    let last = page.rows.last().unwrap().sequence;
    assert_eq!(told(&page), (50, Some(last.to_string()), EVENTS_UNCOUNTED));
    // What is older than the newest so many is on the next page.
    let stopped = Some((before + 1).to_string());
    for event_type in ["unit.created", "project.created"] {
        let page = all(&of_type(event_type), None).await;
        assert_eq!(told(&page), (0, stopped.clone(), EVENTS_UNCOUNTED), "{event_type}");
        let page = all(&of_type(event_type), stopped.as_deref()).await;
        assert_eq!(told(&page), (1, None, EVENTS_UNCOUNTED), "{event_type}");
    }
    let page = own(&of_type("project.created"), None).await;
    assert_eq!(told(&page), (0, stopped.clone(), EVENTS_UNCOUNTED));
    let page = own(&of_type("project.created"), stopped.as_deref()).await;
    assert_eq!(told(&page), (1, None, EVENTS_UNCOUNTED));
}

#[tokio::test]
async fn a_page_looks_through_so_many_events_on_sqlite() {
    a_long_log(World::new().await).await;
}

#[tokio::test]
async fn a_page_looks_through_so_many_events_on_postgres() {
    a_long_log(World::postgres().await).await;
}

/// What is hashed is what is kept.
async fn texts_that_cannot_be_kept(world: World) {
    let origin = Origin { agent: Some("a\0b".into()), ..world.origin("203.0.113.9") };
    let ctx = world.control.context(origin, Some(testing::session(world.user, world.now())));
    control::units::create(&ctx, world.organization, "Data").await.unwrap();
    let event = world.last_event(world.organization, "unit.created").await;
    assert_eq!(event.agent.as_deref(), Some("a\u{fffd}b"));
    check_world(&world).await;
}

#[tokio::test]
async fn no_text_breaks_the_chain_on_sqlite() {
    texts_that_cannot_be_kept(World::new().await).await;
}

#[tokio::test]
async fn no_text_breaks_the_chain_on_postgres() {
    texts_that_cannot_be_kept(World::postgres().await).await;
}
