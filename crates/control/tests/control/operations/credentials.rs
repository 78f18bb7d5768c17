//! Passkeys and security keys, with an authenticator of software: adding them, and signing in with them and no password, or
//! after it.

use std::time::Duration;

use control::{Context, ceremonies, factors, sessions, step_up};
use domain::{
    errors::Error,
    ids::UserId,
    secrets::Secret,
    sign_ins::{FactorKind, Proof},
    states::Outcome,
    views::AddedFactor,
};
use identity::testing::SoftAuthenticator;

use super::factors::{add_app, with_password};
use crate::{
    check::check_world,
    world::{PASSWORD, World},
};

/// The console of the tests.
const URL: &str = "http://localhost:8080";

async fn add_passkey(world: &World, user: UserId, device: &mut SoftAuthenticator) -> AddedFactor {
    let ctx = world.ctx_of(user);
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = device.create(&begun.shown).unwrap();
    factors::finish_passkey(&ctx, &begun.ceremony, "Laptop", &answer).await.ok().unwrap().shown
}

async fn add_security_key(world: &World, user: UserId, device: &mut SoftAuthenticator) -> AddedFactor {
    let ctx = world.ctx_of(user);
    let begun = factors::begin_security_key(&ctx, "").await.unwrap();
    let answer = device.create(&begun.shown).unwrap();
    factors::finish_security_key(&ctx, &begun.ceremony, "", &answer).await.ok().unwrap().shown
}

/// Signs in with the passkey of a device; who it is, and what they showed.
async fn sign_in(world: &World, device: &mut SoftAuthenticator) -> Result<(UserId, Proof), Error> {
    let begun = sessions::begin_passkey(&world.nobody()).await.unwrap();
    let answer = device.get(&begun.shown).unwrap();
    let signed_in = sessions::sign_in_with_passkey(&world.nobody(), &begun.ceremony, &answer).await?;
    Ok((signed_in.user, signed_in.proof))
}

/// What the device answers to a page that asks for a second factor.
async fn respond(world: &World, ceremony: &Secret, device: &mut SoftAuthenticator) -> String {
    let view = sessions::second_factor(&world.nobody(), ceremony).await.unwrap();
    device.get(&view.options.unwrap()).unwrap()
}

async fn end(world: &World, ceremony: &Secret, answer: &str) -> Result<Proof, Error> {
    let signed_in = sessions::sign_in_with_security_key(&world.nobody(), ceremony, answer).await?;
    Ok(signed_in.proof)
}

#[tokio::test]
async fn asvs_6_3_3_a_passkey_signs_in_without_a_password() {
    for world in [World::new().await, World::postgres().await] {
        let mut device = SoftAuthenticator::new(URL);
        let added = add_passkey(&world, world.user, &mut device).await;
        assert_eq!((added.factor.kind, added.factor.name.as_str()), (FactorKind::Passkey, "Laptop"));
        assert_eq!(added.recovery_codes.unwrap().len(), 10);
        assert_eq!(sign_in(&world, &mut device).await, Ok((world.user, Proof::PASSKEY)));
        let event = world.last_event(world.organization, "user.signed_in").await;
        assert_eq!((event.credential.as_deref(), event.actor.as_str()), (Some("passkey"), "ann@example.org"));
        let own = factors::own(&world.ctx()).await.unwrap();
        assert_eq!(own.factors[0].last_used_at, Some(world.now()));
        assert!(!own.factors[0].is_synced);
        // Its counter is kept: the next one counts on.
        assert!(sign_in(&world, &mut device).await.is_ok());
        check_world(&world).await;
    }
}

#[tokio::test]
async fn a_passkey_that_is_synchronised_is_told_apart() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    (device.backup, device.counter, device.counts) = ((true, true), 0, false);
    add_passkey(&world, world.user, &mut device).await;
    assert!(factors::own(&world.ctx()).await.unwrap().factors[0].is_synced);
    // It does not count, and is taken all the same.
    assert!(sign_in(&world, &mut device).await.is_ok());
    assert!(sign_in(&world, &mut device).await.is_ok());
}

