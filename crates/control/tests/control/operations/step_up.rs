//! Step-up: what asks for it, and showing once more who one is.

use std::time::Duration;

use control::{
    ceremonies, factors, invitations, organizations, sessions, step_up, testing::session, tokens, users,
};
use domain::{
    actions::Action,
    errors::Error,
    inputs::{CreateToken, InviteUsers},
    secrets::Secret,
    sign_ins::{FactorKind, Proof},
    states::Outcome,
};

use super::factors::{App, add_app};
use crate::world::{PASSWORD, World};

fn code(app: &App, world: &World) -> Secret {
    app.code(world, 0)
}

#[tokio::test]
async fn asvs_7_5_1_dangerous_acts_ask_for_a_fresh_proof() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let shown = world.now();
    let ctx = || world.control.context(world.origin("203.0.113.9"), Some(session(world.user, shown)));
    let input = CreateToken { description: "x".into(), ..CreateToken::default() };
    world.clock.advance(step_up::LASTS - Duration::from_micros(1));
    assert!(tokens::create(&ctx(), &input).await.is_ok(), "fresh until the last moment");
    world.clock.advance(Duration::from_micros(1));
    let organization = world.organization;
    assert_eq!(tokens::create(&ctx(), &input).await.err(), Some(Error::StepUp));
    assert_eq!(users::remove(&ctx(), organization, bob, "bob@example.org").await, Err(Error::StepUp));
    assert_eq!(users::set_super_admin(&ctx(), organization, bob, true).await, Err(Error::StepUp));
    assert_eq!(organizations::delete(&ctx(), organization, "Acme").await, Err(Error::StepUp));
    assert_eq!(factors::begin_totp(&ctx()).await.err(), Some(Error::StepUp));
    assert_eq!(factors::make_recovery_codes(&ctx(), None).await.err(), Some(Error::StepUp));
    assert_eq!(Error::StepUp.status(), 403);
    // What comes with an invitation is given as by a grant; without anything it gives nothing.
    let invited = async |emails: &str, granted: &[&str]| {
        let granted = granted.iter().map(|text| (*text).to_owned()).collect();
        let input = InviteUsers { emails: emails.into(), granted, ..InviteUsers::default() };
        invitations::invite(&ctx(), organization, &input).await.map(|lines| lines.len())
    };
    assert_eq!(invited("eve@example.org", &["role:organization:admin"]).await, Err(Error::StepUp));
    assert_eq!(invited("email;granted\neve@example.org;operator", &[]).await, Err(Error::StepUp));
    assert_eq!(invited("eve@example.org", &[""]).await, Ok(1));
    // What is not dangerous goes on, and so does looking at it.
    assert!(users::deactivate(&ctx(), organization, bob).await.is_ok());
    assert!(factors::own(&ctx()).await.is_ok());
    assert_eq!(sessions::end_others(&ctx()).await, Err(Error::StepUp));
    assert!(sessions::own(&ctx()).await.is_ok());
    // A session from before it was kept has shown nothing.
    let old = control::Session { proven_at: None, ..session(world.user, shown) };
    let old = world.control.context(world.origin("203.0.113.9"), Some(old));
    assert_eq!(tokens::create(&old, &input).await.err(), Some(Error::StepUp));
}

/// Who may not do a thing is told that, and not to show first who they are; and a stranger nothing at all.
#[tokio::test]
async fn who_may_not_is_not_asked() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (other, _) = world.another_organization("Other").await;
    let old = world
        .control
        .context(world.origin("203.0.113.9"), Some(session(bob, world.now().minus(step_up::LASTS))));
    let answer = users::remove(&old, world.organization, world.user, "ann@example.org").await.unwrap_err();
    assert!(matches!(answer, Error::Denied { .. }), "{answer}");
    assert_eq!(users::remove(&old, other, world.user, "ann@example.org").await, Err(Error::NotFound));
}

/// Between the permit and the write the time can pass.
#[tokio::test]
async fn it_is_asked_again_within_the_write() {
    let world = World::new().await;
    let ctx = world.ctx();
    let target = store::access::Target::Organization(world.organization);
    let late = async { world.clock.advance(step_up::LASTS) };
    let answer = control::testing::overtaken(&ctx, Action::SetSuperAdmin, target, late).await;
    assert_eq!(answer, Err(Error::StepUp));
}

#[tokio::test]
async fn every_action_that_is_meant_asks() {
    let asking: Vec<&str> =
        Action::ALL.iter().filter(|action| action.asks_for_step_up()).map(|action| action.as_str()).collect();
    assert_eq!(
        asking,
        [
            "profile.manage_tokens",
            "profile.manage_factors",
            "profile.end_sessions",
            "organization.delete",
            "user.remove",
            "user.super_admin",
            "user.reset_factors",
            "managed_user.delete",
            "group.add_member",
            "application_user.create_token",
            "application_user.edit_token",
            "permission.grant",
            "permission.revoke",
            "policy.edit",
            "policy.break_glass",
            "domain.verify",
            "domain.remove",
            "identity_provider.trust",
            "project.delete",
            "service.delete",
        ]
    );
}

