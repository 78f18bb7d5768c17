//! The authentication policy: whom it turns away at once, what is said to them, how it is changed, and who gets past it.

use std::time::Duration;

use control::{
    organizations, policies, projects, sessions,
    testing::{overtaken, session_key},
    tokens, users,
};
use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, UserId},
    inputs::{CreateToken, EditAuthenticationPolicy},
    policies::{AuthenticationPolicy, Rule},
    principals::MailKind,
    sign_ins::{FactorKind, Proof},
    states::Outcome,
};
use store::{access::Target, factors::Factor};

use crate::world::{PROJECT, World};

const HERE: &str = "203.0.113.9";

/// The form as the page shows it for the policy that everybody begins with.
pub(super) fn usual() -> EditAuthenticationPolicy {
    form(&AuthenticationPolicy::default(), 0)
}

/// The form that asks for a policy.
pub(super) fn form(policy: &AuthenticationPolicy, generation: i64) -> EditAuthenticationPolicy {
    EditAuthenticationPolicy {
        password_allowed: policy.password_allowed,
        second_factor_required: policy.second_factor_required,
        identity_provider_required: policy.identity_provider_required,
        other_providers_allowed: policy.other_providers_allowed,
        oidc_allowed: policy.oidc_allowed,
        personal_tokens_allowed: policy.personal_tokens_allowed,
        tokens_bound: policy.tokens_bound,
        token_seconds_max: policy.token_seconds_max.map(|seconds| seconds.to_string()).unwrap_or_default(),
        addresses: policy.addresses.iter().map(|range| format!("{range}\n")).collect(),
        idle_seconds: policy.idle_seconds.to_string(),
        session_seconds: policy.session_seconds.to_string(),
        password_chars_min: policy.password_chars_min.to_string(),
        password_chars_min_alone: policy.password_chars_min_alone.to_string(),
        generation,
    }
}

/// Sets what is stored, whatever a save would say to it.
pub(super) async fn store(world: &World, organization: OrganizationId, policy: &str) {
    let mut tx = world.store.write().await.unwrap();
    let now = store::authentication_policies::find(&mut tx, organization).await.unwrap();
    let generation = now.map_or(0, |row| row.generation);
    let set = store::authentication_policies::set(&mut tx, organization, generation, policy, world.now());
    assert!(set.await.unwrap());
    tx.commit().await.unwrap();
}

async fn set(world: &World, policy: &AuthenticationPolicy) {
    store(world, world.organization, &serde_json::to_string(policy).unwrap()).await;
}

/// Gives somebody a second factor.
pub(super) async fn add_factor(world: &World, user: UserId, kind: FactorKind) {
    let factor = Factor {
        id: domain::ids::FactorId::from_uuid(world.uuid()),
        user_id: user,
        kind,
        name: "theirs".into(),
        secret_sealed: None,
        last_step: None,
        credential_id: Some(world.uuid().as_bytes().to_vec()),
        credential: None,
        created_at: world.now(),
        last_used_at: None,
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::factors::add(&mut tx, &factor).await.unwrap());
    tx.commit().await.unwrap();
}

fn refused(rule: Rule) -> Error {
    Error::TurnedAway { rule, organization: "Acme".into() }
}

#[tokio::test]
async fn who_shows_too_little_is_told_the_rule_and_strangers_nothing() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    set(&world, &AuthenticationPolicy { second_factor_required: true, ..Default::default() }).await;
    let (weak, organization) = (world.ctx_of(bob), world.organization);
    assert_eq!(organizations::view(&weak, organization).await.unwrap_err(), refused(Rule::SecondFactor));
    let event = world.last_event(organization, "action.denied").await;
    assert_eq!((event.outcome, event.user_id), (Outcome::Denied, Some(bob)));
    assert!(event.text.contains("second_factor"), "{}", event.text);
    // Of what they may not know of they learn nothing, and nor do strangers of anything.
    assert_eq!(projects::view(&weak, PROJECT).await.unwrap_err(), Error::NotFound);
    let (_, stranger) = world.another_organization("Other").await;
    let theirs = world.ctx_of(stranger);
    assert_eq!(organizations::view(&theirs, organization).await.unwrap_err(), Error::NotFound);
    // With a second factor they are in; a session of before it was kept counts as a password's.
    let strong = world.signed_in(bob, Proof::password_and(FactorKind::Totp), HERE).await;
    assert!(organizations::view(&strong, organization).await.is_ok());

    let profile = sessions::profile(&weak).await.unwrap();
    let shown = &profile.organizations[0];
    assert_eq!((shown.name.as_str(), shown.refused_by), ("Acme", Some(Rule::SecondFactor)));
    assert!(!shown.powers.is_member && !shown.is_super_admin && shown.powers.granted.is_empty());
    assert_eq!(sessions::profile(&strong).await.unwrap().organizations[0].refused_by, None);
}

