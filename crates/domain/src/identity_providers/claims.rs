//! What products do as identity providers that speak OpenID Connect: what they call things, what they send, how their issuers
//! look. Beside `presets`, which says so of SAML.

use super::{AttributeMapping, Preset};

/// What is asked for unless a product needs more.
const SCOPES: &[&str] = &["openid", "profile", "email"];
/// The same with the groups that people are in.
const SCOPES_WITH_GROUPS: &[&str] = &["openid", "profile", "email", "groups"];

impl Preset {
    /// What is asked for.
    #[must_use]
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Okta | Self::Onelogin => SCOPES_WITH_GROUPS,
            Self::EntraId
            | Self::Google
            | Self::Auth0
            | Self::Jumpcloud
            | Self::Fusionauth
            | Self::Keycloak
            | Self::Adfs
            | Self::Other => SCOPES,
        }
    }

    /// Whether it says that it verified an e-mail address. Those that do not are believed for the domains that lead to them.
    #[must_use]
    pub const fn says_verified_email(self) -> bool {
        !matches!(self, Self::EntraId | Self::Adfs | Self::Onelogin)
    }

    /// The claims that it sends unless it was told otherwise: the standard ones (OpenID Connect Core 1.0, section 5.1), and what
    /// nearly all call groups.
    #[must_use]
    pub fn claims(self) -> AttributeMapping {
        AttributeMapping {
            identity: String::new(),
            email: "email".into(),
            first_name: "given_name".into(),
            last_name: "family_name".into(),
            real_name: "name".into(),
            groups: if matches!(self, Self::Google) { String::new() } else { "groups".into() },
        }
    }

    /// What it calls the address that people come back to with a code, and its own three facts: its issuer, what it calls us, the
    /// secret.
    #[must_use]
    pub const fn client_words(self) -> [&'static str; 4] {
        match self {
            Self::Okta => ["Sign-in redirect URI", "Issuer URI", "Client ID", "Client secret"],
            Self::EntraId => {
                ["Redirect URI (Web)", "Issuer", "Application (client) ID", "Client secret (its value)"]
            }
            Self::Google => ["Authorized redirect URI", "Issuer", "Client ID", "Client secret"],
            Self::Auth0 => ["Allowed Callback URL", "Domain", "Client ID", "Client Secret"],
            Self::Onelogin => ["Redirect URI", "Issuer URL", "Client ID", "Client Secret"],
            Self::Jumpcloud => ["Redirect URI", "Issuer", "Client ID", "Client Secret"],
            Self::Fusionauth => ["Authorized redirect URL", "Issuer", "Client Id", "Client secret"],
            Self::Keycloak => [
                "Valid redirect URI",
                "issuer in OpenID Endpoint Configuration",
                "Client ID",
                "Client Secret",
            ],
            Self::Adfs => {
                ["Redirect URI", "Federation Service identifier", "Client Identifier", "Shared secret"]
            }
            Self::Other => ["Redirect URI", "Issuer", "Client id", "Client secret"],
        }
    }

    /// What it calls the address that people come back to who signed out there as well, and what not to mix it up with; none where
    /// nobody is signed out from here, so that it takes no such address.
    #[must_use]
    pub const fn leaving(self) -> Option<[&'static str; 2]> {
        Some(match self {
            // Its discovery names no end_session_endpoint.
            Self::Google => return None,
            // What these call a logout URL is opened in a frame to end sessions (OpenID Connect Front-Channel Logout 1.0).
            Self::EntraId => [
                "Another redirect URI (Web)",
                "Leave its front-channel logout URL empty: that is for something else.",
            ],
            Self::Adfs => ["Another redirect URI", "Leave its LogoutUri empty: that is for something else."],
            Self::Fusionauth => {
                ["Another authorized redirect URL", "Leave its logout URL empty: that is for something else."]
            }
            Self::Jumpcloud => ["Post-logout redirect URI", "Only if it asks for one."],
            Self::Okta => ["Sign-out redirect URI", ""],
            Self::Auth0 => ["Allowed Logout URL", ""],
            Self::Onelogin => ["Post Logout Redirect URI", ""],
            Self::Keycloak => ["Valid post logout redirect URI", ""],
            Self::Other => ["Post-logout redirect URI", ""],
        })
    }

    /// How its issuers look.
    #[must_use]
    pub const fn issuer_example(self) -> &'static str {
        match self {
            Self::Okta => "https://acme.okta.com",
            Self::EntraId => "https://login.microsoftonline.com/{tenant id}/v2.0",
            Self::Google => "https://accounts.google.com",
            Self::Auth0 => "https://acme.eu.auth0.com/",
            Self::Onelogin => "https://acme.onelogin.com/oidc/2",
            Self::Jumpcloud => "https://oauth.id.jumpcloud.com/",
            Self::Keycloak => "https://sso.acme.example/realms/acme",
            Self::Adfs => "https://adfs.acme.example/adfs",
            Self::Fusionauth | Self::Other => "https://login.acme.example",
        }
    }
}
