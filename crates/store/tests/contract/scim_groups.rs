//! The contract of `store::scim_groups`.

use store::{
    Store, group_members, groups,
    scim_groups::{self, Found, ScimGroup},
    scim_users,
};

use crate::{
    samples::*,
    scim_providers::{kept_group, kept_user, with_scim},
};

contract!(
    one_provider_keeps_a_group,
    they_are_found_and_listed,
    a_change_knows_what_it_was_made_from,
    its_members_are_whom_the_provider_keeps,
    somebody_is_taken_out_of_all,
);

async fn one_provider_keeps_a_group(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(scim_groups::add(&mut tx, &kept_group(1, 31)).await.unwrap());
    assert!(!scim_groups::add(&mut tx, &kept_group(2, 31)).await.unwrap());
    let keeper = scim_groups::keeper(&mut tx, group_id(31)).await.unwrap().unwrap();
    assert_eq!((keeper.identity_provider_id, keeper.name.as_str()), (provider_id(1), "IdP 1"));
    assert_eq!(scim_groups::keeper(&mut tx, group_id(32)).await.unwrap(), None);
    groups::remove(&mut tx, group_id(31)).await.unwrap();
    assert_eq!(scim_groups::keeper(&mut tx, group_id(31)).await.unwrap(), None);
}

async fn they_are_found_and_listed(store: Store) {
    let mut tx = with_scim(&store).await;
    for (number, name) in [(32, "Ops Ä"), (33, "Dev")] {
        assert!(groups::add(&mut tx, &group(number, 1, name)).await.unwrap());
        let kept = ScimGroup { external_id: Some("x".into()), ..kept_group(1, number) };
        assert!(scim_groups::add(&mut tx, &kept).await.unwrap());
    }
    let id = provider_id(1);
    let found = |number, name: &str| Found {
        group: ScimGroup { external_id: Some("x".into()), ..kept_group(1, number) },
        name: name.into(),
    };
    let (ops, dev) = (found(32, "Ops Ä"), found(33, "Dev"));
    assert_eq!(scim_groups::find(&mut tx, id, group_id(32)).await.unwrap(), Some(ops.clone()));
    assert_eq!(scim_groups::find(&mut tx, provider_id(2), group_id(32)).await.unwrap(), None);
    assert_eq!(
        scim_groups::find(&mut tx, id, group_id(31)).await.unwrap(),
        None,
        "one that is nobody's of SCIM"
    );
    assert_eq!(scim_groups::find_by_name(&mut tx, id, "OPS Ä").await.unwrap(), Some(ops.clone()));
    assert_eq!(scim_groups::find_by_name(&mut tx, provider_id(2), "Dev").await.unwrap(), None);
    let asked = [group_id(31).uuid(), group_id(32).uuid()];
    assert_eq!(scim_groups::kept_among(&mut tx, organization_id(1), &asked).await.unwrap(), [group_id(32)]);
    assert_eq!(scim_groups::kept_among(&mut tx, organization_id(1), &asked[..1]).await.unwrap(), []);
    assert_eq!(scim_groups::kept_among(&mut tx, organization_id(2), &asked).await.unwrap(), []);
    let called = scim_groups::list_by_external_id(&mut tx, id, "x", 9).await.unwrap();
    assert_eq!(called, [ops.clone(), dev.clone()]);
    assert_eq!(scim_groups::list_by_external_id(&mut tx, id, "X", 9).await.unwrap(), []);
    assert_eq!(scim_groups::list(&mut tx, id, None, 0, 9).await.unwrap(), [ops, dev.clone()]);
    assert_eq!(scim_groups::list(&mut tx, id, None, 1, 1).await.unwrap(), std::slice::from_ref(&dev));
    assert_eq!(scim_groups::list(&mut tx, id, Some(group_id(32)), 0, 9).await.unwrap(), [dev]);
    assert_eq!(scim_groups::count(&mut tx, id).await.unwrap(), 2);
    assert_eq!(scim_groups::count(&mut tx, provider_id(2)).await.unwrap(), 0);
}

async fn a_change_knows_what_it_was_made_from(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(scim_groups::add(&mut tx, &kept_group(1, 31)).await.unwrap());
    let change = ScimGroup { external_id: Some("y".into()), changed_at: at(20), ..kept_group(1, 31) };
    assert!(scim_groups::set(&mut tx, &change).await.unwrap());
    assert!(!scim_groups::set(&mut tx, &change).await.unwrap(), "it was changed since");
    let now = scim_groups::find(&mut tx, provider_id(1), group_id(31)).await.unwrap().unwrap().group;
    assert_eq!(now, ScimGroup { generation: 1, ..change });
}

async fn its_members_are_whom_the_provider_keeps(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(scim_groups::add(&mut tx, &kept_group(1, 31)).await.unwrap());
    for number in [3, 1] {
        assert!(group_members::add(&mut tx, group_id(31), user_id(number), at(4)).await.unwrap());
    }
    for number in [2, 3] {
        assert!(scim_users::add(&mut tx, &kept_user(1, number)).await.unwrap());
    }
    assert_eq!(scim_groups::members(&mut tx, group_id(31)).await.unwrap(), [user_id(2), user_id(3)]);
    assert_eq!(scim_groups::members(&mut tx, group_id(32)).await.unwrap(), []);
}

async fn somebody_is_taken_out_of_all(store: Store) {
    let mut tx = with_scim(&store).await;
    assert!(groups::add(&mut tx, &group(32, 1, "By hand")).await.unwrap());
    assert!(group_members::add(&mut tx, group_id(32), user_id(2), at(4)).await.unwrap());
    assert!(scim_groups::add(&mut tx, &kept_group(1, 31)).await.unwrap());
    let id = provider_id(1);
    assert_eq!(scim_groups::take_out(&mut tx, provider_id(2), user_id(2), at(30)).await.unwrap(), 0);
    assert_eq!(scim_groups::take_out(&mut tx, id, user_id(3), at(30)).await.unwrap(), 0);
    assert_eq!(scim_groups::take_out(&mut tx, id, user_id(2), at(30)).await.unwrap(), 1);
    assert!(!group_members::contains(&mut tx, group_id(31), user_id(2)).await.unwrap());
    assert!(group_members::contains(&mut tx, group_id(32), user_id(2)).await.unwrap(), "made by hand");
    let now = scim_groups::find(&mut tx, id, group_id(31)).await.unwrap().unwrap().group;
    assert_eq!((now.generation, now.changed_at), (1, at(30)));
}
