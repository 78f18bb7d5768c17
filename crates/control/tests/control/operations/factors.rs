//! Second factors: adding, naming and removing one's own, recovery codes, and signing in with them.

use std::time::Duration;

use control::{
    factors, passwords, sessions,
    step_up::{self, Proven},
};
use domain::{
    errors::Error,
    ids::UserId,
    inputs::{ChangePassword, SignIn},
    policies::AuthenticationPolicy,
    secrets::Secret,
    sign_ins::{FactorKind, Proof},
    states::Outcome,
    views::AddedFactor,
};
use ring::hmac;

use crate::{
    check::check_world,
    world::{EMAIL, PASSWORD, World},
};

/// What an authenticator app does (RFC 6238), written anew here: the product's own code is not to be its own judge.
pub struct App(Vec<u8>);

impl App {
    /// Reads the seed that is shown for typing.
    pub fn new(shown: &Secret) -> Self {
        let (mut bits, mut value, mut seed) = (0, 0_u32, Vec::new());
        for sign in shown.expose().chars().filter(|sign| !sign.is_whitespace()) {
            let digit = "abcdefghijklmnopqrstuvwxyz234567".find(sign).unwrap();
            value = value << 5 | u32::try_from(digit).unwrap();
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                seed.push((value >> bits & 0xff) as u8);
            }
        }
        Self(seed)
    }

    /// The code of so many steps from now.
    pub fn code(&self, world: &World, steps: i64) -> Secret {
        let step = world.now().micros() / 30_000_000 + steps;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let four: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().unwrap();
        Secret::new(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
    }
}

/// Adds an authenticator app.
pub async fn add_app(world: &World, user: UserId) -> (App, AddedFactor) {
    let ctx = world.ctx_of(user);
    let begun = factors::begin_totp(&ctx).await.unwrap();
    let app = App::new(&begun.shown.secret);
    let codes = [&app.code(world, 0), &app.code(world, 1)];
    let added = factors::finish_totp(&ctx, &begun.ceremony, "Phone", codes).await.ok().unwrap();
    // The session has shown it: a policy that asks for a second factor lets it in at once.
    assert_eq!(added.proven, Proven { proof: Proof::password_and(FactorKind::Totp), proven_at: world.now() });
    let added = added.shown;
    // Its codes are taken: the next one is of later.
    world.clock.advance(Duration::from_secs(90));
    (app, added)
}

/// The right password; the id of the ceremony that asks for the second factor.
pub async fn with_password(world: &World) -> Secret {
    let input = SignIn { email: EMAIL.into(), password: Secret::new(PASSWORD.into()) };
    match sessions::sign_in(&world.nobody(), input).await.unwrap() {
        sessions::SignInStep::SecondFactor(ceremony) => ceremony,
        sessions::SignInStep::Done(_) => panic!("signed in without the second factor"),
    }
}

async fn sign_in_with_code(world: &World, code: &Secret) -> Result<Proof, Error> {
    let ceremony = with_password(world).await;
    let signed_in = sessions::sign_in_with_code(&world.nobody(), &ceremony, code).await?;
    assert_eq!((signed_in.user, signed_in.proven_at), (world.user, world.now()));
    Ok(signed_in.proof)
}

