//! What answers tell browsers never to do.

use axum::http::StatusCode;

use crate::installation::Installation;

#[tokio::test]
async fn asvs_3_4_every_answer_carries_the_headers() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    for path in [
        "/projects",
        "/sign-in",
        "/nowhere",
        "/projects/unknown/services",
        "/api/nowhere",
        "/api/sessions/profile",
        "/v1/me",
        "/v1/openapi.json",
        "/v1/nowhere",
        "/health/live",
        "/metrics",
        "/assets/nothing.css",
        "/assets/console.0123456789abcdef.css",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        assert!(!answer.headers.contains_key("strict-transport-security"), "{path}: this is http");
        if !path.starts_with("/assets/console.") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn asvs_3_4_1_https_is_remembered() {
    let installation = Installation::at("https://console.example.org").await;
    let mut browser = installation.browser();
    browser.headers.insert("host", "console.example.org".parse().unwrap());
    let answer = browser.get("/sign-in").await;
    assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"));
}

#[tokio::test]
async fn pages_run_only_what_carries_their_nonce() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let (first, second) = (browser.get("/projects").await, browser.get("/projects").await);
    let policy = first.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(nonce.len() >= 16, "{policy}");
    assert!(!policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'"), "{policy}");
    assert_ne!(policy, second.header("content-security-policy"), "a new nonce each time");
    for tag in first.body.split('<').filter(|tag| tag.starts_with("script")) {
        let is_fine = tag.contains("src=\"/assets/") || tag.contains(&format!("nonce=\"{nonce}\""));
        assert!(is_fine, "{tag}");
    }
    assert!(!first.body.contains(" style=\"") && !first.body.contains("<style"), "no inline style");
    assert!(!first.body.contains(" onclick="), "no inline script");
}

#[tokio::test]
async fn forms_that_are_too_large_are_refused() {
    let installation = Installation::new().await;
    let browser = installation.browser();
    let answer = browser.sign_in("ann@example.org", &"x".repeat(100_000)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
