//! The way back in for who lost every second factor: asking, the time to object, and what comes to pass.

use std::time::Duration;

use control::{
    factor_resets::{self, Linked},
    factors, mails, sessions, testing,
};
use domain::{
    errors::Error,
    ids::UserId,
    inputs::SignIn,
    secrets::Secret,
    sign_ins::{FactorKind, FactorResetOutcome, Proof},
    states::Outcome,
    views::{FactorResetView, MailView, OwnFactorResets},
};

use super::factors::{App, add_app};
use crate::{
    check::check_world,
    world::{EMAIL, PASSWORD, World, done},
};

const REASON: &str = "She called, and I know her voice.";
const BOB: &str = "bob@example.org";

/// A world with Bob, who has a factor.
async fn with_bob() -> (World, UserId, App) {
    let world = World::new().await;
    let bob = world.add_user(BOB, Some(false), true).await;
    let (app, _) = add_app(&world, bob).await;
    (world, bob, app)
}

async fn ask(world: &World, by: UserId, user: UserId) -> Result<(), Error> {
    factor_resets::ask(&world.ctx_of(by), world.organization, user, REASON).await.map(drop)
}

/// The mails to somebody whose subject holds that, newest first.
pub async fn mails_to(world: &World, recipient: &str, subject: &str) -> Vec<MailView> {
    let page = mails::list_for_operator(&world.control, None).await.unwrap();
    let mut found = Vec::new();
    for row in page.rows.into_iter().filter(|row| row.recipient == recipient && row.subject.contains(subject))
    {
        found.push(mails::view_for_operator(&world.control, row.id).await.unwrap());
    }
    found
}

/// The token in the mail to Bob.
async fn token(world: &World) -> Secret {
    let mail = mails_to(world, BOB, "are to be removed").await.remove(0);
    let body = mail.body.unwrap();
    let (_, rest) = body.expose().split_once("/factor-resets/").unwrap();
    Secret::new(rest.split_whitespace().next().unwrap().to_owned())
}

/// Whoever has a proof that is no second factor may add one while the request waits: it is none of those that were lost.
#[tokio::test]
async fn what_is_added_meanwhile_stays() {
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    super::policies::add_factor(&world, bob, FactorKind::Passkey).await;
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 1);
    let mut tx = world.store.read().await.unwrap();
    let left = store::factors::list_for_user(&mut tx, bob).await.unwrap();
    assert_eq!(left.iter().map(|factor| factor.kind).collect::<Vec<_>>(), [FactorKind::Passkey]);
    let newest = store::factor_resets::find_newest(&mut tx, bob).await.unwrap().unwrap();
    assert_eq!(newest.outcome, Some(FactorResetOutcome::MadeUp), "nothing is to be added");
}

/// What the link to object shows while it can be objected to.
async fn waiting(world: &World, token: &Secret) -> FactorResetView {
    match factor_resets::view(&world.nobody(), token).await.unwrap() {
        Linked::Waiting(view) => view,
        Linked::Over { told, .. } => panic!("{told}"),
    }
}

/// What it says once it cannot.
async fn over(world: &World, token: &Secret) -> &'static str {
    match factor_resets::view(&world.nobody(), token).await.unwrap() {
        Linked::Over { told, .. } => told,
        Linked::Waiting(_) => panic!("it is waiting"),
    }
}

async fn carry_out(world: &World) -> usize {
    testing::carry_out_factor_resets(&world.control).await.unwrap()
}

async fn has_factor(world: &World, user: UserId) -> bool {
    let mut tx = world.store.read().await.unwrap();
    !store::factors::list_for_user(&mut tx, user).await.unwrap().is_empty()
}

async fn sign_in(world: &World) -> sessions::SignInStep {
    let input = SignIn { email: BOB.into(), password: Secret::new(PASSWORD.into()) };
    sessions::sign_in(&world.nobody(), input).await.unwrap()
}