#[tokio::test]
async fn an_authenticator_app_is_asked_for_after_the_password() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    assert_eq!((added.factor.kind, added.factor.name.as_str()), (FactorKind::Totp, "Phone"));
    assert_eq!(added.recovery_codes.unwrap().len(), 10);
    let own = factors::own(&world.ctx()).await.unwrap();
    assert_eq!((own.factors.len(), own.recovery_codes_left), (1, 10));
    assert_eq!(own.factors[0].last_used_at, None);

    let ceremony = with_password(&world).await;
    assert_eq!(world.event_types().await.last().unwrap(), "user.second_factor_asked");
    let view = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap();
    assert_eq!(view.email, EMAIL);
    assert_eq!(view.kinds, [FactorKind::Totp, FactorKind::RecoveryCode]);
    let code = app.code(&world, 0);
    let signed_in = sessions::sign_in_with_code(&world.nobody(), &ceremony, &code).await.ok().unwrap();
    assert_eq!(signed_in.proof, Proof::password_and(FactorKind::Totp));
    let event = world.last_event(world.organization, "user.signed_in").await;
    assert_eq!(event.credential.as_deref(), Some("password and authenticator app"));
    assert_eq!((event.actor.as_str(), event.user_id), (EMAIL, Some(world.user)));
    let own = factors::own(&world.ctx()).await.unwrap();
    assert_eq!(own.factors[0].last_used_at, Some(world.now()));
    check_world(&world).await;
}

#[tokio::test]
async fn asvs_6_5_1_a_code_signs_in_once() {
    for world in [World::new().await, World::postgres().await] {
        let (app, _) = add_app(&world, world.user).await;
        let code = app.code(&world, 0);
        assert!(sign_in_with_code(&world, &code).await.is_ok());
        let again = sign_in_with_code(&world, &code).await.unwrap_err();
        assert_eq!((again.status(), again.field()), (422, Some("code")));
        let before = sign_in_with_code(&world, &app.code(&world, -1)).await.unwrap_err();
        assert_eq!(before, again, "nor does the one before it");
        assert!(sign_in_with_code(&world, &app.code(&world, 1)).await.is_ok(), "the next one does");
    }
}

/// The two codes that add it are taken as well.
#[tokio::test]
async fn asvs_6_5_1_the_codes_that_add_an_app_do_not_sign_in() {
    let world = World::new().await;
    let ctx = world.ctx();
    let begun = factors::begin_totp(&ctx).await.unwrap();
    let app = App::new(&begun.shown.secret);
    let codes = [app.code(&world, 0), app.code(&world, 1)];
    factors::finish_totp(&ctx, &begun.ceremony, "", [&codes[0], &codes[1]]).await.ok().unwrap();
    for code in &codes {
        assert_eq!(sign_in_with_code(&world, code).await.unwrap_err().field(), Some("code"));
    }
}

#[tokio::test]
async fn asvs_6_5_5_a_code_is_good_for_its_step_and_one_beside_it() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let code = app.code(&world, 0);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(sign_in_with_code(&world, &code).await.unwrap_err().field(), Some("code"));
    assert!(sign_in_with_code(&world, &app.code(&world, -1)).await.is_ok());
    assert_eq!(sign_in_with_code(&world, &app.code(&world, 2)).await.unwrap_err().field(), Some("code"));
}

#[tokio::test]
async fn asvs_6_5_1_a_recovery_code_signs_in_once() {
    for world in [World::new().await, World::postgres().await] {
        let (_, added) = add_app(&world, world.user).await;
        let codes = added.recovery_codes.unwrap();
        let typed = Secret::new(codes[3].expose().replace('-', " ").to_uppercase());
        assert_eq!(
            sign_in_with_code(&world, &typed).await,
            Ok(Proof::password_and(FactorKind::RecoveryCode))
        );
        let event = world.last_event(world.organization, "user.recovery_code_used").await;
        assert_eq!(event.text, "ann@example.org used a recovery code; 9 are left");
        assert_eq!(factors::own(&world.ctx()).await.unwrap().recovery_codes_left, 9);
        let again = sign_in_with_code(&world, &codes[3]).await.unwrap_err();
        assert_eq!((again.status(), again.field()), (422, Some("code")));
        // New ones end those from before.
        let new = factors::make_recovery_codes(&world.ctx(), None).await.unwrap();
        assert_eq!(new.len(), 10);
        assert!(sign_in_with_code(&world, &codes[4]).await.is_err());
        assert!(sign_in_with_code(&world, &new[4]).await.is_ok());
        check_world(&world).await;
    }
}

