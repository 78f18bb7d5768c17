//! A host without room, and one that cannot run VMs at all.

use control::services;
use domain::errors::Error;

use crate::{
    check::{check_at_rest, check_world},
    world::{Goal, PROJECT, World},
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
    assert_eq!(error, Error::Unavailable { reason: problem.into() });
    let plans = services::plans(&world.ctx(), PROJECT).await.unwrap();
    assert!(plans.iter().all(|plan| plan.unavailable.as_deref() == Some(problem)));
    assert_eq!(world.service_id(NAME).await, None);
    world.host.set_problems(&[]);
    world.running(NAME).await;
    check_at_rest(&world).await;
}
