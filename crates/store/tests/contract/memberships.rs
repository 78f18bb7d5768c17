//! The contract of `store::memberships`.

use domain::{
    ids::{FactorId, TokenId, UserId},
    principals::UserKind,
    sign_ins::FactorKind,
    timestamps::Timestamp,
    tokens::TokenKind,
};
use store::{
    Store, Tx,
    factors::{self, Factor},
    grants, group_members, groups,
    memberships::{self, Member, MemberFilter, Membership},
    organizations,
    tokens::{self, Token},
    users::{self, User},
};

use crate::samples::*;

fn authenticator_app(number: u128, user: u128) -> Factor {
    Factor {
        id: FactorId::from_uuid(uuid(number)),
        user_id: user_id(user),
        kind: FactorKind::Totp,
        name: "Phone".into(),
        secret_sealed: Some(vec![1]),
        last_step: None,
        credential_id: None,
        credential: None,
        created_at: at(1),
        last_used_at: None,
    }
}

contract!(
    adds_and_finds,
    a_member_is_found_with_who_it_is,
    people_are_paged_by_email,
    people_are_filtered,
    application_users_are_paged_by_name,
    application_users_tell_of_their_tokens,
    a_name_is_taken_whatever_its_capitals,
    a_group_is_listed_as_far_as_its_members_belong_here,
    members_are_counted_once,
    some_are_found_at_once,
    changes_are_seen,
    whoever_is_removed_holds_nothing_there,
    counts_who_can_act_as_super_admin
);

async fn some_are_found_at_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let organization = organization_id(1);
    assert!(memberships::set_active(&mut tx, organization, user_id(3), false).await.unwrap());
    // The fourth is no member, and 31 a group.
    let mut found = memberships::list_among(&mut tx, organization, &[3, 4, 2, 31].map(uuid)).await.unwrap();
    found.sort_by_key(|member| member.user_id);
    let mut expected = Vec::new();
    for user in [2, 3] {
        expected.extend(memberships::find_member(&mut tx, organization, user_id(user)).await.unwrap());
    }
    assert_eq!((found.len(), found), (2, expected));
    assert_eq!(memberships::list_among(&mut tx, organization_id(2), &[2].map(uuid)).await.unwrap(), []);
    assert_eq!(memberships::list_among(&mut tx, organization, &[]).await.unwrap(), []);
}

async fn members_are_counted_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(groups::add(&mut tx, &group(32, 1, "Others")).await.unwrap());
    // The fourth is no member.
    for (group, user) in [(31, 3), (32, 3), (32, 4)] {
        assert!(group_members::add(&mut tx, group_id(group), user_id(user), at(4)).await.unwrap());
    }
    for (principals, count) in
        [(&[][..], 0), (&[1], 1), (&[31], 2), (&[32], 1), (&[31, 32], 2), (&[1, 2, 31, 32], 3), (&[4, 99], 0)]
    {
        let principals: Vec<_> = principals.iter().map(|number: &u128| uuid(*number)).collect();
        let counted = memberships::count_among(&mut tx, organization_id(1), &principals).await.unwrap();
        assert_eq!(counted, count, "{principals:?}");
        assert_eq!(memberships::count_among(&mut tx, organization_id(2), &principals).await.unwrap(), 0);
        let ids = memberships::ids_among(&mut tx, organization_id(1), &principals, 9).await.unwrap();
        assert_eq!(i64::try_from(ids.len()).unwrap(), count, "{principals:?}");
        let first = memberships::ids_among(&mut tx, organization_id(1), &principals, 1).await.unwrap();
        assert_eq!(first, ids[..ids.len().min(1)]);
        let mut emails = Vec::new();
        for id in ids {
            emails.push(users::find(&mut tx, id).await.unwrap().unwrap().email);
        }
        assert!(emails.is_sorted(), "{emails:?}");
        let elsewhere = memberships::ids_among(&mut tx, organization_id(2), &principals, 9).await.unwrap();
        assert_eq!(elsewhere, []);
    }
}

