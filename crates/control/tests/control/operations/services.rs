//! Services as people ask for them.

use std::sync::Arc;

use control::services;
use domain::{errors::Error, inputs::CreateService};
use host::simulated::SimulatedSettings;

use crate::{
    check::{check_at_rest, check_world},
    hosts::TestHost,
    world::{ALL_EVENTS, Goal, PROJECT, World, create_service},
};

#[tokio::test]
async fn what_is_asked_for_is_checked_field_by_field() {
    let world = World::new().await;
    world.create("orders").await.unwrap();
    let good = || create_service("billing");
    let before = world.dump().await;
    for (field, bad) in [
        ("name", CreateService { name: "Ord ers".into(), ..good() }),
        ("name", CreateService { name: "new".into(), ..good() }),
        ("name", CreateService { name: "orders".into(), ..good() }),
        ("service_type", CreateService { service_type: "mysql".into(), ..good() }),
        ("plan", CreateService { plan: "huge".into(), ..good() }),
        ("cloud", CreateService { cloud: "aws".into(), ..good() }),
    ] {
        let error = services::create(&world.ctx(), bad).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(world.dump().await == before, "{error}");
    }
    let nowhere = CreateService { project: "nonesuch".into(), ..good() };
    assert_eq!(services::create(&world.ctx(), nowhere).await, Err(Error::NotFound));
    let error = services::delete(&world.ctx(), PROJECT, "orders", "order").await.unwrap_err();
    assert_eq!(error.field(), Some("confirmation"));
    assert!(world.dump().await == before);
}

/// The promised memory counts, not only what runs: two at once must not both get the last of it.
#[tokio::test]
async fn a_plan_that_does_not_fit_the_host() {
    let small = World::empty().await;
    let settings =
        SimulatedSettings { memory_mib: 1500, ..SimulatedSettings::new("small", small.clock.clone()) };
    let (store, directory) = store::testing::temporary_sqlite().await;
    let host = Arc::new(TestHost::with(settings));
    let world = World::with_host(store, small.clock.clone(), host, directory).await.with_organization().await;
    let large = |name| CreateService { plan: "startup-1".into(), ..create_service(name) };
    services::create(&world.ctx(), large("first")).await.unwrap();
    let error = services::create(&world.ctx(), large("second")).await.unwrap_err();
    assert_eq!(error.field(), Some("plan"));
    assert!(error.to_string().contains("476 MiB of memory left"), "{error}");
    let plans = services::plans(&world.ctx(), PROJECT).await.unwrap();
    let can: Vec<_> = plans.iter().map(|plan| (plan.plan.as_str(), plan.unavailable.is_none())).collect();
    assert_eq!(can, [("hobbyist", true), ("startup-1", false), ("startup-4", false)]);
    world.create("third").await.unwrap();
    world.run_to(Goal::Resting("first")).await;
    world.run_to(Goal::Resting("third")).await;
    check_at_rest(&world).await;
}

#[tokio::test]
async fn each_look_at_the_password_is_an_event() {
    let world = World::new().await;
    world.running("orders").await;
    let password = services::password(&world.ctx(), PROJECT, "orders").await.unwrap();
    assert_eq!(password.expose().len(), 24);
    let again = services::password(&world.ctx(), PROJECT, "orders").await.unwrap();
    assert_eq!(password.expose(), again.expose());
    assert_eq!(world.count_events("service.password_viewed").await, 2);
    // It is nowhere to be found: not in an event, not in the log, not in any row.
    world.secrets.lock().unwrap().push(password.expose().to_owned());
    world.running("billing").await;
    let other = services::password(&world.ctx(), PROJECT, "billing").await.unwrap();
    assert_ne!(other.expose(), password.expose());
    check_at_rest(&world).await;
}

#[tokio::test]
async fn services_are_paged_by_name() {
    let world = World::new().await;
    for number in 0..51 {
        world.create(&format!("s-{number:02}")).await.unwrap();
    }
    let first = services::list(&world.ctx(), PROJECT, None).await.unwrap();
    assert_eq!((first.rows.len(), first.total, first.next.as_deref()), (50, 51, Some("s-49")));
    let second = services::list(&world.ctx(), PROJECT, first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.next), (1, None));
    check_world(&world).await;
}

#[tokio::test]
async fn the_certificate_of_a_deleted_service_is_listed_and_valid() {
    let world = World::new().await;
    for name in ["orders", "billing"] {
        world.running(name).await;
        world.delete(name).await;
        world.run_to(Goal::Gone(name)).await;
    }
    let page = control::certificates::list(&world.ctx(), PROJECT, None).await.unwrap();
    let names: Vec<_> = page.rows.iter().map(|row| row.service_name.as_str()).collect();
    assert_eq!((names, page.total), (vec!["billing", "orders"], 2));
    let view = control::certificates::view(&world.ctx(), PROJECT, page.rows[1].id).await.unwrap();
    assert!(view.is_valid);
    assert_eq!(
        (view.body.service_name.as_str(), view.body.requested_by.as_str()),
        ("orders", "ann@example.org")
    );
    assert_eq!(view.body.nodes[0].volumes.len(), 2);
    let error = control::certificates::list(&world.ctx(), PROJECT, Some("x")).await.unwrap_err();
    assert_eq!(error.field(), Some("after"));
    control::projects::create(&world.ctx(), world.organization, "other", "").await.unwrap();
    let elsewhere = control::certificates::view(&world.ctx(), "other", page.rows[0].id).await;
    assert_eq!(elsewhere.err(), Some(Error::NotFound));

    // What proves the destruction, and what happened, outlive the project.
    control::projects::delete(&world.ctx(), PROJECT, PROJECT).await.unwrap();
    let (ctx, id) = (world.ctx(), page.rows[1].id);
    assert_eq!(control::certificates::view(&world.ctx(), PROJECT, id).await.err(), Some(Error::NotFound));
    let all = control::certificates::list_for_organization(&ctx, world.organization, None);
    let all = all.await.unwrap();
    assert_eq!(all.rows, page.rows);
    assert_eq!((all.rows[0].project_name.as_str(), all.total), (PROJECT, 2));
    let kept = control::certificates::view_for_organization(&ctx, world.organization, id);
    assert_eq!(kept.await.unwrap(), view);
    let events = control::events::list_for_organization(&ctx, world.organization, &ALL_EVENTS, None);
    let events = events.await.unwrap();
    assert_eq!(events.rows[0].event_type, "project.deleted");
    let told = events.rows.iter().filter(|event| event.project_name.as_deref() == Some(PROJECT)).count();
    assert!(told > 5, "{told}");
    let error =
        control::events::list_for_organization(&ctx, world.organization, &ALL_EVENTS, Some("x")).await;
    assert_eq!(error.unwrap_err().field(), Some("after"));
}
