//! Application users and their tokens: who may make, change and end them.

use control::{Context, application_users, groups, permissions, sessions, tokens};
use domain::{
    errors::Error,
    ids::{OrganizationId, TokenId, UserId},
    inputs::{CreateToken, EditToken, GrantPermission, SignIn},
    permissions::Permission,
    principals::SubjectKind,
    secrets::Secret,
    tokens::TokenKind,
    views::{ApplicationUserView, MadeToken, PAGE_ROWS_MAX},
};

use crate::{check::check_world, world::World};

const WRITE: &str = "organization:app_users:write";

async fn made(world: &World, name: &str) -> ApplicationUserView {
    application_users::create(&world.ctx(), world.organization, name, "Deploys.").await.unwrap()
}

fn create_token() -> CreateToken {
    CreateToken { description: "Deploys".into(), ..CreateToken::default() }
}

fn edit_token(generation: i64, description: &str) -> EditToken {
    EditToken { description: description.into(), ip_ranges: String::new(), generation }
}

/// A token made by the super admin; its text must be found nowhere.
async fn token_of(world: &World, user: UserId) -> MadeToken {
    let made = application_users::create_token(&world.ctx(), world.organization, user, &create_token()).await;
    let made = made.unwrap();
    world.secrets.lock().unwrap().push(made.token.expose().to_owned());
    made
}

async fn member(world: &World, email: &str, granted: &[&str]) -> UserId {
    let user = world.add_user(email, Some(false), true).await;
    for granted in granted {
        world.grant(user, granted, None).await;
    }
    user
}

