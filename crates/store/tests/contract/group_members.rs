//! The contract of `store::group_members`.

use domain::principals::UserKind;
use store::{
    Store,
    group_members::{self, GroupMember},
    groups, memberships, organizations, users,
};

use crate::samples::*;

contract!(comes_and_goes_once, lists_by_address_and_text_to_the_end, tells_the_groups_of_somebody);

async fn comes_and_goes_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        assert!(groups::add(&mut tx, &group(number, 1, &format!("group {number}"))).await.unwrap());
    }
    assert!(!group_members::contains(&mut tx, group_id(1), user_id(1)).await.unwrap());
    assert!(group_members::add(&mut tx, group_id(1), user_id(1), at(5)).await.unwrap());
    assert!(!group_members::add(&mut tx, group_id(1), user_id(1), at(6)).await.unwrap());
    assert!(group_members::contains(&mut tx, group_id(1), user_id(1)).await.unwrap());
    assert!(!group_members::contains(&mut tx, group_id(2), user_id(1)).await.unwrap());
    assert!(!group_members::contains(&mut tx, group_id(1), user_id(2)).await.unwrap());
    // The first time counts.
    let listed = group_members::list(&mut tx, group_id(1), None, None, 9).await.unwrap();
    assert_eq!(listed[0].added_at, at(5));
    assert!(!group_members::remove(&mut tx, group_id(2), user_id(1)).await.unwrap());
    assert!(group_members::remove(&mut tx, group_id(1), user_id(1)).await.unwrap());
    assert!(!group_members::remove(&mut tx, group_id(1), user_id(1)).await.unwrap());
    assert_eq!(group_members::list(&mut tx, group_id(1), None, None, 9).await.unwrap(), []);
}

async fn lists_by_address_and_text_to_the_end(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        assert!(groups::add(&mut tx, &group(number, 1, &format!("group {number}"))).await.unwrap());
    }
    let mut busy = user(2);
    (busy.name, busy.last_activity_at) = ("Bob Miller".into(), Some(at(77)));
    let mut disabled = user(3);
    (disabled.name, disabled.is_active) = ("MILLER_9".into(), false);
    let program = application_user(4, "miller");
    // Deactivated here; and one who is no member.
    let (away, stranger) = (user(5), user(6));
    for user in [&busy, &disabled, &program, &away, &stranger] {
        assert!(users::add(&mut tx, user).await.unwrap());
    }
    for number in 2..=5 {
        memberships::add(&mut tx, organization_id(1), user_id(number), false, at(3)).await.unwrap();
    }
    assert!(memberships::set_active(&mut tx, organization_id(1), user_id(5), false).await.unwrap());
    for number in 1..=6 {
        let added_at = at(i64::try_from(number).unwrap());
        assert!(group_members::add(&mut tx, group_id(1), user_id(number), added_at).await.unwrap());
    }
    assert!(group_members::add(&mut tx, group_id(2), user_id(2), at(9)).await.unwrap());

    for (text, numbers) in [
        (None, &[4, 1, 2, 3, 5, 6][..]),
        (Some("miller"), &[4, 2, 3]),
        (Some("ER_"), &[3]),
        (Some("USER5@"), &[5]),
        (Some("nobody"), &[]),
    ] {
        let (mut paged, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = group_members::list(&mut tx, group_id(1), text, after.as_deref(), 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(last.email.clone());
            paged.extend(page.iter().map(|member| member.user_id.uuid().as_u128()));
        }
        assert_eq!(paged, numbers, "{text:?}");
        let count = group_members::count(&mut tx, group_id(1), text).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{text:?}");
    }
    let listed = group_members::list(&mut tx, group_id(1), None, None, 9).await.unwrap();
    let active: Vec<_> = listed.iter().map(|member| member.is_active).collect();
    assert_eq!(active, [true, true, true, false, false, false]);
    assert_eq!((listed[0].kind, listed[1].kind), (UserKind::Application, UserKind::Person));
    let expected = GroupMember {
        user_id: user_id(2),
        email: "user2@example.org".into(),
        name: "Bob Miller".into(),
        kind: UserKind::Person,
        added_at: at(2),
        last_activity_at: Some(at(77)),
        is_active: true,
    };
    assert_eq!(listed[2], expected);
    assert_eq!(group_members::count(&mut tx, group_id(2), None).await.unwrap(), 1);
    assert_eq!(group_members::count(&mut tx, group_id(3), None).await.unwrap(), 0);
}

async fn tells_the_groups_of_somebody(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(users::add(&mut tx, &user(2)).await.unwrap());
    for group in [group(1, 1, "b"), group(2, 1, "a"), group(3, 2, "c"), group(4, 1, "d")] {
        assert!(groups::add(&mut tx, &group).await.unwrap());
    }
    for number in 1..=3 {
        assert!(group_members::add(&mut tx, group_id(number), user_id(1), at(1)).await.unwrap());
    }
    assert!(group_members::add(&mut tx, group_id(4), user_id(2), at(1)).await.unwrap());
    let listed = group_members::list_for_user(&mut tx, organization_id(1), user_id(1)).await.unwrap();
    assert_eq!(listed, [group(2, 1, "a"), group(1, 1, "b")]);
    let listed = group_members::list_for_user(&mut tx, organization_id(2), user_id(1)).await.unwrap();
    assert_eq!(listed, [group(3, 2, "c")]);
    assert_eq!(group_members::list_for_user(&mut tx, organization_id(2), user_id(2)).await.unwrap(), []);
}
