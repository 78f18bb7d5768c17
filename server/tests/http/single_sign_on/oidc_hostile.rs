//! Hostile providers, browsers and bystanders of OpenID Connect, over HTTP: the callback, the page that the answer leads to, and
//! the back channel. Nothing of them begins a session, or ends one that it should not; whoever sent it learns nothing.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, StatusCode};
use control::{
    identity_providers::{self, Change},
    sessions::SessionRow,
};
use domain::{
    events::EventType,
    identity_providers::{OidcSettings, ProviderProtocol, ProviderState},
    ids::{DomainId, IdentityProviderId, OrganizationId},
    secrets::Secret,
    states::Outcome,
    timestamps::Timestamp,
};
use identity::oidc::testing::{Draft, KeyChoice, Signing, SigningKey, SoftOp};
use serde_json::{Value, json};
use server::{middleware::keepsakes::CEREMONY_COOKIE, sessions::COOKIE};
use store::events::{Event, EventFilter};
use url::form_urlencoded;

use super::company::verified;
use crate::{
    api::callers::{Person, owner},
    installation::{Answer, Browser, Installation},
};

const CLIENT: &str = "redoubt";
const SECRET: &str = "the client's secret";
const ALICE: &str = "alice@acme.example";
/// Bytes of a logout token's form, at most.
const FORM_BYTES_MAX: usize = 128 << 10;

/// An organization whose people sign in with an OpenID provider, and another one of its own that is not honest.
struct Firm {
    installation: Installation,
    ann: Person,
    organization: OrganizationId,
    domain: DomainId,
    op: Arc<SoftOp>,
    provider: IdentityProviderId,
    evil_op: Arc<SoftOp>,
    evil: IdentityProviderId,
    addresses: AtomicU32,
    /// Where the browser was led that brought the last answer.
    led_to: Mutex<String>,
}

/// A browser that was sent to a provider.
struct Away {
    browser: Browser,
    /// Where to.
    address: String,
}

impl Away {
    fn said(&self, name: &str) -> String {
        let query = self.address.split_once('?').unwrap().1;
        let found = form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name);
        found.unwrap().1.into_owned()
    }
}

impl Firm {
    async fn new() -> Self {
        let op = |issuer: &str| {
            let key = SigningKey::new("key-1", KeyChoice::P256).unwrap();
            Arc::new(SoftOp::new(issuer, key, CLIENT, SECRET))
        };
        let (honest, evil_op) = (op("https://op.acme.example"), op("https://evil.example"));
        let reach = Arc::new(vec![honest.clone(), evil_op.clone()]);
        let installation = Installation::reaching(reach).await;
        installation.clock.stop();
        let (ann, organization) = owner(&installation).await;
        let domain = verified(&installation, organization).await;
        let mut firm = Self {
            installation,
            ann,
            organization,
            domain,
            op: honest,
            provider: IdentityProviderId::from_uuid(uuid::Uuid::nil()),
            evil_op,
            evil: IdentityProviderId::from_uuid(uuid::Uuid::nil()),
            addresses: AtomicU32::new(0x0a00_0000),
            led_to: Mutex::default(),
        };
        firm.provider = firm.set_up("Acme OP", &firm.op.issuer).await;
        firm.evil = firm.set_up("Evil OP", &firm.evil_op.issuer).await;
        firm
    }

    async fn set_up(&self, name: &str, issuer: &str) -> IdentityProviderId {
        let (ctx, organization) = (&self.ann.ctx, self.organization);
        let protocol = ProviderProtocol::Oidc;
        let made = identity_providers::create(ctx, organization, name, protocol, "other").await.unwrap();
        let settings = OidcSettings {
            issuer: issuer.to_owned(),
            client_id: CLIENT.to_owned(),
            ..made.settings.oidc().unwrap().clone()
        };
        let change = Change {
            name: name.to_owned(),
            settings: settings.into(),
            secret: Some(Secret::new(SECRET.to_owned())),
            domains: vec![self.domain],
        };
        let id = made.row.id;
        identity_providers::edit(ctx, organization, id, made.row.generation, change).await.unwrap();
        identity_providers::set_state(ctx, organization, id, ProviderState::Active).await.unwrap();
        id
    }

