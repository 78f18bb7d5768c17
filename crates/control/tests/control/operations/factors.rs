//! Second factors: adding, naming and removing one's own, recovery codes, and signing in with them.

use std::time::Duration;

use control::{factors, sessions, step_up};
use domain::{
    errors::Error,
    events::EventType,
    ids::UserId,
    inputs::SignIn,
    policies::AuthenticationPolicy,
    secrets::Secret,
    sign_ins::{FactorKind, Proof, SignInMethod},
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
    let added = factors::finish_totp(&ctx, &begun.ceremony, "Phone", codes).await.unwrap();
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
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let code = app.code(&world, 0);
    assert!(sign_in_with_code(&world, &code).await.is_ok());
    let again = sign_in_with_code(&world, &code).await.unwrap_err();
    assert_eq!((again.status(), again.field()), (422, Some("code")));
    let before = sign_in_with_code(&world, &app.code(&world, -1)).await.unwrap_err();
    assert_eq!(before, again, "nor does the one before it");
    assert!(sign_in_with_code(&world, &app.code(&world, 1)).await.is_ok(), "the next one does");
}
