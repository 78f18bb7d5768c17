//! Roles and permissions with the identifiers people know, and the one function from role to permissions.

use crate::states::text_enum;

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
