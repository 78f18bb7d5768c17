//! The contract of `store::signals`.

use domain::states::Signal;
use store::{
    Store,
    signals::{self, Given},
};

use crate::samples::*;

contract!(given_twice_is_given_once, a_signal_given_again_meanwhile_stays);

fn given(signal: Signal, micros: i64) -> Given {
    Given { strand_id: strand_id(1), signal, at: at(micros) }
}

async fn given_twice_is_given_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for (number, signal) in Signal::ALL.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        assert!(signals::add(&mut tx, strand_id(1), *signal, at(number)).await.unwrap());
    }
    assert!(signals::add(&mut tx, strand_id(1), Signal::Destroy, at(9)).await.unwrap());
    assert!(!signals::add(&mut tx, strand_id(2), Signal::Destroy, at(9)).await.unwrap());
    let waiting = signals::list(&mut tx, strand_id(1)).await.unwrap();
    let expected = [given(Signal::ApplyIpFilter, 1), given(Signal::RetryNow, 2), given(Signal::Destroy, 9)];
    assert_eq!(waiting, expected);
    assert!(signals::remove(&mut tx, strand_id(1), Signal::Destroy).await.unwrap());
    assert!(!signals::remove(&mut tx, strand_id(1), Signal::Destroy).await.unwrap());
    assert_eq!(signals::list(&mut tx, strand_id(1)).await.unwrap(), expected[..2]);
    assert_eq!(signals::list(&mut tx, strand_id(2)).await.unwrap(), []);
}

async fn a_signal_given_again_meanwhile_stays(store: Store) {
    populate(&store).await;
    let (id, signal) = (strand_id(1), Signal::ApplyIpFilter);
    let mut tx = store.write().await.unwrap();
    signals::add(&mut tx, id, signal, at(1)).await.unwrap();
    let seen = signals::list(&mut tx, id).await.unwrap().remove(0);
    signals::add(&mut tx, id, signal, at(2)).await.unwrap();
    assert!(!signals::remove_seen(&mut tx, id, signal, seen.at).await.unwrap());
    assert!(signals::remove_seen(&mut tx, id, signal, at(2)).await.unwrap());
    assert_eq!(signals::list(&mut tx, id).await.unwrap(), []);
}
