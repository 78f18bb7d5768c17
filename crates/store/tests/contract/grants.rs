//! The contract of `store::grants`.

use domain::{
    ids::GrantId,
    principals::{PrincipalKind, ResourceKind, UserKind},
};
use store::{
    Store, Tx,
    grants::{self, Described, Grant, GrantFilter, Held},
    group_members, memberships, organizations, users,
};

use crate::samples::*;

contract!(
    the_same_thing_is_given_once,
    finds_what_was_given_already,
    takes_back_by_resource_and_by_principal,
    describes_and_pages_to_the_end,
    tells_what_somebody_holds,
    tells_what_somebody_holds_where_another_belongs,
    tells_what_a_group_holds,
);

fn grant_id(number: u128) -> GrantId {
    GrantId::from_uuid(uuid(number))
}

async fn the_same_thing_is_given_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut first = grant(1, "operator", "project", uuid(1));
    first.expires_at = Some(at(50));
    give(&mut tx, &first).await;
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
    give(&mut tx, &grant(2, "developer", "project", uuid(1))).await;
    give(&mut tx, &to_user(2, grant(3, "operator", "project", uuid(1)))).await;
    give(&mut tx, &grant(4, "operator", "project", uuid(2))).await;
    let count = grants::count(&mut tx, organization_id(1), &GrantFilter::default()).await.unwrap();
    assert_eq!(count, 4);

    assert!(grants::remove(&mut tx, first.id).await.unwrap());
    assert!(!grants::remove(&mut tx, first.id).await.unwrap());
    assert_eq!(grants::find(&mut tx, organization_id(1), first.id).await.unwrap(), None);
    assert!(grants::find(&mut tx, organization_id(1), grant_id(2)).await.unwrap().is_some());
}

async fn finds_what_was_given_already(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let first = grant(1, "operator", "project", uuid(1));
    give(&mut tx, &first).await;
    give(&mut tx, &grant(2, "developer", "project", uuid(1))).await;
    for (organization, principal, granted, resource, found) in [
        (1, 1, "operator", 1, Some(1)),
        (1, 1, "developer", 1, Some(2)),
        (1, 1, "admin", 1, None),
        (1, 2, "operator", 1, None),
        (1, 1, "operator", 2, None),
        (2, 1, "operator", 1, None),
    ] {
        let given = grants::find_given(
            &mut tx,
            organization_id(organization),
            uuid(principal),
            granted,
            uuid(resource),
        );
        let given = given.await.unwrap();
        assert_eq!(given.as_ref().map(|row| row.grant.id), found.map(grant_id), "{principal} {granted}");
        assert!(given.is_none_or(|row| row.resource_name == "project-1"));
    }
}

async fn takes_back_by_resource_and_by_principal(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    give(&mut tx, &grant(1, "operator", "project", uuid(5))).await;
    give(&mut tx, &to_user(2, grant(2, "operator", "project", uuid(5)))).await;
    give(&mut tx, &grant(3, "operator", "project", uuid(6))).await;
    let foreign = Grant { organization_id: organization_id(2), ..grant(4, "operator", "project", uuid(7)) };
    give(&mut tx, &foreign).await;
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
        give(&mut tx, &grant).await;
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
            // The program has no membership here.
            is_active: !["", "deployer"].contains(&name),
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
        give(&mut tx, &grant).await;
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
    let expected_ended = expected;
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
    for (kind, principal, now, expected) in [
        (PrincipalKind::User, 2, 49, &[][..]),
        (PrincipalKind::User, 2, 50, &[1]),
        // Same ids, other kinds.
        (PrincipalKind::Group, 2, 50, &[]),
    ] {
        let ended = grants::ended(&mut tx, organization_id(1), kind, uuid(principal), at(now)).await.unwrap();
        assert_eq!(numbers(&ended), expected, "{kind} {principal} at {now}");
        assert!(ended.iter().all(|ended| *ended == expected_ended), "{ended:?}");
    }
    let elsewhere = grants::ended(&mut tx, organization_id(2), PrincipalKind::User, uuid(2), at(50)).await;
    assert_eq!(elsewhere.unwrap(), []);
    // What is given to a group ends with the membership in it.
    assert!(group_members::remove(&mut tx, group_id(31), user_id(2)).await.unwrap());
    let held = grants::held(&mut tx, organization_id(1), user_id(2), at(49)).await.unwrap();
    assert_eq!(numbers(&held), [1, 3]);
}

async fn tells_what_somebody_holds_where_another_belongs(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(users::add(&mut tx, &user(7)).await.unwrap());
    let mut expiring = to_user(2, grant(1, "operator", "project", uuid(1)));
    expiring.expires_at = Some(at(50));
    for grant in [
        expiring,
        to_group(31, grant(2, "developer", "unit", uuid(21))),
        Grant { organization_id: organization_id(2), ..to_user(2, grant(3, "operator", "project", uuid(3))) },
        to_user(1, grant(4, "admin", "project", uuid(1))),
    ] {
        give(&mut tx, &grant).await;
    }
    let held = async |tx: &mut Tx, now: i64| {
        numbers(&grants::held_beside(tx, user_id(2), user_id(7), at(now)).await.unwrap())
    };
    assert_eq!(held(&mut tx, 49).await, [] as [u128; 0], "they belong nowhere");
    memberships::add(&mut tx, organization_id(1), user_id(7), false, at(1)).await.unwrap();
    assert_eq!(held(&mut tx, 49).await, [1, 2]);
    assert_eq!(held(&mut tx, 50).await, [2]);
    memberships::add(&mut tx, organization_id(2), user_id(7), false, at(1)).await.unwrap();
    assert_eq!(held(&mut tx, 49).await, [1, 2, 3]);
    memberships::set_active(&mut tx, organization_id(1), user_id(7), false).await.unwrap();
    assert_eq!(held(&mut tx, 49).await, [3]);
    let one = grants::held_beside(&mut tx, user_id(2), user_id(7), at(49)).await.unwrap();
    let same = grants::held(&mut tx, organization_id(2), user_id(2), at(49)).await.unwrap();
    assert_eq!(one, same);
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
        give(&mut tx, &grant).await;
    }
    for (now, expected) in [(49, &[1, 2][..]), (50, &[2])] {
        let held = grants::held_by_group(&mut tx, group_id(31), at(now)).await.unwrap();
        assert_eq!(numbers(&held), expected, "at {now}");
        assert!(held.iter().all(|held| held.group_name.as_deref() == Some("Group")));
    }
    // What has ended, of the group and of those in it.
    for (kind, principal) in [(PrincipalKind::Group, 31), (PrincipalKind::User, 2), (PrincipalKind::User, 31)]
    {
        let ended = grants::ended(&mut tx, organization_id(1), kind, uuid(principal), at(50)).await.unwrap();
        let expected: &[u128] = if (kind, principal) == (PrincipalKind::User, 31) { &[] } else { &[1] };
        assert_eq!(numbers(&ended), expected, "{kind} {principal}");
    }
    // Held by a group that is not there: by nobody.
    assert_eq!(grants::held_by_group(&mut tx, group_id(32), at(0)).await.unwrap(), []);
}