#[tokio::test]
async fn asvs_6_4_4_factors_go_a_day_after_it_was_asked() {
    for world in [World::new().await, World::postgres().await] {
        let bob = world.add_user(BOB, Some(false), true).await;
        add_app(&world, bob).await;
        let asked =
            factor_resets::ask(&world.ctx(), world.organization, bob, &format!(" {REASON} ")).await.unwrap();
        assert_eq!((asked.email.as_str(), asked.asked_by.as_str()), (BOB, "ann@example.org"));
        assert_eq!((asked.reason.as_str(), asked.due_at), (REASON, world.now().plus(factor_resets::WAITING)));
        let open = factor_resets::open_for(&world.ctx(), world.organization, bob).await.unwrap();
        assert_eq!(open, Some(asked));
        let event = world.last_event(world.organization, "user.factor_reset_asked").await;
        assert!(event.after.unwrap().contains(REASON));
        assert_eq!(event.subject_id, Some(bob.uuid()));
        world.clock.advance(factor_resets::WAITING - Duration::from_micros(1));
        assert_eq!(carry_out(&world).await, 0);
        assert!(has_factor(&world, bob).await);
        assert!(factors::own(&world.ctx_of(bob)).await.is_ok());
        world.clock.advance(Duration::from_micros(1));
        assert_eq!(carry_out(&world).await, 1);
        assert!(!has_factor(&world, bob).await);
        assert_eq!(carry_out(&world).await, 0, "once");
        let event = world.last_event(world.organization, "user.factor_reset_done").await;
        assert_eq!((event.outcome, event.actor.as_str()), (Outcome::Done, "system"));
        // Signed out everywhere; the password opens the account again.
        let refused = sessions::end_others(&world.ctx_of(bob)).await.unwrap_err();
        assert_eq!(refused.status(), 401);
        assert_eq!(done(sign_in(&world).await).proof, Proof::PASSWORD);
        let mut tx = world.store.read().await.unwrap();
        assert_eq!(store::recovery_codes::count_unused(&mut tx, bob).await.unwrap(), 0);
        drop(tx);
        assert_eq!(factor_resets::open_for(&world.ctx(), world.organization, bob).await.unwrap(), None);
        check_world(&world).await;
    }
}

#[tokio::test]
async fn the_person_and_every_super_admin_are_told() {
    let (world, bob, _) = with_bob().await;
    world.add_user("carol@example.org", Some(true), true).await;
    world.add_user("dave@example.org", Some(false), true).await;
    ask(&world, world.user, bob).await.unwrap();
    for (who, subject) in
        [(BOB, "Your second factors"), ("ann@example.org", "Second"), ("carol@example.org", "Second")]
    {
        let told = mails_to(&world, who, "are to be removed").await;
        assert_eq!(told.len(), 1, "{who}");
        assert!(told[0].row.subject.starts_with(subject));
        let body = told[0].body.as_ref().unwrap().expose();
        assert!(body.contains(REASON) && body.contains("ann@example.org") && body.contains(BOB), "{body}");
        assert_eq!(body.contains("/factor-resets/"), who == BOB, "only they object by a link");
    }
    assert!(mails_to(&world, "dave@example.org", "").await.is_empty());
    world.clock.advance(factor_resets::WAITING);
    carry_out(&world).await;
    for who in [BOB, "ann@example.org", "carol@example.org"] {
        assert_eq!(mails_to(&world, who, "were removed").await.len(), 1, "{who}");
    }
}

#[tokio::test]
async fn the_link_in_the_mail_objects() {
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    let token = token(&world).await;
    let view = waiting(&world, &token).await;
    assert_eq!((view.email.as_str(), view.reason.as_str()), (BOB, REASON));
    let unknown = Secret::new("x".repeat(43));
    assert_eq!(factor_resets::object(&world.nobody(), &unknown).await, Err(Error::NotFound));
    assert_eq!(factor_resets::view(&world.nobody(), &unknown).await, Err(Error::NotFound));
    factor_resets::object(&world.nobody(), &token).await.unwrap();
    let event = world.last_event(world.organization, "user.factor_reset_objected").await;
    assert_eq!((event.actor.as_str(), event.credential.as_deref()), (BOB, Some("objection link")));
    assert_eq!(factor_resets::object(&world.nobody(), &token).await.unwrap_err().status(), 409, "once");
    assert!(over(&world, &token).await.contains("stopped already"));
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
    assert!(!format!("{:?}", world.dump().await).contains(token.expose()), "the token is kept nowhere");
}

#[tokio::test]
async fn the_link_says_how_it_ended() {
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    let first = token(&world).await;
    factor_resets::withdraw(&world.ctx(), world.organization, bob).await.unwrap();
    assert!(over(&world, &first).await.contains("taken back"));
    world.clock.advance(Duration::from_secs(1));
    ask(&world, world.user, bob).await.unwrap();
    let second = token(&world).await;
    assert!(first.expose() != second.expose());
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(waiting(&world, &second).await.email, BOB, "until it comes to pass");
    assert_eq!(carry_out(&world).await, 1);
    let refused = factor_resets::object(&world.nobody(), &second).await.unwrap_err();
    assert!(
        refused.status() == 409 && refused.to_string().contains("nobody objected within a day"),
        "{refused}"
    );
    assert_eq!(over(&world, &second).await, refused.to_string());
    // Before its time it is the operator who does it, and the link says so.
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    let link = token(&world).await;
    factor_resets::reset_by_operator(&world.control, BOB).await.unwrap();
    let told = over(&world, &link).await;
    assert!(told.contains("whoever operates") && !told.contains("nobody objected"), "{told}");
}

