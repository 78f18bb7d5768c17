//! Requests that other sites make a browser send.

use axum::http::StatusCode;

use crate::installation::{EMAIL, Installation, PASSWORD};

#[tokio::test]
async fn asvs_3_5_1_other_sites_cannot_send_forms() {
    let installation = Installation::new().await;
    let mut browser = installation.with_project("shop").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")] {
        browser.headers = [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect();
        let answer =
            browser.post("/", "/api/projects/delete", &[("project", "shop"), ("confirmation", "shop")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    // Browsers from before Sec-Fetch-Site.
    for origin in ["https://evil.example", "null", "http://localhost:8081"] {
        browser.headers = [
            ("sec-fetch-site".parse().unwrap(), "".parse().unwrap()),
            ("origin".parse().unwrap(), origin.parse().unwrap()),
        ]
        .into_iter()
        .collect();
        let answer =
            browser.post("/", "/api/projects/delete", &[("project", "shop"), ("confirmation", "shop")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    browser.headers.clear();
    assert!(browser.get("/projects").await.body.contains("shop"));
}

#[tokio::test]
async fn cookies_without_an_origin_are_refused_and_programs_are_not() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let bare = |mut browser: crate::installation::Browser| {
        browser.headers = [("sec-fetch-site", ""), ("origin", ""), ("referer", "")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect();
        browser
    };
    let answer = bare(browser).post("/", "/api/sign_out", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // No cookie: nothing that a site could make use of.
    let answer = bare(installation.browser()).sign_in(EMAIL, PASSWORD).await;
    assert!(answer.status.is_redirection(), "{}", answer.status);
}

#[tokio::test]
async fn another_name_leads_nowhere() {
    let installation = Installation::new().await;
    let mut browser = installation.signed_in().await;
    browser.headers.insert("host", "rebound.example".parse().unwrap());
    assert_eq!(browser.get("/projects").await.location(), "http://localhost:8080/projects");
    browser.headers.insert("origin", "http://rebound.example".parse().unwrap());
    let answer = browser.post("/", "/api/sign_out", &[]).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    // A forwarded port keeps the name.
    browser.headers.insert("host", "localhost:9000".parse().unwrap());
    assert_eq!(browser.get("/projects").await.status, StatusCode::OK);
}
