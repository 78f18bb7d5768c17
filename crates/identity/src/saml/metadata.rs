//! Metadata (SAML metadata 2.0): reading an identity provider's, writing our own. Fetches nothing, and trusts nothing
//! but what the caller trusts: a signature of the document is not looked at.

use domain::timestamps::Timestamp;
use roxmltree::{Document, Node, ParsingOptions};

use super::{
    PROTOCOL, SIGNATURE,
    certificates::{self, Certificate},
    instants,
    looks::{is, text},
    requests::escaped,
};

/// Namespace of metadata.
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// The redirect binding.
pub const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// The POST binding.
pub const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// Bytes of a document, at most.
pub const BYTES_MAX: usize = 1 << 20;
/// Nodes of a document, at most.
const NODES_MAX: u32 = 200_000;
/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 32;
/// Characters of one tag, at most.
const TAG_CHARS_MAX: usize = 10_000;
/// Characters of an entity id (SAML core, section 8.3.6) and of an address, at most.
const URI_CHARS_MAX: usize = 1_024;
/// Certificates of an identity provider, at most: one, and the next one.
pub const CERTIFICATES_MAX: usize = 2;
/// Entity ids that are named to choose from, at most.
const CHOICES_MAX: usize = 20;

/// Why metadata was not taken. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is too long.
    #[error("This is longer than {} MiB. Metadata of one identity provider has some kB.", BYTES_MAX >> 20)]
    TooLong,
    /// Declarations that could make a parser read other things.
    #[error("The document has a DOCTYPE, which metadata does not need. Remove it.")]
    Doctype,
    /// It is no XML.
    #[error(
        "This is no well-formed XML ({0}). Paste or upload the document as the identity provider offers it."
    )]
    Xml(String),
    /// It is something else.
    #[error(
        "This is no SAML metadata: it begins with {0}. Look for \"federation metadata\" or \"IdP metadata\" at the identity provider."
    )]
    Root(String),
    /// It describes no identity provider.
    #[error(
        "This describes no SAML 2.0 identity provider. If it is metadata of a service provider (ours, perhaps), take that of the identity provider."
    )]
    NoIdp,
    /// It describes several.
    #[error("This describes several identity providers. Choose one by its entity id: {0}")]
    Several(String),
    /// It is out of date.
    #[error("This metadata was valid until {0}. Get a new one from the identity provider.")]
    Expired(String),
    /// It lacks something, or it is wrong.
    #[error("The metadata cannot be used: {0}.")]
    Content(String),
    /// A certificate in it.
    #[error("A certificate in the metadata cannot be used. {0}")]
    Certificate(#[from] certificates::Error),
}

/// What metadata says of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Its address for signing in by redirect.
    pub sso_redirect: Option<String>,
    /// Its address for signing in by POST.
    pub sso_post: Option<String>,
    /// Its address for signing out by redirect.
    pub slo_redirect: Option<String>,
    /// What it signs with, in the order of the document.
    pub certificates: Vec<Certificate>,
    /// Whether it demands signed requests.
    pub wants_signed_requests: bool,
    /// Until when the document may be used, if it says so.
    pub valid_until: Option<Timestamp>,
}

