//! Every operation done once by a super admin's token. One that is added without being done here fails the test.

use std::collections::BTreeSet;

use domain::inputs::CreateToken;
use serde_json::{Value, json};
use server::api::Operation;

use super::callers::{Person, Program, give_way_in, member, owner};
use crate::installation::Installation;

/// A body that is right in form for every operation that takes one.
pub(crate) fn bodies() -> Vec<(&'static str, Value)> {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let grant =
        json!({ "principal": format!("group:{id}"), "granted": "read_only", "resource": "organization" });
    let policy = json!({
        "password_allowed": true, "second_factor_required": false, "identity_provider_required": false,
        "other_providers_allowed": true, "oidc_allowed": true, "personal_tokens_allowed": true,
        "tokens_bound": false, "token_seconds_max": null, "addresses": [], "idle_seconds": 1800,
        "session_seconds": 86_400, "password_chars_min": 8, "password_chars_min_alone": 15, "generation": 0,
    });
    vec![
        ("previewAuthenticationPolicy", policy.clone()),
        ("setAuthenticationPolicy", json!({ "policy": policy, "confirmation": "x" })),
        ("setBreakGlass", json!({ "is_break_glass": true })),
        ("createMyToken", json!({ "description": "x" })),
        ("editMyToken", json!({ "description": "x", "ip_ranges": [], "generation": 0 })),
        ("renameOrganization", json!({ "name": "Acme Ltd.", "generation": 0 })),
        ("createUnit", json!({ "name": "Europe" })),
        ("renameUnit", json!({ "name": "Asia", "generation": 0 })),
        ("setSuperAdmin", json!({ "is_super_admin": true })),
        ("askFactorReset", json!({ "reason": "The phone is lost." })),
        ("inviteUsers", json!({ "emails": ["new@example.org"] })),
        ("createGroup", json!({ "name": "Ops" })),
        ("editGroup", json!({ "name": "Ops", "description": "Runs it", "generation": 0 })),
        ("previewGroupMembers", json!({ "members": ["mel@example.org"] })),
        ("addGroupMembers", json!({ "members": ["mel@example.org"] })),
        ("createApplicationUser", json!({ "name": "Robot" })),
        ("editApplicationUser", json!({ "name": "Robot", "description": "Deploys", "generation": 0 })),
        ("createApplicationToken", json!({ "description": "x", "scopes": ["read_only"] })),
        (
            "editApplicationToken",
            json!({ "description": "y", "ip_ranges": ["192.0.2.0/24"], "generation": 0 }),
        ),
        ("rotateApplicationToken", json!({ "overlap_hours": 1 })),
        ("revokeApplicationTokens", json!({ "unused_days": null })),
        ("grant", grant.clone()),
        ("previewGrant", grant),
        ("createProject", json!({ "name": "shop" })),
        ("renameProject", json!({ "name": "store" })),
        ("previewProjectMove", json!({ "unit": null })),
        ("moveProject", json!({ "unit": null })),
        ("setProjectTags", json!({ "tags": [{ "key": "team", "value": "a=b" }], "generation": 1 })),
        ("setProjectContacts", json!({ "contacts": ["ops@example.org"], "generation": 2 })),
        ("addDomain", json!({ "domain_name": "acme.example", "verification_type": "http" })),
        ("setDomainVerification", json!({ "verification_type": "dns" })),
        ("createIdentityProvider", json!({ "name": "Acme", "product": "okta" })),
        (
            "setIdentityProvider",
            json!({
                "name": "Acme Okta",
                "settings": { "protocol": "saml", "preset": "okta" },
                "domains": [],
                "generation": 1,
            }),
        ),
        ("setIdentityProviderState", json!({ "state": "active" })),
        ("importIdentityProviderMetadata", json!({ "metadata": "<EntityDescriptor/>", "generation": 2 })),
    ]
}

/// Does operations, and knows which it did.
pub(super) struct Walk {
    pub(super) program: Program,
    pub(super) values: Vec<(&'static str, String)>,
    done: BTreeSet<&'static str>,
}

impl Walk {
    fn operation(id: &str) -> &'static Operation {
        server::api::operations().iter().find(|operation| operation.id == id).unwrap()
    }

