//! The second of two people who do the same, in a browser without script: they are told that somebody was faster, and where
//! to go on. It is no more than what anybody is told of an id that never was.

use control::{groups, permissions};
use domain::inputs::{CreateToken, GrantPermission};

use crate::{
    api::callers::{member, owner},
    installation::{Browser, EMAIL, Installation, PASSWORD},
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
