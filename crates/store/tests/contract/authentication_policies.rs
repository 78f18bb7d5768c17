//! The contract of `store::authentication_policies`.

use store::{Store, authentication_policies, memberships, organizations};

use crate::samples::*;

contract!(is_set_by_who_saw_the_last_one, a_persons_are_those_of_their_organizations);

async fn is_set_by_who_saw_the_last_one(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let id = organization_id(1);
    assert_eq!(authentication_policies::find(&mut tx, id).await.unwrap(), None);
    assert!(!authentication_policies::set(&mut tx, id, 1, "{}", at(5)).await.unwrap(), "none was seen");
    assert!(authentication_policies::set(&mut tx, id, 0, "{}", at(5)).await.unwrap());
    assert!(!authentication_policies::set(&mut tx, id, 0, "{1}", at(6)).await.unwrap());
    assert!(authentication_policies::set(&mut tx, id, 1, "{2}", at(7)).await.unwrap());
    assert!(!authentication_policies::set(&mut tx, id, 1, "{3}", at(8)).await.unwrap());
    let row = authentication_policies::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((row.policy.as_str(), row.changed_at, row.generation), ("{2}", at(7), 2));
}

async fn a_persons_are_those_of_their_organizations(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in [2, 3, 4] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
        authentication_policies::set(&mut tx, organization_id(number), 0, "{}", at(5)).await.unwrap();
    }
    for number in [2, 3] {
        memberships::add(&mut tx, organization_id(number), user_id(1), false, at(5)).await.unwrap();
    }
    memberships::set_active(&mut tx, organization_id(3), user_id(1), false).await.unwrap();
    let rows = authentication_policies::list_for_user(&mut tx, user_id(1)).await.unwrap();
    let of: Vec<_> = rows.iter().map(|row| row.organization_id).collect();
    assert_eq!(of, [organization_id(2)], "neither where they are shut out, nor others'");
}