/// Reads the metadata of an identity provider: the only one in the document, or the one with that entity id.
///
/// # Errors
/// If there is none, or it cannot be used; each error says what to do.
pub fn read(document: &str, entity_id: Option<&str>, now: Timestamp) -> Result<IdpMetadata, Error> {
    look(document)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(document, options).map_err(|error| Error::Xml(error.to_string()))?;
    let root = document.root_element();
    if !is(root, METADATA, "EntityDescriptor") && !is(root, METADATA, "EntitiesDescriptor") {
        return Err(Error::Root(root.tag_name().name().chars().take(60).collect()));
    }
    let providers: Vec<Node<'_, '_>> = root
        .descendants()
        .filter(|node| is(*node, METADATA, "EntityDescriptor") && descriptor(*node).is_some())
        .collect();
    let entity = match (entity_id, providers.as_slice()) {
        (_, []) => return Err(Error::NoIdp),
        (None, [entity]) => *entity,
        (None, several) => return Err(Error::Several(names(several))),
        (Some(id), several) => {
            let mut chosen = several.iter().filter(|entity| entity.attribute("entityID") == Some(id));
            match (chosen.next(), chosen.next()) {
                (Some(entity), None) => *entity,
                _ => return Err(Error::Several(names(several))),
            }
        }
    };
    let valid_until = still_valid(entity, now)?;
    let descriptor = descriptor(entity).ok_or(Error::NoIdp)?;
    let entity_id = entity.attribute("entityID").unwrap_or_default();
    if entity_id.is_empty()
        || entity_id.chars().count() > URI_CHARS_MAX
        || entity_id.chars().any(char::is_control)
    {
        return Err(Error::Content("its entityID is missing or too long".to_owned()));
    }
    let read = IdpMetadata {
        entity_id: entity_id.to_owned(),
        sso_redirect: endpoint(descriptor, "SingleSignOnService", REDIRECT)?,
        sso_post: endpoint(descriptor, "SingleSignOnService", POST)?,
        slo_redirect: endpoint(descriptor, "SingleLogoutService", REDIRECT)?,
        certificates: signing_certificates(descriptor)?,
        wants_signed_requests: matches!(descriptor.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
        valid_until,
    };
    if read.sso_redirect.is_none() && read.sso_post.is_none() {
        return Err(Error::Content(
            "there is no SingleSignOnService with the redirect or the POST binding".to_owned(),
        ));
    }
    Ok(read)
}

/// What a parser should not be given.
fn look(document: &str) -> Result<(), Error> {
    if document.len() > BYTES_MAX {
        return Err(Error::TooLong);
    }
    if document.contains("<!DOCTYPE") || document.contains("<!ENTITY") {
        return Err(Error::Doctype);
    }
    let mut depth = 0_usize;
    for tag in document.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or(tag);
        match tag.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!' | b'?') => {}
            _ if tag.ends_with('/') => {}
            _ => depth += 1,
        }
        if depth > DEPTH_MAX || tag.len() > TAG_CHARS_MAX {
            return Err(Error::Xml("elements too deep or tags too long".to_owned()));
        }
    }
    Ok(())
}

/// The part of an entity that makes it a SAML 2.0 identity provider.
fn descriptor<'a, 'input>(entity: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    entity.children().filter(|child| is(*child, METADATA, "IDPSSODescriptor")).find(|descriptor| {
        let protocols = descriptor.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
    })
}

fn names(entities: &[Node<'_, '_>]) -> String {
    let mut names: Vec<&str> =
        entities.iter().take(CHOICES_MAX).filter_map(|entity| entity.attribute("entityID")).collect();
    if entities.len() > CHOICES_MAX {
        names.push("…");
    }
    names.join(", ")
}

/// The earliest end of the entity and of what it lies in.
fn still_valid(entity: Node<'_, '_>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let mut earliest: Option<Timestamp> = None;
    for text in entity.ancestors().filter_map(|node| node.attribute("validUntil")) {
        let until = instants::read(text)
            .ok_or_else(|| Error::Content(format!("validUntil is no instant in UTC: {text:.40}")))?;
        earliest = Some(earliest.map_or(until, |earliest| earliest.min(until)));
    }
    match earliest {
        Some(until) if until <= now => Err(Error::Expired(until.human())),
        earliest => Ok(earliest),
    }
}

/// The first endpoint of that name and binding.
fn endpoint(descriptor: Node<'_, '_>, name: &str, binding: &str) -> Result<Option<String>, Error> {
    let found = descriptor
        .children()
        .filter(|child| is(*child, METADATA, name) && child.attribute("Binding") == Some(binding))
        .find_map(|child| child.attribute("Location"));
    match found.map(str::trim) {
        Some(location) if is_address(location) => Ok(Some(location.to_owned())),
        Some(location) => Err(Error::Content(format!("{name} is no address: {location:.80}"))),
        None => Ok(None),
    }
}

/// Whether a text is an address that a browser may be sent to. Plain HTTP is for identity providers on this machine.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    is_safe && url.username().is_empty() && url.password().is_none() && text.chars().count() <= URI_CHARS_MAX
}