#[tokio::test]
async fn addresses_count_for_people_and_tokens_alike() {
    let world = World::new().await;
    let input = CreateToken { description: "x".into(), ..CreateToken::default() };
    let token = tokens::create(&world.ctx(), &input).await.unwrap().token;
    let listed = vec!["192.0.2.0/24".parse().unwrap()];
    set(&world, &AuthenticationPolicy { addresses: listed, ..Default::default() }).await;
    for (address, expected) in
        [("192.0.2.7", Ok(())), ("::ffff:192.0.2.7", Ok(())), (HERE, Err(refused(Rule::Address)))]
    {
        let ctx = world.signed_in(world.user, Proof::PASSKEY, address).await;
        assert_eq!(organizations::view(&ctx, world.organization).await.map(drop), expected, "{address}");
        let ctx = tokens::authenticate(&world.control, world.origin(address), &token).await.unwrap();
        assert_eq!(organizations::view(&ctx, world.organization).await.map(drop), expected, "{address}");
    }
    // From nowhere that anybody knows, a list lets nobody in.
    let origin = control::Origin { address: None, ..world.origin(HERE) };
    let session = control::testing::session(world.user, world.now());
    let ctx = world.control.context(origin, Some(session));
    assert_eq!(organizations::view(&ctx, world.organization).await.unwrap_err(), refused(Rule::Address));
}

#[tokio::test]
async fn tokens_are_turned_away_by_their_own_rules() {
    let world = World::new().await;
    let make = async |ctx: &control::Context| {
        let input = CreateToken { description: "x".into(), ..CreateToken::default() };
        tokens::create(ctx, &input).await.unwrap().token
    };
    let strong = world.signed_in(world.user, Proof::password_and(FactorKind::Totp), HERE).await;
    let (weak, strong) = (make(&world.ctx()).await, make(&strong).await);
    world.clock.advance(Duration::from_secs(700));
    let answer = async |token| {
        let ctx = tokens::authenticate(&world.control, world.origin(HERE), token).await.unwrap();
        organizations::view(&ctx, world.organization).await.map(drop)
    };
    let bound =
        AuthenticationPolicy { tokens_bound: true, second_factor_required: true, ..Default::default() };
    for (policy, of_weak, of_strong) in [
        (AuthenticationPolicy::default(), Ok(()), Ok(())),
        (bound, Err(refused(Rule::TokenMethod)), Ok(())),
        (AuthenticationPolicy { second_factor_required: true, ..Default::default() }, Ok(()), Ok(())),
        (
            AuthenticationPolicy { personal_tokens_allowed: false, ..Default::default() },
            Err(refused(Rule::PersonalToken)),
            Err(refused(Rule::PersonalToken)),
        ),
        (
            AuthenticationPolicy { token_seconds_max: Some(600), ..Default::default() },
            Err(refused(Rule::TokenAge)),
            Err(refused(Rule::TokenAge)),
        ),
    ] {
        set(&world, &policy).await;
        assert_eq!((answer(&weak).await, answer(&strong).await), (of_weak, of_strong), "{policy:?}");
        let names: Vec<String> =
            (!policy.personal_tokens_allowed).then(|| "Acme".to_owned()).into_iter().collect();
        assert_eq!(tokens::refused_by(&world.ctx()).await.unwrap(), names);
    }
}

