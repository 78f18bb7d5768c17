//! Projects.

use control::projects::{self, Renaming};
use domain::errors::Error;

use crate::{
    check::check_at_rest,
    world::{ALL_EVENTS, ALL_PROJECTS, Goal, PROJECT, World},
};

#[tokio::test]
async fn names_are_checked_and_unique() {
    let world = World::new().await;
    let made = projects::create(&world.ctx(), world.organization, " Web-1 ", "").await.unwrap();
    assert_eq!((made.name.as_str(), made.services), ("web-1", 0));
    assert_eq!(projects::view(&world.ctx(), "web-1").await, Ok(made));
    let before = world.dump().await;
    for bad in ["", "1st", "a_b", "new", "web-1", "WEB-1", "x", &"x".repeat(64)] {
        let error = projects::create(&world.ctx(), world.organization, bad, "").await.unwrap_err();
        assert_eq!(error.field(), Some("name"), "{bad}: {error}");
        let error = projects::rename(&world.ctx(), PROJECT, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("name"), "{bad}: {error}");
        assert!(world.dump().await == before, "{bad}");
    }
    assert_eq!(projects::rename(&world.ctx(), PROJECT, " Shop ").await.unwrap().name, PROJECT);
    assert!(world.dump().await == before, "the same name is no change and no event");
}

#[tokio::test]
async fn who_knows_a_project_by_an_old_name_does_not_rename_it() {
    let world = World::new().await;
    let (ctx, id) = (world.ctx(), projects::view(&world.ctx(), PROJECT).await.unwrap().id);
    let rename = async |seen: &str, name: &str| projects::rename_seen(&ctx, id, seen, name).await;
    let Ok(Renaming::Done(renamed)) = rename(PROJECT, "store").await else { panic!("it is not renamed") };
    assert_eq!(renamed.name, "store");
    // Even where another project has the old name by now.
    for _ in 0..2 {
        assert_eq!(rename(PROJECT, "market").await, Ok(Renaming::Overtaken(renamed.clone())));
        let _ = projects::create(&ctx, world.organization, PROJECT, "").await;
    }
    assert_eq!(world.count_events("project.renamed").await, 1);
    // Who may not know of it learns nothing.
    let stranger = world.ctx_of(world.add_user("stranger@example.org", Some(false), true).await);
    let answer = projects::rename_seen(&stranger, id, PROJECT, "market").await;
    assert_eq!(answer, Err(Error::NotFound));
    projects::delete(&ctx, "store", "store").await.unwrap();
    assert_eq!(rename("store", "market").await, Err(Error::NotFound));
    assert_eq!(rename(PROJECT, "market").await, Err(Error::NotFound));
}

/// What is asked for many times at once is done, and recorded, once.
async fn at_once(world: World) {
    projects::create(&world.ctx(), world.organization, "other", "").await.unwrap();
    let one = async |number: u32| {
        projects::rename(&world.ctx(), "other", &format!("new-{number}")).await.map(|project| project.name)
    };
    let answers = tokio::join!(one(1), one(2), one(3), one(4));
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let names: Vec<_> = answers.iter().filter_map(|answer| answer.clone().ok()).collect();
    assert_eq!(names.len(), 1, "{answers:?}");
    assert_eq!(world.count_events("project.renamed").await, 1);

    let delete = async || projects::delete(&world.ctx(), &names[0], &names[0]).await;
    let answers = tokio::join!(delete(), delete(), delete(), delete(), delete(), delete());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Error::NotFound))), "{answers:?}");
    assert_eq!(world.count_events("project.deleted").await, 1);
}

#[tokio::test]
async fn what_is_asked_for_at_once_is_done_once_on_sqlite() {
    at_once(World::new().await).await;
}

#[tokio::test]
async fn what_is_asked_for_at_once_is_done_once_on_postgres() {
    at_once(World::postgres().await).await;
}

