//! The contract of `store::project_tags`.

use store::{
    Store, organizations,
    project_tags::{self, Tag},
    projects,
};

use crate::samples::*;

contract!(tags_are_replaced_together, lists_the_tags_of_a_page_of_projects);

fn tag(project: u128, key: &str, value: &str) -> Tag {
    Tag { project_id: project_id(project), key: key.into(), value: value.into() }
}

async fn tags_are_replaced_together(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    projects::add(&mut tx, &project(2)).await.unwrap();
    assert_eq!(project_tags::list(&mut tx, project_id(1)).await.unwrap(), []);
    let tags = [("stage", "a \"b\" 'c' \\ ü 🦀"), ("billing:center", ""), ("Z", "\0")];
    project_tags::replace(&mut tx, project_id(1), &tags).await.unwrap();
    project_tags::replace(&mut tx, project_id(2), &[("stage", "test")]).await.unwrap();
    let listed = project_tags::list(&mut tx, project_id(1)).await.unwrap();
    let expected =
        [tag(1, "Z", "\u{fffd}"), tag(1, "billing:center", ""), tag(1, "stage", "a \"b\" 'c' \\ ü 🦀")];
    assert_eq!(listed, expected);
    project_tags::replace(&mut tx, project_id(1), &[("stage", "live"), ("team", "1")]).await.unwrap();
    let listed = project_tags::list(&mut tx, project_id(1)).await.unwrap();
    assert_eq!(listed, [tag(1, "stage", "live"), tag(1, "team", "1")]);
    project_tags::replace(&mut tx, project_id(1), &[]).await.unwrap();
    assert_eq!(project_tags::list(&mut tx, project_id(1)).await.unwrap(), []);
    assert_eq!(project_tags::list(&mut tx, project_id(2)).await.unwrap(), [tag(2, "stage", "test")]);
    assert!(projects::remove(&mut tx, project_id(2)).await.unwrap());
    assert_eq!(project_tags::list(&mut tx, project_id(2)).await.unwrap(), []);
    // There is no such project.
    assert!(project_tags::replace(&mut tx, project_id(2), &[("stage", "test")]).await.is_err());
}

async fn lists_the_tags_of_a_page_of_projects(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for (number, name, organization) in [(1, "a", 1), (2, "b-1", 1), (3, "b-2", 2), (4, "c", 1), (5, "d", 1)]
    {
        let mut project = project(number);
        project.name = name.into();
        project.organization_id = organization_id(organization);
        assert!(projects::add(&mut tx, &project).await.unwrap());
        project_tags::replace(&mut tx, project.id, &[("y", name), ("x", name)]).await.unwrap();
    }
    // Those that were asked for, and none that lies between them.
    let ids = [project_id(4), project_id(2), project_id(9)];
    let listed = project_tags::list_for_projects(&mut tx, &ids).await.unwrap();
    let expected = [tag(2, "x", "b-1"), tag(2, "y", "b-1"), tag(4, "x", "c"), tag(4, "y", "c")];
    assert_eq!(listed, expected);
    assert_eq!(project_tags::list_for_projects(&mut tx, &[]).await.unwrap(), []);
}