    async fn change(&self, change: impl FnOnce(&mut OidcSettings)) {
        let (ctx, organization, id) = (&self.ann.ctx, self.organization, self.provider);
        let view = identity_providers::view(ctx, organization, id).await.unwrap();
        let mut settings = view.settings.oidc().unwrap().clone();
        change(&mut settings);
        let settings = settings.into();
        let change = Change { name: view.row.name, settings, secret: None, domains: vec![self.domain] };
        identity_providers::edit(ctx, organization, id, view.row.generation, change).await.unwrap();
    }

    fn now(&self) -> Timestamp {
        self.installation.control.session_rows().now()
    }

    fn base(&self, provider: IdentityProviderId) -> String {
        format!("/v1/sso/oidc/account/{}/method/{provider}", self.organization)
    }

    /// A browser at an address of its own: networks that ask often are slowed down.
    fn browser(&self) -> Browser {
        let mut browser = self.installation.browser();
        let address = self.addresses.fetch_add(1, Ordering::Relaxed);
        browser.address = IpAddr::V4(Ipv4Addr::from_bits(address));
        browser
    }

    /// Sends a browser to a provider.
    async fn send(&self, browser: Browser, provider: IdentityProviderId) -> Away {
        let answer = browser.get(&format!("/sign-in/sso/{provider}?next=/projects")).await;
        let address = answer.leads_to();
        Away { browser, address }
    }

    async fn away(&self) -> Away {
        self.send(self.browser(), self.provider).await
    }

    fn claims(email: &str) -> Value {
        let subject = format!("sub of {email}").replace(' ', "-");
        json!({ "sub": subject, "email": email, "email_verified": true, "name": "Alice Archer",
            "sid": format!("session of {email}").replace(' ', "-") })
    }

    /// Lets somebody sign in at the provider that a browser was sent to: the query that it goes back with.
    fn query(&self, op: &SoftOp, away: &Away, email: &str) -> String {
        op.sign_in(&away.address, Self::claims(email), self.now()).unwrap()
    }

    /// What a browser gets that a provider sends to the callback.
    async fn call_back(&self, browser: &Browser, query: &str) -> Answer {
        self.call(browser, self.provider, query).await
    }

    async fn call(&self, browser: &Browser, provider: IdentityProviderId, query: &str) -> Answer {
        let browser =
            browser.with_header("sec-fetch-site", "cross-site").with_header("sec-fetch-mode", "navigate");
        let answer = browser.get(&format!("{}/callback?{query}", self.base(provider))).await;
        if answer.place() == "/sign-in/answer" {
            *self.led_to.lock().unwrap() = answer.location().to_owned();
        }
        answer
    }

    /// Where the browser was led that brought the last answer.
    fn fetch(&self) -> String {
        self.led_to.lock().unwrap().clone()
    }

    /// A browser in which somebody is signed in.
    async fn signed_in(&self, email: &str) -> Browser {
        let away = self.away().await;
        let query = self.query(&self.op, &away, email);
        assert_eq!(self.call_back(&away.browser, &query).await.place(), "/sign-in/answer");
        let answer = away.browser.get(&self.fetch()).await;
        assert_eq!(answer.location(), "/projects", "{}", answer.body);
        away.browser
    }

    /// What a provider gets that posts this to the back channel.
    async fn back_channel(&self, provider: IdentityProviderId, form: String) -> Answer {
        let path = format!("{}/backchannel-logout", self.base(provider));
        let browser = self.browser();
        // Providers are no browsers.
        let plain =
            browser.with_header("origin", "").with_header("referer", "").with_header("sec-fetch-site", "");
        plain.send(Method::POST, &path, Some(("/", form))).await
    }

