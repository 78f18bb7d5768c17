//! The contract of `store::access`.

use domain::{
    ids::{GroupId, UnitId},
    principals::PrincipalKind,
};
use store::{
    Store,
    access::{self, Access, Target},
    authentication_policies, grants, group_members,
    groups::{self, Group},
    memberships,
    organizations::{self, Organization},
    projects, services,
    units::{self, Unit},
    users,
};

use crate::samples::*;

contract!(
    tells_ancestors_and_standing,
    what_was_found_is_found_again,
    what_does_not_exist_is_none,
    a_stranger_holds_nothing,
    adds_up_grants_on_the_way_down,
    leaves_out_what_is_not_for_them,
    groups_give_to_those_who_are_in_them,
    who_is_shut_out_holds_nothing,
    all_organizations_of_somebody_at_once,
);

const SERVICE: Target<'_> = Target::Service { project: "project-1", service: "service-1" };

fn on_organization() -> Access {
    Access {
        is_break_glass: false,
        policy: None,
        organization_id: organization_id(1),
        organization_name: "Organization 1".into(),
        organization_generation: 0,
        project_id: None,
        project_name: None,
        unit_id: None,
        unit_name: None,
        service_id: None,
        is_member: true,
        is_super_admin: true,
        is_active: true,
        granted: Vec::new(),
    }
}

async fn tells_ancestors_and_standing(store: Store) {
    populate(&store).await;
    let mut tx = store.read().await.unwrap();
    let target = Target::Organization(organization_id(1));
    let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap();
    assert_eq!(found, Some(on_organization()));

    let mut expected = on_organization();
    expected.project_id = Some(project_id(1));
    expected.project_name = Some("project-1".into());
    let target = Target::ProjectName("project-1");
    drop(tx);
    // With what its policy says, and whether they are exempt from it.
    let mut tx = store.write().await.unwrap();
    authentication_policies::set(&mut tx, organization_id(1), 0, "{}", at(5)).await.unwrap();
    authentication_policies::set_break_glass(&mut tx, organization_id(1), user_id(1), Some(at(5)))
        .await
        .unwrap();
    (expected.policy, expected.is_break_glass) = (Some("{}".into()), true);
    let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap();
    assert_eq!(found, Some(expected.clone()));

    expected.service_id = Some(service_id(1));
    let found = access::effective(&mut tx, user_id(1), SERVICE, at(0)).await.unwrap();
    assert_eq!(found, Some(expected));
}

async fn what_was_found_is_found_again(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let unit = a_unit();
    units::add(&mut tx, &unit).await.unwrap();
    for target in [
        Target::Organization(organization_id(1)),
        Target::Unit(unit.id),
        Target::ProjectName("project-1"),
        SERVICE,
    ] {
        let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap().unwrap();
        let again = access::again(&mut tx, user_id(1), &found, at(0)).await.unwrap();
        assert_eq!(again, Some(found), "{target:?}");
    }
    // By what it is, not by what it was called; and as it is by now.
    let before = access::effective(&mut tx, user_id(1), SERVICE, at(0)).await.unwrap().unwrap();
    assert!(projects::rename(&mut tx, project_id(1), "elsewhere").await.unwrap());
    assert!(projects::move_to(&mut tx, project_id(1), Some(unit.id)).await.unwrap());
    grants::put(&mut tx, &grant(1, "operator", "unit", unit.id.uuid())).await.unwrap();
    let expected = Access {
        project_name: Some("elsewhere".into()),
        unit_id: Some(unit.id),
        unit_name: Some(unit.name),
        granted: vec!["operator".into()],
        ..before.clone()
    };
    let again = access::again(&mut tx, user_id(1), &before, at(0)).await.unwrap();
    assert_eq!(again, Some(expected));
    let gone = Access { service_id: Some(service_id(2)), ..before };
    assert_eq!(access::again(&mut tx, user_id(1), &gone, at(0)).await.unwrap(), None);
}

