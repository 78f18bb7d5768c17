//! Has xmlsec (through samael) check the signatures of a document that was looked at, and gives back the bytes that were
//! signed. Decides nothing about what they say.

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

use super::{
    certificates::Certificate,
    checks::{Check, Refusal},
    signature_forms::KeyKind,
};

/// What samael lets through; the look has taken no others.
const ALGORITHMS: &[AllowedSignatureAlgorithm] = &[
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// Checks every signature in a document with the certificates of its identity provider. Gives back the canonical form of
/// what was signed: the response if that is signed, else the assertion.
///
/// The keys are those of the certificates alone; what a signature says of its own key is not read.
pub(super) fn verify(text: &str, kinds: &[KeyKind], certificates: &[Certificate]) -> Result<String, Refusal> {
    let Some((kind, others)) = kinds.split_first() else {
        return Err(Refusal::new(Check::SignatureValid, "no signature"));
    };
    if others.iter().any(|other| other != kind) {
        return Err(Refusal::new(Check::Certificates, "signatures with keys of two kinds in one response"));
    }
    // An RSA key in front of the right one makes xmlsec give up on an ECDSA signature, and the other way round.
    let keys: Vec<CertificateDer> = certificates
        .iter()
        .filter(|certificate| certificate.key_kind() == Some(*kind))
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect();
    if keys.is_empty() {
        let what = match kind {
            KeyKind::Rsa => "no certificate with an RSA key",
            KeyKind::Ecdsa => "no certificate with an EC key",
        };
        return Err(Refusal::new(Check::Certificates, what));
    }
    let reduce = |keys: &[CertificateDer]| {
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(
            text,
            keys,
            ReduceMode::PreDigest,
            Some(ALGORITHMS),
        )
        .map_err(|error| Refusal::new(Check::SignatureValid, error.to_string()))
    };
    // A key of another length in front of the right one makes xmlsec give up as well, so that each is tried alone; then
    // all of them, for responses that are signed with two keys of one length.
    let alone = keys.chunks(1).filter(|_| keys.len() > 1).find_map(|key| reduce(key).ok());
    alone.map_or_else(|| reduce(&keys), Ok)
}