    /// A logout token of the honest provider.
    fn logout(&self, claims: &Value) -> Draft {
        let mut draft = self.op.logout(CLIENT, claims, self.now());
        // Each has an id of its own.
        draft.claims["jti"] = json!(format!("logout-{}", self.addresses.fetch_add(1, Ordering::Relaxed)));
        draft
    }

    async fn events(&self, event_type: EventType) -> Vec<Event> {
        let filter = EventFilter { event_type: Some(event_type), ..EventFilter::default() };
        let mut tx = self.installation.store.read().await.unwrap();
        store::events::list_for_organization(&mut tx, Some(self.organization), &filter, None, 100)
            .await
            .unwrap()
    }

    async fn sessions_of(&self, email: &str) -> Vec<SessionRow> {
        let mut tx = self.installation.store.read().await.unwrap();
        match store::users::find_by_email(&mut tx, email).await.unwrap() {
            None => Vec::new(),
            Some(user) => store::sessions::list_for_user(&mut tx, user.id, self.now(), 100).await.unwrap(),
        }
    }

    async fn is_known(&self, email: &str) -> bool {
        let mut tx = self.installation.store.read().await.unwrap();
        store::users::find_by_email(&mut tx, email).await.unwrap().is_some()
    }
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/projects").await.status == StatusCode::OK
}

fn form(token: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish()
}

