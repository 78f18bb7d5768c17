//! What a token is limited to: what its scopes leave of its owner's powers, and what it can do with tokens.

use control::{organizations, projects, tokens};
use domain::{
    errors::Error,
    inputs::{CreateToken, EditToken},
    principals::SubjectKind,
    states::Outcome,
};

use super::{HOME, made, plain, present, program, stored, turned_away};
use crate::world::{PROJECT, World};

/// A scope takes away and gives nothing.
#[tokio::test]
async fn a_scope_limits_what_its_owner_can_do() {
    let world = World::new().await;
    let scoped = |scope: &str| CreateToken { scopes: vec![scope.into()], ..plain() };
    let reading = made(&world, &scoped("read_only")).await;
    let ctx = present(&world, &reading.token, HOME).await.unwrap();
    projects::view(&ctx, PROJECT).await.unwrap();
    let denied = projects::rename(&ctx, PROJECT, "store").await;
    assert_eq!(denied, Err(Error::Denied { permission: "organization:projects:write".into() }));
    let event = world.last_event(world.organization, "action.denied").await;
    assert_eq!((event.token_id, event.outcome), (Some(reading.row.id), Outcome::Denied));
    // No scope makes up for what the owner lacks.
    let (_, token) = program(&world, &["read_only"], &scoped("role:organization:admin")).await;
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    projects::view(&ctx, PROJECT).await.unwrap();
    assert_eq!(projects::rename(&ctx, PROJECT, "store").await.unwrap_err().status(), 403);
    // What this server does not know of is a limit all the same: it leaves nothing.
    let mut tx = world.store.write().await.unwrap();
    let mut token = stored(&world, reading.row.id).await;
    store::tokens::remove(&mut tx, token.id).await.unwrap();
    token.scopes = "role:of:tomorrow".into();
    store::tokens::add(&mut tx, &token).await.unwrap();
    tx.commit().await.unwrap();
    let ctx = present(&world, &reading.token, HOME).await.unwrap();
    organizations::view(&ctx, world.organization).await.unwrap();
    assert_eq!(projects::view(&ctx, PROJECT).await, Err(Error::NotFound));
}

/// A stolen token cannot make itself last.
#[tokio::test]
async fn a_token_makes_and_changes_no_tokens_of_its_owner() {
    let world = World::new().await;
    let (token, other) = (made(&world, &plain()).await, made(&world, &plain()).await);
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    let denied = Some(Error::Denied { permission: "session".into() });
    let edit = EditToken { description: "x".into(), ..EditToken::default() };
    assert_eq!(tokens::create(&ctx, &plain()).await.err(), denied);
    assert_eq!(tokens::edit(&ctx, token.row.id, &edit).await.err(), denied);
    assert_eq!(tokens::rotate(&ctx, token.row.id, "").await.err(), denied);
    // It sees and ends them, itself included.
    assert_eq!(tokens::list(&ctx, "", None).await.unwrap().total, 2);
    tokens::revoke(&ctx, other.row.id).await.unwrap();
    tokens::revoke(&ctx, token.row.id).await.unwrap();
    let event = world.last_event(world.organization, "token.revoked").await;
    assert_eq!(event.token_id, Some(token.row.id));
    turned_away(&world, &token.token, HOME).await;
    // A program's as well.
    let (_, token) = program(&world, &[], &plain()).await;
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    assert_eq!(tokens::create(&ctx, &plain()).await.err(), denied);
    assert_eq!(tokens::list(&ctx, "", None).await.unwrap().rows[0].id, token.row.id);
    assert_eq!(tokens::revoke_many(&ctx, "").await, Ok(1));
    let event = world.last_event(world.organization, "token.revoked").await;
    assert_eq!(event.subject_kind, Some(SubjectKind::ApplicationUser));
}
