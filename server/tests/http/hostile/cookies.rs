//! Cookies that nobody was given: with a sign changed, cut off, made longer, of somebody else, or set before a sign-in.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use control::factors;
use identity::testing::SoftAuthenticator;
use serde_json::Value;
use server::{
    middleware::{
        flash::{COOKIE as FLASH_COOKIE, HELD_BACK_COOKIE},
        keepsakes::{CEREMONY_COOKIE, DEVICE_COOKIE, PASSKEY_COOKIE, THEME_COOKIE},
    },
    sessions::COOKIE,
};

use crate::{
    api::callers::Person,
    installation::{Browser, EMAIL, Installation, PASSWORD},
};

const URL: &str = "http://localhost:8080";
/// The longest wait, in seconds.
const WAIT_MAX: u64 = 900;
const SIGNS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value with each sign replaced by two others, cut off at each place, and made longer.
fn tampered(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, sign) in value.char_indices() {
        let place = SIGNS.find(sign).unwrap_or(0);
        // One bit and many.
        for other in [place ^ 1, place ^ 0x2a] {
            let mut other_value = value.to_owned();
            other_value.replace_range(at..=at, &SIGNS[other..=other]);
            found.push(other_value);
        }
        found.push(value[..at].to_owned());
    }
    found.extend(["A", "=", "%00"].map(|more| format!("{value}{more}")));
    found.extend([format!("A{value}"), format!("{value}{value}"), value.chars().rev().collect()]);
    found.retain(|found| found != value);
    found
}

/// A browser with this cookie alone, which takes its answers as a program does, in a network of its own.
fn browser_with(installation: &Installation, name: &str, value: &str, network: usize) -> Browser {
    let mut browser = installation.browser().with_header("accept", "application/json");
    let network = u32::try_from(network).unwrap();
    browser.address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + network * 256));
    browser.set_cookie(name, value);
    browser
}

/// Somebody with a passkey, in a browser that is asked for it after the password.
async fn half_way(installation: &Installation) -> (Browser, SoftAuthenticator) {
    installation.signed_in().await;
    let mut tx = installation.store.read().await.unwrap();
    let user = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().id;
    drop(tx);
    let (ctx, mut device) = (Person::signed_in(installation, user).await.ctx, SoftAuthenticator::new(URL));
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = device.create(&begun.shown).unwrap();
    factors::finish_passkey(&ctx, &begun.ceremony, "Laptop", &answer).await.unwrap();
    let browser = installation.browser();
    assert!(browser.sign_in(EMAIL, PASSWORD).await.location().starts_with("/sign-in/factor"));
    (browser, device)
}

#[tokio::test]
async fn asvs_7_2_2_a_session_that_was_not_given_is_nobodys() {
    let installation = Installation::new().await;
    let id = installation.signed_in().await.cookie(COOKIE).unwrap();
    let values = tampered(&id);
    for (network, value) in values.iter().enumerate() {
        let browser = browser_with(&installation, COOKIE, value, network);
        assert_eq!(browser.get("/api/sessions/profile").await.status, 401, "{value}");
        assert_eq!(browser.post("/", "/api/sign_out", &[]).await.status, 401, "{value}");
    }
    println!("session cookie: {} tampered values, each refused twice", values.len());
    assert!(values.len() >= 70, "{}", values.len());
    assert_eq!(browser_with(&installation, COOKIE, &id, 0).get("/api/sessions/profile").await.status, 200);
}

#[tokio::test]
async fn asvs_9_1_1_9_2_4_marks_of_a_device_are_checked_first_and_are_good_for_nothing_else() {
    let installation = Installation::new().await;
    let mark = installation.signed_in().await.cookie(DEVICE_COOKIE).unwrap();
    // Four tries are free; then each waits twice as long as the one before, up to a quarter of an hour.
    for network in 0..14 {
        if network > 4 {
            installation.clock.advance(Duration::from_secs((1 << (network - 4)).min(WAIT_MAX)));
        }
        let stranger = browser_with(&installation, "none", "none", network);
        assert_eq!(stranger.sign_in(EMAIL, "a guess").await.status, 401, "{network}");
    }
    let values = tampered(&mark);
    for (network, value) in values.iter().enumerate() {
        let browser = browser_with(&installation, DEVICE_COOKIE, value, 100 + network);
        let answer = browser.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(answer.status, 429, "{value}");
    }
    println!("device cookie: {} tampered values, none lets anybody past a wait", values.len());
    assert!(values.len() >= 100, "{}", values.len());
    // A true one is of no use for anything else, and of nobody else.
    for name in [COOKIE, CEREMONY_COOKIE, PASSKEY_COOKIE] {
        let browser = browser_with(&installation, name, &mark, 500);
        assert_eq!(browser.get("/api/sessions/profile").await.status, 401, "{name}");
        let answered = browser.post("/", "/api/sign_in/code", &[("code", "123456")]).await;
        assert_eq!(answered.status, 401, "{name}");
    }
    let nobody = browser_with(&installation, DEVICE_COOKIE, &mark, 501);
    assert_eq!(nobody.sign_in("bob@example.org", PASSWORD).await.status, 401);
    let owner = browser_with(&installation, DEVICE_COOKIE, &mark, 0);
    assert_eq!(owner.sign_in(EMAIL, PASSWORD).await.status, 200, "and the true one does");
}