#[tokio::test]
async fn who_has_lost_their_factors_is_told_until_they_add_one() {
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    world.clock.advance(factor_resets::WAITING);
    carry_out(&world).await;
    let removed_at = world.now();
    let told = async || factor_resets::own(&world.ctx_of(bob)).await.unwrap().removed_at;
    assert_eq!(told().await, Some(removed_at));
    let body = mails_to(&world, BOB, "were removed").await.remove(0).body.unwrap().expose().to_owned();
    assert!(!body.contains("If that was you") && body.contains("add a second factor"), "{body}");
    world.clock.advance(Duration::from_secs(60));
    // It took their sessions with it.
    world.add_session(bob).await;
    add_app(&world, bob).await;
    assert_eq!(told().await, None);
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    world.clock.advance(factor_resets::WAITING);
    carry_out(&world).await;
    world.clock.advance(factor_resets::TOLD);
    let own = factor_resets::own(&world.ctx_of(bob)).await.unwrap();
    assert_eq!(own, OwnFactorResets::default(), "not for ever");
}

#[tokio::test]
async fn who_is_signed_in_still_sees_it_and_objects() {
    let (world, bob, _) = with_bob().await;
    let ctx = world.ctx_of(bob);
    let nothing = OwnFactorResets::default();
    assert_eq!(factor_resets::own(&ctx).await.unwrap(), nothing);
    assert_eq!(factor_resets::object_own(&ctx).await.unwrap_err().status(), 409, "nothing to object to");
    let asked = factor_resets::ask(&world.ctx(), world.organization, bob, REASON).await.unwrap();
    assert_eq!(factor_resets::own(&world.ctx()).await.unwrap(), nothing, "it is about somebody else");
    let denied = factor_resets::object_own(&world.ctx()).await.unwrap_err();
    assert_eq!(denied.status(), 409, "and nobody objects for them");
    assert_eq!(factor_resets::own(&ctx).await.unwrap().waiting, Some(asked));
    let program = world.token_of(bob, &[]).await;
    assert!(matches!(factor_resets::object_own(&program).await, Err(Error::Denied { .. })));
    // Long after they have shown who they are.
    world.clock.advance(Duration::from_secs(3600));
    factor_resets::object_own(&ctx).await.unwrap();
    let event = world.last_event(world.organization, "user.factor_reset_objected").await;
    assert_eq!((event.actor.as_str(), event.subject_id), (BOB, Some(bob.uuid())));
    assert_eq!(factor_resets::own(&ctx).await.unwrap(), nothing);
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
}

#[tokio::test]
async fn what_it_does_and_what_stands_in_the_way_is_said_before() {
    let (world, bob, _) = with_bob().await;
    let organization = world.organization;
    let preview =
        async |by: UserId, user: UserId| factor_resets::preview(&world.ctx_of(by), organization, user).await;
    let before = preview(world.user, bob).await.unwrap();
    let (kinds, due_at) = (vec![FactorKind::Totp], world.now().plus(factor_resets::WAITING));
    assert_eq!((before.email.as_str(), before.factors, before.recovery_codes_left), (BOB, kinds, 10));
    assert_eq!((before.due_at, before.obstacle), (due_at, None));
    assert_eq!(
        factor_resets::open_for(&world.ctx(), organization, bob).await.unwrap(),
        None,
        "nothing is asked"
    );
    // What it says is what asking says.
    let carol = world.add_user("carol@example.org", Some(false), true).await;
    assert!(matches!(preview(carol, bob).await, Err(Error::Denied { .. })));
    world.grant(carol, "organization:users:write", None).await;
    let dave = world.add_user("dave@example.org", Some(false), true).await;
    add_app(&world, world.user).await;
    ask(&world, world.user, bob).await.unwrap();
    for (by, user) in [(carol, world.user), (carol, carol), (carol, dave), (carol, bob)] {
        let said = preview(by, user).await.unwrap();
        let refused = ask(&world, by, user).await.unwrap_err();
        assert_eq!(said.obstacle, Some(refused.to_string()));
        let is_hidden = said.factors.is_empty() && said.recovery_codes_left == 0;
        assert!(is_hidden || user == bob, "{refused}");
    }
    let nobody = UserId::from_uuid(world.uuid());
    assert_eq!(preview(carol, nobody).await, Err(Error::NotFound));
}