#[tokio::test]
async fn an_application_user_is_made_changed_and_deleted_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let view = application_users::create(&ctx, organization, " deployer ", " Deploys. ").await.unwrap();
    let id = view.row.user_id;
    assert_eq!((view.row.name.as_str(), view.row.description.as_str()), ("deployer", "Deploys."));
    assert_eq!((view.row.tokens, view.row.last_used_at, view.generation), (0, None, 0));
    assert_eq!((&view.protection, view.groups.len()), (&None, 0));
    assert_eq!(application_users::view(&ctx, organization, id).await, Ok(view));
    let event = world.last_event(organization, "application_user.created").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::ApplicationUser), Some(id.uuid())));
    assert_eq!(event.subject_name.as_deref(), Some("deployer"));
    assert_eq!(event.after.as_deref(), Some(r#"{"description":"Deploys.","name":"deployer"}"#));

    let edited = application_users::edit(&ctx, organization, id, 0, "builder", "Builds.").await.unwrap();
    assert_eq!((edited.row.name.as_str(), edited.generation), ("builder", 1));
    let event = world.last_event(organization, "application_user.changed").await;
    assert_eq!(event.text, "Renamed the application user deployer to builder");
    assert_eq!(event.before.as_deref(), Some(r#"{"description":"Deploys.","name":"deployer"}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"description":"Builds.","name":"builder"}"#));
    assert_eq!(application_users::edit(&ctx, organization, id, 1, "builder", "Builds.").await, Ok(edited));
    assert_eq!(world.count_events("application_user.changed").await, 1);

    // A group gives it something, a grant something else, and it has a token.
    let group = groups::create(&ctx, organization, "programs", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, group, &format!("user:{id}")).await.unwrap();
    world.grant(id, "developer", None).await;
    let token = token_of(&world, id).await;
    let view = application_users::view(&ctx, organization, id).await.unwrap();
    assert_eq!((view.row.tokens, view.groups[0].name.as_str()), (1, "programs"));
    let effects = application_users::preview_delete(&ctx, organization, id).await.unwrap();
    assert!(effects.rows[0].loses.contains(&Permission::ServiceDataWrite), "{effects:?}");
    for bad in ["", "deployer", "Builder"] {
        let error = application_users::delete(&ctx, organization, id, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("confirmation"), "{bad}");
    }
    application_users::delete(&ctx, organization, id, "builder ").await.unwrap();
    assert_eq!(application_users::view(&ctx, organization, id).await, Err(Error::NotFound));
    assert_eq!(application_users::delete(&ctx, organization, id, "builder").await, Err(Error::NotFound));
    let event = world.last_event(organization, "application_user.deleted").await;
    assert_eq!(
        event.before.as_deref(),
        Some(
            r#"{"description":"Builds.","granted":["developer on the organization Acme"],"groups":["programs"],"name":"builder","tokens":1}"#
        )
    );
    let dump = world.dump().await;
    for table in ["tokens", "grants", "group_members"] {
        assert_eq!(dump[table], Vec::<String>::new(), "{table}");
    }
    let answer = tokens::authenticate(&world.control, world.origin("203.0.113.9"), &token.token).await;
    assert_eq!(answer.err().unwrap().status(), 401);
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_on_its_field() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let id = made(&world, "one").await.row.user_id;
    let token = token_of(&world, id).await.row.id;
    let before = world.dump().await;
    for (name, description, field) in [
        (String::new(), String::new(), "name"),
        ("x".repeat(129), String::new(), "name"),
        ("x".into(), "x".repeat(application_users::DESCRIPTION_CHARS_MAX + 1), "description"),
    ] {
        let error = application_users::create(&ctx, organization, &name, &description).await.unwrap_err();
        assert_eq!(error.field(), Some(field));
        let edited = application_users::edit(&ctx, organization, id, 0, &name, &description).await;
        assert_eq!(edited.unwrap_err().field(), Some(field));
    }
    let error = application_users::list(&ctx, organization, "", Some("x")).await.unwrap_err();
    assert_eq!(error.field(), Some("after"));
    let error = application_users::tokens(&ctx, organization, id, "0", None).await.unwrap_err();
    assert_eq!(error.field(), Some("unused_days"));
    let error = application_users::revoke_tokens(&ctx, organization, id, "soon").await.unwrap_err();
    assert_eq!(error.field(), Some("unused_days"));
    let bad = CreateToken::default();
    let error = application_users::create_token(&ctx, organization, id, &bad).await.err().unwrap();
    assert_eq!(error.field(), Some("description"));
    let edited = application_users::edit_token(&ctx, organization, id, token, &edit_token(0, "")).await;
    assert_eq!(edited.unwrap_err().field(), Some("description"));
    let error = application_users::rotate_token(&ctx, organization, id, token, "721").await.err().unwrap();
    assert_eq!(error.field(), Some("overlap_hours"));
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
}

#[tokio::test]
async fn the_second_to_edit_is_told_what_the_first_did() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "one").await.row.user_id;
    let token = token_of(&world, id).await.row.id;
    let bea = world.ctx_of(world.add_user("bea@example.org", Some(true), true).await);
    application_users::edit(&world.ctx(), organization, id, 0, "first", "by Ann").await.unwrap();
    let late = application_users::edit(&bea, organization, id, 0, "second", "by Bea").await;
    let Err(Error::Conflict { reason }) = late else { panic!("{late:?}") };
    for part in ["first", "by Ann", "second", "by Bea"] {
        assert!(reason.contains(part), "{reason}");
    }
    application_users::edit(&bea, organization, id, 1, "second", "by Bea").await.unwrap();

    let ann = EditToken { ip_ranges: "10.0.0.0/8, 192.0.2.7".into(), ..edit_token(0, "by Ann") };
    application_users::edit_token(&world.ctx(), organization, id, token, &ann).await.unwrap();
    let late = application_users::edit_token(&bea, organization, id, token, &edit_token(0, "by Bea")).await;
    let Err(Error::Conflict { reason }) = late else { panic!("{late:?}") };
    for part in ["by Ann", "10.0.0.0/8, 192.0.2.7/32", "by Bea", "from anywhere"] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(world.count_events("token.changed").await, 1);
}

/// Programs come in with tokens alone.
#[tokio::test]
async fn an_application_user_cannot_sign_in() {
    let world = World::new().await;
    let id = made(&world, "deployer").await.row.user_id;
    for password in ["", "velvet anchor 7 thistle moon"] {
        let input =
            SignIn { email: format!("{id}@application.invalid"), password: Secret::new(password.into()) };
        assert_eq!(sessions::sign_in(&world.nobody(), input).await.err().unwrap().status(), 401);
    }
}

#[tokio::test]
async fn tokens_are_made_changed_replaced_and_ended_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let id = made(&world, "deployer").await.row.user_id;
    let first = token_of(&world, id).await;
    assert!(first.token.expose().starts_with("rda_") && first.token.expose().starts_with(&first.row.prefix));
    assert_eq!((first.row.kind, first.row.created_by.as_str()), (TokenKind::Application, "ann@example.org"));
    let event = world.last_event(organization, "token.created").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Token), Some(first.row.id.uuid())));
    assert_eq!(
        event.text,
        format!("Created the token {} of the application user deployer", first.row.prefix)
    );
    let after = event.after.unwrap();
    assert!(
        after.contains(r#""owner":"deployer""#) && after.contains(r#""description":"Deploys""#),
        "{after}"
    );

    let edit = EditToken { ip_ranges: "10.0.0.0/8".into(), ..edit_token(0, "Builds") };
    let row = application_users::edit_token(&ctx, organization, id, first.row.id, &edit).await.unwrap();
    assert_eq!((row.description.as_str(), row.generation), ("Builds", 1));
    assert!(tokens::warnings(&ctx, &row)[0].contains("203.0.113.9"));
    let event = world.last_event(organization, "token.changed").await;
    assert!(event.before.unwrap().contains(r#""description":"Deploys","expires_at":null"#));
    assert!(event.after.unwrap().contains(r#""ip_ranges":["10.0.0.0/8"]"#));

    let second = application_users::rotate_token(&ctx, organization, id, first.row.id, "").await.unwrap();
    assert_eq!((second.row.description.as_str(), second.row.kind), ("Builds", TokenKind::Application));
    let event = world.last_event(organization, "token.rotated").await;
    assert_eq!(event.subject_id, Some(first.row.id.uuid()));
    let page = application_users::tokens(&ctx, organization, id, "", None).await.unwrap();
    assert_eq!(page.total, 2);

    application_users::revoke_token(&ctx, organization, id, second.row.id).await.unwrap();
    let event = world.last_event(organization, "token.revoked").await;
    assert_eq!((event.subject_id, event.after), (Some(second.row.id.uuid()), None));
    assert_eq!(application_users::revoke_tokens(&ctx, organization, id, "7").await, Ok(0));
    world.clock.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    let third = token_of(&world, id).await;
    assert_eq!(application_users::revoke_tokens(&ctx, organization, id, "7").await, Ok(1));
    let event = world.last_event(organization, "token.revoked").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::ApplicationUser), Some(id.uuid())));
    assert!(event.before.unwrap().contains(&first.row.prefix));
    let page = application_users::tokens(&ctx, organization, id, "", None).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [third.row.id]);
    check_world(&world).await;
}

