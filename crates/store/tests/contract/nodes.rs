//! The contract of `store::nodes`.

use domain::states::{NodeState, VolumeKind};
use store::{Store, nodes, services, volumes};

use crate::samples::*;

contract!(adds_and_lists, changes_are_seen, removes_only_without_volumes);

async fn adds_and_lists(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    services::add(&mut tx, &service(2)).await.unwrap();
    let (mut second, mut third) = (node(2), node(3));
    second.created_at = at(1);
    third.service_id = service_id(2);
    third.host = "host-b".into();
    third.key_sealed = Some(vec![9]);
    for node in [&second, &third] {
        nodes::add(&mut tx, node).await.unwrap();
    }
    assert_eq!(nodes::find(&mut tx, node_id(3)).await.unwrap(), Some(third.clone()));
    assert_eq!(nodes::find(&mut tx, node_id(4)).await.unwrap(), None);
    assert_eq!(nodes::list(&mut tx, service_id(1)).await.unwrap(), [second.clone(), node(1)]);
    assert_eq!(nodes::list(&mut tx, service_id(3)).await.unwrap(), []);
    assert_eq!(nodes::list_by_host(&mut tx, "host-a").await.unwrap(), [second, node(1)]);
    assert_eq!(nodes::list_by_host(&mut tx, "host-b").await.unwrap(), [third]);
    let all = nodes::list_all(&mut tx).await.unwrap();
    let expected = [(1, 1), (2, 1), (3, 2)].map(|(node, service)| (node_id(node), service_id(service)));
    assert_eq!(all, expected);
}

async fn changes_are_seen(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    nodes::add(&mut tx, &node(2)).await.unwrap();
    let mut expected = node(1);
    for state in NodeState::ALL {
        nodes::set_state(&mut tx, node_id(1), *state).await.unwrap();
        expected.state = *state;
        assert_eq!(nodes::find(&mut tx, node_id(1)).await.unwrap(), Some(expected.clone()));
    }
    nodes::set_vm(&mut tx, node_id(1), "10.0.0.2", 5432, "tcg").await.unwrap();
    nodes::set_report(&mut tx, node_id(1), "{}", at(9), Some(3)).await.unwrap();
    nodes::set_certificate(&mut tx, node_id(1), "PEM", Some(&[1, 2])).await.unwrap();
    nodes::count_start(&mut tx, node_id(1)).await.unwrap();
    nodes::count_start(&mut tx, node_id(1)).await.unwrap();
    expected.address = Some("10.0.0.2".into());
    expected.port = Some(5432);
    expected.accelerator = Some("tcg".into());
    expected.report = Some("{}".into());
    expected.seen_at = Some(at(9));
    expected.ip_filter_generation = Some(3);
    expected.certificate = Some("PEM".into());
    expected.key_sealed = Some(vec![1, 2]);
    expected.starts = 2;
    assert_eq!(nodes::find(&mut tx, node_id(1)).await.unwrap(), Some(expected));
    assert_eq!(nodes::find(&mut tx, node_id(2)).await.unwrap(), Some(node(2)));
    nodes::set_report(&mut tx, node_id(1), "{\0}", at(10), None).await.unwrap();
    let found = nodes::find(&mut tx, node_id(1)).await.unwrap().unwrap();
    assert_eq!((found.seen_at, found.ip_filter_generation), (Some(at(10)), None));
    nodes::set_certificate(&mut tx, node_id(1), "PEM 2", None).await.unwrap();
    let found = nodes::find(&mut tx, node_id(1)).await.unwrap().unwrap();
    assert_eq!((found.certificate.as_deref(), found.key_sealed), (Some("PEM 2"), None));
}

async fn removes_only_without_volumes(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    volumes::add(&mut tx, &volume(1, VolumeKind::Root)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    assert!(nodes::remove(&mut tx, node_id(1)).await.is_err());
    drop(tx);
    let mut tx = store.write().await.unwrap();
    volumes::remove_for_node(&mut tx, node_id(1)).await.unwrap();
    assert!(nodes::remove(&mut tx, node_id(1)).await.unwrap());
    assert!(!nodes::remove(&mut tx, node_id(1)).await.unwrap());
}
