//! Every form in which the API says no.

use axum::http::Method;
use domain::inputs::CreateToken;
use serde_json::json;

use super::callers::{Person, Program, member, owners_program};
use crate::installation::Installation;

#[tokio::test]
async fn bodies_are_json_and_fit() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let groups = format!("/v1/organizations/{organization}/groups");
    let send = async |program: &Program, body: &str| {
        program.send(Method::POST, &groups, Some(body.to_owned())).await
    };
    let plain = program.with_header("content-type", "text/plain");
    assert_eq!(send(&plain, "{}").await.problem().1, "unsupported_media_type");
    assert_eq!(send(&plain, "{}").await.status, 415);
    let reply = send(&program, "{\"name\": ").await;
    assert_eq!(reply.problem(), (400, "malformed".into(), String::new()));
    assert!(reply.text.contains("line 1 column 9"), "{}", reply.text);
    for (body, field) in [("{}", "name"), ("{\"name\": 5}", "name"), ("{\"name\": \"a\", \"nam\": 1}", "nam")]
    {
        assert_eq!(send(&program, body).await.problem(), (422, "invalid".into(), field.into()), "{body}");
    }
    let reply = send(&program, "{\"name\": \"\"}").await;
    assert_eq!(reply.problem(), (422, "invalid".into(), "name".into()), "what control refuses");
    let large = json!({ "name": "x".repeat(300 << 10) }).to_string();
    assert_eq!(send(&program, &large).await.problem(), (413, "too_large".into(), String::new()));
    let listed = program.get(&groups).await.with(200);
    assert_eq!(listed["total"], 0, "nothing was made");
}

#[tokio::test]
async fn what_is_left_out_by_mistake_means_nothing_wide() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    let robot =
        program.post(&format!("{base}/application-users"), json!({ "name": "Robot" })).await.with(201);
    let tokens = format!("{base}/application-users/{}/tokens", robot["user_id"].as_str().unwrap());
    program.post(&tokens, json!({ "description": "x" })).await.with(201);
    program.post(&format!("{base}/projects"), json!({ "name": "shop" })).await.with(201);
    for (path, field) in
        [(format!("{tokens}/revoke"), "unused_days"), ("/v1/projects/shop/move".into(), "unit")]
    {
        let reply = program.post(&path, json!({})).await;
        assert_eq!(reply.problem(), (422, "invalid".into(), field.into()), "{path}");
        let document = server::api::document();
        let name = if field == "unit" { "MoveProject" } else { "RevokeTokens" };
        let schema = &document["components"]["schemas"][name];
        assert_eq!(schema["required"], json!([field]));
        // Null is what means all, and a program made from the document can send it.
        assert!(schema["properties"][field].to_string().contains("\"null\""), "{schema}");
    }
    assert_eq!(program.get(&tokens).await.with(200)["total"], 1);
}

#[tokio::test]
async fn elements_of_arrays_are_one_each() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    program.post(&format!("{base}/projects"), json!({ "name": "shop" })).await.with(201);
    let group = program.post(&format!("{base}/groups"), json!({ "name": "Team" })).await.with(201);
    let members = format!("{base}/groups/{}/members", group["id"].as_str().unwrap());
    let invitations = format!("{base}/invitations");
    let refused = |member: &str| (422, "invalid".to_owned(), member.to_owned());
    for several in ["a@x.org\nb@x.org", "a@x.org,b@x.org"] {
        for (path, member) in
            [(&invitations, "emails"), (&members, "members"), (&format!("{members}/preview"), "members")]
        {
            let reply = program.post(path, json!({ member: ["c@x.org", several] })).await;
            assert_eq!(reply.problem(), refused(member), "{path}");
            assert!(reply.text.contains("Element 2 holds a comma"), "{}", reply.text);
        }
        let body = json!({ "contacts": [several], "generation": 1 }).to_string();
        let reply = program.send(Method::PUT, "/v1/projects/shop/contacts", Some(body)).await;
        assert_eq!(reply.problem(), refused("contacts"));
    }
    // What begins a CSV with a header in the form is no address here.
    for word in ["email", "E-Mail", " \"email\" ", "\u{feff}email"] {
        let reply = program.post(&invitations, json!({ "emails": [word, "a@x.org"] })).await;
        assert_eq!(reply.problem(), refused("emails"), "{word:?}");
        assert!(reply.text.contains("without a header"), "{}", reply.text);
    }
    assert_eq!(program.get(&invitations).await.with(200)["total"], 0, "nobody was invited");
    let reply = program.post(&invitations, json!({ "emails": ["email@x.org"] })).await.with(200);
    assert_eq!(reply["lines"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn queries_hold_what_is_known() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    for (path, field) in [
        ("/events?actr=ann", "actr"),
        ("/events?actor=a&actor=b", "actor"),
        ("/events?after=x", "after"),
        ("/events?since=yesterday", "since"),
        ("/users?state=tired", "state"),
        ("/groups/?x=1", ""),
    ] {
        let reply = program.get(&format!("{base}{path}")).await;
        let expected = if field.is_empty() { 404 } else { 422 };
        assert_eq!((reply.problem().0, reply.problem().2.as_str()), (expected, field), "{path}");
    }
}

#[tokio::test]
async fn what_is_deleted_for_good_is_confirmed() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let groups = format!("/v1/organizations/{organization}/groups");
    let made = program.post(&groups, json!({ "name": "Ops & co" })).await.with(201);
    let group = format!("{groups}/{}", made["id"].as_str().unwrap());
    for query in ["", "?confirm=Ops"] {
        let reply = program.send(Method::DELETE, &format!("{group}{query}"), None).await;
        assert_eq!(reply.problem(), (422, "invalid".into(), "confirm".into()));
        assert!(reply.text.contains("Ops & co"), "it says what to give: {}", reply.text);
    }
    let reply = program.send(Method::DELETE, &format!("{group}?confirm=Ops%20%26%20co"), None).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
    assert_eq!(program.get(&group).await.problem().0, 404);
}

