//! The ways back in, in a browser without script and for programs: a reset of second factors from asking to its end or to the
//! objection, signing a member out, and what is said of a password while it is typed.

use axum::http::Method;
use control::{factor_resets::WAITING, mails};
use domain::{
    ids::{FactorId, OrganizationId, UserId},
    inputs::{CreateToken, InviteUsers},
    policies::AuthenticationPolicy,
    secrets::Secret,
};
use serde_json::{Value, json};
use server::workers::Workers;
use tokio::sync::watch;

use crate::{
    api::callers::{Person, Program, give_way_in, member, owner},
    installation::{Answer, Browser, EMAIL, Installation, PASSWORD, hidden_value},
};

const BEA: &str = "bea@example.org";
const REASON: &str = "She called, and I know her <voice>.";

/// Ann, who is a super admin, and Bea, who has a second factor and Ann's password.
struct World {
    installation: Installation,
    /// Ann's browser.
    ann: Browser,
    owner: Person,
    organization: OrganizationId,
    bea: UserId,
    factor: FactorId,
    /// Path of Bea's page.
    page: String,
}

impl World {
    async fn new() -> Self {
        let installation = Installation::new().await;
        let (owner, organization) = owner(&installation).await;
        let bea = member(&installation, organization, BEA).await.id;
        let factor = give_way_in(&installation, bea).await;
        let ann = installation.browser();
        assert_eq!(ann.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
        let page = format!("/organizations/{organization}/users/{bea}");
        Self { installation, ann, owner, organization, bea, factor, page }
    }

    /// A browser in which Bea is signed in still.
    async fn beas(&self) -> Browser {
        let browser = self.installation.browser();
        let mut tx = self.installation.store.write().await.unwrap();
        let factor = store::factors::find(&mut tx, self.bea, self.factor).await.unwrap().unwrap();
        store::factors::remove(&mut tx, self.bea, self.factor).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(browser.sign_in(BEA, PASSWORD).await.location(), "/projects");
        let mut tx = self.installation.store.write().await.unwrap();
        assert!(store::factors::add(&mut tx, &factor).await.unwrap());
        tx.commit().await.unwrap();
        browser
    }

    /// Sends a form that stands on a page to do with Bea, and goes on to the page that follows.
    async fn send(&self, from: &str, path: &str, more: &[(&str, &str)]) -> Answer {
        let (organization, user) = (self.organization.to_string(), self.bea.to_string());
        let fields = [("organization", organization.as_str()), ("user", user.as_str())];
        let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
        self.ann.follow(self.ann.post(from, path, &fields).await).await
    }

    async fn ask(&self, reason: &str) -> Answer {
        let from = format!("{}/factor-reset", self.page);
        self.send(&from, "/api/users/ask_factor_reset", &[("reason", reason)]).await
    }

    /// A recovery code of Bea's.
    async fn recovery_code(&self) -> Secret {
        let code = Secret::new("0123-4567-89ab-cdef-ghjk-mnpq".into());
        let hash = identity::recovery_codes::hash(self.bea, &code).unwrap();
        let now = self.installation.control.session_rows().now();
        let mut tx = self.installation.store.write().await.unwrap();
        store::recovery_codes::replace(&mut tx, self.bea, &[hash.to_vec()], now).await.unwrap();
        tx.commit().await.unwrap();
        code
    }

    /// Path of the page behind the link in the newest mail to Bea about it.
    async fn link(&self) -> String {
        format!("/factor-resets/{}", self.mailed(BEA, "factor-resets").await)
    }

    /// The token in the newest link of that kind that was mailed to somebody.
    async fn mailed(&self, recipient: &str, kind: &str) -> String {
        let control = &self.installation.control;
        let mark = format!("/{kind}/");
        for row in mails::list_for_operator(control, None).await.unwrap().rows {
            let mail = mails::view_for_operator(control, row.id).await.unwrap();
            if row.recipient == recipient
                && let Some(body) = mail.body
                && let Some((_, rest)) = body.expose().split_once(&mark)
            {
                return rest.split_whitespace().next().unwrap().to_owned();
            }
        }
        panic!("no link of {kind} was mailed to {recipient}");
    }

    /// The token in the link that invites somebody.
    async fn invite(&self, email: &str) -> String {
        let input = InviteUsers { emails: email.into(), ..InviteUsers::default() };
        control::invitations::invite(&self.owner.ctx, self.organization, &input).await.unwrap();
        self.mailed(email, "invitations").await
    }
}

/// Presses the button on the page behind the link.
async fn object(browser: &Browser, link: &str) -> Answer {
    let token = link.rsplit('/').next().unwrap();
    browser.follow(browser.post(link, "/api/factor_resets/object", &[("token", token)]).await).await
}

#[tokio::test]
async fn a_reset_is_asked_and_stopped_by_the_link_in_the_mail() {
    let world = World::new().await;
    let path = format!("{}/factor-reset", world.page);
    let shown = world.ann.get(&world.page).await.body;
    let link_to = format!("href=\"{path}\"");
    assert!(shown.contains(&link_to) && !shown.contains("withdraw_factor_reset"), "{shown}");
    let before = world.ann.get(&path).await.body;
    for said in ["1 security key", "told by mail", "Their password, which stays"] {
        assert!(before.contains(said), "{said}: {before}");
    }
    let refused = world.ask(" ").await.body;
    assert!(refused.contains("aria-invalid=\"true\"") && refused.contains("made sure"), "{refused}");
    let asked = world.ask(REASON).await.body;
    for said in [
        "loses their second factors in a day",
        "tell them yourself",
        "waiting",
        "withdraw_factor_reset",
        "&lt;voice&gt;",
    ] {
        assert!(asked.contains(said), "{said}: {asked}");
    }
    assert!(!asked.contains(&link_to), "it is not offered twice: {asked}");
    let again = world.ann.get(&path).await.body;
    assert!(again.contains("asked already") && !again.contains("ask_factor_reset\""), "{again}");

    // Whoever looks changes nothing.
    let (stranger, link) = (world.installation.browser(), world.link().await);
    for _ in 0..2 {
        let looked = stranger.get(&link).await;
        assert_eq!((looked.status.as_u16(), looked.header("cache-control")), (200, "no-store"));
        assert!(looked.body.contains("This was not me") && looked.body.contains(BEA), "{}", looked.body);
        assert!(looked.body.contains("&lt;voice&gt;"), "{}", looked.body);
    }
    let cut = stranger.get(&link[..link.len() - 1]).await;
    assert!(cut.status == 404 && cut.body.contains("no link that was sent"), "{}", cut.body);
    assert!(!cut.body.contains("they may know your password"), "nothing has happened: {}", cut.body);
    let stopped = object(&stranger, &link).await;
    assert_eq!(stopped.status, 200);
    assert!(stopped.body.contains("You stopped it"), "{}", stopped.body);
    assert!(
        !stopped.body.contains("This was not me") && !stopped.body.contains("stopped already"),
        "{}",
        stopped.body
    );
    let opened = stranger.get(&link).await;
    assert!(opened.status == 200 && opened.body.contains("stopped already"), "{}", opened.body);
    let twice = object(&stranger, &link).await.body;
    assert!(twice.contains("stopped already") && !twice.contains("You stopped it"), "{twice}");
    assert!(world.ann.get(&world.page).await.body.contains(&link_to), "it can be asked again");
}

#[tokio::test]
async fn a_reset_is_taken_back_by_who_manages_people() {
    let world = World::new().await;
    world.ask(REASON).await;
    let link = world.link().await;
    let withdrawn = world.send(&world.page, "/api/users/withdraw_factor_reset", &[]).await.body;
    assert!(
        withdrawn.contains("It is taken back") && !withdrawn.contains("withdraw_factor_reset"),
        "{withdrawn}"
    );
    let over = world.installation.browser().get(&link).await;
    assert!(over.status == 200 && over.body.contains("taken back"), "{}", over.body);
    let late = world.send(&world.page, "/api/users/withdraw_factor_reset", &[]).await.body;
    assert!(late.contains("This is over"), "{late}");
}

#[tokio::test]
async fn who_is_signed_in_sees_in_their_profile_what_is_to_come_and_stops_it() {
    const OWN: &str = "/profile/authentication";
    let world = World::new().await;
    let bea = world.beas().await;
    assert!(!bea.get(OWN).await.body.contains("object_own"));
    world.ask(REASON).await;
    let shown = bea.get(OWN).await.body;
    for said in ["You are to lose your second factors", EMAIL, "&lt;voice&gt;", "object_own"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert!(
        shown.contains("says that you have lost them all") && !shown.contains("Somebody says"),
        "{shown}"
    );
    assert!(!world.ann.get(OWN).await.body.contains("object_own"), "it is not about her");
    let stopped = bea.follow(bea.post(OWN, "/api/factor_resets/object_own", &[]).await).await.body;
    assert!(stopped.contains("you keep your second factors") && !stopped.contains("object_own"), "{stopped}");
    assert!(!world.ann.get(&world.page).await.body.contains("withdraw_factor_reset"));
}

#[tokio::test]
async fn who_is_to_lose_their_factors_sees_it_on_every_page_and_admins_in_their_list() {
    const WAITS: &str = "asked that your second factors be removed";
    let world = World::new().await;
    let bea = world.beas().await;
    let users = format!("/organizations/{}/users", world.organization);
    assert!(!bea.get("/projects").await.body.contains(WAITS));
    assert!(!world.ann.get(&users).await.body.contains("reset waiting"));
    world.ask(REASON).await;
    for page in ["/projects", "/profile", "/nowhere"] {
        let shown = bea.get(page).await.body;
        assert!(shown.contains(WAITS) && shown.contains("object_own"), "{page}: {shown}");
    }
    let own = bea.get("/profile/authentication").await.body;
    assert!(
        !own.contains(WAITS) && own.matches("action=\"/api/factor_resets/object_own\"").count() == 1,
        "{own}"
    );
    assert!(!world.ann.get("/projects").await.body.contains(WAITS), "it is not about her");
    let listed = world.ann.get(&users).await.body;
    assert_eq!(listed.matches("reset waiting").count(), 1, "{listed}");
    let shown = bea.get("/projects").await.body;
    let form = shown.split("action=\"/api/factor_resets/object_own\"").nth(1).unwrap();
    let next = hidden_value(&form[form.find('<').unwrap()..], "next");
    let stopped = bea.post("/projects", "/api/factor_resets/object_own", &[("next", next.as_str())]).await;
    assert_eq!(stopped.location(), "/projects", "where it was pressed");
    bea.follow(stopped).await;
    assert!(!bea.get("/projects").await.body.contains(WAITS));
    assert!(!world.ann.get(&users).await.body.contains("reset waiting"));
}

#[tokio::test]
async fn pages_of_acts_on_people_name_what_their_act_takes() {
    let world = World::new().await;
    let bea = world.beas().await;
    for (page, named) in [
        ("factor-reset", "organization:users:write"),
        ("remove", "organization:users:write"),
        ("deactivate", "organization:users:write"),
        ("super-admin", "Only a super admin"),
    ] {
        let answer = bea.get(&format!("{}/{page}", world.page)).await;
        assert!(answer.status == 403 && answer.body.contains(named), "{page}: {}", answer.body);
        assert!(!answer.body.contains("organization:permissions:read"), "{page}: {}", answer.body);
    }
}

#[tokio::test]
async fn who_a_policy_turns_away_is_shown_the_ways_in() {
    let world = World::new().await;
    let bea = world.beas().await;
    let policy = AuthenticationPolicy { second_factor_required: true, ..AuthenticationPolicy::default() };
    let mut tx = world.installation.store.write().await.unwrap();
    let (text, now) =
        (serde_json::to_string(&policy).unwrap(), world.installation.control.session_rows().now());
    assert!(store::authentication_policies::set(&mut tx, world.organization, 0, &text, now).await.unwrap());
    tx.commit().await.unwrap();
    // By the page, and by the operation behind it.
    for page in ["permissions/new", "groups"] {
        let answer = bea.get(&format!("/organizations/{}/{page}", world.organization)).await;
        assert_eq!(answer.status, 403, "{page}");
        for shown in
            ["asks for a second factor", "Show your second factor", "Sign in again", "Your organizations"]
        {
            assert!(answer.body.contains(shown), "{page}, {shown}: {}", answer.body);
        }
        assert!(!answer.body.contains("Go to your projects"), "{page}: {}", answer.body);
    }
}

#[tokio::test]
async fn who_is_turned_away_is_offered_what_helps_and_nothing_else() {
    let world = World::new().await;
    let bea = world.beas().await;
    let page = format!("/organizations/{}/groups", world.organization);
    let mut generation = 0;
    let mut turned_away = async |policy: AuthenticationPolicy| {
        let text = serde_json::to_string(&policy).unwrap();
        let now = world.installation.control.session_rows().now();
        let mut tx = world.installation.store.write().await.unwrap();
        let set = store::authentication_policies::set(&mut tx, world.organization, generation, &text, now);
        assert!(set.await.unwrap());
        tx.commit().await.unwrap();
        generation += 1;
        let answer = bea.get(&page).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        answer.body
    };
    let usual = AuthenticationPolicy::default;
    let by_password = turned_away(AuthenticationPolicy { password_allowed: false, ..usual() }).await;
    assert!(by_password.contains("href=\"/profile/authentication/passkeys/new\""), "{by_password}");
    assert!(by_password.contains("Sign in again"), "{by_password}");
    assert_eq!(hidden_value(&by_password, "next"), page);
    let elsewhere = vec!["203.0.113.0/24".parse().unwrap()];
    let by_address = turned_away(AuthenticationPolicy { addresses: elsewhere, ..usual() }).await;
    assert!(!by_address.contains("Sign in again") && !by_address.contains("Add a passkey"), "{by_address}");
    let by_provider = turned_away(AuthenticationPolicy { identity_provider_required: true, ..usual() }).await;
    assert!(!by_provider.contains("Add a passkey"), "{by_provider}");
    let out = bea.post(&page, "/api/sign_out", &[("next", page.as_str())]).await;
    assert_eq!(out.location(), format!("/sign-in?next={}", page.replace('/', "%2F")));
}

#[tokio::test]
async fn who_signs_in_with_a_factor_is_told_before_and_after_that_it_stops_the_reset() {
    const STOPPED: &str = "is stopped: you keep them all";
    let world = World::new().await;
    let code = world.recovery_code().await;
    let browser = world.installation.browser();
    let asks = async || {
        let answer = browser.sign_in(BEA, PASSWORD).await;
        let path = answer.location();
        browser.get(path).await.body
    };
    assert!(!asks().await.contains("is waiting"));
    world.ask(REASON).await;
    let shown = asks().await;
    assert!(
        shown.contains("A reset of your second factors is waiting") && shown.contains("stops it"),
        "{shown}"
    );
    // Whoever has the password alone is not told when it is enough.
    let waits = shown.split("A reset of your second factors is waiting").nth(1).unwrap();
    let waits = waits.split("<form").next().unwrap();
    assert!(!waits.contains("<time") && !shown.contains("your password lets you in"), "{shown}");
    let answer = browser.post("/sign-in/factor", "/api/sign_in/code", &[("code", code.expose())]).await;
    assert_eq!(answer.location(), "/projects");
    let projects = browser.follow(answer).await.body;
    assert!(projects.contains(STOPPED), "{projects}");
    assert!(!browser.get("/projects").await.body.contains(STOPPED), "it is said once");
}

#[tokio::test]
async fn a_day_later_the_password_alone_opens_the_account() {
    let world = World::new().await;
    let bea = world.installation.browser();
    assert!(bea.sign_in(BEA, PASSWORD).await.location().starts_with("/sign-in/factor"));
    world.ask(REASON).await;
    let link = world.link().await;
    world.installation.clock.advance(WAITING);
    assert_eq!(bea.get(&link).await.status, 200, "until it comes to pass");
    // A server that starts looks at once.
    let (_stop, shutdown) = watch::channel(false);
    let _workers = Workers::start(&world.installation.control, &shutdown);
    let over = bea.until(&link, "came to pass").await;
    assert!(over.status == 200 && over.body.contains("nobody objected"), "{}", over.body);
    assert_eq!(bea.sign_in(BEA, PASSWORD).await.location(), "/projects");
    let projects = bea.get("/projects").await.body;
    assert!(projects.contains("Your second factors were removed"), "{projects}");
    let own = bea.get("/profile/authentication").await.body;
    assert!(own.contains("Your password is all that protects your account"), "{own}");
}

#[tokio::test]
async fn a_member_is_signed_out_everywhere_and_keeps_their_tokens() {
    let world = World::new().await;
    let bea = world.beas().await;
    let person = Person::signed_in(&world.installation, world.bea).await;
    let program = Program::new(&world.installation).with_token(&person.token(&CreateToken::default()).await);
    let shown = world.ann.get(&world.page).await.body;
    assert!(shown.contains("/api/users/end_sessions") && shown.contains("Their tokens stay good"), "{shown}");
    let ended = world.send(&world.page, "/api/users/end_sessions", &[]).await.body;
    assert!(ended.contains("They are signed out of 2 browsers."), "{ended}");
    assert!(bea.get("/projects").await.location().starts_with("/sign-in"));
    program.get("/v1/me").await.with(200);
    // Nobody does it to themselves.
    let own = world.page.replace(&world.bea.to_string(), &world.owner.id.to_string());
    assert!(!world.ann.get(&own).await.body.contains("/api/users/end_sessions"));
}

#[tokio::test]
async fn programs_of_admins_do_the_same() {
    let world = World::new().await;
    let program = Program::new(&world.installation);
    let program = program.with_token(&world.owner.token(&CreateToken::default()).await);
    let path = |what: &str| format!("/v1{}/{what}", world.page);
    let waiting = async || program.get(&path("factor-reset")).await.with(200)["waiting"].clone();
    assert_eq!(waiting().await, Value::Null);
    let refused = program.post(&path("factor-reset"), json!({ "reason": "" })).await;
    assert_eq!(refused.problem(), (422, "invalid".into(), "reason".into()));
    let asked = program.post(&path("factor-reset"), json!({ "reason": REASON })).await.with(201);
    assert_eq!((asked["email"].as_str(), asked["reason"].as_str()), (Some(BEA), Some(REASON)));
    assert_eq!(waiting().await, asked);
    program.send(Method::DELETE, &path("factor-reset"), None).await.with(204);
    assert_eq!(waiting().await, Value::Null);
    let over = program.send(Method::DELETE, &path("factor-reset"), None).await;
    assert_eq!(over.problem().0, 409);
    program.send(Method::POST, &path("password-reset"), None).await.with(204);
    let bea = world.beas().await;
    program.send(Method::DELETE, &path("sessions"), None).await.with(204);
    assert!(bea.get("/projects").await.location().starts_with("/sign-in"));
}

/// What is said of a password, rule by rule.
async fn judged(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Vec<(bool, String)> {
    let answer =
        browser.with_header("accept", "application/json").post("/", &format!("/api/{path}"), fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rules: Value = serde_json::from_str(&answer.body).unwrap();
    let rules = rules.as_array().unwrap().iter();
    rules.map(|rule| (rule["is_met"] == true, rule["sentence"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn what_is_typed_is_judged_and_the_form_needs_no_script_for_it() {
    let world = World::new().await;
    let judge = async |browser: &Browser, path: &str, fields: &[(&str, &str)]| {
        judged(browser, &format!("passwords/{path}"), fields).await
    };
    let stranger = world.installation.browser();
    let unmet = |rules: Vec<(bool, String)>| rules.into_iter().filter(|(is_met, _)| !is_met).count();
    assert_eq!(unmet(judge(&stranger, "judge", &[("password", PASSWORD)]).await), 0);
    assert!(unmet(judge(&stranger, "judge", &[("password", "short")]).await) > 0);
    // What is typed beside it counts.
    let named = [("password", "Quixano Quixano Works 7"), ("organization", "Quixano Works")];
    assert!(
        unmet(judge(&stranger, "judge", &named).await) > unmet(judge(&stranger, "judge", &named[..1]).await)
    );
    assert!(unmet(judge(&world.ann, "judge_own", &[("password", "short")]).await) > 0);

    // Behind a link it is said for whom it was sent to: beside a second factor, ten characters do.
    world.send(&world.page, "/api/users/ask_password_reset", &[]).await;
    let token = world.mailed(BEA, "password-reset").await;
    let token = token.as_str();
    let short = "zq7kvx2mwu";
    assert_eq!(unmet(judge(&stranger, "judge_by_link", &[("token", token), ("password", short)]).await), 0);
    assert!(unmet(judge(&stranger, "judge", &[("password", short)]).await) > 0);

    // By an invitation it is said as its organization asks.
    let policy = AuthenticationPolicy { password_chars_min_alone: 30, ..AuthenticationPolicy::default() };
    let mut tx = world.installation.store.write().await.unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    let now = world.installation.control.session_rows().now();
    let is_set = store::authentication_policies::set(&mut tx, world.organization, 0, &text, now);
    assert!(is_set.await.unwrap());
    tx.commit().await.unwrap();
    let invited = world.invite("dee@example.org").await;
    let fields = [("token", invited.as_str()), ("password", "brass otters hum softly at dawn")];
    assert_eq!(unmet(judged(&stranger, "invitations/judge_password", &fields).await), 0);
    let shorter = [fields[0], ("password", "brass otters hum at dawn")];
    assert_eq!(unmet(judged(&stranger, "invitations/judge_password", &shorter).await), 1);
    assert_eq!(unmet(judge(&stranger, "judge", &shorter[1..]).await), 0);
    let named = [fields[0], ("name", "Ignatius Quixano"), ("password", "Ignatius Quixano dee@example.org")];
    assert!(unmet(judged(&stranger, "invitations/judge_password", &named).await) > 0);

    // The pages have the place for it, empty until somebody types, and say the rule without it.
    let link = format!("/password-reset/{token}");
    for (browser, page) in [(&world.ann, "/profile/authentication/password"), (&stranger, link.as_str())] {
        let html = browser.get(page).await.body;
        assert!(html.contains("password-rules") && html.contains("At least "), "{page}: {html}");
        assert!(!html.contains("is-met"), "{page}: {html}");
    }
}