/// Whoever makes a token for a program could act as it.
#[tokio::test]
async fn nobody_gets_a_token_of_what_holds_more() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "deployer").await.row.user_id;
    let token = token_of(&world, id).await.row;
    let alf = member(&world, "alf@example.org", &[WRITE]).await;
    let ctx = world.ctx_of(alf);
    // As long as it holds nothing, its keeper may.
    application_users::create_token(&ctx, organization, id, &create_token()).await.unwrap();
    let project = world.project_id().await;
    world.grant(id, "developer", Some(project)).await;
    let view = application_users::view(&ctx, organization, id).await.unwrap();
    let reason = "It holds something that you do not hold.";
    assert_eq!(view.protection.as_deref(), Some(reason));
    let forbidden = Some(Error::Forbidden { reason: reason.into() });
    let edit = edit_token(0, "x");
    assert_eq!(
        application_users::create_token(&ctx, organization, id, &create_token()).await.err(),
        forbidden
    );
    assert_eq!(application_users::edit_token(&ctx, organization, id, token.id, &edit).await.err(), forbidden);
    assert_eq!(application_users::rotate_token(&ctx, organization, id, token.id, "").await.err(), forbidden);
    assert_eq!(world.count_events("action.denied").await, 3);
    let event = world.last_event(organization, "action.denied").await;
    assert!(event.text.contains("of the application user deployer"), "{}", event.text);
    // Ending one is never too much.
    application_users::revoke_token(&ctx, organization, id, token.id).await.unwrap();
    assert_eq!(application_users::revoke_tokens(&ctx, organization, id, "").await, Ok(1));
    // Through a group is the same.
    world.grant(alf, "developer", Some(project)).await;
    application_users::create_token(&ctx, organization, id, &create_token()).await.unwrap();
    let group = groups::create(&world.ctx(), organization, "writers", "").await.unwrap().row.id;
    let input = GrantPermission {
        principal: format!("group:{group}"),
        granted: "operator".into(),
        resource: "project:shop".into(),
        ..GrantPermission::default()
    };
    permissions::grant(&world.ctx(), organization, &input).await.unwrap();
    groups::add_members(&world.ctx(), organization, group, &format!("user:{id}")).await.unwrap();
    assert_eq!(
        application_users::create_token(&ctx, organization, id, &create_token()).await.err(),
        forbidden
    );
    check_world(&world).await;
}

