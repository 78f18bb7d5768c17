//! An identity provider of software, which answers as real ones do or as a hostile one would: it writes, signs and
//! encrypts whatever it is told to. Never built into the server.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{secrets::Secret, timestamps::Timestamp};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{X509Builder, X509NameBuilder},
};
use samael::crypto::{Crypto, CryptoProvider};

use super::{
    certificates::Certificate,
    checks::Refusal,
    looks,
    verifications::{Expectations, Trust},
};

mod algorithms;
pub mod browsers;
pub mod cases;
mod conditions;
mod contents;
mod controls;
mod edits;
mod encryptions;
mod fields;
mod forms;
mod identifiers;
pub mod mutations;
mod parsers;
pub mod sealing;
mod shapes;
mod signatures;
mod tenants;
mod transforms;
mod wrappings;

use cases::{Case, Family};

/// Responses that have to be refused: every family of the catalogue of attacks that one response can show. What needs
/// a second request (replay, RelayState, two sessions at once) is for the tests over HTTP.
#[must_use]
pub fn hostile() -> Vec<Case> {
    collected(&[
        ("signature", signatures::add),
        ("algorithm", algorithms::add),
        ("wrapping", wrappings::add),
        ("identifier", identifiers::add),
        ("transform", transforms::add),
        ("parser", parsers::add),
        ("field", fields::add),
        ("content", contents::add),
        ("tenant", tenants::add),
        ("encryption", encryptions::add),
    ])
}

/// Responses that have to be accepted.
#[must_use]
pub fn controls() -> Vec<Case> {
    collected(&[("control", controls::add), ("product", shapes::add), ("name", tenants::add_controls)])
}

/// The look alone, without xmlsec: what a fuzzer can do most often.
///
/// # Errors
/// What the look refuses.
pub fn look(field: &str) -> Result<(), Refusal> {
    let text = looks::decode(field)?;
    looks::response(&looks::parse(&text)?).map(drop)
}

/// A family's name and what adds its cases.
type Writer = (&'static str, fn(&mut Family));

fn collected(families: &[Writer]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, add) in families {
        let mut family = Family::new(name);
        add(&mut family);
        cases.append(&mut family.cases);
    }
    cases
}

/// What went wrong while a response was made.
pub type Failure = Box<dyn std::error::Error>;

/// Days that certificates of it last.
const CERTIFICATE_DAYS: u32 = 3_650;

/// The kinds of keys that identity providers sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// RSA with that many bits.
    Rsa(u32),
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
}

/// A key with a certificate made by itself.
pub struct KeyPair {
    key: PKey<Private>,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
}

/// An identity provider.
pub struct SoftIdp {
    /// Its entity id.
    pub entity_id: String,
    /// What it signs with.
    pub keys: KeyPair,
}

/// A response in parts, all of them text that is put in as it is. Begin with [`Draft::new`], change what the test is
/// about.
#[derive(Clone)]
pub struct Draft {
    /// ID of the response.
    pub response_id: String,
    /// ID of the assertion.
    pub assertion_id: String,
    /// Attributes of the response besides `ID` and the namespaces.
    pub response_attributes: String,
    /// Attributes of the assertion besides `ID` and the namespace.
    pub assertion_attributes: String,
    /// The issuer of the response, as XML.
    pub response_issuer: String,
    /// The issuer of the assertion, as XML.
    pub assertion_issuer: String,
    /// The status, as XML.
    pub status: String,
    /// The subject, as XML.
    pub subject: String,
    /// The conditions, as XML.
    pub conditions: String,
    /// The statement of authentication, as XML.
    pub statement: String,
    /// The attributes, as XML.
    pub attributes: String,
}

/// How a signature is made.
#[derive(Clone)]
pub struct SignatureDraft {
    /// `CanonicalizationMethod`.
    pub canonicalization: String,
    /// The algorithm of `SignatureMethod`.
    pub method: String,
    /// What `Transforms` holds.
    pub transforms: String,
    /// The algorithm of `DigestMethod`.
    pub digest: String,
    /// `KeyInfo` as XML, or nothing.
    pub key_info: String,
}

