//! What holds for every sign-in, whatever else happens: no account from the start, no password that gets too old, no mail that
//! stands in for a factor, no factor that cannot go, no number of sessions that is too many.

use std::time::Duration;

use control::{factors, passwords, sessions};
use domain::{errors::Error, inputs::SignIn, principals::MailKind, secrets::Secret, sign_ins::FactorKind};

use super::{
    factors::{add_app, with_password},
    policies::add_factor,
};
use crate::world::{EMAIL, PASSWORD, World, done};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn { email: email.into(), password: Secret::new(password.into()) }
}

#[tokio::test]
async fn asvs_6_3_2_nobody_has_an_account_from_the_start() {
    let world = World::empty().await;
    assert_eq!(world.dump().await["users"], Vec::<String>::new());
    for (email, password) in
        [("admin@example.org", "admin"), ("root@localhost", "root"), ("redoubt@example.org", "redoubt")]
    {
        let refused = sessions::sign_in(&world.nobody(), sign_in(email, password)).await.err().unwrap();
        assert!(matches!(refused.status(), 401 | 422), "{email}: {refused}");
    }
    assert_eq!(world.dump().await["users"], Vec::<String>::new());
}

#[tokio::test]
async fn asvs_6_2_10_a_password_never_gets_too_old() {
    let world = World::new().await;
    world.clock.advance(5 * YEAR);
    let signed_in = sessions::sign_in(&world.nobody(), sign_in(EMAIL, PASSWORD)).await.ok().unwrap();
    assert_eq!(done(signed_in).user, world.user);
}

/// Neither what a mail holds nor the link in it is taken where a second factor is asked for.
#[tokio::test]
async fn asvs_6_3_6_a_mail_is_no_factor() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    let mails = control::mails::list_for_operator(&world.control, None).await.unwrap().rows;
    let link = mails.iter().find(|mail| mail.kind == MailKind::PasswordReset).unwrap();
    let text = control::mails::view_for_operator(&world.control, link.id).await.unwrap().body.unwrap();
    let token = text.expose().split("/password-reset/").nth(1).unwrap().split_whitespace().next().unwrap();
    let token = Secret::new(token.to_owned());
    world.secrets.lock().unwrap().push(token.expose().to_owned());
    let ceremony = with_password(&world).await;
    let kinds = sessions::second_factor(&world.nobody(), &ceremony).await.unwrap().kinds;
    assert_eq!(kinds, [FactorKind::Totp, FactorKind::RecoveryCode]);
    let refused = sessions::sign_in_with_code(&world.nobody(), &ceremony, &token).await.err().unwrap();
    assert_eq!(refused.field(), Some("code"), "{refused}");
    let refused = sessions::sign_in_with_code(&world.nobody(), &token, &app.code(&world, 0)).await;
    assert_eq!(refused.err().unwrap().status(), 401, "nor is it a sign-in");
    for kind in FactorKind::ALL {
        assert!(!kind.as_str().contains("mail"), "{kind}");
    }
    assert!(sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 0)).await.is_ok());
}

#[tokio::test]
async fn asvs_6_5_6_every_factor_can_be_removed() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    for kind in [FactorKind::SecurityKey, FactorKind::Passkey] {
        add_factor(&world, world.user, kind).await;
    }
    let ctx = world.ctx();
    let held = factors::own(&ctx).await.unwrap().factors;
    assert_eq!(held.len(), 3);
    for (left, factor) in (0..3_usize).rev().zip(held) {
        factors::remove(&ctx, factor.id, true, &Secret::new(PASSWORD.into())).await.unwrap();
        // The last one took the session with it.
        if left == 0 {
            world.add_session(world.user).await;
        }
        assert_eq!(
            factors::remove(&ctx, factor.id, true, &Secret::new(PASSWORD.into())).await,
            Err(Error::NotFound),
            "{:?}",
            factor.kind
        );
        assert_eq!(factors::own(&ctx).await.unwrap().factors.len(), left);
    }
    // Nothing is asked for any more, and nothing that was made with them is taken.
    assert_eq!(factors::own(&ctx).await.unwrap().recovery_codes_left, 0);
    let signed_in = sessions::sign_in(&world.nobody(), sign_in(EMAIL, PASSWORD)).await.ok().unwrap();
    assert_eq!(done(signed_in).proof.second_factor, None);
    let (codes, again) = (added.recovery_codes.unwrap(), add_app(&world, world.user).await.0);
    let ceremony = with_password(&world).await;
    for code in [&app.code(&world, 0), &codes[0]] {
        let refused = sessions::sign_in_with_code(&world.nobody(), &ceremony, code).await.err().unwrap();
        assert_eq!(refused.field(), Some("code"), "{refused}");
    }
    assert!(sessions::sign_in_with_code(&world.nobody(), &ceremony, &again.code(&world, 0)).await.is_ok());
}

/// As `docs/sign-in.md` says: there is no number of sessions that is too many, and each stands by itself.
#[tokio::test]
async fn asvs_7_1_2_somebody_has_as_many_sessions_as_they_like() {
    let document = include_str!("../../../../../docs/sign-in.md");
    assert!(document.contains("There is no limit to how many\nsessions somebody has"));
    let world = World::new().await;
    let rows = world.control.session_rows();
    for key in 0..60_u8 {
        let row = store::sessions::Row { key_hash: vec![key; 32], ..world.session_row(world.user) };
        assert!(rows.add(&row).await.unwrap());
    }
    for key in 0..60_u8 {
        assert!(rows.load(&[key; 32]).await.unwrap().is_some(), "{key}");
    }
    let own = sessions::own(&world.ctx()).await.unwrap();
    assert_eq!(own.len(), 61, "and each is listed");
    rows.remove(&[7; 32]).await.unwrap();
    assert_eq!(sessions::own(&world.ctx()).await.unwrap().len(), 60);
}

/// The mark of a device says itself how old it is, and nobody but the server can say otherwise.
#[tokio::test]
async fn asvs_9_2_1_a_mark_of_a_device_ends() {
    let world = World::new().await;
    let signed_in = sessions::sign_in(&world.nobody(), sign_in(EMAIL, PASSWORD)).await.ok().unwrap();
    let mark = done(signed_in).device;
    let status = async |device: Option<&Secret>, password: &str| {
        let answer = sessions::sign_in(&world.nobody_with(device), sign_in(EMAIL, password)).await;
        answer.err().map_or(200, |error| error.status())
    };
    world.clock.advance(sessions::DEVICE_LIFETIME - Duration::from_secs(60));
    for _ in 0..5 {
        assert_eq!(status(None, "a guess").await, 401);
    }
    assert_eq!(status(Some(&mark), PASSWORD).await, 200, "good until its last minute");
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..5 {
        status(None, "a guess").await;
    }
    assert_eq!(status(Some(&mark), PASSWORD).await, 429, "and no longer");
}
