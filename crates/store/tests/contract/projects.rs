//! The contract of `store::projects`.

use domain::principals::{PrincipalKind, ResourceKind};
use store::{
    Store, Tx, grants, group_members, groups,
    knowers::Knower,
    nodes, organizations,
    projects::{self, Project, ProjectFilter},
    services, units, users,
};

use crate::samples::*;

contract!(
    a_name_is_taken_once_everywhere,
    pages_by_name_in_byte_order,
    lists_what_is_looked_for,
    lists_what_somebody_may_know_of,
    renames,
    counts_up_from_the_generation_that_was_seen,
    moves_within_its_organization,
    removes_only_when_empty
);

const ALL: ProjectFilter<'_> = ProjectFilter { unit: None, text: None };

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
    let knower = knower_of_all();
    assert_eq!(projects::count(&mut tx, organization_id(1), &knower, &ALL).await.unwrap(), 1);
    assert_eq!(projects::count(&mut tx, organization_id(2), &knower, &ALL).await.unwrap(), 0);
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
    let (mut names, mut after, knower) = (Vec::new(), None::<String>, knower_of_all());
    loop {
        let page = projects::list(&mut tx, organization_id(1), &knower, &ALL, after.as_deref(), 3);
        let page = page.await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.project.name.clone());
        names.extend(page.into_iter().map(|row| (row.project.name, row.services)));
    }
    let expected = [("a-c", 0), ("aa", 0), ("ab", 0), ("project-1", 1)];
    assert_eq!(names, expected.map(|(name, services)| (name.to_owned(), services)));
    assert_eq!(projects::list(&mut tx, organization_id(2), &knower, &ALL, None, 3).await.unwrap(), []);
}

/// Names of what the knower finds in organization 1, which has to be as many as are counted.
async fn found(tx: &mut Tx, knower: &Knower<'_>, filter: &ProjectFilter<'_>) -> Vec<String> {
    let rows = projects::list(tx, organization_id(1), knower, filter, None, 99).await.unwrap();
    let count = projects::count(tx, organization_id(1), knower, filter).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len());
    rows.into_iter().map(|row| row.project.name).collect()
}

/// Organization 1 with `a` and `b` in unit 1, `c` in unit 2 and `d` in none; organization 2 with `e`. Ids of different
/// things are the same on purpose.
async fn populate_units(tx: &mut Tx) {
    for number in [1, 2] {
        organizations::add(tx, &organization(number)).await.unwrap();
        users::add(tx, &user(number)).await.unwrap();
        assert!(units::add(tx, &unit(number, 1, &format!("unit-{number}"))).await.unwrap());
        assert!(groups::add(tx, &group(number, 1, &format!("group-{number}"))).await.unwrap());
    }
    for (number, name, organization, unit) in [
        (1, "a", 1, Some(1)),
        (2, "b", 1, Some(1)),
        (3, "c", 1, Some(2)),
        (4, "d", 1, None),
        (5, "e", 2, None),
    ] {
        let mut project = project(number);
        project.name = name.into();
        project.organization_id = organization_id(organization);
        project.unit_id = unit.map(unit_id);
        assert!(projects::add(tx, &project).await.unwrap());
    }
}

async fn lists_what_is_looked_for(store: Store) {
    let mut tx = store.write().await.unwrap();
    populate_units(&mut tx).await;
    let knower = knower_of_all();
    let rows = projects::list(&mut tx, organization_id(1), &knower, &ALL, None, 9).await.unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.unit_name.as_deref()).collect();
    assert_eq!(names, [Some("unit-1"), Some("unit-1"), Some("unit-2"), None]);
    assert!(projects::rename(&mut tx, project_id(2), "ab_1").await.unwrap());
    for (unit, text, expected) in [
        (None, Some("A"), &["a", "ab_1"][..]),
        (None, Some("b_"), &["ab_1"]),
        (None, Some("_b"), &[]),
        (None, Some("%"), &[]),
        (None, Some(""), &["a", "ab_1", "c", "d"]),
        (Some(1), None, &["a", "ab_1"]),
        (Some(1), Some("b"), &["ab_1"]),
        (Some(2), Some("b"), &[]),
        (Some(3), None, &[]),
    ] {
        let filter = ProjectFilter { unit: unit.map(unit_id), text };
        assert_eq!(found(&mut tx, &knower, &filter).await, expected, "{filter:?}");
    }
}