#[tokio::test]
async fn a_rename_keeps_everything_else() {
    let world = World::new().await;
    let id = world.running("orders").await;
    let renamed = projects::rename(&world.ctx(), PROJECT, "store").await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.services), ("store", 1));
    assert_eq!(projects::view(&world.ctx(), PROJECT).await, Err(Error::NotFound));
    let view = control::services::view(&world.ctx(), "store", "orders").await.unwrap();
    assert_eq!(view.row.id, id);
    let page = control::events::list(&world.ctx(), "store", &ALL_EVENTS, None).await.unwrap();
    assert_eq!(page.rows[0].event_type, "project.renamed");
    assert_eq!(page.rows[0].before.as_deref(), Some(r#"{"name":"shop"}"#));
    assert_eq!(page.rows[0].after.as_deref(), Some(r#"{"name":"store"}"#));
    check_at_rest(&world).await;
}

#[tokio::test]
async fn who_does_not_see_the_services_is_told_their_number() {
    let world = World::new().await;
    let clerk = world.add_user("clerk@example.org", Some(false), true).await;
    world.grant(clerk, "organization:projects:write", None).await;
    world.create("orders").await.unwrap();
    let error = projects::delete(&world.ctx_of(clerk), PROJECT, PROJECT).await.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { reason } if reason.contains("1 service. Delete")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_project_goes_when_its_services_are_gone() {
    let world = World::new().await;
    let user = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(user, "admin", Some(world.project_id().await)).await;
    world.running("orders").await;
    let error = projects::delete(&world.ctx(), PROJECT, "else").await.unwrap_err();
    assert_eq!(error.field(), Some("confirmation"));
    let error = projects::delete(&world.ctx(), PROJECT, PROJECT).await.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { reason } if reason.contains("1 service: orders.")),
        "{error:?}"
    );
    world.delete("orders").await;
    assert_eq!(projects::delete(&world.ctx(), PROJECT, PROJECT).await.unwrap_err().status(), 409);
    world.run_to(Goal::Gone("orders")).await;
    check_at_rest(&world).await;
    projects::delete(&world.ctx(), PROJECT, PROJECT).await.unwrap();
    assert_eq!(projects::view(&world.ctx(), PROJECT).await, Err(Error::NotFound));
    assert_eq!(world.dump().await["grants"], Vec::<String>::new(), "grants on it go with it");
    // The name is free, and the new project is not the old one.
    projects::create(&world.ctx(), world.organization, PROJECT, "").await.unwrap();
    assert_eq!(control::events::list(&world.ctx(), PROJECT, &ALL_EVENTS, None).await.unwrap().total, 1);
}

async fn paging(world: World) {
    for number in 0..119 {
        projects::create(&world.ctx(), world.organization, &format!("p-{number:03}"), "").await.unwrap();
    }
    let (mut names, mut after, mut sizes) = (Vec::new(), None, Vec::new());
    loop {
        let page =
            projects::list(&world.ctx(), world.organization, &ALL_PROJECTS, after.as_deref()).await.unwrap();
        assert_eq!(page.total, 120);
        sizes.push(page.rows.len());
        names.extend(page.rows.into_iter().map(|row| row.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
    let mut expected: Vec<_> = (0..119).map(|number| format!("p-{number:03}")).collect();
    expected.push(PROJECT.into());
    assert_eq!(names, expected);
    // The last page is full and there is no empty one behind it.
    let page = projects::list(&world.ctx(), world.organization, &ALL_PROJECTS, Some("p-069")).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (50, None));
}

#[tokio::test]
async fn pages_of_fifty_on_sqlite() {
    paging(World::new().await).await;
}

#[tokio::test]
async fn pages_of_fifty_on_postgres() {
    paging(World::postgres().await).await;
}

/// Who may only see the money does not see the projects.
#[tokio::test]
async fn a_finance_user_sees_no_project() {
    let world = World::new().await;
    let user = world.add_user("fin@example.org", Some(false), true).await;
    world.grant(user, "organization:billing:read", None).await;
    let page = projects::list(&world.ctx_of(user), world.organization, &ALL_PROJECTS, None).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (0, 0));
    world.grant(user, "project:services:read", None).await;
    let page = projects::list(&world.ctx_of(user), world.organization, &ALL_PROJECTS, None).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (1, 1));
}