    /// Remembers what stands in paths from now on.
    pub(super) fn set(&mut self, name: &'static str, value: &Value) {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value.as_str().unwrap().to_owned()));
    }

    fn path(&self, operation: &Operation, query: &str) -> String {
        let mut path = operation.path.to_owned();
        for (name, value) in &self.values {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        format!("{path}{query}")
    }

    /// Does one that takes no body.
    #[track_caller]
    pub(super) fn does<'a>(
        &'a mut self,
        id: &'static str,
        query: &'a str,
    ) -> impl Future<Output = Value> + use<'a> {
        self.sends(id, query, None)
    }

    /// Does one with its own body.
    #[track_caller]
    pub(super) fn does_with<'a>(&'a mut self, id: &'static str) -> impl Future<Output = Value> + use<'a> {
        let body = bodies().into_iter().find(|(known, _)| *known == id).unwrap().1;
        self.sends(id, "", Some(body))
    }

    #[track_caller]
    pub(super) fn sends<'a>(
        &'a mut self,
        id: &'static str,
        query: &'a str,
        body: Option<Value>,
    ) -> impl Future<Output = Value> + use<'a> {
        let caller = std::panic::Location::caller();
        async move {
            let operation = Self::operation(id);
            let path = self.path(operation, query);
            let body = body.map(|body| body.to_string());
            let reply = self.program.send(operation.method.clone(), &path, body).await;
            assert_eq!(reply.status, operation.status, "{caller}: {path}: {}", reply.text);
            self.done.insert(id);
            if reply.header("content-type") == "application/json" { reply.json() } else { reply.text.into() }
        }
    }
}

#[tokio::test]
async fn every_operation_is_done_once() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let token = ann.token(&CreateToken::default()).await;
    let program = Program::new(&installation).with_token(&token);
    let mel = member(&installation, organization, "mel@example.org").await;
    give_way_in(&installation, mel.id).await;
    let mut walk = Walk { program, values: Vec::new(), done: BTreeSet::new() };
    walk.set("organization", &organization.to_string().into());
    walk.does("getDocument", "").await;

    of_organization_and_units(&mut walk).await;
    of_groups(&mut walk, &mel).await;
    of_grants(&mut walk).await;
    of_users(&mut walk, &mel).await;
    of_invitations(&mut walk).await;
    of_application_users(&mut walk).await;
    of_projects(&mut walk).await;
    super::managing::of_domains(&mut walk, &installation, &ann).await;
    of_deletions(&mut walk, &ann).await;
    of_oneself(&mut walk).await;

    let all: BTreeSet<&str> = server::api::operations().iter().map(|operation| operation.id).collect();
    let left: Vec<&&str> = all.difference(&walk.done).collect();
    assert!(left.is_empty(), "not done: {left:?}");
}

async fn of_organization_and_units(walk: &mut Walk) {
    let listed = walk.does("listOrganizations", "").await;
    assert_eq!(listed["organizations"][0]["name"], "Acme");
    assert_eq!(walk.does_with("renameOrganization").await["name"], "Acme Ltd.");
    assert_eq!(walk.does("getOrganization", "").await["name"], "Acme Ltd.");

    let unit = walk.does_with("createUnit").await;
    walk.set("unit", &unit["id"]);
    assert_eq!(walk.does("getUnit", "").await["name"], "Europe");
    assert_eq!(walk.does_with("renameUnit").await["name"], "Asia");
    let listed = walk.does("listUnits", "").await;
    assert_eq!((&listed["units"][0]["name"], &listed["total"]), (&"Asia".into(), &1.into()));
}

