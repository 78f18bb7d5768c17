//! An organization with an identity provider of software, and browsers on their way to it and back. Checks nothing itself.

use std::sync::Mutex;

use axum::http::Method;
use control::{
    identity_providers::{self, Change},
    sessions::SessionRow,
};
use domain::{
    domains::{DomainState, DomainVerification},
    events::EventType,
    identity_providers::{ProviderProtocol, ProviderState, SamlSettings},
    ids::{DomainId, IdentityProviderId, OrganizationId},
    timestamps::Timestamp,
};
use identity::saml::{
    certificates::Certificate,
    testing::{
        Draft, KeyChoice, SoftIdp, attribute,
        browsers::{carried, said},
        field,
    },
    verifications::Expectations,
};
use store::{
    domains::Domain,
    events::{Event, EventFilter},
};
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    api::callers::{Person, owner},
    installation::{Answer, Browser, Installation},
};

/// Where the identity provider is.
pub(super) const IDP: &str = "https://idp.acme.example";

/// An organization whose people sign in with an identity provider.
pub(super) struct Company {
    pub(super) installation: Installation,
    /// Its super admin.
    pub(super) ann: Person,
    pub(super) organization: OrganizationId,
    pub(super) idp: SoftIdp,
    pub(super) provider: IdentityProviderId,
    pub(super) domain: DomainId,
    /// Where the browser was led that brought the last answer.
    led_to: Mutex<String>,
}

/// A browser that was sent to the identity provider.
pub(super) struct Away {
    pub(super) browser: Browser,
    /// What the answer has to fit.
    pub(super) expectations: Expectations,
}

impl Company {
    pub(super) async fn new() -> Self {
        let idp = SoftIdp::new(&format!("{IDP}/metadata"), KeyChoice::Rsa(2048)).unwrap();
        Self::on(Installation::new().await, idp).await
    }

    pub(super) async fn on(installation: Installation, idp: SoftIdp) -> Self {
        let (ann, organization) = owner(&installation).await;
        let domain = verified(&installation, organization).await;
        let made =
            identity_providers::create(&ann.ctx, organization, "Acme IdP", ProviderProtocol::Saml, "other")
                .await
                .unwrap();
        let settings = SamlSettings {
            entity_id: idp.entity_id.clone(),
            sso_url: format!("{IDP}/sso"),
            certificates: vec![Certificate::from_der(idp.keys.certificate.clone()).unwrap().pem()],
            ..made.settings.saml().unwrap().clone()
        };
        let settings = settings.into();
        let change = Change { name: "Acme IdP".into(), settings, secret: None, domains: vec![domain] };
        let (id, generation) = (made.row.id, made.row.generation);
        identity_providers::edit(&ann.ctx, organization, id, generation, change).await.unwrap();
        identity_providers::set_state(&ann.ctx, organization, id, ProviderState::Active).await.unwrap();
        Self { installation, ann, organization, idp, provider: id, domain, led_to: Mutex::default() }
    }

    /// Changes the settings.
    pub(super) async fn change(&self, change: impl FnOnce(&mut SamlSettings)) {
        let view = identity_providers::view(&self.ann.ctx, self.organization, self.provider).await.unwrap();
        let mut settings = view.settings.saml().unwrap().clone();
        change(&mut settings);
        let settings = settings.into();
        let change = Change { name: view.row.name, settings, secret: None, domains: vec![self.domain] };
        let (organization, generation) = (self.organization, view.row.generation);
        identity_providers::edit(&self.ann.ctx, organization, self.provider, generation, change)
            .await
            .unwrap();
    }

    pub(super) fn now(&self) -> Timestamp {
        self.installation.control.session_rows().now()
    }

    fn base(&self) -> String {
        format!("/v1/sso/saml/account/{}/method/{}", self.organization, self.provider)
    }

    pub(super) fn acs(&self) -> String {
        format!("{}/acs", self.base())
    }

    pub(super) fn metadata(&self) -> String {
        format!("{}/metadata", self.base())
    }

    /// What an answer to that request has to fit.
    pub(super) fn expectations(&self, request_id: String) -> Expectations {
        Expectations {
            acs_url: format!("http://localhost:8080{}", self.acs()),
            audience: format!("http://localhost:8080{}", self.metadata()),
            request_id,
        }
    }

    /// Sends a browser away, which then wants to go on at `next`.
    pub(super) async fn send(&self, browser: Browser, next: &str) -> Away {
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let answer = browser.get(&format!("/sign-in/sso/{}?next={next}", self.provider)).await;
        let request = carried(&answer.leads_to()).unwrap();
        let expectations = self.expectations(said(&request, "ID").unwrap());
        Away { browser, expectations }
    }

