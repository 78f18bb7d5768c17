//! The authentication policy of an organization: which proofs of who somebody is reach it, and from where. One pure function
//! decides, for sessions and tokens, and for the preview of a change alike.

use std::{collections::BTreeSet, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    ids::OrganizationId,
    networks::Cidr,
    sign_ins::{FactorKind, Proof, SignInMethod},
    states::text_enum,
    tokens::TokenKind,
};

/// Shortest and longest time without use that a policy may set for sessions, in seconds: five minutes and one hour.
pub const IDLE_SECONDS: std::ops::RangeInclusive<i64> = 300..=3600;
/// Shortest and longest life of a session that a policy may set, in seconds: half an hour and a day.
pub const SESSION_SECONDS: std::ops::RangeInclusive<i64> = 1800..=86_400;
/// Shortest and longest "longest token age" that a policy may set, in seconds: ten minutes and ten years.
pub const TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 600..=315_360_000;
/// Fewest characters of a password that a policy may ask for beside a second factor, and most.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<u32> = 8..=64;
/// Fewest characters of a password that a policy may ask for where it is the only factor, and most.
pub const PASSWORD_CHARS_ALONE: std::ops::RangeInclusive<u32> = 15..=64;
/// Most address ranges of a policy.
pub const ADDRESSES_MAX: usize = 256;

/// The policy. What every organization begins with is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AuthenticationPolicy {
    /// E-mail and password reach the organization.
    pub password_allowed: bool,
    /// Only who showed a second factor does, unless an identity provider vouches for one. A passkey is two.
    pub second_factor_required: bool,
    /// Only the organization's own identity providers do. Break-glass super admins are exempt.
    pub identity_provider_required: bool,
    /// Identity providers of other organizations do as well.
    pub other_providers_allowed: bool,
    /// OpenID Connect does.
    pub oidc_allowed: bool,
    /// Personal tokens do.
    pub personal_tokens_allowed: bool,
    /// A personal token does only if the sign-in that it was made in would.
    pub tokens_bound: bool,
    /// How old a token may be, personal and application, in seconds; none for any age.
    pub token_seconds_max: Option<i64>,
    /// From where people and tokens reach the organization; empty for anywhere.
    pub addresses: Vec<Cidr>,
    /// How long a session lasts without use, in seconds. The strictest of a person's organizations counts.
    pub idle_seconds: i64,
    /// How long a session lasts at most, in seconds. The strictest of a person's organizations counts.
    pub session_seconds: i64,
    /// Fewest characters of a password beside a second factor.
    pub password_chars_min: u32,
    /// Fewest characters of a password that is the only factor.
    pub password_chars_min_alone: u32,
}

impl Default for AuthenticationPolicy {
    fn default() -> Self {
        Self {
            password_allowed: true,
            second_factor_required: false,
            identity_provider_required: false,
            other_providers_allowed: true,
            oidc_allowed: true,
            personal_tokens_allowed: true,
            tokens_bound: false,
            token_seconds_max: None,
            addresses: Vec::new(),
            idle_seconds: *IDLE_SECONDS.end(),
            session_seconds: *SESSION_SECONDS.end(),
            password_chars_min: *PASSWORD_CHARS.start(),
            password_chars_min_alone: *PASSWORD_CHARS_ALONE.start(),
        }
    }
}

text_enum! {
    /// A rule of the policy that turned somebody away.
    Rule {
        /// Passwords do not reach the organization.
        Password = "password",
        /// There was no second factor.
        SecondFactor = "second_factor",
        /// It was not the organization's own identity provider.
        IdentityProvider = "identity_provider",
        /// It was another organization's identity provider.
        OtherProvider = "other_provider",
        /// It was OpenID Connect.
        Oidc = "oidc",
        /// It was a personal token.
        PersonalToken = "personal_token",
        /// It was a token that was made in a sign-in that the policy does not allow.
        TokenMethod = "token_method",
        /// The token is too old.
        TokenAge = "token_age",
        /// It came from somewhere else.
        Address = "address",
    }
}

