//! A sign-in from the console's door to the session, and what else may come to the address for answers.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use domain::{events::EventType, identity_providers::Binding, states::Outcome};
use identity::saml::testing::{
    Draft, KeyChoice, SoftIdp,
    browsers::{carried, said},
    field,
};
use server::{
    middleware::{flash::HELD_BACK_COOKIE, keepsakes::CEREMONY_COOKIE},
    sessions::COOKIE,
};

use super::{
    company::{Away, Company, IDP, cross_site, form},
    policies::BEA,
};
use crate::installation::{Browser, EMAIL, Installation, PASSWORD, hidden_value};

/// Bytes of a form that carries an answer, at most.
const FORM_BYTES_MAX: usize = 512 << 10;

/// Whether somebody is signed in there.
async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/projects").await.status == StatusCode::OK
}

#[tokio::test]
async fn somebody_signs_in_and_goes_on_to_where_they_wanted() {
    let company = Company::new().await;
    let browser = company.installation.browser();
    // Somebody planted a session here before.
    browser.set_cookie(COOKIE, "planted");
    let away = company.send(browser, "/profile/organizations").await;
    let planted = away.browser.cookie(COOKIE);
    let answer = company.post(company.form(&company.draft(&away))).await;
    assert_eq!((answer.status, answer.place()), (StatusCode::SEE_OTHER, "/sign-in/answer"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 0, "whoever posts gets nothing");
    assert!(!is_signed_in(&away.browser).await);

    let answer = away.browser.get(&company.fetch()).await;
    assert_eq!(answer.location(), "/profile/organizations", "{}", answer.body);
    assert!(away.browser.cookie(CEREMONY_COOKIE).is_none(), "the trip is over");
    assert_ne!(away.browser.cookie(COOKIE), planted, "a new session has a new id");
    let page = away.browser.get("/profile/organizations").await;
    assert!(page.status.is_success() && page.body.contains("Acme"), "{}", page.body);
    let sessions = company.sessions_of("alice@acme.example").await;
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(session.identity_provider_id, Some(company.provider));
    assert_eq!(session.subject.as_deref(), Some("alice@acme.example"));
    assert_eq!(session.session_index.as_deref(), Some("_session-1"));
    // Nothing of it is good for a second time.
    let again = away.browser.get(&company.fetch()).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(is_signed_in(&away.browser).await, "and that ends no session");
    let [answered] = &company.events(EventType::SingleSignOnAnswered).await[..] else { panic!() };
    assert_eq!((answered.outcome, answered.user_id), (Outcome::Done, None));
    assert_eq!(company.events(EventType::UserSignedIn).await.len(), 1);
}

#[tokio::test]
async fn the_request_says_what_the_metadata_says() {
    let company = Company::new().await;
    let metadata = company.installation.browser().get(&company.metadata()).await;
    assert_eq!(
        (metadata.status, metadata.header("content-type")),
        (StatusCode::OK, "application/samlmetadata+xml")
    );
    let base = "http://localhost:8080";
    for part in [
        format!("entityID=\"{base}{}\"", company.metadata()),
        format!("Location=\"{base}{}\"", company.acs()),
        "AuthnRequestsSigned=\"true\"".into(),
        "WantAssertionsSigned=\"true\"".into(),
    ] {
        assert!(metadata.body.contains(&part), "{part}: {}", metadata.body);
    }
    let answer = company
        .installation
        .browser()
        .get(&format!("/sign-in/sso/{}?next=/projects", company.provider))
        .await;
    let address = answer.leads_to();
    assert!(address.starts_with(&format!("{IDP}/sso?SAMLRequest=")), "{address}");
    assert!(address.contains("&SigAlg=") && address.contains("&Signature="), "{address}");
    assert!(!address.contains("projects"), "where somebody goes on is nobody else's business: {address}");
    let lines = answer.set_cookies(CEREMONY_COOKIE);
    let [cookie] = lines.as_slice() else { panic!("{lines:?}") };
    for mark in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == mark), "{mark}: {cookie}");
    }
}

