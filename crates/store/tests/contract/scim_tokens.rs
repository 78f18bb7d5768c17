//! The contract of `store::scim_tokens`.

use domain::ids::ScimTokenId;
use store::{
    Store,
    scim_tokens::{self, ScimToken},
};

use crate::{samples::*, scim_providers::with_scim};

contract!(a_token_is_found_by_its_hash, uses_are_noted_and_tokens_end);

pub(crate) fn token(number: u8, provider: u128) -> ScimToken {
    ScimToken {
        id: ScimTokenId::from_uuid(uuid(number.into())),
        identity_provider_id: provider_id(provider),
        token_hash: vec![number, 0, 255],
        prefix: format!("rds_{number}"),
        created_at: at(10 - i64::from(number)),
        created_by: "ann@example.org".into(),
        last_used_at: None,
    }
}

async fn a_token_is_found_by_its_hash(store: Store) {
    let mut tx = with_scim(&store).await;
    let (one, two, other) = (token(1, 1), token(2, 1), token(3, 2));
    for token in [&one, &two, &other] {
        scim_tokens::add(&mut tx, token).await.unwrap();
    }
    assert_eq!(scim_tokens::list(&mut tx, provider_id(1)).await.unwrap(), [two.clone(), one]);
    assert_eq!(scim_tokens::list(&mut tx, provider_id(9)).await.unwrap(), []);
    assert_eq!(scim_tokens::find_by_hash(&mut tx, &[3, 0, 255]).await.unwrap(), Some(other));
    assert_eq!(scim_tokens::find_by_hash(&mut tx, &[3, 0]).await.unwrap(), None);
    assert!(!format!("{two:?}").contains("255"), "the hash belongs in no log");
}

async fn uses_are_noted_and_tokens_end(store: Store) {
    let mut tx = with_scim(&store).await;
    for number in [1, 2] {
        scim_tokens::add(&mut tx, &token(number, 1)).await.unwrap();
    }
    scim_tokens::touch(&mut tx, token(1, 1).id, at(99)).await.unwrap();
    let used: Vec<_> = scim_tokens::list(&mut tx, provider_id(1))
        .await
        .unwrap()
        .into_iter()
        .map(|token| token.last_used_at)
        .collect();
    assert_eq!(used, [None, Some(at(99))]);
    assert!(scim_tokens::remove(&mut tx, token(1, 1).id).await.unwrap());
    assert!(!scim_tokens::remove(&mut tx, token(1, 1).id).await.unwrap());
    assert_eq!(scim_tokens::list(&mut tx, provider_id(1)).await.unwrap(), [token(2, 1)]);
}