/// What was allowed when the permit was given is not written once it is not any more.
async fn a_session_that_is_overtaken_writes_nothing(world: World) {
    let (ctx, target) = (world.ctx(), Target::Organization(world.organization));
    let bob = world.add_user("bob@example.org", Some(true), true).await;
    let his = world.ctx_of(bob);
    overtaken(&his, Action::CreateProject, target, async {}).await.unwrap();
    let answer = overtaken(&his, Action::CreateProject, target, async {
        set(&world, &AuthenticationPolicy { second_factor_required: true, ..Default::default() }).await;
    });
    assert_eq!(answer.await, Err(refused(Rule::SecondFactor)));
    let event = world.last_event(world.organization, "action.denied").await;
    assert!(event.text.contains("second_factor"), "{}", event.text);
    set(&world, &AuthenticationPolicy::default()).await;
    // The session ends, or becomes somebody else's.
    let ended = Err(Error::Unauthenticated { reason: "This session has ended.".into() });
    let answer = overtaken(&his, Action::CreateProject, target, world.end_session(bob));
    assert_eq!(answer.await, ended);
    let answer = overtaken(&ctx, Action::CreateProject, target, async {
        let row = store::sessions::Row { user_id: Some(bob), ..world.session_row(world.user) };
        let mut tx = world.store.write().await.unwrap();
        assert!(store::sessions::set_data(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
    });
    assert_eq!(answer.await, ended);
    // Nor does one of those write about oneself.
    assert_eq!(organizations::create(&ctx, "Another").await.map(drop), ended);
}

#[tokio::test]
async fn a_session_that_is_overtaken_writes_nothing_on_sqlite() {
    a_session_that_is_overtaken_writes_nothing(World::new().await).await;
}

#[tokio::test]
async fn a_session_that_is_overtaken_writes_nothing_on_postgres() {
    a_session_that_is_overtaken_writes_nothing(World::postgres().await).await;
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_lets_nobody_in() {
    let world = World::new().await;
    store(&world, world.organization, "{\"of_tomorrow\":true}").await;
    let ctx = world.ctx();
    let answer = organizations::view(&ctx, world.organization).await;
    assert!(matches!(answer, Err(Error::Internal { .. })), "{answer:?}");
    let shown = &sessions::profile(&ctx).await.unwrap().organizations[0];
    assert!(shown.name == "Acme" && !shown.powers.is_member && !shown.is_super_admin);
    // Its people's sessions last as short as can be.
    let key = session_key(world.user);
    let (_, limits) = world.control.session_rows().load(&key).await.unwrap().unwrap();
    assert_eq!((limits.idle.as_secs(), limits.age.as_secs()), (300, 1800));
}

#[tokio::test]
async fn asvs_7_1_1_sessions_last_as_the_strictest_organization_says() {
    let world = World::new().await;
    let (other, _) = world.another_organization("Other").await;
    let rows = world.control.session_rows();
    let limits = async || {
        let limits = rows.limits(Some(world.user)).await.unwrap();
        (limits.idle.as_secs(), limits.age.as_secs())
    };
    assert_eq!(limits().await, (3600, 86_400));
    set(&world, &AuthenticationPolicy { idle_seconds: 600, ..Default::default() }).await;
    let strict = AuthenticationPolicy { idle_seconds: 300, session_seconds: 7200, ..Default::default() };
    store(&world, other, &serde_json::to_string(&strict).unwrap()).await;
    assert_eq!(limits().await, (600, 86_400), "they do not belong to the other one");
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, world.user, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(limits().await, (300, 7200));
    assert_eq!(rows.limits(None).await.unwrap().idle.as_secs(), 3600);
}

#[tokio::test]
async fn what_was_confirmed_is_what_is_saved() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    add_factor(&world, world.user, FactorKind::Totp).await;
    world.add_user("bob@example.org", Some(false), true).await;
    let input = EditAuthenticationPolicy { second_factor_required: true, ..usual() };
    let preview = policies::preview(&ctx, organization, &input).await.unwrap();
    assert_eq!(preview.changes, ["second factor required: off → on"]);
    assert_eq!(preview.own_refusal, Some(Rule::SecondFactor), "they are signed in with a password alone");
    let told: Vec<_> = preview.people.iter().map(|row| (row.is_self, row.can_return, row.rule)).collect();
    assert_eq!(told, [(false, false, Rule::SecondFactor), (true, true, Rule::SecondFactor)]);
    assert_eq!((preview.totals.people_losing, preview.totals.people_returning), (1, 1));
    assert_eq!(world.count_events("policy.changed").await, 0);

    let conflict = |answer: Result<_, Error>| matches!(answer, Err(Error::Conflict { .. }));
    assert!(
        conflict(policies::save(&ctx, organization, &input, "").await.map(drop)),
        "nothing was confirmed"
    );
    // One more would lose access by now, and another change was not looked at.
    world.add_user("cy@example.org", Some(false), true).await;
    let confirmed = &preview.confirmation;
    assert!(conflict(policies::save(&ctx, organization, &input, confirmed).await.map(drop)));
    let another = EditAuthenticationPolicy { password_allowed: false, ..input.clone() };
    assert!(policies::save(&ctx, organization, &another, confirmed).await.is_err());
    let preview = policies::preview(&ctx, organization, &input).await.unwrap();
    let saved = policies::save(&ctx, organization, &input, &preview.confirmation).await.unwrap();
    assert_eq!((saved.generation, saved.policy.second_factor_required), (1, true));
    let event = world.last_event(organization, "policy.changed").await;
    assert!(event.text.ends_with("second factor required: off → on"), "{}", event.text);
    assert!(event.before.unwrap().contains("\"second_factor_required\":false"));
    assert_eq!(policies::view(&ctx, organization).await.unwrap_err(), refused(Rule::SecondFactor));
}

#[tokio::test]
async fn who_comes_second_is_told_both_versions() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let input = EditAuthenticationPolicy { idle_seconds: "900".into(), ..usual() };
    let preview = policies::preview(&ctx, organization, &input).await.unwrap();
    policies::save(&ctx, organization, &input, &preview.confirmation).await.unwrap();
    let late = EditAuthenticationPolicy { oidc_allowed: false, ..usual() };
    for answer in [
        policies::preview(&ctx, organization, &late).await.map(drop),
        policies::save(&ctx, organization, &late, "x").await.map(drop),
    ] {
        let told = answer.unwrap_err().to_string();
        assert!(told.contains("It is now OpenID Connect on, session without use 15 minutes"), "{told}");
        assert!(told.contains("you sent OpenID Connect off, session without use 1 hour"), "{told}");
    }
    // Saved just as it is, it stays as it is.
    let same = form(&AuthenticationPolicy { idle_seconds: 900, ..Default::default() }, 1);
    assert_eq!(policies::save(&ctx, organization, &same, "").await.unwrap().generation, 1);
    assert_eq!(world.count_events("policy.changed").await, 1);
}

#[tokio::test]
async fn nobody_is_locked_out_for_good() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let preview = async |input: EditAuthenticationPolicy| policies::preview(&ctx, organization, &input).await;
    let error = preview(EditAuthenticationPolicy { addresses: "192.0.2.0/24".into(), ..usual() }).await;
    let error = error.unwrap_err();
    assert_eq!(error.field(), Some("addresses"));
    assert!(error.to_string().contains(HERE), "{error}");
    let error = preview(EditAuthenticationPolicy { identity_provider_required: true, ..usual() }).await;
    assert_eq!(error.unwrap_err().field(), Some("identity_provider_required"));
    // No super admin has a second factor, or a passkey, though others have.
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    add_factor(&world, bob, FactorKind::Passkey).await;
    let required = EditAuthenticationPolicy { second_factor_required: true, ..usual() };
    for input in [required.clone(), EditAuthenticationPolicy { password_allowed: false, ..usual() }] {
        let error = preview(input.clone()).await.unwrap_err();
        assert!(error.to_string().contains("No super admin could sign in"), "{error}");
        assert_eq!(policies::save(&ctx, organization, &input, "x").await.unwrap_err(), error);
    }
    // Nor does one who is shut out count.
    let out = world.add_user("out@example.org", Some(true), true).await;
    add_factor(&world, out, FactorKind::Totp).await;
    users::deactivate(&ctx, organization, out).await.unwrap();
    assert!(preview(required.clone()).await.is_err());
    users::reactivate(&ctx, organization, out).await.unwrap();
    assert!(preview(required).await.is_ok());
}

