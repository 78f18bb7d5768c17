//! The contract of `store::provider_requests`.

use store::{
    Store, Tx, identity_providers,
    provider_requests::{self, ProviderRequest},
};

use crate::samples::*;

contract!(
    is_answered_once_and_taken_once,
    is_of_one_provider_and_for_a_time,
    goes_a_few_at_a_time_and_with_its_provider,
    answers_at_once_leave_one
);

fn request(number: u8, expires_at: i64) -> ProviderRequest {
    ProviderRequest {
        request_hash: vec![number; 32],
        identity_provider_id: provider_id(1),
        is_test: false,
        created_at: at(1),
        expires_at: at(expires_at),
        answered_at: None,
        answer_sealed: None,
    }
}

async fn with_providers(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        let row = provider(number, 1, &number.to_string());
        assert!(identity_providers::add(&mut tx, &row).await.unwrap());
    }
    tx
}

async fn is_answered_once_and_taken_once(store: Store) {
    let mut tx = with_providers(&store).await;
    let test = ProviderRequest { is_test: true, ..request(1, 100) };
    for one in [&test, &request(2, 100)] {
        provider_requests::add(&mut tx, one).await.unwrap();
    }
    let hash = &test.request_hash;
    let found = provider_requests::find(&mut tx, hash, provider_id(1), at(99)).await.unwrap();
    assert!(found == Some(test.clone()));
    assert!(provider_requests::answer(&mut tx, hash, &[0, 255], at(50)).await.unwrap());
    assert!(!provider_requests::answer(&mut tx, hash, &[7], at(51)).await.unwrap(), "once");
    let answered =
        ProviderRequest { answered_at: Some(at(50)), answer_sealed: Some(vec![0, 255]), ..test.clone() };
    let found = provider_requests::find(&mut tx, hash, provider_id(1), at(99)).await.unwrap();
    assert!(found.as_ref() == Some(&answered));
    assert!(provider_requests::take(&mut tx, hash, at(99)).await.unwrap() == Some(answered));
    assert!(provider_requests::take(&mut tx, hash, at(99)).await.unwrap().is_none(), "once");
    assert!(!provider_requests::answer(&mut tx, hash, &[7], at(51)).await.unwrap());
    // One that was not answered is taken as well: its trip is over.
    let second = request(2, 100);
    let taken = provider_requests::take(&mut tx, &second.request_hash, at(99)).await.unwrap();
    assert!(taken == Some(second));
    assert_eq!(provider_requests::count(&mut tx).await.unwrap(), 0);
}

async fn is_of_one_provider_and_for_a_time(store: Store) {
    let mut tx = with_providers(&store).await;
    let one = request(1, 100);
    provider_requests::add(&mut tx, &one).await.unwrap();
    let hash = &one.request_hash;
    for (hash, provider, now) in [(hash, 2, 50), (hash, 1, 100), (&vec![9; 32], 1, 50)] {
        let found = provider_requests::find(&mut tx, hash, provider_id(provider), at(now)).await.unwrap();
        assert!(found.is_none(), "{provider} {now}");
    }
    assert!(!provider_requests::answer(&mut tx, hash, &[1], at(100)).await.unwrap());
    assert!(provider_requests::take(&mut tx, hash, at(100)).await.unwrap().is_none());
    assert_eq!(provider_requests::count(&mut tx).await.unwrap(), 1);
    // Of an id of 160 random bits there is no second.
    assert!(provider_requests::add(&mut tx, &one).await.is_err());
}

async fn goes_a_few_at_a_time_and_with_its_provider(store: Store) {
    let mut tx = with_providers(&store).await;
    for number in 1..=4 {
        let one = request(number, 10 * i64::from(number));
        provider_requests::add(&mut tx, &one).await.unwrap();
    }
    assert_eq!(provider_requests::remove_expired(&mut tx, at(30), 2).await.unwrap(), 2);
    let third = request(3, 30).request_hash;
    let found = provider_requests::find(&mut tx, &third, provider_id(1), at(29)).await.unwrap();
    assert!(found.is_some(), "those that ended first go first");
    assert_eq!(provider_requests::remove_expired(&mut tx, at(30), 2).await.unwrap(), 1);
    assert_eq!(provider_requests::count(&mut tx).await.unwrap(), 1);
    assert!(identity_providers::remove(&mut tx, provider_id(1)).await.unwrap());
    assert_eq!(provider_requests::count(&mut tx).await.unwrap(), 0);
}

async fn answers_at_once_leave_one(store: Store) {
    let mut tx = with_providers(&store).await;
    let one = request(1, 100);
    provider_requests::add(&mut tx, &one).await.unwrap();
    tx.commit().await.unwrap();
    let answer = async |text: u8| -> Result<bool, store::Error> {
        let mut tx = store.write().await?;
        let kept = provider_requests::answer(&mut tx, &one.request_hash, &[text], at(50)).await?;
        tx.commit().await?;
        Ok(kept)
    };
    let (first, second) = tokio::join!(answer(1), answer(2));
    let kept = [first, second].into_iter().filter(|result| matches!(result, Ok(true))).count();
    assert_eq!(kept, 1);
}
