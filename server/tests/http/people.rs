//! What people are told of themselves, in a browser without script.

use std::{collections::BTreeSet, time::Duration};

use control::users;

use crate::{
    api::callers::{member, owner},
    installation::{Browser, EMAIL, Installation, PASSWORD},
};

/// A browser in which somebody is signed in who has the same password as the first user.
async fn signed_in(installation: &Installation, email: &str) -> Browser {
    let mut tx = installation.store.write().await.unwrap();
    let hash = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().password_hash;
    let id = store::users::find_by_email(&mut tx, email).await.unwrap().unwrap().id;
    let now = installation.control.session_rows().now();
    store::users::set_password_hash(&mut tx, id, &hash, now).await.unwrap();
    tx.commit().await.unwrap();
    let browser = installation.browser();
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/projects");
    browser
}

#[tokio::test]
async fn an_error_leaves_the_navigation_of_the_organization() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    let navigation = format!("href=\"/organizations/{organization}/groups\"");
    let own = format!("/organizations/{organization}");
    let nobody = browser.get(&format!("{own}/users/01890a5d-ac96-774b-bcce-b302099a8057")).await;
    assert!(nobody.status == 404 && nobody.body.contains(&navigation), "{}", nobody.body);
    let strange = browser.get("/organizations/01890a5d-ac96-774b-bcce-b302099a8057/users?x=1").await;
    assert!(strange.status == 404 && !strange.body.contains("/groups\""), "{}", strange.body);
}

#[tokio::test]
async fn granting_can_be_left_at_every_step() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    let own = format!("/organizations/{organization}/permissions");
    for (step, back) in [
        (format!("{own}/new"), format!("href=\"{own}")),
        (format!("{own}/new?resource=project:shop"), "href=\"/projects/shop/permissions\"".to_owned()),
    ] {
        let page = browser.get(&step).await.body;
        let cancel = page.split("<a ").find(|tag| tag.contains(">Cancel</a>"));
        assert!(cancel.is_some_and(|tag| tag.contains(&back)), "{step}: {page}");
    }
}

#[tokio::test]
async fn the_buttons_that_sign_browsers_out_are_told_apart() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    for _ in 0..2 {
        installation.clock.advance(Duration::from_secs(1));
        installation.browser().sign_in(EMAIL, PASSWORD).await;
    }
    let page = browser.get("/profile/sessions").await.body;
    let names: Vec<&str> = page
        .split("aria-label=\"")
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| name.starts_with("Sign out"))
        .collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert!(names.len() == 3 && distinct.len() == 3, "{names:?}");
}

#[tokio::test]
async fn who_is_deactivated_is_told_where() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let clerk = member(&installation, organization, "clerk@example.org").await.id;
    let browser = signed_in(&installation, "clerk@example.org").await;
    users::deactivate(&ann.ctx, organization, clerk).await.unwrap();
    let told = browser.get("/projects").await;
    assert_eq!(told.status, 200);
    assert!(
        told.body.contains("You are deactivated in Acme.") && told.body.contains("ask its admins"),
        "{}",
        told.body
    );
    assert!(!told.body.contains("You belong to no organization"), "{}", told.body);
    // Who was removed belongs nowhere.
    users::remove(&ann.ctx, organization, clerk, "clerk@example.org").await.unwrap();
    let told = browser.get("/projects").await.body;
    assert!(told.contains("You belong to no organization") && !told.contains("deactivated in"), "{told}");
}