impl Default for SignatureDraft {
    fn default() -> Self {
        Self {
            canonicalization: r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#.into(),
            method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256".into(),
            transforms: r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#.into(),
            digest: "http://www.w3.org/2001/04/xmlenc#sha256".into(),
            key_info: String::new(),
        }
    }
}

impl SignatureDraft {
    /// The same with another pair of algorithms, the ends of their URIs: `rsa-sha512`, `sha512`.
    #[must_use]
    pub fn with(method: &str, digest: &str) -> Self {
        let digest = match digest {
            "sha384" | "sha224" => format!("http://www.w3.org/2001/04/xmldsig-more#{digest}"),
            "sha1" => "http://www.w3.org/2000/09/xmldsig#sha1".to_owned(),
            _ => format!("http://www.w3.org/2001/04/xmlenc#{digest}"),
        };
        let method = match method {
            "rsa-sha1" | "dsa-sha1" | "hmac-sha1" => format!("http://www.w3.org/2000/09/xmldsig#{method}"),
            _ => format!("http://www.w3.org/2001/04/xmldsig-more#{method}"),
        };
        Self { method, digest, ..Self::default() }
    }

    /// The `ds:Signature` with empty values, for the element with that ID.
    #[must_use]
    pub fn template(&self, id: &str) -> String {
        format!(
            r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>{}<ds:SignatureMethod Algorithm="{}"/><ds:Reference URI="#{id}"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod Algorithm="{}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>{}</ds:Signature>"##,
            self.canonicalization, self.method, self.transforms, self.digest, self.key_info
        )
    }
}

fn on_curve(curve: Nid) -> Result<PKey<Private>, Failure> {
    let group = EcGroup::from_curve_name(curve)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

impl KeyPair {
    /// A new one.
    ///
    /// # Errors
    /// If OpenSSL makes none.
    pub fn new(choice: KeyChoice) -> Result<Self, Failure> {
        let key = match choice {
            KeyChoice::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?)?,
            KeyChoice::P256 => on_curve(Nid::X9_62_PRIME256V1)?,
            KeyChoice::P384 => on_curve(Nid::SECP384R1)?,
        };
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("CN", "idp.example.org")?;
        let name = name.build();
        let mut certificate = X509Builder::new()?;
        certificate.set_version(2)?;
        let serial = BigNum::from_u32(1)?.to_asn1_integer()?;
        certificate.set_serial_number(&serial)?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        certificate.set_not_after(Asn1Time::days_from_now(CERTIFICATE_DAYS)?.as_ref())?;
        certificate.set_pubkey(&key)?;
        certificate.sign(&key, MessageDigest::sha256())?;
        Ok(Self { certificate: certificate.build().to_der()?, key })
    }

    /// A signature of some bytes in base64, as `SignatureValue` has it: RSA or ECDSA over SHA-256.
    ///
    /// # Errors
    /// If OpenSSL makes none.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Result<String, Failure> {
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &self.key)?;
        Ok(STANDARD.encode(signer.sign_oneshot_to_vec(bytes)?))
    }

    /// The private key in PEM.
    ///
    /// # Errors
    /// If OpenSSL cannot write it.
    pub fn private_pem(&self) -> Result<Secret, Failure> {
        Ok(Secret::new(String::from_utf8(self.key.private_key_to_pem_pkcs8()?)?))
    }

    /// Computes the first signature in a document that has empty values (xmlsec looks in document order).
    ///
    /// # Errors
    /// If xmlsec makes none.
    pub fn sign(&self, xml: &str) -> Result<String, Failure> {
        let signed = Crypto::sign_xml(xml, &self.key.private_key_to_der()?)?;
        let body = signed.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap_or(&signed);
        Ok(body.trim().to_owned())
    }
}

