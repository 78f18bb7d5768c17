//! The contract of `store::grants`.

use domain::{
    ids::GrantId,
    principals::{PrincipalKind, ResourceKind, UserKind},
};
use store::{
    Store, Tx,
    grants::{self, Described, Grant, GrantFilter, Held, HeldBy, Holder, HolderFilter},
    group_members, groups, memberships, organizations, projects, units, users,
};

use crate::samples::*;

contract!(
    the_same_thing_is_given_once,
    takes_back_by_resource_and_by_principal,
    describes_and_pages_to_the_end,
    tells_what_somebody_holds,
    tells_what_a_group_holds,
    tells_who_holds_what,
    what_is_given_elsewhere_or_has_ended_is_held_by_nobody,
    a_member_who_is_away_holds_nothing,
    tells_by_what_holders_hold,
    tells_what_those_in_a_group_hold,
);

fn grant_id(number: u128) -> GrantId {
    GrantId::from_uuid(uuid(number))
}

/// The sample, given to a group.
fn to_group(group: u128, grant: Grant) -> Grant {
    Grant { principal_kind: PrincipalKind::Group, principal_id: uuid(group), ..grant }
}

/// The sample, given to another user.
fn to_user(user: u128, grant: Grant) -> Grant {
    Grant { principal_id: uuid(user), ..grant }
}

async fn put(tx: &mut Tx, grant: &Grant) {
    assert_eq!(grants::put(tx, grant).await.unwrap(), grant.id, "something else was there");
}

/// Beside [`populate`]: organization 2 with project 3, unit 21 with project 2, group 31 of organization 1, and the
/// users 2, 3 and 4, of whom 2 and 3 are members and 2 is in the group.
async fn furnish(tx: &mut Tx) {
    organizations::add(tx, &organization(2)).await.unwrap();
    assert!(units::add(tx, &unit(21, 1, "Unit")).await.unwrap());
    let mut inside = project(2);
    inside.unit_id = Some(unit_id(21));
    let mut elsewhere = project(3);
    elsewhere.organization_id = organization_id(2);
    for project in [inside, elsewhere] {
        assert!(projects::add(tx, &project).await.unwrap());
    }
    assert!(groups::add(tx, &group(31, 1, "Group")).await.unwrap());
    for number in 2..=4 {
        assert!(users::add(tx, &user(number)).await.unwrap());
    }
    for number in 2..=3 {
        memberships::add(tx, organization_id(1), user_id(number), false, at(3)).await.unwrap();
    }
    assert!(group_members::add(tx, group_id(31), user_id(2), at(4)).await.unwrap());
}

