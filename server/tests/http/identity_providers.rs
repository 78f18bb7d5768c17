//! Setting an identity provider up in the console: what is filled in, what is refused and kept, and what is asked first, as a browser
//! without script does it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use identity::saml::{
    certificates::Certificate,
    testing::{KeyChoice, SoftIdp},
};

use crate::{
    api::callers::owners_program,
    installation::{Answer, Browser, Installation, hidden_value},
};

/// A browser at the page of a draft.
struct Desk {
    installation: Installation,
    browser: Browser,
    list: String,
    page: String,
}

impl Desk {
    async fn new() -> Self {
        let installation = Installation::new().await;
        let browser = installation.signed_in().await;
        let organization = browser.organization().await;
        let list = format!("/organizations/{organization}/identity-providers");
        let body = browser.get(&list).await.body;
        assert!(body.contains("No identity provider yet"), "{body}");
        let fields = [("organization", organization.as_str()), ("name", "Acme Okta"), ("preset", "okta")];
        let answer = browser.post(&list, "/api/identity_providers/create", &fields).await;
        let page = answer.location().to_owned();
        assert!(page.starts_with(&format!("{list}/")), "{page}");
        Self { installation, browser, list, page }
    }

    /// The fields of the page as a browser would send them, with these instead.
    async fn send(&self, instead: &[(&str, &str)]) -> Answer {
        let shown = self.browser.get(&self.page).await.body;
        let generation = hidden_value(&shown, "generation");
        let mut fields = vec![
            ("generation", generation.as_str()),
            ("name", "Acme Okta"),
            ("preset", "okta"),
            ("sso_binding", "redirect"),
            ("signature_algorithm", "rsa-sha256"),
            ("second_factor", "asserted"),
            ("assertion_signed", "true"),
            ("requests_signed", "true"),
            ("creates_members", "true"),
            ("mapping.email", "email"),
            ("do", "save"),
        ];
        fields.retain(|(name, _)| !instead.iter().any(|(other, _)| other == name));
        fields.extend_from_slice(instead);
        self.browser.post(&self.page, &self.page, &fields).await
    }
}

pub(crate) fn certificate() -> String {
    let idp = SoftIdp::new("https://idp.example", KeyChoice::Rsa(2048)).unwrap();
    Certificate::from_der(idp.keys.certificate).unwrap().pem()
}

pub(crate) fn descriptor(entity: &str, pem: &str) -> String {
    let base64: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity}\"><IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><KeyDescriptor use=\"signing\"><KeyInfo \
         xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{base64}</X509Certificate></X509Data></KeyInfo>\
         </KeyDescriptor><SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{entity}/sso\"/></IDPSSODescriptor></EntityDescriptor>"
    )
}

#[tokio::test]
async fn metadata_fills_the_form_in_and_nothing_is_saved_before_it_is_sent() {
    let desk = Desk::new().await;
    let shown = desk.browser.get(&desk.page).await.body;
    for said in [
        "Audience URI (SP Entity ID)",
        "/metadata",
        "/acs",
        "It cannot be tested yet",
        "It cannot be switched on yet",
    ] {
        assert!(shown.contains(said), "{said}");
    }
    let pem = certificate();
    let answer = desk
        .send(&[("do", "import"), ("metadata", &descriptor("https://idp.example", &pem)), ("name", "Typed")])
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(
        answer.body.contains("filled in from the metadata") && answer.body.contains("value=\"Typed\""),
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("value=\"https://idp.example/sso\"") && answer.body.contains("RSA 2048"),
        "{}",
        answer.body
    );
    let shown = desk.browser.get(&desk.page).await.body;
    assert!(!shown.contains("https://idp.example/sso"), "nothing is saved yet");

    let saved = desk
        .send(&[
            ("entity_id", "https://idp.example"),
            ("sso_url", "https://idp.example/sso"),
            ("certificate", &pem),
        ])
        .await;
    assert_eq!(saved.location(), desk.page, "{}", saved.body);
    let shown = desk.browser.get(&desk.page).await.body;
    assert!(shown.contains("Test it now") && shown.contains("Switch it on…"), "{shown}");
    let test = desk.browser.get(&format!("{}/test", desk.page)).await;
    assert!(test.leads_to().starts_with("https://idp.example/sso?SAMLRequest="), "{}", test.body);
}

