//! Identity providers as they are shown: rows, pages, certificates, our addresses. Changes nothing.

use domain::{
    domains::DomainState,
    identity_providers::{ProviderSettings, SamlSettings, TestReport},
    ids::{IdentityProviderId, OrganizationId},
    views::{
        CertificateFacts, LinkedDomain, MetadataFacts, OidcAddresses, ProviderAddresses, ProviderRow,
        ProviderView, SamlAddresses,
    },
};
use identity::saml::certificates::{Certificate, Facts};
use store::{Tx, identity_providers::IdentityProvider};

use super::{
    keys::{self, own_keys},
    read,
};
use crate::{Control, errors::Failure};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A line of the list.
pub(super) async fn row(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
) -> Result<ProviderRow, Failure> {
    let settings = read(provider)?;
    let linked = store::identity_providers::domains(tx, provider.id).await?;
    let domains = store::domains::list(tx, provider.organization_id).await?;
    let ends =
        settings.saml().map(certificates).unwrap_or_default().into_iter().map(|facts| facts.not_after).max();
    Ok(ProviderRow {
        id: provider.id,
        organization_id: provider.organization_id,
        name: provider.name.clone(),
        protocol: provider.protocol,
        preset: settings.preset(),
        state: provider.state,
        people: store::identities::count(tx, provider.id).await?,
        domains: domains
            .into_iter()
            .filter(|domain| linked.contains(&domain.id))
            .map(|domain| LinkedDomain {
                domain_id: domain.id,
                is_verified: domain.state == DomainState::Verified,
                domain_name: domain.name,
            })
            .collect(),
        tested_at: provider.tested_at,
        passed_at: provider.passed_at,
        last_test_passed: last_test(provider)?.is_some_and(|report| report.passed),
        certificate_ends_at: ends,
        certificate_days_left: ends.map(|ends| (ends.micros() - control.now().micros()).div_euclid(DAY)),
        missing: settings
            .missing(provider.secret_sealed.is_some())
            .into_iter()
            .map(ToOwned::to_owned)
            .collect(),
        generation: provider.generation,
    })
}

fn last_test(provider: &IdentityProvider) -> Result<Option<TestReport>, Failure> {
    Ok(provider.last_test.as_deref().map(serde_json::from_str).transpose()?)
}

/// Everything that its page shows.
pub(super) async fn look(
    control: &Control,
    tx: &mut Tx,
    provider: IdentityProvider,
) -> Result<ProviderView, Failure> {
    let settings = read(&provider)?;
    let watch = store::provider_watches::find(tx, provider.id).await?;
    let watch = watch.filter(|_| settings.saml().is_some_and(|saml| !saml.metadata_url.is_empty()));
    Ok(ProviderView {
        row: row(control, tx, &provider).await?,
        certificates: settings.saml().map(certificates).unwrap_or_default(),
        has_secret: provider.secret_sealed.is_some(),
        keys: keys::draw(own_keys(control, tx, &provider).await?),
        addresses: match settings {
            ProviderSettings::Saml(_) => {
                ProviderAddresses::Saml(addresses(control, provider.organization_id, provider.id))
            }
            ProviderSettings::Oidc(_) => {
                ProviderAddresses::Oidc(client_addresses(control, provider.organization_id, provider.id))
            }
        },
        metadata: watch.map(|watch| MetadataFacts {
            read_at: watch.metadata_read_at,
            failing_since: watch.metadata_failing_since,
            failure: watch.metadata_failure,
        }),
        pushes_by_scim: store::scim_providers::find(tx, provider.id).await?.is_some(),
        last_test: last_test(&provider)?,
        settings,
    })
}

/// What the certificates of settings say; those that cannot be read are left out.
pub(super) fn certificates(settings: &SamlSettings) -> Vec<CertificateFacts> {
    let facts = settings.certificates.iter().filter_map(|pem| Certificate::read(pem).ok()?.facts());
    facts.map(draw_facts).collect()
}

/// What a certificate says.
pub(super) fn draw_facts(facts: Facts) -> CertificateFacts {
    let Facts { subject, issuer, not_before, not_after, key, fingerprint } = facts;
    CertificateFacts { subject, issuer, not_before, not_after, key, fingerprint }
}

/// Our addresses for an identity provider that speaks SAML.
pub(crate) fn addresses(
    control: &Control,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> SamlAddresses {
    let public = control.public_url();
    let base = format!("{public}/v1/sso/saml/account/{organization}/method/{id}");
    SamlAddresses {
        metadata: format!("{base}/metadata"),
        acs: format!("{base}/acs"),
        slo: format!("{base}/slo"),
        start: format!("{public}/sign-in/sso/{id}"),
    }
}

/// Our addresses for an identity provider that speaks OpenID Connect.
pub(crate) fn client_addresses(
    control: &Control,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> OidcAddresses {
    let public = control.public_url();
    let base = format!("{public}/v1/sso/oidc/account/{organization}/method/{id}");
    OidcAddresses {
        callback: format!("{base}/callback"),
        backchannel_logout: format!("{base}/backchannel-logout"),
        post_logout: format!("{public}/signed-out"),
        start: format!("{public}/sign-in/sso/{id}"),
    }
}