async fn the_same_thing_is_given_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut first = grant(1, "operator", "project", uuid(1));
    first.expires_at = Some(at(50));
    put(&mut tx, &first).await;
    assert_eq!(grants::find(&mut tx, organization_id(1), first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(grants::find(&mut tx, organization_id(2), first.id).await.unwrap(), None);
    assert_eq!(grants::find(&mut tx, organization_id(1), grant_id(2)).await.unwrap(), None);

    for expires_at in [None, Some(at(90))] {
        let again = Grant {
            created_at: at(30),
            expires_at,
            created_by: "user2@example.org".into(),
            ..grant(2, "operator", "project", uuid(1))
        };
        assert_eq!(grants::put(&mut tx, &again).await.unwrap(), first.id);
        let renewed = Grant { expires_at, created_by: again.created_by, ..first.clone() };
        let found = grants::find(&mut tx, organization_id(1), first.id).await.unwrap();
        assert_eq!(found, Some(renewed));
    }
    // Another thing, principal or resource is another grant.
    put(&mut tx, &grant(2, "developer", "project", uuid(1))).await;
    put(&mut tx, &to_user(2, grant(3, "operator", "project", uuid(1)))).await;
    put(&mut tx, &grant(4, "operator", "project", uuid(2))).await;
    let count = grants::count(&mut tx, organization_id(1), &GrantFilter::default()).await.unwrap();
    assert_eq!(count, 4);

    assert!(grants::remove(&mut tx, first.id).await.unwrap());
    assert!(!grants::remove(&mut tx, first.id).await.unwrap());
    assert_eq!(grants::find(&mut tx, organization_id(1), first.id).await.unwrap(), None);
    assert!(grants::find(&mut tx, organization_id(1), grant_id(2)).await.unwrap().is_some());
}

async fn takes_back_by_resource_and_by_principal(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    put(&mut tx, &grant(1, "operator", "project", uuid(5))).await;
    put(&mut tx, &to_user(2, grant(2, "operator", "project", uuid(5)))).await;
    put(&mut tx, &grant(3, "operator", "project", uuid(6))).await;
    let foreign = Grant { organization_id: organization_id(2), ..grant(4, "operator", "project", uuid(7)) };
    put(&mut tx, &foreign).await;
    // Same id, other kind: nothing.
    let removed = grants::remove_for_resource(&mut tx, ResourceKind::Unit, uuid(5)).await.unwrap();
    assert_eq!(removed, 0);
    let removed = grants::remove_for_resource(&mut tx, ResourceKind::Project, uuid(5)).await.unwrap();
    assert_eq!(removed, 2);
    let removed = grants::remove_for_principal(&mut tx, organization_id(1), uuid(1)).await.unwrap();
    assert_eq!(removed, 1);
    let removed = grants::remove_for_principal(&mut tx, organization_id(1), uuid(1)).await.unwrap();
    assert_eq!(removed, 0);
    // What they hold in another organization is none of this one's business.
    assert_eq!(grants::find(&mut tx, organization_id(2), foreign.id).await.unwrap(), Some(foreign));
}

async fn describes_and_pages_to_the_end(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(users::add(&mut tx, &application_user(5, "deployer")).await.unwrap());
    // The fifth was given first; the others at the same time.
    let mut oldest = to_user(1, grant(5, "read_only", "project", uuid(1)));
    oldest.created_at = at(6);
    for grant in [
        grant(1, "operator", "project", uuid(1)),
        to_group(31, grant(2, "developer", "unit", uuid(21))),
        to_user(5, grant(3, "admin", "project", uuid(2))),
        grant(4, "role:organization:admin", "organization", uuid(1)),
        oldest,
        // Nobody and nothing of that id: shown, so that it can be taken back.
        to_user(99, grant(6, "operator", "project", uuid(98))),
        // A resource of another organization has no name here.
        to_user(99, grant(7, "operator", "project", uuid(3))),
        Grant { organization_id: organization_id(2), ..grant(8, "operator", "project", uuid(3)) },
    ] {
        put(&mut tx, &grant).await;
    }
    let filter = |principal: Option<u128>, resource: Option<u128>| GrantFilter {
        principal: principal.map(uuid),
        resource: resource.map(uuid),
    };
    for (organization, filter, numbers) in [
        (1, filter(None, None), &[5, 1, 2, 3, 4, 6, 7][..]),
        (2, filter(None, None), &[8]),
        (3, filter(None, None), &[]),
        (1, filter(Some(1), None), &[5, 1, 4]),
        (2, filter(Some(1), None), &[8]),
        (1, filter(Some(31), None), &[2]),
        (1, filter(None, Some(1)), &[5, 1, 4]),
        (1, filter(None, Some(3)), &[7]),
        (2, filter(None, Some(3)), &[8]),
        (1, filter(Some(5), Some(2)), &[3]),
        (1, filter(Some(5), Some(1)), &[]),
    ] {
        let organization = organization_id(organization);
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = grants::list(&mut tx, organization, &filter, after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some((last.grant.created_at, last.grant.id.uuid()));
            paged.extend(page.iter().map(|row| row.grant.id.uuid().as_u128()));
        }
        assert_eq!(paged, numbers, "{organization} {filter:?}");
        let count = grants::count(&mut tx, organization, &filter).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{organization} {filter:?}");
    }
    let listed = grants::list(&mut tx, organization_id(1), &filter(None, None), None, 9).await.unwrap();
    let person = Some(UserKind::Person);
    for (row, (name, email, kind, resource)) in listed.iter().zip([
        ("Ännä 🦀", Some("user1@example.org"), person, "project-1"),
        ("Ännä 🦀", Some("user1@example.org"), person, "project-1"),
        ("Group", None, None, "Unit"),
        ("deployer", Some("application-5"), Some(UserKind::Application), "project-2"),
        ("Ännä 🦀", Some("user1@example.org"), person, "Organization 1"),
        ("", None, None, ""),
        ("", None, None, ""),
    ]) {
        let expected = Described {
            grant: row.grant.clone(),
            principal_name: name.into(),
            principal_email: email.map(str::to_owned),
            user_kind: kind,
            resource_name: resource.into(),
            resource_unit_id: (resource == "project-2").then_some(unit_id(21)),
        };
        assert_eq!(*row, expected);
        let id = row.grant.id;
        let found = grants::find_described(&mut tx, organization_id(1), id).await.unwrap();
        assert_eq!(found, Some(expected));
        assert_eq!(grants::find_described(&mut tx, organization_id(2), id).await.unwrap(), None);
    }
}

/// Ids of grants, in the order they are told.
fn numbers(held: &[Held]) -> Vec<u128> {
    held.iter().map(|held| held.id.uuid().as_u128()).collect()
}

async fn tells_what_somebody_holds(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut expiring = to_user(2, grant(1, "operator", "project", uuid(2)));
    expiring.expires_at = Some(at(50));
    let through = to_group(31, grant(2, "developer", "unit", uuid(21)));
    for grant in [
        expiring.clone(),
        through.clone(),
        to_user(2, grant(3, "organization:billing:read", "organization", uuid(1))),
        to_user(3, grant(4, "operator", "project", uuid(1))),
        // In another organization; of another's; of what is gone; of a group they are not in.
        Grant { organization_id: organization_id(2), ..to_user(2, grant(5, "admin", "project", uuid(3))) },
        to_user(2, grant(6, "admin", "project", uuid(3))),
        to_user(2, grant(7, "admin", "unit", uuid(99))),
        to_group(32, grant(8, "admin", "project", uuid(1))),
        // Same ids, other kinds: of the resource, of the principal.
        to_user(2, grant(9, "admin", "unit", uuid(1))),
        to_group(2, grant(10, "operator", "project", uuid(1))),
        to_user(31, grant(11, "admin", "project", uuid(1))),
    ] {
        put(&mut tx, &grant).await;
    }
    let held = grants::held(&mut tx, organization_id(1), user_id(2), at(49)).await.unwrap();
    assert_eq!(numbers(&held), [1, 2, 3]);
    let expected = Held {
        id: expiring.id,
        organization_id: organization_id(1),
        principal_kind: PrincipalKind::User,
        principal_id: uuid(2),
        granted: "operator".into(),
        resource_kind: ResourceKind::Project,
        resource_id: uuid(2),
        created_at: at(7),
        expires_at: Some(at(50)),
        created_by: "user1@example.org".into(),
        group_id: None,
        group_name: None,
        resource_name: "project-2".into(),
        resource_unit_id: Some(unit_id(21)),
    };
    assert_eq!(held[0], expected);
    let names: Vec<_> = held[1..]
        .iter()
        .map(|held| (held.group_id, held.group_name.as_deref(), &*held.resource_name, held.resource_unit_id))
        .collect();
    assert_eq!(
        names,
        [(Some(group_id(31)), Some("Group"), "Unit", None), (None, None, "Organization 1", None)]
    );
    for (organization, user, now, expected) in [
        (1, 2, 50, &[2, 3][..]),
        (2, 2, 49, &[5]),
        (1, 3, 49, &[4]),
        // No member, but asked for all the same.
        (1, 4, 49, &[]),
    ] {
        let held =
            grants::held(&mut tx, organization_id(organization), user_id(user), at(now)).await.unwrap();
        assert_eq!(numbers(&held), expected, "{user} in {organization} at {now}");
    }
    // What is given to a group ends with the membership in it.
    assert!(group_members::remove(&mut tx, group_id(31), user_id(2)).await.unwrap());
    let held = grants::held(&mut tx, organization_id(1), user_id(2), at(49)).await.unwrap();
    assert_eq!(numbers(&held), [1, 3]);
}

async fn tells_what_a_group_holds(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut expiring = to_group(31, grant(1, "operator", "project", uuid(2)));
    expiring.expires_at = Some(at(50));
    for grant in [
        expiring,
        to_group(31, grant(2, "developer", "unit", uuid(21))),
        to_user(31, grant(3, "admin", "project", uuid(1))),
        to_group(32, grant(4, "admin", "project", uuid(1))),
        to_group(31, grant(5, "admin", "project", uuid(99))),
    ] {
        put(&mut tx, &grant).await;
    }
    for (now, expected) in [(49, &[1, 2][..]), (50, &[2])] {
        let held = grants::held_by_group(&mut tx, group_id(31), at(now)).await.unwrap();
        assert_eq!(numbers(&held), expected, "at {now}");
        assert!(held.iter().all(|held| held.group_name.as_deref() == Some("Group")));
    }
    // Held by a group that is not there: by nobody.
    assert_eq!(grants::held_by_group(&mut tx, group_id(32), at(0)).await.unwrap(), []);
}

/// Who holds what a services reader needs on project 2, which lies in unit 21, at the time 49.
fn on_project_2() -> HolderFilter<'static> {
    HolderFilter {
        organization: organization_id(1),
        unit: Some(unit_id(21)),
        project: Some(project_id(2)),
        openings: ",admin,operator,read_only,project:services:read,",
        now: at(49),
    }
}