#[tokio::test]
async fn asvs_7_5_3_a_factor_is_shown_once_more() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    let ctx = world.ctx();
    let begun = step_up::view(&ctx).await.unwrap();
    assert_eq!(begun.shown.kinds, [FactorKind::Totp, FactorKind::RecoveryCode]);
    assert_eq!(begun.shown.options, None);
    world.clock.advance(Duration::from_secs(60));
    let proven = step_up::with_code(&ctx, &begun.ceremony, &code(&app, &world)).await.unwrap();
    // The session was begun with a password alone, before there was a factor: now it has been shown one.
    assert_eq!((proven.proof, proven.proven_at), (Proof::password_and(FactorKind::Totp), world.now()));
    let event = world.last_event(world.organization, "user.stepped_up").await;
    assert_eq!((event.outcome, event.user_id), (Outcome::Done, Some(world.user)));
    // Once, and not with the same code.
    let again = step_up::with_code(&ctx, &begun.ceremony, &code(&app, &world)).await.unwrap_err();
    assert_eq!(again.status(), 409);
    let begun = step_up::view(&ctx).await.unwrap();
    let again = step_up::with_code(&ctx, &begun.ceremony, &code(&app, &world)).await.unwrap_err();
    assert_eq!((again.status(), again.field()), (422, Some("code")));
    let event = world.last_event(world.organization, "user.second_factor_refused").await;
    assert_eq!((event.outcome, event.actor.as_str()), (Outcome::Denied, "ann@example.org"));
    let recovery = &added.recovery_codes.unwrap()[0];
    assert!(step_up::with_code(&ctx, &begun.ceremony, recovery).await.is_ok());
    assert_eq!(world.count_events("user.recovery_code_used").await, 1);
}

/// Neither in another session of the same person, nor by somebody else, nor at a sign-in, nor too late.
#[tokio::test]
async fn a_question_is_answered_in_the_session_that_it_was_put_to() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (app, _) = add_app(&world, world.user).await;
    let (bobs, _) = add_app(&world, bob).await;
    let begun = step_up::view(&world.ctx()).await.unwrap();
    let other = store::sessions::Row { key_hash: vec![9; 32], ..world.session_row(world.user) };
    assert!(world.control.session_rows().add(&other).await.unwrap());
    let other = control::Session { key_hash: vec![9; 32], ..session(world.user, world.now()) };
    let other = world.control.context(world.origin("203.0.113.9"), Some(other));
    let status = async |ctx: &control::Context, code: &Secret| {
        step_up::with_code(ctx, &begun.ceremony, code).await.err().map_or(200, |error| error.status())
    };
    assert_eq!(status(&other, &code(&app, &world)).await, 409);
    assert_eq!(status(&world.ctx_of(bob), &code(&bobs, &world)).await, 409);
    let signed_in = sessions::sign_in_with_code(&world.nobody(), &begun.ceremony, &code(&app, &world)).await;
    assert_eq!(signed_in.err().unwrap().status(), 401);
    world.clock.advance(ceremonies::SECOND_FACTOR_LIFETIME);
    assert_eq!(status(&world.ctx(), &code(&app, &world)).await, 409, "too late");
}

#[tokio::test]
async fn wrong_codes_count_here_as_at_a_sign_in() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let begun = step_up::view(&world.ctx()).await.unwrap();
    let wrong = Secret::new("000000".into());
    for _ in 0..5 {
        let error = step_up::with_code(&world.ctx(), &begun.ceremony, &wrong).await.unwrap_err();
        assert_eq!(error.field(), Some("code"));
    }
    let right = step_up::with_code(&world.ctx(), &begun.ceremony, &code(&app, &world)).await;
    assert_eq!(right, Err(Error::limited(2)));
}

#[tokio::test]
async fn who_has_no_factor_shows_the_password() {
    let world = World::new().await;
    let ctx = world.ctx();
    assert_eq!(step_up::view(&ctx).await.unwrap().shown.kinds, []);
    let password = || Secret::new(PASSWORD.into());
    let wrong = step_up::with_password(&ctx, Secret::new("something else".into())).await.unwrap_err();
    assert_eq!((wrong.status(), wrong.field()), (422, Some("password")));
    let event = world.last_event(world.organization, "user.second_factor_refused").await;
    assert_eq!((event.outcome, event.text.as_str()), (Outcome::Denied, "Wrong password"));
    world.clock.advance(Duration::from_secs(60));
    let proven = step_up::with_password(&ctx, password()).await.unwrap();
    assert_eq!((proven.proof, proven.proven_at), (Proof::PASSWORD, world.now()));
    assert_eq!(world.event_types().await.last().unwrap(), "user.stepped_up");
    for _ in 0..5 {
        step_up::with_password(&ctx, Secret::new("something else".into())).await.unwrap_err();
    }
    assert_eq!(step_up::with_password(&ctx, password()).await, Err(Error::limited(2)));
    // The password is not enough for who has more.
    add_app(&world, world.user).await;
    assert_eq!(step_up::with_password(&world.ctx(), password()).await.unwrap_err().status(), 409);
}
