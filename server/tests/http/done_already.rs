//! The second of two people who do the same, in a browser without script: they are told that somebody was faster, and where
//! to go on. It is no more than what anybody is told of an id that never was.

use control::{groups, permissions};
use domain::inputs::{CreateToken, GrantPermission};
use serde_json::{Value, json};

use crate::{
    api::callers::{member, owner, owners_program},
    installation::{Browser, EMAIL, Installation, PASSWORD, hidden_value},
};

const NEVER_WAS: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Sends the form of a page twice, and what is said the second time.
async fn twice(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
    assert_eq!(browser.get(page).await.status, 200, "{page}");
    let first = browser.follow(browser.post(page, action, fields).await).await;
    assert_eq!(first.status, 200, "{page}: {}", first.body);
    let second = browser.follow(browser.post(page, action, fields).await).await;
    assert_eq!(second.status, 404, "{page}: {}", second.body);
    // Going back to the page says the same.
    assert!(browser.get(page).await.body.contains("already."), "{page}");
    second.body
}

#[tokio::test]
async fn who_comes_second_is_told_and_led_back_to_the_list() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let clerk = member(&installation, organization, "clerk@example.org").await;
    let home = format!("/organizations/{organization}");
    let give = async |granted: &str| {
        let input = GrantPermission {
            principal: "clerk@example.org".into(),
            granted: granted.into(),
            resource: "organization".into(),
            ..GrantPermission::default()
        };
        permissions::grant(&ann.ctx, organization, &input).await.unwrap().row.id.to_string()
    };
    let owner = ("organization", &*organization.to_string());

    let (grant, list) = (give("developer").await, format!("href=\"{home}/permissions"));
    let (page, fields) = (format!("{home}/permissions/{grant}/revoke"), [owner, ("grant", &*grant)]);
    let body = twice(&browser, &page, "/api/permissions/revoke", &fields).await;
    assert!(body.contains("somebody has revoked it already.") && body.contains(&list), "{body}");
    let grant = give("operator").await;
    let (page, fields) =
        (format!("{home}/permissions/revoke?grants={grant}"), [owner, ("grants[]", &*grant)]);
    let body = twice(&browser, &page, "/api/permissions/revoke_chosen", &fields).await;
    assert!(body.contains("somebody has revoked it already.") && body.contains(&list), "{body}");

    let crew = groups::create(&ann.ctx, organization, "Crew", "").await.unwrap().row.id.to_string();
    let id = crew.parse().unwrap();
    groups::add_members(&ann.ctx, organization, id, "clerk@example.org").await.unwrap();
    let (group, clerk) = (format!("{home}/groups/{crew}"), clerk.id.to_string());
    let (page, fields) =
        (format!("{group}/members/{clerk}/remove"), [owner, ("group", &*crew), ("user", &*clerk)]);
    let body = twice(&browser, &page, "/api/groups/remove_member", &fields).await;
    assert!(body.contains("somebody has taken them out already."), "{body}");
    assert!(body.contains(&format!("href=\"{group}\"")), "{body}");
    let (page, fields) = (format!("{group}/delete"), [owner, ("group", &*crew), ("confirmation", "Crew")]);
    let body = twice(&browser, &page, "/api/groups/delete", &fields).await;
    assert!(body.contains("somebody has deleted it already."), "{body}");
    assert!(body.contains(&format!("href=\"{home}/groups\"")), "{body}");

    let token = CreateToken { description: "Builds".into(), ..CreateToken::default() };
    let token = control::tokens::create(&ann.ctx, &token).await.unwrap().row.id.to_string();
    let page = format!("/profile/tokens/{token}");
    let body = twice(&browser, &page, "/api/tokens/revoke", &[("id", &*token)]).await;
    assert!(
        body.contains("somebody has revoked it already.") && body.contains("href=\"/profile/tokens\""),
        "{body}"
    );
}

#[tokio::test]
async fn strangers_are_not_led_to_lists_and_what_never_was_is_told_alike() {
    let installation = Installation::new().await;
    let (_, organization) = owner(&installation).await;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let at = |organization: &str| format!("/organizations/{organization}/groups/{NEVER_WAS}/delete");
    let own = browser.get(&at(&organization.to_string())).await;
    assert_eq!(own.status, 404);
    assert!(own.body.contains("If there was one, somebody has deleted it already."), "{}", own.body);
    let strange = browser.get(&at(NEVER_WAS)).await;
    assert_eq!(strange.status, 404);
    assert!(
        !strange.body.contains("deleted it already") && !strange.body.contains("Back to the groups"),
        "{}",
        strange.body
    );
}

