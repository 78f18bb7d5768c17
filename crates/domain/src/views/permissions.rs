//! Grants, what follows from them, and why.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::people::NamedGroup;
use crate::{
    ids::{GrantId, GroupId, OrganizationId, UserId},
    permissions::{Granted, Permission},
    principals::{PrincipalKind, ResourceKind, UserKind},
    timestamps::Timestamp,
};

/// Who holds or is to hold something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Principal {
    /// Which kind.
    pub kind: PrincipalKind,
    /// Id of the user or group.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// Sign-in name of a person.
    pub email: Option<String>,
    /// A person or an application user; none for groups.
    pub user_kind: Option<UserKind>,
    /// Whether they are let in: neither deactivated here nor everywhere. Groups are.
    pub is_active: bool,
}

/// A place that something is held on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Which kind.
    pub kind: ResourceKind,
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
}

impl Resource {
    /// One that the reader may not know of: that there is something is all that is said.
    #[must_use]
    pub fn unseen(kind: ResourceKind, id: Uuid) -> Self {
        Self { kind, id, name: format!("a {kind} that you cannot see") }
    }

    /// Whether it is one that the reader may not know of.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        *self == Self::unseen(self.kind, self.id)
    }
}

/// A grant in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct GrantRow {
    /// Its id.
    pub id: GrantId,
    /// Who holds it.
    pub principal: Principal,
    /// What it gives.
    pub granted: String,
    /// On what.
    pub resource: Resource,
    /// Since when.
    pub created_at: Timestamp,
    /// Who gave it.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether that has passed.
    pub is_expired: bool,
    /// Whether the viewer may take it back.
    pub may_revoke: bool,
}

/// What comes with an invitation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct AttachedView {
    /// Groups to be put into.
    pub groups: Vec<NamedGroup>,
    /// Roles and permissions to be given.
    pub grants: Vec<AttachedGrantView>,
}

/// A grant that comes with an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct AttachedGrantView {
    /// What it gives.
    pub granted: Granted,
    /// On what.
    pub resource: Resource,
}

/// What somebody can do at a place, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Who.
    pub principal: Principal,
    /// Where.
    pub resource: Resource,
    /// Why they can do nothing, whatever they hold (deactivated, no member, kept out by the organization's authentication
    /// policy): a sentence.
    pub obstacle: Option<String>,
    /// Each permission they hold there, in the order of the list of permissions, with every path it came by.
    pub permissions: Vec<ExplainedPermission>,
    /// By which paths they may give and take roles and permissions there; empty if they may not.
    pub administration: Vec<Path>,
    /// By which paths they may do so in all projects of an organization or unit; empty if they may not, and for projects.
    pub administration_of_projects: Vec<Path>,
    /// What they held there until its time was over, and could be given anew.
    pub ended: Vec<Path>,
}

/// A permission and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ExplainedPermission {
    /// The permission.
    pub permission: Permission,
    /// Every path, at least one.
    pub paths: Vec<Path>,
}

/// One way in which somebody came to hold something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Path {
    /// They are a super admin.
    SuperAdmin,
    /// A grant.
    Grant {
        /// What was given.
        granted: Granted,
        /// On what kind of resource.
        resource_kind: ResourceKind,
        /// On which.
        resource_name: String,
        /// Through which group, if not directly.
        group_id: Option<GroupId>,
        /// Its name.
        group_name: Option<String>,
        /// When it ends.
        expires_at: Option<Timestamp>,
    },
}

/// Somebody who can do something at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct HolderRow {
    /// Who.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Sign-in name of a person.
    pub email: Option<String>,
    /// A person or an application user.
    pub kind: UserKind,
    /// Why they can do nothing for all that (kept out by the organization's authentication policy): a sentence.
    pub obstacle: Option<String>,
    /// Every path, at least one.
    pub paths: Vec<Path>,
}

/// What a change that is not made yet would do to somebody at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct EffectRow {
    /// Who.
    pub principal: Principal,
    /// Where.
    pub resource: Resource,
    /// What they could do before and not after.
    pub loses: Vec<Permission>,
    /// What they could not do before and can after.
    pub gains: Vec<Permission>,
    /// They could give and take roles and permissions there before and not after.
    pub loses_administration: bool,
    /// The other way round.
    pub gains_administration: bool,
    /// They could give and take them in all projects there before and not after.
    pub loses_administration_of_projects: bool,
    /// The other way round.
    pub gains_administration_of_projects: bool,
    /// They could do there what super admins alone can do before and not after.
    pub loses_super_admin: bool,
    /// The other way round.
    pub gains_super_admin: bool,
}

/// Everything that a change would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Effects {
    /// Who is affected, those who lose something first, at most [`EFFECT_ROWS_MAX`] rows.
    pub rows: Vec<EffectRow>,
    /// All who were looked at, in numbers.
    pub totals: EffectTotals,
    /// How many more people are concerned than were looked at.
    pub further: i64,
}

/// What a change would do to everybody who was looked at, in numbers of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct EffectTotals {
    /// Who was looked at.
    pub considered: i64,
    /// Who loses something.
    pub losing: i64,
    /// Who gains something; who loses something as well is in both.
    pub gaining: i64,
    /// Who loses and gains nothing.
    pub unchanged: i64,
    /// Who is in the rows.
    pub listed: i64,
    /// How many lose and gain the same at the same place, the most first, at most [`EFFECT_TOTALS_MAX`].
    pub same: Vec<EffectTotal>,
}

/// How many people lose and gain the same at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct EffectTotal {
    /// How many.
    pub people: i64,
    /// The first of them, and what it is.
    #[serde(flatten)]
    pub effect: EffectRow,
}

/// A grant among several that were chosen to be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenGrant {
    /// It.
    pub row: GrantRow,
    /// Why it would stay, if so: a sentence.
    pub obstacle: Option<String>,
}

/// What taking several grants back would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEffects {
    /// Those of them that are there.
    pub grants: Vec<ChosenGrant>,
    /// How many are gone already.
    pub gone: i64,
    /// What it would do to people.
    pub effects: Effects,
}

/// What putting members into a group would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct AdditionEffects {
    /// What it would do to people.
    #[serde(flatten)]
    pub effects: Effects,
    /// How many of them would be put into it.
    pub added: i64,
    /// How many are in it already.
    pub present: i64,
}

/// What giving a role or permission would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct GrantEffects {
    /// What it would do to people.
    #[serde(flatten)]
    pub effects: Effects,
    /// Who was found by what was asked for. Give it to their id: whatever they are called meanwhile, it is they.
    pub principal: Principal,
    /// The grant of the same thing that is there already, whose end it would change.
    pub present: Option<GrantRow>,
}

/// How a form or program that has seen a grant says what its end was: `never`, or the time; `none` if there was no grant.
#[must_use]
pub fn seen_end(present: Option<&GrantRow>) -> String {
    match present.map(|row| row.expires_at) {
        None => "none".to_owned(),
        Some(None) => "never".to_owned(),
        Some(Some(at)) => at.rfc3339(),
    }
}

/// Lines of a preview that say how many people lose and gain the same, at most.
pub const EFFECT_TOTALS_MAX: usize = 20;
/// Rows of a preview, at most.
pub const EFFECT_ROWS_MAX: usize = 100;
