//! Signing in with an identity provider: who gets in, who does not, and what is on record.

mod provider_settings;
mod test_reports;

use std::{sync::Mutex, time::Duration};

use control::{
    Context, groups,
    identity_providers::{self, Change},
    scim,
    single_sign_on::{self, Finished, Received, Way},
};
use domain::{
    domains::{DomainState, DomainVerification},
    errors::Error,
    events::EventType,
    identity_providers::{MappedGroup, ProviderProtocol, ProviderState, SamlSettings, SecondFactorRule},
    ids::{DomainId, GroupId, IdentityProviderId, OrganizationId},
    secrets::Secret,
    sign_ins::{FactorKind, SignInMethod},
    states::Outcome,
    views::ProviderView,
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
use store::domains::Domain;

use crate::world::World;

/// An organization with an identity provider that people of `acme.example` sign in with.
struct Company {
    world: World,
    organization: OrganizationId,
    idp: SoftIdp,
    provider: IdentityProviderId,
    domain: DomainId,
    receipt: Mutex<Option<Secret>>,
}

/// A browser that was sent to the identity provider.
struct Away {
    ceremony: Secret,
    expectations: Expectations,
}

impl Company {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings changed by the test.
    async fn with(change: impl FnOnce(&mut SamlSettings)) -> Self {
        let world = World::new().await;
        let organization = world.organization;
        let domain = verified(&world, organization, "acme.example").await;
        let idp = SoftIdp::new("https://idp.acme.example", KeyChoice::Rsa(2048)).unwrap();
        let ctx = world.ctx();
        let made =
            identity_providers::create(&ctx, organization, "Acme IdP", ProviderProtocol::Saml, "other")
                .await
                .unwrap();
        let mut settings = settings(&idp, &made);
        change(&mut settings);
        let settings = settings.into();
        let change = Change { name: "Acme IdP".into(), settings, secret: None, domains: vec![domain] };
        let id = made.row.id;
        identity_providers::edit(&ctx, organization, id, made.row.generation, change).await.unwrap();
        identity_providers::set_state(&ctx, organization, id, ProviderState::Active).await.unwrap();
        Self { world, organization, idp, provider: id, domain, receipt: Mutex::default() }
    }

    async fn change(&self, change: impl FnOnce(&mut SamlSettings)) -> Result<ProviderView, Error> {
        let ctx = self.world.ctx();
        let view = identity_providers::view(&ctx, self.organization, self.provider).await.unwrap();
        let mut settings = view.settings.saml().unwrap().clone();
        change(&mut settings);
        let settings = settings.into();
        let change = Change { name: view.row.name, settings, secret: None, domains: vec![self.domain] };
        identity_providers::edit(&ctx, self.organization, self.provider, view.row.generation, change).await
    }

    fn away(&self, way: &Way, ceremony: Secret) -> Away {
        let Way::Redirect(address) = way else { panic!("a form") };
        let request = carried(address).unwrap();
        let base = format!(
            "http://localhost:8080/v1/sso/saml/account/{}/method/{}",
            self.organization, self.provider
        );
        let expectations = Expectations {
            acs_url: format!("{base}/acs"),
            audience: format!("{base}/metadata"),
            request_id: said(&request, "ID").unwrap(),
        };
        Away { ceremony, expectations }
    }

    async fn send(&self) -> Away {
        let begun =
            single_sign_on::begin(&self.world.nobody(), self.provider, "/projects/shop").await.unwrap();
        self.away(&begun.shown, begun.ceremony)
    }

    fn draft(&self, away: &Away) -> Draft {
        let draft = Draft::new(&self.idp.entity_id, &away.expectations, self.world.now());
        Draft { assertion_id: format!("_assertion{}", away.expectations.request_id), ..draft }
    }

    /// About somebody else than alice.
    fn about(&self, away: &Away, email: &str, groups: &[&str]) -> Draft {
        let mut draft = self.draft(away);
        draft.subject = draft.subject.replace("alice@acme.example", email);
        draft.attributes = format!(
            "<saml:AttributeStatement>{}{}</saml:AttributeStatement>",
            attribute("email", &[email]),
            attribute("groups", groups)
        );
        draft
    }

    async fn receive(&self, draft: &Draft) -> Result<Received, Error> {
        let response = field(&self.idp.respond(draft).unwrap());
        let received =
            single_sign_on::receive(&self.world.nobody(), self.organization, self.provider, &response)
                .await?;
        if let Received::Kept(receipt) = &received {
            *self.receipt.lock().unwrap() = Some(receipt.clone());
        }
        Ok(received)
    }

    /// What the browser was given that brought the last answer.
    fn receipt(&self) -> Secret {
        self.receipt.lock().unwrap().clone().unwrap_or_else(|| Secret::new(String::new()))
    }

    async fn finish(&self, away: &Away) -> Result<Finished, Error> {
        single_sign_on::finish(&self.world.nobody(), &away.ceremony, &self.receipt()).await
    }

    async fn sign_in(&self, email: &str, groups: &[&str]) -> Result<Finished, Error> {
        let away = self.send().await;
        self.receive(&self.about(&away, email, groups)).await.unwrap();
        self.finish(&away).await
    }
}

fn settings(idp: &SoftIdp, made: &ProviderView) -> SamlSettings {
    SamlSettings {
        entity_id: idp.entity_id.clone(),
        sso_url: "https://idp.acme.example/sso".into(),
        certificates: vec![Certificate::from_der(idp.keys.certificate.clone()).unwrap().pem()],
        ..made.settings.saml().unwrap().clone()
    }
}

async fn verified(world: &World, organization: OrganizationId, name: &str) -> DomainId {
    let id = DomainId::from_uuid(world.uuid());
    let domain = Domain {
        id,
        organization_id: organization,
        name: name.into(),
        verification: DomainVerification::Dns,
        challenge_token: "x".into(),
        state: DomainState::Verified,
        state_since: world.now(),
        created_at: world.now(),
        verified_at: Some(world.now()),
        checked_at: None,
        next_check_at: None,
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::domains::add(&mut tx, &domain).await.unwrap());
    tx.commit().await.unwrap();
    id
}

fn signed_in(
    finished: Result<Finished, Error>,
) -> (control::sessions::SignedIn, control::single_sign_on::ProviderSession) {
    match finished {
        Ok(Finished::SignedIn(signed_in, session, _)) => (signed_in, *session),
        Ok(_) => panic!("something else was finished"),
        Err(error) => panic!("{error:?}"),
    }
}

fn forbidden<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Forbidden { reason }) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[tokio::test]
async fn a_first_sign_in_makes_a_member() {
    let company = Company::new().await;
    let away = company.send().await;
    assert!(matches!(company.receive(&company.draft(&away)).await, Ok(Received::Kept(_))));
    let Ok(Finished::SignedIn(signed_in, session, next)) = company.finish(&away).await else { panic!() };
    assert_eq!(next, "/projects/shop");
    assert_eq!((signed_in.proof.method, signed_in.proof.second_factor), (SignInMethod::Saml, None));
    assert_eq!(signed_in.proof.provider, Some(company.organization));
    assert_eq!(
        (session.name_id.value.as_str(), session.index.as_deref()),
        ("alice@acme.example", Some("_session-1"))
    );
    let mut tx = company.world.store.read().await.unwrap();
    let user = store::users::find(&mut tx, signed_in.user).await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.password_hash.as_str()), ("alice@acme.example", ""));
    let membership = store::memberships::find(&mut tx, company.organization, user.id).await.unwrap().unwrap();
    assert!(membership.is_active && !membership.is_super_admin);
    drop(tx);
    for event_type in [
        EventType::SingleSignOnAnswered,
        EventType::UserIdentityLinked,
        EventType::UserJoined,
        EventType::UserSignedIn,
    ] {
        company.world.last_event(company.organization, event_type.as_str()).await;
    }
    // The second time nothing is made.
    let (again, _) = self::signed_in(company.sign_in("alice@acme.example", &[]).await);
    assert_eq!(again.user, signed_in.user);
}

