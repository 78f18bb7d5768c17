//! Showing once more who one is: where forms go that came too early, what comes back, and what becomes of the session.

use std::time::Duration;

use server::{
    middleware::{
        flash::{COOKIE as FLASH_COOKIE, HELD_BACK_COOKIE},
        keepsakes::CEREMONY_COOKIE,
    },
    sessions::COOKIE,
};

use crate::installation::{Browser, Installation, PASSWORD, hidden_value};

/// Longer than a proof counts.
const STALE: Duration = Duration::from_secs(11 * 60);
/// What a session's age is at most if nobody says otherwise.
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);

/// A form that asks for a fresh proof, and the page it stands on.
async fn too_early(browser: &Browser) -> String {
    let page = "/profile/tokens/new";
    let answer = browser.post(page, page, &[("description", "Deploys at night")]).await;
    answer.location().to_owned()
}

async fn confirm(browser: &Browser, page: &str, held_back: &str, password: &str) -> String {
    let fields = [("password", password), ("next", "/profile/tokens/new"), ("held_back", held_back)];
    browser.post(page, "/api/step_up/password", &fields).await.location().to_owned()
}

#[tokio::test]
async fn asvs_7_5_3_a_form_that_came_too_early_comes_back_after_the_proof() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    installation.clock.advance(STALE);
    let page = too_early(&browser).await;
    assert_eq!(page, "/step-up?next=%2Fprofile%2Ftokens%2Fnew");
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, 200);
    let cookies = shown.set_cookies(CEREMONY_COOKIE);
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
    }
    assert!(!shown.body.contains(&browser.cookie(CEREMONY_COOKIE).unwrap()), "the id is on no page");
    assert!(shown.body.contains("This takes a fresh proof that it is you"), "{}", shown.body);
    assert!(shown.body.contains("What you had entered is kept, but for passwords"), "{}", shown.body);
    let held_back = hidden_value(&shown.body, "held_back");
    assert!(!held_back.is_empty());

    // A slip loses nothing.
    assert_eq!(confirm(&browser, &page, &held_back, "not the right password").await, page);
    assert!(browser.cookie(HELD_BACK_COOKIE).is_some());
    let again = browser.get(&page).await;
    assert!(again.body.contains("aria-invalid=\"true\""), "{}", again.body);
    assert_eq!(hidden_value(&again.body, "held_back"), held_back);
    assert!(browser.cookie(HELD_BACK_COOKIE).is_none(), "the page has it now");

    let before = browser.cookie(COOKIE).unwrap();
    assert_eq!(confirm(&browser, &page, &held_back, PASSWORD).await, "/profile/tokens/new");
    assert_ne!(browser.cookie(COOKIE).unwrap(), before, "the session has a new id");
    let form = browser.get("/profile/tokens/new").await.body;
    assert!(form.contains("Deploys at night"), "{form}");
    assert!(form.contains("Confirmed. Nothing was done yet: send it again."), "{form}");
    let thief = installation.browser();
    thief.set_cookie(COOKIE, &before);
    assert!(
        thief.get("/projects").await.location().starts_with("/sign-in"),
        "and the old one is worth nothing"
    );

    let made = browser
        .post("/profile/tokens/new", "/profile/tokens/new", &[("description", "Deploys at night")])
        .await;
    assert!(made.body.contains("Token created"), "{}", made.body);
}

/// Its switches speak of passwords and tokens, which are no secrets, and one that is not sent is off.
#[tokio::test]
async fn an_authentication_policy_comes_back_as_it_was_sent() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let organization = browser.organization().await;
    let policy = format!("/organizations/{organization}/authentication");
    let sent = [
        ("password_allowed", "true"),
        ("second_factor_required", "true"),
        ("personal_tokens_allowed", "true"),
        ("tokens_bound", "true"),
        ("token_seconds_max", "604800"),
        ("addresses", "203.0.113.0/24"),
        ("idle_seconds", "600"),
        ("session_seconds", "3600"),
        ("password_chars_min", "14"),
        ("password_chars_min_alone", "21"),
        ("generation", "0"),
    ];
    installation.clock.advance(STALE);
    let page = browser.post(&policy, &policy, &sent).await.location().to_owned();
    let held_back = hidden_value(&browser.get(&page).await.body, "held_back");
    let fields = [("password", PASSWORD), ("next", policy.as_str()), ("held_back", &held_back)];
    assert_eq!(browser.post(&page, "/api/step_up/password", &fields).await.location(), policy);
    let form = browser.get(&policy).await.body;
    let input = |name: &str| {
        let found = form.split('<').find(|tag| tag.contains(&format!(" name=\"{name}\"")));
        found.unwrap_or_else(|| panic!("{name}: {form}")).to_owned()
    };
    for (name, is_on) in [
        ("password_allowed", true),
        ("second_factor_required", true),
        ("other_providers_allowed", false),
        ("oidc_allowed", false),
        ("personal_tokens_allowed", true),
        ("tokens_bound", true),
    ] {
        assert_eq!(input(name).contains(" checked"), is_on, "{name}: {}", input(name));
    }
    for (name, value) in [("password_chars_min", "14"), ("password_chars_min_alone", "21")] {
        assert!(input(name).contains(&format!("value=\"{value}\"")), "{name}: {}", input(name));
    }
    assert!(form.contains("203.0.113.0/24"), "{form}");
}