/// A form that is sent again, as by reloading the page that shows them.
#[tokio::test]
async fn recovery_codes_that_the_form_did_not_know_of_stay() {
    for world in [World::new().await, World::postgres().await] {
        add_app(&world, world.user).await;
        let before = factors::own(&world.ctx()).await.unwrap().recovery_codes_made_at;
        assert!(before.is_some());
        world.clock.advance(Duration::from_secs(1));
        let made = factors::make_recovery_codes(&world.ctx(), before).await.unwrap();
        for unknown in [before, Some(factors::NO_CODES)] {
            let refused = factors::make_recovery_codes(&world.ctx(), unknown).await.err().unwrap();
            assert_eq!(refused.status(), 409);
            assert!(refused.to_string().contains("made already"), "{refused}");
        }
        assert!(sign_in_with_code(&world, &made[0]).await.is_ok());
        let now = factors::own(&world.ctx()).await.unwrap().recovery_codes_made_at;
        assert_eq!(factors::make_recovery_codes(&world.ctx(), now).await.unwrap().len(), 10);
        check_world(&world).await;
    }
}

/// Somebody else's recovery codes, and somebody else's app.
#[tokio::test]
async fn a_factor_is_good_for_its_person_alone() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (_, _) = add_app(&world, world.user).await;
    let (bobs, added) = add_app(&world, bob).await;
    assert_eq!(sign_in_with_code(&world, &bobs.code(&world, 0)).await.unwrap_err().field(), Some("code"));
    let code = &added.recovery_codes.unwrap()[0];
    assert_eq!(sign_in_with_code(&world, code).await.unwrap_err().field(), Some("code"));
    let own = factors::own(&world.ctx()).await.unwrap();
    let removed =
        factors::remove(&world.ctx_of(bob), own.factors[0].id, true, &Secret::new(PASSWORD.into())).await;
    assert_eq!(removed, Err(Error::NotFound));
    assert_eq!(factors::rename(&world.ctx_of(bob), own.factors[0].id, "Mine").await, Err(Error::NotFound));
}

#[tokio::test]
async fn what_has_no_form_of_a_code_is_no_try() {
    let world = World::new().await;
    add_app(&world, world.user).await;
    let ceremony = with_password(&world).await;
    for _ in 0..20 {
        for (bad, told) in [
            ("12345", "Enter the six digits"),
            ("1234567", "Enter the six digits"),
            ("", "Enter the six digits"),
            ("abcdef", "A recovery code has 24"),
            ("u000-0000-0000-0000-0000-0000", "no u"),
        ] {
            let error =
                sessions::sign_in_with_code(&world.nobody(), &ceremony, &Secret::new(bad.into())).await;
            let error = error.err().unwrap();
            assert_eq!(error.field(), Some("code"));
            assert!(error.to_string().contains(told), "{bad}: {error}");
        }
    }
}

async fn wrong(world: &World, ceremony: &Secret) -> Error {
    let code = Secret::new("000000".into());
    sessions::sign_in_with_code(&world.nobody(), ceremony, &code).await.err().unwrap()
}

#[tokio::test]
async fn asvs_6_3_1_wrong_codes_make_one_wait_and_the_right_one_looks_the_same() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let ceremony = with_password(&world).await;
    for _ in 0..5 {
        assert_eq!(wrong(&world, &ceremony).await.field(), Some("code"));
    }
    assert_eq!(wrong(&world, &ceremony).await, Error::limited(2));
    let right = async |ceremony: &Secret| {
        sessions::sign_in_with_code(&world.nobody(), ceremony, &app.code(&world, 0)).await.err()
    };
    assert_eq!(right(&ceremony).await, Some(Error::limited(2)));
    // The right password, which comes before it, makes no room for more guesses.
    let another = with_password(&world).await;
    assert_eq!(right(&another).await, Some(Error::limited(2)));
    let event = world.last_event(world.organization, "user.second_factor_refused").await;
    assert_eq!((event.outcome, event.actor.as_str()), (Outcome::Denied, EMAIL));
    assert!(event.text.starts_with("Turned ann@example.org away for another 2 seconds"), "{}", event.text);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(right(&another).await, None, "never for good");
    let ceremony = with_password(&world).await;
    for _ in 0..4 {
        assert_eq!(wrong(&world, &ceremony).await.field(), Some("code"), "the count begins anew");
    }
}

