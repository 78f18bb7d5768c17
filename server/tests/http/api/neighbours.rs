//! What another tenant has is not there: every operation, tried by the super admin of another organization with the ids of
//! things that are.

use domain::{
    ids::{DomainId, OrganizationId, TokenId, UserId},
    inputs::CreateToken,
    principals::UserKind,
};
use serde_json::{Value, json};
use server::api::Operation;

use super::{
    callers::{Person, Program, member, owners_program},
    journeys::bodies,
};
use crate::installation::Installation;

/// What stands in paths.
pub(super) type Values = Vec<(&'static str, String)>;

/// The path of an operation, with the values of the first list that has them.
pub(super) fn path_of(operation: &Operation, values: &[&Values]) -> String {
    let mut path = operation.path.to_owned();
    for name in operation.path_names() {
        let known = known_as(operation, name);
        let found = values.iter().copied().flatten().find(|(other, _)| *other == known);
        if let Some((_, value)) = found {
            path = path.replace(&format!("{{{name}}}"), value);
        }
    }
    path
}

/// Where accounts are managed, people and their tokens are others than elsewhere.
fn known_as<'a>(operation: &Operation, name: &'a str) -> &'a str {
    match name {
        "user" if operation.path.contains("/managed-users/") => "managed_user",
        "token" if operation.path.contains("/managed-users/") => "managed_token",
        name => name,
    }
}

