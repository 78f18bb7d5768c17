//! Who is signed in, their organizations and projects; what is in a project is in `services`.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OrganizationId, ProjectId, UserId},
    timestamps::Timestamp,
};

/// Who is signed in, and where they belong: the console's frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The person.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Their sign-in name.
    pub email: String,
    /// Their organizations, by name.
    pub organizations: Vec<OrganizationView>,
    /// The installation runs on the simulated host (say so in the header).
    pub is_simulated: bool,
}

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationView {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether the viewer is a super admin of it.
    pub is_super_admin: bool,
}

/// A project in a list or as a page's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}
