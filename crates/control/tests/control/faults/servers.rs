//! Several servers on one database, and servers that are only slow when they are thought dead.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use control::{certificates, events, testing::Stepper, workflow::Limits};
use domain::{
    certificates::DestructionCertificate,
    ids::ServiceId,
    states::{StepState, VolumeKind},
};
use host::simulated::{Call, SimulatedSettings};

use crate::{
    check::{check_at_rest, check_world},
    hosts::TestHost,
    workflows::services::Flow,
    world::{ALL_EVENTS, Goal, PROJECT, Workers, World},
};

const NAME: &str = "orders";

/// Two servers with all their workers make, and then destroy, six services.
async fn two_servers(world: World) {
    let names = ["s1", "s2", "s3", "s4", "s5", "s6"].map(|name| format!("svc-{name}"));
    let servers = [world.control.clone(), world.another_server().await];
    let workers = Workers::start(&world, &servers);
    for name in &names {
        world.create(name).await.unwrap();
    }
    let resting: Vec<_> = names.iter().map(|name| Goal::Resting(name)).collect();
    workers.reach(&world, &resting).await;
    for name in &names {
        let node = world.node(name).await.unwrap();
        assert_eq!(node.starts, 1);
        if world.store.kind() == "sqlite" {
            // On PostgreSQL a step may have to be repeated because of another transaction.
            assert_eq!(world.host.faults().calls_for(Call::MakeVolumes, node.id), 1);
            assert_eq!(world.host.faults().calls_for(Call::StartVm, node.id), 1);
        }
        // Nothing that was shown to people went wrong for anybody.
        let view = world.view(name).await;
        assert!(view.timeline.steps.iter().all(|step| step.state == StepState::Done), "{:#?}", view.timeline);
        assert!(view.timeline.steps.iter().all(|step| step.error.is_none()), "{:#?}", view.timeline);
    }
    check_world(&world).await;
    for name in &names {
        world.delete(name).await;
    }
    let gone: Vec<_> = names.iter().map(|name| Goal::Gone(name)).collect();
    workers.reach(&world, &gone).await;
    workers.stop().await;
    check_at_rest(&world).await;
    assert_eq!(world.host.overlaps(), 0, "two workers were at one node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_sqlite() {
    two_servers(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgres() {
    two_servers(World::postgres().await).await;
}

/// A server stops in the middle of each kind of call (SIGSTOP), its lease ends, another server does everything, and
/// then the first one goes on: nothing that it writes counts.
async fn late_writer(postgres: bool) {
    let calls = [
        (Flow::Creating, Call::MakeVolumes),
        (Flow::Creating, Call::StartVm),
        (Flow::Creating, Call::OpenVolumes),
        (Flow::Creating, Call::Configure),
        (Flow::Changing, Call::SetIpFilter),
        (Flow::Deleting, Call::StopVm),
        (Flow::Deleting, Call::Shred),
        (Flow::Deleting, Call::Forget),
    ];
    for (flow, call) in calls {
        let mut world = if postgres { World::postgres().await } else { World::new().await };
        // The one that is stopped does not extend its lease.
        world.limit(Limits { extend_every: Duration::from_secs(3600), ..Limits::default() });
        flow.begin(&world).await;
        let gate = world.host.hold(call);
        let (slow, clock) = (world.stepper.clone(), world.clock.clone());
        let is_held = Arc::new(AtomicBool::new(false));
        let was_held = is_held.clone();
        let slow = tokio::spawn(async move {
            while !was_held.load(Ordering::SeqCst) {
                if !slow.step().await.unwrap() {
                    clock.advance(Duration::from_millis(50));
                }
            }
        });
        gate.reached.notified().await;
        is_held.store(true, Ordering::SeqCst);
        world.clock.advance(world.limits.lease);
        world.restart_server().await;
        world.run_to(flow.goal()).await;
        check_at_rest(&world).await;
        let before = world.dump().await;
        gate.go.notify_one();
        slow.await.unwrap();
        assert!(world.dump().await == before, "{call:?}: the late one wrote something");
        // What it did on the host to a node that was gone already is undone by the next sweep.
        assert_eq!(world.stepper.sweep().await, Ok(0));
        check_at_rest(&world).await;
    }
}

#[tokio::test]
async fn a_server_that_lost_its_lease_writes_nothing_on_sqlite() {
    late_writer(false).await;
}

#[tokio::test]
async fn a_server_that_lost_its_lease_writes_nothing_on_postgres() {
    late_writer(true).await;
}

/// The slow one makes volumes and starts a VM of a service that is gone. The next sweep destroys them again.
#[tokio::test]
async fn what_a_late_server_makes_of_a_destroyed_node_is_destroyed_again() {
    for call in [Call::MakeVolumes, Call::StartVm] {
        let mut world = World::new().await;
        world.limit(Limits { extend_every: Duration::from_secs(3600), ..Limits::default() });
        world.create(NAME).await.unwrap();
        world.run_to(Goal::Step(NAME, if call == Call::StartVm { "start_vm" } else { "make_volumes" })).await;
        let gate = world.host.hold(call);
        let slow = world.stepper.clone();
        let slow = tokio::spawn(async move { slow.step().await });
        gate.reached.notified().await;
        world.clock.advance(world.limits.lease);
        world.restart_server().await;
        world.delete(NAME).await;
        world.run_to(Goal::Gone(NAME)).await;
        check_at_rest(&world).await;
        gate.go.notify_one();
        let _ = slow.await.unwrap();
        assert!(!world.host.inner.leftovers().is_empty(), "{call:?} left something that nobody knows");
        assert_eq!(world.stepper.sweep().await, Ok(0));
        check_at_rest(&world).await;
    }
}

/// An old copy of the database: the host holds a node of which nothing is known.
#[tokio::test]
async fn a_node_that_was_never_destroyed_is_left_alone() {
    let world = World::new().await;
    world.running(NAME).await;
    let (store, directory) = store::testing::temporary_sqlite().await;
    let old = World::with_host(store, world.clock.clone(), world.host.clone(), directory).await;
    assert_eq!(old.stepper.sweep().await, Ok(1));
    assert_eq!(world.stepper.sweep().await, Ok(0));
    check_at_rest(&world).await;
}

/// While a step runs its lease is kept, however long it takes.
#[tokio::test]
async fn a_slow_step_keeps_its_lease() {
    let mut world = World::new().await;
    world.limit(Limits { extend_every: Duration::from_millis(20), ..Limits::default() });
    world.create(NAME).await.unwrap();
    world.run_to(Goal::Step(NAME, "make_volumes")).await;
    let gate = world.host.hold(Call::MakeVolumes);
    let slow = world.stepper.clone();
    let slow = tokio::spawn(async move { slow.step().await });
    gate.reached.notified().await;
    let other = Stepper::new(&world.another_server().await, world.limits);
    for _ in 0..10 {
        world.clock.advance(world.limits.lease / 2);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(other.step().await, Ok(false), "it is held by the other server");
    }
    gate.go.notify_one();
    assert_eq!(slow.await.unwrap(), Ok(true));
    assert!(world.is(Goal::Step(NAME, "start_vm")).await);
    assert_eq!(world.host.overlaps(), 0);
    world.run_to(Goal::Resting(NAME)).await;
    check_at_rest(&world).await;
}

/// A server that finds its lease taken stops what it is doing.
#[tokio::test]
async fn a_server_that_sees_its_lease_lost_stops() {
    let mut world = World::new().await;
    world.limit(Limits { extend_every: Duration::from_millis(20), ..Limits::default() });
    world.create(NAME).await.unwrap();
    world.run_to(Goal::Step(NAME, "make_volumes")).await;
    world.host.faults().hang(Call::MakeVolumes, 1);
    let slow = world.stepper.clone();
    let mut tx = world.store.write().await.unwrap();
    drop(tx);
    let slow = tokio::spawn(async move { slow.step().await });
    while world.strand(NAME).await.unwrap().lease_token.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Somebody takes it over in one transaction, as after a pause of the whole machine.
    tx = world.store.write().await.unwrap();
    let (now, token) = (world.now().plus(Duration::from_secs(3600)), world.uuid());
    let taken = store::strands::lease(&mut tx, now, now, token, &["services"], &["host-1"]).await.unwrap();
    assert!(taken.is_some());
    tx.commit().await.unwrap();
    let before = world.dump().await;
    let ended = tokio::time::timeout(Duration::from_secs(10), slow).await.expect("it stops by itself");
    assert_eq!(ended.unwrap(), Ok(true));
    assert!(world.dump().await == before);
}

/// Two machines that happen to have the same name in their configurations.
#[tokio::test]
async fn a_server_whose_host_is_not_the_one_of_that_name_does_not_start() {
    let world = World::new().await;
    let directory = tempfile::tempdir().unwrap();
    let other = |name: &str| {
        let state_file = Some(directory.path().join("host.json"));
        let settings = SimulatedSettings { state_file, ..SimulatedSettings::new(name, world.clock.clone()) };
        Arc::new(TestHost::with(settings))
    };
    let error = world.server_on(&other("host-1")).await.err().unwrap();
    assert!(error.contains("another host by the name host-1") && error.contains("host.name"), "{error}");
    // Under a name of its own it may, again and again.
    for _ in 0..2 {
        assert!(world.server_on(&other("host-2")).await.is_ok());
    }
    assert!(world.server_on(&world.host).await.is_ok());
}

/// Each server drives the services on its own hosts; one that has no node yet goes to whoever comes first.
async fn two_servers_on_hosts_of_their_own(world: World) {
    let second = Arc::new(TestHost::with(SimulatedSettings::new("host-2", world.clock.clone())));
    let server = world.server_on(&second).await.unwrap();
    let other = Stepper::new(&server, world.limits);
    world.running(NAME).await;
    world.delete(NAME).await;
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(other.step().await, Ok(false), "nobody else can reach its node");
    world.run_to(Goal::Gone(NAME)).await;
    assert_eq!(second.faults().calls(Call::Shred), 0);

    world.create(NAME).await.unwrap();
    assert_eq!(other.step().await, Ok(true));
    assert_eq!(world.node(NAME).await.unwrap().host, "host-2");
    assert_eq!(world.stepper.step().await, Ok(false));
    for _ in 0..200 {
        if !other.step().await.unwrap() {
            world.clock.advance(Duration::from_millis(500));
        }
    }
    assert!(world.is(Goal::Resting(NAME)).await);
    assert_eq!((second.inner.running().len(), world.host.inner.running().len()), (1, 0));
    let address = world.view(NAME).await.ip_filter.my_address_note;
    assert_eq!(address, None, "the host that could tell is another server's");
}

#[tokio::test]
async fn two_servers_on_hosts_of_their_own_on_sqlite() {
    two_servers_on_hosts_of_their_own(World::new().await).await;
}

#[tokio::test]
async fn two_servers_on_hosts_of_their_own_on_postgres() {
    two_servers_on_hosts_of_their_own(World::postgres().await).await;
}

async fn certificate(world: &World, id: ServiceId) -> Option<DestructionCertificate> {
    let mut tx = world.store.read().await.unwrap();
    let found = store::destruction_certificates::find_by_service(&mut tx, id).await.unwrap()?;
    Some(serde_json::from_str(&found.body).unwrap())
}

/// A host that lost all it had of a node cannot say that it destroyed it.
#[tokio::test]
async fn what_a_host_knows_nothing_of_is_not_certified() {
    let world = World::new().await;
    let id = world.running(NAME).await;
    let emptied = Arc::new(TestHost::new(world.clock.clone()));
    let server = world.server_on(&emptied).await.unwrap();
    let stepper = Stepper::new(&server, world.limits);
    world.delete(NAME).await;
    for _ in 0..20 {
        if !stepper.step().await.unwrap() {
            world.clock.advance(Duration::from_millis(500));
        }
    }
    let problem = world.view(NAME).await.row.problem.unwrap();
    assert!(problem.contains("knows nothing of the data volume"), "{problem}");
    assert!(world.is(Goal::Step(NAME, "shred")).await);
    assert_eq!(certificate(&world, id).await, None);
    assert_eq!(world.count_events("node.destroyed").await, 0);
    // What it had is brought back.
    world.run_to(Goal::Gone(NAME)).await;
    assert_eq!(certificate(&world, id).await.unwrap().nodes[0].steps.len(), 7);
    check_at_rest(&world).await;
}

#[tokio::test]
async fn the_certificate_says_which_volume_was_not_found() {
    let world = World::new().await;
    let id = world.running(NAME).await;
    assert!(world.host.inner.lose_volume(world.node(NAME).await.unwrap().id, VolumeKind::Data));
    world.delete(NAME).await;
    world.run_to(Goal::Gone(NAME)).await;
    let certificate = certificate(&world, id).await.unwrap();
    let listed = certificates::list(&world.ctx(), PROJECT, None).await.unwrap().rows;
    assert!(!listed[0].is_whole);
    let log = events::list(&world.ctx(), PROJECT, &ALL_EVENTS, None).await.unwrap().rows;
    assert!(log.iter().any(|event| event.text.contains("not every volume could be erased")));
    assert!(!log.iter().any(|event| event.text.contains("are shredded")));
    for volume in &certificate.nodes[0].volumes {
        assert_eq!(volume.not_erased.is_some(), volume.kind == VolumeKind::Data, "{volume:?}");
    }
    let steps = &certificate.nodes[0].steps;
    assert!(steps.iter().any(|step| step.check.contains("data: its image was not found")), "{steps:?}");
    check_at_rest(&world).await;
}
