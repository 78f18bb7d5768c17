//! Who is known by their token, who is turned away, and how often.

use std::time::Duration;

use axum::http::Method;
use domain::inputs::CreateToken;

use super::callers::{Person, Program, member, owner, owners_program};
use crate::installation::Installation;

#[tokio::test]
async fn both_schemes_do_and_nothing_else_does() {
    let installation = Installation::new().await;
    let (owner, _) = owner(&installation).await;
    let token = owner.token(&CreateToken::default()).await;
    let program = Program::new(&installation);
    for scheme in ["Bearer", "bearer", "aivenv1", "AIVENV1"] {
        let reply = program.with_header("authorization", &format!("{scheme} {token}")).get("/v1/me").await;
        assert_eq!(reply.with(200)["email"], "ann@example.org", "{scheme}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let reply = program.get("/v1/me").await;
    assert_eq!(reply.problem(), (401, "unauthenticated".into(), String::new()));
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    for value in [format!("Basic {token}"), token.clone(), "Bearer".to_owned()] {
        let reply = program.with_header("authorization", &value).get("/v1/me").await;
        assert_eq!((reply.problem().0, reply.header("www-authenticate")), (401, "Bearer"));
    }
    let reply = program.with_token("rdp_nonsense").get("/v1/me").await;
    assert_eq!(reply.problem().0, 401);
    assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    assert!(reply.text.contains("This is no Redoubt token."), "{}", reply.text);
}

#[tokio::test]
async fn a_session_is_no_token_and_a_token_is_no_session() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    assert!(browser.get("/projects").await.status.is_success());
    let answer = browser.get("/v1/me").await;
    assert_eq!(answer.status, 401, "cookies are not looked at");
    assert!(answer.set_cookies(server::sessions::COOKIE).is_empty());

    let mut tx = installation.store.read().await.unwrap();
    let user = store::users::find_by_email(&mut tx, "ann@example.org").await.unwrap().unwrap();
    drop(tx);
    let token = Person::signed_in(&installation, user.id).await.token(&CreateToken::default()).await;
    let program = Program::new(&installation).with_token(&token);
    assert_eq!(program.get("/api/sessions/profile").await.status, 401, "the console wants a session");
    // Another site cannot make a browser send the header, so there is nothing to refuse.
    let elsewhere = program.with_header("origin", "https://evil.example").with_header("cookie", "a=b");
    elsewhere.get("/v1/me").await.with(200);
}

#[tokio::test]
async fn a_typing_mistake_is_told_without_the_database() {
    let installation = Installation::new().await;
    let (owner, _) = owner(&installation).await;
    let token = owner.token(&CreateToken::default()).await;
    let mut mistyped = token.clone();
    let wrong = if mistyped.ends_with('0') { "1" } else { "0" };
    mistyped.replace_range(mistyped.len() - 1.., wrong);
    let program = Program::new(&installation);
    installation.store.close().await;
    let reply = program.with_token(&mistyped).get("/v1/me").await;
    assert_eq!(reply.problem().0, 401);
    assert!(reply.text.contains("typing mistake"), "{}", reply.text);
    let reply = program.with_token(&token).get("/v1/me").await;
    assert_eq!(reply.problem(), (503, "unavailable".into(), String::new()), "this one is asked for");
    assert_eq!(reply.header("retry-after"), "5");
}

#[tokio::test]
async fn tokens_end_and_are_for_their_addresses() {
    let installation = Installation::behind("10.0.0.0/8").await;
    let (owner, _) = owner(&installation).await;
    let program = Program::new(&installation);

    let input = CreateToken { max_age_seconds: "600".into(), ..CreateToken::default() };
    let brief = program.with_token(&owner.token(&input).await);
    brief.get("/v1/me").await.with(200);
    installation.clock.advance(Duration::from_secs(601));
    assert_eq!(brief.get("/v1/me").await.problem().0, 401, "it has ended");

    let input = CreateToken { ip_ranges: "203.0.113.0/24".into(), ..CreateToken::default() };
    // Signed in anew: a token is made by who lately showed who they are.
    let owner = Person::signed_in(&installation, owner.id).await;
    let bound = program.with_token(&owner.token(&input).await).at_address("10.0.0.1");
    bound.with_header("x-forwarded-for", "203.0.113.9").get("/v1/me").await.with(200);
    let reply = bound.with_header("x-forwarded-for", "198.51.100.1").get("/v1/me").await;
    assert_eq!(reply.problem().0, 401);
    assert!(reply.text.contains("198.51.100.1"), "{}", reply.text);
    let forged = bound.at_address("198.51.100.2").with_header("x-forwarded-for", "203.0.113.9");
    assert_eq!(forged.get("/v1/me").await.problem().0, 401, "who is no proxy says nothing about others");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let installation = Installation::new().await;
    let (program, _) = owners_program(&installation).await;
    let tokens = program.get("/v1/me/tokens").await.with(200);
    assert_eq!((&tokens["total"], &tokens["next"]), (&1.into(), &serde_json::Value::Null));
    let path = format!("/v1/me/tokens/{}", tokens["tokens"][0]["id"].as_str().unwrap());
    assert_eq!(program.send(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(program.get("/v1/me").await.problem().0, 401);
}

#[tokio::test]
async fn a_deactivated_person_s_token_is_refused_at_once() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let mel = member(&installation, organization, "mel@example.org").await;
    let theirs = Program::new(&installation).with_token(&mel.token(&CreateToken::default()).await);
    let place = format!("/v1/organizations/{organization}");
    theirs.get(&place).await.with(200);
    let path = format!("{place}/users/{}/deactivate", mel.id);
    assert_eq!(program.send(Method::POST, &path, None).await.status, 204);
    assert_eq!(theirs.get(&place).await.problem().0, 404);
}

#[tokio::test]
async fn a_token_has_so_many_requests_a_minute() {
    let installation = Installation::new().await;
    let (program, _) = owners_program(&installation).await;
    for used in 1..=600 {
        let reply = program.get("/v1/permissions").await;
        assert_eq!(reply.status, 200, "{used}");
        assert_eq!(reply.header("ratelimit-limit"), "600");
        assert_eq!(reply.header("ratelimit-remaining"), (600 - used).to_string());
        let reset: u64 = reply.header("ratelimit-reset").parse().unwrap();
        assert!((1..=60).contains(&reset), "{reset}");
    }
    let reply = program.get("/v1/permissions").await;
    assert_eq!(reply.problem(), (429, "limited".into(), String::new()));
    assert!((1..=60).contains(&reply.header("retry-after").parse::<u64>().unwrap()));
    installation.clock.advance(Duration::from_secs(60));
    program.get("/v1/permissions").await.with(200);
}

#[tokio::test]
async fn who_guesses_tokens_waits_and_shuts_nobody_out() {
    let installation = Installation::new().await;
    let (good, _) = owners_program(&installation).await;
    good.get("/v1/me").await.with(200);
    let guess = Program::new(&installation);
    for index in 0..10 {
        let reply = guess.with_token(&format!("rdp_{index}")).get("/v1/me").await;
        assert_eq!(reply.problem().0, 401);
    }
    let reply = guess.with_token("rdp_again").get("/v1/me").await;
    assert_eq!(reply.problem().0, 429);
    assert!((1..=60).contains(&reply.header("retry-after").parse::<u64>().unwrap()));
    good.get("/v1/me").await.with(200);
    let elsewhere = guess.at_address("192.0.2.7").with_token("rdp_again").get("/v1/me").await;
    assert_eq!(elsewhere.problem().0, 401, "another address");
    installation.clock.advance(Duration::from_secs(61));
    assert_eq!(guess.with_token("rdp_again").get("/v1/me").await.problem().0, 401);
}
