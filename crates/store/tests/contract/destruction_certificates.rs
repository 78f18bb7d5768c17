//! The contract of `store::destruction_certificates`.

use store::{Store, destruction_certificates};

use crate::samples::*;

contract!(one_per_service, found_by_what_was_destroyed, pages_newest_first);

async fn one_per_service(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert!(destruction_certificates::add(&mut tx, &certificate(1, 10)).await.unwrap());
    let mut second = certificate(2, 20);
    second.service_id = service_id(1);
    assert!(!destruction_certificates::add(&mut tx, &second).await.unwrap());
    let found = destruction_certificates::find(&mut tx, certificate(1, 10).id).await.unwrap();
    assert_eq!(found, Some(certificate(1, 10)));
    assert_eq!(destruction_certificates::find(&mut tx, second.id).await.unwrap(), None);
    let found = destruction_certificates::find_by_service(&mut tx, service_id(1)).await.unwrap();
    assert_eq!(found, Some(certificate(1, 10)));
    assert_eq!(destruction_certificates::find_by_service(&mut tx, service_id(2)).await.unwrap(), None);
}

async fn found_by_what_was_destroyed(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut told = certificate(2, 20);
    told.body = format!("{{\"nodes\": [{{\"node_id\": \"{}\"}}]}}", node_id(7));
    for certificate in [&certificate(1, 10), &told] {
        assert!(destruction_certificates::add(&mut tx, certificate).await.unwrap());
    }
    let found = destruction_certificates::find_by_node(&mut tx, node_id(7)).await.unwrap();
    assert_eq!(found, Some(told));
    assert_eq!(destruction_certificates::find_by_node(&mut tx, node_id(8)).await.unwrap(), None);
}

async fn pages_newest_first(store: Store) {
    let mut tx = store.write().await.unwrap();
    // Two at the same instant: the id decides.
    for (number, at) in [(1, 10), (2, 30), (3, 20), (4, 20)] {
        destruction_certificates::add(&mut tx, &certificate(number, at)).await.unwrap();
    }
    let mut foreign = certificate(5, 50);
    foreign.project_id = project_id(2);
    destruction_certificates::add(&mut tx, &foreign).await.unwrap();
    assert_eq!(destruction_certificates::count(&mut tx, project_id(1)).await.unwrap(), 4);
    let first = destruction_certificates::list(&mut tx, project_id(1), None, 2).await.unwrap();
    assert_eq!(first, [certificate(2, 30), certificate(4, 20)]);
    let after = first.last().map(|one| (one.destroyed_at, one.id));
    let rest = destruction_certificates::list(&mut tx, project_id(1), after, 9).await.unwrap();
    assert_eq!(rest, [certificate(3, 20), certificate(1, 10)]);

    // The organization has those of all its projects.
    let organization = organization_id(1);
    let mut elsewhere = certificate(6, 60);
    elsewhere.organization_id = organization_id(2);
    destruction_certificates::add(&mut tx, &elsewhere).await.unwrap();
    let count = destruction_certificates::count_for_organization(&mut tx, organization).await.unwrap();
    assert_eq!(count, 5);
    let first =
        destruction_certificates::list_for_organization(&mut tx, organization, None, 3).await.unwrap();
    assert_eq!(first, [foreign, certificate(2, 30), certificate(4, 20)]);
    let rest =
        destruction_certificates::list_for_organization(&mut tx, organization, after, 9).await.unwrap();
    assert_eq!(rest, [certificate(3, 20), certificate(1, 10)]);
}