fn signing_certificates(descriptor: Node<'_, '_>) -> Result<Vec<Certificate>, Error> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let keys = descriptor
        .children()
        .filter(|child| is(*child, METADATA, "KeyDescriptor"))
        .filter(|key| key.attribute("use").is_none_or(|purpose| purpose == "signing"));
    for key in keys {
        for node in key.descendants().filter(|node| is(*node, SIGNATURE, "X509Certificate")) {
            let certificate = Certificate::read(text(node).unwrap_or_default())?;
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    match certificates.len() {
        0 => Err(Error::Content(
            "it names no certificate to sign with, so that nothing from this identity provider could be believed".to_owned(),
        )),
        1..=CERTIFICATES_MAX => Ok(certificates),
        more => Err(Error::Content(format!(
            "it names {more} certificates to sign with; at most {CERTIFICATES_MAX} can be kept, so enter them by hand"
        ))),
    }
}

/// What our metadata says, for one identity provider.
pub struct SpMetadata<'a> {
    /// Our entity id for it.
    pub entity_id: &'a str,
    /// Our address that responses are posted to.
    pub acs_url: &'a str,
    /// Our address for signing out, by redirect.
    pub slo_url: &'a str,
    /// Our certificates: the one in use first, then the next one.
    pub certificates: &'a [Certificate],
    /// Whether our requests are signed.
    pub requests_signed: bool,
    /// Whether assertions have to be signed.
    pub assertions_signed: bool,
    /// The format of names that is asked for, if one is.
    pub name_id_format: Option<&'a str>,
}