#[tokio::test]
async fn asvs_6_5_1_an_answer_of_a_passkey_is_taken_once() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, world.user, &mut device).await;
    let begun = sessions::begin_passkey(&world.nobody()).await.unwrap();
    let answer = device.get(&begun.shown).unwrap();
    let status = async |ceremony: &Secret, answer: &str| {
        let answer = sessions::sign_in_with_passkey(&world.nobody(), ceremony, answer).await;
        answer.err().map_or(200, |error| error.status())
    };
    assert_eq!(status(&begun.ceremony, &answer).await, 200);
    assert_eq!(status(&begun.ceremony, &answer).await, 401, "the same again");
    let other = sessions::begin_passkey(&world.nobody()).await.unwrap();
    assert_eq!(status(&other.ceremony, &answer).await, 401, "to another challenge");
    let fresh = device.get(&other.shown).unwrap();
    assert_eq!(status(&other.ceremony, &fresh).await, 401, "a wrong answer has ended it");
    let late = sessions::begin_passkey(&world.nobody()).await.unwrap();
    let answer = device.get(&late.shown).unwrap();
    world.clock.advance(ceremonies::LIFETIME);
    assert_eq!(status(&late.ceremony, &answer).await, 401, "too late");
    assert_eq!(status(&Secret::new(String::new()), &answer).await, 401);
}

/// What a hostile page, a copied key, somebody else's passkey and a device without its user come to.
#[tokio::test]
async fn asvs_6_3_3_wrong_answers_of_passkeys_are_refused_and_on_record() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, world.user, &mut device).await;
    let refused = async |device: &mut SoftAuthenticator, told: &str| {
        let error = sign_in(&world, device).await.unwrap_err();
        assert_eq!(error.status(), 401);
        assert!(error.to_string().contains(told), "{error}");
    };
    device.origin = "http://localhost.evil.example".into();
    refused(&mut device, "another website").await;
    device.origin = URL.into();
    device.is_cross_origin = true;
    refused(&mut device, "another website").await;
    device.is_cross_origin = false;
    device.is_verified = false;
    refused(&mut device, "did not check that it is you").await;
    device.is_verified = true;
    let event = world.last_event(world.organization, "user.sign_in_refused").await;
    assert_eq!((event.outcome, event.user_id), (Outcome::Denied, None));
    assert!(event.text.starts_with("A passkey was not accepted: "), "{}", event.text);
    device.counter = 0;
    refused(&mut device, "fewer signatures").await;
    device.counter = 100;
    assert!(sign_in(&world, &mut device).await.is_ok(), "none of that was in its way");
    // A device that nobody knows here: its credential is of another console.
    let mut stranger = SoftAuthenticator::new(URL);
    let party = identity::webauthn::RelyingParty::new(URL, "Redoubt").unwrap();
    let registrant = identity::webauthn::Registrant { id: world.user, account: "a", name: "a" };
    stranger.create(&party.begin_passkey(&registrant, &[]).unwrap().options).unwrap();
    refused(&mut stranger, "belongs to nobody here").await;
    let begun = sessions::begin_passkey(&world.nobody()).await.unwrap();
    let nonsense = sessions::sign_in_with_passkey(&world.nobody(), &begun.ceremony, "{}").await;
    assert_eq!(nonsense.err().unwrap().status(), 401);
}

/// A handle that names somebody else does not make one them.
#[tokio::test]
async fn a_passkey_signs_nobody_else_in() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, bob, &mut device).await;
    device.set_user_handle(world.user.uuid().as_bytes());
    assert_eq!(sign_in(&world, &mut device).await.unwrap_err().status(), 401);
    device.set_user_handle(bob.uuid().as_bytes());
    assert_eq!(sign_in(&world, &mut device).await, Ok((bob, Proof::PASSKEY)));
}

#[tokio::test]
async fn asvs_6_3_1_wrong_passkeys_make_a_network_wait() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, world.user, &mut device).await;
    device.is_verified = false;
    for _ in 0..21 {
        assert_eq!(sign_in(&world, &mut device).await.unwrap_err().status(), 401);
    }
    device.is_verified = true;
    assert_eq!(sign_in(&world, &mut device).await, Err(Error::limited(2)));
    world.clock.advance(Duration::from_secs(2));
    assert!(sign_in(&world, &mut device).await.is_ok());
}

/// Challenges are rows; one network does not fill the table.
#[tokio::test]
async fn one_network_gets_so_many_challenges() {
    let world = World::new().await;
    for _ in 0..601 {
        sessions::begin_passkey(&world.nobody()).await.ok().unwrap();
    }
    assert_eq!(sessions::begin_passkey(&world.nobody()).await.err(), Some(Error::limited(2)));
    assert!(sessions::begin_passkey(&world.nobody_at("198.51.100.7")).await.is_ok());
}

