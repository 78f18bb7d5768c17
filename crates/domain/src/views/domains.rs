//! Domains as lists and pages show them, and whom they make managed.

use serde::{Deserialize, Serialize};

use crate::{
    domains::{CHALLENGE_LABEL, CHALLENGE_PATH, DomainState, DomainVerification, challenge},
    ids::{DomainId, OrganizationId, UserId},
    timestamps::Timestamp,
};

/// A domain in a list and on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct DomainRow {
    /// Its id.
    pub domain_id: DomainId,
    /// The domain, in ASCII and lower case.
    pub domain_name: String,
    /// The organization that lists it.
    pub organization_id: OrganizationId,
    /// Whether it is proven.
    pub state: DomainState,
    /// How it is proven.
    pub verification_type: DomainVerification,
    /// What the proof holds. No secret: it is published.
    pub challenge_token: String,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it was proven.
    pub verified_at: Option<Timestamp>,
    /// When its proof was last looked for.
    pub checked_at: Option<Timestamp>,
    /// When it is looked for again by itself; none if it is not.
    pub next_check_at: Option<Timestamp>,
    /// Since when the proof of a verified domain is not found any more.
    pub failing_since: Option<Timestamp>,
    /// When it will not be verified any more, if its proof is not found until then.
    pub lapses_at: Option<Timestamp>,
    /// Why its proof was not found the last time.
    pub last_failure: Option<String>,
    /// How many people are managed by it; none while it is unverified.
    pub managed_people: Option<i64>,
}

impl DomainRow {
    /// Name of the TXT record that proves it.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{CHALLENGE_LABEL}.{}", self.domain_name)
    }

    /// Address of the file that proves it.
    #[must_use]
    pub fn file_address(&self) -> String {
        format!("http://{}{CHALLENGE_PATH}", self.domain_name)
    }

    /// What the record or file says.
    #[must_use]
    pub fn challenge(&self) -> String {
        challenge(&self.challenge_token)
    }
}

/// What verifying a domain now would do. Nothing is changed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainPreview {
    /// The domain.
    pub row: DomainRow,
    /// Why it cannot be verified now, if so: a sentence.
    pub obstacle: Option<String>,
    /// How many people would be managed. Told only to who proves to hold the domain.
    pub people: Option<i64>,
}

/// Another organization that people of the domains are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct DiscoveredOrganization {
    /// Its id.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub organization_name: String,
    /// How many managed people are in it.
    pub people: i64,
    /// How many of them are super admins of it.
    pub super_admins: i64,
}

/// Who manages an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Manager {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub organization_name: String,
    /// The domain by which it does.
    pub domain_name: String,
}

/// Somebody whom an organization manages, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ManagedRow {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they belong to the organization.
    pub is_member: bool,
    /// Whether their account lets them in anywhere.
    pub is_active: bool,
    /// Whether they have a second factor: an authenticator app, a security key or a passkey.
    pub has_second_factor: bool,
    /// Whether an identity provider of the organization keeps them by SCIM.
    pub is_kept_by_scim: bool,
    /// When their account was made.
    pub created_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
}

/// Somebody whom an organization manages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ManagedView {
    /// As in the list.
    #[serde(flatten)]
    pub row: ManagedRow,
    /// The organization.
    pub organization_id: OrganizationId,
    /// How many organizations they are in.
    pub organizations: i64,
    /// How many personal tokens they have.
    pub tokens: i64,
    /// Why the viewer may not act on the account, if so: a sentence.
    pub obstacle: Option<String>,
    /// Why the account can be neither deactivated nor deleted, if so: a sentence.
    pub stays: Option<String>,
}
