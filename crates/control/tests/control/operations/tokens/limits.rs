//! What a token is limited to: what its scopes leave of its owner's powers, and what it can do with tokens.

use control::{Context, application_users, organizations, projects, tokens};
use domain::{
    errors::Error,
    ids::UserId,
    inputs::{CreateToken, EditToken},
    principals::SubjectKind,
    states::Outcome,
    views::MadeToken,
};

use super::{HOME, keep, made, plain, present, program, stored, turned_away};
use crate::{
    check::check_world,
    world::{PROJECT, World},
};

/// A scope takes away and gives nothing.
#[tokio::test]
async fn a_scope_limits_what_its_owner_can_do() {
    let world = World::new().await;
    let scoped = |scope: &str| CreateToken { scopes: vec![scope.into()], ..plain() };
    let reading = made(&world, &scoped("read_only")).await;
    let ctx = present(&world, &reading.token, HOME).await.unwrap();
    projects::view(&ctx, PROJECT).await.unwrap();
    let denied = projects::rename(&ctx, PROJECT, "store").await;
    assert_eq!(denied, Err(Error::Denied { permission: "scope organization:projects:write".into() }));
    let event = world.last_event(world.organization, "action.denied").await;
    assert_eq!((event.token_id, event.outcome), (Some(reading.row.id), Outcome::Denied));
    // No scope makes up for what the owner lacks.
    let (_, token) = program(&world, &["read_only"], &scoped("role:organization:admin")).await;
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    projects::view(&ctx, PROJECT).await.unwrap();
    let denied = projects::rename(&ctx, PROJECT, "store").await;
    assert_eq!(denied, Err(Error::Denied { permission: "organization:projects:write".into() }));
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

fn forbidden<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Forbidden { reason }) => reason,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was allowed"),
    }
}

/// What a token is limited to holds for what it does with the account, too.
#[tokio::test]
async fn a_token_with_scopes_ends_itself_and_no_other() {
    let world = World::new().await;
    let scoped =
        made(&world, &CreateToken { scopes: vec!["role:organization:admin".into()], ..plain() }).await;
    let other = made(&world, &plain()).await;
    let bob = world.ctx_of(world.add_user("bob@example.org", Some(true), true).await);
    let foreign = keep(&world, tokens::create(&bob, &plain()).await.unwrap());
    let ctx = present(&world, &scoped.token, HOME).await.unwrap();
    let before = world.dump().await["tokens"].clone();
    let own = scoped.row.id;
    let refused = [
        forbidden(tokens::list(&ctx, "", None).await),
        forbidden(tokens::view(&ctx, other.row.id).await),
        forbidden(tokens::revoke(&ctx, other.row.id).await),
        // Whose it is, and whether it is there, makes no difference.
        forbidden(tokens::revoke(&ctx, foreign.row.id).await),
        forbidden(tokens::revoke(&ctx, domain::ids::TokenId::from_uuid(world.uuid())).await),
        forbidden(tokens::revoke_chosen(&ctx, &[own, other.row.id]).await),
        forbidden(tokens::revoke_many(&ctx, "").await),
    ];
    assert!(refused.iter().all(|reason| *reason == refused[0] && reason.contains("without scopes")));
    assert_eq!(world.dump().await["tokens"], before);
    assert_eq!(world.count_events("action.denied").await, refused.len());
    let event = world.last_event(world.organization, "action.denied").await;
    assert_eq!((event.outcome, event.token_id), (Outcome::Denied, Some(own)));
    tokens::revoke(&ctx, own).await.unwrap();
    assert!(turned_away(&world, &scoped.token, HOME).await.contains("revoked"));
    check_world(&world).await;
}

/// A token of the super admin that is like this.
/// An application user that looks after application users is one of them: the way there is no way around.
#[tokio::test]
async fn a_programs_token_with_scopes_ends_itself_and_no_other_there() {
    let (world, write) = (World::new().await, "organization:app_users:write");
    let organization = world.organization;
    let scoped = CreateToken { scopes: vec![write.into()], ..plain() };
    let (id, token) = program(&world, &[write], &scoped).await;
    let other = application_users::create_token(&world.ctx(), organization, id, &plain()).await.unwrap();
    let other = keep(&world, other);
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    for refused in [
        forbidden(application_users::tokens(&ctx, organization, id, "", None).await),
        forbidden(application_users::token(&ctx, organization, id, other.row.id).await),
        forbidden(application_users::revoke_token(&ctx, organization, id, other.row.id).await),
        forbidden(application_users::revoke_chosen_tokens(&ctx, organization, id, &[other.row.id]).await),
        forbidden(application_users::revoke_tokens(&ctx, organization, id, "").await),
    ] {
        assert!(refused.contains("limited by scopes"), "{refused}");
    }
    assert_eq!(world.count_events("action.denied").await, 5);
    application_users::token(&ctx, organization, id, token.row.id).await.unwrap();
    application_users::revoke_token(&ctx, organization, id, token.row.id).await.unwrap();
    present(&world, &other.token, HOME).await.unwrap();
}

