//! Every way in, tried by those who have no business there. A server function without a row here fails the test.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    ids::{OrganizationId, UserId},
    principals::UserKind,
};
use leptos::server_fn::axum::server_fn_paths;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::installation::{Answer, Browser, Installation};

/// Who may call a server function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    SignedIn,
}
use Who::{Anybody, SignedIn};

const PROJECT: &[(&str, &str)] = &[("project", "shop")];
const SERVICE: &[(&str, &str)] = &[("project", "shop"), ("service", "orders")];
const CONFIRMED: &[(&str, &str)] = &[("project", "shop"), ("service", "orders"), ("confirmation", "orders")];
const RANGE: &[(&str, &str)] = &[("project", "shop"), ("service", "orders"), ("cidr", "192.0.2.0/24")];
const CREATE: &[(&str, &str)] = &[
    ("project", "shop"),
    ("name", "more"),
    ("service_type", "pg"),
    ("plan", "hobbyist"),
    ("cloud", "local-main"),
];
const EDITED_GROUP: &[(&str, &str)] =
    &[("organization", ID), ("group", ID), ("generation", "0"), ("name", "Day shift")];
const ADDED: &[(&str, &str)] = &[("organization", ID), ("group", ID), ("members", "ann@example.org")];
const GRANTED: &[(&str, &str)] = &[
    ("organization", ID),
    ("principal", "ann@example.org"),
    ("granted", "operator"),
    ("resource", "project:shop"),
];
const UNIT: &[(&str, &str)] = &[("organization", ID), ("unit", ID)];
const MEMBER: &[(&str, &str)] = &[("organization", ID), ("user", ID)];
const EDITED_TOKEN: &[(&str, &str)] = &[("id", ID), ("generation", "0"), ("description", "Laptop")];
const PROGRAM: &[(&str, &str)] = &[("organization", ID), ("user", ID), ("confirmation", "ci")];
const PROGRAM_TOKEN: &[(&str, &str)] = &[("organization", ID), ("user", ID), ("id", ID)];
const PROGRAM_TOKENS: &[(&str, &str)] = &[("organization", ID), ("user", ID), ("ids[]", ID)];
const EDITED_PROGRAM: &[(&str, &str)] =
    &[("organization", ID), ("user", ID), ("generation", "0"), ("name", "ci")];
const EDITED_PROGRAM_TOKEN: &[(&str, &str)] =
    &[("organization", ID), ("user", ID), ("id", ID), ("generation", "0"), ("description", "Laptop")];
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const NO_ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a8059";

/// Method, path, who may call it, and a call that an admin of the project could make.
type Function = (Method, &'static str, Who, &'static [(&'static str, &'static str)]);

