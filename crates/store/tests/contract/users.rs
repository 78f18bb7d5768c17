//! The contract of `store::users`.

use domain::principals::UserKind;
use store::{
    Store, Tx, grants, memberships, organizations,
    users::{self, ProfileTexts, User},
};

use crate::samples::*;

contract!(
    an_email_address_is_taken_once,
    every_field_comes_back,
    changes_are_seen,
    a_sign_in_name_is_changed_to_a_free_one,
    a_profile_is_changed_in_the_generation_that_was_seen,
    an_application_user_is_changed_in_the_generation_that_was_seen,
    whoever_is_removed_leaves_nothing_behind,
    who_is_shut_out_is_let_in_again,
    domains_that_another_program_left_out_are_worked_out,
    a_password_hash_is_not_printed,
    tells_who_administers_somebody,
);

async fn an_email_address_is_taken_once(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(users::count(&mut tx).await.unwrap(), 0);
    assert!(users::add(&mut tx, &user(1)).await.unwrap());
    let mut second = user(2);
    second.email = user(1).email;
    assert!(!users::add(&mut tx, &second).await.unwrap());
    // The refusal does not end the transaction.
    assert_eq!(users::count(&mut tx).await.unwrap(), 1);
    assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap(), Some(user(1)));
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), None);
    assert_eq!(users::find_by_email(&mut tx, &user(1).email).await.unwrap(), Some(user(1)));
    assert_eq!(users::find_by_email(&mut tx, "User1@example.org").await.unwrap(), None);
}

async fn every_field_comes_back(store: Store) {
    let mut tx = store.write().await.unwrap();
    for kind in UserKind::ALL {
        let number = 1 + *kind as u128;
        let full = User {
            last_activity_at: Some(at(9)),
            is_active: false,
            kind: *kind,
            description: "a".into(),
            job_title: "b".into(),
            department: "c".into(),
            city: "d".into(),
            country: "e".into(),
            generation: 7,
            ..user(number)
        };
        assert!(users::add(&mut tx, &full).await.unwrap());
        assert_eq!(users::find(&mut tx, user_id(number)).await.unwrap(), Some(full));
    }
}

async fn changes_are_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut expected = user(1);
    expected.is_active = false;
    users::add(&mut tx, &expected).await.unwrap();
    users::add(&mut tx, &user(2)).await.unwrap();
    users::set_last_activity(&mut tx, user_id(1), at(77)).await.unwrap();
    assert_eq!(users::password_changed_at(&mut tx, user_id(1)).await.unwrap(), None);
    users::set_password_hash(&mut tx, user_id(1), "new", at(77)).await.unwrap();
    assert_eq!(users::password_changed_at(&mut tx, user_id(1)).await.unwrap(), Some(at(77)));
    assert_eq!(users::password_changed_at(&mut tx, user_id(999)).await.unwrap(), None);
    expected.last_activity_at = Some(at(77));
    expected.password_hash = "new".into();
    assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), Some(user(2)));
}

async fn a_sign_in_name_is_changed_to_a_free_one(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        assert!(users::add(&mut tx, &user(number)).await.unwrap());
    }
    assert!(!users::set_email(&mut tx, user_id(1), &user(2).email).await.unwrap());
    assert!(!users::set_email(&mut tx, user_id(9), "new@other.example").await.unwrap());
    assert!(users::set_email(&mut tx, user_id(1), "new@other.example").await.unwrap());
    let now = users::find(&mut tx, user_id(1)).await.unwrap().unwrap();
    assert_eq!(now, User { email: "new@other.example".into(), ..user(1) });
    assert_eq!(store::domains::count_people(&mut tx, "other.example").await.unwrap(), 1);
}

async fn a_profile_is_changed_in_the_generation_that_was_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    users::add(&mut tx, &application_user(2, "ci")).await.unwrap();
    let texts = ProfileTexts { name: "A\0", job_title: "B", department: "C", city: "D", country: "E" };
    assert!(users::set_profile(&mut tx, user_id(1), 0, &texts).await.unwrap());
    assert!(!users::set_profile(&mut tx, user_id(1), 0, &texts).await.unwrap());
    assert!(!users::set_profile(&mut tx, user_id(2), 0, &texts).await.unwrap());
    assert!(!users::set_profile(&mut tx, user_id(3), 0, &texts).await.unwrap());
    let expected = User {
        name: "A\u{fffd}".into(),
        job_title: "B".into(),
        department: "C".into(),
        city: "D".into(),
        country: "E".into(),
        generation: 1,
        ..user(1)
    };
    assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), Some(application_user(2, "ci")));
}

