//! What each action takes: nothing, to be signed in, a permission on the place, a role. Decides nothing of who has it.

use super::Action;
use crate::permissions::Permission;

/// What an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may try.
    Nothing,
    /// To be signed in.
    SignIn,
    /// To be signed in to the console: a token does not do, or a stolen one could make itself last.
    Session,
    /// To know of the place: of an organization its members do, of a unit or project those who hold anything there.
    Membership,
    /// A permission on the place or above it.
    Permission(Permission),
    /// One of these permissions on the place or above it; who has none is told of the first.
    AnyOf(&'static [Permission]),
    /// A role that administers the place.
    Administration,
    /// To be a super admin of the organization.
    SuperAdmin,
    /// To be the system itself.
    System,
}

/// Who manages people has to see them.
const READS_PEOPLE: &[Permission] = &[
    Permission::OrganizationPermissionsRead,
    Permission::OrganizationUsersWrite,
    Permission::OrganizationGroupsWrite,
    Permission::OrganizationAppUsersWrite,
];
const READS_APPLICATION_USERS: &[Permission] = &[
    Permission::OrganizationPermissionsRead,
    Permission::OrganizationAppUsersWrite,
    Permission::OrganizationGroupsWrite,
];
const EDITS_PROJECTS: &[Permission] =
    &[Permission::OrganizationProjectsWrite, Permission::ServiceConfigurationWrite];

impl Action {
    /// What it takes.
    #[must_use]
    pub const fn need(self) -> Need {
        match self {
            Self::CompleteSetUp
            | Self::SignIn
            | Self::SingleSignOn
            | Self::OpenInvitation
            | Self::ObjectToFactorReset
            | Self::AskPasswordReset
            | Self::ResetPassword
            | Self::UseToken
            | Self::Provision => Need::Nothing,
            Self::SignOut | Self::ViewOwnProfile | Self::ViewOwnTokens => Need::SignIn,
            Self::EditOwnProfile
            | Self::ManageOwnTokens
            | Self::ViewOwnFactors
            | Self::RenameOwnFactors
            | Self::ManageOwnFactors
            | Self::ObjectToOwnFactorReset
            | Self::ViewOwnSessions
            | Self::EndOwnSessions
            | Self::StepUp
            | Self::ChangeOwnPassword
            | Self::CreateOrganization
            | Self::LeaveOrganization
            | Self::AcceptInvitation => Need::Session,
            Self::MakeSetUpLink
            | Self::ViewInstallationEvents
            | Self::ViewInstallationMails
            | Self::CarryOutFactorReset
            | Self::CheckDomains
            | Self::WatchIdentityProviders
            | Self::RunWorkflow => Need::System,
            _ => self.need_on_place(),
        }
    }

    /// What it takes on a place. What nobody said anything of is for the system alone.
    const fn need_on_place(self) -> Need {
        match self {
            Self::ViewOrganization
            | Self::ListProjects
            | Self::ListUnits
            | Self::ViewUnit
            | Self::ViewProject
            | Self::ViewOwnPermissions => Need::Membership,
            Self::RenameOrganization
            | Self::DeleteOrganization
            | Self::SetSuperAdmin
            | Self::SetBreakGlass
            | Self::TrustIdentityProvider
            | Self::ViewMails => Need::SuperAdmin,
            Self::CreateUnit
            | Self::RenameUnit
            | Self::DeleteUnit
            | Self::MoveProject
            | Self::Grant
            | Self::Revoke
            | Self::EditAuthenticationPolicy => Need::Administration,
            Self::ListUsers | Self::ListGroups => Need::AnyOf(READS_PEOPLE),
            Self::ListInvitations
            | Self::InviteUsers
            | Self::WithdrawInvitation
            | Self::DeactivateUser
            | Self::EndUserSessions
            | Self::ReactivateUser
            | Self::RemoveUser
            | Self::AskPasswordResetFor
            | Self::ResetFactors
            | Self::WithdrawFactorReset => Need::Permission(Permission::OrganizationUsersWrite),
            Self::CreateGroup
            | Self::EditGroup
            | Self::DeleteGroup
            | Self::AddGroupMember
            | Self::RemoveGroupMember => Need::Permission(Permission::OrganizationGroupsWrite),
            Self::ListApplicationUsers => Need::AnyOf(READS_APPLICATION_USERS),
            Self::CreateApplicationUser
            | Self::EditApplicationUser
            | Self::DeleteApplicationUser
            | Self::CreateApplicationToken
            | Self::EditApplicationToken
            | Self::RevokeApplicationToken => Need::Permission(Permission::OrganizationAppUsersWrite),
            Self::ViewPermissions | Self::ViewAuthenticationPolicy => {
                Need::Permission(Permission::OrganizationPermissionsRead)
            }
            Self::ViewProjectPermissions => Need::Permission(Permission::ProjectPermissionsRead),
            Self::CreateProject | Self::RenameProject | Self::DeleteProject => {
                Need::Permission(Permission::OrganizationProjectsWrite)
            }
            Self::SetProjectTags | Self::SetProjectContacts => Need::AnyOf(EDITS_PROJECTS),
            Self::ViewOrganizationEvents => Need::Permission(Permission::OrganizationEventLogsRead),
            Self::ViewService | Self::ViewOrganizationCertificates => {
                Need::Permission(Permission::ProjectServicesRead)
            }
            Self::ViewProjectEvents => Need::Permission(Permission::ProjectEventLogsRead),
            Self::CreateService | Self::DeleteService | Self::RetryService => {
                Need::Permission(Permission::ProjectServicesWrite)
            }
            Self::ViewServicePassword => Need::Permission(Permission::ServiceUsersWrite),
            Self::ListIdentityProviders | Self::EditIdentityProvider | Self::TestIdentityProvider => {
                Need::Permission(Permission::OrganizationIdpsWrite)
            }
            Self::SetIpFilter => Need::Permission(Permission::ServiceConfigurationWrite),
            _ => self.need_of_domains(),
        }
    }

    /// What it takes on the domains of an organization, and on the accounts that it manages because of them.
    const fn need_of_domains(self) -> Need {
        match self {
            Self::ListDomains
            | Self::AddDomain
            | Self::VerifyDomain
            | Self::SetDomainMethod
            | Self::RemoveDomain => Need::Permission(Permission::OrganizationDomainsWrite),
            Self::ViewManagedUsers
            | Self::DeactivateManagedUser
            | Self::ReactivateManagedUser
            | Self::DeleteManagedUser
            | Self::AskManagedPasswordReset
            | Self::RevokeManagedToken => Need::Permission(Permission::OrganizationUsersWrite),
            _ => Need::System,
        }
    }

    /// Whether a session must lately have shown who it belongs to: what cannot be undone, and what would let a thief stay.
    #[must_use]
    pub const fn asks_for_step_up(self) -> bool {
        matches!(
            self,
            Self::DeleteService
                | Self::DeleteOrganization
                | Self::DeleteProject
                | Self::RemoveUser
                | Self::SetSuperAdmin
                | Self::ResetFactors
                | Self::Grant
                | Self::Revoke
                | Self::ManageOwnTokens
                | Self::AddGroupMember
                | Self::CreateApplicationToken
                | Self::EditApplicationToken
                | Self::EditAuthenticationPolicy
                | Self::SetBreakGlass
                | Self::ManageOwnFactors
                | Self::EndOwnSessions
                | Self::VerifyDomain
                | Self::RemoveDomain
                | Self::TrustIdentityProvider
                | Self::DeleteManagedUser
        )
    }
}
