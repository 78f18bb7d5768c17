//! The contract of `store::units`.

use store::{Edited, Store, grants, organizations, projects, units};

use crate::samples::*;

contract!(
    a_name_is_taken_once_per_organization,
    renames_the_generation_that_was_seen,
    removes_only_when_empty
);

async fn a_name_is_taken_once_per_organization(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, "b")).await.unwrap());
    assert!(units::add(&mut tx, &unit(2, 1, "B")).await.unwrap());
    assert!(!units::add(&mut tx, &unit(3, 1, "b")).await.unwrap());
    assert!(units::add(&mut tx, &unit(4, 2, "b")).await.unwrap());
    assert_eq!(units::find(&mut tx, unit_id(4)).await.unwrap(), Some(unit(4, 2, "b")));
    assert_eq!(units::find(&mut tx, unit_id(3)).await.unwrap(), None);
    for number in [1, 2] {
        let mut project = project(number);
        project.unit_id = Some(unit_id(1));
        assert!(projects::add(&mut tx, &project).await.unwrap());
    }
    let listed = units::list(&mut tx, organization_id(1)).await.unwrap();
    assert_eq!(listed, [(unit(2, 1, "B"), 0), (unit(1, 1, "b"), 2)]);
    assert_eq!(units::list(&mut tx, organization_id(3)).await.unwrap(), []);
    assert_eq!(units::count(&mut tx, organization_id(1)).await.unwrap(), 2);
    assert_eq!(units::count(&mut tx, organization_id(2)).await.unwrap(), 1);
    assert_eq!(units::count(&mut tx, organization_id(3)).await.unwrap(), 0);
}

async fn renames_the_generation_that_was_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for unit in [unit(1, 1, "a"), unit(2, 1, "b"), unit(3, 2, "c")] {
        assert!(units::add(&mut tx, &unit).await.unwrap());
    }
    assert_eq!(units::rename(&mut tx, unit_id(1), 0, "b").await.unwrap(), Edited::Taken);
    // Names of other organizations are free.
    assert_eq!(units::rename(&mut tx, unit_id(1), 0, "c").await.unwrap(), Edited::Done);
    assert_eq!(units::rename(&mut tx, unit_id(1), 0, "d").await.unwrap(), Edited::Stale);
    assert_eq!(units::rename(&mut tx, unit_id(1), 0, "b").await.unwrap(), Edited::Stale);
    assert_eq!(units::rename(&mut tx, unit_id(1), 1, "c").await.unwrap(), Edited::Done);
    assert_eq!(units::rename(&mut tx, unit_id(4), 0, "e").await.unwrap(), Edited::Stale);
    let renamed = units::find(&mut tx, unit_id(1)).await.unwrap().unwrap();
    assert_eq!((renamed.name.as_str(), renamed.generation), ("c", 2));
    assert_eq!(units::find(&mut tx, unit_id(2)).await.unwrap(), Some(unit(2, 1, "b")));
}

async fn removes_only_when_empty(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, "a")).await.unwrap());
    grants::put(&mut tx, &grant(1, "admin", "unit", uuid(1))).await.unwrap();
    grants::put(&mut tx, &grant(2, "operator", "project", uuid(1))).await.unwrap();
    assert!(projects::move_to(&mut tx, project_id(1), Some(unit_id(1))).await.unwrap());
    assert!(!units::remove(&mut tx, unit_id(1)).await.unwrap());
    assert!(projects::move_to(&mut tx, project_id(1), None).await.unwrap());
    assert!(units::remove(&mut tx, unit_id(1)).await.unwrap());
    assert!(!units::remove(&mut tx, unit_id(1)).await.unwrap());
    assert_eq!(units::find(&mut tx, unit_id(1)).await.unwrap(), None);
    // The grant on the unit went with it; the one on what has the same id stayed.
    assert_eq!(sql(&mut tx, "DELETE FROM grants WHERE resource_kind = 'unit'").await.unwrap(), 0);
    assert_eq!(sql(&mut tx, "DELETE FROM grants WHERE resource_kind = 'project'").await.unwrap(), 1);
}
