//! The contract of `store::organizations`.

use store::{Store, grants, memberships, organizations, projects, units, users};

use crate::samples::*;

contract!(
    adds_finds_and_counts,
    lists_what_a_user_belongs_to_by_name,
    renames_the_generation_that_was_seen,
    removes_only_when_empty
);

async fn adds_finds_and_counts(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(organizations::count(&mut tx).await.unwrap(), 0);
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    assert_eq!(organizations::find(&mut tx, organization_id(1)).await.unwrap(), Some(organization(1)));
    assert_eq!(organizations::find(&mut tx, organization_id(2)).await.unwrap(), None);
    assert_eq!(organizations::count(&mut tx).await.unwrap(), 1);
}

async fn lists_what_a_user_belongs_to_by_name(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    let (mut one, mut two) = (organization(1), organization(2));
    // Byte order, whatever the database's own collation says.
    one.name = "a-b".into();
    two.name = "Z".into();
    for organization in [&one, &two, &organization(3)] {
        organizations::add(&mut tx, organization).await.unwrap();
    }
    memberships::add(&mut tx, one.id, user_id(1), true, at(1)).await.unwrap();
    memberships::add(&mut tx, two.id, user_id(1), false, at(1)).await.unwrap();
    let listed = organizations::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(listed, [(two, false), (one, true)]);
    assert_eq!(organizations::list_for_user(&mut tx, user_id(2)).await.unwrap(), []);
    // Who is deactivated there does not belong there for now.
    assert!(memberships::set_active(&mut tx, organization_id(1), user_id(1), false).await.unwrap());
    let listed = organizations::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(listed.iter().map(|(found, _)| found.id).collect::<Vec<_>>(), [organization_id(2)]);
    assert_eq!(organizations::list_shut_out(&mut tx, user_id(1)).await.unwrap(), ["a-b"]);
    assert!(memberships::set_active(&mut tx, organization_id(2), user_id(1), false).await.unwrap());
    assert_eq!(organizations::list_shut_out(&mut tx, user_id(1)).await.unwrap(), ["Z", "a-b"]);
    assert_eq!(organizations::list_shut_out(&mut tx, user_id(2)).await.unwrap(), [""; 0]);
}

async fn renames_the_generation_that_was_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(organizations::rename(&mut tx, organization_id(1), 0, "New").await.unwrap());
    assert!(!organizations::rename(&mut tx, organization_id(1), 0, "Newer").await.unwrap());
    // Names need not be unique.
    assert!(organizations::rename(&mut tx, organization_id(1), 1, "Organization 2").await.unwrap());
    assert!(!organizations::rename(&mut tx, organization_id(3), 0, "Newer").await.unwrap());
    let renamed = organizations::find(&mut tx, organization_id(1)).await.unwrap().unwrap();
    assert_eq!((renamed.name.as_str(), renamed.generation), ("Organization 2", 2));
    let other = organizations::find(&mut tx, organization_id(2)).await.unwrap();
    assert_eq!(other, Some(organization(2)));
}

async fn removes_only_when_empty(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
        users::add(&mut tx, &user(number)).await.unwrap();
        users::add(&mut tx, &application_user(number + 10, "ci")).await.unwrap();
        for user in [number, number + 10] {
            memberships::add(&mut tx, organization_id(number), user_id(user), false, at(1)).await.unwrap();
        }
    }
    memberships::add(&mut tx, organization_id(2), user_id(1), false, at(1)).await.unwrap();
    grants::put(&mut tx, &grant(1, "role:organization:admin", "organization", uuid(1))).await.unwrap();
    projects::add(&mut tx, &project(1)).await.unwrap();
    assert!(!organizations::remove(&mut tx, organization_id(1)).await.unwrap());
    projects::remove(&mut tx, project_id(1)).await.unwrap();
    units::add(&mut tx, &unit(1, 1, "a")).await.unwrap();
    assert!(!organizations::remove(&mut tx, organization_id(1)).await.unwrap());
    // Whatever was refused took nothing along.
    assert_eq!(users::count(&mut tx).await.unwrap(), 4);
    units::remove(&mut tx, unit_id(1)).await.unwrap();
    assert!(organizations::remove(&mut tx, organization_id(1)).await.unwrap());
    assert!(!organizations::remove(&mut tx, organization_id(1)).await.unwrap());
    assert_eq!(organizations::find(&mut tx, organization_id(1)).await.unwrap(), None);
    assert_eq!(sql(&mut tx, "DELETE FROM grants").await.unwrap(), 0);
    // People stay, its application users do not, those of others do.
    assert_eq!(users::find(&mut tx, user_id(11)).await.unwrap(), None);
    assert!(users::find(&mut tx, user_id(12)).await.unwrap().is_some());
    let left = organizations::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(left, [(organization(2), false)]);
}
