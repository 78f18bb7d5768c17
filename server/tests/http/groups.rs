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

#[tokio::test]
async fn who_ticks_nobody_or_somebody_who_is_in_already_is_told_where_they_ticked() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    member(&installation, organization, "clerk@example.org").await;
    let id = groups::create(&ann.ctx, organization, "Crew", "").await.unwrap().row.id;
    groups::add_members(&ann.ctx, organization, id, EMAIL).await.unwrap();
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let page = format!("/organizations/{organization}/groups/{id}/members/new");
    let open = browser.get(&page).await.body;
    let tick = |body: &str, email: &str| {
        let tags = body.split('<').map(str::to_owned);
        let mut ticks = tags.filter(|tag| tag.starts_with("input type=\"checkbox\""));
        ticks.find(|tag| tag.contains(&format!("value=\"{email}\""))).unwrap()
    };
    assert!(tick(&open, EMAIL).contains("disabled") && open.contains("in it already"), "{open}");
    assert!(!tick(&open, "clerk@example.org").contains("disabled"), "{open}");

    // The message stands in the form that was sent, and the other one says nothing.
    let parts = |body: &str| -> (String, String) {
        let (typed, ticked) = body.split_once("id=\"chosen\"").unwrap();
        (typed.to_owned(), ticked.to_owned())
    };
    let nobody = browser.post(&page, &page, &[("ticked", "1")]).await;
    assert_eq!(nobody.status, 422);
    let (typed, ticked) = parts(&nobody.body);
    assert!(ticked.contains("Tick those who are to be put into the group."), "{ticked}");
    assert!(!typed.contains("alert-bad") && !typed.contains("Enter the e-mail address"), "{typed}");
    let (_, ticked) = parts(&browser.post(&page, &page, &[("ticked", "1"), ("members", EMAIL)]).await.body);
    assert!(ticked.contains("All of these are in the group already."), "{ticked}");
    let typing = browser.post(&page, &page, &[("members", "nobody@example.org")]).await.body;
    let (typed, ticked) = parts(&typing);
    assert!(typed.contains("nobody@example.org does not belong"), "{typed}");
    assert!(!ticked.contains("does not belong"), "{ticked}");
    let preview = browser.post(&page, &page, &[("ticked", "1"), ("members", "clerk@example.org")]).await;
    assert!(
        preview.body.contains("1 member of the organization will be put into the group Crew."),
        "{}",
        preview.body
    );
}