/// Adds somebody and makes them a member of the organization.
async fn join(tx: &mut Tx, organization: u128, user: &User, joined_at: i64) {
    assert!(users::add(tx, user).await.unwrap());
    memberships::add(tx, organization_id(organization), user.id, false, at(joined_at)).await.unwrap();
}

async fn adds_and_finds(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    memberships::add(&mut tx, organization_id(1), user_id(1), false, at(5)).await.unwrap();
    let expected = Membership {
        organization_id: organization_id(1),
        user_id: user_id(1),
        is_super_admin: false,
        joined_at: at(5),
        is_active: true,
    };
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(2)).await.unwrap(), None);
    // Nobody becomes a member of what is not there.
    assert!(memberships::add(&mut tx, organization_id(2), user_id(1), false, at(5)).await.is_err());
}

async fn a_member_is_found_with_who_it_is(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    let person = User {
        last_activity_at: Some(at(9)),
        is_active: false,
        job_title: "a".into(),
        department: "b".into(),
        city: "c".into(),
        country: "d".into(),
        generation: 3,
        ..user(1)
    };
    join(&mut tx, 1, &person, 5).await;
    join(&mut tx, 2, &user(2), 5).await;
    let expected = Member {
        user_id: user_id(1),
        email: "user1@example.org".into(),
        name: user(1).name,
        kind: UserKind::Person,
        description: String::new(),
        job_title: "a".into(),
        department: "b".into(),
        city: "c".into(),
        country: "d".into(),
        is_super_admin: false,
        is_active: true,
        is_user_active: false,
        joined_at: at(5),
        last_activity_at: Some(at(9)),
        generation: 3,
        has_second_factor: false,
        is_factor_reset_waiting: false,
        is_managed: false,
        is_kept_by_scim: false,
    };
    let one = organization_id(1);
    let found = memberships::find_member(&mut tx, one, user_id(1)).await.unwrap();
    assert_eq!(found.as_ref(), Some(&expected));
    let found = memberships::find_member_by_email(&mut tx, one, "user1@example.org").await.unwrap();
    assert_eq!(found, Some(expected));
    // Members of others are nobody here.
    assert_eq!(memberships::find_member(&mut tx, one, user_id(2)).await.unwrap(), None);
    let found = memberships::find_member_by_email(&mut tx, one, "user2@example.org").await.unwrap();
    assert_eq!(found, None);
}

async fn people_are_paged_by_email(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for number in 1..=7 {
        join(&mut tx, 1, &user(number), 5).await;
    }
    join(&mut tx, 1, &application_user(8, "ci"), 5).await;
    join(&mut tx, 2, &user(9), 5).await;
    let filter = MemberFilter::default();
    let (mut emails, mut after) = (Vec::new(), None::<String>);
    loop {
        let page =
            memberships::list(&mut tx, organization_id(1), &filter, after.as_deref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.email.clone());
        emails.extend(page.into_iter().map(|member| member.email));
    }
    let expected: Vec<String> = (1..=7).map(|number| format!("user{number}@example.org")).collect();
    assert_eq!(emails, expected);
    assert_eq!(memberships::count(&mut tx, organization_id(1), &filter).await.unwrap(), 7);
    assert_eq!(memberships::count(&mut tx, organization_id(2), &filter).await.unwrap(), 1);
    assert_eq!(memberships::count(&mut tx, organization_id(3), &filter).await.unwrap(), 0);
    assert_eq!(memberships::list(&mut tx, organization_id(3), &filter, None, 9).await.unwrap(), []);
}

