//! A database that is locked, throws its sessions out, or is gone for a while.

use std::{sync::Arc, time::Duration, time::Instant};

use control::{projects, services};
use store::{Store, testing::Cluster};

use crate::{
    check::{check_at_rest, check_world},
    logs,
    wires::{Cut, Wire},
    world::{ALL_PROJECTS, Goal, PROJECT, Workers, World},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_somebody_else_locks() {
    let world = World::new().await;
    world.running("orders").await;
    let other = Store::open(&format!("sqlite://{}", world.path.display())).await.unwrap();
    let lock = other.write().await.unwrap();
    let before = world.dump().await;

    let began = Instant::now();
    let (asked, stepped) = tokio::join!(world.create("billing"), async {
        world.clock.advance(Duration::from_secs(5));
        world.stepper.step().await
    });
    assert_eq!(asked.unwrap_err().status(), 503);
    assert!(stepped.is_err(), "{stepped:?}");
    // Both wait for the one writer, each as long as for a lock; neither is repeated.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // Looking is still possible.
    assert_eq!(world.view("orders").await.row.name, "orders");
    assert!(world.dump().await == before, "nothing was changed");

    drop(lock);
    other.close().await;
    world.running("billing").await;
    check_at_rest(&world).await;
}

/// Two servers work while somebody else holds the file: they go on by themselves when it is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_is_locked_while_servers_work() {
    let world = World::new().await;
    let names = ["svc-s1", "svc-s2", "svc-s3"];
    for name in names {
        world.create(name).await.unwrap();
    }
    let workers = Workers::start(&world, &[world.control.clone(), world.another_server().await]);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let other = Store::open(&format!("sqlite://{}", world.path.display())).await.unwrap();
    let lock = other.write().await.unwrap();
    // Longer than anybody waits for a lock.
    tokio::time::sleep(Duration::from_secs(7)).await;
    drop(lock);
    other.close().await;
    let goals = names.map(Goal::Resting);
    workers.reach(&world, &goals).await;
    workers.stop().await;
    for goal in goals {
        world.run_to(goal).await;
    }
    check_at_rest(&world).await;
}

/// The server goes down as by a power cut while six services are made, and comes back when every lease has ended. The
/// log tells of it once, not with each try.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_gone_for_a_while() {
    let cluster = Arc::new(tokio::task::spawn_blocking(Cluster::start).await.unwrap());
    let store = Store::open(&cluster.url("postgres")).await.unwrap();
    store.migrate().await.unwrap();
    let world = World::on(store, cluster.clone()).await.with_organization().await;
    let names = ["s1", "s2", "s3", "s4", "s5", "s6"].map(|name| format!("svc-{name}"));
    for name in &names {
        world.create(name).await.unwrap();
    }
    let workers = Workers::start(&world, &[world.control.clone(), world.another_server().await]);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let stopped = cluster.clone();
        tokio::task::spawn_blocking(move || stopped.stop()).await.unwrap();
        let error = projects::create(&world.ctx(), world.organization, "other", "").await.unwrap_err();
        assert_eq!(error.status(), 503, "{error}");
        let error = services::view(&world.ctx(), PROJECT, &names[0]).await.unwrap_err();
        assert_eq!(error.status(), 503, "{error}");
        assert!(world.control.ready().await.is_err());
        world.clock.advance(Duration::from_secs(60));
        let back = cluster.clone();
        tokio::task::spawn_blocking(move || back.go_on()).await.unwrap();
    }
    let goals: Vec<_> = names.iter().map(|name| Goal::Resting(name)).collect();
    workers.reach(&world, &goals).await;
    workers.stop().await;
    for goal in goals {
        world.run_to(goal).await;
    }
    check_at_rest(&world).await;
    assert!(world.control.ready().await.is_ok());
    // Two servers, two outages, and while PostgreSQL comes up it may be found gone again; each try of each worker would
    // be hundreds. SQLite files that are locked are another test's.
    let told = logs::text()
        .lines()
        .filter(|line| line.contains("The runner cannot use the database") && !line.contains("locked"))
        .count();
    assert!((1..=12).contains(&told), "{told}");
}

async fn wired() -> (World, Wire) {
    let cluster = Arc::new(tokio::task::spawn_blocking(Cluster::start).await.unwrap());
    let wire = Wire::to(&cluster);
    let store = Store::open(&wire.url()).await.unwrap();
    store.migrate().await.unwrap();
    (World::on(store, cluster).await.with_organization().await, wire)
}

/// Whoever asked is not told that nothing was changed when nobody knows.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_told_as_it_is() {
    let (world, wire) = wired().await;
    for (cut, name, is_saved) in [(Cut::Before, "one", false), (Cut::After, "two", true)] {
        wire.cut(0, cut);
        let error = projects::create(&world.ctx(), world.organization, name, "").await.unwrap_err();
        assert!(wire.is_done());
        assert_eq!(error.status(), 503, "{error:?}");
        let text = error.to_string();
        assert!(text.contains("may or may not have been saved"), "{text}");
        assert!(!text.contains("Nothing was changed"), "{text}");
        // The session that was cut off ends a moment later.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let page = projects::list(&world.ctx(), world.organization, &ALL_PROJECTS, None).await.unwrap();
        assert_eq!(page.rows.iter().any(|row| row.name == name), is_saved, "{cut:?}");
    }
    check_world(&world).await;
}

/// At every commit of the making and of the destruction: of the lease as well as of the step.
#[tokio::test]
async fn a_workflow_survives_commits_whose_answers_are_lost() {
    for cut in [Cut::Before, Cut::After] {
        for skipped in [0, 1] {
            let (world, wire) = wired().await;
            world.create("orders").await.unwrap();
            let mut cuts = 0;
            for goal in [Goal::Resting("orders"), Goal::Gone("orders")] {
                for _ in 0..60 {
                    if world.is(goal).await {
                        break;
                    }
                    wire.cut(skipped, cut);
                    // It may not even be able to say that it failed.
                    let _ = world.stepper.step().await;
                    cuts += u32::from(wire.is_done());
                    wire.spare();
                    world.clock.advance(world.limits.lease);
                    world.step().await;
                    check_world(&world).await;
                }
                world.run_to(goal).await;
                check_at_rest(&world).await;
                if world.service_id("orders").await.is_some() {
                    world.delete("orders").await;
                }
            }
            assert!(cuts >= 6, "{cut:?} {skipped}: {cuts}");
        }
    }
}

/// Every session but the one that does it is ended, between any two turns.
#[tokio::test]
async fn postgres_throws_the_sessions_out() {
    let world = World::postgres().await;
    world.create("orders").await.unwrap();
    for _ in 0..200 {
        if world.is(Goal::Resting("orders")).await {
            break;
        }
        store::testing::end_sessions(&world.store).await;
        world.step().await;
        check_world(&world).await;
    }
    check_at_rest(&world).await;
}