#[tokio::test]
async fn signing_in_with_a_factor_objects() {
    let (world, bob, app) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    let sessions::SignInStep::SecondFactor(ceremony) = sign_in(&world).await else { panic!("no factor") };
    assert_eq!(world.count_events("user.factor_reset_objected").await, 0, "the password alone does not");
    let asked = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap();
    assert_eq!(asked.reset_due_at, Some(world.now().plus(factor_resets::WAITING)));
    let signed_in = sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 0)).await;
    assert!(signed_in.ok().unwrap().has_stopped_reset);
    assert_eq!(world.count_events("user.factor_reset_objected").await, 1);
    for whom in ["bob@example.org", EMAIL] {
        let mails = mails_to(&world, whom, "A reset of second factors on Redoubt was stopped").await;
        let body = mails[0].body.as_ref().unwrap().expose().to_owned();
        assert!(mails.len() == 1 && body.contains("signed in with one"), "{body}");
    }
    assert_eq!(factor_resets::open_for(&world.ctx(), world.organization, bob).await.unwrap(), None);
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
}

/// Whoever asked for it hears that it was stopped: once, and wherever the person belongs by now.
#[tokio::test]
async fn who_asked_hears_of_an_objection_wherever_the_person_has_gone() {
    let (world, bob, _) = with_bob().await;
    let (other, owner) = world.another_organization("Other").await;
    ask(&world, world.user, bob).await.unwrap();
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, bob, false, world.now()).await.unwrap();
    assert!(store::memberships::remove(&mut tx, world.organization, bob).await.unwrap());
    let owner = store::users::find(&mut tx, owner).await.unwrap().unwrap().email;
    tx.commit().await.unwrap();
    factor_resets::object_own(&world.ctx_of(bob)).await.unwrap();
    for whom in [EMAIL, BOB, &owner] {
        let mails = mails_to(&world, whom, "A reset of second factors on Redoubt was stopped").await;
        assert_eq!(mails.len(), 1, "{whom}");
        let body = mails[0].body.as_ref().unwrap().expose();
        let (said, unsaid) = match whom == BOB {
            true => ("you stopped it in your profile", "they "),
            false => ("they stopped it in their profile", "you "),
        };
        assert!(body.contains(said) && !body.contains(unsaid), "{whom}: {body}");
    }
}

#[tokio::test]
async fn an_admin_takes_it_back() {
    let (world, bob, _) = with_bob().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    assert_eq!(factor_resets::withdraw(&ctx, organization, bob).await.unwrap_err().status(), 409);
    ask(&world, world.user, bob).await.unwrap();
    assert_eq!(ask(&world, world.user, bob).await.unwrap_err().status(), 409, "asked already");
    factor_resets::withdraw(&ctx, organization, bob).await.unwrap();
    assert_eq!(world.event_types().await.last().unwrap(), "user.factor_reset_withdrawn");
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
}

#[tokio::test]
async fn who_may_ask_it_and_for_whom() {
    let (world, bob, _) = with_bob().await;
    let organization = world.organization;
    let carol = world.add_user("carol@example.org", Some(false), true).await;
    add_app(&world, world.user).await;
    assert!(matches!(ask(&world, carol, bob).await, Err(Error::Denied { .. })));
    world.grant(carol, "organization:users:write", None).await;
    let refused = ask(&world, carol, world.user).await.unwrap_err();
    assert!(matches!(&refused, Error::Forbidden { reason } if reason.contains("super admin")), "{refused}");
    assert_eq!(ask(&world, carol, carol).await.unwrap_err().status(), 409, "oneself");
    let nobody = UserId::from_uuid(world.uuid());
    assert_eq!(ask(&world, carol, nobody).await, Err(Error::NotFound));
    let (elsewhere, stranger) = world.another_organization("Other").await;
    assert_eq!(ask(&world, carol, stranger).await, Err(Error::NotFound));
    let dave = world.add_user("dave@example.org", Some(false), true).await;
    assert_eq!(ask(&world, carol, dave).await.unwrap_err().status(), 409, "who has no factor");
    let empty = factor_resets::ask(&world.ctx_of(carol), organization, bob, " ").await.unwrap_err();
    assert_eq!(empty.field(), Some("reason"));
    let token = world.token_of(carol, &[]).await;
    assert!(factor_resets::ask(&token, organization, bob, REASON).await.is_ok(), "a program of an admin may");
    factor_resets::withdraw(&world.ctx(), organization, bob).await.unwrap();
    // Their factors open another organization as well, where the actor is nobody.
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, bob, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    for by in [carol, world.user] {
        let refused = ask(&world, by, bob).await.unwrap_err();
        assert!(matches!(&refused, Error::Forbidden { reason } if !reason.contains("Other")), "{refused}");
    }
    let event = world.last_event(organization, "action.denied").await;
    assert_eq!(event.outcome, Outcome::Denied);
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, world.user, true, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(ask(&world, world.user, bob).await.is_ok(), "who manages people in both may");
}

