//! Where responses are judged: elsewhere than in this process, since it works before it has seen that a signature is right.

use async_trait::async_trait;
use identity::saml::{questions::Question, verifications::Report};

/// Why there is no verdict. The response is refused then.
#[derive(Debug, thiserror::Error)]
#[error("a response could not be judged: {0}")]
pub struct JudgeError(pub String);

/// Judges responses.
#[async_trait]
pub trait SamlJudge: Send + Sync {
    /// The verdict on a response.
    async fn judge(&self, question: &Question) -> Result<Report, JudgeError>;
}
