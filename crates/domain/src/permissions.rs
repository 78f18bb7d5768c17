//! Roles and permissions with the identifiers people know, and the one function from role to permissions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{principals::ResourceKind, states::text_enum};

text_enum! {
    /// One action on one kind of resource.
    Permission {
        /// View billing groups, addresses, payment methods; view and download invoices.
        OrganizationBillingRead = "organization:billing:read",
        /// Edit all of it.
        OrganizationBillingWrite = "organization:billing:write",
        /// Invite, deactivate, edit and remove people.
        OrganizationUsersWrite = "organization:users:write",
        /// Create, edit and delete groups.
        OrganizationGroupsWrite = "organization:groups:write",
        /// Create, edit and delete application users and their tokens.
        OrganizationAppUsersWrite = "organization:app_users:write",
        /// Add, verify and remove domains.
        OrganizationDomainsWrite = "organization:domains:write",
        /// Create, rename, move and delete projects.
        OrganizationProjectsWrite = "organization:projects:write",
        /// See the organization's networks.
        OrganizationNetworkingRead = "organization:networking:read",
        /// Edit the organization's networks.
        OrganizationNetworkingWrite = "organization:networking:write",
        /// Read the event log of the organization and its units.
        OrganizationEventLogsRead = "organization:event_logs:read",
        /// Edit identity providers and the authentication policy.
        OrganizationIdpsWrite = "organization:idps:write",
        /// See who holds what in the organization.
        OrganizationPermissionsRead = "organization:permissions:read",
        /// Read the event log of a project.
        ProjectEventLogsRead = "project:event_logs:read",
        /// See integrations.
        ProjectIntegrationsRead = "project:integrations:read",
        /// Edit integrations.
        ProjectIntegrationsWrite = "project:integrations:write",
        /// See VPCs and peerings.
        ProjectNetworkingRead = "project:networking:read",
        /// Edit VPCs and peerings.
        ProjectNetworkingWrite = "project:networking:write",
        /// See who holds what on a project.
        ProjectPermissionsRead = "project:permissions:read",
        /// See services and their settings, but no logs, metrics or secrets.
        ProjectServicesRead = "project:services:read",
        /// Create, change, power and delete services.
        ProjectServicesWrite = "project:services:write",
        /// Change a service's IP filter, network options, tags, contacts.
        ServiceConfigurationWrite = "service:configuration:write",
        /// Read data through the console and the API.
        ServiceDataRead = "service:data:read",
        /// Change data through the console and the API.
        ServiceDataWrite = "service:data:write",
        /// Read service logs.
        ServiceLogsRead = "service:logs:read",
        /// Read service metrics.
        ServiceMetricsRead = "service:metrics:read",
        /// Read secrets in configurations.
        ServiceSecretsRead = "service:secrets:read",
        /// Manage service users; read and reset connection passwords.
        ServiceUsersWrite = "service:users:write",
        /// Run maintenance, change windows, upgrade versions.
        ServicesMaintain = "services:maintenance",
        /// Change plans, fork, promote.
        ServicesRecover = "services:recover",
    }
}

text_enum! {
    /// A named set of permissions that can be granted.
    Role {
        /// Everything in an organization but super admins and its deletion.
        OrganizationAdmin = "role:organization:admin",
        /// Everything in a project.
        Admin = "admin",
        /// Runs services.
        Operator = "operator",
        /// Works with services, changes nothing that costs money.
        Developer = "developer",
        /// Looks.
        ReadOnly = "read_only",
        /// Runs maintenance.
        ServicesMaintenance = "role:services:maintenance",
        /// Recovers services.
        ServicesRecover = "role:services:recover",
    }
}

use Permission as P;

const READ_ONLY: &[P] = &[P::ProjectEventLogsRead, P::ProjectPermissionsRead, P::ProjectServicesRead];
const DEVELOPER: &[P] = &[
    P::ProjectEventLogsRead,
    P::ProjectIntegrationsRead,
    P::ProjectNetworkingRead,
    P::ProjectPermissionsRead,
    P::ProjectServicesRead,
    P::ServiceDataRead,
    P::ServiceDataWrite,
    P::ServiceLogsRead,
    P::ServiceMetricsRead,
    P::ServiceUsersWrite,
];
const OPERATOR: &[P] = &[
    P::ProjectEventLogsRead,
    P::ProjectIntegrationsRead,
    P::ProjectIntegrationsWrite,
    P::ProjectNetworkingRead,
    P::ProjectNetworkingWrite,
    P::ProjectPermissionsRead,
    P::ProjectServicesRead,
    P::ProjectServicesWrite,
    P::ServiceConfigurationWrite,
    P::ServiceLogsRead,
    P::ServiceMetricsRead,
    P::ServiceUsersWrite,
    P::ServicesMaintain,
    P::ServicesRecover,
];
const PROJECT_ADMIN: &[P] = &[
    P::ProjectEventLogsRead,
    P::ProjectIntegrationsRead,
    P::ProjectIntegrationsWrite,
    P::ProjectNetworkingRead,
    P::ProjectNetworkingWrite,
    P::ProjectPermissionsRead,
    P::ProjectServicesRead,
    P::ProjectServicesWrite,
    P::ServiceConfigurationWrite,
    P::ServiceDataRead,
    P::ServiceDataWrite,
    P::ServiceLogsRead,
    P::ServiceMetricsRead,
    P::ServiceSecretsRead,
    P::ServiceUsersWrite,
    P::ServicesMaintain,
    P::ServicesRecover,
];

