//! The session cookie: its marks, its turning at sign-in, its end.

use std::time::Duration;

use server::{
    middleware::keepsakes::{DEVICE_COOKIE, THEME_COOKIE},
    sessions::COOKIE,
};

use crate::installation::{EMAIL, Installation, PASSWORD};

/// What the policy limits sessions to that everybody begins with.
const IDLE_MAX: Duration = Duration::from_secs(3600);
/// See [`IDLE_MAX`].
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);

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

/// Requests that are under way while somebody signs out note the session's use.
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
        let look = || browser.get("/projects");
        let end = browser.post("/projects", "/api/sign_out", &[]);
        let (end, ..) = tokio::join!(end, look(), look(), look(), look(), look(), look());
        assert_eq!(end.location(), "/sign-in");
        let thief = installation.browser().with_header("accept", "application/json");
        thief.set_cookie(COOKIE, &id);
        assert_eq!(thief.get("/api/sessions/profile").await.status, 401, "round {round}");
    }
}

/// What a page fetches by itself, and the stream it comes back to, are no use of the session.
#[tokio::test]
async fn asvs_7_3_1_an_open_page_keeps_no_session_alive() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let page = browser.with_header("redoubt-background", "1");
    let nearly = IDLE_MAX - Duration::from_secs(120);
    installation.clock.advance(nearly);
    assert_eq!(page.get("/projects/shop/services").await.status, 200);
    let stream = "/streams/projects/shop/services/orders/timeline";
    let opened = browser.request(axum::http::Method::GET, stream, None);
    let opened = tower::ServiceExt::oneshot(installation.router.clone(), opened).await.unwrap();
    assert_eq!(opened.status(), 200);
    installation.clock.advance(Duration::from_secs(180));
    assert!(browser.get("/projects").await.location().starts_with("/sign-in"));
    assert!(page.get("/projects/shop/services").await.location().starts_with("/sign-in"));
}

/// The colour scheme is the browser's: it needs no session, makes none, and stays when one ends.
#[tokio::test]
async fn the_colour_scheme_is_kept_without_a_session() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let stranger = installation.browser();
    for (browser, page) in [(&stranger, "/sign-in"), (&browser, "/projects")] {
        assert!(browser.get(page).await.body.contains("data-theme=\"system\""));
        let set = [("theme", "dark"), ("next", page)];
        let answer = browser.post(page, "/api/sessions/set_theme", &set).await;
        assert_eq!(answer.location(), page);
        assert_eq!(answer.set_cookies(COOKIE), Vec::<&str>::new());
        let cookies = answer.set_cookies(THEME_COOKIE);
        let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
        for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
            assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
        }
        assert!(browser.get(page).await.body.contains("data-theme=\"dark\""));
    }
    browser.post("/projects", "/api/sign_out", &[]).await.location();
    assert!(browser.get("/sign-in").await.body.contains("data-theme=\"dark\""), "also signed out");
    let odd = installation.browser();
    odd.set_cookie(THEME_COOKIE, "\"><script>");
    assert!(odd.get("/sign-in").await.body.contains("data-theme=\"system\""));
}

/// Wrong tries of strangers keep those waiting who are as unknown as they are, and nobody else.
#[tokio::test]
async fn asvs_6_3_1_a_known_device_is_not_locked_out_by_strangers() {
    let installation = Installation::new().await;
    let owner = installation.signed_in().await;
    let first = owner.cookie(DEVICE_COOKIE).expect("the set-up is a sign-in too");
    owner.post("/projects", "/api/sign_out", &[]).await.location();
    let stranger = installation.browser().with_header("accept", "application/json");
    for _ in 0..5 {
        assert_eq!(stranger.sign_in(EMAIL, "a guess").await.status, 401);
    }
    let turned_away = stranger.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(turned_away.status, 429);
    assert!(!turned_away.header("retry-after").is_empty());

    let answer = owner.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(answer.location(), "/projects");
    let cookies = answer.set_cookies(DEVICE_COOKIE);
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
        assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
    }
    assert_ne!(owner.cookie(DEVICE_COOKIE).unwrap(), first, "a new mark each time");
    assert!(
        answer.headers.get("redoubt-device").is_none(),
        "the mark is in no header that a script could read"
    );
    // It is no sign-in.
    stranger.set_cookie(DEVICE_COOKIE, &first);
    assert_eq!(stranger.get("/api/sessions/profile").await.status, 401);
}

/// As many at once as somebody likes: no more are looked at than one after another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asvs_6_3_1_many_sign_ins_at_once_are_turned_away() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let stranger = installation.browser().with_header("accept", "application/json");
        tries.spawn(async move { stranger.sign_in(EMAIL, "a guess").await.status.as_u16() });
    }
    let statuses = tries.join_all().await;
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    // The clock runs: a wait or two may end meanwhile.
    assert!((1..=8).contains(&looked_at), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 40, "{statuses:?}");
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