impl SoftIdp {
    /// A new one with a key of that kind.
    ///
    /// # Errors
    /// If OpenSSL makes no key.
    pub fn new(entity_id: &str, choice: KeyChoice) -> Result<Self, Failure> {
        Ok(Self { entity_id: entity_id.to_owned(), keys: KeyPair::new(choice)? })
    }

    /// What a service provider that demands signed assertions knows of it.
    ///
    /// # Errors
    /// If its certificate is none that is taken.
    pub fn trust(&self) -> Result<Trust, Failure> {
        Ok(Trust {
            entity_id: self.entity_id.clone(),
            certificates: vec![Certificate::from_der(self.keys.certificate.clone())?],
            assertion_signed: true,
            response_signed: false,
            encrypted: false,
            keys: Vec::new(),
        })
    }

    /// The assertion of a draft, signed.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn assertion(&self, draft: &Draft, signature: &SignatureDraft) -> Result<String, Failure> {
        self.keys.sign(&draft.assertion(&signature.template(&draft.assertion_id)))
    }

    /// A response whose assertion is signed.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn respond(&self, draft: &Draft) -> Result<String, Failure> {
        Ok(draft.response("", &self.assertion(draft, &SignatureDraft::default())?))
    }

    /// A response that is signed around whatever it holds.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn signed_response(
        &self,
        draft: &Draft,
        content: &str,
        signature: &SignatureDraft,
    ) -> Result<String, Failure> {
        self.keys.sign(&draft.response(&signature.template(&draft.response_id), content))
    }
}

impl Draft {
    /// A response that fits the expectations, about `alice@acme.example` in the groups `staff` and `dba`.
    #[must_use]
    pub fn new(entity_id: &str, expected: &Expectations, now: Timestamp) -> Self {
        let at = |seconds: u64| now.plus(std::time::Duration::from_secs(seconds)).rfc3339();
        let (issued, until) = (at(0), at(300));
        let Expectations { acs_url, audience, request_id } = expected;
        let issuer = format!("<saml:Issuer>{entity_id}</saml:Issuer>");
        Self {
            response_id: "_response-0123456789abcdef".into(),
            assertion_id: "_assertion-0123456789abcdef".into(),
            response_attributes: format!(
                r#"Version="2.0" IssueInstant="{issued}" Destination="{acs_url}" InResponseTo="{request_id}""#
            ),
            assertion_attributes: format!(r#"Version="2.0" IssueInstant="{issued}""#),
            response_issuer: issuer.clone(),
            assertion_issuer: issuer,
            status: r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>"#.into(),
            subject: format!(
                r#"<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">alice@acme.example</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs_url}" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject>"#
            ),
            conditions: format!(
                r#"<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"#
            ),
            statement: format!(
                r#"<saml:AuthnStatement AuthnInstant="{issued}" SessionIndex="_session-1"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"#
            ),
            attributes: format!(
                "<saml:AttributeStatement>{}{}</saml:AttributeStatement>",
                attribute("email", &["alice@acme.example"]),
                attribute("groups", &["staff", "dba"])
            ),
        }
    }

    /// The assertion, with a signature or none.
    #[must_use]
    pub fn assertion(&self, signature: &str) -> String {
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" {}>{}{signature}{}{}{}{}</saml:Assertion>"#,
            self.assertion_id,
            self.assertion_attributes,
            self.assertion_issuer,
            self.subject,
            self.conditions,
            self.statement,
            self.attributes
        )
    }

    /// The response around some content, with a signature or none.
    #[must_use]
    pub fn response(&self, signature: &str, content: &str) -> String {
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" {}>{}{signature}{}{content}</samlp:Response>"#,
            self.response_id, self.response_attributes, self.response_issuer, self.status
        )
    }
}

/// An attribute with values, as XML.
#[must_use]
pub fn attribute(name: &str, values: &[&str]) -> String {
    let values: String =
        values.iter().map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>")).collect();
    format!(r#"<saml:Attribute Name="{name}">{values}</saml:Attribute>"#)
}

/// The field `SAMLResponse` for a document.
#[must_use]
pub fn field(xml: &str) -> String {
    STANDARD.encode(xml)
}
