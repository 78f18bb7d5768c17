//! A token that is made without script: its text is in the answer to the form and nowhere else, and the form makes one.

use axum::http::StatusCode;

use crate::installation::{Answer, Browser, Installation, hidden_value};

/// The text of the token that a page shows; none if it shows none.
fn text(page: &Answer, prefix: &str) -> Option<String> {
    let words = page.body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(prefix)).find(|word| word.len() == 53).map(str::to_owned)
}

/// How many tokens the list at that address shows.
async fn listed(browser: &Browser, list: &str) -> usize {
    browser.get(list).await.body.matches("name=\"ids[]\"").count()
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
