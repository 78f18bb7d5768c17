//! Event logs as files, for programs and for people.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use domain::inputs::CreateToken;
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::callers::{Program, member, owner, owners_program};
use crate::installation::Installation;

/// Groups that are made: more events than one page of an export holds.
const GROUPS: usize = 1050;

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn everything_is_in_the_file_and_in_order() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    let many = many_groups(&installation, &program, &base).await;

    let reply = program.get(&format!("{base}/events/export?format=jsonl")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/jsonl");
    assert_eq!(reply.header("cache-control"), "no-store");
    let disposition = format!("attachment; filename=\"events-{organization}.jsonl\"");
    assert_eq!(reply.header("content-disposition"), disposition);
    let events: Vec<Value> = reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert!(events.len() > GROUPS, "{}", events.len());
    assert!(
        sequences.windows(2).all(|pair| pair[0] == pair[1] + 1),
        "newest first, none twice, none left out"
    );
    assert_eq!(*sequences.last().unwrap(), 1);
    assert!(events[0]["at"].as_str().unwrap().ends_with('Z'));

    let filtered = format!("{base}/events/export?format=csv&event_type=group.created");
    let reply = program.get(&filtered).await;
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    let found = rows(&reply.text);
    assert_eq!(found.len(), many);
    assert_eq!(reply.text.matches("sequence,at,event_type").count(), 1, "one head");
    assert!(found.iter().all(|row| row.len() == 20 && row[2] == "group.created"));
    assert!(found.iter().any(|row| row[15] == "'=HYPERLINK(1)"), "no formula");

    for (query, field) in [("", "format"), ("?format=xml", "format"), ("?format=csv&outcome=x", "outcome")] {
        let reply = program.get(&format!("{base}/events/export{query}")).await;
        assert_eq!(reply.problem(), (422, "invalid".into(), field.into()));
    }
}

/// Events of many groups: the first through the API, the others as copies of its event, since making each would take
/// long.
async fn many_groups(installation: &Installation, program: &Program, base: &str) -> usize {
    program.post(&format!("{base}/groups"), json!({ "name": "=HYPERLINK(1)" })).await.with(201);
    copy_last_event(installation, base.rsplit('/').next().unwrap()).await;
    GROUPS + 1
}

async fn copy_last_event(installation: &Installation, organization: &str) {
    let organization = Some(organization.parse().unwrap());
    let mut tx = installation.store.write().await.unwrap();
    let (last, _) = store::events::last(&mut tx, organization).await.unwrap().unwrap();
    let filter = store::events::EventFilter::default();
    let found = store::events::list_for_organization(&mut tx, organization, &filter, None, 1).await.unwrap();
    for index in 1..=GROUPS {
        let mut event = found[0].clone();
        event.id = domain::ids::EventId::from_uuid(uuid::Uuid::from_u128(index as u128));
        event.sequence = last + i64::try_from(index).unwrap();
        store::events::append(&mut tx, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn people_download_what_programs_export() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    for (path, name) in [
        (format!("/organizations/{organization}/events/export"), organization.as_str()),
        ("/projects/shop/events/export".to_owned(), "shop"),
    ] {
        let answer = browser.get(&format!("{path}?format=csv")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let disposition = format!("attachment; filename=\"events-{name}.csv\"");
        assert_eq!(answer.header("content-disposition"), disposition);
        assert!(rows(&answer.body).iter().any(|row| row[2] == "project.created"), "{}", answer.body);
        let filtered = browser.get(&format!("{path}?format=csv&event_type=project.deleted")).await;
        assert_eq!(rows(&filtered.body).len(), 0, "{}", filtered.body);
        let refused = browser.get(&format!("{path}?format=xml")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let stranger = installation.browser().get(&format!("{path}?format=csv")).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
    let missing = browser.get("/projects/nope/events/export?format=csv").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let missing = browser.get("/organizations/not-an-id/events/export?format=csv").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_loses_the_right_on_the_way_gets_no_more() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    many_groups(&installation, &program, &base).await;
    let mel = member(&installation, organization, "mel@example.org").await;
    let grant = json!({
        "principal": "mel@example.org", "granted": "organization:event_logs:read", "resource": "organization",
    });
    let grant = program.post(&format!("{base}/permissions"), grant).await.with(201);
    let theirs = Program::new(&installation).with_token(&mel.token(&CreateToken::default()).await);
    let mut pieces = theirs.open(&format!("{base}/events/export?format=jsonl")).await;
    let first = pieces.next().await.unwrap().unwrap();
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 1000);
    let path = format!("{base}/permissions/{}", grant["id"].as_str().unwrap());
    assert_eq!(program.send(Method::DELETE, &path, None).await.status, 204);
    assert!(pieces.next().await.unwrap().is_err(), "broken off, not ended");
}

#[tokio::test]
async fn a_token_that_ends_on_the_way_gets_no_more() {
    let installation = Installation::new().await;
    let (owner, organization) = owner(&installation).await;
    let program = Program::new(&installation).with_token(&owner.token(&CreateToken::default()).await);
    let base = format!("/v1/organizations/{organization}");
    many_groups(&installation, &program, &base).await;
    let export = format!("{base}/events/export?format=csv");
    let tokens = program.get("/v1/me/tokens").await.with(200);
    let path = format!("/v1/me/tokens/{}", tokens["tokens"][0]["id"].as_str().unwrap());
    let mut pieces = program.open(&export).await;
    pieces.next().await.unwrap().unwrap();
    assert_eq!(program.send(Method::DELETE, &path, None).await.status, 204);
    assert!(pieces.next().await.unwrap().is_err(), "broken off, not ended");

    // One that stays gets all of it.
    let program = program.with_token(&owner.token(&CreateToken::default()).await);
    let mut pieces = program.open(&export).await;
    while let Some(piece) = pieces.next().await {
        piece.unwrap();
    }
    // Its time counts, too.
    let brief = CreateToken { max_age_seconds: "600".into(), ..CreateToken::default() };
    let program = program.with_token(&owner.token(&brief).await);
    let mut pieces = program.open(&export).await;
    pieces.next().await.unwrap().unwrap();
    installation.clock.advance(Duration::from_secs(600));
    assert!(pieces.next().await.unwrap().is_err(), "broken off, not ended");
}

#[tokio::test]
async fn a_file_ends_with_the_session_that_began_it() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    copy_last_event(&installation, &organization).await;
    let path = format!("/organizations/{organization}/events/export?format=csv");
    let open = async || {
        let request = browser.request(Method::GET, &path, None);
        let answer = installation.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body().into_data_stream()
    };
    let mut pieces = open().await;
    let mut lines = 0;
    while let Some(piece) = pieces.next().await {
        lines += piece.unwrap().iter().filter(|byte| **byte == b'\n').count();
    }
    assert!(lines > GROUPS, "{lines}");
    let mut pieces = open().await;
    pieces.next().await.unwrap().unwrap();
    browser.post("/projects", "/api/sign_out", &[]).await.location();
    assert!(pieces.next().await.unwrap().is_err(), "broken off, not ended");
}