#[tokio::test]
async fn the_second_to_change_something_is_told() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let groups = format!("/v1/organizations/{organization}/groups");
    let made = program.post(&groups, json!({ "name": "Ops" })).await.with(201);
    let group = format!("{groups}/{}", made["id"].as_str().unwrap());
    let edit = async |name: &str, generation: &serde_json::Value| {
        let body = json!({ "name": name, "description": "", "generation": generation }).to_string();
        program.send(Method::PATCH, &group, Some(body)).await
    };
    let edited = edit("Operators", &made["generation"]).await.with(200);
    assert_eq!(edited["name"], "Operators");
    let reply = edit("Operations", &made["generation"]).await;
    assert_eq!(reply.problem(), (409, "conflict".into(), String::new()));
    assert!(reply.text.contains("Operators") && reply.text.contains("Operations"), "{}", reply.text);
}

#[tokio::test]
async fn who_may_know_of_something_is_told_what_is_missing() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let mel = member(&installation, organization, "mel@example.org").await;
    let theirs = Program::new(&installation).with_token(&mel.token(&CreateToken::default()).await);
    let groups = format!("/v1/organizations/{organization}/groups");
    let reply = theirs.post(&groups, json!({ "name": "Ops" })).await;
    assert_eq!(reply.problem(), (403, "denied".into(), String::new()));
    assert!(reply.text.contains("organization:groups:write"), "{}", reply.text);
    let scopes = vec!["organization:event_logs:read".to_owned()];
    let owner = Person::signed_in(&installation, id_of(&program).await).await;
    let scoped = owner.token(&CreateToken { scopes, ..CreateToken::default() }).await;
    let scoped = Program::new(&installation).with_token(&scoped);
    scoped.get(&format!("/v1/organizations/{organization}/events")).await.with(200);
    let reply = scoped.post(&groups, json!({ "name": "Ops" })).await;
    assert_eq!(reply.problem().0, 403, "a super admin's token for reading makes nothing");
}

async fn id_of(program: &Program) -> domain::ids::UserId {
    program.get("/v1/me").await.with(200)["user_id"].as_str().unwrap().parse().unwrap()
}

/// The same operation with ids that are unknown, of something else, of no form at all.
#[tokio::test]
async fn every_wrong_id_looks_like_an_unknown_one() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let known = organization.to_string();
    let mut tried = 0;
    for operation in server::api::operations() {
        let names: Vec<&str> = operation.path_names().collect();
        let Some(last) = names.last().copied() else { continue };
        for wrong in ["01890a5d-ac96-774b-bcce-b302099a8057", &known, "0", "not-an-id", "%00", "%ff", ".."] {
            if last == "organization" && wrong == known {
                continue;
            }
            let mut path = operation.path.replace(&format!("{{{last}}}"), wrong);
            for name in &names {
                path = path.replace(&format!("{{{name}}}"), &known);
            }
            let body = operation.takes_body.then(|| body_for(operation.id).to_string());
            let takes = |name: &str| operation.parameters().any(|parameter| parameter.name == name);
            let query = match () {
                () if takes("format") => "?format=csv",
                () if takes("permission") => "?permission=project:services:read",
                () => "",
            };
            let reply = program.send(operation.method.clone(), &format!("{path}{query}"), body).await;
            if ends_in_console(operation.id) {
                assert!(matches!(reply.problem().0, 403 | 404), "{} {path}", operation.id);
                continue;
            }
            assert_eq!(
                reply.problem(),
                (404, "not_found".into(), String::new()),
                "{} {path}: {}",
                operation.id,
                reply.text
            );
            tried += 1;
            // The limit of this token is not what is tried here.
            if tried % 500 == 0 {
                installation.clock.advance(std::time::Duration::from_secs(61));
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

/// A token is never enough for these.
fn ends_in_console(id: &str) -> bool {
    matches!(id, "createMyToken" | "editMyToken")
}

/// A body that is right in form.
fn body_for(id: &str) -> serde_json::Value {
    super::journeys::bodies().into_iter().find(|(known, _)| *known == id).unwrap().1
}
