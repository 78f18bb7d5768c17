//! The contract of `store::places`.

use store::{Store, grants, knowers::Knower, places, projects, services, units};

use crate::samples::*;

contract!(
    finds_every_project_by_parts_of_its_name,
    finds_services_by_their_own_and_their_projects_name,
    finds_what_somebody_may_know_of
);

async fn finds_every_project_by_parts_of_its_name(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, "one")).await.unwrap());
    for (number, name, unit) in [(2, "web-shop", None), (3, "shop", None), (4, "shipping", Some(unit_id(1)))]
    {
        let mut project = project(number);
        project.name = name.into();
        project.unit_id = unit;
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
        let found = places::projects(&mut tx, organization_id(1), &knower_of_all(), " events", parts, limit)
            .await
            .unwrap();
        assert_eq!(names(&found), expected, "{parts:?}");
        assert!(found.iter().all(|found| found.unit_id.is_some() == (found.name == "shipping")), "{found:?}");
    }
    assert!(
        places::projects(&mut tx, organization_id(2), &knower_of_all(), "", &[], 9).await.unwrap().is_empty()
    );
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
        let found = places::services(&mut tx, organization_id(1), &knower_of_all(), " service", parts, 9)
            .await
            .unwrap();
        let names: Vec<&str> = found.iter().map(|found| found.service.as_str()).collect();
        assert_eq!(names, expected, "{parts:?}");
        assert!(found.iter().all(|found| found.project == "shop" && found.project_id == project_id(2)));
    }
    assert_eq!(
        places::services(&mut tx, organization_id(1), &knower_of_all(), "", &[], 2).await.unwrap().len(),
        2
    );
    assert!(
        places::services(&mut tx, organization_id(2), &knower_of_all(), "", &[], 9).await.unwrap().is_empty()
    );
}

async fn finds_what_somebody_may_know_of(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(projects::add(&mut tx, &project(2)).await.unwrap());
    let mut other = service(2);
    other.project_id = project_id(2);
    assert!(services::add(&mut tx, &other).await.unwrap());
    let knower = Knower { now: at(50), openings: ",read_only,", knows_all: false, ..knower_of_all() };
    for (granted, on, expires_at, expected) in [
        ("read_only", ("project", 2), None, &["project-2"][..]),
        ("read_only", ("project", 2), Some(50), &[]),
        ("read_only", ("organization", 1), Some(51), &["project-1", "project-2"]),
        ("read_only", ("unit", 1), None, &[]),
        ("operator", ("organization", 1), None, &[]),
    ] {
        let mut grant = grant(1, granted, on.0, uuid(on.1));
        grant.expires_at = expires_at.map(at);
        grants::put(&mut tx, &grant).await.unwrap();
        let found = places::projects(&mut tx, organization_id(1), &knower, "", &["ject"], 9).await.unwrap();
        assert_eq!(names(&found), expected, "{granted} {on:?}");
        let found = places::services(&mut tx, organization_id(1), &knower, "", &["serv"], 9).await.unwrap();
        let projects: Vec<_> = found.iter().map(|found| found.project.as_str()).collect();
        assert_eq!(projects, expected, "{granted} {on:?}");
        assert!(grants::remove(&mut tx, grant.id).await.unwrap());
    }
}

fn names(found: &[places::ProjectName]) -> Vec<&str> {
    found.iter().map(|found| found.name.as_str()).collect()
}
