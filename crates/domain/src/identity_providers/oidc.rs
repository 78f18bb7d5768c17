//! Settings of identity providers that speak OpenID Connect. Speaks it not.

use serde::{Deserialize, Serialize};

use super::{AttributeMapping, MappedGroup, Preset, SECOND_FACTOR_CONTEXTS, SecondFactorRule};
use crate::{ids::GroupId, states::text_enum};

/// Scopes of a request, at most.
pub const SCOPES_MAX: usize = 20;
/// Values of `acr` that may be demanded, at most.
pub const ACR_VALUES_MAX: usize = 10;
/// Characters of a client secret, at most.
pub const CLIENT_SECRET_CHARS_MAX: usize = 1_024;
/// Algorithms that ID tokens may be signed with: those with a pair of keys. What a secret of both signs, or nothing, is never
/// believed.
pub const TOKEN_ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
/// What comes before the scopes of people: without it a request is not one of OpenID Connect.
pub const OPENID_SCOPE: &str = "openid";
/// Values of `acr` that say a second factor was shown, besides those of SAML: the profiles of OpenID's EAP, and the one of PAPE.
const SECOND_FACTOR_ACRS: &[&str] =
    &["phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"];
/// What `amr` calls a factor (RFC 8176), by kind: what somebody knows, has, is.
const METHOD_KINDS: [&[&str]; 3] = [
    &["pwd", "pin", "kba"],
    &["hwk", "swk", "otp", "sms", "tel", "sc", "pop"],
    &["face", "fpt", "iris", "retina", "vbm"],
];
/// What `amr` says when there were several factors, whichever.
const SEVERAL: &[&str] = &["mfa", "ngcmfa"];

text_enum! {
    /// How we show an identity provider who we are when a code is exchanged.
    TokenAuth {
        /// The secret in the header `Authorization`.
        Basic = "client_secret_basic",
        /// The secret in the body.
        Post = "client_secret_post",
        /// No secret: the proof of PKCE alone.
        None = "none",
    }
}

/// Settings of an identity provider that speaks OpenID Connect. Its secret is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// In place where it is used: what must be sent of it is less than what is answered.
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema), schemars(inline))]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// The product.
    pub preset: Preset,
    /// Its issuer, from which everything else of it is found; empty while it is being set up.
    pub issuer: String,
    /// What it calls us; empty while it is being set up.
    pub client_id: String,
    /// How we show it who we are.
    pub token_auth: TokenAuth,
    /// What is asked for; `openid` is always among it.
    pub scopes: Vec<String>,
    /// Algorithms that its ID tokens may be signed with.
    pub algorithms: Vec<String>,
    /// The classes of authentication that are demanded, any of them; none for any.
    pub acr_values: Vec<String>,
    /// People are asked for their credentials again at each sign-in.
    pub is_forced: bool,
    /// What it says of people is fetched from it as well, besides what is in the ID token.
    pub uses_userinfo: bool,
    /// It has to say that it verified the e-mail address. That it did not is refused always.
    pub requires_verified_email: bool,
    /// When a second factor counts as shown.
    pub second_factor: SecondFactorRule,
    /// How claims are called.
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

impl Default for OidcSettings {
    fn default() -> Self {
        Self::proposed(Preset::Other)
    }
}

