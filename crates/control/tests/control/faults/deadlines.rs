//! A workflow that does not get there in time: one alert and one event, and both an end.

use std::time::Duration;

use host::{Error, simulated::Call};

use crate::{
    check::{check_at_rest, check_world},
    world::{Goal, World},
};

const NAME: &str = "orders";

async fn alerts(world: &World) -> Vec<String> {
    let mut tx = world.store.read().await.unwrap();
    store::alerts::list(&mut tx).await.unwrap().into_iter().map(|alert| alert.text).collect()
}

async fn raised_once(world: World) {
    world.create(NAME).await.unwrap();
    world.host.faults().fail(Call::StartVm, 10_000, Error::Full("No memory is left.".into()));
    world.run_for(Duration::from_secs(9 * 60)).await;
    world.stepper.raise_alerts().await.unwrap();
    assert_eq!(alerts(&world).await, Vec::<String>::new(), "not yet");

    world.run_for(Duration::from_secs(2 * 60)).await;
    // Two servers look at the same time, again and again.
    let other = world.another_server().await;
    let other = control::testing::Stepper::new(&other, world.limits);
    for _ in 0..3 {
        let (one, two) = tokio::join!(world.stepper.raise_alerts(), other.raise_alerts());
        // On PostgreSQL one of the two may have to come again.
        assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
        world.run_for(Duration::from_secs(30)).await;
    }
    let expected = "Not done in time; the step start_vm fails: No memory is left.";
    assert_eq!(alerts(&world).await, [expected]);
    assert_eq!(world.count_events("workflow.overdue").await, 1);
    assert!(world.view(NAME).await.row.problem.is_some());
    check_world(&world).await;

    // The next steps have the same deadline, which was told already.
    world.host.faults().clear();
    world.run_to(Goal::Step(NAME, "open_volumes")).await;
    world.stepper.raise_alerts().await.unwrap();
    assert_eq!(world.count_events("workflow.overdue").await, 1);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
    assert_eq!(alerts(&world).await, Vec::<String>::new(), "taken back");

    // A deletion has a deadline of its own.
    world.delete(NAME).await;
    world.host.faults().fail(Call::StopVm, 10_000, Error::State("The process does not end.".into()));
    world.run_for(Duration::from_secs(11 * 60)).await;
    world.stepper.raise_alerts().await.unwrap();
    assert_eq!(alerts(&world).await.len(), 1);
    assert_eq!(world.count_events("workflow.overdue").await, 2);
    world.host.faults().clear();
    world.run_to(Goal::Gone(NAME)).await;
    check_at_rest(&world).await;
}

#[tokio::test]
async fn an_alert_is_raised_once_on_sqlite() {
    raised_once(World::new().await).await;
}

#[tokio::test]
async fn an_alert_is_raised_once_on_postgres() {
    raised_once(World::postgres().await).await;
}

/// A service that goes back and back again is overdue once, not once for each time.
#[tokio::test]
async fn setbacks_raise_no_further_alerts() {
    let world = World::new().await;
    world.host.faults().agent(host::simulated::Agent::Failed("no".into()));
    world.create(NAME).await.unwrap();
    world.run_for(Duration::from_secs(11 * 60)).await;
    let setbacks = world.node(NAME).await.unwrap().starts;
    assert!(setbacks > 5, "{setbacks}");
    for _ in 0..5 {
        world.stepper.raise_alerts().await.unwrap();
        world.run_for(Duration::from_secs(90)).await;
    }
    assert!(world.node(NAME).await.unwrap().starts > setbacks);
    assert_eq!(alerts(&world).await.len(), 1);
    assert_eq!(world.count_events("workflow.overdue").await, 1);
}
