//! What we ask an identity provider: to say who somebody is (`AuthnRequest`, SAML core section 3.4). Waits for no answer.

use domain::{secrets::Secret, timestamps::Timestamp};
use samael::crypto::{Crypto, CryptoError, CryptoProvider};

use super::{
    ASSERTION, ENVELOPED, EXCLUSIVE, PROTOCOL, SIGNATURE,
    keys::{self, SignatureAlgorithm},
};

/// Random bytes of a request's ID: 160 bits (SAML core, section 1.3.4, asks for 128 at least).
pub const ID_BYTES: usize = 20;

/// A message could not be signed, which no input can bring about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key.
    #[error(transparent)]
    Key(#[from] keys::Error),
    /// The signature of the XML.
    #[error("XML cannot be signed")]
    Xml(#[from] CryptoError),
}

/// A request to sign somebody in.
pub struct AuthnRequest<'a> {
    /// Its ID, made by [`id`]: what the response has to answer.
    pub id: &'a str,
    /// Now.
    pub issued_at: Timestamp,
    /// Where it is sent: the identity provider's address for signing in.
    pub destination: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// Our address that the response is to be posted to.
    pub acs_url: &'a str,
    /// The format of names that is asked for, if one is.
    pub name_id_format: Option<&'a str>,
    /// The authentication context that is demanded, if one is.
    pub context_class: Option<&'a str>,
    /// Whether the person has to show their credentials again there.
    pub is_forced: bool,
}

/// The ID of a message, of random bytes: an NCName.
#[must_use]
pub fn id(random: [u8; ID_BYTES]) -> String {
    let letters: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("_{letters}")
}

impl AuthnRequest<'_> {
    /// Its XML, without a signature: for the redirect binding.
    #[must_use]
    pub fn xml(&self) -> String {
        self.write("")
    }

    /// Its XML with a signature in it: for the POST binding.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn signed_xml(&self, private: &Secret, algorithm: SignatureAlgorithm) -> Result<String, Error> {
        sign(&self.write(&template(self.id, algorithm)), private)
    }

    fn write(&self, signature: &str) -> String {
        let forced = if self.is_forced { r#" ForceAuthn="true""# } else { "" };
        let policy = self.name_id_format.map_or_else(
            || r#"<samlp:NameIDPolicy AllowCreate="true"/>"#.to_owned(),
            |format| format!(r#"<samlp:NameIDPolicy Format="{}" AllowCreate="true"/>"#, escaped(format)),
        );
        let context = self.context_class.map_or_else(String::new, |class| {
            format!(
                r#"<samlp:RequestedAuthnContext Comparison="exact"><saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"#,
                escaped(class)
            )
        });
        format!(
            r#"<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{}" Version="2.0" IssueInstant="{}" Destination="{}" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" AssertionConsumerServiceURL="{}"{forced}><saml:Issuer>{}</saml:Issuer>{signature}{policy}{context}</samlp:AuthnRequest>"#,
            escaped(self.id),
            self.issued_at.rfc3339(),
            escaped(self.destination),
            escaped(self.acs_url),
            escaped(self.issuer),
        )
    }
}

/// An empty signature of the element with that ID, to be put behind its issuer (SAML core, section 5.4).
pub(super) fn template(id: &str, algorithm: SignatureAlgorithm) -> String {
    format!(
        r##"<ds:Signature xmlns:ds="{SIGNATURE}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{}"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms><ds:DigestMethod Algorithm="{}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"##,
        algorithm.uri(),
        algorithm.digest_uri()
    )
}

/// Fills the empty signature of a message of ours.
pub(super) fn sign(xml: &str, private: &Secret) -> Result<String, Error> {
    let key = keys::read(private)?;
    let der = key.private_key_to_der().map_err(keys::Error::from)?;
    let signed = Crypto::sign_xml(xml, &der)?;
    let body = signed
        .split_once("?>")
        .filter(|_| signed.starts_with("<?xml"))
        .map_or(signed.as_str(), |(_, body)| body);
    Ok(body.trim().to_owned())
}

/// A text as it may stand in XML, in an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            sign if sign.is_control() => {}
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::saml::{looks, signature_forms, signatures};

    fn request() -> AuthnRequest<'static> {
        AuthnRequest {
            id: "_0123456789abcdef",
            issued_at: Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap(),
            destination: "https://idp.example.org/sso?a=1&b=\"<>\"",
            issuer: "https://console.example.org/metadata",
            acs_url: "https://console.example.org/acs",
            name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
            context_class: Some("https://refeds.org/profile/mfa"),
            is_forced: true,
        }
    }

    #[test]
    fn a_request_says_what_it_is_told() {
        let xml = request().xml();
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name((PROTOCOL, "AuthnRequest")));
        for (name, value) in [
            ("ID", "_0123456789abcdef"),
            ("Destination", "https://idp.example.org/sso?a=1&b=\"<>\""),
            ("IssueInstant", "2026-11-28T12:00:00Z"),
            ("ForceAuthn", "true"),
            ("AssertionConsumerServiceURL", "https://console.example.org/acs"),
        ] {
            assert_eq!(root.attribute(name), Some(value));
        }
        assert!(xml.contains(r#"Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent""#));
        assert!(xml.contains("<saml:AuthnContextClassRef>https://refeds.org/profile/mfa<"));
        let plain =
            AuthnRequest { name_id_format: None, context_class: None, is_forced: false, ..request() }.xml();
        assert!(!plain.contains("Force") && !plain.contains("Context") && !plain.contains("Format="));
    }

    #[test]
    fn a_signed_request_passes_our_own_look_and_xmlsec() {
        for algorithm in SignatureAlgorithm::ALL {
            let key =
                keys::make("console.example.org", [9; keys::SERIAL_BYTES], request().issued_at).unwrap();
            let xml = request().signed_xml(&key.private, *algorithm).unwrap();
            let document = looks::parse(&xml).unwrap();
            let found = signature_forms::find(document.root_element(), None).unwrap();
            let kinds = [found.root.unwrap()];
            let signed = signatures::verify(&xml, &kinds, &[key.certificate]).unwrap();
            assert!(signed.contains("AuthnRequest") && !signed.contains("Signature"));
        }
    }

    #[test]
    fn ids_are_names() {
        assert_eq!(id([0xab; ID_BYTES]), format!("_{}", "ab".repeat(ID_BYTES)));
    }
}