#[tokio::test]
async fn an_answer_is_taken_once_and_by_the_browser_that_asked() {
    let company = Company::new().await;
    let (away, other) = (company.send().await, company.send().await);
    let draft = company.draft(&away);
    company.receive(&draft).await.unwrap();
    // The same once more; the same assertion for another request.
    forbidden(company.receive(&draft).await);
    // Another browser has asked something else.
    assert!(matches!(company.finish(&other).await, Err(Error::Conflict { .. })));
    signed_in(company.finish(&away).await);
    assert!(matches!(company.finish(&away).await, Err(Error::Conflict { .. })));
    forbidden(company.receive(&draft).await);
    let event =
        company.world.last_event(company.organization, EventType::SingleSignOnAnswered.as_str()).await;
    assert_eq!(event.outcome, Outcome::Denied);
}

#[tokio::test]
async fn asvs_6_8_3_an_assertion_is_accepted_once_whatever_it_answers() {
    let company = Company::new().await;
    let first = company.send().await;
    let draft = company.draft(&first);
    company.receive(&draft).await.unwrap();
    let second = company.send().await;
    let same_id = Draft { assertion_id: draft.assertion_id, ..company.draft(&second) };
    forbidden(company.receive(&same_id).await);
    let event =
        company.world.last_event(company.organization, EventType::SingleSignOnAnswered.as_str()).await;
    assert!(event.text.contains("used before"), "{}", event.text);
}

