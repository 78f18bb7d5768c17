//! The live timeline as an event stream.

use std::time::Duration;

use axum::{
    body::BodyDataStream,
    http::{Method, StatusCode},
};
use domain::views::Timeline;
use futures::StreamExt;
use tower::ServiceExt;

use crate::installation::{Browser, EMAIL, Installation, PASSWORD};

const PATH: &str = "/streams/projects/shop/services/orders/timeline";

async fn open(installation: &Installation, browser: &Browser) -> BodyDataStream {
    let answer = installation.router.clone().oneshot(browser.request(Method::GET, PATH, None)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-cache");
    answer.into_body().into_data_stream()
}

/// The next event's text, or None at the end.
async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let chunk = tokio::time::timeout(Duration::from_secs(30), stream.next()).await.unwrap()?;
    Some(String::from_utf8(chunk.unwrap().to_vec()).unwrap())
}

fn timeline(event: &str) -> Timeline {
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

#[tokio::test]
async fn a_watcher_sees_a_service_come_to_life() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let mut stream = open(&installation, &browser).await;
    let first = next(&mut stream).await.unwrap();
    assert!(first.contains("event: timeline\n"), "{first}");
    assert!(first.contains("retry: 2000\n"), "{first}");
    let mut last = timeline(&first);
    for _ in 0..200 {
        if !last.is_active {
            break;
        }
        last = timeline(&next(&mut stream).await.unwrap());
    }
    assert_eq!(last.state, domain::states::ServiceState::Running);
    assert!(last.steps.iter().all(|step| step.state == domain::states::StepState::Done), "{:?}", last.steps);
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let mut stream = open(&installation, &browser).await;
    next(&mut stream).await.unwrap();
    installation.stop.send_replace(true);
    while next(&mut stream).await.is_some() {}
}

#[tokio::test]
async fn asvs_7_4_1_streams_end_with_their_session() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let mut stream = open(&installation, &browser).await;
    next(&mut stream).await.unwrap();
    browser.post("/projects", "/api/sign_out", &[]).await.location();
    let end = async { while next(&mut stream).await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(10), end).await.expect("the stream ends");
}

#[tokio::test]
async fn one_session_and_one_address_take_their_share_of_the_streams_only() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(open(&installation, &browser).await);
    }
    assert_eq!(browser.get(PATH).await.status, StatusCode::SERVICE_UNAVAILABLE, "of one session");
    held.pop();
    held.push(open(&installation, &browser).await);

    let another = async || {
        let browser = installation.browser();
        assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
        browser
    };
    for _ in 0..3 {
        let browser = another().await;
        for _ in 0..16 {
            held.push(open(&installation, &browser).await);
        }
    }
    let mut browser = another().await;
    assert_eq!(browser.get(PATH).await.status, StatusCode::SERVICE_UNAVAILABLE, "of one address");
    browser.address = [192, 0, 2, 1].into();
    held.push(open(&installation, &browser).await);
    drop(held);
    drop(open(&installation, &browser).await);
}

#[tokio::test]
async fn strangers_see_no_stream() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    assert_eq!(installation.browser().get(PATH).await.status, StatusCode::UNAUTHORIZED);
    let unknown = browser.get("/streams/projects/shop/services/unknown/timeline").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
