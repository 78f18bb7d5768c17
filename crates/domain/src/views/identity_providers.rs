//! Identity providers as lists and pages show them.

use serde::{Deserialize, Serialize};

use crate::{
    identity_providers::{Preset, ProviderProtocol, ProviderSettings, ProviderState, TestReport},
    ids::{DomainId, GroupId, IdentityProviderId, IdentityProviderKeyId, OrganizationId},
    timestamps::Timestamp,
};

/// An identity provider in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProviderRow {
    /// Its id.
    pub id: IdentityProviderId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What the organization calls it.
    pub name: String,
    /// What it speaks.
    pub protocol: ProviderProtocol,
    /// The product that it is.
    pub preset: Preset,
    /// Whether it lets people in.
    pub state: ProviderState,
    /// How many people are linked with it.
    pub people: i64,
    /// The domains that lead to it.
    pub domains: Vec<LinkedDomain>,
    /// When it was last tested.
    pub tested_at: Option<Timestamp>,
    /// When a test last passed with the settings that it has.
    pub passed_at: Option<Timestamp>,
    /// Whether the last test passed, with whatever settings it had then.
    pub last_test_passed: bool,
    /// When the last of its certificates ends.
    pub certificate_ends_at: Option<Timestamp>,
    /// Whole days until then; negative once it has ended.
    pub certificate_days_left: Option<i64>,
    /// What is missing before anybody can sign in, in words.
    pub missing: Vec<String>,
    /// Counts up with each change.
    pub generation: i64,
}

/// A domain that leads to an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct LinkedDomain {
    /// Its id.
    pub domain_id: DomainId,
    /// The domain.
    pub domain_name: String,
    /// Whether it is verified; it leads nowhere otherwise.
    pub is_verified: bool,
}

/// An identity provider on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProviderView {
    /// As in the list.
    #[serde(flatten)]
    pub row: ProviderRow,
    /// Its settings.
    pub settings: ProviderSettings,
    /// Whether the secret is there that it knows us by; which is never shown.
    pub has_secret: bool,
    /// Its certificates.
    pub certificates: Vec<CertificateFacts>,
    /// Our keys towards it, the newest first.
    pub keys: Vec<ProviderKey>,
    /// Our addresses for it.
    pub addresses: ProviderAddresses,
    /// What the last test found.
    pub last_test: Option<TestReport>,
    /// Whether it pushes people and groups by SCIM.
    pub pushes_by_scim: bool,
    /// What became of reading its metadata again; none if it is not, or not yet.
    pub metadata: Option<MetadataFacts>,
}

/// What became of reading metadata again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct MetadataFacts {
    /// When it was last read.
    pub read_at: Option<Timestamp>,
    /// Since when it cannot be read.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
}

/// Our addresses for an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum ProviderAddresses {
    /// For one that speaks SAML 2.0.
    Saml(SamlAddresses),
    /// For one that speaks OpenID Connect.
    Oidc(OidcAddresses),
}

/// Our addresses for an identity provider that speaks SAML 2.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
pub struct SamlAddresses {
    /// Our entity id, where our metadata is as well.
    pub metadata: String,
    /// Where responses are posted to.
    pub acs: String,
    /// Where people are signed out.
    pub slo: String,
    /// Where a sign-in begins: for a tile in the company's portal.
    pub start: String,
}

/// Our addresses for an identity provider that speaks OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
pub struct OidcAddresses {
    /// Where browsers come back to with their code.
    pub callback: String,
    /// Where it says by itself that somebody signed out there.
    pub backchannel_logout: String,
    /// Where browsers come back to that were signed out there.
    pub post_logout: String,
    /// Where a sign-in begins: for a tile in the company's portal.
    pub start: String,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct CertificateFacts {
    /// Whom it is for.
    pub subject: String,
    /// Who made it.
    pub issuer: String,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// The key: `RSA 2048`.
    pub key: String,
    /// SHA-256 in hex.
    pub fingerprint: String,
}

/// One of our keys towards an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProviderKey {
    /// Its id.
    pub id: IdentityProviderKeyId,
    /// Whether it signs our requests now.
    pub is_used: bool,
    /// Whether it signs them, or did so before the one that does now.
    pub was_used: bool,
    /// The certificate in PEM.
    pub certificate: String,
    /// What it says.
    pub facts: CertificateFacts,
}

/// What somebody can sign in with, by the domain of their address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderChoice {
    /// Its id.
    pub id: IdentityProviderId,
    /// What its organization calls it.
    pub name: String,
}

/// What can be chosen on the page of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderChoices {
    /// The organization's domains, by name.
    pub domains: Vec<LinkedDomain>,
    /// The organization's groups, by name.
    pub groups: Vec<(GroupId, String)>,
}

/// What goes with an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProviderRemoval {
    /// Links of people with it.
    pub people: i64,
    /// Sessions that began with it and are not over.
    pub sessions: i64,
    /// Tokens that were made in such sessions.
    pub tokens: i64,
    /// People whom it keeps by SCIM, who stay and are changed by hand again.
    pub scim_people: i64,
    /// Groups that it keeps by SCIM, which stay and are changed by hand again.
    pub scim_groups: i64,
    /// Why it can be neither switched off nor removed, if so: a sentence.
    pub obstacle: Option<String>,
}

/// The identity providers that somebody signs in with, or could.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnIdentities {
    /// Those that they are linked with, the oldest first.
    pub identities: Vec<OwnIdentity>,
    /// Those that they could link, by organization and name.
    pub linkable: Vec<LinkableProvider>,
}

/// Who somebody is at an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnIdentity {
    /// Where.
    pub provider_id: IdentityProviderId,
    /// What its organization calls it.
    pub provider: String,
    /// The organization.
    pub organization: String,
    /// What tells them apart there.
    pub subject: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When they last signed in with it.
    pub last_used_at: Option<Timestamp>,
    /// Whether it lets people in.
    pub is_active: bool,
}

/// An identity provider that somebody could link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkableProvider {
    /// Its id.
    pub id: IdentityProviderId,
    /// What its organization calls it.
    pub name: String,
    /// The organization.
    pub organization: String,
}