#[tokio::test]
async fn what_is_wrong_is_on_record_and_said_to_nobody() {
    let company = Company::new().await;
    let away = company.send().await;
    let mut draft = company.draft(&away);
    draft.conditions = draft.conditions.replace("/metadata", "/other");
    company.receive(&draft).await.unwrap();
    let reason = forbidden(company.finish(&away).await);
    assert!(!reason.contains("audience"), "{reason}");
    let event =
        company.world.last_event(company.organization, EventType::SingleSignOnAnswered.as_str()).await;
    assert_eq!(event.outcome, Outcome::Denied);
    assert!(event.text.contains("audience"), "{}", event.text);
    assert_eq!(event.organization_id, Some(company.organization));
}

#[tokio::test]
async fn asvs_7_6_2_nobody_asked_for_it() {
    let company = Company::new().await;
    let mut away = company.send().await;
    away.expectations.request_id = "_0123456789abcdef0123456789abcdef01234567".into();
    forbidden(company.receive(&company.draft(&away)).await);
    let unasked = |draft: &Draft| {
        let mut draft = draft.clone();
        for text in [&mut draft.response_attributes, &mut draft.subject] {
            let id = format!(" InResponseTo=\"{}\"", away.expectations.request_id);
            *text = text.replace(&id, "");
        }
        draft
    };
    let draft = unasked(&company.draft(&away));
    forbidden(company.receive(&draft).await);
    company.change(|settings| settings.idp_initiated = true).await.unwrap();
    assert!(
        matches!(company.receive(&draft).await, Ok(Received::Unasked)),
        "a sign-in begins, and nothing is believed"
    );
    // Not a response at all.
    let nonsense =
        single_sign_on::receive(&company.world.nobody(), company.organization, company.provider, "x").await;
    forbidden(nonsense);
}