/// Numbers of the holders, told two by two to the end, and counted.
async fn holding(tx: &mut Tx, filter: &HolderFilter<'_>) -> Vec<u128> {
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = grants::holders(tx, filter, after.as_deref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.email.clone());
        paged.extend(page.iter().map(|holder| holder.user_id.uuid().as_u128()));
    }
    let count = grants::count_holders(tx, filter).await.unwrap();
    assert_eq!(count, i64::try_from(paged.len()).unwrap());
    paged
}

async fn tells_who_holds_what(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut program = application_user(5, "deployer");
    program.email = "z@example.org".into();
    assert!(users::add(&mut tx, &program).await.unwrap());
    memberships::add(&mut tx, organization_id(1), program.id, false, at(3)).await.unwrap();
    // The super admin, whatever they hold.
    assert_eq!(holding(&mut tx, &on_project_2()).await, [1]);
    for (grant, expected) in [
        (to_user(3, grant(1, "operator", "project", uuid(2))), &[1, 3][..]),
        (to_group(31, grant(2, "project:services:read", "unit", uuid(21))), &[1, 2, 3]),
        (to_user(5, grant(3, "read_only", "organization", uuid(1))), &[1, 2, 3, 5]),
        // Told once, however often it is held.
        (to_user(2, grant(4, "admin", "project", uuid(2))), &[1, 2, 3, 5]),
        (grant(5, "admin", "project", uuid(2)), &[1, 2, 3, 5]),
    ] {
        put(&mut tx, &grant).await;
        assert_eq!(holding(&mut tx, &on_project_2()).await, expected, "{grant:?}");
    }
    let listed = grants::holders(&mut tx, &on_project_2(), None, 9).await.unwrap();
    let expected = Holder {
        user_id: user_id(1),
        email: "user1@example.org".into(),
        name: "Ännä 🦀".into(),
        kind: UserKind::Person,
        is_super_admin: true,
    };
    assert_eq!(listed[0], expected);
    assert!(listed[1..].iter().all(|holder| !holder.is_super_admin));
    assert_eq!(listed[3].kind, UserKind::Application);
    // Each place for itself and what is above it; other openings, other holders.
    let on_unit = HolderFilter { project: None, ..on_project_2() };
    assert_eq!(holding(&mut tx, &on_unit).await, [1, 2, 5]);
    let on_organization = HolderFilter { unit: None, ..on_unit };
    assert_eq!(holding(&mut tx, &on_organization).await, [1, 5]);
    let on_project_1 = HolderFilter { unit: None, project: Some(project_id(1)), ..on_project_2() };
    assert_eq!(holding(&mut tx, &on_project_1).await, [1, 5]);
    let operators = HolderFilter { openings: ",operator,", ..on_project_2() };
    assert_eq!(holding(&mut tx, &operators).await, [1, 3]);
    let nothing = HolderFilter { openings: "", ..on_project_2() };
    assert_eq!(holding(&mut tx, &nothing).await, [1]);
    let elsewhere = HolderFilter { organization: organization_id(2), ..on_project_2() };
    assert_eq!(holding(&mut tx, &elsewhere).await, [0; 0]);
}

