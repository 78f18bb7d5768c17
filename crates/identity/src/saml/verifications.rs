//! The verdict on a response: a pure function from the response's text, what is known of the identity provider, what is
//! expected, and the time. Remembers nothing: whether an assertion was used before is for the caller to say.

use domain::{secrets::Secret, timestamps::Timestamp};
use openssl::pkey::PKey;
use roxmltree::Document;
use serde::{Deserialize, Serialize};

use super::{
    ASSERTION, SIGNATURE,
    certificates::Certificate,
    checks::{Check, Finding, Findings, Refusal},
    contents, decryptions, looks,
    looks::{Shape, is},
    signature_forms::KeyKind,
    signatures,
};

/// What is known of an identity provider, and demanded of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Trust {
    /// Its entity id.
    pub entity_id: String,
    /// Its certificates: one, or two while it rolls over. None means that nothing is believed.
    pub certificates: Vec<Certificate>,
    /// Whether its assertions must be signed themselves; else a signature of the response around them is enough.
    pub assertion_signed: bool,
    /// Whether its responses must be signed.
    pub response_signed: bool,
    /// Whether its assertions must be encrypted.
    pub encrypted: bool,
    /// Our private keys in PEM (PKCS #8) to decrypt with: one, or two while ours are rolled over.
    pub keys: Vec<Secret>,
}

/// What a response has to fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expectations {
    /// Our address that it is posted to.
    pub acs_url: String,
    /// Our entity id.
    pub audience: String,
    /// The ID of the request that this browser was sent with.
    pub request_id: String,
}

/// What an identity provider asserts of somebody. Only from bytes that it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// Its ID, to be accepted once.
    pub id: String,
    /// The person's name at the identity provider.
    pub name_id: NameId,
    /// Until when the assertion may be used: so long its ID has to be remembered.
    pub not_on_or_after: Timestamp,
    /// When the person signed in there.
    pub authenticated_at: Timestamp,
    /// The session there, for single logout.
    pub session_index: Option<String>,
    /// When that session ends, and ours with it.
    pub session_ends_at: Option<Timestamp>,
    /// How the person signed in, as an authentication context class.
    pub context_class: Option<String>,
    /// Attributes in the order of the assertion, those of one name together.
    pub attributes: Vec<Attribute>,
}

/// A person's name at an identity provider (SAML core, section 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// Its format, a URI.
    pub format: Option<String>,
    /// The name of the domain that the name belongs to.
    pub name_qualifier: Option<String>,
    /// The name of the service provider that the name is for.
    pub sp_name_qualifier: Option<String>,
}

/// An attribute of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name, often a URI.
    pub name: String,
    /// Its name for people, if the identity provider gives one.
    pub friendly_name: Option<String>,
    /// Its values as plain text.
    pub values: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Every check that was made, in the order of the checks.
    pub findings: Vec<Finding>,
    /// The XML that was looked at, if the field could be decoded.
    pub xml: Option<String>,
    /// The XML of the assertion that was encrypted, if it could be decrypted.
    pub decrypted: Option<String>,
    /// The assertion, or the first check that refused it.
    pub outcome: Result<Assertion, Refusal>,
}

impl Report {
    /// SHA-256 fingerprints, in lower-case hex, of the certificates that came along with the signatures of a response: whose key
    /// they say it was. Nothing is ever verified with them; they are for telling people which certificate they may lack.
    #[must_use]
    pub fn offered_fingerprints(&self) -> Vec<String> {
        let mut fingerprints = Vec::new();
        for text in [&self.xml, &self.decrypted].into_iter().flatten() {
            let Ok(document) = looks::parse(text) else { continue };
            let signatures = document.descendants().filter(|node| is(*node, SIGNATURE, "Signature"));
            let offered = signatures
                .flat_map(|signature| signature.descendants())
                .filter(|node| is(*node, SIGNATURE, "X509Certificate"))
                .filter_map(|node| Certificate::read(looks::text(node)?).ok()?.facts());
            fingerprints.extend(offered.map(|facts| facts.fingerprint));
        }
        fingerprints.sort();
        fingerprints.dedup();
        fingerprints
    }
}

/// How far clocks may be apart.
pub const SKEW: std::time::Duration = contents::SKEW;