impl OidcSettings {
    /// What a product proposes.
    #[must_use]
    pub fn proposed(preset: Preset) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            preset,
            issuer: String::new(),
            client_id: String::new(),
            token_auth: TokenAuth::Basic,
            scopes: texts(preset.scopes()),
            algorithms: texts(TOKEN_ALGORITHMS),
            acr_values: Vec::new(),
            is_forced: false,
            uses_userinfo: false,
            requires_verified_email: preset.says_verified_email(),
            second_factor: SecondFactorRule::Asserted,
            mapping: preset.claims(),
            creates_members: true,
            groups: Vec::new(),
            group_id: None,
            session_seconds: None,
        }
    }

    /// Whether a sign-in depends on the same: a test that passed with the one says as much of the other.
    #[must_use]
    pub fn trusts_as(&self, other: &Self) -> bool {
        let without = |settings: &Self| Self {
            preset: Preset::Other,
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
            SecondFactorRule::Asserted => {
                !self.acr_values.is_empty() && self.acr_values.iter().all(|acr| says_second_factor(acr))
            }
        }
    }

    /// Whether somebody has shown a second factor, by what an ID token says of how they signed in.
    #[must_use]
    pub fn has_second_factor(&self, acr: Option<&str>, amr: &[String]) -> bool {
        match self.second_factor {
            SecondFactorRule::Always => true,
            SecondFactorRule::Never => false,
            SecondFactorRule::Asserted => acr.is_some_and(says_second_factor) || has_several(amr),
        }
    }

    /// What is still missing before anybody can sign in, in words for people; none if it is complete.
    #[must_use]
    pub fn missing(&self, has_secret: bool) -> Vec<&'static str> {
        [
            (self.issuer.is_empty(), "the issuer"),
            (self.client_id.is_empty(), "the client id"),
            (!has_secret && self.token_auth != TokenAuth::None, "the client secret"),
        ]
        .into_iter()
        .filter_map(|(is_missing, what)| is_missing.then_some(what))
        .collect()
    }
}

fn says_second_factor(acr: &str) -> bool {
    SECOND_FACTOR_CONTEXTS.contains(&acr) || SECOND_FACTOR_ACRS.contains(&acr)
}

/// Whether there were several factors: it says so, or names methods of two kinds. A code alone is one.
fn has_several(amr: &[String]) -> bool {
    let names = |known: &[&str]| amr.iter().any(|method| known.contains(&method.as_str()));
    names(SEVERAL) || METHOD_KINDS.iter().filter(|kind| names(kind)).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_is_strict_and_incomplete() {
        let settings = OidcSettings::default();
        assert!(settings.requires_verified_email && settings.scopes.contains(&OPENID_SCOPE.to_owned()));
        assert_eq!(settings.missing(false), ["the issuer", "the client id", "the client secret"]);
        let open = OidcSettings { token_auth: TokenAuth::None, ..settings };
        assert_eq!(open.missing(false), ["the issuer", "the client id"]);
        assert!(!TOKEN_ALGORITHMS.iter().any(|name| name.starts_with("HS") || *name == "none"));
    }

    #[test]
    fn a_second_factor_is_said_or_seen_of_two_kinds() {
        let settings = OidcSettings::default();
        let shown = |acr, amr: &[&str]| {
            let amr: Vec<String> = amr.iter().map(|method| (*method).to_owned()).collect();
            settings.has_second_factor(acr, &amr)
        };
        assert!(shown(None, &["mfa"]) && shown(None, &["pwd", "otp"]) && shown(None, &["hwk", "pin"]));
        assert!(!shown(None, &["otp"]) && !shown(None, &["pwd", "pin"]) && !shown(None, &[]));
        assert!(shown(Some("phr"), &[]) && !shown(Some("1"), &["pwd"]));
        let never = OidcSettings { second_factor: SecondFactorRule::Never, ..OidcSettings::default() };
        assert!(!never.has_second_factor(Some("phr"), &["mfa".into()]));
    }

    #[test]
    fn what_is_demanded_of_everybody_is_vouched_for() {
        let demanded = |acr_values: &[&str]| OidcSettings {
            acr_values: acr_values.iter().map(|acr| (*acr).to_owned()).collect(),
            ..OidcSettings::default()
        };
        assert!(!demanded(&[]).vouches_for_second_factor());
        assert!(demanded(&["phr", "phrh"]).vouches_for_second_factor());
        assert!(!demanded(&["phr", "1"]).vouches_for_second_factor());
    }

    #[test]
    fn a_test_counts_while_what_it_tested_is_the_same() {
        let settings = OidcSettings::default();
        let other_session = OidcSettings { session_seconds: Some(3_600), ..settings.clone() };
        assert!(settings.trusts_as(&other_session));
        let other_issuer = OidcSettings { issuer: "https://other.example".into(), ..settings.clone() };
        assert!(!settings.trusts_as(&other_issuer));
    }
}
