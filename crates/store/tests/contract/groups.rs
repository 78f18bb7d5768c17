//! The contract of `store::groups`.

use domain::principals::PrincipalKind;
use store::{Edited, Store, grants, group_members, groups, organizations};

use crate::samples::*;

contract!(
    a_name_is_taken_once_per_organization,
    lists_by_name_and_text_to_the_end,
    edits_the_generation_that_was_seen,
    goes_with_what_it_held,
);

async fn a_name_is_taken_once_per_organization(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    let mut first = group(1, 1, "Ops");
    first.description = "Läuft 🦀".into();
    assert!(groups::add(&mut tx, &first).await.unwrap());
    assert!(!groups::add(&mut tx, &group(2, 1, "Ops")).await.unwrap());
    assert!(groups::add(&mut tx, &group(3, 2, "Ops")).await.unwrap());
    // People do not tell names apart by their capitals.
    assert!(!groups::add(&mut tx, &group(4, 1, "ops")).await.unwrap());
    assert!(groups::add(&mut tx, &group(5, 1, "Ünlü")).await.unwrap());
    assert!(!groups::add(&mut tx, &group(6, 1, "Ünlü")).await.unwrap());

    assert_eq!(groups::find(&mut tx, organization_id(1), group_id(1)).await.unwrap(), Some(first.clone()));
    // Another organization's group is not there, nor is one that was not added.
    assert_eq!(groups::find(&mut tx, organization_id(2), group_id(1)).await.unwrap(), None);
    assert_eq!(groups::find(&mut tx, organization_id(1), group_id(2)).await.unwrap(), None);
    assert_eq!(groups::find_by_name(&mut tx, organization_id(1), "Ops").await.unwrap(), Some(first));
    let other = groups::find_by_name(&mut tx, organization_id(2), "Ops").await.unwrap();
    assert_eq!(other, Some(group(3, 2, "Ops")));
    assert_eq!(groups::find_by_name(&mut tx, organization_id(2), "ops").await.unwrap(), None);
}

async fn lists_by_name_and_text_to_the_end(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for (number, name, description) in
        [(1, "alpha", "On call"), (2, "Beta_1", ""), (3, "beta-1", "100% CALL"), (4, "gamma", "")]
    {
        let mut group = group(number, 1, name);
        group.description = description.into();
        assert!(groups::add(&mut tx, &group).await.unwrap());
    }
    assert!(groups::add(&mut tx, &group(5, 2, "beta")).await.unwrap());
    assert!(group_members::add(&mut tx, group_id(1), user_id(1), at(1)).await.unwrap());
    for number in [1, 2] {
        let mut held = grant(number, "operator", "project", uuid(number));
        (held.principal_kind, held.principal_id) = (PrincipalKind::Group, uuid(1));
        grants::put(&mut tx, &held).await.unwrap();
    }
    // What a person of the same id holds is not the group's.
    grants::put(&mut tx, &grant(3, "developer", "project", uuid(1))).await.unwrap();

    for (text, names) in [
        (None, &["Beta_1", "alpha", "beta-1", "gamma"][..]),
        (Some(""), &["Beta_1", "alpha", "beta-1", "gamma"]),
        (Some("BETA"), &["Beta_1", "beta-1"]),
        (Some("a_1"), &["Beta_1"]),
        (Some("call"), &["alpha", "beta-1"]),
        (Some("0%"), &["beta-1"]),
        (Some("delta"), &[]),
    ] {
        let listed = groups::list(&mut tx, organization_id(1), text, None, 9).await.unwrap();
        let listed: Vec<&str> = listed.iter().map(|(group, ..)| group.name.as_str()).collect();
        assert_eq!(listed, names, "{text:?}");
        let count = groups::count(&mut tx, organization_id(1), text).await.unwrap();
        assert_eq!(count, i64::try_from(names.len()).unwrap(), "{text:?}");
        // The same two by two, to the end.
        let (mut paged, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = groups::list(&mut tx, organization_id(1), text, after.as_deref(), 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some((last, ..)) = page.last() else { break };
            after = Some(last.name.clone());
            paged.extend(page.into_iter().map(|(group, ..)| group.name));
        }
        assert_eq!(paged, names, "{text:?}");
    }
    let listed = groups::list(&mut tx, organization_id(1), None, None, 9).await.unwrap();
    let numbers: Vec<_> = listed.iter().map(|(_, members, grants)| (*members, *grants)).collect();
    assert_eq!(numbers, [(0, 0), (1, 2), (0, 0), (0, 0)]);
    let elsewhere = groups::list(&mut tx, organization_id(2), None, None, 9).await.unwrap();
    assert_eq!(elsewhere, [(group(5, 2, "beta"), 0, 0)]);
    assert_eq!(groups::count(&mut tx, organization_id(3), None).await.unwrap(), 0);
}

async fn edits_the_generation_that_was_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    for group in [group(1, 1, "a"), group(2, 1, "b"), group(3, 2, "c")] {
        assert!(groups::add(&mut tx, &group).await.unwrap());
    }
    for (generation, name, expected) in [
        (0, "b", Edited::Taken),
        (0, "B", Edited::Taken),
        // Names of other organizations are free.
        (0, "c", Edited::Done),
        (0, "d", Edited::Stale),
        (0, "b", Edited::Stale),
        // Its own name is no other's.
        (1, "C", Edited::Done),
        (2, "c", Edited::Done),
        (4, "d", Edited::Stale),
    ] {
        let edited = groups::edit(&mut tx, group_id(1), generation, name, "New").await.unwrap();
        assert_eq!(edited, expected, "{generation} {name}");
    }
    assert_eq!(groups::edit(&mut tx, group_id(4), 0, "e", "").await.unwrap(), Edited::Stale);
    let found = groups::find(&mut tx, organization_id(1), group_id(1)).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.description.as_str(), found.generation), ("c", "New", 3));
    let other = groups::find(&mut tx, organization_id(1), group_id(2)).await.unwrap();
    assert_eq!(other, Some(group(2, 1, "b")));
}

async fn goes_with_what_it_held(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for group in [group(11, 1, "a"), group(12, 1, "b")] {
        assert!(groups::add(&mut tx, &group).await.unwrap());
        assert!(group_members::add(&mut tx, group.id, user_id(1), at(1)).await.unwrap());
    }
    for (number, principal) in [(1, 11), (2, 12)] {
        let mut held = grant(number, "operator", "project", uuid(1));
        (held.principal_kind, held.principal_id) = (PrincipalKind::Group, uuid(principal));
        grants::put(&mut tx, &held).await.unwrap();
    }
    let kept = grants::put(&mut tx, &grant(3, "operator", "project", uuid(1))).await.unwrap();
    assert!(groups::remove(&mut tx, group_id(11)).await.unwrap());
    assert!(!groups::remove(&mut tx, group_id(11)).await.unwrap());
    assert_eq!(groups::find(&mut tx, organization_id(1), group_id(11)).await.unwrap(), None);
    let left = group_members::list_for_user(&mut tx, organization_id(1), user_id(1)).await.unwrap();
    assert_eq!(left, [group(12, 1, "b")]);
    let left = grants::list(&mut tx, organization_id(1), &Default::default(), None, 9).await.unwrap();
    let left: Vec<u128> = left.iter().map(|left| left.grant.id.uuid().as_u128()).collect();
    assert_eq!(left, [2, kept.uuid().as_u128()]);
}