async fn of_groups(walk: &mut Walk, mel: &Person) {
    let group = walk.does_with("createGroup").await;
    walk.set("group", &group["id"]);
    assert_eq!(walk.does_with("editGroup").await["description"], "Runs it");
    assert_eq!(walk.does("getGroup", "").await["generation"], 1);
    assert_eq!(walk.does("listGroups", "?text=op").await["total"], 1);
    assert_eq!(walk.does("listGroups", "?text=none").await["total"], 0);
    assert_eq!(walk.does_with("previewGroupMembers").await["rows"], json!([]), "the group holds nothing");
    assert_eq!(walk.does_with("addGroupMembers").await["added"], 1);
    let members = walk.does("listGroupMembers", "").await;
    assert_eq!(members["members"][0]["user_id"], mel.id.to_string());
}

async fn of_grants(walk: &mut Walk) {
    let group = walk.values.iter().find(|(name, _)| *name == "group").unwrap().1.clone();
    let body = json!({
        "principal": format!("group:{group}"), "granted": "read_only", "resource": "organization", "days": 7,
    });
    let effects = walk.sends("previewGrant", "", Some(body.clone())).await;
    assert_eq!(effects["rows"][0]["principal"]["email"], "mel@example.org");
    assert!(effects["rows"][0]["gains"].as_array().unwrap().contains(&"project:services:read".into()));
    let grant = walk.sends("grant", "", Some(body)).await;
    assert!(grant["expires_at"].as_str().unwrap().ends_with('Z'), "{grant}");
    walk.set("grant", &grant["id"]);
    assert_eq!(walk.does("getGrant", "").await["granted"], "read_only");
    let of_group = format!("?principal=group:{group}");
    assert_eq!(walk.does("listGrants", &of_group).await["grants"][0]["id"], grant["id"]);
    let explained = walk.does("explainPermissions", &of_group).await;
    assert_eq!(explained["permissions"].as_array().unwrap().len(), 3, "{explained}");
    let holders = walk.does("listHolders", "?permission=project:services:read").await;
    assert_eq!(holders["total"], 2, "{holders}");
    let effects = walk.does("previewRevocation", "").await;
    assert_eq!(effects["rows"][0]["loses"].as_array().unwrap().len(), 3, "{effects}");
    walk.set("user", &holders["holders"][1]["user_id"]);
    for id in ["previewGroupDeletion", "previewGroupMemberRemoval"] {
        let effects = walk.does(id, "").await;
        assert_eq!(effects["rows"][0]["loses"].as_array().unwrap().len(), 3, "{effects}");
    }
    assert_eq!(walk.does("revoke", "").await, Value::String(String::new()));
    assert_eq!(walk.does("listGrants", "").await["total"], 0);
    let catalog = walk.does("listPermissions", "").await;
    let one = |id: &str| {
        let all = catalog["permissions"].as_array().unwrap();
        all.iter().find(|entry| entry["id"] == id).unwrap().clone()
    };
    assert_eq!(one("organization:users:write")["levels"], json!(["organization"]));
    assert_eq!(one("admin")["administers"], true);
}

async fn of_users(walk: &mut Walk, mel: &Person) {
    walk.set("user", &mel.id.to_string().into());
    assert_eq!(walk.does("listUsers", "?text=mel").await["users"][0]["email"], "mel@example.org");
    assert_eq!(walk.does("getUser", "").await["groups"][0]["name"], "Ops");
    walk.does("removeGroupMember", "").await;
    assert_eq!(walk.does("listGroupMembers", "").await["total"], 0);
    walk.does("deactivateUser", "").await;
    assert_eq!(walk.does("listUsers", "?state=deactivated").await["total"], 1);
    walk.does("reactivateUser", "").await;
    of_ways_in(walk).await;
    let effects = walk.does("previewSuperAdmin", "").await;
    assert!(effects["rows"][0]["gains"].as_array().is_some_and(|gains| gains.len() > 10), "{effects}");
    walk.does_with("setSuperAdmin").await;
    assert_eq!(walk.does("getUser", "").await["is_super_admin"], true);
    of_policies(walk).await;
    let effects = walk.does("previewUserRemoval", "").await;
    assert_eq!(effects["rows"][0]["principal"]["email"], "mel@example.org");
    walk.does("removeUser", "").await;
    assert_eq!(walk.does("listUsers", "").await["total"], 1);
}