/// Ten wrong codes end a sign-in, whatever the waits between them.
#[tokio::test]
async fn asvs_6_3_1_ten_wrong_codes_end_a_sign_in() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let mut ceremony = with_password(&world).await;
    let mut wrong_ones = 0;
    let last = loop {
        match wrong(&world, &ceremony).await {
            Error::Limited { retry_after_seconds, .. } => {
                world.clock.advance(Duration::from_secs(retry_after_seconds));
            }
            Error::Invalid { .. } => wrong_ones += 1,
            other => break other,
        }
    };
    assert_eq!((wrong_ones, last.status()), (9, 401));
    world.clock.advance(Duration::from_secs(900));
    let code = app.code(&world, 0);
    let over = sessions::sign_in_with_code(&world.nobody(), &ceremony, &code).await.err().unwrap();
    assert_eq!(over.status(), 401, "{over}");
    ceremony = with_password(&world).await;
    assert!(sessions::sign_in_with_code(&world.nobody(), &ceremony, &code).await.is_ok());
}

#[tokio::test]
async fn asvs_6_3_1_five_wrong_recovery_codes_an_hour() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    let codes = added.recovery_codes.unwrap();
    let guess = Secret::new("0000-0000-0000-0000-0000-0000".into());
    for _ in 0..5 {
        assert_eq!(sign_in_with_code(&world, &guess).await.unwrap_err().field(), Some("code"));
    }
    assert_eq!(sign_in_with_code(&world, &codes[0]).await, Err(Error::limited(3600)));
    assert!(sign_in_with_code(&world, &app.code(&world, 0)).await.is_ok(), "the app is another matter");
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(sign_in_with_code(&world, &codes[0]).await, Err(Error::limited(1)));
    world.clock.advance(Duration::from_secs(1));
    assert!(sign_in_with_code(&world, &codes[0]).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_is_ended_once_in_time_and_by_its_ceremony_alone() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let end = async |ceremony: &Secret| {
        let code = app.code(&world, 0);
        let answer = sessions::sign_in_with_code(&world.nobody(), ceremony, &code).await;
        answer.err().map_or(200, |error| error.status())
    };
    assert_eq!(end(&Secret::new(String::new())).await, 401);
    assert_eq!(end(&Secret::new("x".repeat(32))).await, 401);
    let begun = factors::begin_totp(&world.ctx()).await.unwrap();
    assert_eq!(end(&begun.ceremony).await, 401, "another kind");
    let step_up = step_up::view(&world.ctx()).await.unwrap();
    assert_eq!(end(&step_up.ceremony).await, 401, "a question to a session");
    let late = with_password(&world).await;
    world.clock.advance(control::ceremonies::SECOND_FACTOR_LIFETIME);
    assert_eq!(end(&late).await, 401, "too late");
    assert_eq!(sessions::second_factor(&world.nobody(), &late).await.unwrap_err().status(), 401);
    let ceremony = with_password(&world).await;
    assert_eq!(end(&ceremony).await, 200);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(end(&ceremony).await, 401, "once");
}

/// Of twenty who show the same code at the same moment, to two servers, it signs one in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asvs_6_5_1_of_twenty_at_the_same_moment_one_code_signs_in_one() {
    for world in [World::new().await, World::postgres().await] {
        let (app, _) = add_app(&world, world.user).await;
        let code = app.code(&world, 0);
        let servers = [world.control.clone(), world.another_server().await];
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..20 {
            let nobody = servers[number % 2].context(world.origin("203.0.113.9"), None);
            let (code, ceremony) = (code.clone(), with_password(&world).await);
            tries.spawn(async move { sessions::sign_in_with_code(&nobody, &ceremony, &code).await.is_ok() });
        }
        let signed_in = tries.join_all().await.into_iter().filter(|is_in| *is_in).count();
        assert_eq!(signed_in, 1);
    }
}

