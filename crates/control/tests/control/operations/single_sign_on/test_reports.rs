//! Tests of an identity provider: what their reports say, what is on record, and that they change nothing else.

use control::{
    groups, identity_providers,
    single_sign_on::{self, Finished, Received},
};
use domain::{
    events::EventType,
    identity_providers::{MappedGroup, ProviderState, spaced},
    states::Outcome,
};
use identity::saml::{
    certificates::Certificate,
    testing::{Draft, KeyChoice, SignatureDraft, SoftIdp, field},
};

use super::{Company, forbidden, signed_in};

/// What is on record of a test that passed.
const PASSED: &str = "The test of the identity provider Acme IdP passed";

#[tokio::test]
async fn a_test_signs_nobody_in_and_says_how_each_check_went() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let test = async |change: &dyn Fn(&mut Draft)| {
        let begun =
            single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap().unwrap();
        let away = company.away(&begun.shown, begun.ceremony);
        let mut draft = company.draft(&away);
        change(&mut draft);
        company.receive(&draft).await.unwrap();
        assert!(matches!(
            single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await,
            Ok(Finished::Tested(organization, _)) if organization == company.organization
        ));
        identity_providers::view(&ctx, company.organization, company.provider).await.unwrap()
    };
    let view = test(&|_| {}).await;
    let report = view.last_test.unwrap();
    assert!(report.passed && view.row.passed_at.is_some(), "{report:?}");
    assert!(report.checks.len() > 30 && report.checks.iter().all(|check| check.passed));
    assert!(
        report.person.contains(&("E-mail".to_owned(), "alice@acme.example".to_owned())),
        "{:?}",
        report.person
    );
    assert!(report.xml.unwrap().contains("<samlp:Response"));
    let event = async || {
        let of = EventType::IdentityProviderTested.as_str();
        company.world.last_event(company.organization, of).await
    };
    let passed = event().await;
    assert_eq!((passed.outcome, passed.text.as_str()), (Outcome::Done, PASSED));
    let view = test(&|draft| draft.conditions = draft.conditions.replace("/metadata", "/x")).await;
    let report = view.last_test.unwrap();
    assert!(!report.passed && report.reason.unwrap().contains("audience restriction"));
    let failed: Vec<&str> =
        report.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
    assert_eq!(failed, ["audience"], "every other check was made as well");
    let event = event().await;
    assert_eq!(event.outcome, Outcome::Failed);
    assert!(
        event.text.contains("Acme IdP did not pass. This does not hold: The assertion"),
        "{}",
        event.text
    );
    assert!(view.row.passed_at.is_some(), "that it passed once with these settings stays");
    // A change of what a sign-in depends on makes it untested; one of groups does not.
    let view = company.change(|settings| settings.creates_members = false).await.unwrap();
    assert!(view.row.passed_at.is_some());
    let view = company.change(|settings| settings.response_signed = true).await.unwrap();
    assert!(view.row.passed_at.is_none());
    let mut tx = company.world.store.read().await.unwrap();
    assert!(store::users::find_by_email(&mut tx, "alice@acme.example").await.unwrap().is_none());
}

#[tokio::test]
async fn a_test_says_whether_the_person_would_be_let_in_and_writes_nothing() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let staff = groups::create(&ctx, company.organization, "Staff", "").await.unwrap().row.id;
    let dba = groups::create(&ctx, company.organization, "DBA", "").await.unwrap().row.id;
    let map = |value: &str, group_id| MappedGroup { value: value.into(), group_id };
    let mapped = vec![map("staff", staff), map("dba", dba)];
    company.change(|settings| settings.groups = mapped).await.unwrap();
    // Nobody is let in by one that is switched off; what is foretold is what happens once it is on.
    let state = |state| identity_providers::set_state(&ctx, company.organization, company.provider, state);
    state(ProviderState::Disabled).await.unwrap();
    let foretold = async |email: &str| {
        let begun =
            single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap().unwrap();
        let away = company.away(&begun.shown, begun.ceremony);
        company.receive(&company.about(&away, email, &["staff"])).await.unwrap();
        single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await.unwrap();
        let view = identity_providers::view(&ctx, company.organization, company.provider).await.unwrap();
        let report = view.last_test.unwrap();
        assert!(report.passed, "{report:?}");
        report.admission.unwrap()
    };
    let new = foretold("alice@acme.example").await;
    assert_eq!((new.is_let_in, new.as_whom.as_str()), (true, "A new member"));
    assert_eq!(new.groups, ["Staff"]);
    let mut tx = company.world.store.read().await.unwrap();
    assert!(store::users::find_by_email(&mut tx, "alice@acme.example").await.unwrap().is_none());
    drop(tx);
    company.world.add_user("bob@acme.example", Some(false), true).await;
    company.world.add_user("cleo@acme.example", None, true).await;
    assert_eq!(foretold("bob@acme.example").await.as_whom, "An account that is here");
    assert_eq!(foretold("cleo@acme.example").await.as_whom, "An account that is here, as a new member");
    let stranger = foretold("ceo@other.example").await;
    assert!(!stranger.is_let_in && stranger.groups.is_empty(), "{stranger:?}");
    // It is the sentence that they would read.
    state(ProviderState::Active).await.unwrap();
    let reason = forbidden(company.sign_in("ceo@other.example", &[]).await);
    assert_eq!(stranger.as_whom, format!("Not let in: {reason}"));
    company.change(|settings| settings.creates_members = false).await.unwrap();
    assert!(foretold("alice@acme.example").await.as_whom.contains("There is no account for alice"));
    signed_in(company.sign_in("bob@acme.example", &[]).await);
    assert_eq!(foretold("bob@acme.example").await.as_whom, "An account that is here");
}

#[tokio::test]
async fn a_test_says_which_certificate_came_along() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let tested = async |with: &SoftIdp, offers: bool| {
        let begun =
            single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap().unwrap();
        let away = company.away(&begun.shown, begun.ceremony);
        let draft = company.draft(&away);
        let pem = Certificate::from_der(with.keys.certificate.clone()).unwrap().pem();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let key_info = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        );
        let key_info = if offers { key_info } else { String::new() };
        let signature = SignatureDraft { key_info, ..SignatureDraft::default() };
        let xml = draft.response("", &with.assertion(&draft, &signature).unwrap());
        let (nobody, response) = (company.world.nobody(), field(&xml));
        let received =
            single_sign_on::receive(&nobody, company.organization, company.provider, &response).await;
        let Ok(Received::Kept(receipt)) = received else { panic!("no receipt") };
        single_sign_on::finish(&ctx, &away.ceremony, &receipt).await.unwrap();
        identity_providers::view(&ctx, company.organization, company.provider).await.unwrap()
    };
    let fingerprint = |idp: &SoftIdp| {
        spaced(&Certificate::from_der(idp.keys.certificate.clone()).unwrap().facts().unwrap().fingerprint)
    };
    let kept = fingerprint(&company.idp);
    let other = SoftIdp::new("https://idp.acme.example", KeyChoice::Rsa(2048)).unwrap();
    let reason = tested(&other, true).await.last_test.unwrap().reason.unwrap();
    assert!(
        reason.contains(&format!("signed with the certificate {}. Kept here: {kept}", fingerprint(&other))),
        "{reason}"
    );
    let reason = tested(&other, false).await.last_test.unwrap().reason.unwrap();
    assert!(reason.contains("does not say") && reason.contains(&kept), "{reason}");
    let report = tested(&company.idp, true).await.last_test.unwrap();
    assert!(report.passed && report.reason.is_none(), "{report:?}");
}
