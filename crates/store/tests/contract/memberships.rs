//! The contract of `store::memberships`.

use store::{
    Store,
    memberships::{self, Membership},
    organizations, users,
};

use crate::samples::*;

contract!(adds_and_finds);

async fn adds_and_finds(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    users::add(&mut tx, &user(1)).await.unwrap();
    memberships::add(&mut tx, organization_id(1), user_id(1), false, at(5)).await.unwrap();
    let expected = Membership {
        organization_id: organization_id(1),
        user_id: user_id(1),
        is_super_admin: false,
        joined_at: at(5),
    };
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(memberships::find(&mut tx, organization_id(1), user_id(2)).await.unwrap(), None);
    // Nobody becomes a member of what is not there.
    assert!(memberships::add(&mut tx, organization_id(2), user_id(1), false, at(5)).await.is_err());
}
