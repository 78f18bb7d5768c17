//! Identity providers of an organization: their settings, what each demands, and what the products that people use call
//! things. Speaks no protocol.

use serde::{Deserialize, Serialize};

use crate::{ids::GroupId, states::text_enum};

mod claims;
mod oidc;
mod presets;
mod protocols;

pub use oidc::{
    ACR_VALUES_MAX, CLIENT_SECRET_CHARS_MAX, OPENID_SCOPE, OidcSettings, SCOPES_MAX, TOKEN_ALGORITHMS,
    TokenAuth,
};
pub use protocols::ProviderSettings;

/// Identity providers of one organization, at most.
pub const PROVIDERS_MAX: i64 = 20;
/// Characters of an entity id, an address or the name of an attribute, at most.
pub const URI_CHARS_MAX: usize = 1_024;
/// Shortest and longest session that an identity provider may set for those who come through it, in seconds: half an hour and a
/// day. The authentication policy may set a shorter one.
pub const SESSION_SECONDS: std::ops::RangeInclusive<i64> = 1_800..=86_400;
/// Contexts of authentication that say a second factor was shown: those of REFEDS, Microsoft Entra ID and AD FS, and those of
/// SAML that cannot be met with a password.
pub const SECOND_FACTOR_CONTEXTS: &[&str] = &[
    "https://refeds.org/profile/mfa",
    "http://schemas.microsoft.com/claims/multipleauthn",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
];
/// The attribute in which Microsoft Entra ID says how somebody signed in.
pub const METHODS_ATTRIBUTE: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";

text_enum! {
    /// What an identity provider speaks.
    ProviderProtocol {
        /// SAML 2.0.
        Saml = "saml",
        /// OpenID Connect.
        Oidc = "oidc",
    }
}

text_enum! {
    /// Whether an identity provider lets people in.
    ProviderState {
        /// It is being set up, and can be tested.
        Draft = "draft",
        /// People sign in with it.
        Active = "active",
        /// It is set up, and nobody signs in with it.
        Disabled = "disabled",
    }
}

text_enum! {
    /// The binding by which requests are sent.
    Binding {
        /// In the address that the browser is sent to.
        Redirect = "redirect",
        /// In a form that the browser posts.
        Post = "post",
    }
}

text_enum! {
    /// When people who come through an identity provider have shown a second factor.
    SecondFactorRule {
        /// When the identity provider says so of each sign-in.
        Asserted = "asserted",
        /// Always: the identity provider demands one of everybody.
        Always = "always",
        /// Never, whatever it says.
        Never = "never",
    }
}

text_enum! {
    /// The product that an identity provider is, which decides what the wizard proposes.
    Preset {
        /// Another one.
        Other = "other",
        /// Okta.
        Okta = "okta",
        /// Microsoft Entra ID (Azure AD).
        EntraId = "entra_id",
        /// Google Workspace.
        Google = "google",
        /// Auth0.
        Auth0 = "auth0",
        /// OneLogin.
        Onelogin = "onelogin",
        /// JumpCloud.
        Jumpcloud = "jumpcloud",
        /// FusionAuth.
        Fusionauth = "fusionauth",
        /// Keycloak.
        Keycloak = "keycloak",
        /// AD FS.
        Adfs = "adfs",
    }
}

/// Names of the attributes or claims that say who somebody is. Without one for `identity`, the NameID or `sub` does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// In place where it is used: what must be sent of it is less than what is answered.
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
#[serde(default, deny_unknown_fields)]
pub struct AttributeMapping {
    /// What tells people apart and never changes; empty for the NameID or `sub`.
    pub identity: String,
    /// Their e-mail address; empty for the NameID or `email`.
    pub email: String,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// The whole name, instead of first and last; may be empty.
    pub real_name: String,
    /// The groups they are in there; may be empty.
    pub groups: String,
}

/// Groups of one identity provider's list, at most.
pub const MAPPED_GROUPS_MAX: usize = 500;

/// A group here that a group there stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MappedGroup {
    /// What the identity provider calls it: the value of the attribute, to the letter.
    pub value: String,
    /// The group here.
    pub group_id: GroupId,
}

/// Settings of a SAML identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// In place where it is used: what must be sent of it is less than what is answered.
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
#[serde(default, deny_unknown_fields)]
pub struct SamlSettings {
    /// The product.
    pub preset: Preset,
    /// Its entity id; empty while it is being set up.
    pub entity_id: String,
    /// Its address for signing in; empty while it is being set up.
    pub sso_url: String,
    /// How requests get there.
    pub sso_binding: Binding,
    /// Its address for signing out, by redirect; empty for none.
    pub slo_url: String,
    /// Its certificates in PEM: one, or two while it rolls over.
    pub certificates: Vec<String>,
    /// Where its metadata is read again every day; empty if it is not.
    pub metadata_url: String,
    /// Its assertions have to be signed themselves.
    pub assertion_signed: bool,
    /// Its responses have to be signed.
    pub response_signed: bool,
    /// Its assertions have to be encrypted.
    pub encrypted: bool,
    /// Our requests are signed.
    pub requests_signed: bool,
    /// By `rsa-sha256`, `rsa-sha384` or `rsa-sha512`.
    pub signature_algorithm: String,
    /// The context of authentication that is demanded; empty for any.
    pub context_class: String,
    /// The format of NameIDs that is asked for; empty for any.
    pub name_id_format: String,
    /// People are asked for their credentials again at each sign-in.
    pub is_forced: bool,
    /// A sign-in may begin at the identity provider: it leads to one that begins here.
    pub idp_initiated: bool,
    /// When a second factor counts as shown.
    pub second_factor: SecondFactorRule,
    /// How attributes are called.
    pub mapping: AttributeMapping,
    /// Who has no account or is no member yet becomes one by signing in.
    pub creates_members: bool,
    /// Which groups people are in by what the identity provider says of them: at each sign-in they join those that it names, and
    /// leave the others of this list. No group is joined because it has the same name.
    pub groups: Vec<MappedGroup>,
    /// A group that everybody joins who becomes a member through it.
    pub group_id: Option<GroupId>,
    /// How long sessions last that begin with it, in seconds; none for as long as the policy says.
    pub session_seconds: Option<i64>,
}

