//! Lists of an organization: what a browser without script finds in their cells and behind “Show as API call”, and a program
//! in the same lists.

use control::groups;
use domain::{inputs::CreateToken, policies::AuthenticationPolicy};

use crate::{
    api::callers::{Program, give_way_in, member, owner},
    installation::{EMAIL, Installation, PASSWORD},
};

#[tokio::test]
async fn the_call_behind_a_filtered_list_asks_for_what_is_shown() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    member(&installation, organization, "clerk@example.org").await;
    let group = groups::create(&ann.ctx, organization, "Night shift", "First line.\nSecond line.").await;
    let group = group.unwrap().row.id;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let calls = format!("/v1/organizations/{organization}");
    for (path, call) in [
        ("groups?text=Night%20shift".to_owned(), "groups?text=Night%20shift&#x27;".to_owned()),
        ("groups".to_owned(), "groups&#x27;".to_owned()),
        ("application-users?text=night".to_owned(), "application-users?text=night&#x27;".to_owned()),
        (
            format!("permissions?principal={EMAIL}"),
            "permissions?principal=ann%40example.org&#x27;".to_owned(),
        ),
        (
            format!("permissions?holder=group%3A{group}&resource=organization"),
            format!("permissions?principal=group%3A{group}&amp;resource=organization&#x27;"),
        ),
        ("permissions".to_owned(), "permissions&#x27;".to_owned()),
    ] {
        let page = browser.get(&format!("/organizations/{organization}/{path}")).await;
        assert_eq!(page.status, 200, "{path}");
        let body = page.body.replace('\'', "&#x27;");
        assert!(body.contains(&format!("{calls}/{call}")), "{path}: {body}");
    }
    // What a cell has no room for is there all the same.
    let page = browser.get(&format!("/organizations/{organization}/groups")).await.body;
    assert!(page.contains(">First line.\nSecond line.</span>"), "{page}");
}

#[tokio::test]
async fn who_has_no_second_factor_is_found() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let (clerk, guard) = ("clerk@example.org", "watchman@example.org");
    member(&installation, organization, clerk).await;
    let with = member(&installation, organization, guard).await;
    give_way_in(&installation, with.id).await;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let page = format!("/organizations/{organization}/users");
    let all = browser.get(&page).await.body;
    assert!(all.contains(clerk) && all.contains(guard) && all.contains("Second factor"), "{all}");
    let without = browser.get(&format!("{page}?state=without_second_factor")).await.body;
    assert!(without.contains(clerk) && !without.contains(guard), "{without}");
    let one = browser.get(&format!("{page}/{}", with.id)).await.body;
    assert!(one.contains("<dt>Second factor</dt><dd>yes</dd>"), "{one}");

    let token = ann.token(&CreateToken::default()).await;
    let program = Program::new(&installation).with_token(&token);
    let found = program.get(&format!("/v1{page}")).await.with(200);
    let found: Vec<_> = found["users"].as_array().unwrap().iter().collect();
    let has: Vec<_> = found.iter().map(|row| (&row["email"], &row["has_second_factor"])).collect();
    assert_eq!(
        has,
        [(&EMAIL.into(), &false.into()), (&clerk.into(), &false.into()), (&guard.into(), &true.into())]
    );
    let found = program.get(&format!("/v1{page}?state=without_second_factor")).await.with(200);
    assert_eq!(found["users"].as_array().unwrap().len(), 2, "{found}");
}

#[tokio::test]
async fn whom_the_policy_keeps_out_is_marked_among_those_who_can() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let token = ann.token(&CreateToken::default()).await;
    let program = Program::new(&installation).with_token(&token);
    let now = installation.control.session_rows().now();
    let policy = AuthenticationPolicy { second_factor_required: true, ..AuthenticationPolicy::default() };
    let policy = serde_json::to_string(&policy).unwrap();
    let path = format!("/v1/organizations/{organization}/permissions");
    let asked =
        [format!("{path}/explain?principal={EMAIL}"), format!("{path}/holders?permission=super_admin")];
    for is_set in [false, true] {
        if is_set {
            let mut tx = installation.store.write().await.unwrap();
            let set = store::authentication_policies::set(&mut tx, organization, 0, &policy, now);
            assert!(set.await.unwrap());
            tx.commit().await.unwrap();
        }
        for path in &asked {
            let told = program.get(path).await.with(200).to_string();
            let sentence = "asks for a second factor, and they have none. No sign-in of theirs reaches it, whatever they hold. \
                            Personal tokens of theirs do.";
            assert_eq!(told.contains(sentence), is_set, "{path}: {told}");
        }
    }
}