#[tokio::test]
async fn by_the_post_binding_the_browser_may_send_one_form_elsewhere() {
    let company = Company::new().await;
    company.change(|settings| settings.sso_binding = Binding::Post).await;
    let browser = company.installation.browser();
    let page = browser.get(&format!("/sign-in/sso/{}", company.provider)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&format!("action=\"{IDP}/sso\"")), "{}", page.body);
    assert!(!hidden_value(&page.body, "SAMLRequest").is_empty());
    let policies: Vec<_> = page.headers.get_all("content-security-policy").iter().collect();
    let [policy] = policies.as_slice() else { panic!("{policies:?}") };
    let policy = policy.to_str().unwrap();
    assert!(policy.contains(&format!("form-action 'self' {IDP};")), "{policy}");
    assert!(!browser.get("/sign-in").await.header("content-security-policy").contains(IDP));
}

/// Login CSRF: whoever has somebody else's answer delivered to a browser signs nobody in there.
#[tokio::test]
async fn an_answer_in_another_browser_leads_nowhere() {
    let company = Company::new().await;
    let (mallory, victim) = (company.away().await, company.installation.browser());
    let answer = company.post(company.form(&company.about(&mallory, "mallory@acme.example"))).await;
    assert_eq!(answer.place(), "/sign-in/answer");
    // One that began nothing; one that began something else.
    for browser in [victim, company.away().await.browser] {
        let answer = browser.get(&company.fetch()).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert!(answer.body.contains("begun in another browser"), "{}", answer.body);
        assert!(!is_signed_in(&browser).await);
    }
    // Nor does it lead who asked in as who was sent to answer: only the browser that brought it has its receipt.
    for place in ["/sign-in/answer", "/sign-in/answer?receipt=", "/sign-in/answer?receipt=guessed"] {
        assert_eq!(mallory.browser.get(place).await.status, StatusCode::CONFLICT, "{place}");
    }
    assert!(!is_signed_in(&mallory.browser).await);
    assert_eq!(company.sessions_of("mallory@acme.example").await.len(), 0);
    // It waits for who has both.
    assert_eq!(mallory.browser.get(&company.fetch()).await.location(), "/projects");
}