#[tokio::test]
async fn asvs_6_8_1_whose_domain_it_is_decides_who_may_be_vouched_for() {
    let company = Company::new().await;
    let reason = forbidden(company.sign_in("eve@other.example", &[]).await);
    assert!(reason.contains("may not vouch for eve@other.example"), "{reason}");
    for odd in ["alice@ACME.example.evil.example", "alice@acme.example@evil.example", "аlice@acme.example"] {
        forbidden(company.sign_in(odd, &[]).await);
    }
    // Upper case is the same address, if not the same name there.
    let (alice, _) = signed_in(company.sign_in("alice@acme.example", &[]).await);
    assert_eq!(signed_in(company.sign_in("Alice@ACME.example", &[]).await).0.user, alice.user);
    // Another organization's identity provider reaches nobody of this domain.
    let world = &company.world;
    let (other, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    let domain = store::domains::find(&mut tx, company.organization, company.domain).await.unwrap().unwrap();
    let stolen = Domain {
        id: DomainId::from_uuid(world.uuid()),
        organization_id: other,
        state: DomainState::Unverified,
        ..domain
    };
    assert!(store::domains::add(&mut tx, &stolen).await.unwrap());
    store::identity_providers::remove_domain(&mut tx, company.provider, company.domain).await.unwrap();
    tx.commit().await.unwrap();
    // Nothing leads here any more: who is linked still gets in, a new one does not.
    signed_in(company.sign_in("alice@acme.example", &[]).await);
    forbidden(company.sign_in("bob@acme.example", &[]).await);
    // Once another organization holds the domain, its people are not this one's to vouch for.
    let mut tx = world.store.write().await.unwrap();
    store::domains::remove(&mut tx, company.domain).await.unwrap();
    assert!(store::domains::set_verified(&mut tx, stolen.id, world.now(), world.now()).await.unwrap());
    tx.commit().await.unwrap();
    let reason = forbidden(company.sign_in("alice@acme.example", &[]).await);
    assert!(reason.contains("Another organization manages"), "{reason}");
}

#[tokio::test]
async fn groups_follow_the_mapping_and_no_name() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let make = async |name: &str| groups::create(&ctx, company.organization, name, "").await.unwrap().row.id;
    let (staff, dba, admins): (GroupId, GroupId, GroupId) =
        (make("Staff").await, make("DBA").await, make("admins").await);
    let map = |value: &str, group_id| MappedGroup { value: value.into(), group_id };
    company
        .change(|settings| {
            settings.groups = vec![map("staff", staff), map("dba", dba), map("everybody", staff)];
        })
        .await
        .unwrap();
    let (alice, _) = signed_in(company.sign_in("alice@acme.example", &["staff", "dba", "admins"]).await);
    let of = async || {
        let mut tx = company.world.store.read().await.unwrap();
        let mut found = Vec::new();
        for group in [staff, dba, admins] {
            found.push(store::group_members::contains(&mut tx, group, alice.user).await.unwrap());
        }
        found
    };
    assert_eq!(of().await, [true, true, false], "no group is joined because it has the same name");
    signed_in(company.sign_in("alice@acme.example", &["everybody"]).await);
    assert_eq!(of().await, [true, false, false]);
    // By hand, in a group that is not mapped: it stays.
    let mut tx = company.world.store.write().await.unwrap();
    store::group_members::add(&mut tx, admins, alice.user, company.world.now()).await.unwrap();
    tx.commit().await.unwrap();
    signed_in(company.sign_in("alice@acme.example", &[]).await);
    assert_eq!(of().await, [false, false, true]);
}

#[tokio::test]
async fn members_are_made_only_if_the_settings_say_so() {
    let company = Company::with(|settings| settings.creates_members = false).await;
    let reason = forbidden(company.sign_in("alice@acme.example", &[]).await);
    assert!(reason.contains("invite"), "{reason}");
    // Somebody who is a member by an invitation is linked by their address.
    let bob = company.world.add_user("bob@acme.example", Some(false), true).await;
    let (signed_in, _) = self::signed_in(company.sign_in("bob@acme.example", &[]).await);
    assert_eq!(signed_in.user, bob);
    // Whoever was shut out stays out.
    let mut tx = company.world.store.write().await.unwrap();
    store::memberships::set_active(&mut tx, company.organization, bob, false).await.unwrap();
    tx.commit().await.unwrap();
    forbidden(company.sign_in("bob@acme.example", &[]).await);
}