async fn of_ways_in(walk: &mut Walk) {
    assert_eq!(walk.does("getFactorReset", "").await["waiting"], Value::Null);
    let asked = walk.does_with("askFactorReset").await;
    assert_eq!((&asked["email"], &asked["asked_by"]), (&"mel@example.org".into(), &"ann@example.org".into()));
    assert_eq!(walk.does("getFactorReset", "").await["waiting"], asked);
    walk.does("withdrawFactorReset", "").await;
    assert_eq!(walk.does("getFactorReset", "").await["waiting"], Value::Null);
    walk.does("askPasswordReset", "").await;
    walk.does("endUserSessions", "").await;
}

async fn of_policies(walk: &mut Walk) {
    walk.does_with("setBreakGlass").await;
    let view = walk.does("getAuthenticationPolicy", "").await;
    assert_eq!((&view["generation"], &view["policy"]["idle_seconds"]), (&0.into(), &3600.into()));
    let exempt: Vec<bool> =
        view["super_admins"].as_array().unwrap().iter().map(|row| !row["break_glass_at"].is_null()).collect();
    assert_eq!(exempt.iter().filter(|is_exempt| **is_exempt).count(), 1, "{view}");
    let preview = walk.does_with("previewAuthenticationPolicy").await;
    assert_eq!(preview["changes"], json!(["session without use: 1 hour → 30 minutes"]));
    let (_, mut body) = bodies().into_iter().find(|(id, _)| *id == "setAuthenticationPolicy").unwrap();
    body["confirmation"] = preview["confirmation"].clone();
    let saved = walk.sends("setAuthenticationPolicy", "", Some(body)).await;
    assert_eq!((&saved["generation"], &saved["policy"]["idle_seconds"]), (&1.into(), &1800.into()));
}

async fn of_invitations(walk: &mut Walk) {
    let lines = walk.does_with("inviteUsers").await;
    assert_eq!(lines["lines"][0]["reason"], Value::Null, "{lines}");
    let listed = walk.does("listInvitations", "").await;
    assert_eq!(listed["invitations"][0]["email"], "new@example.org");
    walk.set("invitation", &listed["invitations"][0]["id"]);
    walk.does("resendInvitation", "").await;
    walk.does("withdrawInvitation", "").await;
    assert_eq!(walk.does("listInvitations", "").await["total"], 0);
}

async fn of_application_users(walk: &mut Walk) {
    let robot = walk.does_with("createApplicationUser").await;
    walk.set("user", &robot["user_id"]);
    assert_eq!(walk.does_with("editApplicationUser").await["description"], "Deploys");
    assert_eq!(walk.does("getApplicationUser", "").await["name"], "Robot");
    assert_eq!(walk.does("listApplicationUsers", "").await["application_users"][0]["tokens"], 0);
    let made = walk.does_with("createApplicationToken").await;
    assert!(made["token"].as_str().unwrap().starts_with("rda_"), "{made}");
    walk.set("token", &made["id"]);
    let robots = walk.program.with_token(made["token"].as_str().unwrap());
    let me = robots.get("/v1/me").await.with(200);
    assert_eq!(
        (&me["name"], &me["kind"], &me["email"]),
        (&"Robot".into(), &"application".into(), &Value::Null)
    );
    let edited = walk.does_with("editApplicationToken").await;
    assert_eq!(edited["ip_ranges"], json!(["192.0.2.0/24"]));
    assert!(edited["warnings"][0].as_str().unwrap().starts_with("Your own address"), "{edited}");
    assert_eq!(robots.get("/v1/me").await.problem().0, 401, "not from here any more");
    let rotated = walk.does_with("rotateApplicationToken").await;
    assert_ne!(rotated["token"], made["token"]);
    walk.does("revokeApplicationToken", "").await;
    assert_eq!(walk.does("listApplicationTokens", "").await["total"], 1);
    assert_eq!(walk.does_with("revokeApplicationTokens").await["revoked"], 1);
    assert_eq!(walk.does("previewApplicationUserDeletion", "").await["rows"], json!([]));
    walk.does("deleteApplicationUser", "?confirm=Robot").await;
}

