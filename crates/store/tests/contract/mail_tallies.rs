//! The contract of `store::mail_tallies`.

use store::{Store, mail_tallies};

contract!(counts_by_address_and_hour);

async fn counts_by_address_and_hour(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", 0).await.unwrap(), 0);
    for (recipient, hour) in
        [("ann@example.org", 5), ("ann@example.org", 5), ("ann@example.org", 6), ("bob@example.org", 5)]
    {
        mail_tallies::add(&mut tx, recipient, hour).await.unwrap();
    }
    for (from, count) in [(0, 3), (5, 3), (6, 1), (7, 0)] {
        assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", from).await.unwrap(), count, "{from}");
    }
    assert_eq!(mail_tallies::remove_older(&mut tx, 6, 1).await.unwrap(), 1);
    assert_eq!(mail_tallies::remove_older(&mut tx, 6, 9).await.unwrap(), 1);
    assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", 0).await.unwrap(), 1);
}
