//! The contract of `store::project_contacts`.

use store::{Store, project_contacts, projects};

use crate::samples::*;

contract!(contacts_are_replaced_together, contacts_go_with_their_project);

async fn contacts_are_replaced_together(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    assert_eq!(project_contacts::list(&mut tx, project_id(1)).await.unwrap(), [""; 0]);
    project_contacts::replace(&mut tx, project_id(1), &["b@example.org", "a\"b'@example.org"]).await.unwrap();
    project_contacts::replace(&mut tx, project_id(2), &["b@example.org"]).await.unwrap();
    let listed = project_contacts::list(&mut tx, project_id(1)).await.unwrap();
    assert_eq!(listed, ["a\"b'@example.org", "b@example.org"]);
    project_contacts::replace(&mut tx, project_id(1), &["b@example.org", "c@example.org"]).await.unwrap();
    let listed = project_contacts::list(&mut tx, project_id(1)).await.unwrap();
    assert_eq!(listed, ["b@example.org", "c@example.org"]);
    project_contacts::replace(&mut tx, project_id(1), &[]).await.unwrap();
    assert_eq!(project_contacts::list(&mut tx, project_id(1)).await.unwrap(), [""; 0]);
    assert_eq!(project_contacts::list(&mut tx, project_id(2)).await.unwrap(), ["b@example.org"]);
    // There is no such project.
    assert!(project_contacts::replace(&mut tx, project_id(3), &["b@example.org"]).await.is_err());
}

async fn contacts_go_with_their_project(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    project_contacts::replace(&mut tx, project_id(2), &["b@example.org"]).await.unwrap();
    assert!(projects::remove(&mut tx, project_id(2)).await.unwrap());
    assert_eq!(project_contacts::list(&mut tx, project_id(2)).await.unwrap(), [""; 0]);
}