fn a_unit() -> Unit {
    Unit {
        id: UnitId::from_uuid(uuid(7)),
        organization_id: organization_id(1),
        name: "unit".into(),
        created_at: at(1),
        generation: 0,
    }
}

async fn what_does_not_exist_is_none(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut elsewhere = project(2);
    elsewhere.name = "elsewhere".into();
    projects::add(&mut tx, &elsewhere).await.unwrap();
    let mut hidden = service(2);
    hidden.project_id = project_id(2);
    services::add(&mut tx, &hidden).await.unwrap();
    for target in [
        Target::Organization(organization_id(2)),
        Target::Unit(UnitId::from_uuid(uuid(1))),
        Target::ProjectName("project-2"),
        Target::ProjectName(""),
        Target::Service { project: "project-1", service: "service-3" },
        Target::Service { project: "project-3", service: "service-1" },
        // It exists, but in another project.
        Target::Service { project: "project-1", service: "service-2" },
    ] {
        let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap();
        assert_eq!(found, None, "{target:?}");
    }
}

async fn a_stranger_holds_nothing(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut disabled = user(2);
    disabled.is_active = false;
    users::add(&mut tx, &disabled).await.unwrap();
    users::add(&mut tx, &user(3)).await.unwrap();
    // A disabled one, an active one, and one that does not exist.
    for (number, is_active) in [(2, false), (3, true), (4, false)] {
        let found = access::effective(&mut tx, user_id(number), SERVICE, at(0)).await.unwrap().unwrap();
        let standing = (found.is_member, found.is_super_admin, found.is_active);
        assert_eq!(standing, (false, false, is_active), "{number}");
        assert!(found.granted.is_empty());
    }
}

async fn adds_up_grants_on_the_way_down(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let unit = a_unit();
    units::add(&mut tx, &unit).await.unwrap();
    let mut inside = project(2);
    inside.unit_id = Some(unit.id);
    projects::add(&mut tx, &inside).await.unwrap();
    for grant in [
        grant(1, "organization:billing:read", "organization", uuid(1)),
        grant(2, "operator", "unit", uuid(7)),
        grant(3, "developer", "project", uuid(2)),
        // Held twice, told once.
        grant(4, "operator", "project", uuid(2)),
    ] {
        grants::put(&mut tx, &grant).await.unwrap();
    }
    for (target, granted) in [
        (Target::Organization(organization_id(1)), vec!["organization:billing:read"]),
        (Target::ProjectName("project-1"), vec!["organization:billing:read"]),
        (Target::ProjectName("project-2"), vec!["developer", "operator", "organization:billing:read"]),
    ] {
        let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap().unwrap();
        assert_eq!(found.granted, granted, "{target:?}");
    }
    let target = Target::ProjectName("project-2");
    let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap().unwrap();
    assert_eq!((found.unit_id, found.unit_name.as_deref()), (Some(unit.id), Some("unit")));
    let target = Target::Unit(unit.id);
    let found = access::effective(&mut tx, user_id(1), target, at(0)).await.unwrap().unwrap();
    assert_eq!((found.unit_id, found.project_id), (Some(unit.id), None));
    assert_eq!(found.granted, ["operator", "organization:billing:read"]);
}

async fn leaves_out_what_is_not_for_them(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    store::organizations::add(&mut tx, &organization(2)).await.unwrap();
    let mut expiring = grant(1, "admin", "project", uuid(1));
    expiring.expires_at = Some(at(10));
    let mut of_a_group = grant(2, "operator", "project", uuid(1));
    of_a_group.principal_kind = PrincipalKind::Group;
    let mut of_another = grant(3, "developer", "project", uuid(1));
    of_another.principal_id = uuid(2);
    // A row of another tenant opens nothing here, even if it names a resource of this one.
    let mut foreign = grant(4, "read_only", "project", uuid(1));
    foreign.organization_id = organization_id(2);
    let on_another_project = grant(5, "read_only", "project", uuid(2));
    let of_another_kind = grant(6, "read_only", "unit", uuid(1));
    for grant in [expiring, of_a_group, of_another, foreign, on_another_project, of_another_kind] {
        grants::put(&mut tx, &grant).await.unwrap();
    }
    for (now, granted) in [(9, vec!["admin"]), (10, vec![]), (11, vec![])] {
        let found = access::effective(&mut tx, user_id(1), SERVICE, at(now)).await.unwrap().unwrap();
        assert_eq!(found.granted, granted, "at {now}");
    }
}