async fn lists_what_somebody_may_know_of(store: Store) {
    use {PrincipalKind::*, ResourceKind::*};
    let mut tx = store.write().await.unwrap();
    populate_units(&mut tx).await;
    // User 1 is in group 2, not in group 1.
    group_members::add(&mut tx, group_id(2), user_id(1), at(1)).await.unwrap();
    let openings = ",admin,read_only,";
    let knower = Knower { user: user_id(1), now: at(50), openings, knows_all: false };
    assert_eq!(found(&mut tx, &knower, &ALL).await, [""; 0]);
    for (holder, granted, on, expires_at, expected) in [
        ((User, 1), "admin", (Organization, 1), None, &["a", "b", "c", "d"][..]),
        ((User, 1), "admin", (Unit, 1), None, &["a", "b"]),
        ((User, 1), "read_only", (Project, 1), None, &["a"]),
        ((User, 1), "admin", (Project, 4), Some(51), &["d"]),
        ((User, 1), "admin", (Project, 4), Some(50), &[]),
        ((User, 1), "admin", (Project, 9), None, &[]),
        ((User, 2), "admin", (Organization, 1), None, &[]),
        ((Group, 2), "admin", (Organization, 1), None, &["a", "b", "c", "d"]),
        ((Group, 2), "admin", (Unit, 2), None, &["c"]),
        ((Group, 2), "admin", (Project, 4), None, &["d"]),
        ((Group, 2), "admin", (Project, 4), Some(50), &[]),
        // Another group, with the id of the user.
        ((Group, 1), "admin", (Organization, 1), None, &[]),
        // Not an opening, though one begins or ends with it.
        ((User, 1), "operator", (Organization, 1), None, &[]),
        ((User, 1), "only", (Organization, 1), None, &[]),
        ((User, 1), "adm", (Organization, 1), None, &[]),
    ] {
        let case = format!("{holder:?} {granted} {on:?} {expires_at:?}");
        let mut grant = grant(1, granted, on.0.as_str(), uuid(on.1));
        (grant.principal_kind, grant.principal_id) = (holder.0, uuid(holder.1));
        grant.expires_at = expires_at.map(at);
        grants::put(&mut tx, &grant).await.unwrap();
        assert_eq!(found(&mut tx, &knower, &ALL).await, expected, "{case}");
        let in_unit = ProjectFilter { unit: Some(unit_id(1)), text: Some("b") };
        let is_found = expected.contains(&"b");
        assert_eq!(found(&mut tx, &knower, &in_unit).await, &["b"][..usize::from(is_found)], "{case}");
        let everything = Knower { knows_all: true, ..knower };
        assert_eq!(found(&mut tx, &everything, &ALL).await, ["a", "b", "c", "d"]);
        assert!(grants::remove(&mut tx, grant.id).await.unwrap());
    }
    // Grants add up, and what is held twice is listed once. Another organization's count for nothing here.
    let mut elsewhere = grant(4, "admin", "organization", uuid(2));
    elsewhere.organization_id = organization_id(2);
    for grant in [
        grant(1, "admin", "project", uuid(1)),
        grant(2, "read_only", "project", uuid(1)),
        grant(3, "admin", "unit", uuid(2)),
        elsewhere,
    ] {
        grants::put(&mut tx, &grant).await.unwrap();
    }
    assert_eq!(found(&mut tx, &knower, &ALL).await, ["a", "c"]);
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

async fn counts_up_from_the_generation_that_was_seen(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(projects::count_up(&mut tx, project_id(1), 0).await.unwrap());
    assert!(!projects::count_up(&mut tx, project_id(1), 0).await.unwrap());
    assert!(!projects::count_up(&mut tx, project_id(3), 0).await.unwrap());
    let counted = projects::find(&mut tx, project_id(1)).await.unwrap().unwrap();
    assert_eq!(counted, Project { generation: 1, ..project(1) });
}

async fn moves_within_its_organization(store: Store) {
    let mut tx = store.write().await.unwrap();
    populate_units(&mut tx).await;
    assert!(units::add(&mut tx, &unit(3, 2, "unit-3")).await.unwrap());
    assert!(projects::move_to(&mut tx, project_id(1), Some(unit_id(2))).await.unwrap());
    let moved = projects::find(&mut tx, project_id(1)).await.unwrap().unwrap();
    assert_eq!((moved.unit_id, moved.generation), (Some(unit_id(2)), 1));
    // Another organization's, and one that is not there.
    assert!(!projects::move_to(&mut tx, project_id(1), Some(unit_id(3))).await.unwrap());
    assert!(!projects::move_to(&mut tx, project_id(1), Some(unit_id(4))).await.unwrap());
    assert!(!projects::move_to(&mut tx, project_id(9), None).await.unwrap());
    assert_eq!(projects::find(&mut tx, project_id(1)).await.unwrap(), Some(moved));
    assert!(projects::move_to(&mut tx, project_id(1), None).await.unwrap());
    let moved = projects::find(&mut tx, project_id(1)).await.unwrap().unwrap();
    assert_eq!((moved.unit_id, moved.generation), (None, 2));
}

async fn removes_only_when_empty(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let on_project = grant(1, "admin", "project", uuid(1));
    grants::put(&mut tx, &on_project).await.unwrap();
    grants::put(&mut tx, &grant(2, "operator", "organization", uuid(1))).await.unwrap();
    assert_eq!(projects::services_count(&mut tx, project_id(1)).await.unwrap(), 1);
    assert!(!projects::remove(&mut tx, project_id(1)).await.unwrap());
    let found = grants::find(&mut tx, organization_id(1), on_project.id).await.unwrap();
    assert_eq!(found, Some(on_project));
    nodes::remove(&mut tx, node_id(1)).await.unwrap();
    services::remove(&mut tx, service_id(1)).await.unwrap();
    assert_eq!(projects::services_count(&mut tx, project_id(1)).await.unwrap(), 0);
    assert!(projects::remove(&mut tx, project_id(1)).await.unwrap());
    assert!(!projects::remove(&mut tx, project_id(1)).await.unwrap());
    // The grant on the organization, whose id is the same, is the only one left.
    assert_eq!(sql(&mut tx, "DELETE FROM grants").await.unwrap(), 1);
}