async fn what_is_given_elsewhere_or_has_ended_is_held_by_nobody(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut expiring = to_user(2, grant(1, "admin", "project", uuid(2)));
    expiring.expires_at = Some(at(50));
    for grant in [
        expiring,
        // A thing that opens nothing, a part of a name among the openings, another project.
        to_user(3, grant(2, "developer", "project", uuid(2))),
        to_user(3, grant(3, "services:read", "project", uuid(2))),
        to_user(3, grant(4, "operator", "project", uuid(1))),
        // Same ids, other kinds: of the resource, of the principal.
        to_user(3, grant(5, "operator", "unit", uuid(2))),
        to_group(3, grant(6, "read_only", "project", uuid(2))),
        // A row of another organization opens nothing here, even if it names a project of this one.
        Grant { organization_id: organization_id(2), ..to_user(3, grant(7, "admin", "project", uuid(2))) },
        // No member.
        to_user(4, grant(8, "admin", "project", uuid(2))),
    ] {
        put(&mut tx, &grant).await;
    }
    assert_eq!(holding(&mut tx, &on_project_2()).await, [1, 2]);
    assert_eq!(holding(&mut tx, &HolderFilter { now: at(50), ..on_project_2() }).await, [1]);
}

async fn a_member_who_is_away_holds_nothing(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut disabled = user(5);
    disabled.is_active = false;
    assert!(users::add(&mut tx, &disabled).await.unwrap());
    memberships::add(&mut tx, organization_id(1), disabled.id, true, at(3)).await.unwrap();
    put(&mut tx, &to_user(5, grant(1, "admin", "project", uuid(2)))).await;
    put(&mut tx, &to_group(31, grant(2, "admin", "project", uuid(2)))).await;
    put(&mut tx, &to_user(3, grant(3, "admin", "project", uuid(2)))).await;
    assert_eq!(holding(&mut tx, &on_project_2()).await, [1, 2, 3]);
    for (number, expected) in [(1, &[2, 3][..]), (2, &[3]), (3, &[])] {
        let organization = organization_id(1);
        assert!(memberships::set_active(&mut tx, organization, user_id(number), false).await.unwrap());
        assert_eq!(holding(&mut tx, &on_project_2()).await, expected, "without {number}");
    }
}

