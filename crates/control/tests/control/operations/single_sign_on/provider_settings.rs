//! Settings of identity providers that are refused, each on its field.

use domain::{errors::Error, identity_providers::SamlSettings, timestamps::Timestamp};
use identity::saml::keys;

use super::Company;

/// The field that is refused, and why.
async fn refused(company: &Company, change: impl FnOnce(&mut SamlSettings)) -> (String, String) {
    match company.change(change).await {
        Err(Error::Invalid { field, reason }) => (field, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_an_identity_providers_is_refused_on_its_field() {
    let company = Company::new().await;
    let (field, reason) = refused(&company, |saml| saml.entity_id = "https://idp.example/a b".into()).await;
    assert!(field == "entity_id" && reason.contains("no blanks"), "{reason}");
    let (field, reason) = refused(&company, |saml| saml.entity_id = "x".repeat(1_025)).await;
    assert!(field == "entity_id" && reason.contains("1024"), "{reason}");
    let (field, reason) =
        refused(&company, |saml| saml.sso_url = "https://idp.acme.example/sso#top".into()).await;
    assert!(field == "sso_url" && reason.contains("Leave out #"), "{reason}");
    let own = format!("http://localhost:8080/v1/sso/saml/account/{}/method/x/metadata", company.organization);
    let (field, reason) = refused(&company, |saml| saml.entity_id = own).await;
    assert!(field == "entity_id" && reason.contains("an address of Redoubt"), "{reason}");
    let start = format!("http://localhost:8080/sign-in/sso/{}", company.provider);
    assert_eq!(refused(&company, |saml| saml.sso_url = start).await.0, "sso_url");
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_not_taken_and_one_that_ends_stays() {
    let company = Company::new().await;
    let made = |at| keys::make("idp.acme.example", [1; keys::SERIAL_BYTES], at).unwrap().certificate;
    let old = made(Timestamp::from_date("2001-02-03").unwrap());
    let ended = old.facts().unwrap().not_after;
    assert!(ended < company.world.now());
    let (field, reason) = refused(&company, |saml| saml.certificates.push(old.pem())).await;
    assert!(field == "certificates" && reason.contains(&ended.date()), "{reason}");
    // What is kept already is kept on, so that everything else can be changed.
    let mut tx = company.world.store.write().await.unwrap();
    let mut provider = store::identity_providers::find(&mut tx, company.provider).await.unwrap().unwrap();
    let mut settings: SamlSettings = serde_json::from_str(&provider.settings).unwrap();
    settings.certificates = vec![old.pem()];
    provider.settings = serde_json::to_string(&settings).unwrap();
    assert!(store::identity_providers::set(&mut tx, &provider).await.unwrap());
    tx.commit().await.unwrap();
    let view = company.change(|saml| saml.is_forced = true).await.unwrap();
    assert_eq!(view.certificates.len(), 1);
}