async fn people_are_filtered(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for (number, name, active_at, joined_at) in
        [(1, "Ada_L", Some(50), 10), (2, "Bob", Some(49), 10), (3, "Ädda", None, 50), (4, "Xada", None, 49)]
    {
        let user = User { name: name.into(), last_activity_at: active_at.map(at), ..user(number) };
        join(&mut tx, 1, &user, joined_at).await;
    }
    memberships::set_active(&mut tx, organization_id(1), user_id(2), false).await.unwrap();
    // One who has two is there once.
    for number in [1, 2] {
        assert!(factors::add(&mut tx, &authenticator_app(number, 4)).await.unwrap());
    }
    let text = |text| MemberFilter { text: Some(text), ..MemberFilter::default() };
    let is_active = |is| MemberFilter { is_active: Some(is), ..MemberFilter::default() };
    let has_factor = |has| MemberFilter { has_second_factor: Some(has), ..MemberFilter::default() };
    let both = |text| MemberFilter { text: Some(text), is_active: Some(true), ..MemberFilter::default() };
    let idle_since = |micros| MemberFilter { idle_since: Some(at(micros)), ..MemberFilter::default() };
    for (filter, expected) in [
        (text("ADA"), &[1, 4][..]),
        (text("user2@"), &[2]),
        (text("USER2@EXAMPLE"), &[2]),
        (text("Ädd"), &[3]),
        (text("a_l"), &[1]),
        (text("a_a"), &[]),
        (text("%"), &[]),
        (text(""), &[1, 2, 3, 4]),
        (is_active(true), &[1, 3, 4]),
        (is_active(false), &[2]),
        (idle_since(49), &[]),
        (idle_since(50), &[2, 4]),
        (idle_since(51), &[1, 2, 3, 4]),
        (MemberFilter { idle_since: Some(at(50)), ..both("ada") }, &[4]),
        (both("bob"), &[]),
        (has_factor(true), &[4]),
        (has_factor(false), &[1, 2, 3]),
        (MemberFilter { has_second_factor: Some(false), ..both("ada") }, &[1]),
    ] {
        let found = memberships::list(&mut tx, organization_id(1), &filter, None, 9).await.unwrap();
        let ids: Vec<UserId> = found.iter().map(|member| member.user_id).collect();
        let expected: Vec<UserId> = expected.iter().copied().map(user_id).collect();
        assert_eq!(ids, expected, "{filter:?}");
        let count = memberships::count(&mut tx, organization_id(1), &filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
    }
}

async fn application_users_are_paged_by_name(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    join(&mut tx, 1, &user(1), 5).await;
    // Names need not be unique.
    for (number, name) in [(2, "b"), (3, "ci"), (4, "CI"), (5, "b"), (6, "b")] {
        join(&mut tx, 1, &application_user(number, name), 5).await;
    }
    join(&mut tx, 2, &application_user(7, "b"), 5).await;
    let (mut found, mut after) = (Vec::new(), None::<(String, UserId)>);
    loop {
        let key = after.as_ref().map(|(name, id)| (name.as_str(), *id));
        let page =
            memberships::list_application_users(&mut tx, organization_id(1), None, key, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.member.name.clone(), last.member.user_id));
        found.extend(page.into_iter().map(|user| user.member.user_id));
    }
    assert_eq!(found, [4, 2, 5, 6, 3].map(user_id));
    for (text, expected) in [(None, 5), (Some("ci"), 2), (Some("B"), 3), (Some("c_"), 0)] {
        let one = organization_id(1);
        assert_eq!(memberships::count_application_users(&mut tx, one, text).await.unwrap(), expected);
        let found = memberships::list_application_users(&mut tx, one, text, None, 9).await.unwrap();
        assert_eq!(i64::try_from(found.len()).unwrap(), expected);
        assert!(found.iter().all(|user| user.member.kind == UserKind::Application));
    }
    let other = organization_id(2);
    assert_eq!(memberships::count_application_users(&mut tx, other, None).await.unwrap(), 1);
}

fn token(number: u128, user: u128, last_used_at: Option<Timestamp>) -> Token {
    Token {
        id: TokenId::from_uuid(uuid(number)),
        user_id: user_id(user),
        organization_id: Some(organization_id(1)),
        kind: TokenKind::Application,
        description: String::new(),
        prefix: "rda_012345".into(),
        token_hash: number.to_be_bytes().to_vec(),
        scopes: String::new(),
        ip_ranges: String::new(),
        created_at: at(1),
        created_by: "user1@example.org".into(),
        max_age_seconds: None,
        extend_when_used: false,
        expires_at: None,
        last_used_at,
        last_address: None,
        last_agent: None,
        replaced_by: None,
        generation: 0,
        method: None,
        second_factor: None,
        identity_provider_id: None,
        provider_organization_id: None,
    }
}

