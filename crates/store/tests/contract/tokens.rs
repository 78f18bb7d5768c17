//! The contract of `store::tokens`.

use domain::{
    ids::TokenId,
    sign_ins::{FactorKind, SignInMethod},
    tokens::TokenKind,
};
use store::{
    Store,
    tokens::{self, Token},
    users,
};

use crate::samples::*;

contract!(
    is_found_with_whose_it_is,
    lists_newest_first_and_what_is_unused,
    counts_what_has_not_ended,
    edits_the_generation_that_was_seen,
    notes_each_use,
    is_replaced_once_and_ends_no_later,
    goes_alone_or_with_all_of_its_user,
    goes_a_while_after_its_end,
);

fn token_id(number: u128) -> TokenId {
    TokenId::from_uuid(uuid(number))
}

/// A token of user 1, made at ten times its number.
pub(crate) fn token(number: u128) -> Token {
    Token {
        id: token_id(number),
        user_id: user_id(1),
        organization_id: None,
        kind: TokenKind::Personal,
        description: "Läptop 🦀".into(),
        prefix: "rdp_abcdef".into(),
        token_hash: vec![u8::try_from(number).unwrap(); 32],
        scopes: String::new(),
        ip_ranges: String::new(),
        created_at: at(10 * i64::try_from(number).unwrap()),
        created_by: "user1@example.org".into(),
        max_age_seconds: None,
        extend_when_used: false,
        expires_at: None,
        last_used_at: None,
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

async fn is_found_with_whose_it_is(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut program = application_user(2, "deployer");
    program.is_active = false;
    assert!(users::add(&mut tx, &program).await.unwrap());
    let full = Token {
        user_id: program.id,
        organization_id: Some(organization_id(1)),
        kind: TokenKind::Application,
        scopes: "operator service:logs:read".into(),
        ip_ranges: "10.0.0.0/8 fd00::/8".into(),
        max_age_seconds: Some(600),
        extend_when_used: true,
        method: Some(SignInMethod::Passkey),
        second_factor: Some(FactorKind::Passkey),
        expires_at: Some(at(5)),
        last_used_at: Some(at(4)),
        last_address: Some("10.0.0.1".into()),
        last_agent: Some("curl".into()),
        replaced_by: Some(token_id(1)),
        generation: 7,
        ..token(2)
    };
    tokens::add(&mut tx, &token(1)).await.unwrap();
    tokens::add(&mut tx, &full).await.unwrap();
    assert_eq!(tokens::find(&mut tx, token_id(1)).await.unwrap(), Some(token(1)));
    assert_eq!(tokens::find(&mut tx, token_id(3)).await.unwrap(), None);
    let found = tokens::find_by_hash(&mut tx, &[1; 32]).await.unwrap();
    assert_eq!(found, Some((token(1), user(1))));
    // Ended, and of somebody inactive: told all the same.
    assert_eq!(tokens::find_by_hash(&mut tx, &[2; 32]).await.unwrap(), Some((full.clone(), program)));
    assert_eq!(tokens::find_by_hash(&mut tx, &[2; 31]).await.unwrap(), None);
    assert!(!format!("{full:?}").contains("2, 2"), "{full:?}");
}

async fn lists_newest_first_and_what_is_unused(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(users::add(&mut tx, &user(2)).await.unwrap());
    for number in 1..=5 {
        let mut token = token(number);
        // Two of the same time.
        token.created_at = if number == 2 { at(10) } else { token.created_at };
        // The third was used, long after it was made.
        token.last_used_at = (number == 3).then_some(at(90));
        tokens::add(&mut tx, &token).await.unwrap();
    }
    tokens::add(&mut tx, &Token { user_id: user_id(2), ..token(6) }).await.unwrap();
    for (unused_since, numbers) in [
        (None, &[5, 4, 3, 2, 1][..]),
        (Some(at(91)), &[5, 4, 3, 2, 1]),
        (Some(at(90)), &[5, 4, 2, 1]),
        (Some(at(50)), &[4, 2, 1]),
        (Some(at(11)), &[2, 1]),
        (Some(at(10)), &[]),
    ] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = tokens::list_for_user(&mut tx, user_id(1), unused_since, after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some((last.created_at, last.id.uuid()));
            paged.extend(page.iter().map(|token| token.id.uuid().as_u128()));
        }
        assert_eq!(paged, numbers, "{unused_since:?}");
        let count = tokens::count_for_user(&mut tx, user_id(1), unused_since).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{unused_since:?}");
    }
    let other = tokens::list_for_user(&mut tx, user_id(2), None, None, 9).await.unwrap();
    assert_eq!(other, [Token { user_id: user_id(2), ..token(6) }]);
    assert_eq!(tokens::count_for_user(&mut tx, user_id(3), None).await.unwrap(), 0);
}

async fn counts_what_has_not_ended(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(users::add(&mut tx, &user(2)).await.unwrap());
    for (number, user, expires_at) in [(1, 1, None), (2, 1, Some(50)), (3, 1, Some(60)), (4, 2, None)] {
        let token = Token { user_id: user_id(user), expires_at: expires_at.map(at), ..token(number) };
        tokens::add(&mut tx, &token).await.unwrap();
    }
    for (now, expected) in [(49, 3), (50, 2), (59, 2), (60, 1)] {
        let count = tokens::count_unexpired(&mut tx, user_id(1), at(now)).await.unwrap();
        assert_eq!(count, expected, "{now}");
    }
    assert_eq!(tokens::count_unexpired(&mut tx, user_id(3), at(1)).await.unwrap(), 0);
}

async fn edits_the_generation_that_was_seen(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        tokens::add(&mut tx, &token(number)).await.unwrap();
    }
    assert!(tokens::edit(&mut tx, token_id(1), 0, "New", "10.0.0.0/8").await.unwrap());
    assert!(!tokens::edit(&mut tx, token_id(1), 0, "Late", "").await.unwrap());
    assert!(!tokens::edit(&mut tx, token_id(1), 2, "Early", "").await.unwrap());
    assert!(!tokens::edit(&mut tx, token_id(3), 0, "Gone", "").await.unwrap());
    let expected =
        Token { description: "New".into(), ip_ranges: "10.0.0.0/8".into(), generation: 1, ..token(1) };
    assert_eq!(tokens::find(&mut tx, token_id(1)).await.unwrap(), Some(expected));
    assert_eq!(tokens::find(&mut tx, token_id(2)).await.unwrap(), Some(token(2)));
}