/// Whoever was let in a moment ago is not any more.
#[tokio::test]
async fn a_deactivated_account_does_not_end_its_sign_in() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (app, _) = add_app(&world, bob).await;
    let input = SignIn { email: "bob@example.org".into(), password: Secret::new(PASSWORD.into()) };
    let step = sessions::sign_in(&world.nobody(), input).await.unwrap();
    let sessions::SignInStep::SecondFactor(ceremony) = step else { panic!("no second factor") };
    let mut tx = world.store.write().await.unwrap();
    let mut user = store::users::find(&mut tx, bob).await.unwrap().unwrap();
    assert!(store::users::remove(&mut tx, bob).await.unwrap());
    user.is_active = false;
    tx.commit().await.unwrap();
    let answer = sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 0)).await;
    assert_eq!(answer.err().unwrap().status(), 401);
}

#[tokio::test]
async fn an_app_is_added_by_two_codes_in_a_row() {
    let world = World::new().await;
    let ctx = world.ctx();
    let begun = factors::begin_totp(&ctx).await.unwrap();
    let (shown, ceremony) = (&begun.shown, &begun.ceremony);
    assert!(shown.uri.expose().starts_with("otpauth://totp/Redoubt:ann%40example.org?secret="));
    assert!(shown.qr_svg.expose().starts_with("<svg "));
    let app = App::new(&shown.secret);
    let finish = async |name: &str, codes: [&Secret; 2]| {
        let added = factors::finish_totp(&ctx, ceremony, name, codes).await;
        added.err().map(|error| error.field().map(str::to_owned))
    };
    let (first, second) = (app.code(&world, 0), app.code(&world, 1));
    let field = |name: &str| Some(Some(name.to_owned()));
    assert_eq!(finish("", [&first, &first]).await, field("next_code"));
    assert_eq!(finish("", [&second, &first]).await, field("next_code"));
    assert_eq!(finish("", [&Secret::new("12".into()), &second]).await, field("code"));
    assert_eq!(finish(&"x".repeat(65), [&first, &second]).await, field("name"));
    assert_eq!(finish("  My\n phone ", [&first, &second]).await, None, "the offer stood");
    let own = factors::own(&ctx).await.unwrap();
    assert_eq!(own.factors[0].name, "My phone");
    let event = world.last_event(world.organization, "user.factor_added").await;
    assert_eq!(event.after.as_deref(), Some(r#"{"kind":"totp","name":"My phone"}"#));
    assert_eq!(finish("", [&first, &second]).await, Some(None), "it is taken once");
    // Not for somebody else, not after its time.
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let begun = factors::begin_totp(&ctx).await.unwrap();
    let app = App::new(&begun.shown.secret);
    let codes = [&app.code(&world, 0), &app.code(&world, 1)];
    let theirs = factors::finish_totp(&world.ctx_of(bob), &begun.ceremony, "", codes).await;
    assert_eq!(theirs.err().unwrap().status(), 409);
    world.clock.advance(control::ceremonies::SECOND_FACTOR_LIFETIME);
    let codes = [&app.code(&world, 0), &app.code(&world, 1)];
    let late = factors::finish_totp(&world.ctx(), &begun.ceremony, "", codes).await;
    assert_eq!(late.err().unwrap().status(), 409);
    check_world(&world).await;
}

/// Nothing that opens an account is in the database in plain.
#[tokio::test]
async fn seeds_and_codes_are_nowhere_in_plain() {
    let world = World::new().await;
    let begun = factors::begin_totp(&world.ctx()).await.unwrap();
    let app = App::new(&begun.shown.secret);
    let codes = [&app.code(&world, 0), &app.code(&world, 1)];
    let added = factors::finish_totp(&world.ctx(), &begun.ceremony, "", codes).await.ok().unwrap().shown;
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let seed = app.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ceremony = with_password(&world).await;
    let open = factors::begin_totp(&world.ctx()).await.unwrap();
    let rows = format!("{:?}", world.dump().await).to_lowercase();
    let secrets = added.recovery_codes.unwrap();
    let texts = secrets.iter().chain([&ceremony, &open.ceremony]).map(|secret| secret.expose().to_owned());
    for secret in texts.chain([seed, base64(&app.0), base64(&App::new(&open.shown.secret).0)]) {
        assert!(!rows.contains(&secret.to_lowercase()), "{secret}");
    }
}

#[tokio::test]
async fn factors_are_renamed_and_removed() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    let (_, second) = add_app(&world, world.user).await;
    assert!(second.recovery_codes.is_none(), "they come with the first one");
    let ctx = world.ctx();
    factors::rename(&ctx, added.factor.id, "Old phone").await.unwrap();
    let event = world.last_event(world.organization, "user.factor_renamed").await;
    assert_eq!(event.before.as_deref(), Some(r#"{"kind":"totp","name":"Phone"}"#));
    factors::rename(&ctx, added.factor.id, "").await.unwrap();
    assert_eq!(factors::own(&ctx).await.unwrap().factors[0].name, "Authenticator app");
    assert_eq!(factors::rename(&ctx, added.factor.id, "\u{200b}").await.unwrap_err().field(), Some("name"));

    let ceremony = with_password(&world).await;
    factors::remove(&ctx, added.factor.id, false, &Secret::new(PASSWORD.into())).await.unwrap();
    let code = app.code(&world, 0);
    let answer = sessions::sign_in_with_code(&world.nobody(), &ceremony, &code).await;
    assert_eq!(answer.err().unwrap().status(), 401, "what was under way is over");
    assert_eq!(sign_in_with_code(&world, &code).await.unwrap_err().field(), Some("code"));
    assert_eq!(factors::own(&ctx).await.unwrap().recovery_codes_left, 10);
    assert_eq!(
        factors::remove(&ctx, added.factor.id, false, &Secret::new(PASSWORD.into())).await,
        Err(Error::NotFound)
    );
    factors::remove(&ctx, second.factor.id, false, &Secret::new(PASSWORD.into())).await.unwrap();
    world.add_session(world.user).await;
    let own = factors::own(&ctx).await.unwrap();
    assert_eq!((own.factors.len(), own.recovery_codes_left), (0, 0));
    assert_eq!(factors::make_recovery_codes(&ctx, None).await.err().unwrap().status(), 409);
    let input = SignIn { email: EMAIL.into(), password: Secret::new(PASSWORD.into()) };
    let step = sessions::sign_in(&world.nobody(), input).await.unwrap();
    assert_eq!(crate::world::done(step).proof, Proof::PASSWORD);
    check_world(&world).await;
}

/// Every other browser is signed out with the factor, whatever it had been signed in with.
#[tokio::test]
async fn asvs_7_4_3_removing_a_factor_ends_every_other_session() {
    let world = World::new().await;
    let (_, added) = add_app(&world, world.user).await;
    let other = store::sessions::Row { key_hash: vec![9; 32], ..world.session_row(world.user) };
    assert!(world.control.session_rows().add(&other).await.unwrap());
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (_, second) = add_app(&world, world.user).await;
    let remove = async |id| factors::remove(&world.ctx(), id, false, &Secret::new(PASSWORD.into())).await;
    assert_eq!(remove(second.factor.id).await, Ok(false));
    assert!(world.control.session_rows().load(&[9; 32]).await.unwrap().is_none());
    assert!(factors::own(&world.ctx()).await.is_ok(), "the one that removed it stays");
    // With the last one it goes as well: what it has shown is nobody's any more.
    assert_eq!(remove(added.factor.id).await, Ok(true));
    assert_eq!(factors::rename(&world.ctx(), added.factor.id, "x").await.unwrap_err().status(), 401);
    assert!(factors::own(&world.ctx_of(bob)).await.is_ok(), "and those of others");
}

#[tokio::test]
async fn a_factor_that_an_organization_asks_for_goes_only_after_one_is_told() {
    let world = World::new().await;
    let (_, added) = add_app(&world, world.user).await;
    let policy = AuthenticationPolicy { second_factor_required: true, ..AuthenticationPolicy::default() };
    let mut tx = world.store.write().await.unwrap();
    let json = serde_json::to_string(&policy).unwrap();
    let is_set = store::authentication_policies::set(&mut tx, world.organization, 0, &json, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(is_set);
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors[0].needed_by, ["Acme"]);
    let refused = factors::remove(&world.ctx(), added.factor.id, false, &Secret::new(PASSWORD.into()))
        .await
        .unwrap_err();
    assert_eq!((refused.status(), refused.to_string().contains("Acme")), (409, true));
    let (_, second) = add_app(&world, world.user).await;
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors[0].needed_by, Vec::<String>::new());
    factors::remove(&world.ctx(), second.factor.id, false, &Secret::new(PASSWORD.into())).await.unwrap();
    factors::remove(&world.ctx(), added.factor.id, true, &Secret::new(PASSWORD.into())).await.unwrap();
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors, []);
}

#[tokio::test]
async fn there_is_a_most_of_factors() {
    let world = World::new().await;
    for _ in 0..factors::FACTORS_MAX {
        add_app(&world, world.user).await;
    }
    assert_eq!(factors::begin_totp(&world.ctx()).await.err().unwrap().status(), 409);
}

/// A stolen token must not make itself last; nobody who is not signed in has factors.
#[tokio::test]
async fn tokens_and_strangers_have_nothing_to_do_with_factors() {
    let world = World::new().await;
    let (_, added) = add_app(&world, world.user).await;
    let (token, id) = (world.token_of(world.user, &[]).await, added.factor.id);
    for (ctx, status) in [(&token, 403), (&world.nobody(), 401)] {
        assert_eq!(factors::own(ctx).await.unwrap_err().status(), status);
        assert_eq!(factors::begin_totp(ctx).await.err().unwrap().status(), status);
        assert_eq!(factors::rename(ctx, id, "x").await.unwrap_err().status(), status);
        assert_eq!(
            factors::remove(ctx, id, true, &Secret::new(PASSWORD.into())).await.unwrap_err().status(),
            status
        );
        assert_eq!(factors::make_recovery_codes(ctx, None).await.err().unwrap().status(), status);
        assert_eq!(step_up::view(ctx).await.err().unwrap().status(), status);
        assert_eq!(sessions::own(ctx).await.unwrap_err().status(), status);
        assert_eq!(sessions::end(ctx, "00").await.unwrap_err().status(), status);
        assert_eq!(sessions::end_others(ctx).await.unwrap_err().status(), status);
    }
}

/// Whether an account has a second factor is told to nobody but who knows its password.
#[tokio::test]
async fn asvs_6_3_8_who_has_a_second_factor_is_told_after_the_password_alone() {
    let world = World::new().await;
    add_app(&world, world.user).await;
    let sign_in = async |email: &str| {
        let input = SignIn { email: email.into(), password: Secret::new("not the password".into()) };
        sessions::sign_in(&world.nobody(), input).await.err()
    };
    let known = sign_in(EMAIL).await;
    assert_eq!(known, sign_in("nobody@example.org").await);
    assert_eq!(known.map(|error| error.status()), Some(401));
    assert_eq!(world.dump().await["ceremonies"].len(), 0);
}

/// With the last factor the password stands alone: one that was long enough beside it does not.
#[tokio::test]
async fn asvs_6_2_1_the_last_factor_goes_only_from_a_password_that_stands_alone() {
    let world = World::new().await;
    let (_, added) = add_app(&world, world.user).await;
    let (_, second) = add_app(&world, world.user).await;
    let secret = |text: &str| Secret::new(text.into());
    let short = "zq7kvx2mwu";
    let change = async |old: &str, new: &str| {
        let (old_password, password) = (secret(old), secret(new));
        let input = ChangePassword { old_password, password, end_other_sessions: false };
        passwords::change(&world.ctx(), input).await.unwrap();
    };
    change(PASSWORD, short).await;
    factors::remove(&world.ctx(), second.factor.id, false, &secret("")).await.unwrap();
    let refused = async |password: &str| {
        let refused =
            factors::remove(&world.ctx(), added.factor.id, false, &secret(password)).await.unwrap_err();
        (refused.field().map(str::to_owned), refused.to_string())
    };
    for (password, reason) in
        [("", "Enter your password"), ("not this one", "not your password"), (short, "has 10 characters")]
    {
        let (field, told) = refused(password).await;
        assert!(field.as_deref() == Some("password") && told.contains(reason), "{told}");
    }
    let event = world.last_event(world.organization, "user.factor_removed").await;
    assert_eq!((event.outcome, event.text.as_str()), (Outcome::Denied, "The password is too short"));
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors.len(), 1);
    // It says so however often it is asked, since the password was right each time.
    for _ in 0..8 {
        assert!(refused(short).await.1.contains("at least 15"));
    }
    change(short, "copper lantern 9 willow dusk").await;
    let long = secret("copper lantern 9 willow dusk");
    factors::remove(&world.ctx(), added.factor.id, false, &long).await.unwrap();
    assert_eq!(factors::own(&world.ctx()).await.unwrap().factors, []);
}