    /// A new browser, sent away.
    pub(super) async fn away(&self) -> Away {
        self.send(self.installation.browser(), "/projects").await
    }

    /// The answer about alice, in parts. The assertion has an ID of its own, as those of real ones have.
    pub(super) fn draft(&self, away: &Away) -> Draft {
        let draft = Draft::new(&self.idp.entity_id, &away.expectations, self.now());
        Draft { assertion_id: format!("_assertion{}", away.expectations.request_id), ..draft }
    }

    /// The same about somebody else.
    pub(super) fn about(&self, away: &Away, email: &str) -> Draft {
        let mut draft = self.draft(away);
        draft.subject = draft.subject.replace("alice@acme.example", email);
        let email = attribute("email", &[email]);
        draft.attributes = format!("<saml:AttributeStatement>{email}</saml:AttributeStatement>");
        draft
    }

    /// The form with which a draft comes, as it is written by an identity provider that signs assertions.
    pub(super) fn form(&self, draft: &Draft) -> String {
        form(&field(&self.idp.respond(draft).unwrap()))
    }

    /// What a browser gets that the identity provider has send this form: no cookie comes along, as they are `SameSite=Lax`.
    pub(super) async fn post(&self, form: String) -> Answer {
        self.post_from(&self.installation.browser(), form).await
    }

    /// The same from the network of that browser.
    pub(super) async fn post_from(&self, browser: &Browser, form: String) -> Answer {
        let mut sender = cross_site(&self.installation.browser());
        sender.address = browser.address;
        let answer = sender.send(Method::POST, &self.acs(), Some(("/", form))).await;
        if answer.place() == "/sign-in/answer" {
            *self.led_to.lock().unwrap() = answer.location().to_owned();
        }
        answer
    }

    /// Where the browser was led that brought the last answer.
    pub(super) fn fetch(&self) -> String {
        self.led_to.lock().unwrap().clone()
    }

    /// Has the browser come back with the answer, and goes on to where it begins a session or is told why not.
    pub(super) async fn come_back(&self, away: &Away, form: String) -> Answer {
        assert_eq!(self.post(form).await.place(), "/sign-in/answer");
        away.browser.get(&self.fetch()).await
    }

    /// A browser in which alice is signed in.
    pub(super) async fn alice(&self) -> Browser {
        let away = self.away().await;
        let answer = self.come_back(&away, self.form(&self.draft(&away))).await;
        assert_eq!(answer.location(), "/projects", "{}", answer.body);
        away.browser
    }

    /// What is on record of this type in the organization, the newest first.
    pub(super) async fn events(&self, event_type: EventType) -> Vec<Event> {
        let filter = EventFilter { event_type: Some(event_type), ..EventFilter::default() };
        let mut tx = self.installation.store.read().await.unwrap();
        store::events::list_for_organization(&mut tx, Some(self.organization), &filter, None, 100)
            .await
            .unwrap()
    }

    /// The sessions of the person with that address.
    pub(super) async fn sessions_of(&self, email: &str) -> Vec<SessionRow> {
        let mut tx = self.installation.store.read().await.unwrap();
        let Some(user) = store::users::find_by_email(&mut tx, email).await.unwrap() else {
            return Vec::new();
        };
        store::sessions::list_for_user(&mut tx, user.id, self.now(), 100).await.unwrap()
    }
}

/// The form that carries a field.
pub(super) fn form(field: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("SAMLResponse", field).finish()
}

/// The browser as it is while another site has it send a form here.
pub(super) fn cross_site(browser: &Browser) -> Browser {
    browser
        .with_header("sec-fetch-site", "cross-site")
        .with_header("origin", IDP)
        .with_header("referer", "https://idp.acme.example/")
}

pub(super) async fn verified(installation: &Installation, organization: OrganizationId) -> DomainId {
    let (id, now) = (DomainId::from_uuid(Uuid::from_u128(0xd0)), installation.control.session_rows().now());
    let domain = Domain {
        id,
        organization_id: organization,
        name: "acme.example".into(),
        verification: DomainVerification::Dns,
        challenge_token: "x".into(),
        state: DomainState::Verified,
        state_since: now,
        created_at: now,
        verified_at: Some(now),
        checked_at: None,
        next_check_at: None,
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    };
    let mut tx = installation.store.write().await.unwrap();
    assert!(store::domains::add(&mut tx, &domain).await.unwrap());
    tx.commit().await.unwrap();
    id
}
