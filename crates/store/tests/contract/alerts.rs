//! The contract of `store::alerts`.

use store::{
    Store,
    alerts::{self, Alert},
};

use crate::samples::*;

contract!(adds_lists_and_removes);

async fn adds_lists_and_removes(store: Store) {
    let alert = |number, strand, raised_at| Alert {
        id: uuid(number),
        strand_id: strand_id(strand),
        text: "The service is not running after 10 minutes.".into(),
        raised_at: at(raised_at),
    };
    let mut tx = store.write().await.unwrap();
    for alert in [alert(1, 1, 20), alert(2, 2, 10), alert(3, 1, 30)] {
        alerts::add(&mut tx, &alert).await.unwrap();
    }
    let listed = alerts::list(&mut tx).await.unwrap();
    assert_eq!(listed, [alert(2, 2, 10), alert(1, 1, 20), alert(3, 1, 30)]);
    assert_eq!(alerts::remove_for(&mut tx, strand_id(1)).await.unwrap(), 2);
    assert_eq!(alerts::list(&mut tx).await.unwrap(), [alert(2, 2, 10)]);
}
