//! A permit that something overtakes: what was taken since it was given is not used any more.

use control::{permissions, projects, testing::overtaken, tokens, units, users};
use domain::{
    actions::Action,
    errors::Error,
    inputs::GrantPermission,
    permissions::{Granted, Permission},
};
use store::access::Target;

use crate::world::{PROJECT, World};

async fn give(world: &World, email: &str, granted: &str, resource: &str) -> domain::ids::GrantId {
    let input = GrantPermission {
        principal: email.into(),
        granted: granted.into(),
        resource: resource.into(),
        ..GrantPermission::default()
    };
    permissions::grant(&world.ctx(), world.organization, &input).await.unwrap().row.id
}

async fn what_was_taken_is_refused(world: World) {
    let (ctx, organization) = (world.ctx(), world.organization);
    let writer = world.add_user("writer@example.org", Some(false), true).await;
    let granted = "organization:projects:write";
    let id = give(&world, "writer@example.org", granted, "organization").await;
    let target = Target::Organization(organization);
    let actor = world.ctx_of(writer);

    overtaken(&actor, Action::CreateProject, target, async {}).await.unwrap();
    let answer = overtaken(&actor, Action::CreateProject, target, async {
        permissions::revoke(&ctx, organization, id).await.unwrap();
    });
    assert_eq!(answer.await, Err(Error::Denied { permission: granted.into() }));
    let event = world.last_event(organization, "action.denied").await;
    assert!(event.text.contains(granted), "{}", event.text);

    give(&world, "writer@example.org", granted, "organization").await;
    let answer = overtaken(&actor, Action::CreateProject, target, async {
        users::deactivate(&ctx, organization, writer).await.unwrap();
    });
    assert_eq!(answer.await, Err(Error::NotFound), "they may not know of it any more");
}

#[tokio::test]
async fn a_token_that_was_revoked_meanwhile_writes_nothing() {
    let world = World::new().await;
    let ctx = world.ctx();
    let granted = Granted::Permission(Permission::OrganizationProjectsWrite);
    let actor = world.token_of(world.user, &[granted]).await;
    let target = Target::Organization(world.organization);
    overtaken(&actor, Action::CreateProject, target, async {}).await.unwrap();
    let answer = overtaken(&actor, Action::CreateProject, target, async {
        let token = tokens::list(&ctx, "", None).await.unwrap().rows[0].id;
        tokens::revoke(&ctx, token).await.unwrap();
    });
    assert_eq!(answer.await.unwrap_err().status(), 401);
}

/// What it takes to move is held in three places: none of it may be gone by the time of the move.
#[tokio::test]
async fn nobody_moves_with_what_was_taken_from_them() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Data").await.unwrap().row.id;
    let mover = world.add_user("mover@example.org", Some(false), true).await;
    give(&world, "mover@example.org", "admin", &format!("project:{PROJECT}")).await;
    let actor = world.ctx_of(mover);
    let mut refused = 0;
    for round in 0..10 {
        let id = give(&world, "mover@example.org", "organization:projects:write", "organization").await;
        let to = if round % 2 == 0 { unit.to_string() } else { String::new() };
        let before = world.count_events("project.moved").await;
        let (moved, revoked) = tokio::join!(
            projects::move_to(&actor, PROJECT, &to),
            permissions::revoke(&ctx, organization, id),
        );
        revoked.unwrap();
        let types = world.event_types().await;
        let last =
            types.iter().rev().find(|name| ["project.moved", "permission.revoked"].contains(&name.as_str()));
        assert_eq!(last.unwrap(), "permission.revoked", "round {round}: moved afterwards");
        assert_eq!(world.count_events("project.moved").await, before + usize::from(moved.is_ok()));
        refused += usize::from(moved.is_err());
        if moved.is_err() {
            projects::move_to(&ctx, PROJECT, &to).await.unwrap();
        }
    }
    assert!(refused > 0, "they never met");
}

#[tokio::test]
async fn an_account_that_is_gone_does_nothing() {
    let world = World::new().await;
    let gone = world.add_user("gone@example.org", Some(true), true).await;
    let target = Target::Organization(world.organization);
    let ctx = world.ctx_of(gone);
    let answer = overtaken(&ctx, Action::CreateProject, target, async {
        let mut tx = world.store.write().await.unwrap();
        assert!(store::users::remove(&mut tx, gone).await.unwrap());
        tx.commit().await.unwrap();
    });
    assert_eq!(answer.await.unwrap_err().status(), 401);
}

#[tokio::test]
async fn what_was_taken_is_refused_on_sqlite() {
    what_was_taken_is_refused(World::new().await).await;
}

#[tokio::test]
async fn what_was_taken_is_refused_on_postgres() {
    what_was_taken_is_refused(World::postgres().await).await;
}

#[tokio::test]
async fn what_was_moved_is_looked_at_anew_and_what_is_gone_is_not_found() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Data").await.unwrap().row.id;
    let target = Target::ProjectName(PROJECT);
    let moved = overtaken(&ctx, Action::RenameProject, target, async {
        projects::move_to(&ctx, PROJECT, &unit.to_string()).await.unwrap();
    });
    assert!(matches!(moved.await, Err(Error::Conflict { .. })), "the operation begins anew");
    let renamed = overtaken(&ctx, Action::RenameProject, target, async {
        projects::rename(&ctx, PROJECT, "market").await.unwrap();
    });
    assert_eq!(renamed.await, Ok(()), "it is the same one");
    let target = Target::ProjectName("market");
    let gone = overtaken(&ctx, Action::RenameProject, target, async {
        projects::delete(&ctx, "market", "market").await.unwrap();
    });
    assert_eq!(gone.await, Err(Error::NotFound));
}