/// Who looks at what it would do and wants something else of it begins with what they had.
#[tokio::test]
async fn the_preview_of_an_authentication_policy_leads_back_to_the_form_as_it_was_sent() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let organization = browser.organization().await;
    let policy = format!("/organizations/{organization}/authentication");
    let sent = [
        ("password_allowed", "true"),
        ("tokens_bound", "true"),
        ("addresses", "127.0.0.0/8"),
        ("idle_seconds", "600"),
        ("session_seconds", "3600"),
        ("password_chars_min", "14"),
        ("password_chars_min_alone", "21"),
        ("generation", "0"),
    ];
    let preview = browser.post(&policy, &policy, &sent).await;
    assert!(preview.body.contains("Back to the form"), "{}", preview.body);
    let confirmed = hidden_value(&preview.body, "confirmed");
    let back = [("confirmed", confirmed.as_str()), ("back", "true")];
    let again = browser.post(&policy, &policy, &[&sent[..], &back[..]].concat()).await;
    assert_eq!(again.status, 200);
    assert!(
        again.body.contains("See what it changes") && !again.body.contains("Save the policy"),
        "{}",
        again.body
    );
    let input = |body: &str, name: &str| {
        let found = body.split('<').find(|tag| tag.contains(&format!(" name=\"{name}\"")));
        found.unwrap_or_else(|| panic!("{name}: {body}")).to_owned()
    };
    for (name, is_on) in [("tokens_bound", true), ("personal_tokens_allowed", false)] {
        assert_eq!(input(&again.body, name).contains(" checked"), is_on, "{name}: {}", again.body);
    }
    assert!(input(&again.body, "addresses").contains("127.0.0.0/8"), "{}", again.body);
    assert!(input(&again.body, "password_chars_min").contains("value=\"14\""), "{}", again.body);
    // Nothing is saved.
    let form = browser.get(&policy).await.body;
    assert!(!form.contains("127.0.0.0/8") && form.contains("name=\"generation\" value=\"0\""), "{form}");
}

/// Who confirmed what they looked at finds just that again, and one button; who thought better of it, the form.
#[tokio::test]
async fn a_preview_that_was_confirmed_comes_back_after_the_proof() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let organization = browser.organization().await;
    let policy = format!("/organizations/{organization}/authentication");
    let sent = [
        ("password_allowed", "true"),
        ("addresses", "127.0.0.0/8"),
        ("idle_seconds", "3600"),
        ("session_seconds", "86400"),
        ("password_chars_min", "14"),
        ("password_chars_min_alone", "21"),
        ("generation", "0"),
    ];
    let preview = browser.post(&policy, &policy, &sent).await.body;
    let confirmed = hidden_value(&preview, "confirmed");
    let sent = [&sent[..], &[("confirmed", confirmed.as_str())]].concat();
    installation.clock.advance(STALE);
    let page = browser.post(&policy, &policy, &sent).await.location().to_owned();
    assert!(page.starts_with("/step-up"), "{page}");
    let held_back = hidden_value(&browser.get(&page).await.body, "held_back");

    let fields = [("next", policy.as_str()), ("held_back", &held_back)];
    assert_eq!(browser.post(&page, "/api/step_up/cancel", &fields).await.location(), policy);
    let form = browser.get(&policy).await.body;
    assert!(form.contains("See what it changes") && form.contains("127.0.0.0/8"), "{form}");
    assert!(form.contains("Nothing was done. What you had entered"), "{form}");

    let fields = [("password", PASSWORD), ("next", policy.as_str()), ("held_back", &held_back)];
    assert_eq!(browser.post(&page, "/api/step_up/password", &fields).await.location(), policy);
    let again = browser.get(&policy).await.body;
    assert!(
        again.contains("Save the policy") && again.contains("Confirmed. Nothing was done yet"),
        "{again}"
    );
    assert_eq!(hidden_value(&again, "confirmed"), confirmed);
    assert_eq!(hidden_value(&again, "addresses"), "127.0.0.0/8");
    assert!(
        browser.get(&policy).await.body.contains("See what it changes"),
        "nothing is saved, and it is shown once"
    );
    assert!(browser.post(&policy, &policy, &sent).await.status.is_redirection());
    assert!(browser.get(&policy).await.body.contains("127.0.0.0/8"), "now it is");
}

