//! Every action that can be authorized, and what it takes. Operations of `control` name one in their first line.

mod needs;

use crate::states::text_enum;

pub use self::needs::Need;

text_enum! {
    /// Something an actor tries to do.
    Action {
        /// Make a set-up link; only on the machine itself.
        MakeSetUpLink = "set_up.make_link",
        /// Read the events of the installation, which no organization has; only on the machine itself.
        ViewInstallationEvents = "installation.events",
        /// See the mails of all organizations and of the installation; only on the machine itself.
        ViewInstallationMails = "installation.mails",
        /// Follow the set-up link: make the first user and the first organization.
        CompleteSetUp = "set_up.complete",
        /// Sign in with e-mail and password.
        SignIn = "session.sign_in",
        /// Sign in with an identity provider.
        SingleSignOn = "session.single_sign_on",
        /// Sign out.
        SignOut = "session.sign_out",
        /// See which organizations one belongs to, and oneself.
        ViewOwnProfile = "profile.view",
        /// Change what one is called and where one works.
        EditOwnProfile = "profile.edit",
        /// See and end one's own tokens.
        ViewOwnTokens = "profile.tokens",
        /// Make and change one's own tokens.
        ManageOwnTokens = "profile.manage_tokens",
        /// See one's own second factors.
        ViewOwnFactors = "profile.factors",
        /// Call one of them something else.
        RenameOwnFactors = "profile.rename_factors",
        /// Add and remove them, and make recovery codes.
        ManageOwnFactors = "profile.manage_factors",
        /// See where one is signed in.
        ViewOwnSessions = "profile.sessions",
        /// Sign other browsers out.
        EndOwnSessions = "profile.end_sessions",
        /// Change one's own password.
        ChangeOwnPassword = "profile.change_password",
        /// Ask for a mailed link that sets a new password.
        AskPasswordReset = "password.ask_reset",
        /// Set a new password by such a link.
        ResetPassword = "password.reset",
        /// Show once more who one is.
        StepUp = "session.step_up",
        /// Object, through the link in the mail, to losing one's second factors.
        ObjectToFactorReset = "factor_reset.object",
        /// Object to it while one is signed in.
        ObjectToOwnFactorReset = "profile.object_to_factor_reset",
        /// Make another organization.
        CreateOrganization = "organization.create",
        /// Leave an organization.
        LeaveOrganization = "organization.leave",
        /// Look at an invitation through its link, or decline it.
        OpenInvitation = "invitation.open",
        /// Accept an invitation.
        AcceptInvitation = "invitation.accept",
        /// Act with a token; asked for before anybody is known.
        UseToken = "token.use",
        /// Push people and groups by SCIM with a token of an identity provider; asked for before anybody is known.
        Provision = "scim.provision",
        /// See the organization.
        ViewOrganization = "organization.view",
        /// Rename the organization.
        RenameOrganization = "organization.rename",
        /// Delete the organization, once it is empty.
        DeleteOrganization = "organization.delete",
        /// See the mails that are kept here.
        ViewMails = "organization.mails",
        /// See the units that one may know of.
        ListUnits = "unit.list",
        /// See a unit.
        ViewUnit = "unit.view",
        /// Make a unit.
        CreateUnit = "unit.create",
        /// Rename a unit.
        RenameUnit = "unit.rename",
        /// Delete an empty unit.
        DeleteUnit = "unit.delete",
        /// See who belongs to the organization.
        ListUsers = "user.list",
        /// See invitations that are open.
        ListInvitations = "invitation.list",
        /// Invite people, and send invitations again.
        InviteUsers = "invitation.create",
        /// Take an invitation back.
        WithdrawInvitation = "invitation.withdraw",
        /// Shut somebody out, leaving what they hold in place.
        DeactivateUser = "user.deactivate",
        /// Sign somebody out everywhere.
        EndUserSessions = "user.end_sessions",
        /// Let them in again.
        ReactivateUser = "user.reactivate",
        /// Remove somebody from the organization with all they hold.
        RemoveUser = "user.remove",
        /// Make somebody a super admin, or no longer.
        SetSuperAdmin = "user.super_admin",
        /// Have somebody lose their second factors, because they lost them all.
        ResetFactors = "user.reset_factors",
        /// Have a link mailed to somebody that sets a new password.
        AskPasswordResetFor = "user.ask_password_reset",
        /// Take that back while it waits.
        WithdrawFactorReset = "user.withdraw_factor_reset",
        /// See everybody whom the organization manages, members or not, and their tokens.
        ViewManagedUsers = "managed_user.view",
        /// Shut the account of somebody whom it manages out everywhere.
        DeactivateManagedUser = "managed_user.deactivate",
        /// Let it in again.
        ReactivateManagedUser = "managed_user.reactivate",
        /// Delete it.
        DeleteManagedUser = "managed_user.delete",
        /// Have a link mailed that sets its new password.
        AskManagedPasswordReset = "managed_user.ask_password_reset",
        /// End one of its tokens.
        RevokeManagedToken = "managed_user.revoke_token",
        /// See groups and who is in them.
        ListGroups = "group.list",
        /// Make a group.
        CreateGroup = "group.create",
        /// Rename a group, change its description.
        EditGroup = "group.edit",
        /// Delete a group.
        DeleteGroup = "group.delete",
        /// Put somebody into a group.
        AddGroupMember = "group.add_member",
        /// Take somebody out of a group.
        RemoveGroupMember = "group.remove_member",
        /// See application users and their tokens.
        ListApplicationUsers = "application_user.list",
        /// Make an application user.
        CreateApplicationUser = "application_user.create",
        /// Rename an application user, change its description.
        EditApplicationUser = "application_user.edit",
        /// Delete an application user.
        DeleteApplicationUser = "application_user.delete",
        /// Make a token for an application user.
        CreateApplicationToken = "application_user.create_token",
        /// Change an application user's token.
        EditApplicationToken = "application_user.edit_token",
        /// End an application user's token.
        RevokeApplicationToken = "application_user.revoke_token",
        /// See who holds what, everywhere in the organization.
        ViewPermissions = "permission.view",
        /// See what one holds oneself, and why.
        ViewOwnPermissions = "permission.view_own",
        /// See who holds what on a project.
        ViewProjectPermissions = "project.permissions",
        /// Give roles and permissions.
        Grant = "permission.grant",
        /// Take roles and permissions back.
        Revoke = "permission.revoke",
        /// See the authentication policy and who is exempt from its "identity provider required".
        ViewAuthenticationPolicy = "policy.view",
        /// Change the authentication policy, and see whom that would turn away.
        EditAuthenticationPolicy = "policy.edit",
        /// Exempt a super admin from "identity provider required", or no longer.
        SetBreakGlass = "policy.break_glass",
        /// Read the events of an organization, those of projects that are gone among them.
        ViewOrganizationEvents = "organization.events",
        /// See the certificates of destruction of an organization, whatever became of their projects.
        ViewOrganizationCertificates = "organization.certificates",
        /// See the domains of the organization, and which other organizations their people are in.
        ListDomains = "domain.list",
        /// List a domain.
        AddDomain = "domain.add",
        /// Have a domain's proof looked for.
        VerifyDomain = "domain.verify",
        /// Choose how a domain is proven.
        SetDomainMethod = "domain.method",
        /// Remove a domain.
        RemoveDomain = "domain.remove",
        /// See the identity providers of the organization.
        ListIdentityProviders = "identity_provider.list",
        /// Add an identity provider, and change one that lets nobody in yet.
        EditIdentityProvider = "identity_provider.edit",
        /// Test an identity provider.
        TestIdentityProvider = "identity_provider.test",
        /// Have an identity provider let people in or not, change one that does, and remove it: whoever it vouches for is taken for
        /// that person, super admins as well.
        TrustIdentityProvider = "identity_provider.trust",
        /// List the projects that one may see.
        ListProjects = "project.list",
        /// Make a project.
        CreateProject = "project.create",
        /// See one project.
        ViewProject = "project.view",
        /// Rename a project.
        RenameProject = "project.rename",
        /// Move a project to another place in its organization.
        MoveProject = "project.move",
        /// Change a project's tags.
        SetProjectTags = "project.tags",
        /// Change whom to tell of what happens in a project.
        SetProjectContacts = "project.contacts",
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
        /// Take the second factors of who lost them all, once the time is over; nobody can ask for it.
        CarryOutFactorReset = "factor_reset.carry_out",
        /// Look for the proofs of domains again; nobody can ask for it.
        CheckDomains = "domain.check",
        /// Look at identity providers again; nobody can ask for it.
        WatchIdentityProviders = "identity_provider.watch",
        /// What workflows do by themselves; nobody can ask for it.
        RunWorkflow = "workflow.run",
    }
}