#[tokio::test]
async fn break_glass_is_for_super_admins_and_never_unnoticed() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let eve = world.add_user("eve@example.org", Some(true), true).await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let set_glass = async |ctx: &control::Context, user, is_on| {
        policies::set_break_glass(ctx, organization, user, is_on).await
    };
    let denied = Err(Error::Denied { permission: "super admin".into() });
    assert_eq!(set_glass(&world.ctx_of(bob), eve, true).await, denied);
    assert!(matches!(set_glass(&ctx, bob, true).await, Err(Error::Conflict { .. })));
    set_glass(&ctx, eve, true).await.unwrap();
    assert!(matches!(set_glass(&ctx, eve, true).await, Err(Error::Conflict { .. })));
    let rows = policies::view(&ctx, organization).await.unwrap().super_admins;
    let exempt: Vec<_> = rows.iter().filter(|row| row.break_glass_at.is_some()).collect();
    assert_eq!(exempt.len(), 1);
    assert_eq!(exempt[0].user_id, eve);
    let event = world.last_event(organization, "policy.break_glass_changed").await;
    assert_eq!(event.subject_id, Some(eve.uuid()));

    let required = AuthenticationPolicy {
        identity_provider_required: true,
        second_factor_required: true,
        ..Default::default()
    };
    set(&world, &required).await;
    let view = async |ctx: &control::Context| organizations::view(ctx, organization).await.map(drop);
    assert_eq!(view(&ctx).await, Err(refused(Rule::IdentityProvider)));
    assert_eq!(view(&world.ctx_of(eve)).await, Err(refused(Rule::SecondFactor)), "never spared");
    assert_eq!(world.count_events("policy.break_glass_used").await, 0);
    let one = world.signed_in(eve, Proof::PASSKEY, HERE).await;
    world.clock.advance(Duration::from_micros(1));
    let other = world.signed_in(eve, Proof::password_and(FactorKind::Totp), HERE).await;
    for (ctx, uses) in [(&one, 1), (&one, 1), (&other, 2), (&one, 2)] {
        assert_eq!(view(ctx).await, Ok(()));
        assert_eq!(world.count_events("policy.break_glass_used").await, uses);
    }
    // A step-up gives a session another id: it is the same one.
    let rows = world.control.session_rows();
    let (mut row, _) = rows.load(one.session().unwrap()).await.unwrap().unwrap();
    rows.remove(&row.key_hash).await.unwrap();
    row.key_hash = vec![5; 32];
    assert!(rows.add(&row).await.unwrap());
    let (key_hash, proven_at) = (row.key_hash, Some(world.now()));
    let session = control::Session { key_hash, user: eve, proof: Proof::PASSKEY, proven_at, name: None };
    let one = world.control.context(world.origin(HERE), Some(session));
    assert_eq!(view(&one).await, Ok(()));
    assert_eq!(world.count_events("policy.break_glass_used").await, 2);
    let mut tx = world.store.read().await.unwrap();
    let mails = store::mails::list(&mut tx, Some(organization), None, None, 50).await.unwrap();
    drop(tx);
    let mut told: Vec<_> = mails.iter().filter(|mail| mail.kind == MailKind::BreakGlassUsed).collect();
    told.sort_by_key(|mail| mail.recipient.clone());
    let told: Vec<_> = told.iter().map(|mail| mail.recipient.as_str()).collect();
    assert_eq!(told, ["ann@example.org", "ann@example.org", "eve@example.org", "eve@example.org"]);
    // The last one stays while the identity provider is required; who is no super admin any more has nothing.
    assert!(matches!(set_glass(&one, eve, false).await, Err(Error::Conflict { .. })));
    add_factor(&world, eve, FactorKind::Passkey).await;
    set_glass(&one, world.user, true).await.unwrap();
    users::set_super_admin(&one, organization, world.user, false).await.unwrap();
    users::set_super_admin(&one, organization, world.user, true).await.unwrap();
    let ann = world.signed_in(world.user, Proof::PASSKEY, HERE).await;
    assert_eq!(view(&ann).await, Err(refused(Rule::IdentityProvider)), "made one again, but not exempt");
}

/// What lives longer than that opens nothing there in the end; where no personal token does, no age is good.
#[tokio::test]
async fn the_strictest_age_of_ones_own_tokens_is_told() {
    let world = World::new().await;
    let strictest = async || tokens::strictest_age(&world.ctx()).await.unwrap();
    assert_eq!(strictest().await, None);
    let limited = AuthenticationPolicy { token_seconds_max: Some(86_400), ..Default::default() };
    set(&world, &limited).await;
    let told = strictest().await.unwrap();
    assert_eq!((told.organization.as_str(), told.seconds), ("Acme", 86_400));
    set(&world, &AuthenticationPolicy { personal_tokens_allowed: false, ..limited }).await;
    assert_eq!(strictest().await, None);
}