/// Which request a response says that it answers; none if it says nothing. Looks strictly, verifies nothing.
///
/// # Errors
/// The check that refused it.
pub fn request_of(field: &str) -> Result<Option<String>, Refusal> {
    let text = looks::decode(field)?;
    let document = looks::parse(&text)?;
    looks::response(&document)?;
    Ok(document.root_element().attribute("InResponseTo").map(ToOwned::to_owned))
}

/// Judges the field `SAMLResponse` of the POST binding.
#[must_use]
pub fn verify(field: &str, trust: &Trust, expectations: &Expectations, now: Timestamp) -> Report {
    let mut report = Report {
        findings: Vec::new(),
        xml: None,
        decrypted: None,
        outcome: Err(Refusal::new(Check::FieldPresent, "")),
    };
    let mut findings = Findings::default();
    report.outcome = judge(field, trust, expectations, now, &mut findings, &mut report);
    report.findings = findings.into_list();
    report
}

fn judge(
    field: &str,
    trust: &Trust,
    expectations: &Expectations,
    now: Timestamp,
    findings: &mut Findings,
    report: &mut Report,
) -> Result<Assertion, Refusal> {
    let text = findings.take(looks::decode(field))?;
    findings.pass(Check::FieldPresent, "one field");
    findings.pass(Check::FieldSize, format!("{} characters", field.len()));
    findings.pass(Check::FieldEncoding, format!("{} bytes of XML", text.len()));
    report.xml = Some(text.clone());

    let document = findings.take(looks::parse(&text))?;
    for check in [Check::Markup, Check::MarkupSize, Check::WellFormed] {
        findings.pass(check, "nothing unusual");
    }
    let shape = findings.take(looks::response(&document))?;
    looked_at(findings, &shape);
    findings.take(demand_signatures(trust, &shape))?;
    let signed = findings.take(signed_bytes(&text, trust, &shape))?;
    if let Some(signed) = &signed {
        findings.pass(Check::SignatureValid, format!("{} bytes were signed", signed.len()));
    }

    let outer = signed.as_deref().unwrap_or(&text);
    let outer = findings.take(looks::parse(outer))?;
    let consumed = if shape.assertion.is_some() {
        None
    } else {
        let plain = findings.take(decrypt(&outer, trust))?;
        report.decrypted = Some(plain.clone());
        let inner = findings.take(decrypted_bytes(&plain, trust, &shape.root_id, signed.is_some()))?;
        findings.pass(Check::Decryption, format!("{} bytes were encrypted", plain.len()));
        findings.pass(Check::SignatureValid, format!("{} bytes were signed and encrypted", inner.len()));
        Some(inner)
    };
    if trust.encrypted {
        let seen = if consumed.is_some() { "it is encrypted" } else { "it is not encrypted" };
        findings.note(Check::Encrypted, consumed.is_some(), seen);
    }
    let inner = consumed.as_deref().map(looks::parse).transpose();
    let inner = findings.take(inner)?;
    let assertion = inner.as_ref().unwrap_or(&outer).root_element();
    let assertion = findings.take(assertion_in(assertion))?;
    // What the identity provider signed, if it signed the response, else what came.
    let shell = if shape.root_signature.is_some() { &outer } else { &document }.root_element();
    let read = contents::Read { shell, assertion, trust, expectations, now };
    let assertion = contents::read(&read, findings);
    match (findings.refusal(), assertion) {
        (None, Some(assertion)) => Ok(assertion),
        (Some(refusal), _) => Err(refusal),
        (None, None) => Err(Refusal::new(Check::OneAssertion, "the assertion cannot be read")),
    }
}

fn looked_at(findings: &mut Findings, shape: &Shape) {
    findings.pass(Check::Root, "samlp:Response");
    let assertion = match &shape.assertion {
        Some(inner) => format!("Assertion {}", inner.id),
        None => "EncryptedAssertion".to_owned(),
    };
    findings.pass(Check::OneAssertion, assertion);
    findings.pass(Check::Identifiers, format!("Response {}", shape.root_id));
    for check in [Check::SignaturePlace, Check::SignatureForm, Check::SignatureAlgorithm] {
        findings.pass(check, "as it should be");
    }
}