#[tokio::test]
async fn asvs_6_8_4_a_second_factor_counts_when_it_is_asserted() {
    let company = Company::new().await;
    let sign_in = async |context: &str| {
        let away = company.send().await;
        let mut draft = company.draft(&away);
        draft.statement = draft
            .statement
            .replace("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", context);
        company.receive(&draft).await.unwrap();
        signed_in(company.finish(&away).await).0.proof.second_factor
    };
    assert_eq!(sign_in("urn:oasis:names:tc:SAML:2.0:ac:classes:Password").await, None);
    assert_eq!(sign_in("https://refeds.org/profile/mfa").await, Some(FactorKind::IdentityProvider));
    company.change(|settings| settings.second_factor = SecondFactorRule::Never).await.unwrap();
    assert_eq!(sign_in("https://refeds.org/profile/mfa").await, None);
    company.change(|settings| settings.second_factor = SecondFactorRule::Always).await.unwrap();
    assert_eq!(
        sign_in("urn:oasis:names:tc:SAML:2.0:ac:classes:Password").await,
        Some(FactorKind::IdentityProvider)
    );
}

#[tokio::test]
async fn an_account_is_linked_by_proof_of_both() {
    let company = Company::new().await;
    let world = &company.world;
    let bob = world.add_user("bob@elsewhere.example", Some(false), true).await;
    let ctx: Context = world.ctx_of(bob);
    let begun = single_sign_on::begin_link(&ctx, company.provider).await.unwrap();
    let away = company.away(&begun.shown, begun.ceremony);
    company.receive(&company.about(&away, "b.bobson@acme.example", &[])).await.unwrap();
    // Not by whoever else gets hold of the browser's ceremony.
    let eve = world.add_user("eve@elsewhere.example", Some(false), true).await;
    assert!(matches!(
        single_sign_on::finish(&world.ctx_of(eve), &away.ceremony, &company.receipt()).await,
        Err(Error::Conflict { .. })
    ));
    assert!(matches!(
        single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await,
        Ok(Finished::Linked)
    ));
    let away = company.send().await;
    let draft = company.about(&away, "b.bobson@acme.example", &[]);
    company.receive(&draft).await.unwrap();
    let (signed_in, _) = self::signed_in(company.finish(&away).await);
    assert_eq!(signed_in.user, bob);
}

#[tokio::test]
async fn drafts_and_switched_off_ones_let_nobody_in() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let away = company.send().await;
    company.receive(&company.draft(&away)).await.unwrap();
    identity_providers::set_state(&ctx, company.organization, company.provider, ProviderState::Disabled)
        .await
        .unwrap();
    assert_eq!(company.finish(&away).await.err(), Some(Error::NotFound));
    assert_eq!(
        single_sign_on::begin(&company.world.nobody(), company.provider, "").await.err(),
        Some(Error::NotFound)
    );
    assert!(
        single_sign_on::providers_for(&company.world.nobody(), "x@acme.example").await.unwrap().is_empty()
    );
    identity_providers::set_state(&ctx, company.organization, company.provider, ProviderState::Active)
        .await
        .unwrap();
    let found = single_sign_on::providers_for(&company.world.nobody(), "Anybody@Acme.Example").await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(
        single_sign_on::providers_for(&company.world.nobody(), "x@other.example").await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn an_answer_that_was_judged_by_other_settings_counts_no_more() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    // A certificate that is taken out may be so because somebody else has its key.
    let away = company.send().await;
    company.receive(&company.draft(&away)).await.unwrap();
    let other = SoftIdp::new("https://other.example", KeyChoice::Rsa(2048)).unwrap();
    let pem = Certificate::from_der(other.keys.certificate.clone()).unwrap().pem();
    company.change(|settings| settings.certificates = vec![pem]).await.unwrap();
    let refused = company.finish(&away).await.err();
    assert!(
        matches!(&refused, Some(Error::Conflict { reason }) if reason.contains("changed meanwhile")),
        "{refused:?}"
    );
    let event = company.world.last_event(company.organization, EventType::UserSignInRefused.as_str()).await;
    assert!(event.text.contains("settings were changed since"), "{}", event.text);
    assert!(matches!(company.finish(&away).await.err(), Some(Error::Conflict { .. })), "nor later");
    let pem = Certificate::from_der(company.idp.keys.certificate.clone()).unwrap().pem();
    company.change(|settings| settings.certificates = vec![pem]).await.unwrap();
    signed_in(company.sign_in("alice@acme.example", &[]).await);
    // A test of what was set before says nothing of what is set now.
    let begun =
        single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap().unwrap();
    let away = company.away(&begun.shown, begun.ceremony);
    company.receive(&company.draft(&away)).await.unwrap();
    company.change(|settings| settings.response_signed = true).await.unwrap();
    let refused = single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await.err();
    assert!(matches!(refused, Some(Error::Conflict { .. })), "{refused:?}");
    let view = identity_providers::view(&ctx, company.organization, company.provider).await.unwrap();
    assert_eq!(view.row.passed_at, None);
}

