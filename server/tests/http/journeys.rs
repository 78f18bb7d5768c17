//! The main job without script: forms, redirects, and what the page after them says.

use control::set_up;
use server::middleware::flash;

use crate::installation::{Browser, EMAIL, Installation, PASSWORD};

#[tokio::test]
async fn from_the_set_up_link_to_a_running_service_and_its_end() {
    let installation = Installation::new().await;
    let browser = installation.browser();
    assert_eq!(browser.follow(browser.get("/").await).await.status, 200, "says how to begin");

    let token = set_up::make_link(&installation.control).await.unwrap();
    let link = format!("/set-up/{}", token.expose());
    assert!(browser.get(&link).await.body.contains("action=\"/api/set_up/complete\""));
    let page = browser.follow(browser.set_up(token.expose()).await).await;
    assert!(page.body.contains("Redoubt is set up"), "the notice: {}", page.body);
    assert!(!browser.get("/projects").await.body.contains("Redoubt is set up"), "a notice is shown once");
    assert!(!browser.get(&link).await.body.contains("action=\"/api/set_up/complete\""), "a link works once");

    let page = browser.follow(browser.make_project("shop").await).await;
    assert!(page.body.contains("shop"), "{}", page.body);
    let page = browser.follow(browser.make_service("shop", "orders").await).await;
    assert!(page.body.contains("orders"), "{}", page.body);
    browser.until("/projects/shop/services/orders", "RUNNING").await;

    let connect = "/projects/shop/services/orders/connect";
    let page = browser.get(connect).await;
    assert!(page.body.contains("sslmode=verify-full"), "{}", page.body);
    let certificate = browser.get("/projects/shop/services/orders/ca.pem").await;
    assert!(certificate.body.starts_with("-----BEGIN CERTIFICATE-----"), "{}", certificate.body);
    assert_eq!(certificate.header("content-disposition"), "attachment; filename=\"ca.pem\"");
    // Without script the password is asked for by a form sent to the page itself.
    let shown = browser.post(connect, connect, &[]).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("cache-control"), "no-store");
    let service = [("project", "shop"), ("service", "orders")];
    let password = program(&browser, "/api/services/password", &service).await;
    let password: String = serde_json::from_str(&password).unwrap();
    assert!(shown.body.contains(&password), "the password is on the page");
    assert!(!page.body.contains(&password), "but not before it was asked for");

    let network = "/projects/shop/services/orders/network";
    let range =
        [("project", "shop"), ("service", "orders"), ("cidr", "192.0.2.0/24"), ("description", "office")];
    let page = browser.follow(browser.post(network, "/api/ip_filter/add", &range).await).await;
    assert!(page.body.contains("192.0.2.0/24 may connect."), "{}", page.body);
    let range = [("project", "shop"), ("service", "orders"), ("cidr", " ::ffff:10.0.0.1/128 ")];
    let page = browser.follow(browser.post(network, "/api/ip_filter/add", &range).await).await;
    assert!(page.body.contains("10.0.0.1/32 may connect."), "as the list says it: {}", page.body);
    let range = [("project", "shop"), ("service", "orders"), ("cidr", "10.0.0.1")];
    let page = browser.follow(browser.post(network, "/api/ip_filter/remove", &range).await).await;
    assert!(page.body.contains("10.0.0.1/32 may no longer connect."), "{}", page.body);

    let settings = "/projects/shop/services/orders/settings";
    let confirmed = [("project", "shop"), ("service", "orders"), ("confirmation", "orders")];
    browser.post(settings, "/api/services/delete", &confirmed).await.location();
    let list = browser.until("/projects/shop/certificates", "/projects/shop/certificates/").await;
    let path = list.body.split('"').find(|part| part.starts_with("/projects/shop/certificates/")).unwrap();
    let download = browser.get(&format!("{path}/download")).await;
    let signed = serde_json::from_str(&download.body).unwrap();
    let key = control::certificates::public_key(&installation.control);
    let body = control::certificates::verify(&signed, Some(&key)).unwrap();
    assert_eq!(body.service_name, "orders");
    assert!(browser.get("/projects/shop/events").await.body.contains("service.deleted"));

    // What is on record outlives the project.
    let organization = browser.organization().await;
    browser.until("/projects/shop/settings", "Delete project…").await;
    let settings = browser.get("/projects/shop/settings").await.body;
    let all = format!("/organizations/{organization}");
    assert!(settings.contains(&format!("{all}/certificates")), "says where: {settings}");
    let confirmed = [("project", "shop"), ("confirmation", "shop")];
    let answer = browser.post("/projects/shop/settings", "/api/projects/delete", &confirmed).await;
    assert_eq!(answer.location(), "/projects");
    assert_eq!(browser.get("/projects/shop/certificates").await.status, 404);
    let list = browser.get(&format!("{all}/certificates")).await.body;
    let start = format!("{all}/certificates/");
    let path = list.split('"').find(|part| part.starts_with(&start)).expect(&list);
    let page = browser.get(path).await;
    assert!(page.body.contains("signature is valid"), "{}", page.body);
    assert_eq!(browser.get(&format!("{path}/download")).await.body, download.body);
    let log = browser.get(&format!("{all}/events")).await.body;
    assert!(log.contains("project.deleted") && log.contains("service.deleted"), "{log}");
    // Which project it was is in a column of its own; a project's log needs none.
    assert!(log.contains("data-label=\"Project\""), "{log}");
    assert!(log.contains("<dt>Credential</dt><dd class=\"break\">session</dd>"), "{log}");
}

