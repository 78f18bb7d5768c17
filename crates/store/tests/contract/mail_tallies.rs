//! The contract of `store::mail_tallies`.

use domain::principals::MailKind;
use store::{Store, mail_tallies};

contract!(counts_by_address_kind_and_hour);

async fn counts_by_address_kind_and_hour(store: Store) {
    let (device, reset) = (MailKind::NewDevice, MailKind::PasswordReset);
    let mut tx = store.write().await.unwrap();
    assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", device, 0).await.unwrap(), 0);
    for (recipient, kind, hour) in [
        ("ann@example.org", device, 5),
        ("ann@example.org", device, 5),
        ("ann@example.org", device, 6),
        ("ann@example.org", reset, 6),
        ("bob@example.org", device, 5),
    ] {
        mail_tallies::add(&mut tx, recipient, kind, hour).await.unwrap();
    }
    for (kind, from, count) in
        [(device, 0, 3), (device, 5, 3), (device, 6, 1), (device, 7, 0), (reset, 0, 1), (reset, 7, 0)]
    {
        let got = mail_tallies::count(&mut tx, "ann@example.org", kind, from).await.unwrap();
        assert_eq!(got, count, "{kind:?} {from}");
    }
    assert_eq!(mail_tallies::remove_older(&mut tx, 6, 1).await.unwrap(), 1);
    assert_eq!(mail_tallies::remove_older(&mut tx, 6, 9).await.unwrap(), 1);
    assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", device, 0).await.unwrap(), 1);
    assert_eq!(mail_tallies::count(&mut tx, "ann@example.org", reset, 0).await.unwrap(), 1);
}
