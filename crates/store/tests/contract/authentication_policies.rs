//! The contract of `store::authentication_policies`.

use domain::{
    ids::TokenId,
    principals::UserKind,
    sign_ins::{FactorKind, SignInMethod},
    tokens::TokenKind,
};
use store::{
    Store,
    authentication_policies::{self, OpenSession},
    memberships, organizations, sessions,
    tokens::{self, Token},
    users::{self, User},
};

use crate::samples::*;

contract!(
    is_set_by_who_saw_the_last_one,
    a_persons_are_those_of_their_organizations,
    knows_whom_a_change_concerns,
    knows_which_tokens_a_change_concerns,
    members_are_exempt_or_not,
);

async fn members_are_exempt_or_not(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    memberships::add(&mut tx, organization_id(1), user_id(1), false, at(5)).await.unwrap();
    assert_eq!(authentication_policies::break_glass(&mut tx, organization_id(1)).await.unwrap(), []);
    for (user, is_there) in [(1, true), (2, false)] {
        let set =
            authentication_policies::set_break_glass(&mut tx, organization_id(1), user_id(user), Some(at(6)));
        assert_eq!(set.await.unwrap(), is_there);
    }
    assert_eq!(
        authentication_policies::break_glass(&mut tx, organization_id(1)).await.unwrap(),
        [user_id(1)]
    );
    assert!(
        authentication_policies::set_break_glass(&mut tx, organization_id(1), user_id(1), None)
            .await
            .unwrap()
    );
    assert_eq!(authentication_policies::break_glass(&mut tx, organization_id(1)).await.unwrap(), []);
}

async fn is_set_by_who_saw_the_last_one(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let id = organization_id(1);
    assert_eq!(authentication_policies::find(&mut tx, id).await.unwrap(), None);
    assert!(!authentication_policies::set(&mut tx, id, 1, "{}", at(5)).await.unwrap(), "none was seen");
    assert!(authentication_policies::set(&mut tx, id, 0, "{}", at(5)).await.unwrap());
    assert!(!authentication_policies::set(&mut tx, id, 0, "{1}", at(6)).await.unwrap());
    assert!(authentication_policies::set(&mut tx, id, 1, "{2}", at(7)).await.unwrap());
    assert!(!authentication_policies::set(&mut tx, id, 1, "{3}", at(8)).await.unwrap());
    let row = authentication_policies::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((row.policy.as_str(), row.changed_at, row.generation), ("{2}", at(7), 2));
}

async fn a_persons_are_those_of_their_organizations(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [2, 3, 4] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
        authentication_policies::set(&mut tx, organization_id(number), 0, "{}", at(5)).await.unwrap();
    }
    for number in [2, 3] {
        memberships::add(&mut tx, organization_id(number), user_id(1), false, at(5)).await.unwrap();
    }
    memberships::set_active(&mut tx, organization_id(3), user_id(1), false).await.unwrap();
    let rows = authentication_policies::list_for_user(&mut tx, user_id(1)).await.unwrap();
    let of: Vec<_> = rows.iter().map(|row| (row.organization_id, row.break_glass_since)).collect();
    assert_eq!(of, [(organization_id(2), None)], "neither where they are shut out, nor others'");
    authentication_policies::set_break_glass(&mut tx, organization_id(2), user_id(1), Some(at(7)))
        .await
        .unwrap();
    let rows = authentication_policies::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(
        (rows[0].name.as_str(), rows[0].break_glass_since),
        (organization(2).name.as_str(), Some(at(7)))
    );
}

