//! The contract of `store::projects`.

use store::{Store, grants, nodes, projects, services};

use crate::samples::*;

contract!(a_name_is_taken_once_everywhere, pages_by_name_in_byte_order, renames, removes_only_when_empty);

async fn a_name_is_taken_once_everywhere(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::organizations::add(&mut tx, &organization(2)).await.unwrap();
    let mut second = project(2);
    second.organization_id = organization_id(2);
    second.name = project(1).name;
    assert!(!projects::add(&mut tx, &second).await.unwrap());
    assert_eq!(projects::find(&mut tx, project_id(1)).await.unwrap(), Some(project(1)));
    assert_eq!(projects::find(&mut tx, project_id(2)).await.unwrap(), None);
    assert_eq!(projects::find_by_name(&mut tx, "project-1").await.unwrap(), Some(project(1)));
    assert_eq!(projects::find_by_name(&mut tx, "project-2").await.unwrap(), None);
    assert_eq!(projects::count(&mut tx, organization_id(1)).await.unwrap(), 1);
    assert_eq!(projects::count(&mut tx, organization_id(2)).await.unwrap(), 0);
}

async fn pages_by_name_in_byte_order(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    // Other collations skip the dash.
    for (number, name) in [(2, "ab"), (3, "a-c"), (4, "aa")] {
        let mut project = project(number);
        project.name = name.into();
        assert!(projects::add(&mut tx, &project).await.unwrap());
    }
    let (mut names, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = projects::list(&mut tx, organization_id(1), after.as_deref(), 3).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.name.clone());
        names.extend(page.into_iter().map(|(project, services)| (project.name, services)));
    }
    let expected = [("a-c", 0), ("aa", 0), ("ab", 0), ("project-1", 1)];
    assert_eq!(names, expected.map(|(name, services)| (name.to_owned(), services)));
    assert_eq!(projects::list(&mut tx, organization_id(2), None, 3).await.unwrap(), []);
}

async fn renames(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    assert!(!projects::rename(&mut tx, project_id(1), "project-2").await.unwrap());
    assert!(!projects::rename(&mut tx, project_id(3), "free").await.unwrap());
    assert!(projects::rename(&mut tx, project_id(1), "project-1").await.unwrap());
    assert!(projects::rename(&mut tx, project_id(1), "free").await.unwrap());
    let renamed = projects::find(&mut tx, project_id(1)).await.unwrap().unwrap();
    assert_eq!((renamed.name.as_str(), renamed.generation), ("free", 2));
    assert_eq!(projects::find(&mut tx, project_id(2)).await.unwrap(), Some(project(2)));
}

async fn removes_only_when_empty(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    grants::add(&mut tx, &grant(1, "admin", "project", uuid(1))).await.unwrap();
    assert_eq!(projects::services_count(&mut tx, project_id(1)).await.unwrap(), 1);
    assert!(!projects::remove(&mut tx, project_id(1)).await.unwrap());
    assert_eq!(grants::list_for_organization(&mut tx, organization_id(1)).await.unwrap().len(), 1);
    nodes::remove(&mut tx, node_id(1)).await.unwrap();
    services::remove(&mut tx, service_id(1)).await.unwrap();
    assert_eq!(projects::services_count(&mut tx, project_id(1)).await.unwrap(), 0);
    assert!(projects::remove(&mut tx, project_id(1)).await.unwrap());
    assert!(!projects::remove(&mut tx, project_id(1)).await.unwrap());
    assert_eq!(grants::list_for_organization(&mut tx, organization_id(1)).await.unwrap(), []);
}
