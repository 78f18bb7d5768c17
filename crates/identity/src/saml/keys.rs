//! Our own keys towards identity providers: one pair signs requests and decrypts assertions, in a certificate that it made
//! itself. Keeps nothing; the private key is sealed by the caller.

use domain::{secrets::Secret, timestamps::Timestamp};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
    x509::{X509Builder, X509NameBuilder},
};
use serde::{Deserialize, Serialize};

use super::certificates::Certificate;

/// Bits of our RSA keys: enough for assertions that stay private until 2030 and later (NIST SP 800-57).
const RSA_BITS: u32 = 3_072;
/// Seconds that our certificates last: three years. Nobody checks it but people, who are told in time.
const LIFE_SECONDS: i64 = 3 * 365 * 86_400;
/// Random bytes of a certificate's serial number (RFC 5280 section 4.1.2.2: at most 20 octets).
pub const SERIAL_BYTES: usize = 16;

/// OpenSSL failed, which no input can make it do.
#[derive(Debug, thiserror::Error)]
#[error("A key cannot be made or used: {0}")]
pub struct Error(#[from] ErrorStack);

/// How our requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// RSA with SHA-256.
    #[default]
    RsaSha256,
    /// RSA with SHA-384.
    RsaSha384,
    /// RSA with SHA-512.
    RsaSha512,
}

impl SignatureAlgorithm {
    /// Every one.
    pub const ALL: &[Self] = &[Self::RsaSha256, Self::RsaSha384, Self::RsaSha512];

    /// The name in settings: `rsa-sha256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha384 => "rsa-sha384",
            Self::RsaSha512 => "rsa-sha512",
        }
    }

    /// The URI of the signature's algorithm (RFC 9231 section 2.3).
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        }
    }

    /// The URI of the digest that goes with it.
    pub(super) const fn digest_uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }

    fn digest(self) -> MessageDigest {
        match self {
            Self::RsaSha256 => MessageDigest::sha256(),
            Self::RsaSha384 => MessageDigest::sha384(),
            Self::RsaSha512 => MessageDigest::sha512(),
        }
    }
}

/// A new pair of keys.
pub struct NewKey {
    /// The private key in PEM (PKCS #8).
    pub private: Secret,
    /// The certificate to give to identity providers.
    pub certificate: Certificate,
}

/// Makes a pair of keys, with a certificate for that common name that begins now.
///
/// # Errors
/// If OpenSSL fails.
pub fn make(common_name: &str, serial: [u8; SERIAL_BYTES], now: Timestamp) -> Result<NewKey, Error> {
    let key = PKey::from_rsa(Rsa::generate(RSA_BITS)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", common_name)?;
    let name = name.build();
    let seconds = now.micros() / 1_000_000;
    let mut certificate = X509Builder::new()?;
    certificate.set_version(2)?;
    let mut serial = serial;
    // Positive, and never zero.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    let serial = BigNum::from_slice(&serial)?.to_asn1_integer()?;
    certificate.set_serial_number(&serial)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_not_before(Asn1Time::from_unix(seconds)?.as_ref())?;
    certificate.set_not_after(Asn1Time::from_unix(seconds + LIFE_SECONDS)?.as_ref())?;
    certificate.set_pubkey(&key)?;
    certificate.sign(&key, MessageDigest::sha256())?;
    let certificate = Certificate::made(certificate.build().to_der()?);
    let private = String::from_utf8_lossy(&key.private_key_to_pem_pkcs8()?).into_owned();
    Ok(NewKey { private: Secret::new(private), certificate })
}

/// Signs bytes with a private key in PEM.
///
/// # Errors
/// If it is no key, or OpenSSL fails.
pub(super) fn sign(private: &Secret, algorithm: SignatureAlgorithm, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let key = read(private)?;
    let mut signer = Signer::new(algorithm.digest(), &key)?;
    Ok(signer.sign_oneshot_to_vec(bytes)?)
}

/// Reads a private key in PEM.
pub(super) fn read(private: &Secret) -> Result<PKey<Private>, Error> {
    Ok(PKey::private_key_from_pem(private.expose().as_bytes())?)
}
