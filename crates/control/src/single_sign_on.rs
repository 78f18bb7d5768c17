//! Signing in with an organization's identity provider: sending the browser there, taking what it brings back, and saying who it
//! is. What a response has to be is said in `identity`; the settings are in `identity_providers`.
//!
//! With SAML the answer comes as a form of another site, with which no cookie of ours comes along. So it is judged and kept there,
//! and fetched by the browser that asked, which shows its ceremony: an answer in another browser leads nowhere. With OpenID Connect
//! it is a code, which is kept alike, and traded in once that browser shows itself.

mod admissions;
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

use domain::{ids::IdentityProviderId, secrets::Secret, timestamps::Timestamp};
use identity::saml::verifications::NameId;
use ring::digest::{Context as Digest, SHA256};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{Control, envelopes::Place, errors::Failure, random};

/// What the hash of a request's ID begins with, so that it is no hash of anything else.
const REQUEST: &[u8] = b"redoubt identity provider request 1\0";
/// What the hash of a logout token's ID begins with.
const LOGOUT: &[u8] = b"redoubt accepted logout token 1\0";
/// What the hash of a receipt begins with.
const RECEIPT: &[u8] = b"redoubt identity provider receipt 1\0";
/// Characters of a receipt: more than 190 bits.
const RECEIPT_CHARS: usize = 32;
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

/// What is kept of an answer until the browser that asked fetches it.
#[derive(Serialize, Deserialize)]
struct KeptAnswer<T> {
    /// Hash of the receipt that whoever brought it was given.
    receipt_hash: Vec<u8>,
    /// The settings that it was judged by, if it was: they may be others when it is fetched.
    generation: Option<i64>,
    /// The answer.
    answer: T,
}

/// Seals an answer, with a receipt for the browser that brought it. Whoever fetches it shows both: that they asked, by their
/// ceremony, and that it was they who came back with it. Otherwise somebody could ask, have another person answer, and sign in as
/// that person (login CSRF, turned round).
fn seal<T: Serialize>(
    control: &Control,
    request_hash: &[u8],
    generation: Option<i64>,
    answer: &T,
) -> Result<(Vec<u8>, Secret), Failure> {
    let receipt = random::text(control.random(), RECEIPT_CHARS);
    let kept = KeptAnswer { receipt_hash: hash(RECEIPT, receipt.expose()), generation, answer };
    let value = serde_json::to_vec(&kept)?;
    Ok((control.master_key().seal(control.random(), place(request_hash), &value), receipt))
}

/// The answer and the settings that it was judged by, for who has its receipt.
fn open<T: DeserializeOwned>(
    control: &Control,
    request_hash: &[u8],
    sealed: &[u8],
    receipt: &Secret,
) -> Result<Option<(T, Option<i64>)>, Failure> {
    let value = control.master_key().open(place(request_hash), sealed)?;
    let kept: KeptAnswer<T> = serde_json::from_slice(&value)?;
    let is_theirs = kept.receipt_hash.ct_eq(&hash(RECEIPT, receipt.expose()));
    Ok(bool::from(is_theirs).then_some((kept.answer, kept.generation)))
}
