//! The authentication policy, and whom a change of it would turn away.

use serde::{Deserialize, Serialize};

use super::Principal;
use crate::{
    ids::{OrganizationId, TokenId, UserId},
    policies::{AuthenticationPolicy, Rule},
    timestamps::Timestamp,
    tokens::TokenKind,
};

/// People and tokens that a preview names, at most of each.
pub const TURNED_AWAY_ROWS_MAX: usize = 100;

/// An organization's authentication policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct PolicyView {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The policy.
    pub policy: AuthenticationPolicy,
    /// Counts up with each change; 0 if there was none yet.
    pub generation: i64,
    /// When it was last changed; none if it never was.
    pub changed_at: Option<Timestamp>,
    /// The super admins who can act, and which of them are exempt from "identity provider required".
    pub super_admins: Vec<BreakGlassRow>,
    /// The address that the viewer comes from, if it is known.
    pub own_address: Option<String>,
}

/// A super admin, and whether they are exempt from "identity provider required".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct BreakGlassRow {
    /// Who.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Their sign-in name.
    pub email: String,
    /// When they were exempted; none if they are not.
    pub break_glass_at: Option<Timestamp>,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
}

/// What a change of the policy would do, without doing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct PolicyPreview {
    /// What the policy would be.
    pub policy: AuthenticationPolicy,
    /// The generation that this is a change of.
    pub generation: i64,
    /// What is changed, as in “Password sign-in: on → off”.
    pub changes: Vec<String>,
    /// Whether the very session that this was asked with would be over at once, because sessions are to last shorter.
    pub own_session_ends: bool,
    /// The rule that would turn away the very session or token that this was asked with.
    pub own_refusal: Option<Rule>,
    /// People who would lose access, or be asked to sign in another way; those first who lose it, at most
    /// [`TURNED_AWAY_ROWS_MAX`].
    pub people: Vec<TurnedAwayPerson>,
    /// Tokens that would reach the organization no more, at most [`TURNED_AWAY_ROWS_MAX`].
    pub tokens: Vec<TurnedAwayToken>,
    /// All who were looked at, in numbers.
    pub totals: TurnedAwayTotals,
    /// Give this back to save just what was previewed: it names all that is above.
    pub confirmation: String,
}

/// Somebody whom a change would turn away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TurnedAwayPerson {
    /// Who.
    pub principal: Principal,
    /// By which rule.
    pub rule: Rule,
    /// Whether they could sign in another way: what they are signed in with now is turned away.
    pub can_return: bool,
    /// Whether they are a super admin.
    pub is_super_admin: bool,
    /// Whether it is who asks.
    pub is_self: bool,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
}

/// A token that a change would turn away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TurnedAwayToken {
    /// Its id.
    pub id: TokenId,
    /// Whose kind it is of.
    pub kind: TokenKind,
    /// Its first characters.
    pub prefix: String,
    /// What it is for; none for a person's, who may use it in other organizations.
    pub description: Option<String>,
    /// Whose it is.
    pub owner: Principal,
    /// By which rule.
    pub rule: Rule,
    /// Whether it is that of who asks.
    pub is_own: bool,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// Those whom a change concerns, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TurnedAwayTotals {
    /// People who were looked at.
    pub people: i64,
    /// Those of them who would lose access.
    pub people_losing: i64,
    /// Those who would be asked to sign in another way.
    pub people_returning: i64,
    /// People of whom nothing is said, because there are too many.
    pub people_further: i64,
    /// People of whom it is not known from where they come, if the policy lists addresses.
    pub people_from_anywhere: i64,
    /// Managed users, members or not, who could not sign in at all any more.
    pub managed_losing: i64,
    /// Browsers that would be signed out at once, because sessions are to last shorter.
    pub sessions_ending: i64,
    /// Tokens that were looked at.
    pub tokens: i64,
    /// Those of them that would lose access.
    pub tokens_losing: i64,
    /// Tokens of which nothing is said, because there are too many.
    pub tokens_further: i64,
    /// Tokens that were never used, if the policy lists addresses: nobody knows from where they will be.
    pub tokens_from_anywhere: i64,
}