/// Who chose a short password beside a factor has nothing else once an admin has taken that.
#[tokio::test]
async fn asvs_6_2_1_a_short_password_alone_opens_nothing() {
    let world = World::new().await;
    add_app(&world, world.user).await;
    let secret = |text: &str| Secret::new(text.into());
    let (old_password, short) = (secret(PASSWORD), "zq7kvx2mwu");
    let input = ChangePassword { old_password, password: secret(short), end_other_sessions: false };
    passwords::change(&world.ctx(), input).await.unwrap();
    let sign_in = async |password: &str| {
        let input = SignIn { email: EMAIL.into(), password: secret(password) };
        sessions::sign_in(&world.nobody(), input).await
    };
    assert!(matches!(sign_in(short).await, Ok(sessions::SignInStep::SecondFactor(_))));
    control::factor_resets::reset_by_operator(&world.control, EMAIL).await.unwrap();
    for _ in 0..8 {
        let refused = sign_in(short).await.err().unwrap();
        assert_eq!((refused.status(), refused.field()), (422, Some("password")), "{refused}");
    }
    assert_eq!(sign_in("not the right one").await.err().unwrap().status(), 401);
    let event = world.last_event(world.organization, "user.sign_in_refused").await;
    assert_eq!(event.outcome, Outcome::Denied);
}

/// What happens to somebody is in the log of each organization they belong to, whole.
#[tokio::test]
async fn each_organization_has_all_of_it_on_record() {
    let world = World::new().await;
    let (other, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, world.user, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    add_app(&world, world.user).await;
    let mut ids = Vec::new();
    for organization in [world.organization, other] {
        for (event_type, text) in [
            ("user.factor_added", "added the authenticator app"),
            ("user.recovery_codes_made", "got recovery codes with the first second factor"),
        ] {
            let event = world.last_event(organization, event_type).await;
            assert_eq!(event.organization_id, Some(organization));
            assert!(event.text.contains(text), "{}", event.text);
            ids.push(event.id);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each is an event of its own");
}
