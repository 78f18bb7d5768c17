//! The redirect binding (SAML bindings, section 3.4): messages in the query of an address, deflated, with a signature
//! beside them over the letters of the query. Reads and writes no XML.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::secrets::Secret;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use url::form_urlencoded;

use super::{
    certificates::Certificate,
    checks::{Check, Refusal},
    keys::{self, SignatureAlgorithm},
};

/// How hard a message is deflated.
const LEVEL: u8 = 6;
/// Bytes of a message, at most, once it is inflated.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Characters of a query, at most.
const QUERY_CHARS_MAX: usize = 64 * 1024;

/// The parameter that a message travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Kind {
    /// The name of the parameter.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// What signs the messages that go out.
pub struct Signing<'a> {
    /// Our private key in PEM.
    pub private: &'a Secret,
    /// How it signs.
    pub algorithm: SignatureAlgorithm,
}

/// The address that brings a message to its destination, signed if there is a key to sign with.
///
/// # Errors
/// If it cannot be signed.
pub fn address(
    destination: &str,
    kind: Kind,
    xml: &str,
    relay_state: Option<&str>,
    signing: Option<&Signing<'_>>,
) -> Result<String, keys::Error> {
    let deflated = STANDARD.encode(miniz_oxide::deflate::compress_to_vec(xml.as_bytes(), LEVEL));
    let mut query = format!("{}={}", kind.parameter(), encoded(&deflated));
    if let Some(state) = relay_state {
        query.push_str(&format!("&RelayState={}", encoded(state)));
    }
    if let Some(signing) = signing {
        query.push_str(&format!("&SigAlg={}", encoded(signing.algorithm.uri())));
        let signature = keys::sign(signing.private, signing.algorithm, query.as_bytes())?;
        query.push_str(&format!("&Signature={}", encoded(&STANDARD.encode(signature))));
    }
    let separator = if destination.contains('?') { '&' } else { '?' };
    Ok(format!("{destination}{separator}{query}"))
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// A message that came in a query, with what is known of it.
#[derive(Debug)]
pub struct Received {
    /// The XML.
    pub xml: String,
    /// The state that travels with it.
    pub relay_state: Option<String>,
}

/// Reads a message from the query of a request, as it came, and checks its signature with the certificates of the
/// identity provider. A message without a good signature is refused.
///
/// # Errors
/// The check that refused it.
pub fn receive(query: &str, kind: Kind, certificates: &[Certificate]) -> Result<Received, Refusal> {
    if query.len() > QUERY_CHARS_MAX {
        return Err(Refusal::new(Check::FieldSize, format!("{} characters", query.len())));
    }
    let message = only(query, kind.parameter())?
        .ok_or_else(|| Refusal::new(Check::FieldPresent, format!("no {}", kind.parameter())))?;
    let (state, algorithm, signature) =
        (only(query, "RelayState")?, only(query, "SigAlg")?, only(query, "Signature")?);
    let (Some(algorithm), Some(signature)) = (algorithm, signature) else {
        return Err(Refusal::new(Check::SignatureValid, "the message is not signed"));
    };
    // The letters as they were sent: encoding them anew could give others.
    let mut signed = format!("{}={message}", kind.parameter());
    if let Some(state) = state {
        signed.push_str(&format!("&RelayState={state}"));
    }
    signed.push_str(&format!("&SigAlg={algorithm}"));
    let signature = base64_of(signature, Check::SignatureValid)?;
    verify(signed.as_bytes(), &decoded(algorithm), &signature, certificates)?;

    let deflated = base64_of(message, Check::FieldEncoding)?;
    let xml = miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, MESSAGE_BYTES_MAX)
        .map_err(|error| Refusal::new(Check::FieldEncoding, format!("it cannot be inflated: {error}")))?;
    let xml = String::from_utf8(xml)
        .map_err(|error| Refusal::new(Check::FieldEncoding, format!("not UTF-8: {error}")))?;
    Ok(Received { xml, relay_state: state.map(|state| decoded(state).into_owned()) })
}

/// The value of a parameter as it was sent; a refusal if there are two.
fn only<'a>(query: &'a str, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut found = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    match (found.next(), found.next()) {
        (value, None) => Ok(value),
        _ => Err(Refusal::new(Check::FieldPresent, format!("two {name}"))),
    }
}

fn decoded(value: &str) -> Cow<'_, str> {
    // Read as the one pair of a form whose name is empty.
    form_urlencoded::parse(value.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| name)
}