async fn notes_each_use(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        tokens::add(&mut tx, &token(number)).await.unwrap();
    }
    let (address, agent) = (Some("192.0.2.7"), Some("cu\0rl"));
    assert!(tokens::touch(&mut tx, token_id(1), at(40), address, agent, Some(at(99))).await.unwrap());
    let mut used = Token {
        last_used_at: Some(at(40)),
        last_address: address.map(str::to_owned),
        last_agent: Some("cu\u{fffd}rl".into()),
        expires_at: Some(at(99)),
        ..token(1)
    };
    assert_eq!(tokens::find(&mut tx, token_id(1)).await.unwrap(), Some(used.clone()));
    // Everything is that of the last use.
    assert!(tokens::touch(&mut tx, token_id(1), at(50), None, None, None).await.unwrap());
    used = Token { last_used_at: Some(at(50)), ..token(1) };
    assert_eq!(tokens::find(&mut tx, token_id(1)).await.unwrap(), Some(used));
    assert!(!tokens::touch(&mut tx, token_id(3), at(50), None, None, None).await.unwrap());
    assert_eq!(tokens::find(&mut tx, token_id(2)).await.unwrap(), Some(token(2)));
}

async fn is_replaced_once_and_ends_no_later(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    // (it ended at, it is to end by, it ends at)
    for (number, expires_at, by, expected) in
        [(1, None, 60, 60), (2, Some(50), 60, 50), (3, Some(70), 60, 60), (4, Some(60), 60, 60)]
    {
        tokens::add(&mut tx, &Token { expires_at: expires_at.map(at), ..token(number) }).await.unwrap();
        assert!(tokens::replace(&mut tx, token_id(number), token_id(9), at(by)).await.unwrap());
        let replaced = tokens::find(&mut tx, token_id(number)).await.unwrap().unwrap();
        let wanted = Token {
            replaced_by: Some(token_id(9)),
            expires_at: Some(at(expected)),
            generation: 1,
            ..token(number)
        };
        assert_eq!(replaced, wanted);
    }
    assert!(!tokens::replace(&mut tx, token_id(1), token_id(8), at(1)).await.unwrap());
    assert!(!tokens::replace(&mut tx, token_id(5), token_id(8), at(1)).await.unwrap());
    // No use has it last longer.
    assert!(tokens::touch(&mut tx, token_id(1), at(40), None, None, Some(at(999))).await.unwrap());
    let used = tokens::find(&mut tx, token_id(1)).await.unwrap().unwrap();
    assert_eq!((used.last_used_at, used.expires_at), (Some(at(40)), Some(at(60))));
    assert_eq!(used.replaced_by, Some(token_id(9)));
}

async fn goes_alone_or_with_all_of_its_user(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(users::add(&mut tx, &user(2)).await.unwrap());
    for number in 1..=4 {
        let user_id = user_id(if number == 4 { 2 } else { 1 });
        tokens::add(&mut tx, &Token { user_id, ..token(number) }).await.unwrap();
    }
    assert!(tokens::remove(&mut tx, token_id(1)).await.unwrap());
    assert!(!tokens::remove(&mut tx, token_id(1)).await.unwrap());
    assert_eq!(tokens::find_by_hash(&mut tx, &[1; 32]).await.unwrap(), None);
    assert_eq!(tokens::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 2);
    assert_eq!(tokens::remove_for_user(&mut tx, user_id(1)).await.unwrap(), 0);
    assert!(tokens::find(&mut tx, token_id(4)).await.unwrap().is_some());
}

async fn goes_a_while_after_its_end(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for (number, expires_at) in [(1, None), (2, Some(60)), (3, Some(50)), (4, Some(61)), (5, Some(40))] {
        tokens::add(&mut tx, &Token { expires_at: expires_at.map(at), ..token(number) }).await.unwrap();
    }
    assert_eq!(tokens::remove_ended(&mut tx, at(39), 9).await.unwrap(), 0);
    assert_eq!(tokens::remove_ended(&mut tx, at(60), 1).await.unwrap(), 1);
    assert_eq!(tokens::find(&mut tx, token_id(5)).await.unwrap(), None, "the one that ended first");
    assert_eq!(tokens::remove_ended(&mut tx, at(60), 9).await.unwrap(), 2);
    let left = tokens::list_for_user(&mut tx, user_id(1), None, None, 9).await.unwrap();
    assert_eq!(left.iter().map(|token| token.id).collect::<Vec<_>>(), [token_id(4), token_id(1)]);
}