#[tokio::test]
async fn asvs_6_3_1_it_is_asked_so_often_an_hour() {
    let (world, bob, _) = with_bob().await;
    for _ in 0..5 {
        ask(&world, world.user, bob).await.unwrap();
        factor_resets::withdraw(&world.ctx(), world.organization, bob).await.unwrap();
    }
    assert_eq!(ask(&world, world.user, bob).await, Err(Error::limited(3600)));
    world.clock.advance(Duration::from_secs(3600));
    assert!(ask(&world, world.user, bob).await.is_ok());
}

/// Who asked and may not any more when the time is over has asked for nothing.
#[tokio::test]
async fn it_comes_to_pass_only_if_who_asked_still_may() {
    let (world, bob, _) = with_bob().await;
    let carol = world.add_user("carol@example.org", Some(false), true).await;
    world.grant(carol, "organization:users:write", None).await;
    ask(&world, carol, bob).await.unwrap();
    control::users::deactivate(&world.ctx(), world.organization, carol).await.unwrap();
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
    assert_eq!(world.event_types().await.last().unwrap(), "user.factor_reset_withdrawn");
    let open = factor_resets::open_for(&world.ctx(), world.organization, bob).await.unwrap();
    assert_eq!(open, None, "it is over");
}

/// Nor if the person joined an organization meanwhile in which who asked is nobody.
#[tokio::test]
async fn it_does_not_come_to_pass_over_the_head_of_another_organization() {
    let (world, bob, _) = with_bob().await;
    ask(&world, world.user, bob).await.unwrap();
    let (elsewhere, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, bob, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(factor_resets::WAITING);
    assert_eq!(carry_out(&world).await, 0);
    assert!(has_factor(&world, bob).await);
    world.last_event(elsewhere, "user.factor_reset_withdrawn").await;
}

/// Who is shut out of another organization of the person's is nobody there, whatever they were.
#[tokio::test]
async fn who_is_shut_out_elsewhere_does_not_ask() {
    let (world, bob, _) = with_bob().await;
    let (elsewhere, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, world.user, true, world.now()).await.unwrap();
    store::memberships::add(&mut tx, elsewhere, bob, false, world.now()).await.unwrap();
    store::memberships::set_active(&mut tx, elsewhere, world.user, false).await.unwrap();
    tx.commit().await.unwrap();
    let refused = ask(&world, world.user, bob).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }), "{refused}");
    let mut tx = world.store.write().await.unwrap();
    store::memberships::set_active(&mut tx, elsewhere, world.user, true).await.unwrap();
    tx.commit().await.unwrap();
    ask(&world, world.user, bob).await.unwrap();
}

/// For the only super admin nobody else could ask.
#[tokio::test]
async fn whoever_operates_the_installation_resets_at_once() {
    let (world, bob, _) = with_bob().await;
    let reset = async |email: &str| factor_resets::reset_by_operator(&world.control, email).await;
    assert_eq!(reset("nobody@example.org").await, Err(Error::NotFound));
    assert_eq!(reset(EMAIL).await.unwrap_err().status(), 409, "they have none");
    ask(&world, world.user, bob).await.unwrap();
    assert_eq!(reset(" BOB@example.org ").await, Ok(1));
    assert!(!has_factor(&world, bob).await);
    assert_eq!(factor_resets::open_for(&world.ctx(), world.organization, bob).await.unwrap(), None);
    let event = world.last_event(world.organization, "user.factor_reset_done").await;
    assert_eq!((event.actor.as_str(), event.subject_name.as_deref()), ("operator", Some("bob@example.org")));
    for (whom, subject) in
        [("bob@example.org", "The second factors of your"), (EMAIL, "Second factors on Redoubt were removed")]
    {
        let mails = mails_to(&world, whom, subject).await;
        let body = mails[0].body.as_ref().unwrap().expose().to_owned();
        assert!(mails.len() == 1 && body.contains("by whoever operates"), "{body}");
    }
    assert_eq!(reset("bob@example.org").await.unwrap_err().status(), 409);
}