#[tokio::test]
async fn metadata_from_two_places_is_read_from_neither() {
    let desk = Desk::new().await;
    let document = descriptor("https://one.example", &certificate());
    let address = "https://idp.example/metadata";
    let answer = desk.send(&[("do", "import"), ("metadata_url", address), ("metadata", &document)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(answer.body.contains("Metadata is pasted or chosen below as well."), "{}", answer.body);
    assert!(answer.body.contains(address) && answer.body.contains("https://one.example"), "{}", answer.body);
}

#[tokio::test]
async fn several_in_one_file_are_named_and_nothing_that_was_typed_is_lost() {
    let desk = Desk::new().await;
    let pem = certificate();
    let both = format!(
        "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}{}</EntitiesDescriptor>",
        descriptor("https://one.example", &pem),
        descriptor("https://two.example", &pem)
    );
    let answer = desk
        .send(&[("do", "import"), ("metadata_file", &both), ("slo_url", "https://kept.example/slo")])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.body.contains("Choose one by its entity id: https://one.example, https://two.example")
            && answer.body.contains("id=\"identity-provider-metadata_entity_id-error\""),
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("https://kept.example/slo") && answer.body.contains("&lt;EntitiesDescriptor"),
        "{}",
        answer.body
    );
    let chosen = desk
        .send(&[("do", "import"), ("metadata", &both), ("metadata_entity_id", "https://two.example")])
        .await;
    assert!(chosen.body.contains("value=\"https://two.example/sso\""), "{}", chosen.body);
    for (field, wrong, named) in [
        ("metadata", "<!DOCTYPE x []><x/>", "metadata"),
        ("metadata_file", "<html/>", "metadata_file"),
        ("metadata", "no XML", "metadata"),
        ("metadata", "", "metadata_url"),
        ("metadata_url", "ftp://idp.example", "metadata_url"),
    ] {
        let answer =
            desk.send(&[("do", "import"), (field, wrong), ("slo_url", "https://kept.example/slo")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        let id = format!("id=\"identity-provider-{named}-error\"");
        assert!(answer.body.contains(&id), "{wrong}: {}", answer.body);
        assert!(!answer.body.contains("alert-bad"), "{wrong} is said twice: {}", answer.body);
        assert!(answer.body.contains("https://kept.example/slo"), "{wrong}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_on_its_field_and_the_rest_stays() {
    let desk = Desk::new().await;
    for (field, value) in [
        ("name", ""),
        ("sso_url", "http://idp.example"),
        ("sso_url", "https://idp.example/sso#top"),
        ("entity_id", "https://idp.example/a b"),
        ("certificate", "no certificate"),
        ("next_certificate", "no certificate"),
        ("signature_algorithm", "rsa-sha1"),
        ("session_seconds", "5"),
        ("second_factor", "sometimes"),
    ] {
        let answer = desk.send(&[(field, value), ("slo_url", "https://kept.example/slo")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(
            answer.body.contains(&format!("id=\"identity-provider-{field}-error\"")),
            "{field}: {}",
            answer.body
        );
        assert!(answer.body.contains("https://kept.example/slo"), "{field}");
    }
    // A switch that was turned off stays off.
    let answer = desk.send(&[("name", ""), ("assertion_signed", "")]).await;
    let at = answer.body.find("name=\"response_signed\"").unwrap();
    assert!(!answer.body[at..at + 60].contains("checked"), "{}", &answer.body[at..at + 60]);
}

#[tokio::test]
async fn who_was_overtaken_keeps_what_they_typed_and_sends_it_again() {
    let desk = Desk::new().await;
    let saved = desk.send(&[("entity_id", "https://theirs.example")]).await;
    assert_eq!(saved.location(), desk.page);
    let answer = desk.send(&[("entity_id", "https://mine.example"), ("generation", "1")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("save it again to overwrite theirs"), "{}", answer.body);
    assert!(answer.body.contains("value=\"https://mine.example\""), "{}", answer.body);
    assert_eq!(hidden_value(&answer.body, "generation"), "2");
}

#[tokio::test]
async fn a_certificate_is_not_lost_while_somebody_shows_who_they_are() {
    let desk = Desk::new().await;
    let (pem, next) = (certificate(), certificate());
    let whole = [
        ("entity_id", "https://idp.example"),
        ("sso_url", "https://idp.example/sso"),
        ("certificate", pem.as_str()),
    ];
    desk.send(&whole).await;
    let mut ids = desk.page.split('/').skip(2).step_by(2);
    let (organization, provider) = (ids.next().unwrap(), ids.next().unwrap());
    let fields = [("organization", organization), ("provider", provider), ("state", "active")];
    desk.browser.post(&desk.page, "/api/identity_providers/set_state", &fields).await;
    assert!(desk.browser.get(&desk.page).await.body.contains("People sign in with it."));
    // Longer than a proof counts.
    desk.installation.clock.advance(Duration::from_secs(11 * 60));
    let with_next = [whole.as_slice(), &[("next_certificate", next.as_str())]].concat();
    let answer = desk.send(&with_next).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(answer.body.contains("Confirm it in a new tab"), "{}", answer.body);
    let line = next.lines().nth(3).unwrap();
    assert!(answer.body.contains(line), "{}", answer.body);
    // What is short goes along to the question, and what is stored is there again afterwards.
    let renamed = [whole.as_slice(), &[("name", "Acme renamed")]].concat();
    let answer = desk.send(&renamed).await;
    assert!(answer.location().starts_with("/step-up?next="), "{}", answer.location());
}

#[tokio::test]
async fn groups_have_as_many_rows_as_somebody_needs_without_script() {
    let desk = Desk::new().await;
    let organization = desk.list.split('/').nth(2).unwrap().to_owned();
    let fields = [("organization", organization.as_str()), ("name", "Developers"), ("description", "")];
    let made = desk.browser.post(&desk.list, "/api/groups/create", &fields).await;
    let group = made.location().rsplit('/').next().unwrap().to_owned();
    let answer = desk.send(&[("do", "rows"), ("rows", "3"), ("value_0", "dev")]).await;
    assert!(
        answer.body.contains("name=\"value_5\"") && answer.body.contains("value=\"dev\""),
        "{}",
        answer.body
    );
    let half = desk.send(&[("rows", "6"), ("value_5", "ops"), ("mapping.groups", "groups")]).await;
    assert_eq!(half.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        half.body.contains("id=\"identity-provider-group_5-error\"") && half.body.contains("value=\"ops\"")
    );
    let saved = desk
        .send(&[("rows", "6"), ("value_5", "ops"), ("group_5", &group), ("mapping.groups", "groups")])
        .await;
    assert_eq!(saved.location(), desk.page, "{}", saved.body);
    let shown = desk.browser.get(&desk.page).await.body;
    assert!(shown.contains("value=\"ops\"") && shown.contains("name=\"value_3\""), "{shown}");
}

#[tokio::test]
async fn a_product_fills_in_what_it_sends() {
    let desk = Desk::new().await;
    let answer =
        desk.send(&[("do", "preset"), ("preset", "onelogin"), ("sso_url", "https://kept.example/sso")]).await;
    assert!(
        answer.body.contains("value=\"memberOf\"") && answer.body.contains("https://kept.example/sso"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn removing_asks_for_the_name_and_keys_are_changed_in_their_order() {
    let desk = Desk::new().await;
    let mut ids = desk.page.split('/').skip(2).step_by(2).map(str::to_owned);
    let (organization, provider) = (ids.next().unwrap(), ids.next().unwrap());
    let fields = vec![("organization", organization.as_str()), ("provider", provider.as_str())];
    desk.browser.post(&desk.page, "/api/identity_providers/add_key", &fields).await;
    let shown = desk.browser.get(&desk.page).await.body;
    assert!(shown.contains("Our next certificate") && shown.contains("given out, does not sign"), "{shown}");
    let key = hidden_value(&shown, "key");
    let of_key = [fields.clone(), vec![("key", key.as_str())]].concat();
    desk.browser.post(&desk.page, "/api/identity_providers/use_key", &of_key).await;
    let shown = desk.browser.get(&desk.page).await.body;
    let old = hidden_value(&shown, "key");
    assert_ne!(old, key);
    let of_key = [fields.clone(), vec![("key", old.as_str())]].concat();
    desk.browser.post(&desk.page, "/api/identity_providers/remove_key", &of_key).await;
    assert!(!desk.browser.get(&desk.page).await.body.contains("given out, does not sign"));

    let wrong = [fields.clone(), vec![("confirmation", "acme")]].concat();
    let answer = desk.browser.post(&desk.page, "/api/identity_providers/remove", &wrong).await;
    let body = desk.browser.follow(answer).await.body;
    assert!(body.contains("Type the name, Acme Okta, to remove it."), "{body}");
    let right = [fields, vec![("confirmation", "Acme Okta")]].concat();
    let answer = desk.browser.post(&desk.page, "/api/identity_providers/remove", &right).await;
    assert_eq!(answer.location(), desk.list);
    assert_eq!(desk.browser.get(&desk.page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_api_sets_an_identity_provider_up() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}/identity-providers");
    let made =
        program.post(&base, serde_json::json!({ "name": "Acme", "product": "keycloak" })).await.with(201);
    let path = format!("{base}/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["state"], &made["settings"]["preset"]), (&"draft".into(), &"keycloak".into()));
    let refused =
        program.post(&base, serde_json::json!({ "name": "Other", "product": "abacus" })).await.with(422);
    assert_eq!(refused["errors"][0]["field"], "product");
    let metadata = descriptor("https://idp.example", &certificate());
    let body = serde_json::json!({ "metadata": metadata, "generation": made["generation"] });
    let read = program.post(&format!("{path}/metadata"), body.clone()).await.with(200);
    assert_eq!(read["settings"]["sso_url"], "https://idp.example/sso");
    program.post(&format!("{path}/metadata"), body).await.with(409);
    let state = Some(serde_json::json!({ "state": "active" }).to_string());
    let on = program.send(Method::PUT, &format!("{path}/state"), state).await.with(200);
    assert_eq!(on["state"], "active");
    let list = program.get(&base).await.with(200);
    assert_eq!((&list["total"], &list["identity_providers"][0]["name"]), (&1.into(), &"Acme".into()));
}

/// Settings of OpenID Connect as a program sends them.
fn openid_settings() -> serde_json::Value {
    serde_json::json!({ "protocol": "oidc", "preset": "keycloak", "issuer": "https://op.example", "client_id": "redoubt" })
}

#[tokio::test]
async fn the_api_sets_an_openid_provider_up_and_shows_its_secret_to_nobody() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}/identity-providers");
    let body = serde_json::json!({ "name": "Acme", "protocol": "oidc", "product": "keycloak" });
    let made = program.post(&base, body).await.with(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("{base}/{id}");
    assert_eq!((&made["settings"]["protocol"], &made["has_secret"]), (&"oidc".into(), &false.into()));
    let callback = format!("http://localhost:8080/v1/sso/oidc/account/{organization}/method/{id}/callback");
    assert_eq!(made["addresses"]["callback"], callback);
    assert_eq!(made["missing"], serde_json::json!(["the issuer", "the client id", "the client secret"]));

    let mut change = serde_json::json!({
        "name": "Acme", "settings": openid_settings(), "client_secret": "hushhush", "domains": [], "generation": 1,
    });
    let set = program.send(Method::PUT, &path, Some(change.to_string())).await.with(200);
    assert_eq!((&set["has_secret"], &set["missing"]), (&true.into(), &serde_json::json!([])));
    assert!(
        !set.to_string().contains("hushhush")
            && !program.get(&path).await.with(200).to_string().contains("hushhush")
    );
    // It keeps its protocol, and has no metadata and no keys of ours.
    change["generation"] = 2.into();
    change["settings"] = serde_json::json!({ "protocol": "saml" });
    change.as_object_mut().unwrap().remove("client_secret");
    let refused = program.send(Method::PUT, &path, Some(change.to_string())).await.with(422);
    assert_eq!(refused["errors"][0]["field"], "protocol");
    change["settings"] = serde_json::json!({ "protocol": "oidc", "issuer": "http://op.example" });
    let refused = program.send(Method::PUT, &path, Some(change.to_string())).await.with(422);
    assert_eq!(refused["errors"][0]["field"], "issuer");
    let metadata = serde_json::json!({ "metadata": "<x/>", "generation": 2 });
    program.post(&format!("{path}/metadata"), metadata).await.with(409);
    program.send(Method::POST, &format!("{path}/keys"), None).await.with(409);
    let state = Some(serde_json::json!({ "state": "active" }).to_string());
    assert_eq!(program.send(Method::PUT, &format!("{path}/state"), state).await.with(200)["state"], "active");
    let events = program.get(&format!("/v1/organizations/{organization}/events")).await.with(200);
    assert!(!events.to_string().contains("hushhush"));
}

#[tokio::test]
async fn a_form_of_openid_connect_never_shows_the_secret_again() {
    let installation = Installation::new().await;
    let browser = installation.signed_in().await;
    let organization = browser.organization().await;
    let list = format!("/organizations/{organization}/identity-providers");
    let fields = [
        ("organization", organization.as_str()),
        ("name", "Acme OP"),
        ("protocol", "oidc"),
        ("preset", "okta"),
    ];
    let answer = browser.post(&list, "/api/identity_providers/create", &fields).await;
    let page = answer.location().to_owned();
    let shown = browser.get(&page).await.body;
    assert!(shown.contains("Sign-in redirect URI") && shown.contains("/callback"), "{shown}");
    assert!(!shown.contains("Our keys") && !shown.contains("Read the metadata"), "{shown}");
    let send = async |issuer: &str| {
        let shown = browser.get(&page).await.body;
        let generation = hidden_value(&shown, "generation");
        let fields = [
            ("generation", generation.as_str()),
            ("name", "Acme OP"),
            ("preset", "okta"),
            ("issuer", issuer),
            ("client_id", "redoubt"),
            ("client_secret", "hushhush"),
            ("token_auth", "client_secret_basic"),
            ("scopes", "openid email"),
            ("algorithms", "RS256 ES256"),
            ("second_factor", "asserted"),
            ("mapping.email", "email"),
            ("do", "save"),
        ];
        browser.post(&page, &page, &fields).await
    };
    let refused = send("ftp://op.example").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Enter the issuer to the letter"), "{}", refused.body);
    assert!(!refused.body.contains("hushhush"), "{}", refused.body);
    let refused = send("https://acme.okta.com/.well-known/openid-configuration").await;
    assert!(refused.body.contains("the issuer is what stands before it"), "{}", refused.body);
    assert_eq!(send("https://acme.okta.com").await.location(), page);
    let shown = browser.get(&page).await.body;
    assert!(shown.contains("a secret is stored") && shown.contains("https://acme.okta.com"), "{shown}");
    assert!(!shown.contains("hushhush") && shown.contains("Test it now"), "{shown}");
}
