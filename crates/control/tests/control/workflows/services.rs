//! The life of a service: each of its runs undisturbed, with every step twice, with a crash at every point, and
//! destroyed from every step.

use std::time::Duration;

use control::{ip_filters, services, workflow::Point};
use domain::{inputs::AddIpFilterEntry, states::StepState};
use host::simulated::Call;

use crate::{
    check::{check_at_rest, check_world},
    world::{Goal, PROJECT, World},
};

const NAME: &str = "orders";

/// One run of the workflow: what it starts from, what starts it, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Creating,
    Restarting,
    Changing,
    Deleting,
}

impl Flow {
    /// Brings the world to the point at which the flow is asked for.
    pub async fn begin(self, world: &World) {
        if self == Self::Creating {
            world.create(NAME).await.unwrap();
            return;
        }
        world.running(NAME).await;
        match self {
            Self::Restarting => {
                assert!(world.host.inner.kill_vm(world.node(NAME).await.unwrap().id));
                world.run_to(Goal::Step(NAME, "start_vm")).await;
            }
            Self::Changing => {
                ip_filters::add(&world.ctx(), office()).await.unwrap();
            }
            _ => world.delete(NAME).await,
        }
    }

    pub const fn goal(self) -> Goal<'static> {
        match self {
            Self::Deleting => Goal::Gone(NAME),
            _ => Goal::Resting(NAME),
        }
    }
}

pub fn office() -> AddIpFilterEntry {
    AddIpFilterEntry {
        project: PROJECT.into(),
        service: NAME.into(),
        cidr: "198.51.100.0/24".into(),
        description: "office".into(),
        open_to_world: false,
    }
}