impl SpMetadata<'_> {
    /// The document.
    #[must_use]
    pub fn xml(&self) -> String {
        let key = |purpose: &str, methods: &str| {
            let describe = |certificate: &Certificate| {
                let body: String = certificate
                    .pem()
                    .lines()
                    .filter(|line| !line.starts_with('-'))
                    .map(|line| format!("{line}\n"))
                    .collect();
                format!(
                    r#"<md:KeyDescriptor use="{purpose}"><ds:KeyInfo xmlns:ds="{SIGNATURE}"><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"#
                )
            };
            self.certificates.iter().map(describe).collect::<String>()
        };
        let methods: String = [
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        ]
        .map(|method| format!(r#"<md:EncryptionMethod Algorithm="{method}"/>"#))
        .concat();
        let format = self.name_id_format.map_or_else(String::new, |format| {
            format!("<md:NameIDFormat>{}</md:NameIDFormat>", escaped(format))
        });
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{}"><md:SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" AuthnRequestsSigned="{}" WantAssertionsSigned="{}">{}{}<md:SingleLogoutService Binding="{REDIRECT}" Location="{}"/>{format}<md:AssertionConsumerService Binding="{POST}" Location="{}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>
"#,
            escaped(self.entity_id),
            self.requests_signed,
            self.assertions_signed,
            key("signing", ""),
            key("encryption", &methods),
            escaped(self.slo_url),
            escaped(self.acs_url),
        )
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::saml::keys;

    fn now() -> Timestamp {
        Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap()
    }

    fn certificate(serial: u8) -> Certificate {
        keys::make("idp.example.org", [serial; keys::SERIAL_BYTES], now()).unwrap().certificate
    }

    fn key(purpose: &str, certificate: &Certificate) -> String {
        let body = STANDARD.encode(certificate.der());
        format!(
            r#"<KeyDescriptor{purpose}><KeyInfo xmlns="{SIGNATURE}"><X509Data><X509Certificate>
               {body}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"#
        )
    }

    fn entity(id: &str, attributes: &str, keys: &str) -> String {
        format!(
            r#"<EntityDescriptor xmlns="{METADATA}" entityID="{id}"{attributes}><!-- made by hand -->
            <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol {PROTOCOL}" WantAuthnRequestsSigned="true">{keys}
            <SingleLogoutService Binding="{REDIRECT}" Location="https://idp.example.org/slo"/>
            <SingleSignOnService Binding="{POST}" Location="https://idp.example.org/post"/>
            <SingleSignOnService Binding="{REDIRECT}" Location="https://idp.example.org/sso"/>
            </IDPSSODescriptor></EntityDescriptor>"#
        )
    }

    #[test]
    fn an_identity_provider_is_read() {
        let (one, two) = (certificate(1), certificate(2));
        let keys =
            [key(r#" use="signing""#, &one), key("", &two), key(r#" use="encryption""#, &certificate(3))]
                .concat();
        let read = read(&entity("https://idp.example.org", "", &keys), None, now()).unwrap();
        assert_eq!(read.entity_id, "https://idp.example.org");
        assert_eq!(read.sso_redirect.as_deref(), Some("https://idp.example.org/sso"));
        assert_eq!(read.sso_post.as_deref(), Some("https://idp.example.org/post"));
        assert_eq!(read.slo_redirect.as_deref(), Some("https://idp.example.org/slo"));
        assert_eq!(read.certificates, [one, two]);
        assert!(read.wants_signed_requests);
    }

    #[test]
    fn one_of_several_is_chosen_by_its_id() {
        let keys = key("", &certificate(1));
        let both = format!(
            r#"<EntitiesDescriptor xmlns="{METADATA}">{}{}</EntitiesDescriptor>"#,
            entity("https://a.example", "", &keys),
            entity("https://b.example", "", &keys)
        );
        assert_eq!(
            read(&both, None, now()),
            Err(Error::Several("https://a.example, https://b.example".into()))
        );
        assert_eq!(read(&both, Some("https://b.example"), now()).unwrap().entity_id, "https://b.example");
        assert!(matches!(read(&both, Some("https://c.example"), now()), Err(Error::Several(_))));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_to_do() {
        let keys = key("", &certificate(1));
        let good = entity("https://a.example", "", &keys);
        let refusal = |document: &str| read(document, None, now()).unwrap_err();
        assert_eq!(refusal(&"x".repeat(BYTES_MAX + 1)), Error::TooLong);
        assert_eq!(
            refusal(&format!("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>{good}")),
            Error::Doctype
        );
        assert!(matches!(refusal("<html>"), Error::Xml(_)));
        assert_eq!(refusal("<html/>"), Error::Root("html".into()));
        assert_eq!(refusal(&good.replace("IDPSSO", "SPSSO")), Error::NoIdp);
        assert_eq!(refusal(&good.replace(PROTOCOL, "x")), Error::NoIdp);
        let expired = entity("https://a.example", r#" validUntil="2026-11-28T12:00:00Z""#, &keys);
        assert_eq!(refusal(&expired), Error::Expired("2026-11-28 12:00:00 UTC".into()));
        let odd = entity("https://a.example", r#" validUntil="soon""#, &keys);
        assert!(matches!(refusal(&odd), Error::Content(_)));
        assert!(
            matches!(refusal(&entity("https://a.example", "", "")), Error::Content(what) if what.contains("no certificate"))
        );
        assert!(matches!(refusal(&entity("", "", &keys)), Error::Content(_)));
        assert!(matches!(
            refusal(&good.replace("https://idp.example.org/sso", "javascript:alert(1)")),
            Error::Content(_)
        ));
        assert!(matches!(
            refusal(&good.replace("https://idp.example.org/sso", "http://idp.example.org/sso")),
            Error::Content(_)
        ));
        assert!(matches!(refusal(&good.replace("SingleSignOn", "Other")), Error::Content(_)));
        let broken = good.replace("<X509Certificate>", "<X509Certificate>AAAA");
        assert_eq!(refusal(&broken), Error::Certificate(certificates::Error::Form));
        let three: String = (1..=3).map(|serial| key("", &certificate(serial))).collect();
        assert!(
            matches!(refusal(&entity("https://a.example", "", &three)), Error::Content(what) if what.contains("3 certificates"))
        );
        assert!(matches!(refusal(&"<a>".repeat(100)), Error::Xml(_)));
    }

    #[test]
    fn our_own_says_what_we_do() {
        let certificates = [certificate(1), certificate(2)];
        let own = SpMetadata {
            entity_id: "https://console.example.org/metadata?a=1&b=2",
            acs_url: "https://console.example.org/acs",
            slo_url: "https://console.example.org/slo",
            certificates: &certificates,
            requests_signed: true,
            assertions_signed: true,
            name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
        };
        let xml = own.xml();
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("entityID"), Some("https://console.example.org/metadata?a=1&b=2"));
        let keys: Vec<_> =
            root.descendants().filter(|node| node.has_tag_name((METADATA, "KeyDescriptor"))).collect();
        let purposes: Vec<_> = keys.iter().filter_map(|key| key.attribute("use")).collect();
        assert_eq!(purposes, ["signing", "signing", "encryption", "encryption"]);
        let read: Vec<_> = root
            .descendants()
            .filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
            .map(|node| Certificate::read(node.text().unwrap()).unwrap())
            .collect();
        assert_eq!(read, [certificates.clone(), certificates].concat());
        assert!(xml.contains(r#"AuthnRequestsSigned="true" WantAssertionsSigned="true""#));
    }
}
