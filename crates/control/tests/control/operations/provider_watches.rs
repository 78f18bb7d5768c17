//! Identity providers that are looked at again by themselves: new metadata is taken over, and ends of certificates are told.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use control::{
    domains::LookUpError,
    identity_providers::{self, Change},
    testing::watch_identity_providers,
};
use domain::{
    errors::Error,
    identity_providers::{ProviderProtocol, ProviderState},
    ids::IdentityProviderId,
    views::ProviderView,
};
use identity::saml::{certificates::Certificate, keys};

use super::{
    domains::{Answer, TestLookUps},
    factor_resets::mails_to,
};
use crate::world::{EMAIL, World};

const ENTITY: &str = "https://idp.acme.example";
const ADDRESS: &str = "https://idp.acme.example/metadata";
const DAY: Duration = Duration::from_secs(24 * 3600);

struct Setting {
    world: World,
    look_ups: Arc<TestLookUps>,
    id: IdentityProviderId,
}

/// A certificate that ends in ten years.
fn certificate(world: &World, serial: u8) -> Certificate {
    keys::make("idp", [serial; keys::SERIAL_BYTES], world.now()).unwrap().certificate
}

fn document(entity: &str, sso: &str, certificates: &[&Certificate]) -> Vec<u8> {
    let keys: String = certificates
        .iter()
        .map(|certificate| {
            format!(
                r#"<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#,
                STANDARD.encode(certificate.der())
            )
        })
        .collect();
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
    .into_bytes()
}

impl Setting {
    /// One that is in use, set up from its metadata.
    async fn of(mut world: World, first: &[u8]) -> Self {
        let look_ups = Arc::new(TestLookUps::default());
        look_ups.set(ADDRESS, Answer::File(first.to_vec()));
        world.control = world.server_looking_up(look_ups.clone()).await;
        let (ctx, organization) = (world.ctx(), world.organization);
        let made =
            identity_providers::create(&ctx, organization, "Acme IdP", ProviderProtocol::Saml, "other")
                .await
                .unwrap();
        let mut settings = made.settings.saml().unwrap().clone();
        settings.metadata_url = ADDRESS.into();
        let settings = identity_providers::import_from(&ctx, organization, &settings, None).await.unwrap();
        let settings = settings.into();
        let change = Change { name: "Acme IdP".into(), settings, secret: None, domains: Vec::new() };
        let id = made.row.id;
        identity_providers::edit(&ctx, organization, id, made.row.generation, change).await.unwrap();
        identity_providers::set_state(&ctx, organization, id, ProviderState::Active).await.unwrap();
        Self { world, look_ups, id }
    }

    fn publish(&self, document: Vec<u8>) {
        self.look_ups.set(ADDRESS, Answer::File(document));
    }

    async fn view(&self) -> ProviderView {
        identity_providers::view(&self.world.ctx(), self.world.organization, self.id).await.unwrap()
    }

    async fn look(&self) -> usize {
        watch_identity_providers(&self.world.control).await.unwrap()
    }

    async fn mails(&self, subject: &str) -> usize {
        mails_to(&self.world, EMAIL, subject).await.len()
    }
}

async fn world_and_certificates() -> (World, Certificate, Certificate) {
    let world = World::new().await;
    let (first, next) = (certificate(&world, 1), certificate(&world, 2));
    (world, first, next)
}

#[tokio::test]
async fn a_new_certificate_of_the_metadata_is_taken_over_with_an_event_and_a_mail() {
    let (world, first, next) = world_and_certificates().await;
    let sso = "https://idp.acme.example/sso";
    let setting = Setting::of(world, &document(ENTITY, sso, &[&first])).await;
    assert_eq!(setting.look().await, 1);
    assert_eq!(setting.look().await, 0, "once a day");
    assert_eq!(setting.mails("Acme IdP changed its metadata").await, 0);
    assert!(setting.view().await.metadata.unwrap().read_at.is_some());
    setting.publish(document(ENTITY, sso, &[&first, &next]));
    setting.world.clock.advance(DAY);
    assert_eq!(setting.look().await, 1);
    let view = setting.view().await;
    assert_eq!(view.settings.saml().unwrap().certificates, [first.pem(), next.pem()]);
    assert_eq!(setting.mails("Acme IdP changed its metadata").await, 1);
    let event = setting.world.last_event(setting.world.organization, "identity_provider.changed").await;
    assert_eq!(event.actor, "system");
    assert!(event.text.contains("what the metadata of the identity provider Acme IdP says"), "{event:?}");
}

