//! The contract of `store::holders`.

use domain::principals::UserKind;
use store::{
    Store, Tx,
    grants::{self, Grant},
    holders::{self, HeldBy, Holder, HolderFilter},
    memberships, users,
};

use crate::samples::*;

contract!(
    tells_who_holds_what,
    tells_by_which_grants,
    tells_what_some_people_hold,
    what_is_given_elsewhere_or_has_ended_is_held_by_nobody,
    a_member_who_is_away_holds_nothing,
);

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
        let page = holders::list(tx, filter, after.as_deref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.email.clone());
        paged.extend(page.iter().map(|holder| holder.user_id.uuid().as_u128()));
    }
    let count = holders::count(tx, filter).await.unwrap();
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
        give(&mut tx, &grant).await;
        assert_eq!(holding(&mut tx, &on_project_2()).await, expected, "{grant:?}");
    }
    let listed = holders::list(&mut tx, &on_project_2(), None, 9).await.unwrap();
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

/// Numbers of people and of the grants they hold, in the order they are told.
fn numbers(paths: &[HeldBy]) -> Vec<(u128, u128)> {
    paths.iter().map(|one| (one.user_id.uuid().as_u128(), one.held.id.uuid().as_u128())).collect()
}

async fn tells_by_which_grants(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut expiring = to_user(3, grant(1, "operator", "project", uuid(2)));
    expiring.expires_at = Some(at(50));
    for grant in [
        expiring,
        to_user(3, grant(2, "admin", "organization", uuid(1))),
        // Not by this, nor at that place, nor there by another organization's row.
        to_user(3, grant(3, "developer", "project", uuid(2))),
        to_user(3, grant(4, "operator", "project", uuid(1))),
        Grant { organization_id: organization_id(2), ..to_user(3, grant(5, "admin", "project", uuid(2))) },
        // Through the group and directly, both are told.
        to_group(31, grant(6, "operator", "unit", uuid(21))),
        to_user(2, grant(7, "operator", "unit", uuid(21))),
        // No member.
        to_user(4, grant(8, "admin", "project", uuid(2))),
    ] {
        give(&mut tx, &grant).await;
    }
    let paths = holders::paths(&mut tx, &on_project_2(), None, 9).await.unwrap();
    assert_eq!(numbers(&paths), [(2, 6), (2, 7), (3, 1), (3, 2)]);
    // Each is what the person is told to hold.
    for one in &paths {
        let held = grants::held(&mut tx, organization_id(1), one.user_id, at(49)).await.unwrap();
        assert!(held.contains(&one.held), "{one:?}");
    }
    let through: Vec<_> = paths.iter().map(|one| one.held.group_id).collect();
    assert_eq!(through, [Some(group_id(31)), None, None, None]);
    // The super admin holds no grant; the next on the page are 2, then 3.
    for (after, limit, expected) in [
        (None, 1, &[][..]),
        (None, 2, &[(2, 6), (2, 7)]),
        (Some("user1@example.org"), 1, &[(2, 6), (2, 7)]),
        (Some("user2@example.org"), 9, &[(3, 1), (3, 2)]),
        (Some("user3@example.org"), 9, &[]),
    ] {
        let paths = holders::paths(&mut tx, &on_project_2(), after, limit).await.unwrap();
        assert_eq!(numbers(&paths), expected, "{limit} after {after:?}");
    }
    let later = HolderFilter { now: at(50), ..on_project_2() };
    let paths = holders::paths(&mut tx, &later, None, 9).await.unwrap();
    assert_eq!(numbers(&paths), [(2, 6), (2, 7), (3, 2)]);
    let elsewhere = HolderFilter { organization: organization_id(2), ..on_project_2() };
    assert_eq!(holders::paths(&mut tx, &elsewhere, None, 9).await.unwrap(), []);
}

async fn tells_what_some_people_hold(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let mut ended = to_user(3, grant(5, "operator", "project", uuid(2)));
    ended.expires_at = Some(at(49));
    let mut elsewhere = to_user(3, grant(6, "read_only", "project", uuid(3)));
    elsewhere.organization_id = organization_id(2);
    for grant in [
        to_user(3, grant(1, "operator", "project", uuid(2))),
        to_group(31, grant(2, "read_only", "unit", uuid(21))),
        to_user(2, grant(3, "admin", "organization", uuid(1))),
        to_user(4, grant(4, "developer", "project", uuid(1))),
    ] {
        give(&mut tx, &grant).await;
    }
    let at_49 = holders::held_among(&mut tx, organization_id(1), &[3].map(uuid), at(49)).await.unwrap();
    assert_eq!(at_49.len(), 1);
    grants::put(&mut tx, &ended).await.unwrap();
    give(&mut tx, &elsewhere).await;
    // The group's, a group and nobody are no people; user 4 is no member, and was not asked for.
    let users = [3, 2, 1, 31, 1_000].map(uuid);
    let held = holders::held_among(&mut tx, organization_id(1), &users, at(49)).await.unwrap();
    let numbers: Vec<_> =
        held.iter().map(|one| (one.user_id.uuid().as_u128(), one.held.id.uuid().as_u128())).collect();
    assert_eq!(numbers, [(2, 2), (2, 3)], "what has ended is not held");
    for user in [1, 2, 3] {
        let alone = grants::held(&mut tx, organization_id(1), user_id(user), at(49)).await.unwrap();
        let theirs = held.iter().filter(|one| one.user_id == user_id(user)).map(|one| one.held.clone());
        assert_eq!(theirs.collect::<Vec<_>>(), alone, "{user}");
    }
    assert_eq!(holders::held_among(&mut tx, organization_id(1), &[], at(49)).await.unwrap(), []);
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
        give(&mut tx, &grant).await;
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
    give(&mut tx, &to_user(5, grant(1, "admin", "project", uuid(2)))).await;
    give(&mut tx, &to_group(31, grant(2, "admin", "project", uuid(2)))).await;
    give(&mut tx, &to_user(3, grant(3, "admin", "project", uuid(2)))).await;
    assert_eq!(holding(&mut tx, &on_project_2()).await, [1, 2, 3]);
    for (number, expected) in [(1, &[2, 3][..]), (2, &[3]), (3, &[])] {
        let organization = organization_id(1);
        assert!(memberships::set_active(&mut tx, organization, user_id(number), false).await.unwrap());
        assert_eq!(holding(&mut tx, &on_project_2()).await, expected, "without {number}");
    }
}