impl Rule {
    /// What somebody is told whom it turns away from the organization of that name.
    #[must_use]
    pub fn refusal(self, organization: &str) -> String {
        format!("The authentication policy of {organization} {}", self.sentence())
    }

    /// What somebody else is told of whom it turns away from the organization of that name, whatever they come with.
    #[must_use]
    pub fn of_them(self, organization: &str) -> String {
        let what = match self {
            Self::Password => "lets nobody in with a password, and they have nothing else.",
            Self::SecondFactor => "asks for a second factor, and they have none.",
            Self::IdentityProvider => {
                "asks for the organization’s identity provider, which does not vouch for them."
            }
            Self::OtherProvider => {
                "lets nobody in through other organizations’ identity providers, and they have nothing else."
            }
            Self::Oidc => "lets nobody in with OpenID Connect, and they have nothing else.",
            Self::PersonalToken => "lets no personal tokens in.",
            Self::TokenMethod => "lets tokens in only if they were made in a sign-in that it allows.",
            Self::TokenAge => "does not let tokens get this old.",
            Self::Address => {
                "lets people and tokens in from certain addresses only, and theirs is none of them."
            }
        };
        format!("The authentication policy of {organization} {what}")
    }

    /// Which rule it was and what to do, to be read after “The authentication policy of Acme”.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Password => {
                "lets nobody in with a password. Sign in with a passkey or your identity provider."
            }
            Self::SecondFactor => {
                "asks for a second factor. Add one in your profile under Authentication, or sign in again with the one you have."
            }
            Self::IdentityProvider => "asks for the organization’s identity provider. Sign in with it.",
            Self::OtherProvider => {
                "lets nobody in through other organizations’ identity providers. Sign in another way."
            }
            Self::Oidc => "lets nobody in with OpenID Connect. Sign in another way.",
            Self::PersonalToken => {
                "lets no personal tokens in. Use an application user’s token, or sign in to the console."
            }
            Self::TokenMethod => {
                "lets tokens in only if they were made in a sign-in that it allows. Make a new one after signing in that way."
            }
            Self::TokenAge => "does not let tokens get this old. Make a new one.",
            Self::Address => {
                "lets people and tokens in from certain addresses only, and yours is none of them. Connect from there, or ask an organization admin."
            }
        }
    }
}

/// What somebody comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A signed-in browser.
    Session {
        /// What they showed.
        proof: Proof,
    },
    /// A token.
    Token {
        /// Whose kind it is of.
        kind: TokenKind,
        /// What its maker had shown; none if that is not known.
        proof: Option<Proof>,
        /// Seconds since it was made.
        age_seconds: i64,
    },
}

/// Of whom the policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The organization that is to be reached.
    pub organization: OrganizationId,
    /// Whether they are exempt from "identity provider required": in a browser, and with no token.
    pub is_break_glass: bool,
    /// From where; none if that is not known, which no list of addresses lets in.
    pub address: Option<IpAddr>,
}

/// What a person could sign in with, for the preview of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// Whether they have a password.
    pub has_password: bool,
    /// Second factors of theirs; no recovery codes, which run out.
    pub factors: BTreeSet<FactorKind>,
    /// Whose identity providers vouch for them, over what, and whether they vouch for a second factor.
    pub providers: Vec<(OrganizationId, SignInMethod, bool)>,
}

impl Means {
    /// Everything they could show at a sign-in. Who has a second factor is always asked for it.
    pub fn proofs(&self) -> impl Iterator<Item = Proof> + '_ {
        let alone = (self.has_password && self.factors.is_empty()).then_some(Proof::PASSWORD);
        let both = self.factors.iter().filter(|_| self.has_password).copied().map(Proof::password_and);
        let passkey = self.factors.contains(&FactorKind::Passkey).then_some(Proof::PASSKEY);
        let providers = self.providers.iter().map(|(provider, method, vouches)| Proof {
            method: *method,
            second_factor: vouches.then_some(FactorKind::IdentityProvider),
            provider: Some(*provider),
        });
        alone.into_iter().chain(both).chain(passkey).chain(providers)
    }
}

