//! Finding by name.

use control::places::{self, Beside, Found};
use domain::{actions::Action, errors::Error};

use crate::world::World;

const BESIDE: Beside<'_> = Beside { projects: " project", services: " service" };

#[tokio::test]
async fn every_project_is_found_however_many_there_are() {
    let world = World::new().await;
    for number in 0..60 {
        let name = format!("project-{number:02}");
        control::projects::create(&world.ctx(), world.organization, &name, "").await.unwrap();
    }
    let search = async |text: &str| {
        let found = places::search(&world.ctx(), world.organization, text, BESIDE).await.unwrap().projects;
        found.into_iter().map(|found| found.name).collect::<Vec<_>>()
    };
    assert_eq!(search("59").await, ["project-59"]);
    assert_eq!(search("OJECT-5 9").await, ["project-59"]);
    assert_eq!(search("").await.len(), 50);
    assert!(search("nothing").await.is_empty());
}

#[tokio::test]
async fn services_are_found_by_those_who_may_see_them() {
    let world = World::new().await;
    world.running("orders").await;
    let find =
        async |ctx: &control::Context| places::search(ctx, world.organization, "ord serv", BESIDE).await;
    let found = find(&world.ctx()).await.unwrap();
    assert_eq!(found.services.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["orders"]);
    assert!(found.services[0].powers.may(Action::DeleteService));
    let auditor = world.add_user("dan@example.org", Some(false), true).await;
    world.grant(auditor, "read_only", Some(world.project_id().await)).await;
    let powers = find(&world.ctx_of(auditor)).await.unwrap().services.remove(0).powers;
    assert!(powers.may(Action::ViewService) && !powers.may(Action::DeleteService));
    let member = world.add_user("bob@example.org", Some(false), true).await;
    assert_eq!(find(&world.ctx_of(member)).await, Ok(Found::default()));
    let stranger = world.add_user("eve@example.org", None, true).await;
    assert_eq!(find(&world.ctx_of(stranger)).await, Err(Error::NotFound));
}
