//! The contract of `store::ip_filter_entries`.

use store::{
    Store,
    ip_filter_entries::{self, IpFilterEntry},
    services,
};

use crate::samples::*;

contract!(a_range_is_listed_once);

async fn a_range_is_listed_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    services::add(&mut tx, &service(2)).await.unwrap();
    let entry = |service, cidr: &str, description: &str, micros| IpFilterEntry {
        service_id: service_id(service),
        cidr: cidr.into(),
        description: description.into(),
        created_at: at(micros),
    };
    assert_eq!(ip_filter_entries::list(&mut tx, service_id(1)).await.unwrap(), []);
    assert!(ip_filter_entries::add(&mut tx, service_id(1), "10.0.0.0/8", "office", at(2)).await.unwrap());
    assert!(ip_filter_entries::add(&mut tx, service_id(1), "::1/128", "", at(1)).await.unwrap());
    assert!(!ip_filter_entries::add(&mut tx, service_id(1), "10.0.0.0/8", "again", at(3)).await.unwrap());
    assert!(ip_filter_entries::add(&mut tx, service_id(2), "10.0.0.0/8", "other", at(4)).await.unwrap());
    let listed = ip_filter_entries::list(&mut tx, service_id(1)).await.unwrap();
    assert_eq!(listed, [entry(1, "::1/128", "", 1), entry(1, "10.0.0.0/8", "office", 2)]);
    assert_eq!(ip_filter_entries::count(&mut tx, service_id(1)).await.unwrap(), 2);
    assert!(ip_filter_entries::remove(&mut tx, service_id(1), "10.0.0.0/8").await.unwrap());
    assert!(!ip_filter_entries::remove(&mut tx, service_id(1), "10.0.0.0/8").await.unwrap());
    assert_eq!(ip_filter_entries::count(&mut tx, service_id(1)).await.unwrap(), 1);
    assert_eq!(ip_filter_entries::count(&mut tx, service_id(2)).await.unwrap(), 1);
}