#[tokio::test]
async fn asvs_6_7_1_only_super_admins_change_whom_people_are_taken_for() {
    let company = Company::new().await;
    let world = &company.world;
    let bob = world.add_user("bob@acme.example", Some(false), true).await;
    world.grant(bob, "organization:idps:write", None).await;
    let ctx = world.ctx_of(bob);
    let made =
        identity_providers::create(&ctx, company.organization, "Draft", ProviderProtocol::Saml, "okta")
            .await
            .unwrap();
    let change = Change {
        name: "Draft 2".into(),
        settings: settings(&company.idp, &made).into(),
        secret: None,
        domains: vec![company.domain],
    };
    identity_providers::edit(&ctx, company.organization, made.row.id, made.row.generation, change)
        .await
        .unwrap();
    let denied =
        identity_providers::set_state(&ctx, company.organization, made.row.id, ProviderState::Active).await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    let view = identity_providers::view(&ctx, company.organization, company.provider).await.unwrap();
    let change = Change { name: view.row.name, settings: view.settings, secret: None, domains: vec![] };
    let denied =
        identity_providers::edit(&ctx, company.organization, company.provider, view.row.generation, change)
            .await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    let denied = identity_providers::remove(&ctx, company.organization, company.provider, "Acme IdP").await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    // A draft that pushes people and groups is more than one.
    scim::switch_on(&world.ctx(), company.organization, made.row.id).await.unwrap();
    let view = identity_providers::view(&ctx, company.organization, made.row.id).await.unwrap();
    assert!(view.pushes_by_scim && view.row.state == ProviderState::Draft);
    let change = Change { name: "Draft 3".into(), settings: view.settings, secret: None, domains: vec![] };
    for denied in [
        identity_providers::edit(&ctx, company.organization, made.row.id, view.row.generation, change)
            .await
            .map(drop),
        identity_providers::add_key(&ctx, company.organization, made.row.id).await.map(drop),
        identity_providers::remove(&ctx, company.organization, made.row.id, "Draft 2").await,
    ] {
        assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    }
    scim::switch_off(&world.ctx(), company.organization, made.row.id, "Draft 2").await.unwrap();
    identity_providers::remove(&ctx, company.organization, made.row.id, "Draft 2").await.unwrap();
}

#[tokio::test]
async fn keys_roll_over() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    company.world.clock.advance(Duration::from_secs(60));
    let view = identity_providers::add_key(&ctx, company.organization, company.provider).await.unwrap();
    assert_eq!(view.keys.iter().map(|key| key.is_used).collect::<Vec<_>>(), [true, false]);
    let (old, new) = (view.keys[0].id, view.keys[1].id);
    let metadata =
        identity_providers::own_metadata(&company.world.nobody(), company.organization, company.provider)
            .await
            .unwrap();
    assert_eq!(metadata.matches("X509Certificate>").count() / 2, 4, "both, to sign and to encrypt");
    let third = identity_providers::add_key(&ctx, company.organization, company.provider).await;
    assert!(matches!(third, Err(Error::Conflict { .. })));
    let used = identity_providers::remove_key(&ctx, company.organization, company.provider, old).await;
    assert!(matches!(used, Err(Error::Conflict { .. })), "it signs");
    let view = identity_providers::use_key(&ctx, company.organization, company.provider, new).await.unwrap();
    assert_eq!((view.keys[0].id, view.keys[0].is_used), (new, true));
    let view =
        identity_providers::remove_key(&ctx, company.organization, company.provider, old).await.unwrap();
    assert_eq!(view.keys.len(), 1);
    signed_in(company.sign_in("alice@acme.example", &[]).await);
}
