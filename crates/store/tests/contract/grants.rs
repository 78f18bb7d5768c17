//! The contract of `store::grants`.

use store::{Store, grants};

use crate::samples::*;

contract!(adds_lists_and_removes);

async fn adds_lists_and_removes(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut first = grant(1, "operator", "project", uuid(1));
    first.expires_at = Some(at(50));
    let second = grant(2, "role:organization:admin", "organization", uuid(1));
    grants::add(&mut tx, &second).await.unwrap();
    grants::add(&mut tx, &first).await.unwrap();
    let listed = grants::list_for_organization(&mut tx, organization_id(1)).await.unwrap();
    assert_eq!(listed, [first.clone(), second.clone()]);
    assert_eq!(grants::list_for_organization(&mut tx, organization_id(2)).await.unwrap(), []);
    assert!(grants::remove(&mut tx, second.id).await.unwrap());
    assert!(!grants::remove(&mut tx, second.id).await.unwrap());
    // Same id, other kind: nothing.
    assert_eq!(grants::remove_for_resource(&mut tx, "unit", uuid(1)).await.unwrap(), 0);
    assert_eq!(grants::remove_for_resource(&mut tx, "project", uuid(1)).await.unwrap(), 1);
    assert_eq!(grants::list_for_organization(&mut tx, organization_id(1)).await.unwrap(), []);
}
