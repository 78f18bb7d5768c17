//! One's own second factors in a browser without script: what is shown once is made once, however often its form is sent.

use std::time::Duration;

use axum::http::StatusCode;
use domain::secrets::Secret;
use identity::testing::SoftAuthenticator;
use serde_json::Value;
use server::middleware::keepsakes::CEREMONY_COOKIE;

use crate::{
    credential_events::App,
    installation::{Answer, Browser, EMAIL, Installation, PASSWORD, hidden_value},
};

/// The console, as devices know it.
const URL: &str = "http://localhost:8080";
const NEW_APP: &str = "/profile/authentication/apps/new";
const CODES: &str = "/profile/authentication/recovery-codes";

/// Opens the page that adds an authenticator app and fills its form in.
async fn filled_in(installation: &Installation, browser: &Browser) -> [(&'static str, String); 4] {
    let page = browser.get(NEW_APP).await.body;
    let secret = page.split("aria-label=\"Secret\"").nth(1).unwrap();
    let secret = secret.split("<code>").nth(1).unwrap().split('<').next().unwrap();
    let (app, now) = (App::new(&Secret::new(secret.to_owned())), installation.control.session_rows().now());
    let code = |steps| app.code(now, steps).expose().to_owned();
    [
        ("name", "Phone".into()),
        ("code", code(0)),
        ("next_code", code(1)),
        ("offered", hidden_value(&page, "offered")),
    ]
}

async fn send(browser: &Browser, page: &str, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(page, page, &fields).await
}

/// The recovery codes that a page shows.
fn shown(page: &Answer) -> Vec<String> {
    let Some((_, list)) = page.body.split_once("class=\"recovery-codes\"") else { return Vec::new() };
    let list = list.split("</ol>").next().unwrap();
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_form_that_is_sent_again_adds_no_second_app_and_says_where_codes_are_made() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let sent = filled_in(&installation, &browser).await;
    let made = send(&browser, NEW_APP, &sent).await;
    assert_eq!((made.status, shown(&made).len()), (StatusCode::OK, 10), "{}", made.body);
    let again = send(&browser, NEW_APP, &sent).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("“Phone” was added already"), "{}", again.body);
    assert!(again.body.contains(&format!("href=\"{CODES}\"")), "{}", again.body);
    assert!(!again.body.contains("aria-label=\"Secret\"") && shown(&again).is_empty(), "{}", again.body);
    // What was offered too long ago and not added begins anew, with another secret.
    let mut other = filled_in(&installation, &browser).await;
    other[0].1 = "Tablet".into();
    browser.set_cookie(CEREMONY_COOKIE, "gone");
    let late = send(&browser, NEW_APP, &other).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.body.contains("took too long") && late.body.contains("aria-label=\"Secret\""),
        "{}",
        late.body
    );
}

/// What the server asks a device for that is to be called so; the status if it does not.
async fn begun(browser: &Browser, kind: &str, name: &str) -> Result<String, StatusCode> {
    let page = format!("/profile/authentication/{kind}s/new");
    let path = format!("/api/factors/begin_{}", kind.replace('-', "_"));
    let script = browser.with_header("accept", "application/json");
    let asked = script.post(&page, &path, &[("name", name)]).await;
    if asked.status != StatusCode::OK {
        return Err(asked.status);
    }
    browser.set_cookie(CEREMONY_COOKIE, &script.cookie(CEREMONY_COOKIE).unwrap());
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    Ok(asked["options"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_passkey_that_is_sent_again_is_not_asked_for_again() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    for (kind, name, codes) in [("passkey", "Laptop", 10), ("security-key", "Blue key", 0)] {
        let page = format!("/profile/authentication/{kind}s/new");
        assert_eq!(browser.get(&page).await.status, StatusCode::OK);
        let mut device = SoftAuthenticator::new(URL);
        let answer = device.create(&begun(&browser, kind, name).await.unwrap()).unwrap();
        let sent = [("name", name.to_owned()), ("answer", answer)];
        let made = send(&browser, &page, &sent).await;
        assert_eq!(shown(&made).len(), codes, "{}", made.body);
        let again = send(&browser, &page, &sent).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(again.body.contains(&format!("“{name}” was added already")), "{}", again.body);
        assert!(!again.body.contains("data-begin") && shown(&again).is_empty(), "{}", again.body);
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused_before_the_device_is_asked() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let long = "x".repeat(80);
    for kind in ["passkey", "security-key"] {
        assert_eq!(begun(&browser, kind, &long).await, Err(StatusCode::UNPROCESSABLE_ENTITY));
        let page = format!("/profile/authentication/{kind}s/new");
        let refused = send(&browser, &page, &[("name", long.clone()), ("answer", String::new())]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.body.contains("at most 64 characters") && refused.body.contains(&long),
            "{}",
            refused.body
        );
        let fine = send(&browser, &page, &[("name", "Laptop".into()), ("answer", String::new())]).await;
        assert_eq!(fine.status, StatusCode::OK);
        assert!(
            fine.body.contains("value=\"Laptop\"") && !fine.body.contains("aria-invalid"),
            "{}",
            fine.body
        );
    }
}

#[tokio::test]
async fn a_form_that_is_sent_again_replaces_no_recovery_codes() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let sent = filled_in(&installation, &browser).await;
    let first = shown(&send(&browser, NEW_APP, &sent).await);
    let before = async || vec![("before", hidden_value(&browser.get(CODES).await.body, "before"))];
    let form = before().await;
    installation.clock.advance(Duration::from_secs(1));
    let made = send(&browser, CODES, &form).await;
    assert_eq!((made.status, shown(&made).len()), (StatusCode::OK, 10), "{}", made.body);
    assert_ne!(shown(&made), first);
    installation.clock.advance(Duration::from_secs(1));
    let again = send(&browser, CODES, &form).await;
    assert_eq!((again.status, shown(&again)), (StatusCode::CONFLICT, Vec::new()), "{}", again.body);
    assert!(again.body.contains("Codes were made already"), "{}", again.body);
    // Those that were shown are still good.
    let other = installation.browser();
    assert!(other.sign_in(EMAIL, PASSWORD).await.location().starts_with("/sign-in/factor"));
    let codes = shown(&made);
    let code = [("recovery_code", codes[0].as_str())];
    let signed_in = other.post("/sign-in/factor", "/api/sign_in/code", &code).await;
    assert_eq!(signed_in.location(), "/projects");
    // The form that came back is a new one.
    let form = vec![("before", hidden_value(&again.body, "before"))];
    let made_again = send(&browser, CODES, &form).await;
    assert_eq!((made_again.status, shown(&made_again).len()), (StatusCode::OK, 10), "{}", made_again.body);
}

#[tokio::test]
async fn a_wrong_recovery_code_is_refused_where_it_was_typed() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let sent = filled_in(&installation, &browser).await;
    send(&browser, NEW_APP, &sent).await;
    let other = installation.browser();
    assert!(other.sign_in(EMAIL, PASSWORD).await.location().starts_with("/sign-in/factor"));
    let wrong = [("recovery_code", "0123-4567-89ab-cdef-ghjk-mnpq")];
    let refused = other.follow(other.post("/sign-in/factor", "/api/sign_in/code", &wrong).await).await.body;
    let details = refused.split("<details").nth(1).unwrap();
    assert!(details.contains(" open") && details.contains("aria-invalid=\"true\""), "{refused}");
    assert!(!refused.contains("0123-4567"), "what was typed is a secret: {refused}");
}
