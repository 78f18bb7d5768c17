//! What the confined process is asked and answers, as bytes: verification in a process of its own. Starts no process.

use domain::timestamps::Timestamp;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider};
use serde::{Deserialize, Serialize};

use super::verifications::{Expectations, Report, Trust, verify};

/// The argument that makes our binary answer a question.
pub const ARGUMENT: &str = "judge-saml-response";
/// Bytes of a question, at most: a response and what is known of its identity provider.
pub const QUESTION_BYTES_MAX: u64 = 1 << 20;

/// A response to be judged, with all that is needed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The field `SAMLResponse`.
    pub field: String,
    /// Its identity provider.
    pub trust: Trust,
    /// What it has to fit.
    pub expectations: Expectations,
    /// Now.
    pub now: Timestamp,
}

impl Question {
    /// The question as bytes.
    ///
    /// # Errors
    /// If JSON cannot be written, which does not happen.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

/// Loads what xmlsec and OpenSSL load at first use, while files can still be opened.
pub fn warm_up() {
    // There is no key in this certificate; on the way there, everything is loaded.
    let nothing = CertificateDer::from(Vec::new());
    let _ = Crypto::verify_signed_xml("<a/>", &nothing, None);
}

/// Answers a question.
///
/// # Errors
/// If it is none.
pub fn answer(question: &[u8]) -> serde_json::Result<Vec<u8>> {
    let question: Question = serde_json::from_slice(question)?;
    let report = verify(&question.field, &question.trust, &question.expectations, question.now);
    serde_json::to_vec(&report)
}

/// Reads an answer.
///
/// # Errors
/// If it is none.
pub fn report(answer: &[u8]) -> serde_json::Result<Report> {
    serde_json::from_slice(answer)
}