/// Every server function there is.
const FUNCTIONS: &[Function] = &[
    (Method::POST, "/api/set_up/complete", Anybody, &[]),
    (Method::POST, "/api/sign_in", Anybody, &[]),
    (Method::POST, "/api/sessions/set_theme", Anybody, &[("theme", "dark")]),
    (Method::POST, "/api/sign_out", SignedIn, &[]),
    (Method::GET, "/api/sessions/profile", SignedIn, &[]),
    (Method::GET, "/api/palette/entries", SignedIn, &[]),
    (Method::GET, "/api/projects/list", SignedIn, &[("organization", ID)]),
    (Method::GET, "/api/projects/view", SignedIn, PROJECT),
    (Method::POST, "/api/projects/create", SignedIn, &[("organization", ID), ("name", "more")]),
    (Method::POST, "/api/projects/rename", SignedIn, &[("project", "shop"), ("name", "store")]),
    (Method::POST, "/api/projects/delete", SignedIn, &[("project", "shop"), ("confirmation", "shop")]),
    (Method::GET, "/api/projects/settings", SignedIn, PROJECT),
    (Method::GET, "/api/projects/preview_move", SignedIn, PROJECT),
    (Method::POST, "/api/projects/move", SignedIn, PROJECT),
    (Method::POST, "/api/projects/set_tags", SignedIn, &[("project", "shop"), ("tags", "team=checkout")]),
    (
        Method::POST,
        "/api/projects/set_contacts",
        SignedIn,
        &[("project", "shop"), ("contacts", "ann@example.org")],
    ),
    (Method::GET, "/api/organizations/view", SignedIn, &[("organization", ID)]),
    (Method::POST, "/api/organizations/rename", SignedIn, &[("organization", ID), ("name", "Acme")]),
    (Method::POST, "/api/organizations/delete", SignedIn, &[("organization", ID), ("confirmation", "Acme")]),
    (Method::GET, "/api/units/list", SignedIn, &[("organization", ID)]),
    (Method::POST, "/api/units/create", SignedIn, &[("organization", ID), ("name", "Shops")]),
    (Method::GET, "/api/units/view", SignedIn, UNIT),
    (
        Method::POST,
        "/api/units/rename",
        SignedIn,
        &[("organization", ID), ("unit", ID), ("generation", "0"), ("name", "Stores")],
    ),
    (
        Method::POST,
        "/api/units/delete",
        SignedIn,
        &[("organization", ID), ("unit", ID), ("confirmation", "Shops")],
    ),
    (Method::GET, "/api/users/list", SignedIn, &[("organization", ID)]),
    (Method::GET, "/api/users/view", SignedIn, MEMBER),
    (Method::GET, "/api/users/preview_remove", SignedIn, MEMBER),
    (Method::POST, "/api/users/deactivate", SignedIn, MEMBER),
    (Method::POST, "/api/users/reactivate", SignedIn, MEMBER),
    (
        Method::POST,
        "/api/users/remove",
        SignedIn,
        &[("organization", ID), ("user", ID), ("confirmation", "ann@example.org")],
    ),
    (
        Method::POST,
        "/api/users/set_super_admin",
        SignedIn,
        &[("organization", ID), ("user", ID), ("is_super_admin", "true")],
    ),
    (Method::GET, "/api/invitations/list", SignedIn, &[("organization", ID)]),
    (
        Method::POST,
        "/api/invitations/invite",
        SignedIn,
        &[("organization", ID), ("emails", "eve@example.org")],
    ),
    (Method::POST, "/api/invitations/resend", SignedIn, &[("organization", ID), ("invitations[]", ID)]),
    (Method::POST, "/api/invitations/withdraw", SignedIn, &[("organization", ID), ("invitations[]", ID)]),
    (Method::POST, "/api/invitations/accept", SignedIn, &[("token", "x")]),
    (Method::POST, "/api/invitations/join", Anybody, &[]),
    (Method::POST, "/api/invitations/decline", Anybody, &[]),
    (Method::GET, "/api/mails/list", SignedIn, &[("organization", ID)]),
    (Method::GET, "/api/mails/view", SignedIn, &[("organization", ID), ("mail", ID)]),
    (Method::GET, "/api/organizations/events", SignedIn, &[("organization", ID)]),
    (Method::GET, "/api/organizations/certificates", SignedIn, &[("organization", ID)]),
    (Method::GET, "/api/organizations/certificate", SignedIn, &[("organization", ID), ("certificate", ID)]),
    (Method::POST, "/api/groups/create", SignedIn, &[("organization", ID), ("name", "Night shift")]),
    (Method::POST, "/api/groups/edit", SignedIn, EDITED_GROUP),
    (
        Method::POST,
        "/api/groups/delete",
        SignedIn,
        &[("organization", ID), ("group", ID), ("confirmation", "x")],
    ),
    (Method::POST, "/api/groups/add_members", SignedIn, ADDED),
    (
        Method::POST,
        "/api/groups/remove_member",
        SignedIn,
        &[("organization", ID), ("group", ID), ("user", ID)],
    ),
    (Method::POST, "/api/permissions/grant", SignedIn, GRANTED),
    (Method::POST, "/api/permissions/revoke", SignedIn, &[("organization", ID), ("grant", ID)]),
    (Method::POST, "/api/organizations/create", SignedIn, &[("name", "Acme")]),
    (Method::POST, "/api/profile/edit", SignedIn, &[("generation", "0"), ("name", "Ann")]),
    (Method::POST, "/api/profile/leave", SignedIn, &[("organization", ID), ("confirmation", "Acme")]),
    (Method::POST, "/api/profile/accept_invitation", SignedIn, &[("invitation", ID)]),
    (Method::POST, "/api/profile/decline_invitation", SignedIn, &[("invitation", ID)]),
    (Method::POST, "/api/tokens/edit", SignedIn, EDITED_TOKEN),
    (Method::POST, "/api/tokens/revoke", SignedIn, &[("id", ID)]),
    (Method::POST, "/api/tokens/revoke_chosen", SignedIn, &[("ids[]", ID)]),
    (Method::POST, "/api/tokens/revoke_many", SignedIn, &[]),
    (Method::POST, "/api/application_users/create", SignedIn, &[("organization", ID), ("name", "ci")]),
    (Method::POST, "/api/application_users/edit", SignedIn, EDITED_PROGRAM),
    (Method::POST, "/api/application_users/delete", SignedIn, PROGRAM),
    (Method::POST, "/api/application_users/edit_token", SignedIn, EDITED_PROGRAM_TOKEN),
    (Method::POST, "/api/application_users/revoke_token", SignedIn, PROGRAM_TOKEN),
    (Method::POST, "/api/application_users/revoke_chosen_tokens", SignedIn, PROGRAM_TOKENS),
    (Method::POST, "/api/application_users/revoke_tokens", SignedIn, PROGRAM),
    (Method::GET, "/api/services/plans", SignedIn, PROJECT),
    (Method::GET, "/api/services/list", SignedIn, PROJECT),
    (Method::GET, "/api/services/view", SignedIn, SERVICE),
    (Method::GET, "/api/services/timeline", SignedIn, SERVICE),
    (Method::POST, "/api/services/create", SignedIn, CREATE),
    (Method::POST, "/api/services/delete", SignedIn, CONFIRMED),
    (Method::POST, "/api/services/retry", SignedIn, SERVICE),
    (Method::POST, "/api/services/password", SignedIn, SERVICE),
    (Method::POST, "/api/ip_filter/add", SignedIn, RANGE),
    (Method::POST, "/api/ip_filter/remove", SignedIn, RANGE),
    (Method::GET, "/api/events/list", SignedIn, PROJECT),
    (Method::GET, "/api/certificates/list", SignedIn, PROJECT),
    (Method::GET, "/api/certificates/view", SignedIn, &[("project", "shop"), ("certificate", ID)]),
];