impl Role {
    /// What the role opens. The only place that says so.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::OrganizationAdmin => Permission::ALL,
            Self::Admin => PROJECT_ADMIN,
            Self::Operator => OPERATOR,
            Self::Developer => DEVELOPER,
            Self::ReadOnly => READ_ONLY,
            Self::ServicesMaintenance => &[P::ProjectServicesRead, P::ServicesMaintain],
            Self::ServicesRecover => &[P::ProjectServicesRead, P::ServicesRecover],
        }
    }
}

impl Role {
    /// Whether the role also lets its holder give and take roles and permissions at a place of that kind: a project's admin
    /// administers projects, wherever the role is held, and neither units nor the organization.
    #[must_use]
    pub const fn administers(self, place: ResourceKind) -> bool {
        match self {
            Self::OrganizationAdmin => true,
            Self::Admin => matches!(place, ResourceKind::Project),
            _ => false,
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OrganizationAdmin => "Organization admin",
            Self::Admin => "Project admin",
            Self::Operator => "Operator",
            Self::Developer => "Developer",
            Self::ReadOnly => "Read only",
            Self::ServicesMaintenance => "Maintain services",
            Self::ServicesRecover => "Recover services",
        }
    }
}

impl Role {
    /// What it is for, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::OrganizationAdmin => {
                "Everything here and below, except super admins and deleting the organization."
            }
            Self::Admin => "Everything in projects and their services, and who may work in them.",
            Self::Operator => "Runs services: makes, changes, powers, recovers and deletes them.",
            Self::Developer => "Works with services and their data; changes nothing that costs money.",
            Self::ReadOnly => "Looks at services, events and permissions; changes nothing.",
            Self::ServicesMaintenance => "Runs maintenance, changes its windows, upgrades versions.",
            Self::ServicesRecover => "Changes plans, forks and promotes.",
        }
    }
}

impl Permission {
    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OrganizationBillingRead => "View billing",
            Self::OrganizationBillingWrite => "Manage billing",
            Self::OrganizationUsersWrite => "Manage users",
            Self::OrganizationGroupsWrite => "Manage groups",
            Self::OrganizationAppUsersWrite => "Manage application users",
            Self::OrganizationDomainsWrite => "Manage domains",
            Self::OrganizationProjectsWrite => "Manage projects",
            Self::OrganizationNetworkingRead => "View organization networking",
            Self::OrganizationNetworkingWrite => "Manage organization networking",
            Self::OrganizationEventLogsRead => "View organization events",
            Self::OrganizationIdpsWrite => "Manage identity providers",
            Self::OrganizationPermissionsRead => "View organization permissions",
            Self::ProjectEventLogsRead => "View project events",
            Self::ProjectIntegrationsRead => "View integrations",
            Self::ProjectIntegrationsWrite => "Manage integrations",
            Self::ProjectNetworkingRead => "View project networking",
            Self::ProjectNetworkingWrite => "Manage project networking",
            Self::ProjectPermissionsRead => "View project permissions",
            Self::ProjectServicesRead => "View services",
            Self::ProjectServicesWrite => "Manage services",
            Self::ServiceConfigurationWrite => "Configure services",
            Self::ServiceDataRead => "Read data",
            Self::ServiceDataWrite => "Change data",
            Self::ServiceLogsRead => "Read logs",
            Self::ServiceMetricsRead => "Read metrics",
            Self::ServiceSecretsRead => "Read secrets",
            Self::ServiceUsersWrite => "Manage service users",
            Self::ServicesMaintain => "Run maintenance",
            Self::ServicesRecover => "Run recoveries",
        }
    }

    /// What it opens, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::OrganizationBillingRead => "See billing groups and payment methods; download invoices.",
            Self::OrganizationBillingWrite => "Edit billing groups, addresses and payment methods.",
            Self::OrganizationUsersWrite => "Invite, deactivate, edit and remove people.",
            Self::OrganizationGroupsWrite => "Make, edit and delete groups.",
            Self::OrganizationAppUsersWrite => "Make, edit and delete application users and their tokens.",
            Self::OrganizationDomainsWrite => "Add, verify and remove domains.",
            Self::OrganizationProjectsWrite => "Make, rename and delete projects.",
            Self::OrganizationNetworkingRead => "See the organization’s networks.",
            Self::OrganizationNetworkingWrite => "Edit the organization’s networks.",
            Self::OrganizationEventLogsRead => "Read the events of the organization and its units.",
            Self::OrganizationIdpsWrite => "Edit identity providers and the authentication policy.",
            Self::OrganizationPermissionsRead => "See who holds what in the organization.",
            Self::ProjectEventLogsRead => "Read the events of a project.",
            Self::ProjectIntegrationsRead => "See integrations.",
            Self::ProjectIntegrationsWrite => "Edit integrations.",
            Self::ProjectNetworkingRead => "See VPCs and peerings.",
            Self::ProjectNetworkingWrite => "Edit VPCs and peerings.",
            Self::ProjectPermissionsRead => "See who holds what on a project.",
            Self::ProjectServicesRead => "See services and their settings; no logs, metrics or secrets.",
            Self::ProjectServicesWrite => "Make, change, power and delete services.",
            Self::ServiceConfigurationWrite => "Change IP filters, network options, tags and contacts.",
            Self::ServiceDataRead => "Read data through the console and the API.",
            Self::ServiceDataWrite => "Change data through the console and the API.",
            Self::ServiceLogsRead => "Read service logs.",
            Self::ServiceMetricsRead => "Read service metrics.",
            Self::ServiceSecretsRead => "Read secrets in configurations.",
            Self::ServiceUsersWrite => "Manage service users; read and reset connection passwords.",
            Self::ServicesMaintain => "Run maintenance, change its windows, upgrade versions.",
            Self::ServicesRecover => "Change plans, fork, promote.",
        }
    }

    /// Whether it is about projects and what they hold, so that it can be given on any resource; the others are about an
    /// organization and can be given there alone.
    #[must_use]
    pub fn is_of_projects(self) -> bool {
        !self.as_str().starts_with("organization:")
    }

    /// Whether it tells its holder that a project is there: all that are about projects do, and the one that makes
    /// them.
    #[must_use]
    pub fn opens_projects(self) -> bool {
        self.is_of_projects() || self == Self::OrganizationProjectsWrite
    }
}

