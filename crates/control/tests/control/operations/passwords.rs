//! Passwords: changing one's own, and setting a new one by a mailed link.

use std::time::Duration;

use control::{factors, passwords, sessions, testing::session};
use domain::{
    errors::Error,
    ids::OrganizationId,
    inputs::{ChangePassword, ResetPassword, SignIn},
    policies::AuthenticationPolicy,
    principals::MailKind,
    secrets::Secret,
    states::Outcome,
};

use super::factors::{add_app, with_password};
use crate::world::{EMAIL, PASSWORD, World};

const NEW: &str = "copper lantern 9 willow dusk";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn change(world: &World, old: &str, new: &str) -> Result<u64, Error> {
    let (old_password, password) = (secret(old), secret(new));
    passwords::change(&world.ctx(), ChangePassword { old_password, password, end_other_sessions: true }).await
}

/// The status of signing in with it; 200 if that worked, 202 if a second factor is asked for.
async fn sign_in(world: &World, password: &str) -> u16 {
    let input = SignIn { email: EMAIL.into(), password: secret(password) };
    match sessions::sign_in(&world.nobody_at("198.51.100.7"), input).await {
        Ok(sessions::SignInStep::Done(_)) => 200,
        Ok(sessions::SignInStep::SecondFactor(_)) => 202,
        Err(error) => error.status(),
    }
}

/// The text of the newest mail of that kind, and how many there are.
async fn mailed(world: &World, kind: MailKind) -> (String, usize) {
    let page = control::mails::list_for_operator(&world.control, None).await.unwrap();
    let rows: Vec<_> = page.rows.into_iter().filter(|row| row.kind == kind).collect();
    let Some(newest) = rows.first() else { return (String::new(), 0) };
    let view = control::mails::view_for_operator(&world.control, newest.id).await.unwrap();
    (view.body.unwrap().expose().to_owned(), rows.len())
}

/// The token of the newest link.
async fn link(world: &World) -> Secret {
    let (text, _) = mailed(world, MailKind::PasswordReset).await;
    let token = text.split("/password-reset/").nth(1).unwrap().split_whitespace().next().unwrap();
    world.secrets.lock().unwrap().push(token.to_owned());
    secret(token)
}

async fn reset(world: &World, token: &Secret, new: &str) -> Result<(), Error> {
    let input = ResetPassword { token: token.clone(), password: secret(new) };
    passwords::reset(&world.nobody(), &input).await
}

#[tokio::test]
async fn asvs_6_2_2_6_2_3_a_password_is_changed_by_who_knows_the_old_one() {
    for world in [World::new().await, World::postgres().await] {
        let wrong = change(&world, "not the password", NEW).await.unwrap_err();
        assert_eq!((wrong.status(), wrong.field()), (422, Some("old_password")));
        let event = world.last_event(world.organization, "user.password_changed").await;
        assert_eq!(event.outcome, Outcome::Denied);
        assert_eq!(sign_in(&world, PASSWORD).await, 200, "nothing changed");
        assert_eq!(change(&world, PASSWORD, NEW).await, Ok(0));
        assert_eq!((sign_in(&world, PASSWORD).await, sign_in(&world, NEW).await), (401, 200));
        let event = world.last_event(world.organization, "user.password_changed").await;
        assert_eq!((event.outcome, event.actor.as_str()), (Outcome::Done, EMAIL));
        let told = mailed(&world, MailKind::PasswordChanged).await.0;
        assert!(told.contains("password of the account"), "{told}");
        // Whoever changed it knows the new one; its owner does not.
        assert!(told.contains("/password-reset\n") && !told.contains("change your password"), "{told}");
        let own = factors::own(&world.ctx()).await.unwrap();
        assert_eq!(own.password_changed_at, Some(world.now()));
    }
}

