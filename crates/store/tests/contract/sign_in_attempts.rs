//! The contract of `store::sign_in_attempts`.

use domain::timestamps::Timestamp;
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
    for (key, failures, last, until) in
        [(KEY, 1, 1, None), (KEY, 2, 5, Some(at(9))), ("address:::1", 1, 2, None)]
    {
        sign_in_attempts::put(&mut tx, &attempts(key, failures, last, until)).await.unwrap();
    }
    let found = sign_in_attempts::find(&mut tx, KEY).await.unwrap();
    assert_eq!(found, Some(attempts(KEY, 2, 5, Some(at(9)))));
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(5), 9).await.unwrap(), 1);
    assert_eq!(sign_in_attempts::find(&mut tx, "address:::1").await.unwrap(), None);
    sign_in_attempts::clear(&mut tx, KEY).await.unwrap();
    assert_eq!(sign_in_attempts::find(&mut tx, KEY).await.unwrap(), None);
    sign_in_attempts::put(&mut tx, &attempts(KEY, 1, 7, None)).await.unwrap();
    for number in 1..=3 {
        let key = format!("email:{number}@example.org");
        sign_in_attempts::put(&mut tx, &attempts(&key, 1, number, None)).await.unwrap();
    }
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(7), 2).await.unwrap(), 2);
    assert!(sign_in_attempts::find(&mut tx, "email:3@example.org").await.unwrap().is_some(), "oldest first");
    assert_eq!(sign_in_attempts::remove_older(&mut tx, at(7), 2).await.unwrap(), 1);
}

fn attempts(key: &str, failures: i64, last_at: i64, locked_until: Option<Timestamp>) -> Attempts {
    Attempts { key: key.into(), failures, last_at: at(last_at), locked_until }
}
