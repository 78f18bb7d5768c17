//! The contract of `store::organizations`.

use store::{Store, memberships, organizations, users};

use crate::samples::*;

contract!(adds_finds_and_counts, lists_what_a_user_belongs_to_by_name);

async fn adds_finds_and_counts(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(organizations::count(&mut tx).await.unwrap(), 0);
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    assert_eq!(organizations::find(&mut tx, organization_id(1)).await.unwrap(), Some(organization(1)));
    assert_eq!(organizations::find(&mut tx, organization_id(2)).await.unwrap(), None);
    assert_eq!(organizations::count(&mut tx).await.unwrap(), 1);
}

async fn lists_what_a_user_belongs_to_by_name(store: Store) {
    let mut tx = store.write().await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    let (mut one, mut two) = (organization(1), organization(2));
    // Byte order, whatever the database's own collation says.
    one.name = "a-b".into();
    two.name = "Z".into();
    for organization in [&one, &two, &organization(3)] {
        organizations::add(&mut tx, organization).await.unwrap();
    }
    memberships::add(&mut tx, one.id, user_id(1), true, at(1)).await.unwrap();
    memberships::add(&mut tx, two.id, user_id(1), false, at(1)).await.unwrap();
    let listed = organizations::list_for_user(&mut tx, user_id(1)).await.unwrap();
    assert_eq!(listed, [(two, false), (one, true)]);
    assert_eq!(organizations::list_for_user(&mut tx, user_id(2)).await.unwrap(), []);
}