#[tokio::test]
async fn an_answer_counts_once() {
    let company = Company::new().await;
    let away = company.away().await;
    let form = company.form(&company.draft(&away));
    assert_eq!(company.post(form.clone()).await.place(), "/sign-in/answer");
    assert_eq!(company.post(form.clone()).await.location(), "/sign-in/refused", "before it was fetched");
    assert_eq!(away.browser.get(&company.fetch()).await.location(), "/projects");
    assert_eq!(company.post(form).await.location(), "/sign-in/refused", "and after it was");
    // The same assertion as an answer to another request of the same browser: signed anew by nobody.
    let second = company.send(away.browser, "/projects").await;
    let old = company.draft(&second);
    let reused = Draft { assertion_id: format!("_assertion{}", away.expectations.request_id), ..old };
    assert_eq!(company.post(company.form(&reused)).await.location(), "/sign-in/refused");
    assert_eq!(second.browser.get(&company.fetch()).await.status, StatusCode::CONFLICT);
    let events = company.events(EventType::SingleSignOnAnswered).await;
    let outcomes: Vec<_> = events.iter().map(|event| event.outcome).collect();
    assert_eq!(outcomes, [Outcome::Denied, Outcome::Denied, Outcome::Denied, Outcome::Done]);
    assert!(events[0].text.contains("used before"), "{}", events[0].text);
    assert!(events[1].text.contains("answered already"), "{}", events[1].text);
    assert_eq!(company.sessions_of("alice@acme.example").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_answers_at_once_begin_one_session() {
    let idp = SoftIdp::new(&format!("{IDP}/metadata"), KeyChoice::Rsa(2048)).unwrap();
    let company = Company::on(Installation::postgres().await, idp).await;
    for round in 1..=5 {
        let away = company.away().await;
        let form = company.form(&company.draft(&away));
        let (one, other) = tokio::join!(company.post(form.clone()), company.post(form));
        let mut places = [one.place(), other.place()];
        places.sort_unstable();
        assert_eq!(places, ["/sign-in/answer", "/sign-in/refused"], "round {round}");
        let twin = away.browser.with_header("x-twin", "1");
        let fetch = async |browser: &Browser| browser.get(&company.fetch()).await.status.as_u16();
        let (one, other) = tokio::join!(fetch(&away.browser), fetch(&twin));
        let mut statuses = [one, other];
        statuses.sort_unstable();
        assert_eq!(statuses, [302, 409], "round {round}");
        assert_eq!(company.sessions_of("alice@acme.example").await.len(), round);
    }
}

/// Whatever is wrong with what comes, whoever sent it learns nothing but that it was refused.
#[tokio::test]
async fn what_is_no_answer_is_refused_in_one_way() {
    let company = Company::new().await;
    let away = company.away().await;
    let good = field(&company.idp.respond(&company.draft(&away)).unwrap());
    let one = form(&good);
    for (what, body) in [
        ("nothing", String::new()),
        ("no field", "RelayState=x".into()),
        ("an empty field", form("")),
        ("no base64", form("<Response/>")),
        ("the field twice", format!("{one}&{one}")),
        ("another name", one.replace("SAMLResponse", "samlresponse")),
        ("no text", "SAMLResponse=%FF%FE".into()),
        (
            "a logout",
            form(&field("<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>")),
        ),
    ] {
        let answer = company.post(body).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in/refused"), "{what}");
        assert_eq!(answer.body, "", "{what}");
    }
    let page = company.installation.browser().get("/sign-in/refused").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("was not accepted"), "{}", page.body);
    // What else the identity provider sends along says nothing to us.
    let more = format!("RelayState=https%3A%2F%2Fevil.example&{one}&Signature=x");
    assert_eq!(company.come_back(&away, more).await.location(), "/projects");
}

#[tokio::test]
async fn the_address_takes_forms_of_a_length_and_nothing_else() {
    let company = Company::new().await;
    let acs = company.acs();
    let browser = cross_site(&company.installation.browser());
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = browser.send(method.clone(), &acs, None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let json = browser.with_header("content-type", "application/json");
    let answer = json.send(Method::POST, &acs, Some(("/", "{}".into()))).await;
    assert_eq!(answer.location(), "/sign-in/refused");
    let long = form(&"A".repeat(FORM_BYTES_MAX));
    assert_eq!(company.post(long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let nearly = form(&"A".repeat(FORM_BYTES_MAX - 100));
    assert_eq!(company.post(nearly).await.location(), "/sign-in/refused");
    // Another organization's address, another identity provider's, and none.
    let (organization, provider) = (company.organization.to_string(), company.provider.to_string());
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for path in [
        acs.replace(&organization, nobody),
        acs.replace(&provider, nobody),
        acs.replace(&provider, "x"),
        acs.replace(&provider, &organization),
    ] {
        for (method, path) in [(Method::POST, path.clone()), (Method::GET, path.replace("/acs", "/metadata"))]
        {
            let sent = (method == Method::POST).then(|| ("/", form("x")));
            let answer = browser.send(method, &path, sent).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

/// The address for answers takes other sites' forms because no cookie has a say there. Everything else takes none.
#[tokio::test]
async fn asvs_3_5_1_other_sites_send_forms_to_the_address_for_answers_alone() {
    let company = Company::new().await;
    let alice = company.alice().await;
    let browser = cross_site(&alice);
    for path in ["/api/sign_out", "/sign-in", "/profile/authentication/recovery-codes"] {
        let answer = browser.send(Method::POST, path, Some(("/", "a=b".into()))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    // With all cookies of somebody who is signed in, it does just what it does without them.
    let away = company.away().await;
    let form = company.form(&company.about(&away, "bob@acme.example"));
    let answer = browser.send(Method::POST, &company.acs(), Some(("/", form))).await;
    assert_eq!(answer.place(), "/sign-in/answer");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 0);
    assert_eq!(browser.get(&company.fetch()).await.status, StatusCode::CONFLICT);
    assert!(is_signed_in(&browser).await);
    assert_eq!(company.sessions_of("bob@acme.example").await.len(), 0);
}

#[tokio::test]
async fn a_trip_ends_when_its_time_is_over() {
    let company = Company::new().await;
    let (early, late) = (company.away().await, company.away().await);
    let draft = company.draft(&early);
    assert_eq!(company.post(company.form(&draft)).await.place(), "/sign-in/answer");
    company.installation.clock.advance(Duration::from_secs(601));
    let answer = early.browser.get(&company.fetch()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "nobody fetched it in time");
    let fresh = company.form(&company.draft(&late));
    assert_eq!(company.post(fresh).await.location(), "/sign-in/refused", "nobody answered it in time");
}

/// The identity provider says when its session ends: `SessionNotOnOrAfter`.
#[tokio::test]
async fn a_session_ends_when_it_ends_at_the_identity_provider() {
    let company = Company::new().await;
    let away = company.away().await;
    let mut draft = company.draft(&away);
    let end = company.now().plus(Duration::from_secs(1200)).rfc3339();
    draft.statement =
        draft.statement.replace("SessionIndex=", &format!("SessionNotOnOrAfter=\"{end}\" SessionIndex="));
    assert_eq!(company.come_back(&away, company.form(&draft)).await.location(), "/projects");
    // Uses make it no longer.
    for _ in 0..3 {
        company.installation.clock.advance(Duration::from_secs(390));
        assert!(is_signed_in(&away.browser).await);
    }
    company.installation.clock.advance(Duration::from_secs(60));
    assert!(!is_signed_in(&away.browser).await);
    let other = company.alice().await;
    company.installation.clock.advance(Duration::from_secs(1230));
    assert!(is_signed_in(&other).await, "one that was told of no end goes on");
}

/// Neither the door nor what comes back says who has an account.
#[tokio::test]
async fn the_door_leads_to_active_ones_and_says_nothing_else() {
    let company = Company::new().await;
    let browser = company.installation.browser();
    for provider in
        ["01890a5d-ac96-774b-bcce-b302099a8057".to_owned(), company.organization.to_string(), "x".into()]
    {
        let answer = browser.get(&format!("/sign-in/sso/{provider}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{provider}");
        assert!(browser.cookie(CEREMONY_COOKIE).is_none());
    }
    // Somebody who is there, and somebody who is not, of a domain that leads here and of one that does not.
    company.alice().await;
    let door = format!("/sign-in/sso/{}", company.provider);
    for (email, leads) in [
        ("alice@acme.example", true),
        ("nobody@acme.example", true),
        (EMAIL, false),
        ("nobody@example.org", false),
    ] {
        let page = browser.post("/sign-in", "/sign-in", &[("email", email)]).await;
        assert_eq!(page.body.contains(&door), leads, "{email}: {}", page.body);
    }
    // Where somebody goes on is the console's own.
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let away = company.send(company.installation.browser(), next).await;
        let answer = company.come_back(&away, company.form(&company.draft(&away))).await;
        assert_eq!(answer.location(), "/projects", "{next}");
    }
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
}

/// What nobody asked for costs its sender nothing: of one network, only so many refusals are put on record. Whoever signs in from
/// there meanwhile gets in.
#[tokio::test]
async fn refusals_of_one_network_fill_no_log_and_keep_nobody_out() {
    let company = Company::new().await;
    let away = company.away().await;
    for _ in 0..50 {
        let answer = company.post_from(&away.browser, form("nothing")).await;
        assert_eq!(answer.location(), "/sign-in/refused");
    }
    let on_record = company.events(EventType::SingleSignOnAnswered).await.len();
    assert_eq!(on_record, 21, "twenty, and the one that begins to wait");
    let answer = company.post_from(&away.browser, company.form(&company.draft(&away))).await;
    assert_eq!(answer.place(), "/sign-in/answer");
    assert_eq!(away.browser.get(&company.fetch()).await.location(), "/projects");
    let mut elsewhere = company.installation.browser();
    elsewhere.address = [198, 51, 100, 7].into();
    company.post_from(&elsewhere, form("nothing")).await;
    assert!(company.events(EventType::SingleSignOnAnswered).await.len() > on_record + 1);
}

/// Who shows once more who they are at their identity provider gets the form back that came too early; so does whoever's session
/// had ended.
#[tokio::test]
async fn a_form_waits_for_who_comes_back_from_the_identity_provider() {
    let company = Company::new().await;
    let page = "/profile/tokens/new";
    let create = [("description", "Deploys at night")];
    let alice = company.alice().await;
    company.installation.clock.advance(Duration::from_secs(11 * 60));
    let gate = alice.post(page, page, &create).await.location().to_owned();
    let shown = alice.get(&gate).await.body;
    assert!(shown.contains("Confirm with") && alice.cookie(HELD_BACK_COOKIE).is_some(), "{shown}");
    let door = format!("/step-up/sso/{}?next=%2Fprofile%2Ftokens%2Fnew", company.provider);
    let request = carried(&alice.get(&door).await.leads_to()).unwrap();
    let away = Away { browser: alice, expectations: company.expectations(said(&request, "ID").unwrap()) };
    assert_eq!(company.come_back(&away, company.form(&company.draft(&away))).await.location(), page);
    let form = away.browser.get(page).await.body;
    assert!(form.contains("Deploys at night"), "{form}");
    assert!(away.browser.cookie(HELD_BACK_COOKIE).is_none(), "it is unpacked");
    assert!(!away.browser.get(page).await.body.contains("Deploys at night"), "once");

    // The session is over: the form waits at the sign-in as well.
    company.installation.clock.advance(Duration::from_secs(2 * 3600));
    let gate = away.browser.post(page, page, &create).await.location().to_owned();
    assert!(gate.starts_with("/sign-in"), "{gate}");
    let step = away.browser.get(&gate).await.body;
    let held_back = hidden_value(&step, "held_back");
    assert!(!held_back.is_empty());
    let fields = [("email", "alice@acme.example"), ("next", page), ("held_back", &held_back)];
    let step = away.browser.post(&gate, &gate, &fields).await.body;
    assert!(step.contains("Continue with"), "{step}");
    assert!(away.browser.cookie(HELD_BACK_COOKIE).is_some());
    let away = company.send(away.browser, page).await;
    assert_eq!(company.come_back(&away, company.form(&company.draft(&away))).await.location(), page);
    let form = away.browser.get(page).await.body;
    assert!(form.contains("Deploys at night"), "{form}");
}

/// What somebody entered is theirs: whoever signs in next in the same browser does not see it, by whatever way they come.
#[tokio::test]
async fn a_form_does_not_wait_for_somebody_else() {
    let company = Company::new().await;
    let page = "/profile/tokens/new";
    let create = [("description", "Deploys at night")];
    company.bea().await;
    let browser = company.installation.browser();
    let held_back = async || {
        company.installation.clock.advance(Duration::from_secs(2 * 3600));
        let gate = browser.post(page, page, &create).await.location().to_owned();
        hidden_value(&browser.get(&gate).await.body, "held_back")
    };
    for (email, is_shown) in [(EMAIL, true), (BEA, false)] {
        assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
        let sealed = held_back().await;
        assert!(!sealed.is_empty());
        let fields = [("email", email), ("password", PASSWORD), ("next", page), ("held_back", &sealed)];
        assert_eq!(browser.post("/sign-in", "/api/sign_in", &fields).await.location(), page);
        let form = browser.get(page).await.body;
        assert_eq!(form.contains("Deploys at night"), is_shown, "{email}: {form}");
    }
    // By the identity provider alike.
    let sealed = held_back().await;
    let fields = [("email", "alice@acme.example"), ("next", page), ("held_back", sealed.as_str())];
    browser.post("/sign-in", "/sign-in", &fields).await;
    assert!(browser.cookie(HELD_BACK_COOKIE).is_some());
    let away = company.send(browser, page).await;
    assert_eq!(company.come_back(&away, company.form(&company.draft(&away))).await.location(), page);
    assert!(!away.browser.get(page).await.body.contains("Deploys at night"));
    assert!(away.browser.cookie(HELD_BACK_COOKIE).is_none(), "it is thrown away");
}

/// Whoever links their account is told that it is done, and had no redirect that a form may not follow.
#[tokio::test]
async fn who_links_their_account_is_told_so() {
    let company = Company::new().await;
    let ann = company.installation.browser();
    ann.sign_in(EMAIL, PASSWORD).await;
    let link = format!("/profile/authentication/identity-providers/{}/link", company.provider);
    let request = carried(&ann.get(&link).await.leads_to()).unwrap();
    let away = Away { browser: ann, expectations: company.expectations(said(&request, "ID").unwrap()) };
    let back = company.come_back(&away, company.form(&company.draft(&away))).await;
    assert_eq!(back.location(), "/profile/authentication");
    let page = away.browser.get("/profile/authentication").await.body;
    assert!(page.contains("Your account is linked"), "{page}");
}
