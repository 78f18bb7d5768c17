//! A group's page, as a browser without script sees it: it offers what would be done, and says why something would not.

use control::{groups, permissions};
use domain::inputs::GrantPermission;

use crate::{
    api::callers::{member, owner},
    installation::{EMAIL, Installation, PASSWORD},
};

#[tokio::test]
async fn a_group_whose_deletion_is_refused_says_why_instead_of_offering_it() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let clerk = member(&installation, organization, "clerk@example.org").await;
    let mut tx = installation.store.write().await.unwrap();
    let hash = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().password_hash;
    store::users::set_password_hash(&mut tx, clerk.id, &hash, installation.control.session_rows().now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let input = GrantPermission {
        principal: "clerk@example.org".into(),
        granted: "organization:groups:write".into(),
        resource: "organization".into(),
        ..GrantPermission::default()
    };
    permissions::grant(&ann.ctx, organization, &input).await.unwrap();
    let browser = installation.browser();
    assert_eq!(browser.sign_in("clerk@example.org", PASSWORD).await.location(), "/projects");

    let id = groups::create(&clerk.ctx, organization, "Crew", "").await.unwrap().row.id;
    let (page, refused) =
        (format!("/organizations/{organization}/groups/{id}"), "You cannot delete it. You may not act on");
    let deletion = format!("href=\"{page}/delete\"");
    let open = browser.get(&page).await.body;
    assert!(open.contains(&deletion) && !open.contains(refused), "{open}");
    groups::add_members(&ann.ctx, organization, id, EMAIL).await.unwrap();
    let shut = browser.get(&page).await.body;
    assert!(shut.contains(&format!("{refused} {EMAIL}, who is in it.")), "{shut}");
    assert!(!shut.contains(&deletion), "{shut}");
    // Who goes there all the same is told as much.
    let answer = browser.get(&format!("{page}/delete")).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(answer.body.contains(&format!("You may not act on {EMAIL}")), "{}", answer.body);
    let fields = [
        ("organization", organization.to_string()),
        ("group", id.to_string()),
        ("confirmation", "Crew".into()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.post(&page, "/api/groups/delete", &fields).await;
    assert!(groups::view(&ann.ctx, organization, id).await.is_ok(), "it is still there");
}