/// Signatures that have to be there before anything is decrypted or verified. Whether an encrypted assertion is signed is
/// seen when it was decrypted.
fn demand_signatures(trust: &Trust, shape: &Shape) -> Result<(), Refusal> {
    if trust.certificates.is_empty() {
        return Err(Refusal::new(Check::Certificates, "this identity provider has no certificate"));
    }
    if trust.response_signed && shape.root_signature.is_none() {
        return Err(Refusal::new(Check::ResponseSigned, "the response has no signature"));
    }
    match &shape.assertion {
        Some(inner) => demand_assertion(trust, inner.signature.is_some(), shape.root_signature.is_some()),
        None => Ok(()),
    }
}

fn demand_assertion(trust: &Trust, is_signed: bool, is_response_signed: bool) -> Result<(), Refusal> {
    match (is_signed, is_response_signed) {
        (true, _) => Ok(()),
        (false, true) if !trust.assertion_signed => Ok(()),
        (false, true) => Err(Refusal::new(
            Check::AssertionSigned,
            "only the response is signed. Have the identity provider sign assertions, or switch the demand off",
        )),
        (false, false) => Err(Refusal::new(Check::AssertionSigned, "nothing is signed")),
    }
}

/// The bytes that were signed, of a response that holds a signature; `None` for one that holds none itself and whose
/// assertion is encrypted.
fn signed_bytes(text: &str, trust: &Trust, shape: &Shape) -> Result<Option<String>, Refusal> {
    let inner = shape.assertion.as_ref().and_then(|inner| inner.signature);
    let kinds: Vec<KeyKind> = shape.root_signature.into_iter().chain(inner).collect();
    if kinds.is_empty() {
        return Ok(None);
    }
    let signed = signatures::verify(text, &kinds, &trust.certificates)?;
    let id = match (&shape.root_signature, &shape.assertion) {
        (None, Some(inner)) => &inner.id,
        _ => &shape.root_id,
    };
    belongs(&signed, id)?;
    Ok(Some(signed))
}

/// What was signed has to be the element that was looked at.
fn belongs(signed: &str, id: &str) -> Result<(), Refusal> {
    let document = looks::parse(signed)?;
    if document.root_element().attribute("ID") == Some(id) {
        return Ok(());
    }
    Err(Refusal::new(Check::SignatureValid, "another element was signed"))
}

fn decrypt(outer: &Document<'_>, trust: &Trust) -> Result<String, Refusal> {
    let root = outer.root_element();
    let encrypted = root
        .children()
        .find(|child| is(*child, ASSERTION, "EncryptedAssertion"))
        .ok_or_else(|| Refusal::new(Check::OneAssertion, "no EncryptedAssertion in what was signed"))?;
    let keys: Vec<_> = trust
        .keys
        .iter()
        .filter_map(|key| PKey::private_key_from_pem(key.expose().as_bytes()).ok())
        .collect();
    if keys.is_empty() {
        return Err(Refusal::new(Check::Decryption, "there is no key to decrypt with"));
    }
    decryptions::decrypt(encrypted, &keys)
}

/// The bytes that were signed of an assertion that was encrypted: its own, or what came out if the response around it is
/// signed and that is enough.
fn decrypted_bytes(
    plain: &str,
    trust: &Trust,
    response_id: &str,
    is_response_signed: bool,
) -> Result<String, Refusal> {
    let document = looks::parse(plain).map_err(|_| decryptions::undecipherable())?;
    let shape = looks::assertion(&document)?;
    if shape.root_id == response_id {
        return Err(Refusal::new(Check::Identifiers, "the assertion has the ID of the response"));
    }
    demand_assertion(trust, shape.root_signature.is_some(), is_response_signed)?;
    let Some(kind) = shape.root_signature else { return Ok(plain.to_owned()) };
    let signed = signatures::verify(plain, &[kind], &trust.certificates)?;
    belongs(&signed, &shape.root_id)?;
    Ok(signed)
}

/// The assertion in what was signed: itself, or directly in the response.
fn assertion_in<'a, 'input>(
    root: roxmltree::Node<'a, 'input>,
) -> Result<roxmltree::Node<'a, 'input>, Refusal> {
    if is(root, ASSERTION, "Assertion") {
        return Ok(root);
    }
    let mut found = root.children().filter(|child| is(*child, ASSERTION, "Assertion"));
    match (found.next(), found.next()) {
        (Some(assertion), None) => Ok(assertion),
        _ => Err(Refusal::new(Check::OneAssertion, "not one assertion in what was signed")),
    }
}