/// One of everything in an organization.
pub(super) async fn everything(
    installation: &Installation,
    program: &Program,
    organization: OrganizationId,
    project: &str,
    invited: &str,
) -> Values {
    let base = format!("/v1/organizations/{organization}");
    let made = async |path: &str, body: Value, id: &str| -> String {
        let made = program.post(&format!("{base}{path}"), body).await;
        let status = if path == "/invitations" { 200 } else { 201 };
        made.with(status)[id].as_str().unwrap_or_default().to_owned()
    };
    let group = made("/groups", json!({ "name": "Ops" }), "id").await;
    let user = made("/application-users", json!({ "name": "Robot" }), "user_id").await;
    let tokens = format!("/application-users/{user}/tokens");
    let grant = json!({
        "principal": format!("user:{user}"), "granted": "read_only", "resource": "organization",
    });
    made("/invitations", json!({ "emails": [invited] }), "none").await;
    let invitations = program.get(&format!("{base}/invitations")).await.with(200);
    let member = json!({ "members": [format!("user:{user}")] });
    program.post(&format!("{base}/groups/{group}/members"), member).await.with(200);
    let domain_name = format!("{project}.example");
    let domain = made("/domains", json!({ "domain_name": domain_name }), "domain_id").await;
    let (managed_user, managed_token) = managed(installation, &domain, &format!("mia@{domain_name}")).await;
    let providers = format!("{base}/identity-providers");
    let provider = program.post(&providers, json!({ "name": "Ops" })).await.with(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let scim = format!("{providers}/{}/scim", text(&provider["id"]));
    program.post(&scim, json!(null)).await.with(201);
    let scim_token = program.post(&format!("{scim}/tokens"), json!(null)).await.with(201);
    vec![
        ("organization", organization.to_string()),
        ("unit", made("/units", json!({ "name": "Europe" }), "id").await),
        ("project", made("/projects", json!({ "name": project }), "name").await),
        ("token", made(&tokens, json!({ "description": "x" }), "id").await),
        ("grant", made("/permissions", grant, "id").await),
        ("invitation", invitations["invitations"][0]["id"].as_str().unwrap().to_owned()),
        ("group", group),
        ("user", user),
        ("domain", domain),
        ("managed_user", managed_user.to_string()),
        ("managed_token", managed_token.to_string()),
        ("provider", text(&provider["id"])),
        ("provider_key", text(&provider["keys"][0]["id"])),
        ("scim_token", text(&scim_token["id"])),
    ]
}

/// Has a domain verified, and somebody with a token who is managed because of it.
async fn managed(installation: &Installation, domain: &str, email: &str) -> (UserId, TokenId) {
    let (now, domain) = (installation.control.session_rows().now(), domain.parse::<DomainId>().unwrap());
    let id = UserId::from_uuid(domain.uuid());
    let mut tx = installation.store.write().await.unwrap();
    assert!(store::domains::set_verified(&mut tx, domain, now, now).await.unwrap());
    let user = store::users::User::new(id, email, UserKind::Person, now);
    assert!(store::users::add(&mut tx, &user).await.unwrap());
    tx.commit().await.unwrap();
    let person = Person::signed_in(installation, id).await;
    let input = CreateToken { description: "x".into(), ..CreateToken::default() };
    (id, control::tokens::create(&person.ctx, &input).await.unwrap().row.id)
}

/// Tries an operation; its path takes the values of the first list that has them.
async fn attempt(program: &Program, operation: &Operation, values: &[&Values]) -> (u16, String, String) {
    let mut path = path_of(operation, values);
    let takes = |name: &str| operation.parameters().any(|parameter| parameter.name == name);
    match () {
        () if takes("format") => path.push_str("?format=csv"),
        () if takes("permission") => path.push_str("?permission=project:services:read"),
        () if takes("confirm") => path.push_str("?confirm=Ops"),
        () => {}
    }
    let body = bodies().into_iter().find(|(id, _)| *id == operation.id).map(|(_, body)| body.to_string());
    let reply = program.send(operation.method.clone(), &path, body).await;
    assert!(!reply.status.is_success(), "{} {path}: {}", operation.id, reply.text);
    reply.problem()
}

/// Somebody who is a super admin of an organization of their own, and it.
async fn neighbour(installation: &Installation, organization: OrganizationId) -> (Person, OrganizationId) {
    let bob = member(installation, organization, "bob@example.net").await;
    let own = control::organizations::create(&bob.ctx, "Next door").await.unwrap().id;
    let mut tx = installation.store.write().await.unwrap();
    assert!(store::memberships::remove(&mut tx, organization, bob.id).await.unwrap());
    tx.commit().await.unwrap();
    (bob, own)
}

#[tokio::test]
async fn nothing_of_another_organization_is_there() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let theirs = everything(&installation, &program, organization, "shop", "new@example.org").await;
    let (bob, next_door) = neighbour(&installation, organization).await;
    let token = bob.token(&CreateToken::default()).await;
    let bobs = Program::new(&installation).with_token(&token);
    let own = everything(&installation, &bobs, next_door, "yard", "other@example.org").await;
    let events = format!("/v1/organizations/{organization}/events");
    let before = program.get(&events).await.with(200)["total"].clone();

    let mut tried = 0;
    for operation in server::api::operations() {
        let names: Vec<&str> = operation.path_names().collect();
        if names.is_empty() || operation.id == "editMyToken" {
            continue;
        }
        let expected = (404, "not_found".to_owned(), String::new());
        assert_eq!(attempt(&bobs, operation, &[&theirs]).await, expected, "{}", operation.id);
        tried += 1;
        // Each thing of theirs by itself, in the place of one's own.
        for name in names.iter().filter(|name| **name != "organization" && **name != "project") {
            let name = known_as(operation, name);
            let foreign: Values = theirs.iter().filter(|(known, _)| *known == name).cloned().collect();
            assert_eq!(foreign.len(), 1, "{name}");
            assert_eq!(
                attempt(&bobs, operation, &[&foreign, &own]).await,
                expected,
                "{} with their {name}",
                operation.id
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    let after = program.get(&events).await.with(200)["total"].clone();
    assert_eq!(before, after, "and no trace in their log");
    assert_eq!(bobs.get("/v1/organizations").await.with(200)["total"], 1);
    let listed = bobs.get(&format!("/v1/organizations/{next_door}/projects")).await.with(200);
    assert_eq!(listed["projects"][0]["name"], "yard");
}

#[tokio::test]
async fn ids_in_bodies_and_queries_are_of_the_organization_too() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let theirs = everything(&installation, &program, organization, "shop", "new@example.org").await;
    let (bob, next_door) = neighbour(&installation, organization).await;
    let token = bob.token(&CreateToken::default()).await;
    let bobs = Program::new(&installation).with_token(&token);
    let base = format!("/v1/organizations/{next_door}");
    let their = |name: &str| theirs.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let grant = |principal: String, resource: String| json!({ "principal": principal, "granted": "read_only", "resource": resource });
    let me = format!("user:{}", bob.id);
    let (group, user, unit) = (their("group"), their("user"), their("unit"));
    for (path, body) in [
        ("/permissions", grant(format!("group:{group}"), "organization".into())),
        ("/permissions", grant(format!("user:{user}"), "organization".into())),
        ("/permissions", grant(me.clone(), format!("unit:{unit}"))),
        ("/permissions", grant(me.clone(), "project:shop".into())),
        ("/permissions/preview", grant(me, "project:shop".into())),
        ("/projects", json!({ "name": "other", "unit": unit })),
        ("/invitations", json!({ "emails": ["x@example.org"], "groups": [group] })),
    ] {
        let status = bobs.post(&format!("{base}{path}"), body.clone()).await.problem().0;
        assert!(matches!(status, 404 | 422), "{path} {body}: {status}");
    }
    let made = bobs.post(&format!("{base}/groups"), json!({ "name": "Own" })).await.with(201);
    let members = format!("{base}/groups/{}/members", made["id"].as_str().unwrap());
    let reply = bobs.post(&members, json!({ "members": [format!("user:{user}")] })).await;
    assert_eq!(reply.problem(), (422, "invalid".into(), "members".into()));
    for query in [
        format!("explain?principal=group:{group}&resource=organization"),
        format!("explain?principal=user:{}&resource=project:shop", bob.id),
        format!("holders?permission=project:services:read&resource=unit:{unit}"),
    ] {
        let status = bobs.get(&format!("{base}/permissions/{query}")).await.problem().0;
        assert!(matches!(status, 404 | 422), "{query}: {status}");
    }
}
