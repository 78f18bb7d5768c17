//! Guests that never answer, answer nonsense, lie or give up, and VMs that are killed.

use std::time::Duration;

use domain::states::{NodeState, ServiceState, StepState};
use host::simulated::{Agent, Call};

use crate::{
    check::{check_at_rest, check_world},
    world::{Goal, World},
};

const NAME: &str = "orders";

/// What people read on the service and on the failing step.
async fn problem(world: &World) -> String {
    let view = world.view(NAME).await;
    let step = view.timeline.steps.iter().find(|step| step.state == StepState::Failing);
    let problem = view.row.problem.expect("the problem is on the service");
    if let Some(step) = step {
        assert_eq!(step.error.as_ref(), Some(&problem), "and on its step");
    }
    problem
}

async fn comes_back(world: &World) {
    world.host.faults().agent(Agent::Honest);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(world).await;
    world.delete(NAME).await;
    world.run_to(Goal::Gone(NAME)).await;
    check_at_rest(world).await;
}

async fn never_answers(agent: Agent, expected: &str) {
    let world = World::new().await;
    world.host.faults().agent(agent);
    world.create(NAME).await.unwrap();
    let mut pauses = Vec::new();
    for _ in 0..4 {
        world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
        let began = world.now();
        world.run_to(Goal::Step(NAME, "start_vm")).await;
        let waited = world.now().since(began).as_secs();
        assert!((120..125).contains(&waited), "{waited}");
        assert_eq!(world.host.inner.running(), [], "the VM that did not answer is stopped");
        pauses.push(world.strand(NAME).await.unwrap().wake_at.since(world.now()).as_millis());
        assert!(problem(&world).await.contains(expected), "{}", problem(&world).await);
        assert_eq!(world.view(NAME).await.row.state, ServiceState::Rebuilding);
        check_world(&world).await;
    }
    assert_eq!(pauses, [500, 1000, 2000, 4000]);
    comes_back(&world).await;
}

#[tokio::test]
async fn an_agent_that_never_answers() {
    never_answers(Agent::Silent, "did not answer").await;
}

#[tokio::test]
async fn an_agent_that_answers_garbage() {
    never_answers(Agent::Garbage, "something that is no reply").await;
}

#[tokio::test]
async fn a_guest_that_gives_up_is_started_again() {
    let world = World::new().await;
    world.host.faults().agent(Agent::Failed("The data volume is damaged.".into()));
    world.create(NAME).await.unwrap();
    for starts in 1..=3 {
        world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
        assert_eq!(world.node(NAME).await.unwrap().starts, starts);
        world.run_to(Goal::Step(NAME, "start_vm")).await;
        assert_eq!(problem(&world).await, "The guest gave up: The data volume is damaged.");
        check_world(&world).await;
    }
    comes_back(&world).await;
}

/// It says that it is ready before it has keys, or that its volumes are something else than what the host made.
#[tokio::test]
async fn a_guest_that_lies_never_counts_as_running() {
    for (agent, expected) in [
        (Agent::ReadyTooEarly, "did not report its volumes"),
        (Agent::RootTwice, "did not report its volumes"),
        (Agent::Unencrypted, "PLAIN cipher_null-ecb"),
    ] {
        let world = World::new().await;
        world.host.faults().agent(agent);
        world.create(NAME).await.unwrap();
        for _ in 0..3 {
            world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
            world.run_to(Goal::Step(NAME, "start_vm")).await;
            assert!(problem(&world).await.contains(expected), "{}", problem(&world).await);
            check_world(&world).await;
        }
        assert_eq!(world.count_events("service.running").await, 0);
        comes_back(&world).await;
    }
}

#[tokio::test]
async fn a_running_guest_that_shows_other_volumes_is_started_again() {
    let world = World::new().await;
    world.running(NAME).await;
    world.host.faults().agent(Agent::Unencrypted);
    world.run_to(Goal::Step(NAME, "start_vm")).await;
    assert_eq!(world.host.inner.running(), []);
    assert_eq!(world.view(NAME).await.row.state, ServiceState::Rebuilding);
    comes_back(&world).await;
}

#[tokio::test]
async fn a_running_guest_that_falls_silent_is_shown_then_started_again() {
    let world = World::new().await;
    world.running(NAME).await;
    let made = world.dump().await["volumes"].clone();
    world.host.faults().agent(Agent::Silent);
    world.run_for(Duration::from_secs(25)).await;
    assert_eq!(world.node(NAME).await.unwrap().state, NodeState::Running, "not yet");
    world.run_for(Duration::from_secs(30)).await;
    assert_eq!(world.node(NAME).await.unwrap().state, NodeState::TimingOut);
    assert!(problem(&world).await.contains("did not answer in time"));
    assert_eq!(world.node(NAME).await.unwrap().starts, 1);
    check_world(&world).await;

    // Back within the time: nothing happened.
    world.host.faults().agent(Agent::Honest);
    world.run_for(Duration::from_secs(5)).await;
    check_at_rest(&world).await;
    assert_eq!(world.node(NAME).await.unwrap().starts, 1);

    world.host.faults().agent(Agent::Silent);
    world.run_to(Goal::Step(NAME, "start_vm")).await;
    assert_eq!(world.count_events("node.restarted").await, 1);
    world.host.faults().agent(Agent::Honest);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
    assert_eq!(world.dump().await["volumes"], made, "the same volumes with the same keys");
    assert_eq!(world.node(NAME).await.unwrap().starts, 2);
}

