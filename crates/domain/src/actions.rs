//! Every action that can be authorized, and what it takes. Operations of `control` name one in their first line.

use crate::{permissions::Permission, states::text_enum};

text_enum! {
    /// Something an actor tries to do.
    Action {
        /// Make a set-up link; only on the machine itself.
        MakeSetUpLink = "set_up.make_link",
        /// Read the events of the installation, which no organization has; only on the machine itself.
        ViewInstallationEvents = "installation.events",
        /// Follow the set-up link: make the first user and the first organization.
        CompleteSetUp = "set_up.complete",
        /// Sign in with e-mail and password.
        SignIn = "session.sign_in",
        /// Sign out.
        SignOut = "session.sign_out",
        /// See which organizations one belongs to, and oneself.
        ViewOwnProfile = "profile.view",
        /// See the organization.
        ViewOrganization = "organization.view",
        /// Read the events of an organization, those of projects that are gone among them.
        ViewOrganizationEvents = "organization.events",
        /// See the certificates of destruction of an organization, whatever became of their projects.
        ViewOrganizationCertificates = "organization.certificates",
        /// List the projects that one may see.
        ListProjects = "project.list",
        /// Make a project.
        CreateProject = "project.create",
        /// See one project.
        ViewProject = "project.view",
        /// Rename a project.
        RenameProject = "project.rename",
        /// Delete an empty project.
        DeleteProject = "project.delete",
        /// Read a project's events.
        ViewProjectEvents = "project.events",
        /// See a service and its timeline.
        ViewService = "service.view",
        /// Make a service.
        CreateService = "service.create",
        /// Delete a service and shred its volumes.
        DeleteService = "service.delete",
        /// See the password of a service's first user.
        ViewServicePassword = "service.password",
        /// Change who may connect to a service.
        SetIpFilter = "service.ip_filter",
        /// Have a failing step tried again at once.
        RetryService = "service.retry",
        /// What workflows do by themselves; nobody can ask for it.
        RunWorkflow = "workflow.run",
    }
}

/// What an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may try.
    Nothing,
    /// To be signed in.
    SignIn,
    /// To belong to the organization.
    Membership,
    /// A permission on the resource or above it.
    Permission(Permission),
    /// To be the system itself.
    System,
}

impl Action {
    /// What it takes.
    #[must_use]
    pub const fn need(self) -> Need {
        match self {
            Self::CompleteSetUp | Self::SignIn => Need::Nothing,
            Self::SignOut | Self::ViewOwnProfile => Need::SignIn,
            Self::ViewOrganization | Self::ListProjects => Need::Membership,
            Self::CreateProject | Self::RenameProject | Self::DeleteProject => {
                Need::Permission(Permission::OrganizationProjectsWrite)
            }
            Self::ViewOrganizationEvents => Need::Permission(Permission::OrganizationEventLogsRead),
            Self::ViewProject | Self::ViewService | Self::ViewOrganizationCertificates => {
                Need::Permission(Permission::ProjectServicesRead)
            }
            Self::ViewProjectEvents => Need::Permission(Permission::ProjectEventLogsRead),
            Self::CreateService | Self::DeleteService | Self::RetryService => {
                Need::Permission(Permission::ProjectServicesWrite)
            }
            Self::ViewServicePassword => Need::Permission(Permission::ServiceUsersWrite),
            Self::SetIpFilter => Need::Permission(Permission::ServiceConfigurationWrite),
            Self::MakeSetUpLink | Self::ViewInstallationEvents | Self::RunWorkflow => Need::System,
        }
    }
}
