//! A token that is made without script: its text is in the answer to the form and nowhere else, and the form makes one.

use axum::http::StatusCode;
use domain::inputs::CreateToken;

use crate::{
    api::callers::owner,
    installation::{Answer, Browser, EMAIL, Installation, PASSWORD, hidden_value},
};

/// The text of the token that a page shows; none if it shows none.
fn text(page: &Answer, prefix: &str) -> Option<String> {
    let words = page.body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(prefix)).find(|word| word.len() == 53).map(str::to_owned)
}

/// How many tokens the list at that address shows.
async fn listed(browser: &Browser, list: &str) -> usize {
    browser.get(list).await.body.matches("name=\"ids\"").count()
}

/// The addresses of the list and of the form, and what the tokens begin with.
struct Owner {
    list: String,
    new: String,
    prefix: &'static str,
}

async fn owners(browser: &Browser) -> [Owner; 2] {
    let organization = browser.organization().await;
    let users = format!("/organizations/{organization}/application-users");
    let fields = [("organization", organization.as_str()), ("name", "deployer")];
    let made = browser.post(&users, "/api/application_users/create", &fields).await;
    let list = made.location().to_owned();
    let new = format!("{list}/tokens/new");
    [
        Owner { list: "/profile/tokens".into(), new: "/profile/tokens/new".into(), prefix: "rdp_" },
        Owner { list, new, prefix: "rda_" },
    ]
}

#[tokio::test]
async fn a_token_is_shown_by_the_answer_to_its_form_and_never_again() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    for Owner { list, new, prefix } in owners(&browser).await {
        let once = hidden_value(&browser.get(&new).await.body, "once");
        let fields = [
            ("once", once.as_str()),
            ("description", "Deploys"),
            ("scopes[]", "operator"),
            ("scopes[]", "read_only"),
        ];
        let made = browser.post(&new, &new, &fields).await;
        assert_eq!((made.status, made.header("cache-control")), (StatusCode::OK, "no-store"));
        let token = text(&made, prefix).unwrap();
        assert!(made.body.contains("read_only") && made.body.contains("operator"), "{}", made.body);
        assert!(
            !made
                .headers
                .values()
                .any(|value| value.as_bytes().windows(53).any(|part| part == token.as_bytes()))
        );
        // Nothing that can be looked at later shows it.
        let page =
            made.body.split('"').find(|part| part.starts_with(&list) && part.len() > new.len()).unwrap();
        for path in [&list, &new, page, "/profile", "/projects/shop/events"] {
            assert!(!browser.get(path).await.body.contains(&token), "{path}");
        }
        // The same form again makes none and says so; a form of its own does.
        let again = browser.post(&new, &new, &fields).await;
        assert_eq!((again.status, text(&again, prefix)), (StatusCode::CONFLICT, None));
        assert!(again.body.contains("has made a token already") && again.body.contains(&token[..10]));
        assert_eq!(listed(&browser, &list).await, 1);
        let once = hidden_value(&again.body, "once");
        let other = browser.post(&new, &new, &[("once", once.as_str()), ("description", "Builds")]).await;
        assert_ne!(text(&other, prefix).unwrap(), token);
        assert_eq!(listed(&browser, &list).await, 2);
    }
}

#[tokio::test]
async fn a_token_is_replaced_once_and_what_was_typed_comes_back() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    for Owner { list, new, prefix } in owners(&browser).await {
        let wrong = [("description", "Deploys"), ("ip_ranges", "nonsense"), ("scopes[]", "operator")];
        let refused = browser.post(&new, &new, &wrong).await;
        assert_eq!((refused.status, text(&refused, prefix)), (StatusCode::UNPROCESSABLE_ENTITY, None));
        assert!(refused.body.contains("Line 1: “nonsense”"), "{}", refused.body);
        assert!(refused.body.contains("value=\"operator\" checked"), "{}", refused.body);
        let made = browser.post(&new, &new, &[("once", "x"), ("description", "Deploys")]).await;
        let page =
            made.body.split('"').find(|part| part.starts_with(&list) && part.len() > new.len()).unwrap();
        let wrong = browser.post(page, page, &[("overlap_hours", "721")]).await;
        assert_eq!((wrong.status, text(&wrong, prefix)), (StatusCode::UNPROCESSABLE_ENTITY, None));
        let replaced = browser.post(page, page, &[("overlap_hours", "2")]).await;
        assert_eq!((replaced.status, replaced.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_ne!(text(&replaced, prefix).unwrap(), text(&made, prefix).unwrap());
        let again = browser.post(page, page, &[("overlap_hours", "2")]).await;
        assert_eq!((again.status, text(&again, prefix)), (StatusCode::CONFLICT, None));
        assert_eq!(listed(&browser, &list).await, 2);
    }
}

#[tokio::test]
async fn the_tokens_that_are_ticked_are_named_before_they_end() {
    let installation = Installation::new().await;
    let (ann, organization) = owner(&installation).await;
    let browser = installation.browser();
    browser.sign_in(EMAIL, PASSWORD).await;
    let make = async |description: &str| {
        let input = CreateToken { description: description.into(), ..CreateToken::default() };
        control::tokens::create(&ann.ctx, &input).await.unwrap().row.id.to_string()
    };
    let (builds, deploys) = (make("Builds").await, make("Deploys").await);
    make("Kept").await;
    let list = browser.get("/profile/tokens").await.body;
    assert!(list.contains("method=\"get\" action=\"/profile/tokens/revoke\""), "{list}");
    assert!(list.contains(&format!("name=\"ids\" value=\"{builds}\"")), "{list}");
    let nothing = browser.get("/profile/tokens/revoke").await.body;
    assert!(
        nothing.contains("No token is chosen") && !nothing.contains("/api/tokens/revoke_chosen"),
        "{nothing}"
    );

    let page = format!("/profile/tokens/revoke?ids={builds}&ids={deploys}&ids={builds}");
    let asked = browser.get(&page).await.body;
    assert!(asked.contains("Revoke 2 tokens?"), "{asked}");
    assert!(
        asked.contains(">Builds</a>") && asked.contains(">Deploys</a>") && !asked.contains(">Kept</a>"),
        "{asked}"
    );
    control::tokens::revoke(&ann.ctx, builds.parse().unwrap()).await.unwrap();
    let asked = browser.get(&page).await.body;
    assert!(
        asked.contains("Revoke 1 token?")
            && asked.contains("1 token of those that you chose is gone already."),
        "{asked}"
    );
    let sent = [("ids[]", deploys.as_str())];
    let told = browser.follow(browser.post(&page, "/api/tokens/revoke_chosen", &sent).await).await.body;
    assert!(told.contains("1 token is revoked.") && told.contains(">Kept</a>"), "{told}");
    let gone = browser.get(&page).await;
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("somebody has revoked it already."), "{}", gone.body);

    // Those of an application user, likewise.
    let users = control::application_users::create;
    let robot = users(&ann.ctx, organization, "robot", "").await.unwrap().row.user_id;
    let input = CreateToken { description: "Nightly".into(), ..CreateToken::default() };
    let made = control::application_users::create_token(&ann.ctx, organization, robot, &input).await;
    let page = format!("/organizations/{organization}/application-users/{robot}/tokens/revoke");
    let asked = browser.get(&format!("{page}?ids={}", made.unwrap().row.id)).await.body;
    assert!(asked.contains("Revoke 1 token?") && asked.contains(">Nightly</a>"), "{asked}");
    assert!(asked.contains("/api/application_users/revoke_chosen_tokens"), "{asked}");
}