#[tokio::test]
async fn the_rule_that_failed_is_said_to_who_knows_the_old_one_alone() {
    let world = World::new().await;
    for (new, part) in [
        ("short", "at least 15 characters"),
        (PASSWORD, "is the password that you have"),
        ("ann@example.org ann@example.org", "this product"),
        ("Acme Acme Acme Ann", "this product"),
    ] {
        let error = change(&world, PASSWORD, new).await.unwrap_err();
        assert_eq!((error.status(), error.field()), (422, Some("password")), "{new}: {error}");
        assert!(error.to_string().contains(part), "{new}: {error}");
        let error = change(&world, "not the password", new).await.unwrap_err();
        assert_eq!(error.field(), Some("old_password"), "{new}");
        // So many are free; then they would wait.
        world.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(sign_in(&world, PASSWORD).await, 200);
}

#[tokio::test]
async fn who_guesses_the_old_one_waits() {
    let world = World::new().await;
    for _ in 0..5 {
        assert_eq!(change(&world, "a guess that is wrong", NEW).await.unwrap_err().status(), 422);
    }
    let waiting = change(&world, PASSWORD, NEW).await.unwrap_err();
    assert_eq!(waiting.status(), 429, "the right one as well: {waiting}");
    world.clock.advance(Duration::from_secs(3));
    assert_eq!(change(&world, PASSWORD, NEW).await, Ok(0));
}

#[tokio::test]
async fn asvs_7_4_3_other_sessions_end_with_the_change_and_factors_stay() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let other = store::sessions::Row { key_hash: vec![9; 32], ..world.session_row(world.user) };
    assert!(world.control.session_rows().add(&other).await.unwrap());
    let input = |end_other_sessions, old, new| ChangePassword {
        old_password: secret(old),
        password: secret(new),
        end_other_sessions,
    };
    // Beside the factor eight characters are enough.
    let short = "kX9!vq2#";
    assert_eq!(passwords::change(&world.ctx(), input(false, PASSWORD, short)).await, Ok(0));
    assert!(world.control.session_rows().load(&[9; 32]).await.unwrap().is_some());
    assert_eq!(sign_in(&world, short).await, 202, "the factor is still asked for");
    assert_eq!(passwords::change(&world.ctx(), input(true, short, NEW)).await, Ok(1));
    assert!(world.control.session_rows().load(&[9; 32]).await.unwrap().is_none());
    assert!(factors::own(&world.ctx()).await.is_ok(), "one's own session goes on");
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors.len(), 1);
    drop(app);
}

/// A sign-in that was half done with the old password does not go on with it.
#[tokio::test]
async fn a_sign_in_under_way_ends_with_the_change() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let ceremony = with_password(&world).await;
    assert_eq!(change(&world, PASSWORD, NEW).await, Ok(0));
    let answer = sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 0)).await;
    assert_eq!(answer.err().unwrap().status(), 401);
}

