//! Health, figures and the marks of a request: what the machinery around the server reads.

use axum::http::StatusCode;

use crate::installation::Installation;

#[tokio::test]
async fn health_says_what_is() {
    let installation = Installation::new().await;
    let mut browser = installation.browser();
    // Probes come by address, not by name.
    browser.headers.insert("host", "10.0.0.5:8080".parse().unwrap());
    let answer = browser.get("/health/live").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "live\n"));
    let answer = browser.get("/health/ready").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "ready\n"));

    installation.stop.send_replace(true);
    let answer = browser.get("/health/ready").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"));
    assert_eq!(browser.get("/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn figures_are_for_configured_addresses_only() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let mut browser = installation.browser();
    browser.get("/sign-in").await;
    browser.get("/projects/some/services").await;
    let answer = browser.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    for expected in [
        "redoubt_build_info{version=\"",
        "redoubt_http_request_seconds_count{method=\"GET\",route=\"/sign-in\",status=\"200\"} 1",
        "route=\"/projects/{project}/services\"",
        "redoubt_strands 0",
        "process_resident_memory_bytes ",
    ] {
        assert!(answer.body.contains(expected), "{expected}\nis missing in\n{}", answer.body);
    }
    assert!(!answer.body.contains("some"), "no names of customers");

    browser.headers.insert("x-forwarded-for", "127.0.0.1".parse().unwrap());
    assert_eq!(browser.get("/metrics").await.status, StatusCode::NOT_FOUND, "through a proxy");
    browser.headers.remove("x-forwarded-for");
    browser.address = [192, 0, 2, 1].into();
    assert_eq!(browser.get("/metrics").await.status, StatusCode::NOT_FOUND, "from elsewhere");
}

#[tokio::test]
async fn requests_have_ids_of_our_own() {
    let installation = Installation::new().await;
    let mut browser = installation.browser();
    browser.headers.insert("x-request-id", "forged".parse().unwrap());
    let (first, second) = (browser.get("/sign-in").await, browser.get("/sign-in").await);
    let (first, second) = (first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(uuid::Uuid::parse_str(first).unwrap().get_version_num(), 7);
    assert_ne!(first, second);
}
