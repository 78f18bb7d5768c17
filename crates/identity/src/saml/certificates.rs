//! Certificates of identity providers: reading them in whatever form they are pasted, and what they say. Trusts nobody: an
//! identity provider's certificate is a container for its key (SAML metadata interoperability profile, section 2.6.1), so
//! that its issuer and its dates decide nothing; the dates are shown, for people to renew it in time.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::timestamps::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use x509_parser::{parse_x509_certificate, public_key::PublicKey, x509::SubjectPublicKeyInfo};

use super::signature_forms::KeyKind;

/// Bytes of a certificate, at most.
const BYTES_MAX: usize = 16_384;
/// Bits of an RSA key, at least (NIST SP 800-131A) and at most (a longer one is slow to verify with).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Curves of an EC key: P-256, P-384 and P-521.
const CURVES: &[&str] = &["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

/// Why a certificate was not taken. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no certificate.
    #[error(
        "This is no X.509 certificate. Paste it as the identity provider shows it, with or without its BEGIN and END lines."
    )]
    Form,
    /// There is more than one.
    #[error("There is more than one certificate here. Paste one into each field.")]
    Several,
    /// A private key.
    #[error(
        "This is a private key. Keep it at the identity provider, and make a new one there, since this one was shown. Paste the certificate."
    )]
    PrivateKey,
    /// The key is too weak, or of a kind that nobody signs responses with.
    #[error(
        "The certificate's key is {0}. It has to be RSA with 2048 to 8192 bits, or EC on P-256, P-384 or P-521."
    )]
    Key(String),
}

/// A certificate that can verify signatures: in DER, with a key that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Certificate(Vec<u8>);

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whom it is for, as a distinguished name.
    pub subject: String,
    /// Who made it, as a distinguished name.
    pub issuer: String,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends. Signatures are taken afterwards as well.
    pub not_after: Timestamp,
    /// The key, for people: `RSA 2048`.
    pub key: String,
    /// SHA-256 of the DER in lower-case hex, for comparing.
    pub fingerprint: String,
}

impl Certificate {
    /// Reads a certificate in PEM, or its base64 alone.
    ///
    /// # Errors
    /// If it is none, or its key is not taken.
    pub fn read(pasted: &str) -> Result<Self, Error> {
        if pasted.contains("PRIVATE KEY") {
            return Err(Error::PrivateKey);
        }
        let mut blocks = pasted.split("-----BEGIN CERTIFICATE-----");
        let body = match (blocks.next(), blocks.next(), blocks.next()) {
            (Some(body), None, _) => body,
            (_, Some(body), None) => body.split("-----END").next().unwrap_or_default(),
            _ => return Err(Error::Several),
        };
        let letters: Vec<u8> = body.bytes().filter(|sign| !sign.is_ascii_whitespace()).collect();
        if letters.is_empty() || letters.len() > BYTES_MAX * 2 {
            return Err(Error::Form);
        }
        Self::from_der(STANDARD.decode(letters).map_err(|_| Error::Form)?)
    }

    /// A certificate in DER.
    ///
    /// # Errors
    /// If it is none, or its key is not taken.
    pub fn from_der(der: Vec<u8>) -> Result<Self, Error> {
        if der.len() > BYTES_MAX {
            return Err(Error::Form);
        }
        let (rest, parsed) = parse_x509_certificate(&der).map_err(|_| Error::Form)?;
        if !rest.is_empty() {
            return Err(Error::Form);
        }
        key(parsed.public_key()).map_err(Error::Key)?;
        Ok(Self(der))
    }

    /// A certificate that we made ourselves.
    pub(super) fn made(der: Vec<u8>) -> Self {
        Self(der)
    }

    /// The key in it as `ring` takes it: for RSA in PKCS #1, for EC as a point.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        let (_, parsed) = parse_x509_certificate(&self.0).ok()?;
        Some(parsed.public_key().subject_public_key.data.to_vec())
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// In PEM (RFC 7468).
    #[must_use]
    pub fn pem(&self) -> String {
        let body = STANDARD.encode(&self.0);
        let lines: Vec<&str> =
            (0..body.len()).step_by(64).map(|at| &body[at..body.len().min(at + 64)]).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// What it says; `None` only if it was changed where it was kept.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        let (_, parsed) = parse_x509_certificate(&self.0).ok()?;
        let at = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_micros(time.timestamp().saturating_mul(1_000_000))
        };
        let (_, key) = key(parsed.public_key()).ok()?;
        let fingerprint =
            digest(&SHA256, &self.0).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Facts {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            not_before: at(parsed.validity().not_before),
            not_after: at(parsed.validity().not_after),
            key,
            fingerprint,
        })
    }

    /// The kind of its key.
    pub(super) fn key_kind(&self) -> Option<KeyKind> {
        let (_, parsed) = parse_x509_certificate(&self.0).ok()?;
        key(parsed.public_key()).ok().map(|(kind, _)| kind)
    }
}

/// The kind of a key and its name for people, or what is wrong with it.
fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<(KeyKind, String), String> {
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let name = format!("RSA {}", rsa.key_size());
            if RSA_BITS.contains(&rsa.key_size()) { Ok((KeyKind::Rsa, name)) } else { Err(name) }
        }
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            let curve = curve.map(|curve| curve.to_id_string()).unwrap_or_default();
            match CURVES.iter().position(|known| *known == curve) {
                Some(at) => Ok((KeyKind::Ecdsa, format!("EC P-{}", [256, 384, 521][at]))),
                None => Err(format!("EC on the curve {curve}")),
            }
        }
        _ => Err("of another kind".to_owned()),
    }
}