#[tokio::test]
async fn who_knows_a_project_by_its_old_name_or_place_is_told_both() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    browser.make_project("shop").await;
    let page = "/projects/shop/settings";
    let unit = async |name: &str| {
        control::units::create(&ann.ctx, organization, name).await.unwrap().row.id.to_string()
    };
    let (one, two) = (unit("One").await, unit("Two").await);

    let preview = browser.get(&format!("{page}/move?unit={two}")).await.body;
    let seen = hidden_value(&preview, "seen");
    let first = [("project", "shop"), ("unit", &*one), ("seen", &*seen)];
    let moved = browser.post(&format!("{page}/move?unit={one}"), "/api/projects/move", &first).await;
    assert!(browser.follow(moved).await.body.contains("shop is in One now."));
    let second = [("project", "shop"), ("unit", &*two), ("seen", &*seen)];
    let answer = browser.post(&format!("{page}/move?unit={two}"), "/api/projects/move", &second).await;
    let told = browser.follow(answer).await.body;
    assert!(
        told.contains("it is in the unit One now, and not in the organization itself any more"),
        "{told}"
    );
    let again = [("project", "shop"), ("unit", &*two), ("seen", &*hidden_value(&told, "seen"))];
    let answer = browser.post(&format!("{page}/move?unit={two}"), "/api/projects/move", &again).await;
    assert!(browser.follow(answer).await.body.contains("shop is in Two now."));

    let id = hidden_value(&browser.get(page).await.body, "id");
    let rename = [("project", "shop"), ("id", &*id), ("name", "store")];
    browser.post(page, "/api/projects/rename", &rename).await;
    let rename = [("project", "shop"), ("id", &*id), ("name", "market")];
    let program = browser.with_header("accept", "application/json");
    let answer = program.post("/", "/api/projects/rename", &rename).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    let answer = browser.post(page, "/api/projects/rename", &rename).await;
    assert_eq!(answer.location(), "/projects/store/settings");
    let told = browser.follow(answer).await.body;
    assert!(told.contains("Somebody has renamed shop to store meanwhile."), "{told}");
}

#[tokio::test]
async fn programs_may_say_from_where_a_project_is_to_be_moved() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    program
        .post(&format!("/v1/organizations/{organization}/projects"), json!({ "name": "shop" }))
        .await
        .with(201);
    let units = format!("/v1/organizations/{organization}/units");
    let one = program.post(&units, json!({ "name": "One" })).await.with(201);
    let body = json!({ "unit": one["id"], "from": null });
    program.post("/v1/projects/shop/move", body).await.with(200);
    let refused = program.post("/v1/projects/shop/move", json!({ "unit": null, "from": null })).await;
    // It is there no more.
    assert_eq!(refused.status, 409, "{}", refused.text);
    // What a move would do is told of where the project is, and of nowhere else.
    let preview = async |body| program.post("/v1/projects/shop/move/preview", body).await.status;
    assert_eq!(preview(json!({ "unit": null })).await, 200);
    assert_eq!(preview(json!({ "unit": null, "from": null })).await, 422);
    let body = json!({ "unit": null, "from": one["id"] });
    assert_eq!(program.post("/v1/projects/shop/move", body).await.with(200)["unit"], Value::Null);
    program.post("/v1/projects/shop/move", json!({ "unit": one["id"] })).await.with(200);
}

#[tokio::test]
async fn who_makes_somebody_a_super_admin_second_is_not_asked_for_the_opposite() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let clerk = member(&installation, organization, "clerk@example.org").await.id;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let person = format!("/organizations/{organization}/users/{clerk}");
    let page = format!("{person}/super-admin");
    assert!(browser.get(&page).await.body.contains("Make them a super admin?"));
    control::users::set_super_admin(&ann.ctx, organization, clerk, true).await.unwrap();
    let fields = [("organization", organization.to_string()), ("user", clerk.to_string())];
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("is_super_admin", "true"));
    let answer = browser.post(&page, "/api/users/set_super_admin", &fields).await;
    assert_eq!(answer.location(), person);
    let told = browser.follow(answer).await.body;
    assert!(told.contains("clerk@example.org is a super admin already."), "{told}");
    let program = browser.with_header("accept", "application/json");
    assert_eq!(program.post("/", "/api/users/set_super_admin", &fields).await.status, 409);
}
