//! Who may connect.

use std::time::Duration;

use control::ip_filters;
use domain::{
    errors::Error,
    inputs::AddIpFilterEntry,
    networks::{DESCRIPTION_CHARS_MAX, IP_FILTER_ENTRIES_MAX, IpFilter},
    states::Signal,
};
use host::Host;

use crate::{
    check::check_at_rest,
    world::{Goal, PROJECT, World},
};

fn entry(cidr: &str) -> AddIpFilterEntry {
    AddIpFilterEntry {
        project: PROJECT.into(),
        service: "orders".into(),
        cidr: cidr.into(),
        description: "office".into(),
        open_to_world: false,
    }
}

#[tokio::test]
async fn ranges_are_checked_and_counted() {
    let world = World::new().await;
    world.running("orders").await;
    let view = world.view("orders").await.ip_filter;
    assert_eq!(
        (view.entries.len(), view.generation, view.applied_generation),
        (0, 0, Some(0)),
        "closed at first"
    );

    ip_filters::add(&world.ctx(), entry(" 198.51.100.0/24 ")).await.unwrap();
    let before = world.dump().await;
    for (field, bad) in [
        ("cidr", entry("300.1.2.3/8")),
        ("cidr", entry("10.0.0.0/33")),
        ("cidr", entry("198.51.100.7/24")),
        ("cidr", entry("everybody")),
        ("cidr", entry("")),
        ("cidr", entry("198.51.100.0/24")),
        ("open_to_world", entry("0.0.0.0/0")),
        ("open_to_world", entry("0.0.0.0/1")),
        ("open_to_world", entry("10.0.0.0/8")),
        ("open_to_world", entry("::ffff:0:0/96")),
        ("cidr", entry("::/0")),
        ("cidr", entry("2001:db8::/48")),
        ("cidr", entry("::ffff:198.51.100.0/120")),
        ("description", AddIpFilterEntry { description: "two\nlines".into(), ..entry("10.0.0.0/8") }),
        (
            "description",
            AddIpFilterEntry { description: "x".repeat(DESCRIPTION_CHARS_MAX + 1), ..entry("10.0.0.0/8") },
        ),
    ] {
        let error = ip_filters::add(&world.ctx(), bad.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{bad:?}: {error:?}");
        assert_eq!(error.field(), Some(field), "{bad:?}");
        assert!(world.dump().await == before, "{bad:?}");
    }
    let open = AddIpFilterEntry { open_to_world: true, ..entry("0.0.0.0/0") };
    let view = ip_filters::add(&world.ctx(), open).await.unwrap();
    assert_eq!((view.entries.len(), view.generation), (2, 2));
    world.run_to(Goal::Resting("orders")).await;
    check_at_rest(&world).await;

    let view = ip_filters::remove(&world.ctx(), PROJECT, "orders", "0.0.0.0/0").await.unwrap();
    assert_eq!((view.entries.len(), view.generation, view.applied_generation), (1, 3, Some(2)));
    let error = ip_filters::remove(&world.ctx(), PROJECT, "orders", "0.0.0.0/0").await.unwrap_err();
    assert_eq!(error.status(), 409);
    world.run_to(Goal::Resting("orders")).await;
    check_at_rest(&world).await;
}

/// Nobody opens a service to the world piece by piece without being told.
#[tokio::test]
async fn pieces_that_join_to_something_wide_are_told() {
    let world = World::new().await;
    world.create("orders").await.unwrap();
    ip_filters::add(&world.ctx(), entry("20.0.0.0/9")).await.unwrap();
    let error = ip_filters::add(&world.ctx(), entry("20.128.0.0/9")).await.unwrap_err();
    assert_eq!(error.field(), Some("open_to_world"));
    assert!(error.to_string().contains("makes 20.0.0.0/8 of the list"), "{error}");
    let meant = AddIpFilterEntry { open_to_world: true, ..entry("20.128.0.0/9") };
    let view = ip_filters::add(&world.ctx(), meant).await.unwrap();
    assert_eq!(view.wide.map(|range| range.to_string()), Some("20.0.0.0/8".into()));
    // What is elsewhere has nothing to do with it, and what is in it changes nothing: nobody is to be kept from listing
    // single addresses before they take the wide range out.
    ip_filters::add(&world.ctx(), entry("192.0.2.0/24")).await.unwrap();
    ip_filters::add(&world.ctx(), entry("20.130.0.0/16")).await.unwrap();
    let view = ip_filters::remove(&world.ctx(), PROJECT, "orders", "20.128.0.0/9").await.unwrap();
    assert_eq!(view.wide, None);
}

#[tokio::test]
async fn the_list_is_bounded() {
    let world = World::new().await;
    world.create("orders").await.unwrap();
    for number in 0..IP_FILTER_ENTRIES_MAX {
        let cidr = format!("10.{}.{}.0/24", number / 256, number % 256);
        ip_filters::add(&world.ctx(), entry(&cidr)).await.unwrap();
    }
    let error = ip_filters::add(&world.ctx(), entry("192.0.2.0/24")).await.unwrap_err();
    assert_eq!(error.field(), Some("cidr"));
    // A filter of before the guest was there is the one it begins with.
    world.run_to(Goal::Resting("orders")).await;
    check_at_rest(&world).await;
}

/// Changed again while the change before is being applied: the last one is in force at the end.
#[tokio::test]
async fn a_change_during_a_change_is_not_lost() {
    let world = World::new().await;
    world.running("orders").await;
    ip_filters::add(&world.ctx(), entry("198.51.100.0/24")).await.unwrap();
    world.run_to(Goal::Step("orders", "apply_ip_filter")).await;
    let gate = world.host.hold(host::simulated::Call::SetIpFilter);
    let stepper = world.stepper.clone();
    let held = tokio::spawn(async move { stepper.step().await });
    gate.reached.notified().await;
    ip_filters::add(&world.ctx(), entry("192.0.2.0/24")).await.unwrap();
    gate.go.notify_one();
    assert_eq!(held.await.unwrap(), Ok(true));
    // The clock stood still, so that both wishes have the same time; the second one still waits.
    let strand = world.strand("orders").await.unwrap().id;
    let mut tx = world.store.read().await.unwrap();
    let waiting = store::signals::list(&mut tx, strand).await.unwrap();
    drop(tx);
    assert_eq!(waiting.iter().map(|given| given.signal).collect::<Vec<_>>(), [Signal::ApplyIpFilter]);
    world.run_to(Goal::Resting("orders")).await;
    assert_eq!(world.view("orders").await.ip_filter.applied_generation, Some(2));
    check_at_rest(&world).await;
}

/// A host that hangs holds up no page.
#[tokio::test]
async fn a_page_does_not_wait_for_the_host() {
    let world = World::new().await;
    world.running("orders").await;
    world.host.faults().hang(host::simulated::Call::ClientAddress, 8);
    let began = std::time::Instant::now();
    let views =
        tokio::join!(world.view("orders"), world.view("orders"), world.view("orders"), world.view("orders"));
    assert_eq!(views.0.ip_filter.my_address, Some("203.0.113.9".parse().unwrap()));
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
    // Not one of the few connections was held meanwhile.
    assert!(world.control.ready().await.is_ok());
}

/// The database is an older copy: the host has a list in force of which it knows nothing. What people see is put in force.
#[tokio::test]
async fn a_later_filter_than_the_database_knows_of_is_replaced() {
    let world = World::new().await;
    world.running("orders").await;
    ip_filters::add(&world.ctx(), entry("198.51.100.0/24")).await.unwrap();
    world.run_to(Goal::Resting("orders")).await;
    let node = world.node("orders").await.unwrap().id;
    for generation in [5, 6] {
        let later = IpFilter { generation, sources: vec!["203.0.113.0/24".parse().unwrap()] };
        assert_eq!(world.host.inner.set_ip_filter(node, &later).await.unwrap(), generation);
        if generation == 6 {
            // It is noticed when the customer changes something, too.
            ip_filters::add(&world.ctx(), entry("192.0.2.0/24")).await.unwrap();
        }
        let (node_row, mut tx) = (world.node("orders").await.unwrap(), world.store.write().await.unwrap());
        let report = node_row.report.unwrap();
        store::nodes::set_report(&mut tx, node, &report, world.now(), Some(generation)).await.unwrap();
        tx.commit().await.unwrap();
        let view = world.view("orders").await.ip_filter;
        assert!(view.applied_generation < Some(view.generation), "never shown as in force");
        world.run_for(Duration::from_secs(30)).await;
        check_at_rest(&world).await;
        let sources = world.host.inner.ip_filter(node).unwrap().sources;
        assert!(sources.iter().all(|range| range.to_string() != "203.0.113.0/24"), "{sources:?}");
        let view = world.view("orders").await.ip_filter;
        assert_eq!(view.applied_generation, Some(view.generation));
    }
}
