//! Addresses of an organization’s domains, of who is managed by them, and of its identity providers. Builds them; fetches nothing.

use super::{encode, of_organization};

/// The domains of an organization.
#[must_use]
pub fn domains(organization: &str) -> String {
    of_organization(organization, &["domains"], &[])
}
/// A domain.
#[must_use]
pub fn domain(organization: &str, domain: &str) -> String {
    of_organization(organization, &["domains", domain], &[])
}
/// What verifying a domain would do.
#[must_use]
pub fn domain_verification(organization: &str, domain: &str) -> String {
    of_organization(organization, &["domains", domain, "verify"], &[])
}
/// The file that proves a domain.
#[must_use]
pub fn domain_file(organization: &str, domain: &str) -> String {
    of_organization(organization, &["domains", domain, "file"], &[])
}
/// Everybody whom an organization manages.
#[must_use]
pub fn managed_users(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["managed-users"], query)
}
/// An account that an organization manages.
#[must_use]
pub fn managed_user(organization: &str, user: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["managed-users", user], query)
}
/// The identity providers of an organization.
#[must_use]
pub fn identity_providers(organization: &str) -> String {
    of_organization(organization, &["identity-providers"], &[])
}
/// Our metadata for an identity provider, which is no page.
#[must_use]
pub fn provider_metadata(organization: &str, provider: &str) -> String {
    format!("/v1/sso/saml/account/{}/method/{}/metadata", encode(organization), encode(provider))
}
/// What begins a test of an identity provider.
#[must_use]
pub fn identity_provider_test(organization: &str, provider: &str) -> String {
    of_organization(organization, &["identity-providers", provider, "test"], &[])
}
/// SCIM of an identity provider.
#[must_use]
pub fn identity_provider_scim(organization: &str, provider: &str) -> String {
    of_organization(organization, &["identity-providers", provider, "scim"], &[])
}
/// An identity provider of an organization.
#[must_use]
pub fn identity_provider(organization: &str, provider: &str) -> String {
    of_organization(organization, &["identity-providers", provider], &[])
}
