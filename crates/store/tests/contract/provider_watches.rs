//! The contract of `store::provider_watches`.

use domain::identity_providers::ProviderProtocol;
use store::{
    Store, Tx, identity_providers,
    provider_watches::{self, ProviderWatch},
};

use crate::samples::*;

contract!(those_that_never_were_are_due_first, each_look_is_one_servers, what_was_found_is_kept);

async fn with_providers(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    for number in [1, 2, 3] {
        let mut row = provider(number, 1, &number.to_string());
        if number == 3 {
            row.protocol = ProviderProtocol::Oidc;
        }
        assert!(identity_providers::add(&mut tx, &row).await.unwrap());
    }
    tx
}

async fn due(tx: &mut Tx, now: i64, limit: u32) -> Vec<String> {
    let found = provider_watches::due(tx, at(now), limit).await.unwrap();
    found.into_iter().map(|provider| provider.name).collect()
}

async fn those_that_never_were_are_due_first(store: Store) {
    let mut tx = with_providers(&store).await;
    assert_eq!(due(&mut tx, 10, 9).await, ["1", "2"], "the third has neither metadata nor certificates");
    assert!(provider_watches::claim(&mut tx, provider_id(1), at(10), at(20)).await.unwrap());
    assert_eq!(due(&mut tx, 19, 9).await, ["2"]);
    assert_eq!(due(&mut tx, 20, 9).await, ["2", "1"]);
    assert_eq!(due(&mut tx, 20, 1).await, ["2"]);
}

async fn each_look_is_one_servers(store: Store) {
    let mut tx = with_providers(&store).await;
    let id = provider_id(1);
    assert!(provider_watches::claim(&mut tx, id, at(10), at(20)).await.unwrap());
    assert!(!provider_watches::claim(&mut tx, id, at(19), at(30)).await.unwrap());
    assert!(provider_watches::claim(&mut tx, id, at(20), at(30)).await.unwrap());
    provider_watches::hurry(&mut tx, id, at(22)).await.unwrap();
    assert!(provider_watches::claim(&mut tx, id, at(22), at(40)).await.unwrap());
    // One that is due anyway, or was never looked at, is not put off.
    provider_watches::hurry(&mut tx, id, at(50)).await.unwrap();
    provider_watches::hurry(&mut tx, provider_id(2), at(50)).await.unwrap();
    assert_eq!(due(&mut tx, 40, 9).await, ["2", "1"]);
}

async fn what_was_found_is_kept(store: Store) {
    let mut tx = with_providers(&store).await;
    let id = provider_id(1);
    assert_eq!(provider_watches::find(&mut tx, id).await.unwrap(), None);
    assert!(provider_watches::claim(&mut tx, id, at(10), at(20)).await.unwrap());
    let mut watch = ProviderWatch {
        identity_provider_id: id,
        next_look_at: at(30),
        metadata_read_at: Some(at(11)),
        metadata_failing_since: Some(at(12)),
        metadata_failure: Some("Nothing answered.".into()),
        metadata_notices: 2,
        told_end: Some(at(99)),
        told_days: Some(-1),
    };
    provider_watches::set(&mut tx, &watch).await.unwrap();
    assert_eq!(provider_watches::find(&mut tx, id).await.unwrap().as_ref(), Some(&watch));
    assert_eq!(provider_watches::find(&mut tx, provider_id(2)).await.unwrap(), None);
    watch.metadata_failure = Some("a\0b".into());
    provider_watches::set(&mut tx, &watch).await.unwrap();
    let kept = provider_watches::find(&mut tx, id).await.unwrap().unwrap().metadata_failure;
    assert!(!kept.unwrap().contains('\0'), "no text with it can be stored");
    assert!(identity_providers::remove(&mut tx, id).await.unwrap());
    assert_eq!(provider_watches::find(&mut tx, id).await.unwrap(), None);
}
