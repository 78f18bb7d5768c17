//! What a change of the authentication policy does to browsers that are signed in.

use std::time::Duration;

use axum::http::StatusCode;

use crate::installation::{EMAIL, Installation, PASSWORD, hidden_value};

const HALF_HOUR: Duration = Duration::from_secs(1800);

/// Sessions that are to last shorter end at once, and the preview has said how many.
#[tokio::test]
async fn a_preview_counts_the_browsers_that_are_signed_out() {
    let installation = Installation::new().await;
    let old = installation.signed_in().await;
    for _ in 0..4 {
        installation.clock.advance(HALF_HOUR);
        assert_eq!(old.get("/projects").await.status, StatusCode::OK);
    }
    let admin = installation.browser();
    assert_eq!(admin.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
    let organization = admin.organization().await;
    let page = format!("/organizations/{organization}/authentication");
    let form = |session_seconds: &'static str| {
        [
            ("password_allowed", "true"),
            ("other_providers_allowed", "true"),
            ("oidc_allowed", "true"),
            ("personal_tokens_allowed", "true"),
            ("idle_seconds", "3600"),
            ("session_seconds", session_seconds),
            ("password_chars_min", "8"),
            ("password_chars_min_alone", "15"),
            ("generation", "0"),
        ]
    };
    let preview = admin.post(&page, &page, &form("14400")).await.body;
    assert!(!preview.contains("signed out at once"), "{preview}");
    let preview = admin.post(&page, &page, &form("3600")).await.body;
    assert!(preview.contains("One browser is signed out at once"), "{preview}");
    assert_eq!(old.get("/projects").await.status, StatusCode::OK, "nothing is saved yet");
    let confirmed = hidden_value(&preview, "confirmed");
    let mut sent = form("3600").to_vec();
    sent.push(("confirmed", &confirmed));
    assert!(admin.post(&page, &page, &sent).await.status.is_redirection());
    assert!(old.get("/projects").await.status.is_redirection(), "it is over");
    assert_eq!(admin.get("/projects").await.status, StatusCode::OK);
}

/// Whoever asks is told that their own browser is among them.
#[tokio::test]
async fn a_preview_says_that_ones_own_browser_is_signed_out() {
    let installation = Installation::new().await;
    let admin = installation.signed_in().await;
    let organization = admin.organization().await;
    for _ in 0..4 {
        installation.clock.advance(HALF_HOUR);
        assert_eq!(admin.get("/projects").await.status, StatusCode::OK);
    }
    // Showing once more who one is makes a session no younger.
    let next = format!("/organizations/{organization}/authentication");
    let fields = [("password", PASSWORD), ("next", next.as_str())];
    assert!(admin.post("/step-up", "/api/step_up/password", &fields).await.status.is_redirection());
    let sent = [
        ("password_allowed", "true"),
        ("idle_seconds", "3600"),
        ("session_seconds", "3600"),
        ("password_chars_min", "8"),
        ("password_chars_min_alone", "15"),
        ("generation", "0"),
    ];
    let preview = admin.post(&next, &next, &sent).await.body;
    assert!(preview.contains("Your own browser is signed out at once"), "{preview}");
}