async fn a_name_is_taken_whatever_its_capitals(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    join(&mut tx, 1, &application_user(40, "Robot"), 5).await;
    let of = memberships::find_member(&mut tx, organization_id(1), user_id(2)).await.unwrap().unwrap();
    for (organization, name, except, is_taken) in [
        (1, "robot", None, true),
        (1, "ROBOT", None, true),
        (1, "robot", Some(uuid(40)), false),
        (1, "rob", None, false),
        // A group, and a person by their sign-in name and by no other.
        (1, "gROUP", None, true),
        (1, "group", Some(uuid(31)), false),
        (1, of.email.to_uppercase().as_str(), None, true),
        (1, of.name.as_str(), None, false),
        (2, "robot", None, false),
        (2, "group", None, false),
    ] {
        let id = organization_id(organization);
        let taken = memberships::is_name_taken(&mut tx, id, name, except).await.unwrap();
        assert_eq!(taken, is_taken, "{name} in {organization} but {except:?}");
    }
}

async fn application_users_tell_of_their_tokens(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for (number, name) in [(1, "a"), (2, "b"), (3, "c")] {
        join(&mut tx, 1, &application_user(number, name), 5).await;
    }
    for token in [token(1, 1, None), token(2, 2, Some(at(8))), token(3, 2, Some(at(9))), token(4, 2, None)] {
        tokens::add(&mut tx, &token).await.unwrap();
    }
    let found =
        memberships::list_application_users(&mut tx, organization_id(1), None, None, 9).await.unwrap();
    let told: Vec<_> = found.iter().map(|user| user.tokens).collect();
    assert_eq!(told, [1, 3, 0]);
    assert_eq!(found[0].member.description, "Deploys.");
    join(&mut tx, 1, &user(4), 5).await;
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    let one = organization_id(1);
    let alone = memberships::find_application_user(&mut tx, one, user_id(2)).await.unwrap();
    assert_eq!(alone.as_ref(), Some(&found[1]));
    // A person, nobody, and the application user of another organization.
    for (organization, number) in [(1, 4), (1, 9), (2, 2)] {
        let (organization, id) = (organization_id(organization), user_id(number));
        assert_eq!(memberships::find_application_user(&mut tx, organization, id).await.unwrap(), None);
    }
}

async fn a_group_is_listed_as_far_as_its_members_belong_here(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for number in [3, 1, 2] {
        join(&mut tx, 1, &user(number), 5).await;
    }
    join(&mut tx, 1, &application_user(4, "ci"), 5).await;
    assert!(users::add(&mut tx, &user(5)).await.unwrap());
    assert!(groups::add(&mut tx, &group(1, 1, "operators")).await.unwrap());
    for number in [1, 3, 4, 5] {
        assert!(group_members::add(&mut tx, group_id(1), user_id(number), at(1)).await.unwrap());
    }
    let (one, group) = (organization_id(1), group_id(1).uuid());
    let found = memberships::ids_among(&mut tx, one, &[group], 9).await.unwrap();
    assert_eq!(found, [4, 1, 3].map(user_id));
    let found = memberships::ids_among(&mut tx, one, &[group], 2).await.unwrap();
    assert_eq!(found, [4, 1].map(user_id));
    assert_eq!(memberships::ids_among(&mut tx, one, &[uuid(9)], 9).await.unwrap(), []);
    assert_eq!(memberships::ids_among(&mut tx, organization_id(2), &[group], 9).await.unwrap(), []);
}

