//! The contract of `store::units`.

use domain::principals::{PrincipalKind, ResourceKind};
use store::{
    Edited, Store,
    grants::{self, Grant},
    group_members, groups,
    knowers::Knower,
    memberships, organizations, projects, units,
    users::{self, User},
};

use crate::samples::*;

contract!(
    a_name_is_taken_once_per_organization,
    renames_the_generation_that_was_seen,
    removes_only_when_empty,
    counts_the_projects_that_somebody_may_know_of,
    tells_who_holds_something_on_units,
);

async fn a_name_is_taken_once_per_organization(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, "b")).await.unwrap());
    // People do not tell names apart by their capitals.
    assert!(!units::add(&mut tx, &unit(2, 1, "B")).await.unwrap());
    assert!(units::add(&mut tx, &unit(2, 1, "Ä")).await.unwrap());
    assert!(!units::add(&mut tx, &unit(5, 1, "Ä")).await.unwrap());
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
    assert_eq!(listed, [unit(1, 1, "b"), unit(2, 1, "Ä")]);
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
    assert_eq!(units::rename(&mut tx, unit_id(1), 0, "B").await.unwrap(), Edited::Taken);
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

async fn counts_the_projects_that_somebody_may_know_of(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for (number, organization, name) in [(1, 1, "a"), (2, 1, "b"), (3, 1, "c"), (4, 2, "a")] {
        assert!(units::add(&mut tx, &unit(number, organization, name)).await.unwrap());
    }
    for (number, place) in [(2, Some(1)), (3, Some(1)), (4, Some(2)), (5, None)] {
        let mut project = project(number);
        project.unit_id = place.map(unit_id);
        assert!(projects::add(&mut tx, &project).await.unwrap());
    }
    let mut elsewhere = project(6);
    (elsewhere.organization_id, elsewhere.unit_id) = (organization_id(2), Some(unit_id(4)));
    assert!(projects::add(&mut tx, &elsewhere).await.unwrap());
    let nobody = Knower { user: user_id(1), now: at(5), openings: ",read_only,", knows_all: false };
    assert_eq!(units::count_projects(&mut tx, organization_id(1), &nobody).await.unwrap(), []);
    let all = Knower { knows_all: true, ..nobody };
    let counted = units::count_projects(&mut tx, organization_id(1), &all).await.unwrap();
    assert_eq!(counted, [(unit_id(1), 2), (unit_id(2), 1)]);
    grants::put(&mut tx, &grant(1, "read_only", "project", uuid(3))).await.unwrap();
    grants::put(&mut tx, &grant(2, "read_only", "project", uuid(5))).await.unwrap();
    let counted = units::count_projects(&mut tx, organization_id(1), &nobody).await.unwrap();
    assert_eq!(counted, [(unit_id(1), 1)]);
    grants::put(&mut tx, &grant(3, "read_only", "unit", uuid(2))).await.unwrap();
    let counted = units::count_projects(&mut tx, organization_id(1), &nobody).await.unwrap();
    assert_eq!(counted, [(unit_id(1), 1), (unit_id(2), 1)]);
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

async fn tells_who_holds_something_on_units(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2, 3] {
        assert!(units::add(&mut tx, &unit(number, 1, &format!("u{number}"))).await.unwrap());
    }
    for number in 2..=6 {
        let user = User { is_active: number != 5, ..user(number) };
        assert!(users::add(&mut tx, &user).await.unwrap());
        memberships::add(&mut tx, organization_id(1), user_id(number), false, at(1)).await.unwrap();
    }
    memberships::set_active(&mut tx, organization_id(1), user_id(6), false).await.unwrap();
    assert!(groups::add(&mut tx, &group(1, 1, "g")).await.unwrap());
    assert!(group_members::add(&mut tx, group_id(1), user_id(3), at(1)).await.unwrap());
    let on_unit = |number, user, resource| Grant {
        principal_id: uuid(user),
        ..grant(number, "operator", "unit", uuid(resource))
    };
    let mut of_group = on_unit(2, 1, 2);
    of_group.principal_kind = PrincipalKind::Group;
    let mut ended = on_unit(3, 4, 1);
    ended.expires_at = Some(at(9));
    // Shut out here, and everywhere.
    let shut_out = [on_unit(4, 5, 1), on_unit(5, 6, 1)];
    let mut elsewhere = on_unit(6, 4, 2);
    elsewhere.resource_kind = ResourceKind::Project;
    let direct = [on_unit(1, 2, 1), on_unit(7, 2, 2), of_group, ended, elsewhere, on_unit(8, 1, 3)];
    for grant in direct.into_iter().chain(shut_out) {
        grants::put(&mut tx, &grant).await.unwrap();
    }
    for (one, other, now, expected) in [
        (Some(1), None, 8, vec![2, 4]),
        (Some(1), None, 9, vec![2]),
        (Some(2), Some(1), 9, vec![2, 3]),
        (None, Some(3), 9, vec![1]),
        (None, None, 9, vec![]),
    ] {
        let both = [one.map(unit_id), other.map(unit_id)];
        let found = units::holders(&mut tx, organization_id(1), both, at(now), 9).await.unwrap();
        assert_eq!(found, expected.iter().copied().map(user_id).collect::<Vec<_>>());
        let count = units::count_holders(&mut tx, organization_id(1), both, at(now)).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len());
        assert_eq!(units::count_holders(&mut tx, organization_id(2), both, at(now)).await.unwrap(), 0);
    }
    let both = [Some(unit_id(1)), Some(unit_id(2))];
    let first = units::holders(&mut tx, organization_id(1), both, at(9), 1).await.unwrap();
    assert_eq!(first, [user_id(2)]);
}
