//! The built console: names, encodings, caching.

use axum::http::StatusCode;

use crate::installation::Installation;

const STYLE: &str = "/assets/console.0123456789abcdef.css";

#[tokio::test]
async fn files_come_in_the_form_that_the_browser_takes_and_may_be_kept() {
    let installation = Installation::new().await;
    let mut browser = installation.browser();
    for (accepted, coding, body) in [
        ("", "", "plain console.css"),
        ("gzip", "gzip", "gzip console.css"),
        ("gzip, br", "br", "brotli console.css"),
        ("br;q=0, gzip", "gzip", "gzip console.css"),
    ] {
        browser.headers.insert("accept-encoding", accepted.parse().unwrap());
        let answer = browser.get(STYLE).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!((answer.header("content-encoding"), answer.body.as_str()), (coding, body));
        assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");

        let etag = answer.header("etag").to_owned();
        browser.headers.insert("if-none-match", etag.parse().unwrap());
        let again = browser.get(STYLE).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        browser.headers.remove("if-none-match");
    }
}

#[tokio::test]
async fn nothing_else_is_served() {
    let installation = Installation::new().await;
    let browser = installation.browser();
    for path in [
        "/assets/console.css",
        "/assets/../manifest.json",
        "/assets/%2e%2e/manifest.json",
        "/assets/..%2fmanifest.json",
        "/assets/console.0123456789abcdef.css.br",
        "/assets/",
        "/manifest.json",
    ] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn pages_ask_for_files_that_are_there() {
    let installation = Installation::new().await;
    let browser = installation.browser();
    let page = browser.get("/sign-in").await.body;
    let asked: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(asked.len() >= 3, "{page}");
    for path in asked {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
}