/// It is sent to its page, and has a name of its own.
#[tokio::test]
async fn invitations_that_give_powers_come_back_as_they_were_sent() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let organization = browser.organization().await;
    let invite = format!("/organizations/{organization}/invitations/new");
    for field in ["emails", "file"] {
        let sent = [
            (field, "bob@example.org\ncara@example.org"),
            ("granted[]", "read_only"),
            ("granted[]", "operator"),
            ("resource", "organization"),
            ("days", "3"),
        ];
        installation.clock.advance(STALE);
        let page = browser.post(&invite, &invite, &sent).await.location().to_owned();
        let held_back = hidden_value(&browser.get(&page).await.body, "held_back");
        let fields = [("password", PASSWORD), ("next", invite.as_str()), ("held_back", &held_back)];
        assert_eq!(browser.post(&page, "/api/step_up/password", &fields).await.location(), invite);
        let form = browser.get(&invite).await.body;
        assert!(form.contains("bob@example.org\ncara@example.org"), "{field}: {form}");
        assert!(form.contains("Nothing was done yet") && form.contains("value=\"3\""), "{field}: {form}");
        for value in ["read_only", "operator"] {
            let tag = form
                .split('<')
                .find(|tag| tag.contains("granted[]") && tag.contains(&format!("value=\"{value}\"")));
            assert!(tag.is_some_and(|tag| tag.contains(" checked")), "{value}: {tag:?}");
        }
        let answer = browser.post(&invite, &invite, &sent).await.body;
        assert!(answer.contains("bob@example.org"), "{answer}");
    }
}

#[tokio::test]
async fn asvs_7_3_2_a_fresh_proof_makes_no_session_younger() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let rounds = u32::try_from(AGE_MAX.as_secs() / STALE.as_secs()).unwrap();
    for _ in 0..rounds {
        installation.clock.advance(STALE);
        browser.get("/step-up").await;
        assert_eq!(confirm(&browser, "/step-up", "", PASSWORD).await, "/profile/tokens/new");
    }
    installation.clock.advance(STALE);
    assert!(browser.get("/projects").await.location().starts_with("/sign-in"));
}

/// What a form held is not given up where it is only cancelled, and what is no form is handed on to nobody.
#[tokio::test]
async fn what_is_handed_on_is_a_form_and_nothing_else() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    installation.clock.advance(STALE);
    let page = too_early(&browser).await;
    let held_back = hidden_value(&browser.get(&page).await.body, "held_back");
    let fields = [("next", "/profile/tokens/new"), ("held_back", held_back.as_str())];
    let back = browser.post(&page, "/api/step_up/cancel", &fields).await;
    assert_eq!(back.location(), "/profile/tokens/new");
    let form = browser.get("/profile/tokens/new").await.body;
    assert!(form.contains("Deploys at night"), "{form}");
    assert!(form.contains("Nothing was done. What you had entered is still here."), "{form}");

    for odd in ["x; Path=/; Domain=example.org", "\r\nset-cookie: a=b", "bm8gZm9ybQ"] {
        let fields = [("next", "//evil.example"), ("held_back", odd)];
        let back = browser.post(&page, "/api/step_up/cancel", &fields).await;
        assert_eq!(back.location(), "/");
        let cookies = [FLASH_COOKIE, HELD_BACK_COOKIE].map(|name| back.set_cookies(name).join(" "));
        assert!(
            cookies.iter().all(|cookie| !cookie.contains("example.org") && !cookie.contains("a=b")),
            "{odd}"
        );
        confirm(&browser, &page, odd, "not the right password").await;
        assert_eq!(browser.cookie(HELD_BACK_COOKIE), None, "{odd}");
    }
}

#[tokio::test]
async fn programs_are_told_with_a_status() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await.with_header("accept", "application/json");
    installation.clock.advance(STALE);
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let answer = browser.post("/projects", "/api/factors/remove", &[("factor", id)]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("step_up"), "{}", answer.body);
}