/// Everything else that names a thing: pages, downloads, streams.
const THINGS: &[&str] = &[
    "/projects/shop",
    "/projects/shop/services",
    "/projects/shop/services/new",
    "/projects/shop/services/orders",
    "/projects/shop/services/orders/connect",
    "/projects/shop/services/orders/network",
    "/projects/shop/services/orders/settings",
    "/projects/shop/services/orders/ca.pem",
    "/projects/shop/events",
    "/projects/shop/events/export?format=csv",
    "/projects/shop/certificates",
    "/projects/shop/certificates/01890a5d-ac96-774b-bcce-b302099a8057",
    "/projects/shop/certificates/01890a5d-ac96-774b-bcce-b302099a8057/download",
    "/projects/shop/settings",
    "/projects/shop/settings/move",
    "/projects/shop/permissions",
    "/projects/shop/permissions/explain",
    "/projects/shop/permissions/holders",
    "/streams/projects/shop/services/orders/timeline",
];

/// The same of an organization, below `/organizations/{id}`.
const OF_ORGANIZATION: &[&str] = &[
    "",
    "/units/01890a5d-ac96-774b-bcce-b302099a8057",
    "/users",
    "/users/01890a5d-ac96-774b-bcce-b302099a8057",
    "/users/01890a5d-ac96-774b-bcce-b302099a8057/remove",
    "/users/01890a5d-ac96-774b-bcce-b302099a8057/deactivate",
    "/invitations",
    "/invitations/new",
    "/mails",
    "/mails/01890a5d-ac96-774b-bcce-b302099a8057",
    "/groups",
    "/groups/01890a5d-ac96-774b-bcce-b302099a8057",
    "/groups/01890a5d-ac96-774b-bcce-b302099a8057/delete",
    "/groups/01890a5d-ac96-774b-bcce-b302099a8057/members/new",
    "/groups/01890a5d-ac96-774b-bcce-b302099a8057/members/preview",
    "/groups/01890a5d-ac96-774b-bcce-b302099a8057/members/01890a5d-ac96-774b-bcce-b302099a8058/remove",
    "/permissions",
    "/permissions/new",
    "/permissions/preview",
    "/permissions/explain",
    "/permissions/holders",
    "/permissions/01890a5d-ac96-774b-bcce-b302099a8057/revoke",
    "/application-users",
    "/application-users/01890a5d-ac96-774b-bcce-b302099a8057",
    "/application-users/01890a5d-ac96-774b-bcce-b302099a8057/delete",
    "/application-users/01890a5d-ac96-774b-bcce-b302099a8057/tokens/new",
    "/application-users/01890a5d-ac96-774b-bcce-b302099a8057/tokens/01890a5d-ac96-774b-bcce-b302099a8058",
    "/events",
    "/events/export?format=csv",
    "/certificates",
    "/certificates/01890a5d-ac96-774b-bcce-b302099a8057",
    "/certificates/01890a5d-ac96-774b-bcce-b302099a8057/download",
];

