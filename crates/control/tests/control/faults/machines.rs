//! A host without room, and one that cannot run VMs at all.

use control::services;
use domain::{errors::Error, views::PlanView};
use host::simulated::Call;

use crate::{
    check::{check_at_rest, check_world},
    logs,
    world::{Goal, PROJECT, Workers, World},
};

const NAME: &str = "orders";

#[tokio::test]
async fn a_full_disk_is_said_before_anything_is_made() {
    let world = World::new().await;
    world.host.faults().disk_full(true);
    let error = world.create(NAME).await.unwrap_err();
    assert_eq!(error.field(), Some("plan"));
    assert!(error.to_string().contains("0 MiB of disk left"), "{error}");
    let plans = services::plans(&world.ctx(), PROJECT).await.unwrap();
    assert!(plans.iter().all(|plan| plan.unavailable.is_some()));
    check_at_rest(&world).await;
    assert_eq!(world.service_id(NAME).await, None);
}

#[tokio::test]
async fn a_disk_that_fills_up_meanwhile_is_waited_for() {
    let world = World::new().await;
    world.create(NAME).await.unwrap();
    world.host.faults().disk_full(true);
    world.run_to(Goal::Problem(NAME)).await;
    let view = world.view(NAME).await;
    assert!(view.row.problem.unwrap().contains("0 MiB are free on the disk"));
    check_world(&world).await;
    world.host.faults().disk_full(false);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
}

#[tokio::test]
async fn a_host_without_qemu_says_so_when_a_service_is_asked_for() {
    let world = World::new().await;
    let problem = "QEMU is not installed. Run: apt-get install qemu-system-x86";
    world.host.set_problems(&[problem]);
    let error = world.create(NAME).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(
        !error.to_string().contains(problem),
        "paths and commands of the machine are not for tenants: {error}"
    );
    assert!(logs::text().contains(problem), "they are for the log");
    let plans = services::plans(&world.ctx(), PROJECT).await.unwrap();
    let told = |plan: &PlanView| plan.unavailable.as_ref().is_some_and(|why| !why.contains(problem));
    assert!(plans.iter().all(told), "{plans:?}");
    assert_eq!(world.service_id(NAME).await, None);
    world.host.set_problems(&[]);
    world.running(NAME).await;
    check_at_rest(&world).await;
}

#[tokio::test]
async fn what_a_host_says_when_it_fails_is_not_for_tenants() {
    let world = World::new().await;
    let why = "Could not write /srv/secret-place/nodes: no space left";
    world.host.faults().fail(Call::Facts, 1, host::Error::State(why.into()));
    let error = services::plans(&world.ctx(), PROJECT).await.unwrap_err();
    assert!(
        matches!(error, Error::Unavailable { .. }) && !error.to_string().contains("secret-place"),
        "{error}"
    );
    assert!(logs::text().contains(why));
}

/// Who cannot reach a service at all is said where people look for how to connect.
#[tokio::test]
async fn what_keeps_people_from_reaching_a_service_is_shown() {
    let world = World::new().await;
    world.host.set_notices(&["Services can be reached from this machine only."]);
    world.running(NAME).await;
    let view = world.view(NAME).await;
    let told = view.ip_filter.reach_note.unwrap();
    assert!(told.starts_with("Services can be reached from this machine only."), "{told}");
    assert!(!told.contains("Run a command"), "the remedy is the operator's: {told}");
    assert_eq!(view.connection.unwrap().reach_note, Some(told));
    world.host.set_notices(&[]);
    world.run_for(std::time::Duration::from_secs(30)).await;
    assert_eq!(world.view(NAME).await.ip_filter.reach_note, None);
}

/// A fault of the program in a step is a failure of that step: whoever ran it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_panics_is_tried_again() {
    let world = World::new().await;
    world.create(NAME).await.unwrap();
    // More often than there are workers.
    world.host.panic(6);
    world.run_to(Goal::Problem(NAME)).await;
    let problem = world.view(NAME).await.row.problem.unwrap();
    assert!(
        problem.contains("fault of the program") && !problem.contains("the host's own fault"),
        "{problem}"
    );
    assert!(logs::text().contains("the host's own fault"));
    check_world(&world).await;
    let workers = Workers::start(&world, std::slice::from_ref(&world.control));
    workers.reach(&world, &[Goal::Resting(NAME)]).await;
    workers.stop().await;
    check_at_rest(&world).await;
}
