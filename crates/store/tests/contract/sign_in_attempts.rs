//! The contract of `store::sign_in_attempts`.

use store::{
    Store,
    sign_in_attempts::{self, Attempts},
};

use crate::samples::*;

contract!(counts_and_forgets);

async fn counts_and_forgets(store: Store) {
    const KEY: &str = "email:ann@example.org";
    let mut tx = store.write().await.unwrap();
    assert_eq!(sign_in_attempts::find(&mut tx, KEY).await.unwrap(), None);
    assert_eq!(sign_in_attempts::record_failure(&mut tx, KEY, at(1), None).await.unwrap(), 1);
    assert_eq!(sign_in_attempts::record_failure(&mut tx, KEY, at(5), Some(at(9))).await.unwrap(), 2);
    assert_eq!(sign_in_attempts::record_failure(&mut tx, "address:::1", at(2), None).await.unwrap(), 1);
    let expected = Attempts { key: KEY.into(), failures: 2, last_at: at(5), locked_until: Some(at(9)) };
    assert_eq!(sign_in_attempts::find(&mut tx, KEY).await.unwrap(), Some(expected));
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(5), 9).await.unwrap(), 1);
    assert_eq!(sign_in_attempts::find(&mut tx, "address:::1").await.unwrap(), None);
    sign_in_attempts::clear(&mut tx, KEY).await.unwrap();
    assert_eq!(sign_in_attempts::find(&mut tx, KEY).await.unwrap(), None);
    assert_eq!(sign_in_attempts::record_failure(&mut tx, KEY, at(7), None).await.unwrap(), 1);
    for number in 1..=3 {
        let key = format!("email:{number}@example.org");
        sign_in_attempts::record_failure(&mut tx, &key, at(number), None).await.unwrap();
    }
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(7), 2).await.unwrap(), 2);
    assert!(sign_in_attempts::find(&mut tx, "email:3@example.org").await.unwrap().is_some(), "oldest first");
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(7), 2).await.unwrap(), 1);
}