async fn call(
    browser: &Browser,
    method: &Method,
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let answer = if *method == Method::GET {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        browser.get(&format!("{path}?{query}")).await
    } else {
        browser.post("/", path, fields).await
    };
    (answer.status, answer.body)
}

/// A program: it asks for no HTML, and gets statuses instead of redirects.
fn program(browser: &Browser) -> Browser {
    browser.with_header("accept", "application/json")
}

#[tokio::test]
async fn every_server_function_is_in_the_table() {
    let _installation = Installation::new().await;
    let registered: BTreeSet<(String, String)> =
        server_fn_paths().map(|(path, method)| (path.to_owned(), method.to_string())).collect();
    let listed: BTreeSet<(String, String)> =
        FUNCTIONS.iter().map(|(method, path, ..)| ((*path).to_owned(), method.to_string())).collect();
    assert_eq!(registered, listed, "server functions and the table of this file differ");
}

#[tokio::test]
async fn nobody_gets_anything_without_signing_in() {
    let installation = Installation::new().await;
    let owner = installation.with_project("shop").await;
    owner.make_service("shop", "orders").await.location();
    let stranger = program(&installation.browser());
    for (method, path, who, fields) in FUNCTIONS {
        let (status, body) = call(&stranger, method, path, fields).await;
        if *who == SignedIn {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}: {body}");
            assert!(body.contains("unauthenticated"), "{path}: {body}");
        }
    }
    for path in THINGS {
        let answer = installation.browser().get(path).await;
        let is_refused = answer.status == StatusCode::UNAUTHORIZED
            || answer.status.is_redirection() && answer.location().starts_with("/sign-in");
        assert!(is_refused, "{path}: {} {}", answer.status, answer.body);
        // Neither does a program get through.
        let answer = installation.browser().with_header("accept", "*/*").get(path).await;
        assert!(!answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
    }
    assert!(owner.get("/projects/shop/services/orders").await.status.is_success(), "nothing was changed");
}

/// What differs from one answer to the next whatever was asked for.
fn without_chance(body: &str, header: &str) -> String {
    let nonce = header.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("none");
    body.replace(nonce, "")
}