/// Who holds which grant, by their numbers, and the group that it comes through.
fn by(found: &[HeldBy]) -> Vec<(u128, u128, Option<&str>)> {
    found
        .iter()
        .map(|one| {
            let group = one.held.group_name.as_deref();
            (one.user_id.uuid().as_u128(), one.held.id.uuid().as_u128(), group)
        })
        .collect()
}

async fn tells_by_what_holders_hold(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut over = to_user(3, grant(6, "admin", "unit", uuid(21)));
    over.expires_at = Some(at(49));
    for grant in [
        to_user(3, grant(1, "operator", "project", uuid(2))),
        to_group(31, grant(2, "read_only", "unit", uuid(21))),
        to_user(2, grant(3, "admin", "organization", uuid(1))),
        // Not asked for, on another project, or over.
        to_user(3, grant(4, "developer", "project", uuid(2))),
        to_user(3, grant(5, "operator", "project", uuid(1))),
        over,
    ] {
        put(&mut tx, &grant).await;
    }
    let filter = on_project_2();
    let found = grants::holder_paths(&mut tx, &filter, None, 9).await.unwrap();
    assert_eq!(by(&found), [(2, 2, Some("Group")), (2, 3, None), (3, 1, None)]);
    assert_eq!(found[0].held.resource_name, "Unit");
    // Of those on the page and nobody else: the first is the super admin, who holds no grant.
    let found = grants::holder_paths(&mut tx, &filter, None, 2).await.unwrap();
    assert_eq!(by(&found), [(2, 2, Some("Group")), (2, 3, None)]);
    let found = grants::holder_paths(&mut tx, &filter, Some("user2@example.org"), 9).await.unwrap();
    assert_eq!(by(&found), [(3, 1, None)]);
}

async fn tells_what_those_in_a_group_hold(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(group_members::add(&mut tx, group_id(31), user_id(3), at(4)).await.unwrap());
    // In the group, but no member of the organization.
    assert!(group_members::add(&mut tx, group_id(31), user_id(4), at(4)).await.unwrap());
    for grant in [
        to_group(31, grant(1, "operator", "project", uuid(2))),
        to_user(3, grant(2, "admin", "project", uuid(1))),
        to_user(4, grant(3, "admin", "project", uuid(1))),
        grant(4, "admin", "project", uuid(1)),
        Grant { organization_id: organization_id(2), ..to_user(3, grant(5, "operator", "project", uuid(3))) },
    ] {
        put(&mut tx, &grant).await;
    }
    let held = async |tx: &mut Tx, group: u128, limit: u32| {
        grants::held_in_group(tx, organization_id(1), group_id(group), limit, at(9)).await.unwrap()
    };
    let found = held(&mut tx, 31, 9).await;
    assert_eq!(by(&found), [(2, 1, Some("Group")), (3, 1, Some("Group")), (3, 2, None)]);
    assert_eq!(found[0].held.resource_unit_id, Some(unit_id(21)));
    assert_eq!(by(&held(&mut tx, 31, 1).await), [(2, 1, Some("Group"))]);
    assert_eq!(held(&mut tx, 32, 9).await, []);
}
