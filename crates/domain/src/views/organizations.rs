//! Who is signed in, their organizations and projects; what is in a project is in `services`.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OrganizationId, ProjectId, UnitId, UserId},
    policies::Rule,
    powers::Powers,
    principals::UserKind,
    timestamps::Timestamp,
};

/// Who is signed in, and where they belong: the console's frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The person, or the application user.
    pub user_id: UserId,
    /// Which of them.
    pub kind: UserKind,
    /// What they are called.
    pub name: String,
    /// A person's sign-in name; application users have none.
    pub email: Option<String>,
    /// Their organizations, by name.
    pub organizations: Vec<OrganizationView>,
    /// The installation runs on the simulated host (say so in the header).
    pub is_simulated: bool,
}

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct OrganizationView {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether the viewer is a super admin of it.
    pub is_super_admin: bool,
    /// Counts up with each change.
    pub generation: i64,
    /// What the viewer can do in it.
    pub powers: Powers,
    /// The rule of its authentication policy that turns the viewer away as they are signed in now: of such an organization
    /// nothing but its name is shown.
    pub refused_by: Option<Rule>,
}

/// A unit by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct NamedUnit {
    /// Its id.
    pub id: UnitId,
    /// Its name.
    pub name: String,
}

/// A unit in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct UnitRow {
    /// Its id.
    pub id: UnitId,
    /// Its name, unique in the organization.
    pub name: String,
    /// How many projects that the reader may know of are in it.
    pub projects: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up with each change.
    pub generation: i64,
}

/// A unit's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct UnitView {
    /// As in the list.
    #[serde(flatten)]
    pub row: UnitRow,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// What the viewer can do in it.
    pub powers: Powers,
}

/// A word about a project, for people and for bills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Tag {
    /// What kind of word, unique in the project. Those that begin with `billing:` are printed on invoices.
    pub key: String,
    /// The word.
    pub value: String,
}

/// A project in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// Its globally unique name.
    pub name: String,
    /// The unit it is in.
    pub unit: Option<NamedUnit>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many services it holds.
    pub services: i64,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
}

/// What a project's settings show besides the project itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSettings {
    /// The project.
    pub project: ProjectView,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// Whom to tell of what happens in it: mail addresses.
    pub contacts: Vec<String>,
    /// Where the viewer may move it to; empty if nowhere. Without a unit means the organization itself.
    pub destinations: Vec<Option<NamedUnit>>,
}

/// A project as a page's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Name of its organization.
    pub organization_name: String,
    /// Its globally unique name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many services it holds.
    pub services: i64,
    /// The unit it is in.
    pub unit: Option<NamedUnit>,
    /// Counts up with each change.
    pub generation: i64,
    /// What the viewer can do in it.
    pub powers: Powers,
}