#[tokio::test]
async fn asvs_10_1_1_somebody_signs_in_and_their_browser_sees_no_token() {
    let firm = Firm::new().await;
    let browser = firm.browser();
    browser.set_cookie(COOKIE, "planted");
    let away = firm.send(browser, firm.provider).await;
    assert!(away.address.starts_with("https://op.acme.example/authorize?"), "{}", away.address);
    assert!(!away.address.contains("projects"), "where somebody goes on is nobody else's business");
    assert_eq!(
        away.said("redirect_uri"),
        format!("http://localhost:8080{}/callback", firm.base(firm.provider))
    );
    let planted = away.browser.cookie(COOKIE);
    let query = firm.query(&firm.op, &away, ALICE);

    let callback = firm.call_back(&away.browser, &query).await;
    assert_eq!((callback.status, callback.place()), (StatusCode::SEE_OTHER, "/sign-in/answer"));
    assert_eq!(callback.headers.get_all("set-cookie").iter().count(), 0, "whoever comes gets nothing");
    assert!(!is_signed_in(&away.browser).await);
    firm.op.take_asked();

    let answer = away.browser.get(&firm.fetch()).await;
    assert_eq!(answer.location(), "/projects", "{}", answer.body);
    assert_eq!(firm.op.take_asked(), ["/token"]);
    assert!(away.browser.cookie(CEREMONY_COOKIE).is_none(), "the trip is over");
    assert_ne!(away.browser.cookie(COOKIE), planted, "a new session has a new id");
    let page = away.browser.get("/projects").await;
    for answer in [&callback, &answer, &page] {
        let seen = format!("{:?}{}", answer.headers, answer.body);
        for secret in ["access-", "eyJ", SECRET] {
            assert!(!seen.contains(secret), "{secret}: {seen}");
        }
    }
    let sessions = firm.sessions_of(ALICE).await;
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(session.identity_provider_id, Some(firm.provider));
    assert_eq!(session.subject.as_deref(), Some("sub-of-alice@acme.example"));
    assert_eq!(away.browser.get(&firm.fetch()).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn asvs_10_1_2_an_answer_in_another_browser_leads_nowhere() {
    let firm = Firm::new().await;
    let (mallory, victim) = (firm.away().await, firm.browser());
    let query = firm.query(&firm.op, &mallory, "mallory@acme.example");
    // The victim's browser is sent to the callback with mallory's code; another one began something else.
    assert_eq!(firm.call_back(&victim, &query).await.place(), "/sign-in/answer");
    for browser in [victim, firm.away().await.browser] {
        let answer = browser.get(&firm.fetch()).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert!(answer.body.contains("begun in another browser"), "{}", answer.body);
        assert!(!is_signed_in(&browser).await);
    }
    assert_eq!(firm.call_back(&mallory.browser, &query).await.location(), "/sign-in/refused", "once");
    // Nor does it lead who asked in as who was sent to answer: only the browser that brought it has its receipt.
    for place in ["/sign-in/answer", "/sign-in/answer?receipt=", "/sign-in/answer?receipt=guessed"] {
        assert_eq!(mallory.browser.get(place).await.status, StatusCode::CONFLICT, "{place}");
    }
    assert_eq!(firm.call_back(&mallory.browser, &query).await.location(), "/sign-in/refused");
    assert_eq!(firm.sessions_of("mallory@acme.example").await.len(), 0);
}

#[tokio::test]
async fn asvs_10_2_1_what_answers_no_question_is_refused_in_one_way() {
    let firm = Firm::new().await;
    let away = firm.away().await;
    let query = firm.query(&firm.op, &away, ALICE);
    let state = away.said("state");
    firm.op.take_asked();
    for (what, query) in [
        ("nothing", String::new()),
        ("no state", "code=a&iss=https%3A%2F%2Fop.acme.example".into()),
        ("an empty state", "code=a&state=".into()),
        ("a state that was made up", format!("code=a&state={}", "A".repeat(43))),
        ("the state in capitals", format!("code=a&state={}", state.to_uppercase())),
        ("the state twice", format!("{query}&state={state}")),
        ("two states", format!("{query}&state=a")),
        ("a state of many characters", format!("code=a&state={}", "A".repeat(20_000))),
        ("an error without a state", "error=access_denied".into()),
        ("bytes", "state=%FF%FE%00&code=%FF".into()),
    ] {
        let answer = firm.call_back(&away.browser, &query).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in/refused"), "{what}");
        assert_eq!((answer.body.as_str(), answer.set_cookies(COOKIE).len()), ("", 0), "{what}");
    }
    assert!(firm.op.take_asked().is_empty(), "no code went anywhere");
    for path in [
        format!("{}/callback?{query}", firm.base(firm.provider)).replace(&firm.organization.to_string(), "x"),
        format!("{}/callback?{query}", firm.base(firm.provider)).replace(&firm.provider.to_string(), "x"),
        format!("{}/callback?{query}", firm.base(IdentityProviderId::from_uuid(uuid::Uuid::nil()))),
    ] {
        assert_eq!(firm.browser().get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let path = format!("{}/callback", firm.base(firm.provider));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = firm.browser().send(method.clone(), &path, None).await;
        assert!(matches!(answer.status.as_u16(), 403 | 405), "{method}: {}", answer.status);
    }
    // None of it spoiled the question.
    assert_eq!(firm.call_back(&away.browser, &query).await.place(), "/sign-in/answer");
    assert_eq!(away.browser.get(&firm.fetch()).await.location(), "/projects");
}

/// A provider that is not honest has the browser bring a code of the honest one, or brings its own to the honest one.
#[tokio::test]
async fn asvs_10_2_2_answers_of_one_provider_are_none_of_another() {
    let firm = Firm::new().await;
    // The question to the honest one is answered at the other's callback, and the other way round.
    for (from, op, to) in [(firm.provider, &firm.op, firm.evil), (firm.evil, &firm.evil_op, firm.provider)] {
        let away = firm.send(firm.browser(), from).await;
        let query = firm.query(op, &away, ALICE);
        assert_eq!(firm.call(&away.browser, to, &query).await.location(), "/sign-in/refused");
    }
    // The code of one with the state of the other: it says whose it is, or has to say so.
    let (at_evil, at_op) = (firm.send(firm.browser(), firm.evil).await, firm.away().await);
    let code_of_op =
        firm.query(&firm.op, &at_op, ALICE).replace(&at_op.said("state"), &at_evil.said("state"));
    let unsaid = code_of_op.split("&iss=").next().unwrap().to_owned();
    firm.op.take_asked();
    firm.evil_op.take_asked();
    for query in [code_of_op, unsaid] {
        let away = firm.send(firm.browser(), firm.evil).await;
        let query = query.replace(&at_evil.said("state"), &away.said("state"));
        assert_eq!(firm.call(&away.browser, firm.evil, &query).await.place(), "/sign-in/answer");
        assert_eq!(away.browser.get(&firm.fetch()).await.status, StatusCode::FORBIDDEN);
        assert!(!is_signed_in(&away.browser).await);
        let event = &firm.events(EventType::SingleSignOnAnswered).await[0];
        assert!(event.outcome == Outcome::Denied && event.text.contains("answer_issuer"), "{}", event.text);
    }
    assert!(firm.evil_op.take_asked().is_empty(), "it does not get to see the code");
    assert!(!firm.is_known(ALICE).await);
}

/// A code that was stolen, or is an attacker's own, is no good with the question of another browser.
#[tokio::test]
async fn codes_are_bound_to_the_browser_that_asked() {
    let firm = Firm::new().await;
    let (victim, mallory) = (firm.away().await, firm.away().await);
    let stolen = firm.query(&firm.op, &victim, ALICE).replace(&victim.said("state"), &mallory.said("state"));
    assert_eq!(firm.call_back(&mallory.browser, &stolen).await.place(), "/sign-in/answer");
    assert_eq!(mallory.browser.get(&firm.fetch()).await.status, StatusCode::FORBIDDEN);
    let event = &firm.events(EventType::SingleSignOnAnswered).await[0];
    assert!(event.text.contains("code_exchanged") && event.text.contains("invalid_grant"), "{}", event.text);

    // At a provider that forgot PKCE, the nonce says it.
    let (victim, mallory) = (firm.away().await, firm.away().await);
    let replaced = [("state", "state"), ("code_challenge", "code_challenge")];
    let mut address = victim.address.clone();
    for (name, with) in replaced {
        address = address.replace(&victim.said(name), &mallory.said(with));
    }
    let swapped = Away { address, browser: firm.browser() };
    let query = firm.query(&firm.op, &swapped, ALICE);
    assert_eq!(firm.call_back(&mallory.browser, &query).await.place(), "/sign-in/answer");
    assert_eq!(mallory.browser.get(&firm.fetch()).await.status, StatusCode::FORBIDDEN);
    assert!(firm.events(EventType::SingleSignOnAnswered).await[0].text.contains("nonce"));
    assert!(!firm.is_known(ALICE).await);
}

/// What is wrong with what a provider gives, and the word for it that the organization reads.
type Case = (&'static str, fn(&mut Draft));

const TOKENS: &[Case] = &[
    ("algorithm", |d| {
        d.header["alg"] = json!("none");
        d.signing = Signing::Nothing;
    }),
    ("algorithm", |d| {
        d.header["alg"] = json!("HS256");
        d.signing = Signing::Shared(SECRET.into());
    }),
    ("key_known", |d| d.header["kid"] = json!("another")),
    ("signature", |d| d.signing = Signing::Stranger(SigningKey::new("key-1", KeyChoice::P256).unwrap())),
    ("signature", |d| {
        let stranger = SigningKey::new("key-1", KeyChoice::P256).unwrap();
        d.header["jwk"] = stranger.public();
        d.signing = Signing::Stranger(stranger);
    }),
    ("signature", |d| d.signing = Signing::Bytes(vec![0; 64])),
    ("token_type", |d| d.header["typ"] = json!("at+jwt")),
    ("token_form", |d| d.answer["id_token"] = json!("a.b")),
    ("id_token_present", |d| d.answer["id_token"] = json!(7)),
    ("issuer", |d| d.claims["iss"] = json!("https://evil.example")),
    ("audience", |d| d.claims["aud"] = json!("another")),
    ("authorized_party", |d| d.claims["aud"] = json!([CLIENT, "another"])),
    ("expiry", |d| d.claims["exp"] = json!(1)),
    ("issue_time", |d| d.claims["iat"] = json!(1)),
    ("nonce", |d| d.claims["nonce"] = json!("another")),
    ("subject", |d| d.claims["sub"] = json!("")),
    ("access_token_hash", |d| d.answer["access_token"] = json!("another")),
    ("code_exchanged", |d| d.status = 500),
];

#[tokio::test]
async fn asvs_10_5_1_10_5_4_hostile_tokens_begin_no_session_and_say_nothing_to_the_browser() {
    let firm = Firm::new().await;
    let mut bodies = Vec::new();
    for (check, change) in TOKENS {
        // Its keys may be asked for once a minute.
        firm.installation.clock.advance(Duration::from_secs(61));
        let away = firm.away().await;
        firm.op.set_edit(change);
        let query = firm.query(&firm.op, &away, ALICE);
        assert_eq!(firm.call_back(&away.browser, &query).await.place(), "/sign-in/answer");
        let before = away.browser.cookie(COOKIE);
        let answer = away.browser.get(&firm.fetch()).await;
        firm.op.face().edit = None;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{check}: {}", answer.body);
        assert_eq!(away.browser.cookie(COOKIE), before, "{check}");
        assert!(!is_signed_in(&away.browser).await, "{check}");
        let event = &firm.events(EventType::SingleSignOnAnswered).await[0];
        assert_eq!((event.outcome, event.credential.as_deref()), (Outcome::Denied, Some("oidc")));
        assert!(event.text.contains(check), "{check}: {}", event.text);
        // Not even a second time.
        assert_eq!(away.browser.get(&firm.fetch()).await.status, StatusCode::CONFLICT, "{check}");
        let told = TOKENS.iter().any(|(check, _)| check.contains('_') && answer.body.contains(check));
        assert!(!told, "{check}: {}", answer.body);
        bodies.push(words(&answer.body));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "they can be told apart: {bodies:#?}");
    assert_eq!(firm.events(EventType::SingleSignOnAnswered).await.len(), TOKENS.len());
    assert!(!firm.is_known(ALICE).await);
    firm.signed_in(ALICE).await;
    println!("{} hostile tokens over HTTP", TOKENS.len());
}

/// What people read on a page.
fn words(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim()).collect()
}

#[tokio::test]
async fn errors_of_a_provider_are_told_to_the_organization_alone() {
    let firm = Firm::new().await;
    let away = firm.away().await;
    let query = format!(
        "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state={}&iss=https%3A%2F%2Fop.acme.example",
        away.said("state")
    );
    assert_eq!(firm.call_back(&away.browser, &query).await.place(), "/sign-in/answer");
    let answer = away.browser.get(&firm.fetch()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.body.contains("alert(1)"), "{}", answer.body);
    let event = &firm.events(EventType::SingleSignOnAnswered).await[0];
    assert!(event.text.contains("access_denied"), "{}", event.text);
}

/// Two providers may use the same names for people, and mean others.
#[tokio::test]
async fn asvs_10_5_2_the_name_at_another_provider_is_somebody_else() {
    let firm = Firm::new().await;
    firm.signed_in(ALICE).await;
    let away = firm.send(firm.browser(), firm.evil).await;
    let mut claims = Firm::claims("bob@acme.example");
    claims["sub"] = json!("sub-of-alice@acme.example");
    let query = firm.evil_op.sign_in(&away.address, claims, firm.now()).unwrap();
    firm.call(&away.browser, firm.evil, &query).await;
    away.browser.get(&firm.fetch()).await;
    assert_eq!(firm.sessions_of(ALICE).await.len(), 1, "nobody else became alice");
    assert_eq!(firm.sessions_of("bob@acme.example").await.len(), 1, "but bob");

    // An address that was not verified there, or is of a domain that is not the organization's, is nobody's here.
    for change in [json!({ "email_verified": false }), json!({ "email": "root@other.example" })] {
        let away = firm.away().await;
        let mut claims = Firm::claims("carol@acme.example");
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let query = firm.op.sign_in(&away.address, claims, firm.now()).unwrap();
        firm.call_back(&away.browser, &query).await;
        assert_eq!(away.browser.get(&firm.fetch()).await.status, StatusCode::FORBIDDEN, "{change}");
    }
    assert!(!firm.is_known("carol@acme.example").await && !firm.is_known("root@other.example").await);
}

#[tokio::test]
async fn userinfo_of_somebody_else_signs_nobody_in() {
    let firm = Firm::new().await;
    firm.change(|settings| settings.uses_userinfo = true).await;
    firm.op.face().userinfo = json!({ "sub": "somebody-else", "groups": ["admins"] });
    let away = firm.away().await;
    let query = firm.query(&firm.op, &away, ALICE);
    firm.call_back(&away.browser, &query).await;
    assert_eq!(away.browser.get(&firm.fetch()).await.status, StatusCode::FORBIDDEN);
    assert!(firm.events(EventType::SingleSignOnAnswered).await[0].text.contains("userinfo"));
    firm.op.face().userinfo = json!({});
    firm.signed_in(ALICE).await;
}

/// A provider that says that it is another one, or has its places where nobody else should look, is asked nothing.
#[tokio::test]
async fn asvs_10_5_3_a_provider_that_is_not_who_it_was_gets_nobody() {
    let firm = Firm::new().await;
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://op.acme.example/token")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("jwks_uri", json!("http://169.254.169.254/latest")),
    ] {
        let honest = std::mem::replace(&mut firm.op.face().document[name], value);
        let answer = firm.browser().get(&format!("/sign-in/sso/{}?next=/projects", firm.provider)).await;
        assert!(!answer.status.is_success() && !answer.status.is_redirection(), "{name}: {}", answer.status);
        assert!(!answer.headers.contains_key("location"), "{name}");
        let event = &firm.events(EventType::SingleSignOnAnswered).await[0];
        assert_eq!(event.outcome, Outcome::Denied, "{name}");
        firm.op.face().document[name] = honest;
        // It is not asked again at once.
        firm.installation.clock.advance(Duration::from_secs(15));
    }
    firm.signed_in(ALICE).await;
}

#[tokio::test]
async fn a_provider_that_was_switched_off_meanwhile_signs_nobody_in() {
    let firm = Firm::new().await;
    let away = firm.away().await;
    let query = firm.query(&firm.op, &away, ALICE);
    assert_eq!(firm.call_back(&away.browser, &query).await.place(), "/sign-in/answer");
    let (ctx, organization) = (&firm.ann.ctx, firm.organization);
    identity_providers::set_state(ctx, organization, firm.provider, ProviderState::Disabled).await.unwrap();
    assert!(away.browser.get(&firm.fetch()).await.status.is_client_error());
    assert!(!is_signed_in(&away.browser).await && !firm.is_known(ALICE).await);
}

#[tokio::test]
async fn a_question_is_answered_within_its_time() {
    let firm = Firm::new().await;
    let away = firm.away().await;
    let query = firm.query(&firm.op, &away, ALICE);
    firm.installation.clock.advance(Duration::from_secs(10 * 60 + 1));
    assert_eq!(firm.call_back(&away.browser, &query).await.location(), "/sign-in/refused");
    assert!(!is_signed_in(&away.browser).await);
}

const LOGOUTS: &[Case] = &[
    ("token_type", |d| d.header["typ"] = json!("JWT")),
    ("algorithm", |d| {
        d.header["alg"] = json!("none");
        d.signing = Signing::Nothing;
    }),
    ("algorithm", |d| {
        d.header["alg"] = json!("HS256");
        d.signing = Signing::Shared(SECRET.into());
    }),
    ("signature", |d| d.signing = Signing::Stranger(SigningKey::new("key-1", KeyChoice::P256).unwrap())),
    ("issuer", |d| d.claims["iss"] = json!("https://evil.example")),
    ("audience", |d| d.claims["aud"] = json!("another")),
    ("expiry", |d| d.claims["exp"] = json!(1)),
    ("issue_time", |d| d.claims["iat"] = json!(1)),
    ("logout_event", |d| d.claims["nonce"] = json!("n")),
    ("logout_event", |d| d.claims["events"] = json!({})),
    ("logout_subject", |d| {
        d.claims["sub"] = Value::Null;
        d.claims["sid"] = Value::Null;
    }),
    ("logout_id", |d| d.claims["jti"] = json!(7)),
];

#[tokio::test]
async fn asvs_10_5_5_forged_logout_tokens_end_nothing() {
    let firm = Firm::new().await;
    let alice = firm.signed_in(ALICE).await;
    let whole = json!({ "sub": "sub-of-alice@acme.example", "sid": "session-of-alice@acme.example" });
    for (check, change) in LOGOUTS {
        let mut draft = firm.logout(&whole);
        change(&mut draft);
        let answer = firm.back_channel(firm.provider, form(&firm.op.signed(&draft))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{check}: {}", answer.body);
        assert_eq!(answer.body, "The logout token was not accepted.\n", "{check}");
        let event = &firm.events(EventType::SingleLogout).await[0];
        assert!(event.outcome == Outcome::Denied && event.text.contains(check), "{check}: {}", event.text);
    }
    // A token of the other provider, and ours at the other's address.
    let theirs = firm.evil_op.signed(&firm.evil_op.logout(CLIENT, &whole, firm.now()));
    let ours = firm.op.signed(&firm.logout(&whole));
    for (provider, token) in [(firm.provider, &theirs), (firm.evil, &ours)] {
        assert_eq!(firm.back_channel(provider, form(token)).await.status, StatusCode::BAD_REQUEST);
    }
    // It signs a token for its own people: they are not those of another provider.
    assert_eq!(firm.back_channel(firm.evil, form(&theirs)).await.status, StatusCode::OK);
    for body in [String::new(), "x=y".into(), form(""), form("a.b.c"), format!("{0}&{0}", form(&ours))] {
        assert_eq!(firm.back_channel(firm.provider, body).await.status, StatusCode::BAD_REQUEST);
    }
    let long = form(&"A".repeat(FORM_BYTES_MAX));
    assert!(firm.back_channel(firm.provider, long).await.status.is_client_error());
    let nobody = IdentityProviderId::from_uuid(uuid::Uuid::nil());
    assert_eq!(firm.back_channel(nobody, form(&ours)).await.status, StatusCode::NOT_FOUND);
    let path = format!("{}/backchannel-logout", firm.base(firm.provider));
    assert_eq!(firm.browser().get(&path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(is_signed_in(&alice).await, "nothing of it ended the session");
    println!("{} forged logout tokens over HTTP", LOGOUTS.len());
}

#[tokio::test]
async fn asvs_10_5_5_a_logout_token_ends_what_it_names_once() {
    let firm = Firm::new().await;
    let (alice, bob) = (firm.signed_in(ALICE).await, firm.signed_in("bob@acme.example").await);
    let token = firm.op.signed(&firm.logout(&json!({ "sid": "session-of-alice@acme.example" })));
    let answer = firm.back_channel(firm.provider, form(&token)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 0);
    assert!(!is_signed_in(&alice).await && is_signed_in(&bob).await);
    // Brought once more, it does not end the next session.
    let alice = firm.signed_in(ALICE).await;
    assert_eq!(firm.back_channel(firm.provider, form(&token)).await.status, StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&alice).await);
    // By the person's name all sessions end, and nobody else's.
    let more = firm.signed_in(ALICE).await;
    let token = firm.op.signed(&firm.logout(&json!({ "sub": "sub-of-alice@acme.example" })));
    assert_eq!(firm.back_channel(firm.provider, form(&token)).await.status, StatusCode::OK);
    assert!(!is_signed_in(&alice).await && !is_signed_in(&more).await && is_signed_in(&bob).await);
}