#[tokio::test]
async fn tampered_ceremonies_are_none() {
    let installation = Installation::new().await;
    let (browser, mut device) = half_way(&installation).await;
    let ceremony = browser.cookie(CEREMONY_COOKIE).unwrap();
    let page = browser.get("/sign-in/factor").await.body;
    let options = options(&page);
    let answer = device.get(&options).unwrap();
    let mut count = 0;
    for (network, value) in tampered(&ceremony).iter().enumerate() {
        let browser = browser_with(&installation, CEREMONY_COOKIE, value, network);
        let fields = [("answer", answer.as_str())];
        let tried = browser.post("/sign-in/factor", "/api/sign_in/security_key", &fields).await;
        assert_eq!((tried.status.as_u16(), browser.cookie(COOKIE)), (401, None), "{value}");
        count += 1;
    }
    // Nor is it one where a passkey alone is asked for.
    let asked = browser_with(&installation, "none", "none", 999);
    let begun = asked.post("/sign-in", "/api/sign_in/begin_passkey", &[]).await;
    let begun: Value = serde_json::from_str(&begun.body).unwrap();
    let passkey = asked.cookie(PASSKEY_COOKIE).unwrap();
    let alone = device.get(begun["options"].as_str().unwrap()).unwrap();
    let mut values = tampered(&passkey);
    values.push(ceremony.clone());
    for (network, value) in values.iter().enumerate() {
        let browser = browser_with(&installation, PASSKEY_COOKIE, value, 1000 + network);
        let tried = browser.post("/sign-in", "/api/sign_in/passkey", &[("answer", &alone)]).await;
        assert_eq!((tried.status.as_u16(), browser.cookie(COOKIE)), (401, None), "{value}");
        count += 1;
    }
    println!("ceremony and passkey cookies: {count} values that were not given, each refused");
    assert!(count >= 200, "{count}");
    assert_eq!(asked.post("/sign-in", "/api/sign_in/passkey", &[("answer", &alone)]).await.status, 200);
}

/// What the page gives `navigator.credentials.get`.
fn options(page: &str) -> String {
    let attribute = page.split("data-options=\"").nth(1).unwrap_or_else(|| panic!("{page}"));
    attribute.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&")
}

/// What is shown and nothing else hangs on these: each value leads to a page, and to no other cookie, header or script.
#[tokio::test]
async fn tampered_notes_change_nothing_but_what_is_shown() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    browser.make_project("Not a name!").await.location();
    let flash = browser.cookie(FLASH_COOKIE).unwrap();
    let mut count = 0;
    for name in [FLASH_COOKIE, HELD_BACK_COOKIE, THEME_COOKIE] {
        let forged = ["\"><script>alert(1)</script>", "%0d%0aset-cookie:a=b", "{}", "null", "e30"];
        let values = tampered(&flash).into_iter().step_by(5).chain(forged.map(str::to_owned));
        for (network, value) in values.enumerate() {
            let stranger = browser_with(&installation, name, &value, network);
            let page = stranger.with_header("accept", "text/html").get("/sign-in").await;
            assert_eq!(page.status, 200, "{name}={value}");
            assert!(!page.body.contains("<script>alert"), "{name}={value}");
            assert!(!page.headers.contains_key("a") && page.set_cookies("a").is_empty(), "{name}={value}");
            assert!(page.set_cookies(COOKIE).is_empty(), "{name}={value}");
            count += 1;
        }
    }
    println!(
        "flash, held-back and theme cookies: {count} tampered values, each without effect on who is who"
    );
    assert!(count >= 100, "{count}");
}

/// A cookie that somebody else set before the sign-in names nothing after it: neither a made-up one, nor an ended one, nor
/// that of the attacker's own session.
#[tokio::test]
async fn asvs_7_2_4_a_session_that_was_set_before_is_not_the_one_after() {
    let installation = Installation::new().await;
    let attackers = installation.signed_in().await.cookie(COOKIE).unwrap();
    let ended = installation.browser();
    ended.sign_in(EMAIL, PASSWORD).await.location();
    let ended_id = ended.cookie(COOKIE).unwrap();
    ended.post("/projects", "/api/sign_out", &[]).await.location();
    let mut count = 0;
    for planted in [attackers.as_str(), &ended_id, "AAAAAAAAAAAAAAAAAAAAAA", "x"] {
        let victim = installation.browser();
        victim.set_cookie(COOKIE, planted);
        assert_eq!(victim.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
        let after = victim.cookie(COOKIE).unwrap();
        assert_ne!(after, planted);
        let attacker = browser_with(&installation, COOKIE, planted, 0);
        assert_eq!(attacker.get("/api/sessions/profile").await.status, 401, "{planted}");
        count += 1;
    }
    println!("session fixation: {count} planted ids, none of them signed in after the sign-in");
}