/// Nor do all networks together, and who is signed in has one of each kind.
#[tokio::test]
async fn so_many_ceremonies_are_under_way_at_most() {
    let world = World::new().await;
    step_up::view(&world.ctx()).await.ok().unwrap();
    step_up::view(&world.ctx()).await.ok().unwrap();
    let mut tx = world.store.write().await.unwrap();
    assert_eq!(store::ceremonies::count(&mut tx, true).await.unwrap(), 1);
    for number in 0_u32..20_000 {
        let row = store::ceremonies::Ceremony {
            id_hash: number.to_be_bytes().to_vec(),
            kind: domain::sign_ins::CeremonyKind::PasskeySignIn,
            user_id: None,
            state_sealed: Vec::new(),
            created_at: world.now(),
            expires_at: world.now().plus(ceremonies::LIFETIME),
        };
        store::ceremonies::add(&mut tx, &row).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(sessions::begin_passkey(&world.nobody()).await.err().unwrap().status(), 503);
    assert!(step_up::view(&world.ctx()).await.is_ok(), "visitors take nobody's room who is known");
    world.clock.advance(ceremonies::LIFETIME);
    for _ in 0..2 {
        // Ten thousand at a time.
        control::testing::tidy(&world.control).await.unwrap();
    }
    assert!(sessions::begin_passkey(&world.nobody()).await.is_ok());
    // This one, and the question to a session, which has more time.
    assert_eq!(world.dump().await["ceremonies"].len(), 2);
}

#[tokio::test]
async fn asvs_6_3_3_a_security_key_comes_after_the_password() {
    for world in [World::new().await, World::postgres().await] {
        let mut device = SoftAuthenticator::new(URL);
        (device.is_discoverable, device.is_verified) = (false, false);
        let added = add_security_key(&world, world.user, &mut device).await;
        assert_eq!(
            (added.factor.kind, added.factor.name.as_str()),
            (FactorKind::SecurityKey, "Security key")
        );
        let ceremony = with_password(&world).await;
        let view = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap();
        assert_eq!(view.kinds, [FactorKind::SecurityKey, FactorKind::RecoveryCode]);
        let answer = respond(&world, &ceremony, &mut device).await;
        assert_eq!(end(&world, &ceremony, &answer).await, Ok(Proof::password_and(FactorKind::SecurityKey)));
        assert_eq!(end(&world, &ceremony, &answer).await.unwrap_err().status(), 401, "once");
        let other = with_password(&world).await;
        let replayed = end(&world, &other, &answer).await.unwrap_err();
        assert_eq!((replayed.status(), replayed.field()), (422, Some("answer")));
        // After a wrong answer there is another challenge.
        let again = respond(&world, &other, &mut device).await;
        assert!(end(&world, &other, &again).await.is_ok());
    }
}

/// It cannot stand for the password: it did not see who touched it.
#[tokio::test]
async fn asvs_6_3_3_a_security_key_alone_signs_nobody_in() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_security_key(&world, world.user, &mut device).await;
    let error = sign_in(&world, &mut device).await.unwrap_err();
    assert_eq!(error.status(), 401);
    assert!(error.to_string().contains("after the password"), "{error}");
}

#[tokio::test]
async fn a_passkey_answers_after_the_password_as_well() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, world.user, &mut device).await;
    let ceremony = with_password(&world).await;
    let answer = respond(&world, &ceremony, &mut device).await;
    assert_eq!(end(&world, &ceremony, &answer).await, Ok(Proof::password_and(FactorKind::Passkey)));
}

#[tokio::test]
async fn somebody_elses_key_and_a_removed_one_are_refused() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (mut device, mut bobs) = (SoftAuthenticator::new(URL), SoftAuthenticator::new(URL));
    let added = add_security_key(&world, world.user, &mut device).await;
    add_security_key(&world, bob, &mut bobs).await;
    add_app(&world, world.user).await;
    let ceremony = with_password(&world).await;
    let view = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap();
    assert!(bobs.get(view.options.as_deref().unwrap()).is_err(), "it is not even asked for");
    // As a hostile browser has it, which asks for any key.
    let mut options: serde_json::Value = serde_json::from_str(&view.options.unwrap()).unwrap();
    options["publicKey"]["allowCredentials"] = serde_json::json!([]);
    let answer = bobs.get(&options.to_string()).unwrap();
    let refused = end(&world, &ceremony, &answer).await.unwrap_err();
    assert_eq!((refused.status(), refused.field()), (422, Some("answer")));
    let answer = respond(&world, &ceremony, &mut device).await;
    factors::remove(&world.ctx(), added.factor.id, true, &Secret::new(PASSWORD.into())).await.unwrap();
    assert_eq!(end(&world, &ceremony, &answer).await.unwrap_err().status(), 401, "the sign-in is over");
    let ceremony = with_password(&world).await;
    let view = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap();
    assert_eq!((view.options, view.kinds[0]), (None, FactorKind::Totp));
    let refused = end(&world, &ceremony, &answer).await.unwrap_err();
    assert_eq!((refused.status(), refused.field()), (422, Some("answer")));
}