/// While no server was there to look, nobody can say that the guest was silent.
#[tokio::test]
async fn a_guest_is_not_silent_while_no_server_looks() {
    let mut world = World::new().await;
    world.running(NAME).await;
    for is_silent_now in [false, true] {
        world.clock.advance(Duration::from_secs(200));
        world.restart_server().await;
        if is_silent_now {
            // Busy at the very moment, as after a restart of the whole machine.
            world.host.faults().agent(Agent::Silent);
        }
        world.run_for(Duration::from_secs(20)).await;
        assert_eq!(world.node(NAME).await.unwrap().state, NodeState::Running);
        world.host.faults().agent(Agent::Honest);
        world.run_for(Duration::from_secs(5)).await;
        assert_eq!(world.node(NAME).await.unwrap().starts, 1);
        check_at_rest(&world).await;
    }
    assert_eq!(world.count_events("node.restarted").await, 0);
}

/// The same while it is made.
#[tokio::test]
async fn a_guest_that_boots_is_given_its_time_after_an_outage() {
    let mut world = World::new().await;
    world.create(NAME).await.unwrap();
    world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
    world.clock.advance(Duration::from_secs(300));
    world.restart_server().await;
    world.run_to(Goal::Resting(NAME)).await;
    assert_eq!(world.node(NAME).await.unwrap().starts, 1);
    check_at_rest(&world).await;
}

/// Before each turn of the making, the VM dies if there is one.
#[tokio::test]
async fn a_vm_that_is_killed_in_each_step_is_started_again() {
    let undisturbed = World::new().await;
    undisturbed.create(NAME).await.unwrap();
    let turns = undisturbed.run_to(Goal::Resting(NAME)).await;
    let mut kills = 0;
    for turn in 1..turns {
        let world = World::new().await;
        world.create(NAME).await.unwrap();
        for _ in 0..turn {
            world.step().await;
        }
        let node = world.node(NAME).await.unwrap();
        let was_killed = world.host.inner.kill_vm(node.id);
        kills += u32::from(was_killed);
        world.run_to(Goal::Resting(NAME)).await;
        check_at_rest(&world).await;
        let again = world.node(NAME).await.unwrap();
        assert_eq!((again.id, again.starts), (node.id, 1 + i64::from(was_killed)));
        assert_eq!(
            world.host.faults().calls_for(Call::MakeVolumes, node.id),
            1,
            "its volumes are never made anew"
        );
    }
    assert!(kills >= 5, "{kills}");
}

#[tokio::test]
async fn a_vm_that_is_killed_while_its_filter_changes_is_started_with_the_new_one() {
    let world = World::new().await;
    world.running(NAME).await;
    control::ip_filters::add(&world.ctx(), crate::workflows::services::office()).await.unwrap();
    world.run_to(Goal::Step(NAME, "apply_ip_filter")).await;
    world.host.inner.kill_vm(world.node(NAME).await.unwrap().id);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
    assert_eq!(world.view(NAME).await.ip_filter.applied_generation, Some(1));
    assert_eq!(world.node(NAME).await.unwrap().starts, 2);
}

#[tokio::test]
async fn a_vm_that_dies_all_the_time_is_left_alone_for_a_while() {
    let world = World::new().await;
    world.running(NAME).await;
    let node = world.node(NAME).await.unwrap().id;
    for restarts in 1..=5 {
        assert!(world.host.inner.kill_vm(node));
        world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
        world.run_to(Goal::Resting(NAME)).await;
        assert_eq!(world.node(NAME).await.unwrap().starts, 1 + restarts);
    }
    assert!(world.host.inner.kill_vm(node));
    world.run_for(Duration::from_secs(60)).await;
    assert_eq!(world.node(NAME).await.unwrap().starts, 6, "no sixth restart yet");
    let view = world.view(NAME).await;
    assert!(view.row.problem.unwrap().contains("5 times within 10 minutes"));
    assert_eq!(view.row.state, ServiceState::Rebuilding, "it does not answer, so it is not shown as running");
    check_world(&world).await;

    world.run_for(Duration::from_secs(600)).await;
    world.run_to(Goal::Resting(NAME)).await;
    assert_eq!(world.node(NAME).await.unwrap().starts, 7);
    check_at_rest(&world).await;
}
