//! The contract of `store::places`.

use store::{Store, places, projects, services};

use crate::samples::*;

contract!(finds_every_project_by_parts_of_its_name, finds_services_by_their_own_and_their_projects_name);

async fn finds_every_project_by_parts_of_its_name(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for (number, name) in [(2, "web-shop"), (3, "shop"), (4, "shipping")] {
        let mut project = project(number);
        project.name = name.into();
        assert!(projects::add(&mut tx, &project).await.unwrap());
    }
    for (parts, limit, expected) in [
        (&["shop"][..], 9, &["shop", "web-shop"][..]),
        (&["op", "we"], 9, &["web-shop"]),
        (&["shop"], 1, &["shop"]),
        (&["shop", "events"], 9, &["shop", "web-shop"]),
        (&["shop", "events", "never"], 9, &[]),
        (&["%"], 9, &[]),
        (&["sh_p"], 9, &[]),
        (&["!"], 9, &[]),
        (&[], 9, &["project-1", "shipping", "shop", "web-shop"]),
    ] {
        let found = places::projects(&mut tx, organization_id(1), " events", parts, limit).await.unwrap();
        assert_eq!(found, expected, "{parts:?}");
    }
    assert!(places::projects(&mut tx, organization_id(2), "", &[], 9).await.unwrap().is_empty());
}

async fn finds_services_by_their_own_and_their_projects_name(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let mut other = project(2);
    other.name = "shop".into();
    assert!(projects::add(&mut tx, &other).await.unwrap());
    for (number, name) in [(2, "orders"), (3, "old-orders")] {
        let mut service = service(number);
        service.name = name.into();
        service.project_id = project_id(2);
        assert!(services::add(&mut tx, &service).await.unwrap());
    }
    for (parts, expected) in [
        (&["orders"][..], &["orders", "old-orders"][..]),
        (&["shop", "old"], &["old-orders"]),
        (&["orders", "project-1"], &[]),
        (&["service", "orders", "shop"], &["old-orders", "orders"]),
    ] {
        let found = places::services(&mut tx, organization_id(1), " service", parts, 9).await.unwrap();
        let names: Vec<&str> = found.iter().map(|found| found.service.as_str()).collect();
        assert_eq!(names, expected, "{parts:?}");
        assert!(found.iter().all(|found| found.project == "shop"));
    }
    assert_eq!(places::services(&mut tx, organization_id(1), "", &[], 2).await.unwrap().len(), 2);
    assert!(places::services(&mut tx, organization_id(2), "", &[], 9).await.unwrap().is_empty());
}