#[tokio::test]
async fn asvs_7_5_3_a_key_is_shown_once_more() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_security_key(&world, world.user, &mut device).await;
    let ctx = world.ctx();
    let begun = step_up::view(&ctx).await.unwrap();
    let answer = device.get(begun.shown.options.as_deref().unwrap()).unwrap();
    let proven = step_up::with_security_key(&ctx, &begun.ceremony, &answer).await.unwrap();
    assert_eq!((proven.proof, proven.proven_at), (Proof::password_and(FactorKind::SecurityKey), world.now()));
    let again = step_up::with_security_key(&ctx, &begun.ceremony, &answer).await.unwrap_err();
    assert_eq!(again.status(), 409);
    let begun = step_up::view(&ctx).await.unwrap();
    let again = step_up::with_security_key(&ctx, &begun.ceremony, &answer).await.unwrap_err();
    assert_eq!(again.field(), Some("answer"));
}

async fn finish(ctx: &Context, ceremony: &Secret, answer: &str) -> u16 {
    let added = factors::finish_passkey(ctx, ceremony, "", answer).await;
    added.err().map_or(200, |error| error.status())
}

#[tokio::test]
async fn a_registration_is_its_persons_its_kinds_and_taken_once() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let mut device = SoftAuthenticator::new(URL);
    let ctx = world.ctx();
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = device.create(&begun.shown).unwrap();
    assert_eq!(finish(&world.ctx_of(bob), &begun.ceremony, &answer).await, 409, "somebody else's");
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let other = factors::finish_security_key(&ctx, &begun.ceremony, "", &answer).await;
    assert_eq!(other.err().unwrap().status(), 409, "another kind");
    assert_eq!(finish(&ctx, &begun.ceremony, &answer).await, 422, "to another challenge");
    assert_eq!(finish(&ctx, &begun.ceremony, &answer).await, 409, "which has ended it");
    let late = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = SoftAuthenticator::new(URL).create(&late.shown).unwrap();
    world.clock.advance(ceremonies::LIFETIME);
    assert_eq!(finish(&world.ctx(), &late.ceremony, &answer).await, 409, "too late");
    let ctx = world.ctx();
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = SoftAuthenticator::new(URL).create(&begun.shown).unwrap();
    let added =
        async |user: UserId, answer: &str| factors::added_with(&world.ctx_of(user), answer).await.unwrap();
    assert_eq!(added(world.user, &answer).await, None, "not yet");
    assert_eq!(finish(&ctx, &begun.ceremony, &answer).await, 200);
    assert_eq!(finish(&ctx, &begun.ceremony, &answer).await, 409, "once");
    let own = factors::own(&ctx).await.unwrap().factors;
    assert_eq!(added(world.user, &answer).await.as_deref(), Some(own[0].name.as_str()));
    assert_eq!(
        (added(bob, &answer).await, added(world.user, "{}").await),
        (None, None),
        "nobody else is told"
    );
    // Made for another website.
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = SoftAuthenticator::new("https://evil.example").create(&begun.shown).unwrap();
    assert_eq!(finish(&ctx, &begun.ceremony, &answer).await, 422);
    assert_eq!(factors::own(&ctx).await.unwrap().factors.len(), 1);
}

/// One device is nobody's twice, and nobody else's.
#[tokio::test]
async fn a_credential_is_registered_once() {
    let world = World::new().await;
    let mut device = SoftAuthenticator::new(URL);
    add_passkey(&world, world.user, &mut device).await;
    let begun = factors::begin_passkey(&world.ctx(), "").await.unwrap();
    assert!(device.create(&begun.shown).unwrap_err().to_string().contains("InvalidStateError"));
}

/// What a device has made, nobody takes back from it: its name is looked at before it is asked.
#[tokio::test]
async fn a_name_is_refused_before_the_device_is_asked() {
    let world = World::new().await;
    let (ctx, long) = (world.ctx(), "x".repeat(65));
    let begun = [factors::begin_passkey(&ctx, &long).await, factors::begin_security_key(&ctx, &long).await];
    for begun in begun {
        let error = begun.err().unwrap();
        assert_eq!(error.field(), Some("name"), "{error}");
    }
    assert!(factors::begin_passkey(&ctx, &long[1..]).await.is_ok());
    assert!(factors::may_begin(&ctx).await.is_ok());
}
