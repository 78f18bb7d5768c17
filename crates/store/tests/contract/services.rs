//! The contract of `store::services`.

use domain::states::ServiceState;
use store::{Error, Store, ip_filter_entries, nodes, projects, services};

use crate::samples::*;

contract!(
    a_name_is_taken_once_per_project,
    pages_by_name,
    changes_are_seen,
    deletion_is_requested_once,
    the_ip_filter_generation_counts_up,
    removes_with_its_ip_filter_but_not_with_nodes,
    counts_plans_over_all_projects,
    a_bad_value_names_its_place,
);

async fn a_name_is_taken_once_per_project(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    let mut second = service(2);
    second.name = service(1).name;
    assert!(!services::add(&mut tx, &second).await.unwrap());
    second.project_id = project_id(2);
    assert!(services::add(&mut tx, &second).await.unwrap());
    assert_eq!(services::find(&mut tx, service_id(1)).await.unwrap(), Some(service(1)));
    assert_eq!(services::find(&mut tx, service_id(3)).await.unwrap(), None);
    let found = services::find_by_name(&mut tx, project_id(2), "service-1").await.unwrap();
    assert_eq!(found, Some(second));
    assert_eq!(services::find_by_name(&mut tx, project_id(2), "service-2").await.unwrap(), None);
    assert_eq!(services::count(&mut tx, project_id(1)).await.unwrap(), 1);
    assert_eq!(services::count(&mut tx, project_id(3)).await.unwrap(), 0);
}

async fn pages_by_name(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [3, 2] {
        services::add(&mut tx, &service(number)).await.unwrap();
    }
    let first = services::list(&mut tx, project_id(1), None, 2).await.unwrap();
    assert_eq!(first, [service(1), service(2)]);
    let rest = services::list(&mut tx, project_id(1), Some("service-2"), 2).await.unwrap();
    assert_eq!(rest, [service(3)]);
}

async fn changes_are_seen(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    services::add(&mut tx, &service(2)).await.unwrap();
    let mut expected = service(1);
    for state in ServiceState::ALL {
        services::set_state(&mut tx, service_id(1), *state).await.unwrap();
        expected.state = *state;
        assert_eq!(services::find(&mut tx, service_id(1)).await.unwrap(), Some(expected.clone()));
    }
    services::set_endpoint(&mut tx, service_id(1), "10.0.0.1", 5432).await.unwrap();
    services::set_running_at(&mut tx, service_id(1), at(50)).await.unwrap();
    services::set_running_at(&mut tx, service_id(1), at(60)).await.unwrap();
    // PostgreSQL stores no zero bytes; what a program printed must not stop the workflow that reports it.
    services::set_problem(&mut tx, service_id(1), Some("out of \0 space")).await.unwrap();
    expected.host = Some("10.0.0.1".into());
    expected.port = Some(5432);
    expected.running_at = Some(at(50));
    expected.problem = Some("out of \u{fffd} space".into());
    assert_eq!(services::find(&mut tx, service_id(1)).await.unwrap(), Some(expected.clone()));
    services::set_problem(&mut tx, service_id(1), None).await.unwrap();
    expected.problem = None;
    assert_eq!(services::find(&mut tx, service_id(1)).await.unwrap(), Some(expected));
    assert_eq!(services::find(&mut tx, service_id(2)).await.unwrap(), Some(service(2)));
}

async fn deletion_is_requested_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(services::request_deletion(&mut tx, service_id(1), at(70), "ann").await.unwrap());
    assert!(!services::request_deletion(&mut tx, service_id(1), at(80), "bob").await.unwrap());
    assert!(!services::request_deletion(&mut tx, service_id(2), at(80), "bob").await.unwrap());
    let found = services::find(&mut tx, service_id(1)).await.unwrap().unwrap();
    assert_eq!(found.deletion_requested_at, Some(at(70)));
    assert_eq!(found.deletion_requested_by.as_deref(), Some("ann"));
}

async fn the_ip_filter_generation_counts_up(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(services::bump_ip_filter_generation(&mut tx, service_id(1)).await.unwrap(), 1);
    assert_eq!(services::bump_ip_filter_generation(&mut tx, service_id(1)).await.unwrap(), 2);
    assert!(services::bump_ip_filter_generation(&mut tx, service_id(2)).await.is_err());
    for (to, expected) in [(7, 8), (7, 9), (3, 10)] {
        services::raise_ip_filter_generation(&mut tx, service_id(1), to).await.unwrap();
        assert_eq!(services::bump_ip_filter_generation(&mut tx, service_id(1)).await.unwrap(), expected);
    }
}

async fn removes_with_its_ip_filter_but_not_with_nodes(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(matches!(services::remove(&mut tx, service_id(1)).await, Err(Error::Database(_))));
    drop(tx);
    let mut tx = store.write().await.unwrap();
    ip_filter_entries::add(&mut tx, service_id(1), "::/0", "", at(1)).await.unwrap();
    nodes::remove(&mut tx, node_id(1)).await.unwrap();
    assert!(services::remove(&mut tx, service_id(1)).await.unwrap());
    assert!(!services::remove(&mut tx, service_id(1)).await.unwrap());
    assert_eq!(ip_filter_entries::count(&mut tx, service_id(1)).await.unwrap(), 0);
}

async fn counts_plans_over_all_projects(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    let (mut second, mut third) = (service(2), service(3));
    second.project_id = project_id(2);
    third.plan = "startup-1".into();
    services::add(&mut tx, &second).await.unwrap();
    services::add(&mut tx, &third).await.unwrap();
    let plans = services::plans_in_use(&mut tx).await.unwrap();
    assert_eq!(plans, [("hobbyist".to_owned(), 2), ("startup-1".to_owned(), 1)]);
}

async fn a_bad_value_names_its_place(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    sql(&mut tx, "UPDATE services SET state = 'CREATING'").await.unwrap();
    let error = services::find(&mut tx, service_id(1)).await.unwrap_err();
    assert!(!error.is_retryable());
    let place = match &error {
        Error::Inconsistent { table, column, row, .. } => (*table, column.clone(), row.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(place, ("services", "state".to_owned(), service_id(1).to_string()));
    assert!(error.to_string().ends_with("“CREATING” is not a ServiceState"), "{error}");
}
