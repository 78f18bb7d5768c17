//! People, application users, groups and invitations as lists and pages show them.

use serde::{Deserialize, Serialize};

use super::{domains::Manager, permissions::AttachedView, scim::ScimKeeper};
use crate::{
    ids::{GroupId, InvitationId, OrganizationId, UserId},
    principals::{MailState, UserKind},
    timestamps::Timestamp,
};

/// A member in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct MemberRow {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they are a super admin.
    pub is_super_admin: bool,
    /// Whether they are let in: neither deactivated here nor everywhere.
    pub is_active: bool,
    /// Whether they have a second factor: an authenticator app, a security key or a passkey.
    pub has_second_factor: bool,
    /// Whether it was asked that they lose their second factors, which takes a day.
    pub is_factor_reset_waiting: bool,
    /// Whether their account is managed by the organization.
    pub is_managed: bool,
    /// Whether an identity provider of the organization keeps them by SCIM.
    pub is_kept_by_scim: bool,
    /// Since when they belong here.
    pub joined_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
}

/// A member with what there is to know of them in this organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct MemberView {
    /// As in the list.
    #[serde(flatten)]
    pub row: MemberRow,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Where they work and as what.
    pub profile: ProfileTexts,
    /// Whether they have a password: an identity provider signs those in who have none.
    pub has_password: bool,
    /// The groups they are in, by name.
    pub groups: Vec<NamedGroup>,
    /// Why the viewer may not act on them, if so: a sentence.
    pub protection: Option<String>,
    /// Whether this is the viewer.
    pub is_self: bool,
    /// Why the organization cannot do without them, if so: a sentence.
    pub indispensable: Option<String>,
    /// The organization that manages their account, if one does.
    pub managed_by: Option<Manager>,
    /// The identity provider of the organization that keeps them by SCIM, if one does.
    pub managed_by_scim: Option<ScimKeeper>,
}

/// What people say of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProfileTexts {
    /// What they are called.
    pub name: String,
    /// As what they work.
    pub job_title: String,
    /// In what part of the company.
    pub department: String,
    /// Where.
    pub city: String,
    /// ISO 3166-1 alpha-2 code of the country.
    pub country: String,
}

/// One's own profile as its form shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProfile {
    /// Who.
    pub user_id: UserId,
    /// Sign-in name; it cannot be changed.
    pub email: String,
    /// The texts.
    pub texts: ProfileTexts,
    /// Counts up with each change.
    pub generation: i64,
    /// The organization that manages the account, if one does: then the texts are not one's own to change.
    pub managed_by: Option<Manager>,
    /// An identity provider that keeps the texts by SCIM, if one does.
    pub managed_by_scim: Option<ScimKeeper>,
}

/// A group by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct NamedGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// Its name, unique in the organization.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many are in it.
    pub members: i64,
    /// How many grants it holds.
    pub grants: i64,
    /// Whether an identity provider keeps it by SCIM.
    pub is_kept_by_scim: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A group's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct GroupView {
    /// As in the list.
    #[serde(flatten)]
    pub row: GroupRow,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Counts up with each change of name or description.
    pub generation: i64,
    /// Why the viewer may not put anybody into it, if so: a sentence.
    pub add_obstacle: Option<String>,
    /// Why the viewer may take nobody out of it, if so: a sentence.
    pub take_obstacle: Option<String>,
    /// Why the viewer, who could delete others, may not delete it, if so: a sentence.
    pub delete_obstacle: Option<String>,
    /// The identity provider that keeps it by SCIM, if one does.
    pub managed_by_scim: Option<ScimKeeper>,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct GroupMemberRow {
    /// Who.
    pub user_id: UserId,
    /// Sign-in name of a person.
    pub email: Option<String>,
    /// What they are called.
    pub name: String,
    /// A person or an application user.
    pub kind: UserKind,
    /// Since when they are in it.
    pub added_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
    /// Whether they are let in: neither deactivated here nor everywhere.
    pub is_active: bool,
    /// Why the viewer, who could take others out, may not do so with them, if so: a sentence.
    pub protection: Option<String>,
}

/// An application user in a list and on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ApplicationUserRow {
    /// Its id.
    pub user_id: UserId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many tokens it has.
    pub tokens: i64,
    /// When one of them was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An application user's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ApplicationUserView {
    /// As in the list.
    #[serde(flatten)]
    pub row: ApplicationUserRow,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Counts up with each change of name or description.
    pub generation: i64,
    /// The groups it is in, by name.
    pub groups: Vec<NamedGroup>,
    /// Why the viewer may neither change it nor make tokens for it, if so: a sentence.
    pub protection: Option<String>,
}

/// An open invitation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited.
    pub email: String,
    /// Who invited them.
    pub invited_by: String,
    /// When it was first sent.
    pub created_at: Timestamp,
    /// When it was last sent.
    pub sent_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// Whether that has passed.
    pub is_expired: bool,
    /// What comes with the acceptance.
    pub attached: AttachedView,
    /// What became of the mail that carries its link; none after it was cleared away.
    pub mail: Option<MailState>,
    /// Why the last try to send it failed.
    pub mail_error: Option<String>,
}

/// An invitation as the person sees it who follows its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationView {
    /// Into which organization.
    pub organization_name: String,
    /// Who is invited.
    pub email: String,
    /// Who invited them.
    pub invited_by: String,
    /// Fewest characters of the password of a new account.
    pub chars_min: usize,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// Whether somebody has an account under that address already.
    pub has_account: bool,
    /// Sign-in name of who looks, if somebody is signed in.
    pub signed_in_as: Option<String>,
}

/// An invitation of one's own that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnInvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Into which organization.
    pub organization_name: String,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// What became of one line of an invitation of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct InvitedLine {
    /// Its number, from 1.
    pub line: u32,
    /// The address as it was given.
    pub email: String,
    /// Why nobody was invited under it; none if somebody was.
    pub reason: Option<String>,
    /// When it can be tried again, if only too much was mailed for now.
    pub retry_after_seconds: Option<u64>,
}

/// What became of one of several invitations that were chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ChosenInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited; none if there is no such invitation.
    pub email: Option<String>,
    /// Why nothing was done with it; none if it was done.
    pub reason: Option<String>,
    /// When it can be tried again, if only too much was mailed for now.
    pub retry_after_seconds: Option<u64>,
}