async fn undisturbed(world: World) {
    world.running(NAME).await;
    check_at_rest(&world).await;
    let view = world.view(NAME).await;
    let steps: Vec<_> = view.timeline.steps.iter().map(|step| (step.step.as_str(), step.state)).collect();
    let expected = [
        "place",
        "make_volumes",
        "start_vm",
        "wait_for_agent",
        "open_volumes",
        "hand_over",
        "wait_for_postgresql",
    ];
    assert_eq!(steps, expected.map(|step| (step, StepState::Done)));
    assert!(!view.timeline.is_active && view.timeline.finished_at.is_some());
    assert_eq!(view.nodes[0].volumes.len(), 2);
    assert_eq!(view.nodes[0].postgresql_version.as_deref(), Some("15.20 (simulated)"));
    let connection = view.connection.unwrap();
    assert!(connection.ca_certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(connection.uri.contains("sslmode=verify-full"));

    ip_filters::add(&world.ctx(), office()).await.unwrap();
    assert_eq!(world.view(NAME).await.ip_filter.applied_generation, Some(0));
    world.run_to(Goal::Resting(NAME)).await;
    assert_eq!(world.view(NAME).await.ip_filter.applied_generation, Some(1));
    check_at_rest(&world).await;

    let node = world.node(NAME).await.unwrap();
    world.host.inner.kill_vm(node.id);
    world.run_to(Goal::Step(NAME, "wait_for_agent")).await;
    assert_eq!(world.view(NAME).await.timeline.title, "Restarting");
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
    let again = world.node(NAME).await.unwrap();
    assert_eq!((again.id, again.starts), (node.id, 2), "the same node, so the same volumes and rows");

    world.delete(NAME).await;
    let view = world.view(NAME).await;
    assert!(view.row.is_deleting);
    // The workflow has not even seen it; people see at once what is to come.
    assert_eq!((view.timeline.title.as_str(), view.timeline.is_active), ("Deleting", true));
    let steps: Vec<_> = view.timeline.steps.iter().map(|step| (step.step.as_str(), step.state)).collect();
    assert_eq!(steps, ["stop_vm", "shred", "certify", "clean_up"].map(|step| (step, StepState::Pending)));
    world.run_to(Goal::Gone(NAME)).await;
    check_at_rest(&world).await;
    assert_eq!(
        world.event_types().await,
        [
            "set_up.completed",
            "project.created",
            "service.created",
            "service.running",
            "service.ip_filter_changed",
            "node.restarted",
            "service.running",
            "service.deletion_requested",
            "node.destroyed",
            "service.deleted",
        ]
    );
}

#[tokio::test]
async fn undisturbed_on_sqlite() {
    undisturbed(World::new().await).await;
}

#[tokio::test]
async fn undisturbed_on_postgres() {
    undisturbed(World::postgres().await).await;
}

/// Each step is run, and after its results are stored it is the strand's turn again, as if it had never been.
async fn every_step_twice(flow: Flow) {
    let world = World::new().await;
    flow.begin(&world).await;
    let mut repeated = Vec::new();
    for _ in 0..200 {
        if world.is(flow.goal()).await {
            break;
        }
        let before = world.strand(NAME).await.unwrap();
        world.step().await;
        let Some(after) = world.strand(NAME).await else { break };
        if after.step == before.step || repeated.contains(&before.step) {
            continue;
        }
        // Leased by the test and sent back to where it was.
        let mut tx = world.store.write().await.unwrap();
        let (token, now) = (world.uuid(), world.now().plus(Duration::from_secs(3600)));
        let leased = store::strands::lease(&mut tx, now, now, token, &["services"], &["host-1"])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(leased.id, before.id);
        let at = world.now();
        let back = store::strands::hop(
            &mut tx,
            before.id,
            token,
            &before.step,
            &before.state,
            at,
            before.deadline_at,
        );
        assert!(back.await.unwrap());
        // Else the history would tell of a step that was begun and left.
        for step in store::step_runs::list(&mut tx, before.id).await.unwrap() {
            store::step_runs::finish(&mut tx, before.id, step.sequence, at).await.unwrap();
        }
        tx.commit().await.unwrap();
        world.step().await;
        let again = world.strand(NAME).await.unwrap();
        assert_eq!((&again.step, &again.error), (&after.step, &None), "{} again", before.step);
        repeated.push(before.step);
    }
    world.run_to(flow.goal()).await;
    let expected: &[&str] = match flow {
        Flow::Creating => &[
            "place",
            "make_volumes",
            "start_vm",
            "wait_for_agent",
            "open_volumes",
            "hand_over",
            "wait_for_postgresql",
        ],
        Flow::Restarting => {
            &["start_vm", "wait_for_agent", "open_volumes", "hand_over", "wait_for_postgresql"]
        }
        Flow::Changing => &["wait", "apply_ip_filter"],
        Flow::Deleting => &["wait", "stop_vm", "shred", "certify"],
    };
    assert_eq!(repeated, expected);
    // A step that is stored twice is told twice; all else must be as if it had been once.
    if flow == Flow::Deleting {
        assert_eq!(world.host.inner.leftovers(), Vec::<String>::new());
        assert_eq!(world.count_events("service.deleted").await, 1);
    } else {
        check_at_rest(&world).await;
    }
}

#[tokio::test]
async fn every_step_twice_creating() {
    every_step_twice(Flow::Creating).await;
}

#[tokio::test]
async fn every_step_twice_restarting() {
    every_step_twice(Flow::Restarting).await;
}

#[tokio::test]
async fn every_step_twice_changing() {
    every_step_twice(Flow::Changing).await;
}

#[tokio::test]
async fn every_step_twice_deleting() {
    every_step_twice(Flow::Deleting).await;
}

/// The server dies at each point of each turn of the flow; another one starts and ends it. `postgres` or SQLite.
async fn crash_after_every_step(flow: Flow, postgres: bool) {
    let world = async || if postgres { World::postgres().await } else { World::new().await };
    let undisturbed = world().await;
    flow.begin(&undisturbed).await;
    let turns = undisturbed.run_to(flow.goal()).await;
    assert!(turns >= 2, "{flow:?}: {turns}");
    for turn in 0..turns {
        for point in [Point::Leased, Point::Acted, Point::Stored] {
            let mut world = world().await;
            flow.begin(&world).await;
            for _ in 0..turn {
                assert!(world.step().await);
            }
            assert!(world.step_until(point).await, "{flow:?} {turn} {point:?}");
            check_world(&world).await;

            world.restart_server().await;
            let died_at = world.now();
            if point != Point::Stored {
                // What the dead server leased is left alone until the lease ends, and not longer.
                assert!(!world.stepper.step().await.unwrap(), "{flow:?} {turn} {point:?}");
                world.clock.advance(world.limits.lease);
                assert!(world.stepper.step().await.unwrap(), "{flow:?} {turn} {point:?}");
            }
            world.run_to(flow.goal()).await;
            check_at_rest(&world).await;
            assert!(world.now().since(died_at) < Duration::from_secs(15), "{flow:?} {turn} {point:?}");
        }
    }
}

#[tokio::test]
async fn crash_after_every_step_creating() {
    crash_after_every_step(Flow::Creating, false).await;
}

#[tokio::test]
async fn crash_after_every_step_restarting() {
    crash_after_every_step(Flow::Restarting, false).await;
}

#[tokio::test]
async fn crash_after_every_step_changing() {
    crash_after_every_step(Flow::Changing, false).await;
}

#[tokio::test]
async fn crash_after_every_step_deleting() {
    crash_after_every_step(Flow::Deleting, false).await;
}

#[tokio::test]
async fn crash_after_every_step_creating_on_postgres() {
    crash_after_every_step(Flow::Creating, true).await;
}

#[tokio::test]
async fn crash_after_every_step_restarting_on_postgres() {
    crash_after_every_step(Flow::Restarting, true).await;
}

#[tokio::test]
async fn crash_after_every_step_changing_on_postgres() {
    crash_after_every_step(Flow::Changing, true).await;
}

#[tokio::test]
async fn crash_after_every_step_deleting_on_postgres() {
    crash_after_every_step(Flow::Deleting, true).await;
}

/// From every turn of every flow, the moment between acting and storing included.
#[tokio::test]
async fn destroy_from_every_step() {
    for flow in [Flow::Creating, Flow::Restarting, Flow::Changing] {
        let undisturbed = World::new().await;
        flow.begin(&undisturbed).await;
        let turns = undisturbed.run_to(flow.goal()).await;
        for turn in 0..=turns {
            for is_cut in [false, true] {
                let world = World::new().await;
                flow.begin(&world).await;
                for _ in 0..turn {
                    assert!(world.step().await);
                }
                if is_cut {
                    world.step_until(Point::Acted).await;
                }
                world.delete(NAME).await;
                world.run_to(Goal::Gone(NAME)).await;
                check_at_rest(&world).await;
            }
        }
    }
}

#[tokio::test]
async fn destroy_while_a_step_fails() {
    use host::Error;
    for call in [Call::MakeVolumes, Call::StartVm, Call::OpenVolumes, Call::Configure, Call::Observe] {
        let world = World::new().await;
        world.create(NAME).await.unwrap();
        world.host.faults().fail(call, 1000, Error::State("It does not work.".into()));
        world.run_to(Goal::Problem(NAME)).await;
        check_world(&world).await;
        world.delete(NAME).await;
        // The host is well again, or nothing could ever be destroyed on it.
        world.host.faults().clear();
        world.run_to(Goal::Gone(NAME)).await;
        check_at_rest(&world).await;
    }
}

#[tokio::test]
async fn a_service_that_is_being_deleted_takes_no_more_wishes() {
    let world = World::new().await;
    world.running(NAME).await;
    world.delete(NAME).await;
    let error = services::delete(&world.ctx(), PROJECT, NAME, NAME).await.unwrap_err();
    assert_eq!(error.status(), 409, "{error}");
    let error = ip_filters::add(&world.ctx(), office()).await.unwrap_err();
    assert_eq!(error.status(), 409, "{error}");
    world.run_to(Goal::Gone(NAME)).await;
    // The name is free again, for another service.
    let id = world.running(NAME).await;
    assert_eq!(world.service_id(NAME).await, Some(id));
    check_at_rest(&world).await;
}

/// A VM that stays up longer than its certificate lasts gets a new one in time, and is not started anew for it.
#[tokio::test]
async fn a_certificate_is_renewed_before_it_ends() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let world = World::new().await;
    world.running(NAME).await;
    let first = world.node(NAME).await.unwrap();
    let configured = world.host.faults().calls_for(Call::Configure, first.id);
    world.clock.advance(360 * DAY);
    world.run_for(Duration::from_secs(10)).await;
    assert_eq!(world.node(NAME).await.unwrap().certificate, first.certificate, "not yet");
    world.clock.advance(10 * DAY);
    world.run_for(Duration::from_secs(30)).await;
    let renewed = world.node(NAME).await.unwrap();
    assert_ne!(renewed.certificate, first.certificate);
    assert_eq!(world.host.faults().calls_for(Call::Configure, first.id), configured + 1, "once");
    assert_eq!(renewed.starts, 1);
    assert_eq!(world.view(NAME).await.timeline.title, "Creating");
    check_at_rest(&world).await;
}
