//! Mails that tell somebody what happened to their account, and how many of them there are.

use control::{factors, mails, notices, passwords, sessions, tokens};
use domain::{
    inputs::{CreateToken, SignIn},
    secrets::Secret,
};

use super::{
    factor_resets::mails_to,
    factors::{add_app, with_password},
};
use crate::world::{EMAIL, PASSWORD, World, done};

async fn sign_in(world: &World, device: Option<&Secret>) -> Secret {
    let input = SignIn { email: EMAIL.into(), password: Secret::new(PASSWORD.into()) };
    done(sessions::sign_in(&world.nobody_with(device), input).await.unwrap()).device
}

#[tokio::test]
async fn asvs_6_3_5_a_new_device_is_told() {
    let world = World::new().await;
    let device = sign_in(&world, None).await;
    let told = mails_to(&world, EMAIL, "New sign-in").await;
    assert_eq!(told.len(), 1);
    let body = told[0].body.as_ref().unwrap().expose();
    assert!(
        body.starts_with("Somebody signed in as ann@example.org with your password, from a browser"),
        "{body}"
    );
    assert!(body.contains("From: 203.0.113.9\nWith: tests\n"), "{body}");
    assert!(body.contains(&format!("When: {}", world.now().human())), "{body}");
    sign_in(&world, Some(&device)).await;
    assert_eq!(mails_to(&world, EMAIL, "New sign-in").await.len(), 1, "the same device is not new");
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let _ = bob;
    let input = SignIn { email: "bob@example.org".into(), password: Secret::new(PASSWORD.into()) };
    sessions::sign_in(&world.nobody_with(Some(&device)), input).await.ok().unwrap();
    assert_eq!(mails_to(&world, "bob@example.org", "New sign-in").await.len(), 1, "it is new for Bob");
    // A wrong password is no sign-in.
    let input = SignIn { email: EMAIL.into(), password: Secret::new("a guess".into()) };
    assert!(sessions::sign_in(&world.nobody(), input).await.is_err());
    assert_eq!(mails_to(&world, EMAIL, "New sign-in").await.len(), 1);
}

#[tokio::test]
async fn asvs_6_3_7_what_happens_to_factors_is_told() {
    let world = World::new().await;
    let (app, added) = add_app(&world, world.user).await;
    let body = async |subject: &str| {
        let mut told = mails_to(&world, EMAIL, subject).await;
        assert_eq!(told.len(), 1, "{subject}");
        told.remove(0).body.unwrap().expose().to_owned()
    };
    assert!(body("Authenticator app added").await.contains("“Phone” was added"));
    let ceremony = with_password(&world).await;
    assert!(mails_to(&world, EMAIL, "New sign-in").await.is_empty(), "the password alone is no sign-in");
    let code = &added.recovery_codes.as_ref().unwrap()[0];
    sessions::sign_in_with_code(&world.nobody(), &ceremony, code).await.ok().unwrap();
    assert!(body("A recovery code").await.contains("9 are left"));
    assert!(body("New sign-in").await.contains("your password and a second factor (recovery code)"));
    let ceremony = with_password(&world).await;
    let wrong = sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 7)).await;
    assert!(wrong.is_err());
    factors::make_recovery_codes(&world.ctx(), None).await.ok().unwrap();
    assert!(body("New recovery codes").await.contains("open nothing any more"));
    factors::remove(&world.ctx(), added.factor.id, true, &Secret::new(PASSWORD.into())).await.unwrap();
    world.add_session(world.user).await;
    assert!(body("Authenticator app removed").await.contains("the password alone opens the account now"));
    let input = CreateToken { description: "deploy".into(), ..CreateToken::default() };
    let made = tokens::create(&world.ctx(), &input).await.unwrap();
    assert!(body("Token made").await.contains("“deploy”"));
    tokens::rotate(&world.ctx(), made.row.id, "").await.ok().unwrap();
    assert_eq!(mails_to(&world, EMAIL, "Token made").await.len(), 2);
    for mail in mails_to(&world, EMAIL, "").await {
        let body = mail.body.unwrap();
        assert!(!body.expose().contains(made.token.expose()) && !body.expose().contains(code.expose()));
    }
    assert!(tokens::create(&world.ctx(), &CreateToken::default()).await.is_err());
    assert_eq!(mails_to(&world, EMAIL, "Token made").await.len(), 2, "what did not happen is not told");
}

/// Who gets past the password and not past the second factor has the password of somebody else.
#[tokio::test]
async fn asvs_6_3_5_wrong_second_factors_are_told() {
    let world = World::new().await;
    let (app, _) = add_app(&world, world.user).await;
    let ceremony = with_password(&world).await;
    let wrong = async || {
        let code = Secret::new("000000".into());
        sessions::sign_in_with_code(&world.nobody(), &ceremony, &code).await.err().unwrap().status()
    };
    let told = async || mails_to(&world, EMAIL, "Somebody may know your Redoubt password").await.len();
    for _ in 0..4 {
        assert_eq!((wrong().await, told().await), (422, 0));
    }
    assert_eq!((wrong().await, told().await), (422, 1));
    world.clock.advance(std::time::Duration::from_secs(2));
    assert_eq!((wrong().await, told().await), (422, 1), "once for as long as it lasts");
    world.clock.advance(std::time::Duration::from_secs(4));
    assert!(sessions::sign_in_with_code(&world.nobody(), &ceremony, &app.code(&world, 0)).await.is_ok());
}

/// Nobody is flooded, and what matters less does not keep the rest from being sent.
#[tokio::test]
async fn an_address_gets_so_many() {
    let world = World::new().await;
    for _ in 0..notices::MAILS_MAX_OF_LITTLE_WEIGHT + 3 {
        sign_in(&world, None).await;
    }
    let most = usize::try_from(notices::MAILS_MAX_OF_LITTLE_WEIGHT).unwrap();
    assert_eq!(mails_to(&world, EMAIL, "New sign-in").await.len(), most);
    let (_, added) = add_app(&world, world.user).await;
    assert_eq!(mails_to(&world, EMAIL, "Authenticator app added").await.len(), 1);
    for _ in 0..notices::MAILS_MAX {
        factors::make_recovery_codes(&world.ctx(), None).await.ok().unwrap();
    }
    let total = async || mails::list_for_operator(&world.control, None).await.unwrap().total;
    assert_eq!(total().await, notices::MAILS_MAX + notices::MAILS_MAX_OF_LITTLE_WEIGHT);
    passwords::ask_reset(&world.nobody(), EMAIL).await.unwrap();
    assert_eq!(mails_to(&world, EMAIL, "Set a new password").await.len(), 1, "each kind has its own room");
    world.clock.advance(std::time::Duration::from_secs(2 * 3600));
    factors::remove(&world.ctx(), added.factor.id, true, &Secret::new(PASSWORD.into())).await.unwrap();
    assert_eq!(mails_to(&world, EMAIL, "Authenticator app removed").await.len(), 1, "two hours later");
}
