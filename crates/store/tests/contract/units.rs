//! The contract of `store::units`.

use domain::ids::UnitId;
use store::{
    Store, organizations,
    units::{self, Unit},
};

use crate::samples::*;

contract!(a_name_is_taken_once_per_organization);

fn unit(number: u128, organization: u128, name: &str) -> Unit {
    Unit {
        id: UnitId::from_uuid(uuid(number)),
        organization_id: organization_id(organization),
        name: name.into(),
        created_at: at(1),
    }
}

async fn a_name_is_taken_once_per_organization(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, "b")).await.unwrap());
    assert!(units::add(&mut tx, &unit(2, 1, "B")).await.unwrap());
    assert!(!units::add(&mut tx, &unit(3, 1, "b")).await.unwrap());
    assert!(units::add(&mut tx, &unit(4, 2, "b")).await.unwrap());
    assert_eq!(units::find(&mut tx, UnitId::from_uuid(uuid(4))).await.unwrap(), Some(unit(4, 2, "b")));
    assert_eq!(units::find(&mut tx, UnitId::from_uuid(uuid(3))).await.unwrap(), None);
    let listed = units::list(&mut tx, organization_id(1)).await.unwrap();
    assert_eq!(listed, [unit(2, 1, "B"), unit(1, 1, "b")]);
}
