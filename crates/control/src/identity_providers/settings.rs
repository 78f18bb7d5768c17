//! The settings of identity providers: what may be in them, how they are stored, and what metadata brings. Changes nothing.

use domain::{
    errors::Error,
    identity_providers::{
        ACR_VALUES_MAX, AttributeMapping, Binding, MAPPED_GROUPS_MAX, MappedGroup, OPENID_SCOPE,
        OidcSettings, ProviderProtocol, ProviderSettings, SCOPES_MAX, SESSION_SECONDS, SamlSettings,
        TOKEN_ALGORITHMS, URI_CHARS_MAX,
    },
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

/// Where what an issuer says of itself is, behind the issuer (OpenID Connect Discovery 1.0, section 4): people copy it along.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Settings as they are stored: the protocol stands beside them.
pub(super) fn stored(settings: &ProviderSettings) -> Result<String, Failure> {
    Ok(match settings {
        ProviderSettings::Saml(settings) => serde_json::to_string(settings)?,
        ProviderSettings::Oidc(settings) => serde_json::to_string(settings)?,
    })
}

/// Settings from what is stored.
pub(crate) fn read(provider: &IdentityProvider) -> Result<ProviderSettings, Failure> {
    let unreadable = |error| {
        Failure::Inconsistent(format!(
            "settings of the identity provider {} cannot be read: {error}",
            provider.id
        ))
    };
    match provider.protocol {
        ProviderProtocol::Saml => serde_json::from_str(&provider.settings).map(ProviderSettings::Saml),
        ProviderProtocol::Oidc => serde_json::from_str(&provider.settings).map(ProviderSettings::Oidc),
    }
    .map_err(unreadable)
}

/// Settings of an identity provider that is asked for as one that speaks SAML; `NotFound` for another.
pub(crate) fn read_saml(provider: &IdentityProvider) -> Result<SamlSettings, Failure> {
    match read(provider)? {
        ProviderSettings::Saml(settings) => Ok(settings),
        ProviderSettings::Oidc(_) => Err(Error::NotFound.into()),
    }
}

/// Settings of an identity provider that is asked for as one that speaks OpenID Connect; `NotFound` for another.
pub(crate) fn read_oidc(provider: &IdentityProvider) -> Result<OidcSettings, Failure> {
    match read(provider)? {
        ProviderSettings::Oidc(settings) => Ok(settings),
        ProviderSettings::Saml(_) => Err(Error::NotFound.into()),
    }
}

/// Settings with what metadata says: entity id, addresses, certificates. Everything else stays.
///
/// # Errors
/// `Invalid` on `metadata`, saying what to do; on `entity_id` where it describes several.
pub fn imported(
    settings: &SamlSettings,
    document: &str,
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<SamlSettings, Error> {
    let read = metadata::read(document, entity_id, now).map_err(|error| {
        let field = if matches!(error, metadata::Error::Several(_)) { "entity_id" } else { "metadata" };
        Error::invalid(field, error.to_string())
    })?;
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
pub(super) fn checked(settings: ProviderSettings) -> Result<ProviderSettings, Error> {
    Ok(match settings {
        ProviderSettings::Saml(settings) => checked_saml(settings)?.into(),
        ProviderSettings::Oidc(settings) => checked_oidc(settings)?.into(),
    })
}

fn checked_saml(mut settings: SamlSettings) -> Result<SamlSettings, Error> {
    for (field, text) in [
        ("entity_id", &mut settings.entity_id),
        ("context_class", &mut settings.context_class),
        ("name_id_format", &mut settings.name_id_format),
    ] {
        *text = uri(field, text)?;
    }
    // A URI has none (SAML core, section 8.3.6).
    if settings.entity_id.chars().any(char::is_whitespace) {
        let reason = "Enter the entity id to the letter: it has no blanks within.";
        return Err(Error::invalid("entity_id", reason));
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
        // No browser sends what stands behind it.
        if address.contains('#') {
            return Err(Error::invalid(field, "Leave out # and what follows it: it is never sent."));
        }
    }
    settings.certificates = certificates(&settings.certificates)?;
    let names: Vec<&str> = SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    if !names.contains(&settings.signature_algorithm.as_str()) {
        let reason = format!("Choose one of {}. SHA-1 is not safe any more.", names.join(", "));
        return Err(Error::invalid("signature_algorithm", reason));
    }
    session(settings.session_seconds)?;
    people(&mut settings.mapping, &mut settings.groups)?;
    Ok(settings)
}

fn checked_oidc(mut settings: OidcSettings) -> Result<OidcSettings, Error> {
    settings.issuer = uri("issuer", &settings.issuer)?;
    settings.client_id = uri("client_id", &settings.client_id)?;
    // Query and fragment are no part of an issuer (OpenID Connect Discovery 1.0, section 3).
    if !settings.issuer.is_empty() && (!is_address(&settings.issuer) || settings.issuer.contains(['?', '#']))
    {
        let reason =
            "Enter the issuer to the letter: a whole address that begins with https://, without ? and #.";
        return Err(Error::invalid("issuer", reason));
    }
    if settings.issuer.ends_with(DISCOVERY) {
        let reason = format!("Leave out {DISCOVERY} at the end: the issuer is what stands before it.");
        return Err(Error::invalid("issuer", reason));
    }
    settings.scopes = words("scopes", &settings.scopes, SCOPES_MAX)?;
    if !settings.scopes.iter().any(|scope| scope == OPENID_SCOPE) {
        settings.scopes.insert(0, OPENID_SCOPE.to_owned());
    }
    settings.acr_values = words("acr_values", &settings.acr_values, ACR_VALUES_MAX)?;
    settings.algorithms = words("algorithms", &settings.algorithms, TOKEN_ALGORITHMS.len())?;
    let is_known = |name: &String| TOKEN_ALGORITHMS.contains(&name.as_str());
    if settings.algorithms.is_empty() || !settings.algorithms.iter().all(is_known) {
        let reason = format!("Choose some of {}.", TOKEN_ALGORITHMS.join(", "));
        return Err(Error::invalid("algorithms", reason));
    }
    session(settings.session_seconds)?;
    people(&mut settings.mapping, &mut settings.groups)?;
    Ok(settings)
}

/// Words that are sent with blanks between, each once and as they came.
fn words(field: &str, texts: &[String], most: usize) -> Result<Vec<String>, Error> {
    let mut words: Vec<String> = Vec::new();
    for word in texts.iter().flat_map(|text| text.split_whitespace()) {
        let word = uri(field, word)?;
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.len() > most || !words.iter().all(|word| word.chars().all(|sign| sign.is_ascii_graphic())) {
        let reason = format!("Enter at most {most} words of ASCII with blanks between.");
        return Err(Error::invalid(field, reason));
    }
    Ok(words)
}

fn session(seconds: Option<i64>) -> Result<(), Error> {
    if seconds.is_some_and(|seconds| !SESSION_SECONDS.contains(&seconds)) {
        return Err(Error::invalid("session_seconds", "Choose half an hour to a day, or nothing."));
    }
    Ok(())
}

/// What is said of people, and of their groups.
fn people(mapping: &mut AttributeMapping, groups: &mut Vec<MappedGroup>) -> Result<(), Error> {
    for (field, text) in [
        ("mapping.identity", &mut mapping.identity),
        ("mapping.email", &mut mapping.email),
        ("mapping.first_name", &mut mapping.first_name),
        ("mapping.last_name", &mut mapping.last_name),
        ("mapping.real_name", &mut mapping.real_name),
        ("mapping.groups", &mut mapping.groups),
    ] {
        *text = uri(field, text)?;
    }
    if groups.len() > MAPPED_GROUPS_MAX {
        return Err(Error::invalid("groups", format!("At most {MAPPED_GROUPS_MAX} groups can be mapped.")));
    }
    for mapped in groups.iter_mut() {
        mapped.value = uri("groups", &mapped.value)?;
        if mapped.value.is_empty() {
            return Err(Error::invalid("groups", "Enter what the identity provider calls each group."));
        }
    }
    groups.sort();
    groups.dedup();
    if !groups.is_empty() && mapping.groups.is_empty() {
        return Err(Error::invalid("mapping.groups", "Enter what names the groups."));
    }
    Ok(())
}

/// Refuses addresses of ours, at `public_url`, in the place of an identity provider's: people mix them up when they copy.
pub(super) fn none_is_ours(settings: &ProviderSettings, public_url: &str) -> Result<(), Error> {
    let fields = match settings {
        ProviderSettings::Saml(saml) => vec![
            ("entity_id", &saml.entity_id),
            ("sso_url", &saml.sso_url),
            ("slo_url", &saml.slo_url),
            ("metadata_url", &saml.metadata_url),
        ],
        ProviderSettings::Oidc(oidc) => vec![("issuer", &oidc.issuer)],
    };
    let ours = |text: &str| {
        let path = text.strip_prefix(public_url);
        path.is_some_and(|path| path.starts_with("/v1/sso/") || path.starts_with("/sign-in/sso/"))
    };
    match fields.into_iter().find(|(_, text)| ours(text)) {
        Some((field, _)) => {
            let reason = "This is an address of Redoubt, which the identity provider is to know. Enter the one that it shows as its own.";
            Err(Error::invalid(field, reason))
        }
        None => Ok(()),
    }
}

/// Refuses certificates that have ended, of those that were not there before. One that ends where it is kept is believed further, so
/// that nobody is shut out by the clock.
pub(super) fn new_ones_last(
    settings: &ProviderSettings,
    before: &ProviderSettings,
    now: Timestamp,
) -> Result<(), Error> {
    let known = before.saml().map(|saml| saml.certificates.as_slice()).unwrap_or_default();
    let pasted = settings.saml().map(|saml| saml.certificates.as_slice()).unwrap_or_default();
    let new = pasted.iter().filter(|pem| !known.contains(pem));
    let mut ends = new.filter_map(|pem| Some(Certificate::read(pem).ok()?.facts()?.not_after));
    match ends.find(|ends| *ends <= now) {
        Some(ended) => {
            let reason = format!(
                "This certificate ended on {}. Get the one that the identity provider signs with now.",
                ended.date()
            );
            Err(Error::invalid("certificates", reason))
        }
        None => Ok(()),
    }
}

/// Refuses groups that are not there.
pub(super) async fn groups_exist(
    tx: &mut Tx,
    organization: OrganizationId,
    settings: &ProviderSettings,
) -> Result<(), Failure> {
    let mapped = settings.groups().iter().map(|mapped| ("groups", mapped.group_id));
    let all: Vec<(&str, GroupId)> = mapped.chain(settings.group_id().map(|id| ("group_id", id))).collect();
    for (field, id) in all {
        if store::groups::find(tx, organization, id).await?.is_none() {
            return Err(Error::invalid(field, "Choose groups of this organization.").into());
        }
        if let Some(keeper) = store::scim_groups::keeper(tx, id).await? {
            let reason = format!(
                "SCIM of the identity provider {} says who is in that group. Choose one that is filled here.",
                keeper.name
            );
            return Err(Error::invalid(field, reason).into());
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
