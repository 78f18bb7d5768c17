//! Signing in with an organization's identity provider: sending the browser there, taking what it brings back, and saying who it
//! is. What a response has to be is said in `identity`; the settings are in `identity_providers`.
//!
//! With SAML the answer comes as a form of another site, with which no cookie of ours comes along. So it is judged and kept there,
//! and fetched by the browser that asked, which shows its ceremony: an answer in another browser leads nowhere. With OpenID Connect
//! it is a code, which is kept alike, and traded in once that browser shows itself.

mod answers;
mod codes;
mod discoveries;
mod endings;
mod finishing;
mod judges;
mod leaving;
mod own;
mod people;
mod trips;
mod vouchers;

pub use answers::{Received, receive};
pub use codes::receive_code;
pub(crate) use discoveries::Discoveries;
pub use endings::receive_logout_token;
pub use finishing::{Finished, finish};
pub use judges::{JudgeError, SamlJudge};
pub use leaving::{Left, leave, receive_logout, remember};
pub use own::{own, unlink};
pub use trips::{Way, begin, begin_link, begin_step_up, begin_test, providers_for, providers_of};

use domain::{ids::IdentityProviderId, timestamps::Timestamp};
use identity::saml::verifications::{NameId, Report};
use ring::digest::{Context as Digest, SHA256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Control, envelopes::Place, errors::Failure};

/// What the hash of a request's ID begins with, so that it is no hash of anything else.
const REQUEST: &[u8] = b"redoubt identity provider request 1\0";
/// What the hash of a logout token's ID begins with.
const LOGOUT: &[u8] = b"redoubt accepted logout token 1\0";
/// What the hash of an assertion's ID begins with.
const ASSERTION: &[u8] = b"redoubt accepted assertion 1\0";

/// The session at the identity provider that one here began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSession {
    /// Where.
    pub provider: IdentityProviderId,
    /// What the person is called there; of OpenID Connect the value alone, `sub`.
    pub name_id: NameId,
    /// What the session is called there.
    pub index: Option<String>,
    /// When it ends at the latest.
    pub ends_at: Option<Timestamp>,
    /// The ID token that it began with, sealed, in base64: the identity provider wants to see it when somebody signs out there.
    #[serde(default)]
    pub id_token_sealed: Option<String>,
}

/// What a browser was sent away for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    /// To sign in.
    SignIn,
    /// To see whether the identity provider is set up right.
    Test,
    /// To link one's account.
    Link,
    /// To show once more who one is.
    StepUp,
}

/// What is remembered of a browser that was sent away.
#[derive(Serialize, Deserialize)]
struct Trip {
    provider: IdentityProviderId,
    request_id: String,
    purpose: Purpose,
    /// Where the browser goes on, for the console to say and to judge.
    next: String,
    began_at: Timestamp,
    /// What was asked by OpenID Connect; none with SAML.
    #[serde(default)]
    asked: Option<codes::Asked>,
}

fn hash(purpose: &[u8], text: &str) -> Vec<u8> {
    let mut digest = Digest::new(&SHA256);
    digest.update(purpose);
    digest.update(text.as_bytes());
    digest.finish().as_ref().to_vec()
}

/// The row has no UUID: half of its hash serves as one.
fn place(request_hash: &[u8]) -> Place {
    let half = request_hash.first_chunk().copied().unwrap_or_default();
    Place { column: "provider_requests.answer_sealed", row: Uuid::from_bytes(half) }
}

fn seal(control: &Control, request_hash: &[u8], report: &Report) -> Result<Vec<u8>, Failure> {
    let value = serde_json::to_vec(report)?;
    Ok(control.master_key().seal(control.random(), place(request_hash), &value))
}

fn open(control: &Control, request_hash: &[u8], sealed: &[u8]) -> Result<Report, Failure> {
    let value = control.master_key().open(place(request_hash), sealed)?;
    Ok(serde_json::from_slice(&value)?)
}
