//! What the products call things that people use as identity providers, and what they send unless they were told otherwise.

use super::{AttributeMapping, Preset};

/// What Microsoft calls attributes.
const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

impl Preset {
    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Other => "Another product",
            Self::Okta => "Okta",
            Self::EntraId => "Microsoft Entra ID",
            Self::Google => "Google Workspace",
            Self::Auth0 => "Auth0",
            Self::Onelogin => "OneLogin",
            Self::Jumpcloud => "JumpCloud",
            Self::Fusionauth => "FusionAuth",
            Self::Keycloak => "Keycloak",
            Self::Adfs => "AD FS",
        }
    }

    /// What it is called within a sentence.
    #[must_use]
    pub const fn within(self) -> &'static str {
        match self {
            Self::Other => "your identity provider",
            product => product.label(),
        }
    }

    /// The attributes that it sends unless it was told otherwise.
    #[must_use]
    pub fn mapping(self) -> AttributeMapping {
        let names = |email: &str, first: &str, last: &str, groups: &str| AttributeMapping {
            email: email.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            groups: groups.to_owned(),
            ..AttributeMapping::default()
        };
        let claim = |name: &str| format!("{CLAIMS}/{name}");
        match self {
            Self::EntraId => AttributeMapping {
                identity: "http://schemas.microsoft.com/identity/claims/objectidentifier".into(),
                real_name: "http://schemas.microsoft.com/identity/claims/displayname".into(),
                ..names(
                    &claim("emailaddress"),
                    &claim("givenname"),
                    &claim("surname"),
                    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
                )
            },
            Self::Adfs => names(
                &claim("emailaddress"),
                &claim("givenname"),
                &claim("surname"),
                "http://schemas.xmlsoap.org/claims/Group",
            ),
            Self::Okta | Self::Keycloak => names("email", "firstName", "lastName", "groups"),
            Self::Jumpcloud => names("email", "firstname", "lastname", "groups"),
            Self::Onelogin => names("email", "firstName", "lastName", "memberOf"),
            Self::Other | Self::Google | Self::Auth0 | Self::Fusionauth => {
                names("email", "first_name", "last_name", "groups")
            }
        }
    }

    /// What it calls our two addresses and its own three facts, for the steps of the wizard: entity id, ACS address, then its
    /// sign-in address, its entity id, its certificate.
    #[must_use]
    pub const fn words(self) -> [&'static str; 5] {
        match self {
            Self::Okta => [
                "Audience URI (SP Entity ID)",
                "Single sign-on URL",
                "Sign on URL",
                "Issuer",
                "Signing Certificate",
            ],
            Self::EntraId => [
                "Identifier (Entity ID)",
                "Reply URL (Assertion Consumer Service URL)",
                "Login URL",
                "Microsoft Entra Identifier",
                "Certificate (Base64)",
            ],
            Self::Google => ["Entity ID", "ACS URL", "SSO URL", "Entity ID", "Certificate"],
            Self::Auth0 => [
                "audience (in the settings of the SAML2 Web App addon)",
                "Application Callback URL",
                "Identity Provider Login URL",
                "Issuer",
                "Identity Provider Certificate",
            ],
            Self::Onelogin => [
                "Audience (EntityID)",
                "ACS (Consumer) URL",
                "SAML 2.0 Endpoint (HTTP)",
                "Issuer URL",
                "X.509 Certificate",
            ],
            Self::Jumpcloud => ["SP Entity ID", "ACS URL", "IDP URL", "IdP Entity ID", "IDP Certificate"],
            Self::Fusionauth => {
                ["Issuer", "Authorized redirect URL", "Login URL", "Entity Id", "Certificate"]
            }
            Self::Keycloak => [
                "Client ID",
                "Valid redirect URI and Assertion Consumer Service POST Binding URL",
                "SingleSignOnService in Realm settings › SAML 2.0 Identity Provider Metadata",
                "entityID in the same document",
                "X509Certificate in the same document",
            ],
            Self::Adfs => [
                "Relying party trust identifier",
                "Relying party SAML 2.0 SSO service URL",
                "SAML 2.0/WS-Federation endpoint",
                "Federation Service identifier",
                "Token-signing certificate",
            ],
            Self::Other => [
                "SP entity id or audience",
                "Assertion Consumer Service (ACS) URL",
                "Single sign-on URL",
                "IdP entity id or issuer",
                "Signing certificate",
            ],
        }
    }
}