#[tokio::test]
async fn another_entity_is_not_taken_over_and_failing_is_told() {
    let (world, first, next) = world_and_certificates().await;
    let sso = "https://idp.acme.example/sso";
    let setting = Setting::of(world, &document(ENTITY, sso, &[&first])).await;
    assert_eq!(setting.look().await, 1);
    let before = setting.view().await;
    for bad in [
        Answer::File(document("https://evil.example", "https://evil.example/sso", &[&next])),
        Answer::File(b"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>".to_vec()),
        Answer::File(vec![0xff]),
        Answer::Error(LookUpError::missing("It answered 404.")),
    ] {
        setting.look_ups.set(ADDRESS, bad);
        setting.world.clock.advance(DAY);
        assert_eq!(setting.look().await, 1);
        let view = setting.view().await;
        assert_eq!((&view.settings, view.row.generation), (&before.settings, before.row.generation));
        assert!(view.metadata.unwrap().failure.is_some());
    }
    // It has failed for three days, and said so after one.
    assert_eq!(setting.mails("The metadata of Acme IdP cannot be read").await, 1);
    setting.world.clock.advance(DAY * 5);
    assert_eq!(setting.look().await, 1);
    assert_eq!(setting.mails("The metadata of Acme IdP cannot be read").await, 2);
    setting.publish(document(ENTITY, sso, &[&first]));
    setting.world.clock.advance(Duration::from_secs(3600));
    assert_eq!(setting.look().await, 1, "every hour while it fails");
    assert_eq!(setting.view().await.metadata.unwrap().failure, None);
}

#[tokio::test]
async fn the_end_of_the_last_certificate_is_told_ahead_and_once_each_time() {
    let (world, first, _) = world_and_certificates().await;
    let setting = Setting::of(world, &document(ENTITY, "https://idp.acme.example/sso", &[&first])).await;
    let end = setting.view().await.row.certificate_ends_at.unwrap();
    let left = Duration::from_micros(u64::try_from(end.micros() - setting.world.now().micros()).unwrap());
    setting.world.clock.advance(left - DAY * 40);
    setting.look().await;
    assert_eq!(setting.mails("The certificate of Acme IdP ends soon").await, 0);
    for day in 0..45 {
        setting.look().await;
        setting.world.clock.advance(DAY);
        let soon = setting.mails("The certificate of Acme IdP ends soon").await;
        let expected = [10, 26, 33, 39].iter().filter(|told| day >= **told).count();
        assert_eq!(soon, expected, "day {day}");
    }
    assert_eq!(setting.mails("The certificate of Acme IdP has ended").await, 1);
}

#[tokio::test]
async fn an_address_that_cannot_be_fetched_is_said_on_its_field() {
    let (world, first, _) = world_and_certificates().await;
    let setting = Setting::of(world, &document(ENTITY, "https://idp.acme.example/sso", &[&first])).await;
    let (ctx, organization) = (setting.world.ctx(), setting.world.organization);
    let before = setting.view().await.settings.saml().unwrap().clone();
    for (address, field) in [
        ("", "metadata_url"),
        ("ftp://idp.acme.example/", "metadata_url"),
        ("http://idp.acme.example/", "metadata_url"),
        ("https://nothing.example/", "metadata_url"),
    ] {
        let mut settings = before.clone();
        settings.metadata_url = address.into();
        let refused = identity_providers::import_from(&ctx, organization, &settings, None).await;
        let error: Error = refused.unwrap_err();
        assert_eq!(error.field(), Some(field), "{address}: {error}");
    }
    setting.publish(b"no xml".to_vec());
    let refused = identity_providers::import_from(&ctx, organization, &before, None).await.unwrap_err();
    assert_eq!(refused.field(), Some("metadata"));
}
