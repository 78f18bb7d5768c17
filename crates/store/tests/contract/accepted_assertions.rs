//! The contract of `store::accepted_assertions`.

use store::{Store, Tx, accepted_assertions, identity_providers};

use crate::samples::*;

contract!(none_is_accepted_twice, goes_a_few_at_a_time_and_with_its_provider, of_two_at_once_one_is_accepted);

async fn with_providers(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        let row = provider(number, 1, &number.to_string());
        assert!(identity_providers::add(&mut tx, &row).await.unwrap());
    }
    tx
}

/// Whether provider 1's assertion is accepted.
async fn accept(tx: &mut Tx, hash: &[u8], expires_at: i64) -> bool {
    accepted_assertions::add(tx, provider_id(1), hash, at(expires_at)).await.unwrap()
}

async fn none_is_accepted_twice(store: Store) {
    let mut tx = with_providers(&store).await;
    assert!(accept(&mut tx, b"one", 10).await);
    assert!(!accept(&mut tx, b"one", 20).await);
    assert!(accept(&mut tx, b"two", 10).await);
    let other = provider_id(2);
    assert!(
        accepted_assertions::add(&mut tx, other, b"one", at(10)).await.unwrap(),
        "an ID is one provider's: another can take none away"
    );
    // The second try made nothing last longer.
    assert_eq!(accepted_assertions::remove_expired(&mut tx, at(10), 9).await.unwrap(), 3);
    assert!(accept(&mut tx, b"one", 20).await);
}

async fn goes_a_few_at_a_time_and_with_its_provider(store: Store) {
    let mut tx = with_providers(&store).await;
    for number in 1..=4_u8 {
        assert!(accept(&mut tx, &[number; 32], 10 * i64::from(number)).await);
    }
    assert_eq!(accepted_assertions::remove_expired(&mut tx, at(30), 2).await.unwrap(), 2);
    assert!(!accept(&mut tx, &[3; 32], 30).await, "those that ended first go first");
    assert_eq!(accepted_assertions::remove_expired(&mut tx, at(30), 2).await.unwrap(), 1);
    assert_eq!(accepted_assertions::remove_expired(&mut tx, at(30), 2).await.unwrap(), 0);
    assert!(identity_providers::remove(&mut tx, provider_id(1)).await.unwrap());
    assert_eq!(accepted_assertions::remove_expired(&mut tx, at(i64::MAX), 9).await.unwrap(), 0);
}

async fn of_two_at_once_one_is_accepted(store: Store) {
    with_providers(&store).await.commit().await.unwrap();
    let accept = async || -> Result<bool, store::Error> {
        let mut tx = store.write().await?;
        let is_new = accepted_assertions::add(&mut tx, provider_id(1), b"one", at(10)).await?;
        tx.commit().await?;
        Ok(is_new)
    };
    let (one, other) = tokio::join!(accept(), accept());
    let accepted = [one, other].into_iter().filter(|result| matches!(result, Ok(true))).count();
    assert_eq!(accepted, 1);
}
