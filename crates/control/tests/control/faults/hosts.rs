//! Calls to the host that fail, hang, lie, or do their work and fail all the same: the service gets there anyway, and
//! people can see what is wrong meanwhile.

use std::time::Duration;

use control::{ip_filters, workflow::Limits};
use domain::states::StepState;
use host::{
    Error,
    simulated::{Call, Faults},
};

use crate::{
    check::{check_at_rest, check_world},
    workflows::services::office,
    world::{Goal, World},
};

const NAME: &str = "orders";
const WHY: &str = "The machine has a cold.";
/// How often each call goes wrong.
const TIMES: u32 = 3;

/// Every call that the life of a service makes.
const CALLS: [Call; 11] = [
    Call::Facts,
    Call::MakeVolumes,
    Call::StartVm,
    Call::OpenVolumes,
    Call::Configure,
    Call::SetIpFilter,
    Call::Observe,
    Call::StopVm,
    Call::Shred,
    Call::Forget,
    Call::Nodes,
];

/// The whole life of a service with one call going wrong; says whether people could see the error.
async fn live(world: &World, order: impl FnOnce(&Faults)) -> bool {
    let mut was_seen = false;
    world.create(NAME).await.unwrap();
    order(world.host.faults());
    was_seen |= go(world, Goal::Resting(NAME)).await;
    check_at_rest(world).await;
    ip_filters::add(&world.ctx(), office()).await.unwrap();
    was_seen |= go(world, Goal::Resting(NAME)).await;
    check_at_rest(world).await;
    world.host.inner.kill_vm(world.node(NAME).await.unwrap().id);
    was_seen |= go(world, Goal::Step(NAME, "start_vm")).await;
    was_seen |= go(world, Goal::Resting(NAME)).await;
    check_at_rest(world).await;
    world.delete(NAME).await;
    was_seen |= go(world, Goal::Gone(NAME)).await;
    check_at_rest(world).await;
    was_seen
}

/// Steps to the goal; whether the error was to be read on the service and in its timeline at the same time.
async fn go(world: &World, goal: Goal<'_>) -> bool {
    let mut was_seen = false;
    for _ in 0..500 {
        if world.is(goal).await {
            return was_seen;
        }
        assert!(world.step().await);
        check_world(world).await;
        if let Some(strand) = world.strand(NAME).await
            && strand.attempts > 0
        {
            let view = world.view(NAME).await;
            was_seen |= view.row.problem.as_ref().is_some_and(|problem| problem.contains(WHY));
            // Resting is no step of a timeline.
            if strand.step == "wait" {
                assert_eq!(view.row.problem, strand.error);
                continue;
            }
            let failing = view.timeline.steps.iter().find(|step| step.state == StepState::Failing).unwrap();
            assert_eq!(failing.step, strand.step);
            assert_eq!((failing.error.clone(), failing.attempts), (strand.error, strand.attempts));
            assert!(failing.next_try_at.is_some());
            assert_eq!(view.row.problem, failing.error);
        }
    }
    panic!("never {goal:?}: {:?}", world.strand(NAME).await);
}

fn why() -> Error {
    Error::Agent(WHY.into())
}

#[tokio::test]
async fn a_call_that_fails_is_tried_again_and_seen() {
    for call in CALLS {
        let world = World::new().await;
        let was_seen = live(&world, |faults| faults.fail(call, TIMES, why())).await;
        assert!(was_seen, "{call:?}");
    }
}

#[tokio::test]
async fn a_call_that_did_its_work_and_fails_is_tried_again_and_seen() {
    for call in CALLS {
        let world = World::new().await;
        let was_seen = live(&world, |faults| faults.fail_after(call, TIMES, why())).await;
        assert!(was_seen, "{call:?}");
    }
}

/// It says that it did its work and did not.
#[tokio::test]
async fn a_call_that_lies_is_found_out() {
    for call in CALLS {
        let world = World::new().await;
        live(&world, |faults| faults.lie(call, 2)).await;
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up() {
    for call in CALLS {
        for does_its_work in [false, true] {
            let mut world = World::new().await;
            world.limit(Limits { step: Duration::from_millis(120), ..Limits::default() });
            live(
                &world,
                |faults| {
                    if does_its_work { faults.hang_after(call, 1) } else { faults.hang(call, 1) }
                },
            )
            .await;
        }
    }
}

/// The pause between two tries doubles up to a minute, and a person can have the next one at once.
#[tokio::test]
async fn pauses_grow_and_can_be_skipped() {
    let world = World::new().await;
    world.create(NAME).await.unwrap();
    world.host.faults().fail(Call::MakeVolumes, 1000, why());
    let mut pauses = Vec::new();
    while pauses.len() < 10 {
        world.step().await;
        let strand = world.strand(NAME).await.unwrap();
        if strand.attempts > 0 {
            pauses.push(strand.wake_at.since(world.now()).as_millis());
        }
    }
    assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);

    world.host.faults().clear();
    assert!(!world.stepper.step().await.unwrap(), "its time has not come");
    control::services::retry(&world.ctx(), crate::world::PROJECT, NAME).await.unwrap();
    assert!(world.stepper.step().await.unwrap());
    assert_eq!(world.strand(NAME).await.unwrap().step, "start_vm");
    assert_eq!(world.view(NAME).await.row.problem, None);
}
