//! What browsers find on the pages where people sign in, and what they say of themselves that counts for nothing.

use control::factors;
use server::sessions::COOKIE;

use crate::{
    api::callers::Person,
    credential_events::App,
    installation::{Browser, EMAIL, Installation, PASSWORD},
};

/// The tags of input fields on a page.
fn inputs(page: &str) -> Vec<&str> {
    let tags = page.split('<').filter(|tag| tag.starts_with("input"));
    tags.map(|tag| tag.split('>').next().unwrap()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let rest = tag.split(&format!(" {name}=\"")).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

async fn check_fields(browser: &Browser, path: &str, expected: &[(&str, &str)]) {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    let fields = inputs(&page.body);
    let secret = fields.iter().filter(|tag| attribute(tag, "name").contains("password"));
    let found: Vec<(&str, &str)> = secret
        .map(|tag| {
            assert_eq!(attribute(tag, "type"), "password", "{path}: {tag}");
            assert_eq!(attribute(tag, "value"), "", "{path}: {tag}");
            // With these the browser would refuse what a password manager enters.
            for other in ["onpaste", "ondrop", "readonly", "disabled"] {
                assert!(!tag.contains(other), "{path}: {tag}");
            }
            (attribute(tag, "name"), attribute(tag, "autocomplete"))
        })
        .collect();
    assert_eq!(found, expected, "{path}");
}

#[tokio::test]
async fn asvs_6_2_6_6_2_7_passwords_are_masked_and_known_to_password_managers() {
    let installation = Installation::new().await;
    let link = control::set_up::make_link(&installation.control).await.unwrap();
    let stranger = installation.browser();
    let new = [("password", "new-password")];
    check_fields(&stranger, &format!("/set-up/{}", link.expose()), &new).await;
    assert_eq!(stranger.set_up(link.expose()).await.location(), "/projects");
    let current = [("password", "current-password")];
    let browser = installation.browser();
    check_fields(&browser, "/sign-in?email=ann@example.org", &[]).await;
    let second = browser.post("/sign-in", "/sign-in", &[("email", EMAIL)]).await;
    let fields = inputs(&second.body).into_iter().filter(|tag| attribute(tag, "name") == "password");
    let fields: Vec<_> = fields.map(|tag| (attribute(tag, "type"), attribute(tag, "autocomplete"))).collect();
    assert_eq!(fields, [("password", "current-password")], "{}", second.body);
    let names: Vec<_> = inputs(&second.body).into_iter().map(|tag| attribute(tag, "autocomplete")).collect();
    assert!(names.contains(&"username"), "{names:?}");
    check_fields(&stranger, "/step-up", &current).await;
    let both = [("old_password", "current-password"), ("password", "new-password")];
    check_fields(&stranger, "/profile/authentication/password", &both).await;
    browser.post("/password-reset", "/api/passwords/ask_reset", &[("email", EMAIL)]).await;
    let mail = control::mails::list_for_operator(&installation.control, None).await.unwrap().rows;
    let mail = mail.iter().find(|mail| mail.kind == domain::principals::MailKind::PasswordReset).unwrap();
    let text = control::mails::view_for_operator(&installation.control, mail.id).await.unwrap().body.unwrap();
    let path =
        text.expose().split("http://localhost:8080").nth(1).unwrap().split_whitespace().next().unwrap();
    check_fields(&browser, path, &new).await;
}

/// Who somebody is stands in the database, under an id that the server gave; what a browser says besides is not looked at.
#[tokio::test]
async fn asvs_7_2_1_what_a_browser_says_of_itself_counts_for_nothing() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let mut tx = installation.store.read().await.unwrap();
    let ann = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().id.to_string();
    drop(tx);
    let stranger = installation.browser().with_header("accept", "application/json");
    for name in ["user_id", "proof", "proven_at", "session", "redoubt-session", "__Host-redoubt-user"] {
        stranger.set_cookie(name, &ann);
    }
    stranger.set_cookie(COOKIE, &ann);
    for (name, value) in [
        ("x-user", ann.as_str()),
        ("x-forwarded-user", EMAIL),
        ("remote-user", EMAIL),
        ("user_id", &ann),
        ("redoubt-device", &ann),
        ("redoubt-background", "1"),
    ] {
        let forged = stranger.with_header(name, value);
        for path in ["/api/sessions/profile".to_owned(), format!("/api/sessions/profile?user_id={ann}")] {
            assert_eq!(forged.get(&path).await.status, 401, "{name} {path}");
        }
        let fields = [("user_id", ann.as_str()), ("name", "Mallory"), ("generation", "0")];
        assert_eq!(forged.post("/", "/api/profile/edit", &fields).await.status, 401, "{name}");
    }
}

/// A code is of the server's time, whatever the client says that it is.
#[tokio::test]
async fn asvs_6_5_8_codes_are_of_the_servers_time() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let mut tx = installation.store.read().await.unwrap();
    let ann = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().id;
    drop(tx);
    let ctx = Person::signed_in(&installation, ann).await.ctx;
    let now = || installation.control.session_rows().now();
    let begun = factors::begin_totp(&ctx).await.unwrap();
    let app = App::new(&begun.shown.secret);
    let codes = [&app.code(now(), 0), &app.code(now(), 1)];
    factors::finish_totp(&ctx, &begun.ceremony, "Phone", codes).await.unwrap();
    installation.clock.advance(std::time::Duration::from_secs(90));
    let browser = installation.browser().with_header("accept", "application/json");
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.status, 200);
    // The right code of an hour ago, by a client whose clock is an hour behind.
    let old = app.code(now(), -120);
    let behind = browser.with_header("date", "Sat, 28 Nov 2020 12:00:00 GMT");
    let told = behind.post("/", "/api/sign_in/code", &[("code", old.expose()), ("time", "0")]).await;
    assert_eq!(told.status, 422, "{}", told.body);
    let told = behind.post("/", "/api/sign_in/code", &[("code", app.code(now(), 0).expose())]).await;
    assert_eq!(told.status, 200, "{}", told.body);
}