impl AuthenticationPolicy {
    /// Whether a credential reaches the organization; the rule that turns it away if not.
    ///
    /// # Errors
    /// The first rule that is broken, those first that the person can do something about at once.
    pub fn judge(&self, credential: &Credential, asked: &Asked) -> Result<(), Rule> {
        if !self.takes_address(asked.address) {
            return Err(Rule::Address);
        }
        match *credential {
            Credential::Session { proof } => self.judge_proof(&proof, asked)?,
            Credential::Token { kind, proof, age_seconds } => {
                if kind == TokenKind::Personal {
                    if !self.personal_tokens_allowed {
                        return Err(Rule::PersonalToken);
                    }
                    let asked = Asked { is_break_glass: false, ..*asked };
                    let stands = proof.is_some_and(|proof| self.judge_proof(&proof, &asked).is_ok());
                    if self.tokens_bound && !stands {
                        return Err(Rule::TokenMethod);
                    }
                }
                if self.token_seconds_max.is_some_and(|max| age_seconds > max) {
                    return Err(Rule::TokenAge);
                }
            }
        }
        Ok(())
    }

    /// Whether somebody who showed this reaches the organization.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn judge_proof(&self, proof: &Proof, asked: &Asked) -> Result<(), Rule> {
        let is_own = proof.provider == Some(asked.organization);
        let is_exempt = self.identity_provider_required && !is_own;
        if is_exempt && !asked.is_break_glass {
            return Err(Rule::IdentityProvider);
        }
        match proof.method {
            SignInMethod::Password if !self.password_allowed => return Err(Rule::Password),
            SignInMethod::Oidc if !self.oidc_allowed => return Err(Rule::Oidc),
            _ => {}
        }
        if proof.provider.is_some() && !is_own && !self.other_providers_allowed {
            return Err(Rule::OtherProvider);
        }
        // Whoever gets past the identity provider shows one whatever the switch says: it may be off because the provider asks.
        if (self.second_factor_required || is_exempt) && proof.second_factor.is_none() {
            return Err(Rule::SecondFactor);
        }
        Ok(())
    }

    /// Whether somebody with these means could sign in and reach the organization, from an address it takes.
    ///
    /// # Errors
    /// The rule that turns the last of their means away; [`Rule::Password`] if they have none.
    pub fn judge_means(&self, means: &Means, asked: &Asked) -> Result<(), Rule> {
        let mut refused = Rule::Password;
        for proof in means.proofs() {
            match self.judge_proof(&proof, asked) {
                Ok(()) => return Ok(()),
                Err(rule) => refused = rule,
            }
        }
        Err(refused)
    }

    /// Whether people and tokens may come from there. From where nobody knows, they may if they may from anywhere.
    #[must_use]
    pub fn takes_address(&self, address: Option<IpAddr>) -> bool {
        let is_listed = |address: IpAddr| {
            // As a server that listens on IPv6 sees those who come over IPv4 (RFC 4291 section 2.5.5.2).
            let address = address.to_canonical();
            self.addresses.iter().any(|range| range.contains(address))
        };
        self.addresses.is_empty() || address.is_some_and(is_listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: u128 = 1;

    fn asked() -> Asked {
        let organization = OrganizationId::from_uuid(uuid::Uuid::from_u128(ACME));
        Asked { organization, is_break_glass: false, address: Some([192, 0, 2, 7].into()) }
    }

    fn session(proof: Proof) -> Credential {
        Credential::Session { proof }
    }

    fn token(kind: TokenKind, proof: Option<Proof>) -> Credential {
        Credential::Token { kind, proof, age_seconds: 60 }
    }

    fn provider(organization: u128, method: SignInMethod) -> Proof {
        let provider = Some(OrganizationId::from_uuid(uuid::Uuid::from_u128(organization)));
        Proof { method, second_factor: None, provider }
    }

    #[test]
    fn a_refusal_names_the_organization_the_rule_and_what_to_do() {
        assert_eq!(
            Rule::SecondFactor.refusal("Acme"),
            "The authentication policy of Acme asks for a second factor. Add one in your profile under Authentication, or sign \
             in again with the one you have."
        );
        assert_eq!(
            Rule::Password.of_them("Acme"),
            "The authentication policy of Acme lets nobody in with a password, and they have nothing else."
        );
        let all = [
            Rule::Password,
            Rule::SecondFactor,
            Rule::IdentityProvider,
            Rule::OtherProvider,
            Rule::Oidc,
            Rule::PersonalToken,
            Rule::TokenMethod,
            Rule::TokenAge,
            Rule::Address,
        ];
        let sentences: std::collections::BTreeSet<_> = all.iter().map(|rule| rule.sentence()).collect();
        assert_eq!(sentences.len(), all.len(), "each says something of its own");
    }

    #[test]
    fn a_token_may_be_as_old_as_the_policy_says_and_not_a_second_older() {
        let policy = AuthenticationPolicy { token_seconds_max: Some(60), ..Default::default() };
        let aged = |age_seconds| Credential::Token { kind: TokenKind::Application, proof: None, age_seconds };
        assert_eq!(policy.judge(&aged(60), &asked()), Ok(()));
        assert_eq!(policy.judge(&aged(61), &asked()), Err(Rule::TokenAge));
    }

    #[test]
    fn everybody_begins_with_a_policy_that_lets_everybody_in() {
        let policy = AuthenticationPolicy::default();
        for proof in [
            Proof::PASSWORD,
            Proof::PASSKEY,
            provider(ACME, SignInMethod::Saml),
            provider(2, SignInMethod::Oidc),
        ] {
            assert_eq!(policy.judge(&session(proof), &asked()), Ok(()));
        }
        for kind in TokenKind::ALL {
            assert_eq!(policy.judge(&token(*kind, None), &asked()), Ok(()));
        }
    }

    #[test]
    fn each_switch_turns_away_what_it_says_and_nothing_else() {
        let all = [
            session(Proof::PASSWORD),
            session(Proof::password_and(FactorKind::Totp)),
            session(Proof::PASSKEY),
            session(provider(ACME, SignInMethod::Saml)),
            session(provider(2, SignInMethod::Saml)),
            session(provider(ACME, SignInMethod::Oidc)),
            token(TokenKind::Personal, Some(Proof::PASSWORD)),
            token(TokenKind::Personal, None),
            token(TokenKind::Application, None),
        ];
        let free = AuthenticationPolicy::default;
        let cases = [
            (AuthenticationPolicy { password_allowed: false, ..free() }, Rule::Password, vec![0, 1]),
            (
                AuthenticationPolicy { second_factor_required: true, ..free() },
                Rule::SecondFactor,
                vec![0, 3, 4, 5],
            ),
            (
                AuthenticationPolicy { identity_provider_required: true, ..free() },
                Rule::IdentityProvider,
                vec![0, 1, 2, 4],
            ),
            (AuthenticationPolicy { other_providers_allowed: false, ..free() }, Rule::OtherProvider, vec![4]),
            (AuthenticationPolicy { oidc_allowed: false, ..free() }, Rule::Oidc, vec![5]),
            (
                AuthenticationPolicy { personal_tokens_allowed: false, ..free() },
                Rule::PersonalToken,
                vec![6, 7],
            ),
            (AuthenticationPolicy { tokens_bound: true, ..free() }, Rule::TokenMethod, vec![7]),
            (AuthenticationPolicy { token_seconds_max: Some(59), ..free() }, Rule::TokenAge, vec![6, 7, 8]),
            (
                AuthenticationPolicy { addresses: vec!["203.0.113.0/24".parse().unwrap()], ..free() },
                Rule::Address,
                (0..9).collect(),
            ),
        ];
        for (policy, rule, refused) in cases {
            for (index, credential) in all.iter().enumerate() {
                let expected = if refused.contains(&index) { Err(rule) } else { Ok(()) };
                assert_eq!(policy.judge(credential, &asked()), expected, "{rule} {credential:?}");
            }
            assert!(!rule.sentence().is_empty());
        }
    }

    #[test]
    fn tokens_are_bound_to_what_the_policy_allows() {
        let policy =
            AuthenticationPolicy { tokens_bound: true, second_factor_required: true, ..Default::default() };
        let judge = |proof| policy.judge(&token(TokenKind::Personal, Some(proof)), &asked());
        assert_eq!(judge(Proof::PASSWORD), Err(Rule::TokenMethod));
        assert_eq!(judge(Proof::password_and(FactorKind::SecurityKey)), Ok(()));
    }

    #[test]
    fn break_glass_gets_past_the_provider_and_never_past_the_second_factor() {
        let policy = AuthenticationPolicy {
            identity_provider_required: true,
            second_factor_required: true,
            ..Default::default()
        };
        let asked = Asked { is_break_glass: true, ..asked() };
        // Also when the policy leaves the second factor to the identity provider.
        for second_factor_required in [true, false] {
            let policy = AuthenticationPolicy { second_factor_required, ..policy.clone() };
            assert_eq!(policy.judge(&session(Proof::PASSKEY), &asked), Ok(()));
            assert_eq!(policy.judge(&session(Proof::PASSWORD), &asked), Err(Rule::SecondFactor));
        }
        let bound = AuthenticationPolicy { tokens_bound: true, ..policy };
        let token = token(TokenKind::Personal, Some(Proof::PASSKEY));
        assert_eq!(bound.judge(&token, &asked), Err(Rule::TokenMethod), "nor does a token of theirs");
    }

    #[test]
    fn the_address_list_takes_nobody_whose_address_it_does_not_hold_or_nobody_knows() {
        let policy =
            AuthenticationPolicy { addresses: vec!["192.0.2.0/24".parse().unwrap()], ..Default::default() };
        let from = |address| policy.judge(&session(Proof::PASSWORD), &Asked { address, ..asked() });
        assert_eq!(from(Some([192, 0, 2, 255].into())), Ok(()));
        assert_eq!(from(Some([192, 0, 3, 0].into())), Err(Rule::Address));
        assert_eq!(from(Some("::ffff:192.0.2.7".parse().unwrap())), Ok(()));
        assert_eq!(from(None), Err(Rule::Address));
    }

    #[test]
    fn who_has_a_second_factor_is_never_let_in_without_it() {
        let means = Means {
            has_password: true,
            factors: [FactorKind::Totp, FactorKind::Passkey].into(),
            providers: Vec::new(),
        };
        let proofs: Vec<_> = means.proofs().collect();
        assert_eq!(
            proofs,
            [Proof::password_and(FactorKind::Totp), Proof::password_and(FactorKind::Passkey), Proof::PASSKEY]
        );
        let required = AuthenticationPolicy { second_factor_required: true, ..Default::default() };
        assert_eq!(required.judge_means(&means, &asked()), Ok(()));
        let password = Means { has_password: true, ..Means::default() };
        assert_eq!(required.judge_means(&password, &asked()), Err(Rule::SecondFactor));
        assert_eq!(
            AuthenticationPolicy::default().judge_means(&Means::default(), &asked()),
            Err(Rule::Password)
        );
    }

    #[test]
    fn what_is_stored_is_read_again_and_what_is_missing_is_the_default() {
        let policy =
            AuthenticationPolicy { tokens_bound: true, token_seconds_max: Some(600), ..Default::default() };
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<AuthenticationPolicy>(&text).unwrap(), policy);
        assert_eq!(
            serde_json::from_str::<AuthenticationPolicy>("{}").unwrap(),
            AuthenticationPolicy::default()
        );
        assert!(serde_json::from_str::<AuthenticationPolicy>("{\"pasword_allowed\":false}").is_err());
    }
}