async fn of_projects(walk: &mut Walk) {
    let project = walk.does_with("createProject").await;
    walk.set("project", &project["name"]);
    assert_eq!(walk.does("getProject", "").await["unit"], Value::Null);
    let unit = walk.values.iter().find(|(name, _)| *name == "unit").unwrap().1.clone();
    let effects = walk.sends("previewProjectMove", "", Some(json!({ "unit": unit }))).await;
    assert_eq!(effects["rows"], json!([]), "nobody holds anything on either place");
    let moved = walk.sends("moveProject", "", Some(json!({ "unit": unit }))).await;
    assert_eq!(moved["unit"]["name"], "Asia");
    assert_eq!(walk.does("listProjects", &format!("?unit={unit}")).await["total"], 1);
    walk.does_with("setProjectTags").await;
    assert_eq!(walk.does("getProjectTags", "").await["tags"], json!([{ "key": "team", "value": "a=b" }]));
    walk.does_with("setProjectContacts").await;
    assert_eq!(walk.does("getProjectContacts", "").await["contacts"], json!(["ops@example.org"]));
    let events = walk.does("listProjectEvents", "?event_type=project.tags_changed").await;
    let event = &events["events"][0];
    assert_eq!(event["credential"], "personal token", "{event}");
    assert!(event["after"].is_object() && event["token"].is_string(), "{event}");
    let file = walk.does("exportProjectEvents", "?format=csv").await;
    assert!(file.as_str().unwrap().contains("project.tags_changed"), "{file}");
    assert_eq!(walk.does_with("renameProject").await["name"], "store");
    walk.set("project", &"store".into());
    assert!(walk.does("listOrganizationEvents", "").await["total"].as_i64().unwrap() > 10);
    let file = walk.does("exportOrganizationEvents", "?format=jsonl").await;
    assert!(file.as_str().unwrap().contains("\"group.created\""));
}

async fn of_deletions(walk: &mut Walk, ann: &Person) {
    walk.does("deleteProject", "?confirm=store").await;
    walk.does("deleteUnit", "?confirm=Asia").await;
    walk.does("deleteGroup", "?confirm=Ops").await;
    let other = control::organizations::create(&ann.ctx, "Second").await.unwrap();
    let first = walk.values.iter().find(|(name, _)| *name == "organization").unwrap().1.clone();
    walk.set("organization", &other.id.to_string().into());
    walk.does("deleteOrganization", "?confirm=Second").await;
    walk.set("organization", &first.into());
}

async fn of_oneself(walk: &mut Walk) {
    assert_eq!(walk.does("getMe", "").await["organizations"].as_array().unwrap().len(), 1);
    let organization = walk.values.iter().find(|(name, _)| *name == "organization").unwrap().1.clone();
    let explained = walk.does("explainMyPermissions", &format!("?organization={organization}")).await;
    assert_eq!(explained["administration"][0]["by"], "super_admin");
    for (id, path) in [("createMyToken", "/v1/me/tokens"), ("editMyToken", "/v1/me/tokens/x")] {
        let operation = Walk::operation(id);
        let token = walk.does("listMyTokens", "").await["tokens"][0]["id"].clone();
        let path = path.replace('x', token.as_str().unwrap());
        let body = bodies().into_iter().find(|(known, _)| *known == id).unwrap().1.to_string();
        let reply = walk.program.send(operation.method.clone(), &path, Some(body)).await;
        assert_eq!(reply.problem(), (403, "denied".into(), String::new()));
        assert!(reply.text.contains("Sign in to the console"), "{}", reply.text);
        walk.done.insert(id);
    }
    let token = walk.does("listMyTokens", "").await["tokens"][0]["id"].clone();
    walk.set("token", &token);
    walk.does("revokeMyToken", "").await;
    assert_eq!(walk.program.get("/v1/me").await.problem().0, 401);
}