/// User 1 of organization 1 is a super admin, 2 has no password, 3 is deactivated there, 4 everywhere, 5 is none of it, and 6 is a
/// program.
async fn people(store: &Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for number in 1..=6_u128 {
        let kind = if number == 6 { UserKind::Application } else { UserKind::Person };
        let password_hash = if number == 2 { String::new() } else { "x".into() };
        let is_active = number != 4;
        let person = User { kind, password_hash, is_active, ..user(number) };
        assert!(users::add(&mut tx, &person).await.unwrap());
        let of = organization_id(if number == 5 { 2 } else { 1 });
        memberships::add(&mut tx, of, user_id(number), number == 1, at(5)).await.unwrap();
    }
    memberships::set_active(&mut tx, organization_id(1), user_id(3), false).await.unwrap();
    authentication_policies::set_break_glass(&mut tx, organization_id(1), user_id(1), Some(at(6)))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn knows_whom_a_change_concerns(store: Store) {
    people(&store).await;
    let mut tx = store.write().await.unwrap();
    let id = organization_id(1);
    let found = authentication_policies::people(&mut tx, id, 9).await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.user_id, one.is_super_admin, one.has_password, one.break_glass_since))
        .collect();
    assert_eq!(told, [(user_id(1), true, true, Some(at(6))), (user_id(2), false, false, None)]);
    assert_eq!(authentication_policies::people(&mut tx, id, 1).await.unwrap(), found[..1]);
    assert_eq!(authentication_policies::count_people(&mut tx, id).await.unwrap(), 2);
    // Neither who is shut out, nor strangers, nor programs.
    let asked: Vec<_> = (2..=6).map(uuid).collect();
    let among = authentication_policies::people_among(&mut tx, id, &asked).await.unwrap();
    assert_eq!(among, found[1..]);
    assert_eq!(authentication_policies::people_among(&mut tx, id, &[]).await.unwrap(), []);
    // Who is a super admin no more is exempt from nothing, also once they are one again.
    for is_super_admin in [false, true] {
        memberships::set_super_admin(&mut tx, id, user_id(1), is_super_admin).await.unwrap();
    }
    let found = authentication_policies::people(&mut tx, id, 1).await.unwrap();
    assert!(found[0].is_super_admin && found[0].break_glass_since.is_none());

    for (key, user, seen, ends) in
        [(1, 2, 10, 100), (2, 1, 30, 100), (3, 1, 20, 50), (4, 3, 20, 100), (5, 5, 20, 100)]
    {
        let row = sessions::Row {
            key_hash: vec![key; 32],
            user_id: Some(user_id(user)),
            data: Vec::new(),
            created_at: at(1),
            last_seen_at: at(seen),
            expires_at: at(ends),
            address: (key == 2).then(|| "192.0.2.1".to_owned()),
            agent: None,
            method: (key == 2).then_some(SignInMethod::Password),
            second_factor: (key == 2).then_some(FactorKind::Totp),
            proven_at: None,
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        };
        assert!(sessions::add(&mut tx, &row).await.unwrap());
    }
    let open = authentication_policies::sessions(&mut tx, id, at(50), 9).await.unwrap();
    let last = OpenSession {
        key_hash: vec![2; 32],
        user_id: user_id(1),
        created_at: at(1),
        last_seen_at: at(30),
        method: Some(SignInMethod::Password),
        second_factor: Some(FactorKind::Totp),
        provider_organization_id: None,
        address: Some("192.0.2.1".into()),
    };
    let first = OpenSession {
        key_hash: vec![1; 32],
        user_id: user_id(2),
        created_at: at(1),
        last_seen_at: at(10),
        method: None,
        second_factor: None,
        provider_organization_id: None,
        address: None,
    };
    assert_eq!(open, [last, first]);
    assert_eq!(authentication_policies::sessions(&mut tx, id, at(49), 9).await.unwrap().len(), 3);
}

async fn knows_which_tokens_a_change_concerns(store: Store) {
    people(&store).await;
    let mut tx = store.write().await.unwrap();
    // Of users 1 to 6, and one more of user 1 that ends at 50.
    for number in 1..=7_u128 {
        let is_program = number == 6;
        let token = Token {
            id: TokenId::from_uuid(uuid(number)),
            user_id: user_id(if number == 7 { 1 } else { number }),
            organization_id: is_program.then(|| organization_id(1)),
            kind: if is_program { TokenKind::Application } else { TokenKind::Personal },
            description: "d".into(),
            prefix: "rdp_abcdef".into(),
            token_hash: vec![u8::try_from(number).unwrap(); 32],
            scopes: String::new(),
            ip_ranges: String::new(),
            created_at: at(7),
            created_by: String::new(),
            max_age_seconds: None,
            extend_when_used: false,
            expires_at: (number == 7).then(|| at(50)),
            last_used_at: Some(at(8)),
            last_address: Some("192.0.2.1".into()),
            last_agent: None,
            replaced_by: None,
            generation: 0,
            method: Some(SignInMethod::Passkey),
            second_factor: Some(FactorKind::Passkey),
            identity_provider_id: None,
            provider_organization_id: None,
        };
        tokens::add(&mut tx, &token).await.unwrap();
    }
    let id = organization_id(1);
    let found = authentication_policies::tokens(&mut tx, id, at(50), 9).await.unwrap();
    let told: Vec<_> = found.iter().map(|token| (token.user_id, token.kind, token.user_kind)).collect();
    assert_eq!(
        told,
        [
            (user_id(1), TokenKind::Personal, UserKind::Person),
            (user_id(2), TokenKind::Personal, UserKind::Person),
            (user_id(6), TokenKind::Application, UserKind::Application),
        ]
    );
    assert_eq!((found[0].method, found[0].last_used_at), (Some(SignInMethod::Passkey), Some(at(8))));
    assert_eq!(authentication_policies::count_tokens(&mut tx, id, at(50)).await.unwrap(), 3);
    assert_eq!(authentication_policies::count_tokens(&mut tx, id, at(49)).await.unwrap(), 4);
}