fn base64_of(value: &str, check: Check) -> Result<Vec<u8>, Refusal> {
    let value = decoded(value);
    let letters: Vec<u8> = value.bytes().filter(|sign| !sign.is_ascii_whitespace()).collect();
    STANDARD.decode(letters).map_err(|error| Refusal::new(check, format!("not base64: {error}")))
}

fn verify(
    signed: &[u8],
    algorithm: &str,
    signature: &[u8],
    certificates: &[Certificate],
) -> Result<(), Refusal> {
    let verification: &dyn VerificationAlgorithm = match algorithm {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => &RSA_PKCS1_2048_8192_SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => &RSA_PKCS1_2048_8192_SHA384,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => &RSA_PKCS1_2048_8192_SHA512,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => &ECDSA_P256_SHA256_ASN1,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => &ECDSA_P384_SHA384_ASN1,
        other => return Err(Refusal::new(Check::SignatureAlgorithm, other)),
    };
    let is_good = certificates
        .iter()
        .filter_map(Certificate::public_key)
        .any(|key| UnparsedPublicKey::new(verification, key).verify(signed, signature).is_ok());
    if is_good {
        return Ok(());
    }
    Err(Refusal::new(Check::SignatureValid, "no certificate of this identity provider fits the signature"))
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;

    use super::*;

    fn signed(algorithm: SignatureAlgorithm) -> (String, Certificate) {
        let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap();
        let key = keys::make("console.example.org", [7; keys::SERIAL_BYTES], now).unwrap();
        let signing = Signing { private: &key.private, algorithm };
        let url = address(
            "https://idp.example.org/slo?a=b",
            Kind::Request,
            "<a>ä & b</a>",
            Some("x y+z/="),
            Some(&signing),
        );
        (url.unwrap(), key.certificate)
    }

    fn query(url: &str) -> String {
        url.strip_prefix("https://idp.example.org/slo?a=b&").unwrap().to_owned()
    }

    #[test]
    fn what_was_signed_is_received() {
        for algorithm in SignatureAlgorithm::ALL {
            let (url, certificate) = signed(*algorithm);
            let received = receive(&query(&url), Kind::Request, &[certificate]).unwrap();
            assert_eq!(
                (received.xml.as_str(), received.relay_state.as_deref()),
                ("<a>ä & b</a>", Some("x y+z/="))
            );
        }
    }

    #[test]
    fn what_was_changed_is_refused() {
        let (url, certificate) = signed(SignatureAlgorithm::RsaSha256);
        let (other, stranger) = signed(SignatureAlgorithm::RsaSha256);
        let query = query(&url);
        let refusal = |query: &str, kind, certificates: &[Certificate]| {
            receive(query, kind, certificates).unwrap_err().check
        };
        let own = std::slice::from_ref(&certificate);
        assert_eq!(refusal(&query, Kind::Request, &[]), Check::SignatureValid);
        assert_eq!(refusal(&query, Kind::Request, &[stranger]), Check::SignatureValid);
        assert_eq!(refusal(&query, Kind::Response, own), Check::FieldPresent);
        assert_eq!(refusal("", Kind::Request, own), Check::FieldPresent);
        assert_eq!(
            refusal(&query.replace("RelayState=x", "RelayState=y"), Kind::Request, own),
            Check::SignatureValid
        );
        assert_eq!(refusal(&query.replace("SigAlg", "sigalg"), Kind::Request, own), Check::SignatureValid);
        let weak = query.replace("rsa-sha256", "rsa-sha1");
        assert_eq!(refusal(&weak, Kind::Request, own), Check::SignatureAlgorithm);
        let twice = format!("{query}&RelayState=evil");
        assert_eq!(refusal(&twice, Kind::Request, own), Check::FieldPresent);
        let (parts, others) =
            (query.split("&Signature=").next().unwrap(), other.split("&Signature=").nth(1).unwrap());
        assert_eq!(
            refusal(&format!("{parts}&Signature={others}"), Kind::Request, own),
            Check::SignatureValid
        );
        assert_eq!(refusal(&"a".repeat(QUERY_CHARS_MAX + 1), Kind::Request, own), Check::FieldSize);
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap();
        let key = keys::make("console.example.org", [7; keys::SERIAL_BYTES], now).unwrap();
        let signing = Signing { private: &key.private, algorithm: SignatureAlgorithm::RsaSha256 };
        let bomb = "a".repeat(40 << 20);
        let url =
            address("https://idp.example.org/slo?a=b", Kind::Request, &bomb, None, Some(&signing)).unwrap();
        let refusal = receive(&query(&url), Kind::Request, &[key.certificate]).unwrap_err();
        assert_eq!(refusal.check, Check::FieldEncoding, "{refusal:?}");
    }
}