async fn groups_give_to_those_who_are_in_them(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(2)).await.unwrap();
    memberships::add(&mut tx, organization_id(1), user_id(2), false, at(1)).await.unwrap();
    let group = Group {
        id: GroupId::from_uuid(uuid(70)),
        organization_id: organization_id(1),
        name: "group".into(),
        description: String::new(),
        created_at: at(1),
        generation: 0,
    };
    assert!(groups::add(&mut tx, &group).await.unwrap());
    let mut given = grant(1, "operator", "project", uuid(1));
    given.principal_kind = PrincipalKind::Group;
    given.principal_id = group.id.uuid();
    grants::put(&mut tx, &given).await.unwrap();
    // Not through its kind alone: the group's id is nobody's.
    let mut mistaken = grant(2, "admin", "project", uuid(1));
    mistaken.principal_id = group.id.uuid();
    grants::put(&mut tx, &mistaken).await.unwrap();
    for is_in_it in [false, true, false] {
        if is_in_it {
            assert!(group_members::add(&mut tx, group.id, user_id(2), at(2)).await.unwrap());
        } else {
            group_members::remove(&mut tx, group.id, user_id(2)).await.unwrap();
        }
        let found = access::effective(&mut tx, user_id(2), SERVICE, at(3)).await.unwrap().unwrap();
        assert_eq!(found.granted, if is_in_it { vec!["operator"] } else { vec![] });
    }
}

async fn who_is_shut_out_holds_nothing(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    grants::put(&mut tx, &grant(1, "operator", "project", uuid(1))).await.unwrap();
    for is_active in [false, true] {
        assert!(memberships::set_active(&mut tx, organization_id(1), user_id(1), is_active).await.unwrap());
        let found = access::effective(&mut tx, user_id(1), SERVICE, at(0)).await.unwrap().unwrap();
        assert_eq!((found.is_member, found.granted.is_empty()), (is_active, !is_active));
    }
}

async fn all_organizations_of_somebody_at_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    // By name, and not in the order in which they were made.
    for (number, name, is_active) in [(3, "Alpha", true), (4, "Beta", false), (5, "Gamma", true)] {
        let other = Organization { name: name.into(), ..organization(number) };
        organizations::add(&mut tx, &other).await.unwrap();
        if number < 5 {
            memberships::add(&mut tx, other.id, user_id(1), false, at(1)).await.unwrap();
            memberships::set_active(&mut tx, other.id, user_id(1), is_active).await.unwrap();
        }
    }
    let mut ended = grant(4, "operator", "organization", uuid(1));
    ended.expires_at = Some(at(5));
    let mut elsewhere = grant(5, "admin", "organization", uuid(3));
    elsewhere.organization_id = organization_id(3);
    for grant in [
        grant(1, "read_only", "organization", uuid(1)),
        grant(2, "developer", "organization", uuid(1)),
        grant(3, "admin", "project", uuid(1)),
        ended,
        elsewhere,
    ] {
        grants::put(&mut tx, &grant).await.unwrap();
    }
    let found = access::on_organizations(&mut tx, user_id(1), at(5)).await.unwrap();
    for one in &found {
        let target = Target::Organization(one.organization_id);
        let alone = access::effective(&mut tx, user_id(1), target, at(5)).await.unwrap();
        assert_eq!(alone.as_ref(), Some(one));
    }
    let told = found.iter().map(|one| (one.organization_name.as_str(), one.granted.join(" ")));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("Alpha", "admin".to_owned()), ("Organization 1", "developer read_only".to_owned())]
    );
    assert_eq!(access::on_organizations(&mut tx, user_id(9), at(5)).await.unwrap(), []);
}
