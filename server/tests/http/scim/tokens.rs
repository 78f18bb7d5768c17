//! The tokens that people and groups are pushed with: what opens them, what they open, and when they end.

use control::{policies, scim};
use domain::{events::EventType, inputs::CreateToken, policies::AuthenticationPolicy};
use serde_json::json;

use super::workplace::{USER, Workplace, read, refusal, verified, with_scim};

#[tokio::test]
async fn two_tokens_are_good_at_the_same_time_and_end_at_once() {
    let place = Workplace::new().await;
    let (organization, provider, ctx) = (place.organization, place.provider, &place.ann.ctx);
    assert!(place.token.starts_with("rds_"));
    let next = scim::make_token(ctx, organization, provider).await.unwrap();
    let third = scim::make_token(ctx, organization, provider).await.err().unwrap();
    assert!(third.to_string().contains("two tokens already"), "{third}");
    for token in [place.token.as_str(), next.token.expose()] {
        read(&place.with(token).get("/Users").await, 200);
    }
    let shown = scim::view(ctx, organization, provider).await.unwrap();
    assert!(shown.tokens.iter().all(|token| token.last_used_at.is_some()));
    let first = shown.tokens.iter().find(|token| token.id != next.row.id).unwrap();
    assert_eq!(first.prefix, place.token[..10]);
    scim::remove_token(ctx, organization, provider, first.id).await.unwrap();
    assert_eq!(refusal(&place.okta().get("/Users").await).0, 401);
    read(&place.with(next.token.expose()).get("/Users").await, 200);
    scim::switch_off(ctx, organization, provider, "wrong").await.unwrap_err();
    scim::switch_off(ctx, organization, provider, "Okta").await.unwrap();
    assert_eq!(refusal(&place.with(next.token.expose()).get("/Users").await).0, 401);
    for (event_type, count) in [
        (EventType::ScimSwitchedOn, 1),
        (EventType::ScimTokenMade, 2),
        (EventType::ScimTokenRemoved, 1),
        (EventType::ScimSwitchedOff, 1),
    ] {
        let events = place.events(event_type).await;
        assert_eq!(events.len(), count, "{event_type}");
        assert!(events.iter().all(|event| !format!("{event:?}").contains(&place.token)));
    }
    assert!(scim::make_token(ctx, organization, provider).await.is_err(), "it is off");
}

