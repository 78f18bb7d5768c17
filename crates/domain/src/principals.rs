//! Who can hold something, and on what: the kinds of principals and resources.

use crate::states::text_enum;

text_enum! {
    /// Who a row of users is.
    UserKind {
        /// Somebody who signs in.
        Person = "person",
        /// A program: no sign-in, application tokens only.
        Application = "application",
    }
}

text_enum! {
    /// Who a grant is given to.
    PrincipalKind {
        /// A person or an application user.
        User = "user",
        /// Everybody in a group.
        Group = "group",
    }
}

text_enum! {
    /// What a grant is given on; it holds for everything below, too.
    ResourceKind {
        /// An organization.
        Organization = "organization",
        /// A unit of it.
        Unit = "unit",
        /// A project.
        Project = "project",
    }
}

text_enum! {
    /// What an event can be about besides organization, project and service.
    SubjectKind {
        /// A person.
        User = "user",
        /// An application user.
        ApplicationUser = "application_user",
        /// A group.
        Group = "group",
        /// A unit.
        Unit = "unit",
        /// A token.
        Token = "token",
        /// An invitation.
        Invitation = "invitation",
        /// A domain.
        Domain = "domain",
        /// An identity provider.
        IdentityProvider = "identity_provider",
    }
}

text_enum! {
    /// How an invitation ended.
    InvitationOutcome {
        /// The person joined.
        Accepted = "accepted",
        /// The person did not want to.
        Declined = "declined",
        /// Somebody in the organization took it back.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What a mail is about.
    MailKind {
        /// An invitation into an organization.
        Invitation = "invitation",
        /// News for super admins: somebody reached the organization by their exemption from its authentication policy.
        BreakGlassUsed = "break_glass_used",
        /// A sign-in from a browser that had not been signed in before.
        NewDevice = "new_device",
        /// The right password with wrong second factors.
        SecondFactorRefused = "second_factor_refused",
        /// Second factors or recovery codes that came or went.
        FactorsChanged = "factors_changed",
        /// A recovery code that was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// A password that was changed or set anew.
        PasswordChanged = "password_changed",
        /// A link that sets a new password.
        PasswordReset = "password_reset",
        /// A token that was made.
        TokenMade = "token_made",
        /// Second factors that are to be taken from somebody who lost them all.
        FactorReset = "factor_reset",
        /// A domain that was verified, whose proof is gone, or that is not verified any more.
        Domain = "domain",
        /// An identity provider whose certificates end, whose metadata says something new or cannot be read.
        IdentityProvider = "identity_provider",
    }
}

text_enum! {
    /// What became of a mail.
    MailState {
        /// There is no mail server: it is read here.
        Kept = "kept",
        /// It is to be sent.
        Queued = "queued",
        /// The mail server took it. Its text is not kept.
        Sent = "sent",
        /// It was tried for long enough.
        Failed = "failed",
    }
}
