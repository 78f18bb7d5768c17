//! How people prove who they are: methods, factors, and what a session was begun with. Verifies nothing.

use serde::{Deserialize, Serialize};

use crate::{ids::OrganizationId, states::text_enum};

text_enum! {
    /// What somebody signs in with first.
    SignInMethod {
        /// E-mail and password.
        Password = "password",
        /// A passkey, with no password.
        Passkey = "passkey",
        /// An identity provider, over SAML.
        Saml = "saml",
        /// An identity provider, over OpenID Connect.
        Oidc = "oidc",
    }
}

text_enum! {
    /// What proves who somebody is, besides a password.
    FactorKind {
        /// Codes of an authenticator app (RFC 6238).
        Totp = "totp",
        /// A WebAuthn security key, after a password.
        SecurityKey = "security_key",
        /// A WebAuthn credential that verifies its user, instead of a password or after it.
        Passkey = "passkey",
        /// One of ten codes that are written down.
        RecoveryCode = "recovery_code",
        /// What an identity provider says that somebody showed there: nobody registers it here.
        IdentityProvider = "identity_provider",
    }
}

impl FactorKind {
    /// What people call it, as in “Add an authenticator app”.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "authenticator app",
            Self::SecurityKey => "security key",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery code",
            Self::IdentityProvider => "second factor at the identity provider",
        }
    }
}

text_enum! {
    /// What one request begins and another one of the same browser ends.
    CeremonyKind {
        /// The password was right; the second factor is to come.
        SecondFactor = "second_factor",
        /// A passkey is to sign somebody in.
        PasskeySignIn = "passkey_sign_in",
        /// Somebody who is signed in is to show a factor once more.
        StepUp = "step_up",
        /// An authenticator app is to be added.
        TotpRegistration = "totp_registration",
        /// A security key is to be added.
        SecurityKeyRegistration = "security_key_registration",
        /// A passkey is to be added.
        PasskeyRegistration = "passkey_registration",
        /// Somebody was sent to an identity provider.
        SingleSignOn = "single_sign_on",
        /// Somebody signed out who may be signed out at an identity provider as well.
        SingleLogout = "single_logout",
    }
}

text_enum! {
    /// How a request ended that somebody lose their second factors.
    FactorResetOutcome {
        /// They lost them.
        Done = "done",
        /// They lost them, and have added one since.
        MadeUp = "made_up",
        /// They objected, or signed in with one of them.
        Objected = "objected",
        /// An admin took it back.
        Withdrawn = "withdrawn",
    }
}

/// What somebody showed when they signed in: kept with the session, and with the tokens that are made in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What they signed in with.
    pub method: SignInMethod,
    /// What they showed besides a password, or what the identity provider says that they showed it.
    pub second_factor: Option<FactorKind>,
    /// Whose identity provider vouched for them.
    pub provider: Option<OrganizationId>,
}

impl Proof {
    /// A password and nothing else.
    pub const PASSWORD: Self = Self { method: SignInMethod::Password, second_factor: None, provider: None };
    /// A passkey that verified its user: something they have and something they know or are.
    pub const PASSKEY: Self =
        Self { method: SignInMethod::Passkey, second_factor: Some(FactorKind::Passkey), provider: None };

    /// A password and then this.
    #[must_use]
    pub const fn password_and(factor: FactorKind) -> Self {
        Self { method: SignInMethod::Password, second_factor: Some(factor), provider: None }
    }
}
