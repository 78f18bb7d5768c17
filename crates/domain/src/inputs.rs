//! What people send in, as it arrives: texts that `control` parses into types, so that every error can name its field.

use serde::{Deserialize, Serialize};

use crate::secrets::Secret;

/// The set-up form. Fields: `name`, `email`, `password`, `organization`.
#[derive(Clone, Serialize, Deserialize)]
pub struct CompleteSetUp {
    /// The token in the set-up link.
    pub token: Secret,
    /// Name of the first user.
    pub name: String,
    /// Sign-in name of the first user.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// Name of the first organization.
    pub organization: String,
}

/// The sign-in form. Fields: `email`, `password`.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Sign-in name.
    pub email: String,
    /// Password.
    pub password: Secret,
}

/// The form that changes one's own password. Fields: `old_password`, `password`, `end_other_sessions`.
#[derive(Clone, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The one that they have.
    pub old_password: Secret,
    /// The new one.
    pub password: Secret,
    /// Whether all other browsers are signed out.
    pub end_other_sessions: bool,
}

/// The form that sets a new password by a mailed link. Fields: `token`, `password`.
#[derive(Clone, Serialize, Deserialize)]
pub struct ResetPassword {
    /// The token of the link.
    pub token: Secret,
    /// The new password.
    pub password: Secret,
}

/// The form that makes a service. Fields: `name`, `service_type`, `plan`, `cloud`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateService {
    /// Name of the project.
    pub project: String,
    /// Name of the service.
    pub name: String,
    /// Id of the service type, `pg`.
    pub service_type: String,
    /// Id of the plan.
    pub plan: String,
    /// Id of the cloud.
    pub cloud: String,
}

/// One changed line of the IP filter editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddIpFilterEntry {
    /// Name of the project.
    pub project: String,
    /// Name of the service.
    pub service: String,
    /// The range.
    pub cidr: String,
    /// What it is.
    pub description: String,
    /// The person has read that this opens the service to everybody.
    pub open_to_world: bool,
}

/// Which events to show. Empty texts mean everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventFilter {
    /// A type, as in `service.created`.
    pub event_type: String,
    /// `done`, `denied` or `failed`.
    pub outcome: String,
    /// Part of who did it.
    pub actor: String,
    /// Id of the person, group, unit, token or invitation that it is about, or of the person who did it.
    pub subject: String,
    /// Name of a project.
    pub project: String,
    /// From this instant on: a date (`2026-11-28`, UTC) or an RFC 3339 time.
    pub since: String,
    /// Before this instant, in the same form; a date means to its end.
    pub until: String,
    /// Words in the sentence, in who did it, or in what it is about.
    pub text: String,
}

/// Which members to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberFilter {
    /// Part of the e-mail address or name.
    pub text: String,
    /// `active`, `deactivated`, or `without_second_factor` for those who are active and have none; empty for all.
    pub state: String,
    /// Only those who did nothing for this many days.
    pub idle_days: String,
}

/// The form that invites people. Fields: `emails`, `groups`, `granted`, `resource`, `days`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteUsers {
    /// One address a line; also CSV with a header that names `email` and, if wanted, `groups` and `granted`.
    pub emails: String,
    /// Ids of groups to be put into.
    pub groups: Vec<String>,
    /// Roles and permissions to be given, on `resource`.
    pub granted: Vec<String>,
    /// `organization`, `unit:{id}` or `project:{name}`; empty means the organization.
    pub resource: String,
    /// Days until it expires; empty for 7.
    pub days: String,
}

/// The form by which somebody without an account accepts an invitation. Fields: `name`, `password`.
#[derive(Clone, Serialize, Deserialize)]
pub struct JoinByInvitation {
    /// The token in the link.
    pub token: Secret,
    /// What they are called.
    pub name: String,
    /// Their password.
    pub password: Secret,
}

/// The form that gives a role or permission. Fields: `principal`, `granted`, `resource`, `days`, `seen_end`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantPermission {
    /// Who: `user:{id}`, `group:{id}`, the e-mail address of a member, or, for who may list them, the name of a group or
    /// application user.
    pub principal: String,
    /// What: a role or permission.
    pub granted: String,
    /// On what: `organization`, `unit:{id}` or `project:{name}`.
    pub resource: String,
    /// Days until it ends; empty for never.
    pub days: String,
    /// The end that was shown of the same grant, as `views::seen_end` tells it; empty if none was shown.
    pub seen_end: String,
}

/// The form that makes a token. Fields: `description`, `scopes`, `ip_ranges`, `max_age_days`, `extend_when_used`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateToken {
    /// What it is for.
    pub description: String,
    /// Roles and permissions that it is limited to; none for everything its owner can do.
    pub scopes: Vec<String>,
    /// From where it may be used, one range a line; empty for anywhere.
    pub ip_ranges: String,
    /// Seconds that it lives; empty for ever.
    pub max_age_seconds: String,
    /// Whether each use moves its end.
    pub extend_when_used: bool,
    /// What tells this form from every other: one that is sent again makes no second token. Empty for programs.
    pub once: String,
}

/// The form that changes a token. Fields: `description`, `ip_ranges`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EditToken {
    /// What it is for.
    pub description: String,
    /// From where it may be used, one range a line; empty for anywhere.
    pub ip_ranges: String,
    /// The generation that the form was made of.
    pub generation: i64,
}

/// The form of the authentication policy. Fields: as its members are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EditAuthenticationPolicy {
    /// E-mail and password reach the organization.
    pub password_allowed: bool,
    /// Only with a second factor.
    pub second_factor_required: bool,
    /// Only through the organization's own identity providers.
    pub identity_provider_required: bool,
    /// Through those of other organizations as well.
    pub other_providers_allowed: bool,
    /// With OpenID Connect.
    pub oidc_allowed: bool,
    /// With personal tokens.
    pub personal_tokens_allowed: bool,
    /// With those alone that were made in a sign-in that the policy allows.
    pub tokens_bound: bool,
    /// How old a token may be, in seconds; empty for any age.
    pub token_seconds_max: String,
    /// Address ranges, with line ends or commas between; empty for anywhere.
    pub addresses: String,
    /// Seconds that a session lasts without use.
    pub idle_seconds: String,
    /// Seconds that a session lasts at most.
    pub session_seconds: String,
    /// Fewest characters of a password beside a second factor.
    pub password_chars_min: String,
    /// Fewest characters of a password alone.
    pub password_chars_min_alone: String,
    /// The generation that this is a change of.
    pub generation: i64,
}