#[tokio::test]
async fn the_more_powerful_are_neither_changed_nor_deleted() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "deployer").await.row.user_id;
    world.grant(id, "admin", Some(world.project_id().await)).await;
    let alf = member(&world, "alf@example.org", &[WRITE]).await;
    let ctx = world.ctx_of(alf);
    let forbidden = Some(Error::Forbidden { reason: "They administer something that you do not.".into() });
    assert_eq!(application_users::edit(&ctx, organization, id, 0, "x", "").await.err(), forbidden);
    assert_eq!(application_users::delete(&ctx, organization, id, "deployer").await.err(), forbidden);
    assert_eq!(application_users::preview_delete(&ctx, organization, id).await.err(), forbidden);
    assert_eq!(world.count_events("action.denied").await, 3);
    assert_eq!(application_users::view(&world.ctx(), organization, id).await.unwrap().generation, 0);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let rows = PAGE_ROWS_MAX as usize;
    // Two of each beginning.
    for number in 0..=rows {
        made(&world, &format!("a {:03} {}", number / 2, number % 2)).await;
    }
    let first = application_users::list(&ctx, organization, "", None).await.unwrap();
    assert_eq!((first.rows.len(), first.total), (rows, i64::try_from(rows).unwrap() + 1));
    let second = application_users::list(&ctx, organization, "", first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.rows[0].name.as_str(), second.next), (1, "a 025 0", None));
    let cut = &first.rows[0];
    let after = format!("{} {}", cut.user_id, cut.name);
    let rest = application_users::list(&ctx, organization, "", Some(&after)).await.unwrap();
    assert_eq!(rest.rows[0], first.rows[1], "the other one of the same beginning is not left out");
    let found = application_users::list(&ctx, organization, " A 007", None).await.unwrap();
    assert_eq!((found.total, found.rows.len()), (2, 2));
}

/// Tries everything about one application user and a token; says what each answered.
async fn all(
    ctx: &Context,
    organization: OrganizationId,
    id: UserId,
    token: TokenId,
) -> Vec<(&'static str, Result<(), Error>)> {
    let edit = edit_token(0, "x");
    vec![
        ("view", application_users::view(ctx, organization, id).await.map(drop)),
        ("tokens", application_users::tokens(ctx, organization, id, "", None).await.map(drop)),
        ("token", application_users::token(ctx, organization, id, token).await.map(drop)),
        ("edit", application_users::edit(ctx, organization, id, 0, "x", "").await.map(drop)),
        ("preview", application_users::preview_delete(ctx, organization, id).await.map(drop)),
        ("create", application_users::create_token(ctx, organization, id, &create_token()).await.map(drop)),
        ("edit token", application_users::edit_token(ctx, organization, id, token, &edit).await.map(drop)),
        ("rotate", application_users::rotate_token(ctx, organization, id, token, "").await.map(drop)),
        ("revoke", application_users::revoke_token(ctx, organization, id, token).await),
        (
            "revoke chosen",
            application_users::revoke_chosen_tokens(ctx, organization, id, &[token]).await.map(drop),
        ),
        ("revoke all", application_users::revoke_tokens(ctx, organization, id, "").await.map(drop)),
        ("delete", application_users::delete(ctx, organization, id, "x").await),
    ]
}

