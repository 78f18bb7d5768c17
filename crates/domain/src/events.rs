//! The closed list of audit events.

use crate::states::text_enum;

text_enum! {
    /// What happened. Every write has one; `docs/events.md` documents them.
    EventType {
        /// A set-up link was made.
        SetUpLinkMade = "set_up.link_made",
        /// The first user and the first organization were made through the set-up link.
        SetUpCompleted = "set_up.completed",
        /// Somebody signed in, or tried to.
        UserSignedIn = "user.signed_in",
        /// Somebody tried to sign in while too many wrong tries were being waited out.
        UserSignInRefused = "user.sign_in_refused",
        /// Somebody signed out.
        UserSignedOut = "user.signed_out",
        /// A password was right, and a second factor is asked for.
        UserSecondFactorAsked = "user.second_factor_asked",
        /// A second factor was wrong, or nobody looked at it after too many wrong ones.
        UserSecondFactorRefused = "user.second_factor_refused",
        /// Somebody showed once more who they are.
        UserSteppedUp = "user.stepped_up",
        /// Somebody changed their password, or tried to.
        UserPasswordChanged = "user.password_changed",
        /// A mailed link was asked for that sets a new password.
        UserPasswordResetAsked = "user.password_reset_asked",
        /// A new password was set by such a link.
        UserPasswordReset = "user.password_reset",
        /// Somebody signed another browser of theirs out, or all others.
        UserSessionEnded = "user.session_ended",
        /// Somebody added a second factor.
        UserFactorAdded = "user.factor_added",
        /// Somebody called a second factor something else.
        UserFactorRenamed = "user.factor_renamed",
        /// Somebody removed a second factor.
        UserFactorRemoved = "user.factor_removed",
        /// Somebody made recovery codes; those before them ended.
        UserRecoveryCodesMade = "user.recovery_codes_made",
        /// A recovery code was used up.
        UserRecoveryCodeUsed = "user.recovery_code_used",
        /// Somebody asked that another one lose their second factors, who lost them all.
        UserFactorResetAsked = "user.factor_reset_asked",
        /// That was taken back.
        UserFactorResetWithdrawn = "user.factor_reset_withdrawn",
        /// Whose factors they are objected, or signed in with one of them.
        UserFactorResetObjected = "user.factor_reset_objected",
        /// Somebody lost their second factors, because they lost them all.
        UserFactorResetDone = "user.factor_reset_done",
        /// Somebody changed what they are called or where they work.
        UserProfileChanged = "user.profile_changed",
        /// An organization was made.
        OrganizationCreated = "organization.created",
        /// An organization was renamed.
        OrganizationRenamed = "organization.renamed",
        /// An organization was deleted.
        OrganizationDeleted = "organization.deleted",
        /// A unit was made.
        UnitCreated = "unit.created",
        /// A unit was renamed.
        UnitRenamed = "unit.renamed",
        /// A unit was deleted.
        UnitDeleted = "unit.deleted",
        /// The text of a mail that is kept here was read.
        MailViewed = "mail.viewed",
        /// Somebody was invited.
        UserInvited = "user.invited",
        /// An invitation was sent again; the link before it ended.
        InvitationResent = "user.invitation_resent",
        /// An invitation was taken back.
        InvitationWithdrawn = "user.invitation_withdrawn",
        /// An invitation was declined.
        InvitationDeclined = "user.invitation_declined",
        /// Somebody accepted an invitation, or tried to.
        UserJoined = "user.joined",
        /// Somebody left.
        UserLeft = "user.left",
        /// A member was deactivated.
        UserDeactivated = "user.deactivated",
        /// A member was let in again.
        UserReactivated = "user.reactivated",
        /// A member was removed.
        UserRemoved = "user.removed",
        /// An account was shut out everywhere by the organization that manages it.
        AccountDeactivated = "user.account_deactivated",
        /// It was let in again.
        AccountReactivated = "user.account_reactivated",
        /// An account was deleted by the organization that manages it.
        AccountDeleted = "user.account_deleted",
        /// A member was made a super admin.
        SuperAdminMade = "user.super_admin_made",
        /// A member is no super admin any more.
        SuperAdminUnmade = "user.super_admin_unmade",
        /// A group was made.
        GroupCreated = "group.created",
        /// A group's name or description was changed.
        GroupChanged = "group.changed",
        /// A group was deleted.
        GroupDeleted = "group.deleted",
        /// Somebody was put into a group.
        GroupMemberAdded = "group.member_added",
        /// Somebody was taken out of a group.
        GroupMemberRemoved = "group.member_removed",
        /// An application user was made.
        ApplicationUserCreated = "application_user.created",
        /// An application user's name or description was changed.
        ApplicationUserChanged = "application_user.changed",
        /// An application user was deleted.
        ApplicationUserDeleted = "application_user.deleted",
        /// A token was made.
        TokenCreated = "token.created",
        /// A token's description, ranges or expiry was changed.
        TokenChanged = "token.changed",
        /// A token was replaced by a new one, and ends after both have been good for a while.
        TokenRotated = "token.rotated",
        /// A token was ended.
        TokenRevoked = "token.revoked",
        /// A token was turned away: expired, or from an address it is not for.
        TokenRefused = "token.refused",
        /// A role or permission was given.
        PermissionGranted = "permission.granted",
        /// A role or permission was taken back.
        PermissionRevoked = "permission.revoked",
        /// The authentication policy was changed.
        PolicyChanged = "policy.changed",
        /// A super admin was exempted from the authentication policy's "identity provider required", or no longer.
        BreakGlassChanged = "policy.break_glass_changed",
        /// Somebody reached the organization by that exemption.
        BreakGlassUsed = "policy.break_glass_used",
        /// A domain was listed.
        DomainAdded = "domain.added",
        /// A domain was proven to be the organization's, or its proof was found again: its people are managed.
        DomainVerified = "domain.verified",
        /// A domain's proof was looked for and not found.
        DomainVerificationFailed = "domain.verification_failed",
        /// A domain's proof was gone for too long: its people are not managed any more.
        DomainLapsed = "domain.lapsed",
        /// A domain is to be proven in another way.
        DomainMethodChanged = "domain.method_changed",
        /// A domain was removed.
        DomainRemoved = "domain.removed",
        /// An identity provider was added.
        IdentityProviderAdded = "identity_provider.added",
        /// Settings of an identity provider were changed.
        IdentityProviderChanged = "identity_provider.changed",
        /// An identity provider was tested.
        IdentityProviderTested = "identity_provider.tested",
        /// A key of ours towards an identity provider was made, taken into use or removed.
        IdentityProviderKeyChanged = "identity_provider.key_changed",
        /// An identity provider was removed.
        IdentityProviderRemoved = "identity_provider.removed",
        /// SCIM was switched on for an identity provider.
        ScimSwitchedOn = "scim.switched_on",
        /// SCIM was switched off for an identity provider: what it pushed is changed by hand again.
        ScimSwitchedOff = "scim.switched_off",
        /// A token was made with which an identity provider pushes people and groups.
        ScimTokenMade = "scim.token_made",
        /// Such a token was ended.
        ScimTokenRemoved = "scim.token_removed",
        /// Such a token was turned away, because of the address that it came from.
        ScimTokenRefused = "scim.token_refused",
        /// An identity provider began to keep somebody.
        ScimUserAdded = "scim.user_added",
        /// It changed what it says of them.
        ScimUserChanged = "scim.user_changed",
        /// It keeps them no more: they were shut out.
        ScimUserRemoved = "scim.user_removed",
        /// An identity provider answered a request, or somebody posted what pretended to be an answer.
        SingleSignOnAnswered = "single_sign_on.answered",
        /// An identity provider asked that somebody be signed out.
        SingleLogout = "single_sign_on.logout",
        /// Somebody's account was linked with who they are at an identity provider.
        UserIdentityLinked = "user.identity_linked",
        /// That link was taken away.
        UserIdentityUnlinked = "user.identity_unlinked",
        /// A project was made.
        ProjectCreated = "project.created",
        /// A project was renamed.
        ProjectRenamed = "project.renamed",
        /// A project was moved to another place in its organization.
        ProjectMoved = "project.moved",
        /// A project's tags were changed.
        ProjectTagsChanged = "project.tags_changed",
        /// A project's contacts were changed.
        ProjectContactsChanged = "project.contacts_changed",
        /// A project was deleted.
        ProjectDeleted = "project.deleted",
        /// A service was asked for.
        ServiceCreated = "service.created",
        /// A service's deletion was asked for.
        ServiceDeletionRequested = "service.deletion_requested",
        /// A service answers queries (again).
        ServiceRunning = "service.running",
        /// A node's VM was found gone and is started again.
        NodeRestarted = "node.restarted",
        /// A node was destroyed and its volumes shredded.
        NodeDestroyed = "node.destroyed",
        /// A service is gone.
        ServiceDeleted = "service.deleted",
        /// The password of a service's first user was shown.
        ServicePasswordViewed = "service.password_viewed",
        /// Who may connect was changed.
        ServiceIpFilterChanged = "service.ip_filter_changed",
        /// A failing step was asked to be tried at once.
        ServiceRetryRequested = "service.retry_requested",
        /// A workflow did not finish within its deadline.
        WorkflowOverdue = "workflow.overdue",
        /// An action was refused.
        ActionDenied = "action.denied",
    }
}