async fn acting(world: &World, input: CreateToken) -> Context {
    present(world, &made(world, &input).await.token, HOME).await.unwrap()
}

async fn make(world: &World, ctx: &Context, user: UserId, input: CreateToken) -> Result<MadeToken, Error> {
    let made = application_users::create_token(ctx, world.organization, user, &input).await;
    made.map(|made| keep(world, made))
}

#[tokio::test]
async fn a_token_makes_none_that_opens_more_than_it_does() {
    let world = World::new().await;
    let (user, _) = program(&world, &[], &plain()).await;
    let scopes = |scopes: &[&str]| CreateToken {
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..plain()
    };
    let ctx = acting(&world, scopes(&["organization:app_users:write", "read_only"])).await;
    let tokens = world.dump().await["tokens"].len();
    for more in
        [&[][..], &["operator"], &["read_only", "role:organization:admin"], &["organization:users:write"]]
    {
        let reason = forbidden(make(&world, &ctx, user, scopes(more)).await);
        assert!(reason.contains("beyond its own"), "{more:?}: {reason}");
    }
    assert_eq!(world.dump().await["tokens"].len(), tokens);
    assert_eq!(world.count_events("action.denied").await, 4);
    for within in [&["read_only"][..], &["project:services:read"], &["organization:app_users:write"]] {
        make(&world, &ctx, user, scopes(within)).await.unwrap();
    }
    let ctx = acting(&world, scopes(&["role:organization:admin"])).await;
    make(&world, &ctx, user, scopes(&["role:organization:admin"])).await.unwrap();
    check_world(&world).await;
}

#[tokio::test]
async fn a_token_makes_none_that_is_good_from_elsewhere() {
    let world = World::new().await;
    let (user, open) = program(&world, &[], &plain()).await;
    let ranges = |ranges: &str| CreateToken { ip_ranges: ranges.into(), ..plain() };
    let ctx = acting(&world, ranges("203.0.113.0/24")).await;
    for more in ["", "192.0.2.1", "203.0.113.7\n203.0.112.0/23"] {
        let reason = forbidden(make(&world, &ctx, user, ranges(more)).await);
        assert!(reason.contains("addresses"), "{more}: {reason}");
    }
    let bound = make(&world, &ctx, user, ranges("203.0.113.0/25\n203.0.113.200")).await.unwrap().row;
    let edit = async |id, description: &str, ip_ranges: &str, generation| {
        let edit = EditToken { description: description.into(), ip_ranges: ip_ranges.into(), generation };
        application_users::edit_token(&ctx, world.organization, user, id, &edit).await
    };
    forbidden(edit(bound.id, "x", "", 0).await);
    forbidden(edit(bound.id, "x", "203.0.113.0/24, 10.0.0.0/8", 0).await);
    edit(bound.id, "x", "203.0.113.0/24", 0).await.unwrap();
    // What it is called is nobody's address; what is wider already is no wider for that, and no copy is made of it.
    edit(open.row.id, "x", "", 0).await.unwrap();
    let rotated = application_users::rotate_token(&ctx, world.organization, user, open.row.id, "").await;
    forbidden(rotated);
    assert_eq!(stored(&world, open.row.id).await.replaced_by, None);
    let rotated = application_users::rotate_token(&ctx, world.organization, user, bound.id, "").await;
    keep(&world, rotated.unwrap());
    check_world(&world).await;
}

#[tokio::test]
async fn a_token_makes_none_that_outlives_it() {
    let world = World::new().await;
    let (user, open) = program(&world, &[], &plain()).await;
    let age = |seconds: &str, extend_when_used| CreateToken {
        max_age_seconds: seconds.into(),
        extend_when_used,
        ..plain()
    };
    let ctx = acting(&world, age("3600", false)).await;
    for more in [plain(), age("3601", false), age("600", true)] {
        assert!(forbidden(make(&world, &ctx, user, more).await).contains("longer"));
    }
    let brief = make(&world, &ctx, user, age("3600", false)).await.unwrap().row;
    world.clock.advance(super::MINUTE);
    forbidden(make(&world, &ctx, user, age("3600", false)).await);
    // The one that takes another's place begins its age anew.
    for id in [open.row.id, brief.id] {
        forbidden(application_users::rotate_token(&ctx, world.organization, user, id, "").await);
    }
    let ctx = acting(&world, age("3600", true)).await;
    for more in [plain(), age("3601", true), age("3601", false)] {
        forbidden(make(&world, &ctx, user, more).await);
    }
    make(&world, &ctx, user, age("3600", true)).await.unwrap();
    check_world(&world).await;
}