#[tokio::test]
async fn what_one_may_not_know_of_looks_like_what_is_not_there() {
    let installation = Installation::new().await;
    let owner = installation.with_project("shop").await;
    owner.make_service("shop", "orders").await.location();
    let organization = owner.organization().await;
    let neighbour = neighbour(&installation).await;
    for (method, path, _, fields) in FUNCTIONS {
        let names = |name: &str| matches!(name, "project" | "organization");
        if !fields.iter().any(|(name, _)| names(name)) {
            continue;
        }
        let with = |project: &'static str, organization: &str| -> Vec<(&str, String)> {
            let value = |name: &str, value: &str| match name {
                "project" => project.to_owned(),
                "organization" => organization.to_owned(),
                _ => value.to_owned(),
            };
            fields.iter().map(|(name, given)| (*name, value(name, given))).collect()
        };
        let send = async |fields: Vec<(&str, String)>| {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            call(&program(&neighbour), method, path, &fields).await
        };
        let foreign = send(with("shop", &organization)).await;
        let missing = send(with("elsewhere", ID)).await;
        assert_eq!(foreign.0, StatusCode::NOT_FOUND, "{path}: {}", foreign.1);
        assert_eq!(foreign, missing, "{path}");
    }
    for path in THINGS {
        let foreign = neighbour.get(path).await;
        let missing = neighbour.get(&path.replace("/shop", "/nope")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{path}: {}", foreign.body);
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        let text = |answer: &Answer, project: &str| {
            without_chance(&answer.body, answer.header("content-security-policy")).replace(project, "")
        };
        assert_eq!(text(&foreign, "/shop"), text(&missing, "/nope"), "{path}");
    }
    for path in OF_ORGANIZATION {
        let at = |organization: &str| format!("/organizations/{organization}{path}");
        let foreign = neighbour.get(&at(&organization)).await;
        let missing = neighbour.get(&at(NO_ORGANIZATION)).await;
        let text = |answer: &Answer, organization: &str| {
            let body = without_chance(&answer.body, answer.header("content-security-policy"));
            body.replace(organization, "")
        };
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{path}: {}", foreign.body);
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(text(&foreign, &organization), text(&missing, NO_ORGANIZATION), "{path}");
        assert_eq!(neighbour.get(&at("not-an-id")).await.status, StatusCode::NOT_FOUND, "{path}");
        let nobody = installation.browser().get(&at(&organization)).await;
        let is_refused = nobody.status == StatusCode::UNAUTHORIZED
            || nobody.status.is_redirection() && nobody.location().starts_with("/sign-in");
        assert!(is_refused, "{path}: {}", nobody.status);
    }
    assert!(!neighbour.get("/projects").await.body.contains("shop"), "in no list");
    assert!(!owner.get("/projects/shop/events").await.body.contains("bob@"), "and no trace with the owner");
}

#[tokio::test]
async fn wrong_and_deleted_ids_look_like_unknown_ones() {
    let installation = Installation::new().await;
    let owner = installation.with_project("shop").await;
    let program = program(&owner);
    let path = |id: &str| format!("/projects/shop/certificates/{id}/download");
    let unknown = program.get(&path(ID)).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for id in ["0", "not-an-id", "..", "%00", "01890a5d-ac96-774b-bcce-b302099a8058"] {
        let answer = program.get(&path(id)).await;
        assert_eq!((answer.status, answer.body.as_str()), (unknown.status, unknown.body.as_str()), "{id}");
    }
}

/// A browser in which the super admin of another organization is signed in.
async fn neighbour(installation: &Installation) -> Browser {
    let rows = installation.control.session_rows();
    let now = rows.now();
    let organization = store::organizations::Organization {
        id: OrganizationId::from_uuid(Uuid::from_u128(2)),
        name: "Next door".to_owned(),
        wrapped_key: Vec::new(),
        created_at: now,
        generation: 0,
    };
    let user = store::users::User {
        id: UserId::from_uuid(Uuid::from_u128(1)),
        email: "bob@example.net".to_owned(),
        name: "Bob".to_owned(),
        password_hash: String::new(),
        created_at: now,
        last_activity_at: None,
        is_active: true,
        kind: UserKind::Person,
        description: String::new(),
        job_title: String::new(),
        department: String::new(),
        city: String::new(),
        country: String::new(),
        generation: 0,
    };
    let mut tx = installation.store.write().await.unwrap();
    store::organizations::add(&mut tx, &organization).await.unwrap();
    assert!(store::users::add(&mut tx, &user).await.unwrap());
    store::memberships::add(&mut tx, organization.id, user.id, true, now).await.unwrap();
    tx.commit().await.unwrap();

    let id = [9_u8; 16];
    let row = control::sessions::SessionRow {
        key_hash: digest(&SHA256, &id).as_ref().to_vec(),
        user_id: Some(user.id),
        data: format!("{{\"user_id\":\"{}\"}}", user.id).into_bytes(),
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus(std::time::Duration::from_secs(3600)),
        address: None,
        agent: None,
    };
    assert!(rows.add(&row).await.unwrap());
    let browser = installation.browser();
    browser.set_cookie(server::sessions::COOKIE, &URL_SAFE_NO_PAD.encode(id));
    browser
}
