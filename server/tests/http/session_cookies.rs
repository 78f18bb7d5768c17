//! The session cookie: its marks, its turning at sign-in, its end.

use std::time::Duration;

use server::sessions::{AGE_MAX, COOKIE, IDLE_MAX};

use crate::installation::{EMAIL, Installation, PASSWORD};

#[tokio::test]
async fn asvs_3_3_the_cookie_is_bound_to_this_site() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let answer = installation.browser().sign_in(EMAIL, PASSWORD).await;
    assert_eq!(answer.location(), "/projects");
    let cookies = answer.set_cookies(COOKIE);
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    assert!(COOKIE.starts_with("__Host-"));
    for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn asvs_7_2_4_signing_in_makes_a_new_session() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let first = browser.cookie(COOKIE).unwrap();
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
    let second = browser.cookie(COOKIE).unwrap();
    assert_ne!(first, second);

    let thief = installation.browser();
    thief.set_cookie(COOKIE, &first);
    assert!(thief.get("/projects").await.location().starts_with("/sign-in"), "the old id is worth nothing");
    assert_eq!(browser.get("/projects").await.status, 200);
}

#[tokio::test]
async fn asvs_7_4_1_signing_out_ends_the_session() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let id = browser.cookie(COOKIE).unwrap();
    let answer = browser.post("/projects", "/api/sign_out", &[]).await;
    assert_eq!(answer.location(), "/sign-in");
    let thief = installation.browser();
    thief.set_cookie(COOKIE, &id);
    assert!(thief.get("/projects").await.location().starts_with("/sign-in"));
}

/// Requests that are under way while somebody signs out note the session's use and change what it holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asvs_7_4_1_a_session_that_was_signed_out_does_not_come_back() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    for round in 0..10 {
        let browser = installation.browser();
        assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
        let id = browser.cookie(COOKIE).unwrap();
        // Long enough for the last use to be written down anew.
        installation.clock.advance(Duration::from_secs(120));
        let theme = || browser.post("/", "/api/sessions/set_theme", &[("theme", "Dark")]);
        let (end, ..) = tokio::join!(
            browser.post("/projects", "/api/sign_out", &[]),
            theme(),
            theme(),
            theme(),
            browser.get("/projects"),
            browser.get("/projects"),
            browser.get("/projects"),
        );
        assert_eq!(end.location(), "/sign-in");
        let thief = installation.browser().with_header("accept", "application/json");
        thief.set_cookie(COOKIE, &id);
        assert_eq!(thief.get("/api/sessions/profile").await.status, 401, "round {round}");
    }
}

#[tokio::test]
async fn made_up_and_malformed_ids_are_nobody() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "", "%00", "../../etc/passwd"] {
        let browser = installation.browser();
        browser.set_cookie(COOKIE, id);
        assert!(browser.get("/projects").await.location().starts_with("/sign-in"), "{id}");
    }
}

#[tokio::test]
async fn asvs_7_3_1_idle_sessions_end() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    installation.clock.advance(IDLE_MAX - Duration::from_secs(60));
    assert_eq!(browser.get("/projects").await.status, 200);
    installation.clock.advance(IDLE_MAX - Duration::from_secs(60));
    assert_eq!(browser.get("/projects").await.status, 200, "each use counts anew");
    installation.clock.advance(IDLE_MAX + Duration::from_secs(1));
    assert!(browser.get("/projects").await.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn asvs_7_3_2_old_sessions_end_however_they_are_used() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let step = IDLE_MAX / 2;
    let steps = u32::try_from(AGE_MAX.as_secs() / step.as_secs()).unwrap();
    for _ in 1..steps {
        installation.clock.advance(step);
        assert_eq!(browser.get("/projects").await.status, 200);
    }
    installation.clock.advance(step);
    assert!(browser.get("/projects").await.location().starts_with("/sign-in"));
}