#[tokio::test]
async fn what_is_too_long_is_refused_in_words() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let page = browser.follow(browser.make_project(&"x".repeat(64)).await).await;
    assert!(page.body.contains("at most 63 characters"), "{}", page.body);
}

#[tokio::test]
async fn a_page_behind_the_end_of_a_list_leads_to_its_beginning() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let page = browser.get("/projects?after=zzz").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("The list ends before this page."), "{}", page.body);
    assert!(!page.body.contains("of 1 shown"), "{}", page.body);
}

#[tokio::test]
async fn texts_to_copy_name_the_scheme_that_the_installation_is_told_to_have() {
    for public in ["https://localhost:8080", "http://localhost:8080", "https://localhost.example.com"] {
        let installation = Installation::at(public).await;
        let (_, host) = public.split_once("://").unwrap();
        let browser = installation.browser().with_header("host", host).with_header("origin", public);
        let token = set_up::make_link(&installation.control).await.unwrap();
        assert_eq!(browser.set_up(token.expose()).await.location(), "/projects");
        let page = browser.get("/projects").await;
        assert!(page.body.contains(&format!("{public}/v1/organizations/")), "{public}: {}", page.body);
    }
}

/// What a program with the browser's cookies is answered.
async fn program(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let program = browser.with_header("accept", "application/json");
    let answer = program.post("/", path, fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_says_why() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let answer = browser.make_service("shop", "Not a name!").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), "/projects/shop/services/new");
    let cookies = answer.set_cookies(flash::COOKIE);
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=60"] {
        assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
    }
    let page = browser.follow(answer).await;
    assert!(page.body.contains("Not a name!"), "what was typed: {}", page.body);
    assert!(page.body.contains("aria-invalid=\"true\""), "the field: {}", page.body);
    assert_eq!(browser.cookie(flash::COOKIE), None, "it is said once");
    assert!(!browser.get("/projects/shop/services/new").await.body.contains("Not a name!"));
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_saying_what_was_wrong() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let browser = installation.browser();
    let mut pages = Vec::new();
    for (email, password) in [(EMAIL, "not the password"), ("nobody@example.org", PASSWORD)] {
        let answer = browser.sign_in(email, password).await;
        assert_eq!(answer.location(), "/sign-in");
        assert_eq!(browser.cookie(server::sessions::COOKIE), None);
        let page = browser.follow(answer).await.body;
        assert!(page.contains("E-mail or password is wrong"), "{page}");
        assert!(page.contains(email), "what was typed");
        assert!(!page.contains(password), "but not the password");
        pages.push(page.replace(email, "").len());
    }
    assert_eq!(pages[0], pages[1]);
    assert!(browser.get("/projects").await.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn programs_get_statuses_instead_of_redirects() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await.with_header("accept", "application/json");
    let answer = browser.make_service("shop", "Not a name!").await;
    assert_eq!(answer.status, 422);
    let error: domain::errors::Error = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(error.field(), Some("name"));
    let answer = browser.make_service("shop", "orders").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // What is incomplete is the sender's to mend, wherever that is noticed.
    for path in ["/api/services/view?project=shop", "/api/services/view"] {
        for accept in ["application/json", "text/html"] {
            let answer = browser.with_header("accept", accept).get(path).await;
            assert_eq!(answer.status, 422, "{path}: {}", answer.body);
            let error: domain::errors::Error = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(error.status(), 422, "{path}");
        }
    }
    let answer = browser.post("/", "/api/services/delete", &[("service", "orders")]).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    // A form that came from no page has none to go back to.
    let lost = browser.with_header("accept", "text/html").with_header("referer", "");
    let answer = lost.post("/", "/api/services/delete", &[("service", "orders")]).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.starts_with("The request is incomplete"), "{}", answer.body);
    assert_eq!(lost.post("/", "/api/projects/delete", &[("project", "none")]).await.status, 404);
}

#[tokio::test]
async fn a_lost_page_is_404_and_offers_a_way_back() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    for path in [
        "/nowhere",
        "/projects/none/services",
        "/projects/none/services/none/connect",
        "/projects?organization=zzz",
        "/projects?organization=01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn the_palette_finds_every_place_by_its_words() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    browser.make_service("shop", "orders").await.location();
    let organization = browser.organization().await;
    let found = async |query: &str| {
        let program = browser.with_header("accept", "application/json");
        let answer = program.get(&format!("/api/palette/entries?query={query}")).await;
        let entries: Vec<app::components::palette::Entry> = serde_json::from_str(&answer.body).unwrap();
        entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    assert_eq!(found("all%20events").await, [format!("/organizations/{organization}/events")]);
    assert_eq!(found("all%20certificates").await, [format!("/organizations/{organization}/certificates")]);
    assert_eq!(found("network").await, ["/projects/shop/services/orders/network"]);
    assert_eq!(found("connect%20orders").await, ["/projects/shop/services/orders/connect"]);
    assert_eq!(found("orders%20connect").await, ["/projects/shop/services/orders/connect"]);
    assert_eq!(found("sign%20out").await, ["/api/sign_out"]);
    let people = found("ann@%20user").await;
    let of_one = format!("/organizations/{organization}/users/");
    assert!(matches!(&people[..], [path] if path.starts_with(&of_one)), "{people:?}");
    assert!(
        browser.get("/projects").await.body.contains("action=\"/api/sign_out\""),
        "with its form on each page"
    );
}