impl Default for SamlSettings {
    fn default() -> Self {
        Self {
            preset: Preset::Other,
            entity_id: String::new(),
            sso_url: String::new(),
            sso_binding: Binding::Redirect,
            slo_url: String::new(),
            certificates: Vec::new(),
            metadata_url: String::new(),
            assertion_signed: true,
            response_signed: false,
            encrypted: false,
            requests_signed: true,
            signature_algorithm: "rsa-sha256".into(),
            context_class: String::new(),
            name_id_format: String::new(),
            is_forced: false,
            idp_initiated: false,
            second_factor: SecondFactorRule::Asserted,
            mapping: Preset::Other.mapping(),
            creates_members: true,
            groups: Vec::new(),
            group_id: None,
            session_seconds: None,
        }
    }
}

impl SamlSettings {
    /// Whether a sign-in depends on the same: a test that passed with the one says as much of the other.
    #[must_use]
    pub fn trusts_as(&self, other: &Self) -> bool {
        let without = |settings: &Self| Self {
            preset: Preset::Other,
            slo_url: String::new(),
            metadata_url: String::new(),
            creates_members: true,
            groups: Vec::new(),
            group_id: None,
            session_seconds: None,
            ..settings.clone()
        };
        without(self) == without(other)
    }

    /// Whether everybody whom it lets in has shown a second factor: it is taken for granted, or demanded of it.
    #[must_use]
    pub fn vouches_for_second_factor(&self) -> bool {
        match self.second_factor {
            SecondFactorRule::Always => true,
            SecondFactorRule::Never => false,
            SecondFactorRule::Asserted => SECOND_FACTOR_CONTEXTS.contains(&self.context_class.as_str()),
        }
    }

    /// What is still missing before anybody can sign in, in words for people; none if it is complete.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        [
            (self.entity_id.is_empty(), "the entity id"),
            (self.sso_url.is_empty(), "the address for signing in"),
            (self.certificates.is_empty(), "a certificate"),
        ]
        .into_iter()
        .filter_map(|(is_missing, what)| is_missing.then_some(what))
        .collect()
    }
}

/// What a test of an identity provider found, as it is kept: who it was and how each check went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TestReport {
    /// Whether everything was right.
    pub passed: bool,
    /// What was wrong, for people.
    pub reason: Option<String>,
    /// Every check that was made.
    pub checks: Vec<TestCheck>,
    /// The person as they would be here: name of what, value.
    pub person: Vec<(String, String)>,
    /// What would become of the person here; none if it is not known who they are.
    #[serde(default)]
    pub admission: Option<TestAdmission>,
    /// What was looked at, shortened.
    pub xml: Option<String>,
    /// What was in the encrypted assertion, shortened.
    pub decrypted: Option<String>,
    /// Header and claims of the ID token, as JSON, shortened. What signs it is left out.
    #[serde(default)]
    pub token: Option<String>,
}

/// What would become here of the person whom a test was about, if they signed in with an identity provider that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TestAdmission {
    /// Whether they would be let in.
    pub is_let_in: bool,
    /// As whom, or why not, for people.
    pub as_whom: String,
    /// The groups here that they would be in, of those that follow what the identity provider says.
    pub groups: Vec<String>,
}

/// One check of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct TestCheck {
    /// The name of the check.
    pub name: String,
    /// What it demands.
    pub demand: String,
    /// Whether it was passed.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

/// A certificate's fingerprint as people compare it: pairs of capitals with colons between.
#[must_use]
pub fn spaced(fingerprint: &str) -> String {
    let signs: Vec<char> = fingerprint.to_ascii_uppercase().chars().filter(|sign| *sign != ':').collect();
    signs.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_can_be_compared() {
        assert_eq!(spaced("00ff1a"), "00:FF:1A");
        assert_eq!(spaced("00:FF:1A"), "00:FF:1A");
    }

    #[test]
    fn a_new_one_is_strict_and_incomplete() {
        let settings = SamlSettings::default();
        assert!(settings.assertion_signed && settings.requests_signed && !settings.idp_initiated);
        assert_eq!(settings.missing(), ["the entity id", "the address for signing in", "a certificate"]);
    }

    #[test]
    fn every_preset_says_where_the_mail_address_is() {
        for preset in Preset::ALL {
            assert!(!preset.mapping().email.is_empty() && !preset.label().is_empty(), "{preset}");
            assert!(preset.words().iter().all(|word| !word.is_empty()), "{preset}");
            assert!(preset.client_words().iter().all(|word| !word.is_empty()), "{preset}");
            assert!(!preset.claims().email.is_empty() && preset.scopes().contains(&OPENID_SCOPE), "{preset}");
            assert!(preset.issuer_example().starts_with("https://"), "{preset}");
        }
    }
}