async fn changes_are_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    join(&mut tx, 1, &user(1), 5).await;
    memberships::add(&mut tx, organization_id(2), user_id(1), false, at(5)).await.unwrap();
    let one = organization_id(1);
    assert!(memberships::set_active(&mut tx, one, user_id(1), false).await.unwrap());
    assert!(memberships::set_super_admin(&mut tx, one, user_id(1), true).await.unwrap());
    let found = memberships::find(&mut tx, one, user_id(1)).await.unwrap().unwrap();
    assert!(!found.is_active && found.is_super_admin);
    let found = memberships::find_member(&mut tx, one, user_id(1)).await.unwrap().unwrap();
    assert!(!found.is_active && found.is_super_admin && found.is_user_active);
    // Elsewhere everything is as it was.
    let other = memberships::find(&mut tx, organization_id(2), user_id(1)).await.unwrap().unwrap();
    assert!(other.is_active && !other.is_super_admin);
    assert!(memberships::set_active(&mut tx, one, user_id(1), true).await.unwrap());
    assert!(memberships::set_super_admin(&mut tx, one, user_id(1), false).await.unwrap());
    let found = memberships::find(&mut tx, one, user_id(1)).await.unwrap().unwrap();
    assert!(found.is_active && !found.is_super_admin);
    assert!(!memberships::set_active(&mut tx, one, user_id(2), true).await.unwrap());
    assert!(!memberships::set_super_admin(&mut tx, one, user_id(2), true).await.unwrap());
}

async fn whoever_is_removed_holds_nothing_there(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
        assert!(users::add(&mut tx, &user(number)).await.unwrap());
        assert!(groups::add(&mut tx, &group(number, number, "operators")).await.unwrap());
    }
    for (number, organization, user) in [(1, 1, 1), (2, 2, 1), (3, 1, 2)] {
        memberships::add(&mut tx, organization_id(organization), user_id(user), false, at(1)).await.unwrap();
        assert!(group_members::add(&mut tx, group_id(organization), user_id(user), at(1)).await.unwrap());
        let mut held = grant(number, "operator", "organization", uuid(organization));
        held.organization_id = organization_id(organization);
        held.principal_id = uuid(user);
        grants::put(&mut tx, &held).await.unwrap();
    }
    // What the group of the same id holds is its own.
    let mut of_group = grant(4, "admin", "organization", uuid(1));
    of_group.principal_kind = domain::principals::PrincipalKind::Group;
    grants::put(&mut tx, &of_group).await.unwrap();

    assert!(!memberships::remove(&mut tx, organization_id(2), user_id(2)).await.unwrap());
    assert!(memberships::remove(&mut tx, organization_id(1), user_id(1)).await.unwrap());
    assert!(!memberships::remove(&mut tx, organization_id(1), user_id(1)).await.unwrap());
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(1)).await.unwrap(), None);
    assert!(memberships::find(&mut tx, organization_id(2), user_id(1)).await.unwrap().is_some());
    assert!(!group_members::contains(&mut tx, group_id(1), user_id(1)).await.unwrap());
    assert!(group_members::contains(&mut tx, group_id(2), user_id(1)).await.unwrap());
    assert!(group_members::contains(&mut tx, group_id(1), user_id(2)).await.unwrap());
    let found = grants::find(&mut tx, organization_id(1), grant(1, "", "unit", uuid(1)).id).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(sql(&mut tx, "DELETE FROM grants").await.unwrap(), 3);
    assert!(users::find(&mut tx, user_id(1)).await.unwrap().is_some());
}

async fn counts_who_can_act_as_super_admin(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert_eq!(memberships::super_admins(&mut tx, organization_id(1)).await.unwrap(), 0);
    for (number, is_user_active) in [(1, true), (2, true), (3, false), (4, true)] {
        join(&mut tx, 1, &User { is_active: is_user_active, ..user(number) }, 1).await;
    }
    join(&mut tx, 1, &application_user(5, "ci"), 1).await;
    for number in [1, 2, 3, 5] {
        memberships::set_super_admin(&mut tx, organization_id(1), user_id(number), true).await.unwrap();
    }
    assert_eq!(memberships::super_admins(&mut tx, organization_id(1)).await.unwrap(), 2);
    memberships::set_active(&mut tx, organization_id(1), user_id(2), false).await.unwrap();
    assert_eq!(memberships::super_admins(&mut tx, organization_id(1)).await.unwrap(), 1);
    memberships::add(&mut tx, organization_id(2), user_id(1), true, at(1)).await.unwrap();
    assert_eq!(memberships::super_admins(&mut tx, organization_id(2)).await.unwrap(), 1);
}