async fn an_application_user_is_changed_in_the_generation_that_was_seen(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    users::add(&mut tx, &application_user(2, "ci")).await.unwrap();
    let (person, application) = (user_id(1), user_id(2));
    assert!(users::set_application_user(&mut tx, application, 0, "cd", "Builds.").await.unwrap());
    assert!(!users::set_application_user(&mut tx, application, 0, "x", "").await.unwrap());
    assert!(users::set_application_user(&mut tx, application, 1, "cd", "").await.unwrap());
    assert!(!users::set_application_user(&mut tx, person, 0, "x", "").await.unwrap());
    let expected = User { description: String::new(), generation: 2, ..application_user(2, "cd") };
    assert_eq!(users::find(&mut tx, application).await.unwrap(), Some(expected));
    assert_eq!(users::find(&mut tx, person).await.unwrap(), Some(user(1)));
}

async fn whoever_is_removed_leaves_nothing_behind(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &application_user(2, "ci")).await.unwrap();
    memberships::add(&mut tx, organization_id(1), user_id(2), false, at(1)).await.unwrap();
    let mut held = grant(1, "operator", "project", uuid(1));
    held.principal_id = uuid(2);
    grants::put(&mut tx, &held).await.unwrap();
    grants::put(&mut tx, &grant(2, "operator", "project", uuid(1))).await.unwrap();
    assert!(users::remove(&mut tx, user_id(2)).await.unwrap());
    assert!(!users::remove(&mut tx, user_id(2)).await.unwrap());
    assert_eq!(users::find(&mut tx, user_id(2)).await.unwrap(), None);
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(2)).await.unwrap(), None);
    assert_eq!(organizations::list_for_user(&mut tx, user_id(1)).await.unwrap().len(), 1);
    // The other's grant is the only one left.
    assert_eq!(sql(&mut tx, "DELETE FROM grants").await.unwrap(), 1);
}

async fn a_password_hash_is_not_printed(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    let found = users::find(&mut tx, user_id(1)).await.unwrap().unwrap();
    assert!(!format!("{found:?}").contains("argon2"));
}

async fn who_is_shut_out_is_let_in_again(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert!(users::add(&mut tx, &user(1)).await.unwrap());
    for is_active in [false, true] {
        assert!(users::set_active(&mut tx, user_id(1), is_active).await.unwrap());
        assert_eq!(users::find(&mut tx, user_id(1)).await.unwrap().unwrap().is_active, is_active);
    }
    assert!(!users::set_active(&mut tx, user_id(2), true).await.unwrap());
}

async fn domains_that_another_program_left_out_are_worked_out(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in 1..=3 {
        let email = format!("user{number}@bücher.example");
        assert!(users::add(&mut tx, &User { email, ..user(number) }).await.unwrap());
    }
    assert_eq!(users::fill_email_domains(&mut tx, 9).await.unwrap(), 0);
    sql(&mut tx, "UPDATE users SET email_domain = NULL").await.unwrap();
    assert_eq!(store::domains::count_people(&mut tx, "xn--bcher-kva.example").await.unwrap(), 0);
    assert_eq!(users::fill_email_domains(&mut tx, 2).await.unwrap(), 2);
    assert_eq!(users::fill_email_domains(&mut tx, 2).await.unwrap(), 1);
    assert_eq!(store::domains::count_people(&mut tx, "xn--bcher-kva.example").await.unwrap(), 3);
}

async fn tells_who_administers_somebody(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in 1..=3 {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    for number in 1..=9 {
        users::add(&mut tx, &User { is_active: number != 6, ..user(number) }).await.unwrap();
    }
    // 1 belongs to the first two, and is a super admin of one; 7 is one where 1 is shut out, 8 where 1 does not belong.
    for (number, organization, is_super_admin) in [
        (1, 1, false),
        (1, 2, true),
        (2, 1, true),
        (2, 2, true),
        (3, 1, true),
        (4, 2, false),
        (5, 1, true),
        (6, 1, true),
        (7, 3, true),
        (1, 3, false),
    ] {
        let organization = organization_id(organization);
        memberships::add(&mut tx, organization, user_id(number), is_super_admin, at(5)).await.unwrap();
    }
    memberships::set_active(&mut tx, organization_id(3), user_id(1), false).await.unwrap();
    memberships::set_active(&mut tx, organization_id(1), user_id(5), false).await.unwrap();
    let told = async |tx: &mut Tx, of, each| {
        let found = users::super_admins_over(tx, user_id(of), each).await.unwrap();
        found.iter().map(|one| one.id.uuid().as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut tx, 1, 9).await, [2, 3]);
    assert_eq!(told(&mut tx, 1, 1).await, [2], "the first of each");
    assert_eq!(told(&mut tx, 4, 9).await, [1, 2]);
    assert_eq!(told(&mut tx, 9, 9).await, [] as [u128; 0]);
}
