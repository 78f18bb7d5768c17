//! The contract of `store::running_grants`.

use store::{
    Store,
    grants::{Grant, GrantFilter},
    running_grants,
};

use crate::samples::*;

contract!(what_has_ended_takes_no_room);

async fn what_has_ended_takes_no_room(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    let ending = |end: i64, grant: Grant| Grant { expires_at: Some(at(end)), ..grant };
    for grant in [
        // The oldest are those that have ended.
        ending(40, grant(1, "operator", "project", uuid(1))),
        ending(50, grant(2, "developer", "unit", uuid(21))),
        ending(51, grant(3, "developer", "project", uuid(2))),
        grant(4, "read_only", "project", uuid(2)),
        grant(5, "admin", "project", uuid(1)),
        grant(6, "read_only", "organization", uuid(1)),
        to_group(31, grant(7, "admin", "project", uuid(1))),
        Grant { organization_id: organization_id(2), ..grant(8, "operator", "project", uuid(3)) },
    ] {
        give(&mut tx, &grant).await;
    }
    let filter = |principal: Option<u128>, resource: Option<u128>| GrantFilter {
        principal: principal.map(uuid),
        resource: resource.map(uuid),
    };
    for (organization, filter, numbers, counts) in [
        (1, filter(None, None), &[3, 4, 5, 6, 7][..], (5, 2)),
        (1, filter(Some(1), None), &[3, 4, 5, 6], (4, 2)),
        (2, filter(Some(1), None), &[8], (1, 1)),
        (1, filter(Some(31), None), &[7], (1, 1)),
        (1, filter(Some(1), Some(2)), &[3, 4], (2, 1)),
        (1, filter(None, Some(1)), &[5, 6, 7], (3, 1)),
        (1, filter(None, Some(21)), &[], (0, 0)),
        (3, filter(None, None), &[], (0, 0)),
    ] {
        let organization = organization_id(organization);
        let running = running_grants::list(&mut tx, organization, &filter, at(50), 9).await.unwrap();
        let found: Vec<u128> = running.iter().map(|row| row.grant.id.uuid().as_u128()).collect();
        assert_eq!(found, numbers, "{filter:?}");
        let counted = running_grants::count(&mut tx, organization, &filter, at(50)).await.unwrap();
        assert_eq!(counted, counts, "{filter:?}");
        let first = running_grants::list(&mut tx, organization, &filter, at(50), 1).await.unwrap();
        assert_eq!(first, running[..numbers.len().min(1)]);
    }
}