/// What a grant gives, and what a token's scope is: a role or a single permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Granted {
    /// A named set.
    Role(Role),
    /// One permission.
    Permission(Permission),
}

impl Granted {
    /// Every role, then every permission.
    pub fn all() -> impl Iterator<Item = Self> {
        Role::ALL.iter().copied().map(Self::Role).chain(Permission::ALL.iter().copied().map(Self::Permission))
    }

    /// The identifier that people know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Permission(permission) => permission.as_str(),
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Role(role) => role.label(),
            Self::Permission(permission) => permission.label(),
        }
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Role(role) => role.purpose(),
            Self::Permission(permission) => permission.purpose(),
        }
    }

    /// What it opens.
    #[must_use]
    pub fn permissions(self) -> Vec<Permission> {
        match self {
            Self::Role(role) => role.permissions().to_vec(),
            Self::Permission(permission) => vec![permission],
        }
    }

    /// Whether it opens the permission.
    #[must_use]
    pub fn opens(self, permission: Permission) -> bool {
        match self {
            Self::Role(role) => role.permissions().contains(&permission),
            Self::Permission(own) => own == permission,
        }
    }

    /// Whether it lets its holder give and take at a place of that kind.
    #[must_use]
    pub const fn administers(self, place: ResourceKind) -> bool {
        match self {
            Self::Role(role) => role.administers(place),
            Self::Permission(_) => false,
        }
    }

    /// Whether it can be given on a resource of that kind.
    #[must_use]
    pub fn fits(self, resource: ResourceKind) -> bool {
        match (self, resource) {
            (_, ResourceKind::Organization) => true,
            (Self::Role(_), ResourceKind::Unit) => true,
            (Self::Role(role), ResourceKind::Project) => role != Role::OrganizationAdmin,
            (Self::Permission(permission), _) => permission.is_of_projects(),
        }
    }
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl FromStr for Granted {
    type Err = crate::states::UnknownText;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(role) = text.parse() {
            return Ok(Self::Role(role));
        }
        let unknown = || crate::states::UnknownText { kind: "role or permission", text: text.to_owned() };
        text.parse().map(Self::Permission).map_err(|_| unknown())
    }
}
impl TryFrom<String> for Granted {
    type Error = crate::states::UnknownText;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
impl From<Granted> for String {
    fn from(granted: Granted) -> Self {
        granted.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_read_as_it_is_written_and_none_is_both() {
        let all: Vec<Granted> = Granted::all().collect();
        assert_eq!(all.len(), Role::ALL.len() + Permission::ALL.len());
        for granted in all {
            assert_eq!(granted.as_str().parse(), Ok(granted));
        }
        assert!("owner".parse::<Granted>().is_err());
    }

    #[test]
    fn no_two_are_read_alike() {
        let labels: std::collections::BTreeSet<&str> = Granted::all().map(Granted::label).collect();
        assert_eq!(labels.len(), Granted::all().count());
        assert!(Granted::all().all(|granted| granted.purpose().ends_with('.')));
    }

    #[test]
    fn what_is_about_an_organization_is_given_there_alone() {
        for granted in Granted::all() {
            assert!(granted.fits(ResourceKind::Organization));
            let is_of_organization = granted.as_str().starts_with("organization:");
            assert_eq!(granted.fits(ResourceKind::Unit), !is_of_organization, "{granted}");
            let is_admin = granted == Granted::Role(Role::OrganizationAdmin);
            assert_eq!(granted.fits(ResourceKind::Project), !is_of_organization && !is_admin, "{granted}");
        }
    }
}