/// Has an organization ask for so many characters of a password that stands alone.
async fn ask_alone(world: &World, organization: OrganizationId, chars: u32) {
    let policy = AuthenticationPolicy { password_chars_min_alone: chars, ..AuthenticationPolicy::default() };
    let mut tx = world.store.write().await.unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    let set = store::authentication_policies::set(&mut tx, organization, 0, &text, world.now());
    assert!(set.await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn organizations_can_ask_for_longer_ones() {
    let world = World::new().await;
    ask_alone(&world, world.organization, 30).await;
    let error = change(&world, PASSWORD, NEW).await.unwrap_err();
    assert!(error.to_string().contains("at least 30 characters"), "{error}");
    let rules = passwords::judge_own(&world.ctx(), secret(NEW)).await.unwrap();
    assert!(!rules[0].is_met && rules[0].sentence.contains("30"), "{rules:?}");
    assert!(rules[1..].iter().all(|rule| rule.is_met), "{rules:?}");
}

/// Raising what an organization asks turns nobody away, since its preview could not name them: the next password follows it.
#[tokio::test]
async fn asvs_6_2_1_what_organizations_ask_of_a_password_alone_counts_for_the_next_one() {
    let world = World::new().await;
    let held = u32::try_from(PASSWORD.chars().count()).unwrap();
    ask_alone(&world, world.organization, held + 1).await;
    assert_eq!(sign_in(&world, PASSWORD).await, 200);
    let error = change(&world, PASSWORD, &NEW[..15]).await.unwrap_err();
    assert!(error.to_string().contains(&format!("at least {} characters", held + 1)), "{error}");
    assert_eq!(sign_in(&world, PASSWORD).await, 200, "nothing changed");
}

#[tokio::test]
async fn asvs_6_4_1_a_mailed_link_sets_a_password_once_and_signs_nobody_in() {
    for world in [World::new().await, World::postgres().await] {
        passwords::ask_reset(&world.nobody(), " ANN@example.org ").await.unwrap();
        let token = link(&world).await;
        let view = passwords::view_reset(&world.nobody(), &token).await.unwrap();
        assert_eq!((view.email.as_str(), view.chars_min), (EMAIL, 15));
        let error = reset(&world, &token, "short").await.unwrap_err();
        assert_eq!((error.status(), error.field()), (422, Some("password")));
        assert!(world.control.session_rows().load(&[7; 32]).await.is_ok());
        reset(&world, &token, NEW).await.unwrap();
        assert_eq!((sign_in(&world, PASSWORD).await, sign_in(&world, NEW).await), (401, 200));
        for error in [
            passwords::view_reset(&world.nobody(), &token).await.unwrap_err(),
            reset(&world, &token, PASSWORD).await.unwrap_err(),
            reset(&world, &secret("made up"), PASSWORD).await.unwrap_err(),
        ] {
            assert_eq!(error.status(), 409, "{error}");
        }
        let event = world.last_event(world.organization, "user.password_reset").await;
        assert_eq!((event.actor.as_str(), event.user_id), (EMAIL, Some(world.user)));
        assert_eq!(mailed(&world, MailKind::PasswordChanged).await.1, 1);
    }
}

#[tokio::test]
async fn a_link_ends_after_half_an_hour_and_with_the_next_one() {
    let world = World::new().await;
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let first = link(&world).await;
    world.clock.advance(Duration::from_secs(1));
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let second = link(&world).await;
    assert_eq!(reset(&world, &first, NEW).await.unwrap_err().status(), 409);
    world.clock.advance(passwords::LINK_LIFETIME - Duration::from_micros(1));
    assert!(passwords::view_reset(&world.nobody(), &second).await.is_ok());
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(reset(&world, &second, NEW).await.unwrap_err().status(), 409);
    assert_eq!(sign_in(&world, PASSWORD).await, 200);
}

#[tokio::test]
async fn asvs_6_4_3_a_reset_leaves_the_second_factor_and_ends_every_session() {
    let world = World::new().await;
    let (_, _) = add_app(&world, world.user).await;
    let row = store::sessions::Row { key_hash: vec![9; 32], ..world.session_row(world.user) };
    assert!(world.control.session_rows().add(&row).await.unwrap());
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let token = link(&world).await;
    assert_eq!(passwords::view_reset(&world.nobody(), &token).await.unwrap().chars_min, 8);
    reset(&world, &token, NEW).await.unwrap();
    assert!(world.control.session_rows().load(&[9; 32]).await.unwrap().is_none());
    assert_eq!(sign_in(&world, NEW).await, 202);
}

/// Nobody learns by asking who has an account, and nobody's asking keeps a link from working.
#[tokio::test]
async fn asking_tells_nothing_and_floods_nobody() {
    let world = World::new().await;
    for email in [EMAIL, "nobody@example.org"] {
        assert_eq!(passwords::ask_reset(&world.nobody(), email).await, Ok(()));
    }
    let bad = passwords::ask_reset(&world.nobody(), "ann").await.unwrap_err();
    assert_eq!((bad.status(), bad.field()), (422, Some("email")));
    assert_eq!(mailed(&world, MailKind::PasswordReset).await.1, 1);
    for number in 0..8 {
        let from = world.nobody_at(&format!("198.51.{number}.1"));
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(passwords::ask_reset(&from, EMAIL).await, Ok(()));
    }
    assert_eq!(mailed(&world, MailKind::PasswordReset).await.1, 5, "no more than five in two hours");
    assert!(passwords::view_reset(&world.nobody(), &link(&world).await).await.is_ok(), "the last one works");
    // One network waits, the others do not.
    let mut last = Ok(());
    for _ in 0..22 {
        last = passwords::ask_reset(&world.nobody_at("192.0.2.1"), "nobody@example.org").await;
    }
    assert_eq!(last.unwrap_err().status(), 429);
    assert_eq!(passwords::ask_reset(&world.nobody_at("203.0.113.200"), EMAIL).await, Ok(()));
    let event = world.last_event(world.organization, "user.password_reset_asked").await;
    let named = (event.actor.as_str(), event.user_id, event.subject_name.as_deref());
    assert_eq!(named, ("anonymous", None, Some(EMAIL)), "it is nobody's act, and about somebody");
}

#[tokio::test]
async fn asvs_6_4_6_an_admin_starts_a_reset_and_never_learns_the_password() {
    let world = World::new().await;
    let organization = world.organization;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let hash = {
        let mut tx = world.store.write().await.unwrap();
        let ann = store::users::find(&mut tx, world.user).await.unwrap().unwrap();
        store::users::set_password_hash(&mut tx, bob, &ann.password_hash, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        ann.password_hash
    };
    assert!(!hash.is_empty());
    // Whom an identity provider made has no password, and gets a first one like that.
    let cleo = world.add_user("cleo@example.org", Some(false), true).await;
    let mut tx = world.store.write().await.unwrap();
    store::users::set_password_hash(&mut tx, cleo, "", world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(passwords::ask_reset(&world.nobody(), "cleo@example.org").await, Ok(()));
    assert_eq!(mailed(&world, MailKind::PasswordReset).await.1, 0, "not by themselves");
    passwords::ask_reset_for(&world.ctx(), organization, cleo).await.unwrap();
    reset(&world, &link(&world).await, "nine quiet herons listen").await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    passwords::ask_reset_for(&world.ctx(), organization, bob).await.unwrap();
    let event = world.last_event(organization, "user.password_reset_asked").await;
    assert_eq!((event.actor.as_str(), event.subject_name.as_deref()), (EMAIL, Some("bob@example.org")));
    assert!(!event.text.contains("password-reset"), "{}", event.text);
    let (text, _) = mailed(&world, MailKind::PasswordReset).await;
    assert!(text.starts_with("ann@example.org asked"), "{text}");
    // The weaker may not do it to the stronger, nor anybody to strangers.
    let refused = passwords::ask_reset_for(&world.ctx_of(bob), organization, world.user).await.unwrap_err();
    assert!(matches!(refused, Error::Denied { .. }), "{refused}");
    let (other, stranger) = world.another_organization("Other").await;
    assert_eq!(passwords::ask_reset_for(&world.ctx(), other, bob).await, Err(Error::NotFound));
    assert_eq!(passwords::ask_reset_for(&world.ctx(), organization, stranger).await, Err(Error::NotFound));
}

#[tokio::test]
async fn what_is_typed_is_judged_as_it_would_be_taken() {
    let world = World::new().await;
    let words = vec!["Ann Smith".to_owned(), "ann@example.org".to_owned()];
    for (password, is_met) in [(NEW, true), ("short", false), ("ann smith ann smith", false)] {
        let rules = passwords::judge(&world.nobody(), secret(password), words.clone()).await.unwrap();
        assert_eq!(rules.iter().all(|rule| rule.is_met), is_met, "{password}: {rules:?}");
        assert!(rules.iter().all(|rule| !rule.sentence.is_empty()));
    }
    // A token is not enough for one's own, which would tell how long it must be.
    let token = world.token_of(world.user, &[]).await;
    assert!(passwords::judge_own(&token, secret(NEW)).await.is_err());
    let old = world.control.context(
        world.origin("203.0.113.9"),
        Some(session(world.user, world.now().minus(Duration::from_secs(3600)))),
    );
    assert!(passwords::judge_own(&old, secret(NEW)).await.is_ok());
}

#[tokio::test]
async fn what_is_typed_behind_a_link_is_judged_for_its_person() {
    let world = World::new().await;
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let token = link(&world).await;
    // Long enough beside a second factor alone.
    let short = "zq7kvx2mwu";
    let judged = async || {
        let rules = passwords::judge_by_link(&world.nobody(), &token, secret(short)).await.unwrap();
        rules.iter().all(|rule| rule.is_met)
    };
    assert!(!judged().await);
    add_app(&world, world.user).await;
    assert!(judged().await);
    let unknown = passwords::judge_by_link(&world.nobody(), &secret("x"), secret(NEW)).await;
    assert_eq!(unknown.unwrap_err().status(), 409);
    reset(&world, &token, short).await.unwrap();
    let used = passwords::judge_by_link(&world.nobody(), &token, secret(NEW)).await;
    assert_eq!(used.unwrap_err().status(), 409);
}

#[tokio::test]
async fn asvs_6_2_12_the_operators_own_list_counts_wherever_a_password_is_chosen() {
    let mut world = World::new().await;
    let judged = async |world: &World| {
        let rules = passwords::judge_own(&world.ctx(), secret(NEW)).await.unwrap();
        rules.iter().filter(|rule| !rule.is_met).map(|rule| rule.sentence.clone()).collect::<Vec<_>>()
    };
    assert_eq!(judged(&world).await, [""; 0]);
    world.know(&[NEW]).await;
    let unmet = judged(&world).await;
    assert!(matches!(&unmet[..], [one] if one.contains("passwords that became known")), "{unmet:?}");
    let refused = change(&world, PASSWORD, NEW).await.unwrap_err();
    assert_eq!((refused.status(), refused.field()), (422, Some("password")), "{refused}");
    assert!(refused.to_string().contains("passwords that became known"), "{refused}");
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let token = link(&world).await;
    assert_eq!(reset(&world, &token, NEW).await.unwrap_err().status(), 422);
    assert_eq!(change(&world, PASSWORD, "copper lantern 9 willow dawn").await, Ok(0));
}