#[tokio::test]
async fn a_token_is_good_for_its_own_identity_provider_alone() {
    let place = Workplace::new().await;
    let other = with_scim(&place.ann, place.organization, "Entra", &[]).await;
    let elsewhere = control::organizations::create(&place.ann.ctx, "Elsewhere").await.unwrap().id;
    let there = with_scim(&place.ann, elsewhere, "Okta", &[]).await;
    let okta = place.okta().program;
    for (organization, provider) in [
        (place.organization, other),
        (elsewhere, place.provider),
        (elsewhere, there),
        (place.organization, there),
    ] {
        let path = format!("/v1/scim/v2/account/{organization}/method/{provider}/Users");
        let reply = okta.get(&path).await;
        assert_eq!(refusal(&reply).0, 401, "{path}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(refusal(&okta.get("/v1/scim/v2/account/x/method/y/Users").await).0, 401);
    // Tokens of people open nothing here, and this one opens nothing else.
    let personal = place.ann.token(&CreateToken::default()).await;
    for wrong in [personal.as_str(), "rds_x", &place.token[..place.token.len() - 1], "nonsense"] {
        assert_eq!(refusal(&place.with(wrong).get("/Users").await).0, 401, "{wrong}");
    }
    assert_eq!(okta.get("/v1/organizations").await.status, 401);
    let nobody = crate::api::callers::Program::new(&place.installation);
    let reply = nobody.get(&format!("{}/Users", place.base())).await;
    assert_eq!((refusal(&reply).0, reply.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn the_policys_addresses_count_and_refusals_are_on_record() {
    let place = Workplace::new().await;
    let addresses = vec!["127.0.0.0/8".parse().unwrap()];
    let policy = AuthenticationPolicy { addresses, ..AuthenticationPolicy::default() };
    let mut tx = place.installation.store.write().await.unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    let now = place.installation.control.session_rows().now();
    assert!(store::authentication_policies::set(&mut tx, place.organization, 0, &text, now).await.unwrap());
    tx.commit().await.unwrap();
    assert!(policies::view(&place.ann.ctx, place.organization).await.is_ok());
    read(&place.okta().get("/Users").await, 200);
    let far = place.okta().program.at_address("203.0.113.7");
    for _ in 0..3 {
        let (status, _, detail) = refusal(&far.get(&format!("{}/Users", place.base())).await);
        assert_eq!(status, 403);
        assert!(detail.contains("certain addresses"), "{detail}");
    }
    let events = place.events(EventType::ScimTokenRefused).await;
    assert_eq!((events.len(), events[0].address.as_deref()), (1, Some("203.0.113.7")), "once a minute");
}

#[tokio::test]
async fn who_asks_too_often_waits() {
    let place = Workplace::new().await;
    place.installation.clock.stop();
    let mut last = 200;
    for _ in 0..601 {
        let reply = place.okta().get("/ServiceProviderConfig").await;
        last = reply.status.as_u16();
        if last != 200 {
            assert_eq!((refusal(&reply).0, reply.header("retry-after")), (429, "60"));
            break;
        }
    }
    assert_eq!(last, 429);
    place.installation.clock.advance(std::time::Duration::from_secs(61));
    read(&place.okta().get("/ServiceProviderConfig").await, 200);
}

#[tokio::test]
async fn ids_of_others_are_not_there() {
    let place = Workplace::new().await;
    let elsewhere = control::organizations::create(&place.ann.ctx, "Elsewhere").await.unwrap().id;
    let domain = verified(&place.installation, elsewhere, "elsewhere.example", 0xd9).await;
    let there = with_scim(&place.ann, elsewhere, "Okta", &[domain]).await;
    let token = scim::make_token(&place.ann.ctx, elsewhere, there).await.unwrap();
    let base = format!("/v1/scim/v2/account/{elsewhere}/method/{there}");
    let other = place.with(token.token.expose()).program;
    let sent = json!({ "schemas": [USER], "userName": "eve@elsewhere.example" });
    let eve = read(&other.post(&format!("{base}/Users"), sent).await, 201);
    let group = json!({ "schemas": [super::workplace::GROUP], "displayName": "There" });
    let group = read(&other.post(&format!("{base}/Groups"), group).await, 201);
    let (eve, group) = (eve["id"].as_str().unwrap(), group["id"].as_str().unwrap());
    for path in [format!("/Users/{eve}"), format!("/Groups/{group}"), format!("/Users/{}", place.ann.id)] {
        let off = json!([{ "op": "replace", "path": "externalId", "value": "x" }]);
        assert_eq!(refusal(&place.okta().get(&path).await).0, 404, "{path}");
        assert_eq!(refusal(&place.okta().patch(&path, off).await).0, 404, "{path}");
        assert_eq!(refusal(&place.okta().delete(&path).await).0, 404, "{path}");
    }
    let member =
        json!({ "schemas": [super::workplace::GROUP], "displayName": "Mine", "members": [{ "value": eve }] });
    assert_eq!(refusal(&place.okta().post("/Groups", member).await).0, 400);
    assert!(place.user("eve@elsewhere.example").await.is_active);
}

#[tokio::test]
async fn who_guesses_tokens_waits_and_the_right_one_does_not() {
    let place = Workplace::new().await;
    place.installation.clock.stop();
    read(&place.okta().get("/Users").await, 200);
    for digit in 0..10 {
        let guess = domain::tokens::ScimToken::new(&[digit; domain::tokens::RANDOM_CHARS]);
        assert_eq!(refusal(&place.with(guess.text().expose()).get("/Users").await).0, 401, "{digit}");
    }
    let guess = domain::tokens::ScimToken::new(&[10; domain::tokens::RANDOM_CHARS]);
    let reply = place.with(guess.text().expose()).get("/Users").await;
    assert_eq!((refusal(&reply).0, reply.header("retry-after")), (429, "60"));
    read(&place.okta().get("/Users").await, 200);
}