#[tokio::test]
async fn strangers_and_other_tenants_learn_nothing() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "ours").await.row.user_id;
    let token = token_of(&world, id).await.row.id;
    let other = made(&world, "another").await.row.user_id;
    let (elsewhere, eve) = world.another_organization("Elsewhere").await;
    let ctx_of_eve = world.ctx_of(eve);
    let theirs = application_users::create(&ctx_of_eve, elsewhere, "theirs", "").await.unwrap().row.user_id;
    let their_token = application_users::create_token(&ctx_of_eve, elsewhere, theirs, &create_token()).await;
    let their_token = their_token.unwrap().row.id;
    let before = world.dump().await;
    for (what, answer) in all(&ctx_of_eve, organization, id, token).await {
        assert_eq!(answer, Err(Error::NotFound), "a stranger: {what}");
    }
    let list = application_users::list(&ctx_of_eve, organization, "", None).await;
    assert_eq!(list, Err(Error::NotFound));
    assert_eq!(application_users::create(&ctx_of_eve, organization, "x", "").await, Err(Error::NotFound));
    // The other tenant's, one that nobody has, and a person who is no program.
    for id in [theirs, UserId::from_uuid(world.uuid()), world.user] {
        for (what, answer) in all(&world.ctx(), organization, id, their_token).await {
            assert_eq!(answer, Err(Error::NotFound), "not ours: {what}");
        }
    }
    // Ours, but the token is another's.
    let edit = edit_token(0, "x");
    for (user, token) in [(id, their_token), (other, token), (id, TokenId::from_uuid(world.uuid()))] {
        let ctx = world.ctx();
        let edited = application_users::edit_token(&ctx, organization, user, token, &edit).await;
        assert_eq!(edited, Err(Error::NotFound));
        let rotated = application_users::rotate_token(&ctx, organization, user, token, "").await;
        assert_eq!(rotated.err(), Some(Error::NotFound));
        let revoked = application_users::revoke_token(&ctx, organization, user, token).await;
        assert_eq!(revoked, Err(Error::NotFound));
        let chosen = application_users::revoke_chosen_tokens(&ctx, organization, user, &[token]).await;
        assert_eq!(chosen, Err(Error::NotFound));
        assert_eq!(application_users::token(&ctx, organization, user, token).await, Err(Error::NotFound));
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record anywhere");
}

#[tokio::test]
async fn each_refusal_names_the_permission() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "ours").await.row.user_id;
    let token = token_of(&world, id).await.row.id;
    let mel = member(&world, "mel@example.org", &[]).await;
    let reader = member(&world, "rea@example.org", &["organization:permissions:read"]).await;
    let (denied, reads) = (|text: &str| Err(Error::Denied { permission: text.into() }), 3);
    let answers = all(&world.ctx_of(mel), organization, id, token).await;
    for (index, (what, answer)) in answers.iter().enumerate() {
        let lack = if index < reads { "organization:permissions:read" } else { WRITE };
        assert_eq!(*answer, denied(lack), "{what}");
    }
    assert_eq!(world.count_events("action.denied").await, answers.len());
    for (index, (what, answer)) in
        all(&world.ctx_of(reader), organization, id, token).await.iter().enumerate()
    {
        assert_eq!(*answer, if index < reads { Ok(()) } else { denied(WRITE) }, "{what}");
    }
    assert_eq!(
        application_users::list(&world.ctx_of(reader), organization, "", None).await.unwrap().total,
        1
    );
    let created = application_users::create(&world.ctx_of(reader), organization, "x", "").await;
    assert_eq!(created.map(drop), denied(WRITE));
    for (what, answer) in all(&world.nobody(), organization, id, token).await {
        assert_eq!(answer.unwrap_err().status(), 401, "{what}");
    }
    assert_eq!(application_users::view(&world.ctx(), organization, id).await.unwrap().row.tokens, 1);
}
