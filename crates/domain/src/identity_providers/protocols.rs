//! Settings of identity providers whatever they speak: what all have is read alike.

use serde::{Deserialize, Serialize};

use super::{
    AttributeMapping, MappedGroup, OidcSettings, Preset, ProviderProtocol, SamlSettings, SecondFactorRule,
};
use crate::ids::GroupId;

/// Settings of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum ProviderSettings {
    /// Of one that speaks SAML 2.0.
    Saml(SamlSettings),
    /// Of one that speaks OpenID Connect.
    Oidc(OidcSettings),
}

/// What is read of both.
macro_rules! of_both {
    ($settings:expr, $both:ident => $read:expr) => {
        match $settings {
            ProviderSettings::Saml($both) => $read,
            ProviderSettings::Oidc($both) => $read,
        }
    };
}

impl ProviderSettings {
    /// What a product proposes.
    #[must_use]
    pub fn proposed(protocol: ProviderProtocol, preset: Preset) -> Self {
        match protocol {
            ProviderProtocol::Saml => {
                Self::Saml(SamlSettings { preset, mapping: preset.mapping(), ..SamlSettings::default() })
            }
            ProviderProtocol::Oidc => Self::Oidc(OidcSettings::proposed(preset)),
        }
    }

    /// What the identity provider speaks.
    #[must_use]
    pub const fn protocol(&self) -> ProviderProtocol {
        match self {
            Self::Saml(_) => ProviderProtocol::Saml,
            Self::Oidc(_) => ProviderProtocol::Oidc,
        }
    }

    /// Those of SAML, if it speaks that.
    #[must_use]
    pub const fn saml(&self) -> Option<&SamlSettings> {
        match self {
            Self::Saml(settings) => Some(settings),
            Self::Oidc(_) => None,
        }
    }

    /// Those of OpenID Connect, if it speaks that.
    #[must_use]
    pub const fn oidc(&self) -> Option<&OidcSettings> {
        match self {
            Self::Saml(_) => None,
            Self::Oidc(settings) => Some(settings),
        }
    }

    /// The product.
    #[must_use]
    pub const fn preset(&self) -> Preset {
        of_both!(self, settings => settings.preset)
    }

    /// How attributes or claims are called.
    #[must_use]
    pub const fn mapping(&self) -> &AttributeMapping {
        of_both!(self, settings => &settings.mapping)
    }

    /// Whether who is no member yet becomes one by signing in.
    #[must_use]
    pub const fn creates_members(&self) -> bool {
        of_both!(self, settings => settings.creates_members)
    }

    /// Which groups here stand for which there.
    #[must_use]
    pub fn groups(&self) -> &[MappedGroup] {
        of_both!(self, settings => &settings.groups)
    }

    /// A group that everybody joins who becomes a member through it.
    #[must_use]
    pub const fn group_id(&self) -> Option<GroupId> {
        of_both!(self, settings => settings.group_id)
    }

    /// How long sessions last that begin with it, in seconds; none for as long as the policy says.
    #[must_use]
    pub const fn session_seconds(&self) -> Option<i64> {
        of_both!(self, settings => settings.session_seconds)
    }

    /// When a second factor counts as shown.
    #[must_use]
    pub const fn second_factor(&self) -> SecondFactorRule {
        of_both!(self, settings => settings.second_factor)
    }

    /// Whether a sign-in depends on the same: a test that passed with the one says as much of the other.
    #[must_use]
    pub fn trusts_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Saml(these), Self::Saml(those)) => these.trusts_as(those),
            (Self::Oidc(these), Self::Oidc(those)) => these.trusts_as(those),
            (Self::Saml(_), Self::Oidc(_)) | (Self::Oidc(_), Self::Saml(_)) => false,
        }
    }

    /// Whether everybody whom it lets in has shown a second factor: it is taken for granted, or demanded of it.
    #[must_use]
    pub fn vouches_for_second_factor(&self) -> bool {
        of_both!(self, settings => settings.vouches_for_second_factor())
    }

    /// What is still missing before anybody can sign in, in words for people; none if it is complete. `has_secret` says whether
    /// the secret that it knows us by is there.
    #[must_use]
    pub fn missing(&self, has_secret: bool) -> Vec<&'static str> {
        match self {
            Self::Saml(settings) => settings.missing(),
            Self::Oidc(settings) => settings.missing(has_secret),
        }
    }
}

impl From<SamlSettings> for ProviderSettings {
    fn from(settings: SamlSettings) -> Self {
        Self::Saml(settings)
    }
}

impl From<OidcSettings> for ProviderSettings {
    fn from(settings: OidcSettings) -> Self {
        Self::Oidc(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_say_which_protocol_they_are_of() {
        for protocol in ProviderProtocol::ALL {
            let settings = ProviderSettings::proposed(*protocol, Preset::Okta);
            let json = serde_json::to_value(&settings).unwrap();
            assert_eq!(json["protocol"], protocol.as_str());
            assert_eq!(serde_json::from_value::<ProviderSettings>(json).unwrap(), settings);
        }
    }

    #[test]
    fn what_is_left_out_is_usual_and_what_is_unknown_refused() {
        let read = |json| serde_json::from_str::<ProviderSettings>(json);
        assert_eq!(read(r#"{"protocol":"oidc"}"#).unwrap(), OidcSettings::default().into());
        assert!(read(r#"{"protocol":"oidc","entity_id":"x"}"#).is_err());
        assert!(read(r#"{"protocol":"saml","client_secret":"x"}"#).is_err());
        assert!(read("{}").is_err());
    }
}
