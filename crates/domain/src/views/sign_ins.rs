//! What people see of how they sign in: their factors and sessions, and what a page that asks for a factor needs.

use super::ProviderChoice;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{FactorId, FactorResetId},
    secrets::Secret,
    sign_ins::{FactorKind, SignInMethod},
    timestamps::Timestamp,
};

/// What the page that asks for a second factor shows, after the right password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorView {
    /// Whose password it was.
    pub email: String,
    /// What they can answer with, each kind once; recovery codes only while there are any.
    pub kinds: Vec<FactorKind>,
    /// Options for `navigator.credentials.get` as JSON; none for who has neither security key nor passkey.
    pub options: Option<String>,
    /// When they lose their second factors, if somebody asked for that.
    pub reset_due_at: Option<Timestamp>,
}

/// What the page shows that asks somebody to show once more who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUpView {
    /// What they can answer with, each kind once; empty for who has no factor and answers with their password.
    pub kinds: Vec<FactorKind>,
    /// Options for `navigator.credentials.get` as JSON; none for who has neither security key nor passkey.
    pub options: Option<String>,
    /// Whether they have a password, for who has no factor.
    pub has_password: bool,
    /// The identity provider that they signed in with, which can confirm who they are.
    pub provider: Option<ProviderChoice>,
}

/// One rule for passwords, and how a password that is being typed stands with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRule {
    /// Whether the password meets it.
    pub is_met: bool,
    /// What the rule asks for, if it is met; else what to do.
    pub sentence: String,
}

/// What a link shows that sets a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordResetView {
    /// Whose password it sets.
    pub email: String,
    /// Fewest characters of the new one.
    pub chars_min: usize,
}

/// One's own second factors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFactors {
    /// The factors, the oldest first.
    pub factors: Vec<FactorRow>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: i64,
    /// When they were made, used ones included; none if there are none.
    pub recovery_codes_made_at: Option<Timestamp>,
    /// Whether there is a password.
    pub has_password: bool,
    /// When the password was last changed; none if it never was.
    pub password_changed_at: Option<Timestamp>,
    /// How many factors one may have.
    pub factors_max: usize,
}

/// A second factor in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorRow {
    /// Its id.
    pub id: FactorId,
    /// What it is.
    pub kind: FactorKind,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is a passkey that its owner's devices share.
    pub is_synced: bool,
    /// Names of the organizations that let the person in with it and would not without it.
    pub needed_by: Vec<String>,
}

/// What sets an authenticator app up, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub struct TotpOffer {
    /// The factor that it becomes.
    pub factor: FactorId,
    /// The seed for typing, in groups of four.
    pub secret: Secret,
    /// The `otpauth://` address.
    pub uri: Secret,
    /// The same as a QR code in SVG.
    pub qr_svg: Secret,
}

/// A factor that was just added.
#[derive(Clone, Serialize, Deserialize)]
pub struct AddedFactor {
    /// As in the list.
    pub factor: FactorRow,
    /// Recovery codes, shown once: they come with the first factor.
    pub recovery_codes: Option<Vec<Secret>>,
}

/// A signed-in browser of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// What names it; not enough to make its cookie.
    pub id: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// What it was begun with; none for sessions from before this was kept.
    pub method: Option<SignInMethod>,
    /// What was shown besides a password.
    pub second_factor: Option<FactorKind>,
    /// From where it was last used.
    pub address: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used again.
    pub expires_at: Timestamp,
}

/// What there is to know before it is asked that somebody lose their second factors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorResetPreview {
    /// Who would lose them.
    pub email: String,
    /// What they would lose, the oldest first; empty if the viewer may not know.
    pub factors: Vec<FactorKind>,
    /// Recovery codes that they would lose.
    pub recovery_codes_left: i64,
    /// When it would come to pass, if it were asked now.
    pub due_at: Timestamp,
    /// Why it cannot be asked, if so: a sentence.
    pub obstacle: Option<String>,
}

/// What became of requests that one lose one's own second factors, as far as it matters still.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFactorResets {
    /// The one that is open.
    pub waiting: Option<FactorResetView>,
    /// When the factors were removed of somebody who has had none since; not told for ever.
    pub removed_at: Option<Timestamp>,
}

/// An open request that somebody lose their second factors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct FactorResetView {
    /// Its id.
    pub id: FactorResetId,
    /// Who is to lose them.
    pub email: String,
    /// Who asked.
    pub asked_by: String,
    /// Why.
    pub reason: String,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it comes to pass.
    pub due_at: Timestamp,
}
