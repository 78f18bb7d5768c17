//! The settings of identity providers: what may be in them, how they are stored, and what metadata brings. Changes nothing.

use domain::{
    errors::Error,
    identity_providers::{Binding, MAPPED_GROUPS_MAX, SESSION_SECONDS, SamlSettings, URI_CHARS_MAX},
    ids::{GroupId, OrganizationId},
    timestamps::Timestamp,
};
use identity::saml::{
    certificates::Certificate,
    keys::SignatureAlgorithm,
    metadata::{self, CERTIFICATES_MAX, is_address},
};
use store::{Tx, identity_providers::IdentityProvider};

use crate::errors::Failure;

/// What an address has to be.
pub(super) const ADDRESS: &str = "Enter a whole address that begins with https://.";

/// Settings as they are stored.
pub(crate) fn read(provider: &IdentityProvider) -> Result<SamlSettings, Failure> {
    let unreadable = |error| {
        Failure::Inconsistent(format!(
            "settings of the identity provider {} cannot be read: {error}",
            provider.id
        ))
    };
    serde_json::from_str(&provider.settings).map_err(unreadable)
}

/// Settings with what metadata says: entity id, addresses, certificates. Everything else stays.
///
/// # Errors
/// `Invalid` on `metadata`, saying what to do.
pub fn imported(
    settings: &SamlSettings,
    document: &str,
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<SamlSettings, Error> {
    let read = metadata::read(document, entity_id, now)
        .map_err(|error| Error::invalid("metadata", error.to_string()))?;
    let mut settings = settings.clone();
    with_metadata(&mut settings, read);
    Ok(settings)
}

/// What metadata of an identity provider says, put into settings.
fn with_metadata(settings: &mut SamlSettings, read: metadata::IdpMetadata) {
    let post = read.sso_redirect.is_none();
    settings.entity_id = read.entity_id;
    settings.sso_binding = if post { Binding::Post } else { Binding::Redirect };
    settings.sso_url = read.sso_redirect.or(read.sso_post).unwrap_or_default();
    settings.slo_url = read.slo_redirect.unwrap_or_default();
    settings.certificates = read.certificates.iter().map(Certificate::pem).collect();
    settings.requests_signed |= read.wants_signed_requests;
}

/// Settings that may be stored, in one form.
pub(super) fn checked(mut settings: SamlSettings) -> Result<SamlSettings, Error> {
    for (field, text) in [
        ("entity_id", &mut settings.entity_id),
        ("context_class", &mut settings.context_class),
        ("name_id_format", &mut settings.name_id_format),
        ("mapping.identity", &mut settings.mapping.identity),
        ("mapping.email", &mut settings.mapping.email),
        ("mapping.first_name", &mut settings.mapping.first_name),
        ("mapping.last_name", &mut settings.mapping.last_name),
        ("mapping.real_name", &mut settings.mapping.real_name),
        ("mapping.groups", &mut settings.mapping.groups),
    ] {
        *text = uri(field, text)?;
    }
    for (field, address) in [
        ("sso_url", &mut settings.sso_url),
        ("slo_url", &mut settings.slo_url),
        ("metadata_url", &mut settings.metadata_url),
    ] {
        *address = address.trim().to_owned();
        if !address.is_empty() && !is_address(address) {
            return Err(Error::invalid(field, ADDRESS));
        }
    }
    settings.certificates = certificates(&settings.certificates)?;
    let names: Vec<&str> = SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    if !names.contains(&settings.signature_algorithm.as_str()) {
        let reason = format!("Choose one of {}. SHA-1 is not safe any more.", names.join(", "));
        return Err(Error::invalid("signature_algorithm", reason));
    }
    if settings.session_seconds.is_some_and(|seconds| !SESSION_SECONDS.contains(&seconds)) {
        return Err(Error::invalid("session_seconds", "Choose half an hour to a day, or nothing."));
    }
    if settings.groups.len() > MAPPED_GROUPS_MAX {
        return Err(Error::invalid("groups", format!("At most {MAPPED_GROUPS_MAX} groups can be mapped.")));
    }
    for mapped in &mut settings.groups {
        mapped.value = uri("groups", &mapped.value)?;
        if mapped.value.is_empty() {
            return Err(Error::invalid("groups", "Enter what the identity provider calls each group."));
        }
    }
    settings.groups.sort();
    settings.groups.dedup();
    if !settings.groups.is_empty() && settings.mapping.groups.is_empty() {
        return Err(Error::invalid("mapping.groups", "Enter the attribute that names the groups."));
    }
    Ok(settings)
}

/// Refuses groups that are not there.
pub(super) async fn groups_exist(
    tx: &mut Tx,
    organization: OrganizationId,
    settings: &SamlSettings,
) -> Result<(), Failure> {
    let mapped = settings.groups.iter().map(|mapped| ("groups", mapped.group_id));
    let all: Vec<(&str, GroupId)> = mapped.chain(settings.group_id.map(|id| ("group_id", id))).collect();
    for (field, id) in all {
        if store::groups::find(tx, organization, id).await?.is_none() {
            return Err(Error::invalid(field, "Choose groups of this organization.").into());
        }
    }
    Ok(())
}

fn uri(field: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().any(char::is_control) || text.chars().count() > URI_CHARS_MAX {
        let reason = format!("Enter one line of at most {URI_CHARS_MAX} characters.");
        return Err(Error::invalid(field, reason));
    }
    Ok(text.to_owned())
}

fn certificates(pasted: &[String]) -> Result<Vec<String>, Error> {
    let mut read = Vec::new();
    for text in pasted.iter().filter(|text| !text.trim().is_empty()) {
        let certificate =
            Certificate::read(text).map_err(|error| Error::invalid("certificates", error.to_string()))?;
        let pem = certificate.pem();
        if !read.contains(&pem) {
            read.push(pem);
        }
    }
    if read.len() > CERTIFICATES_MAX {
        let reason =
            format!("Enter at most {CERTIFICATES_MAX} certificates: the one in use and the next one.");
        return Err(Error::invalid("certificates", reason));
    }
    Ok(read)
}
