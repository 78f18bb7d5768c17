//! Whom a policy turns away that another one lets in, person by person and token by token. Pure: what is to be known of
//! them was read before. Says of everybody what their next request would be answered.

use std::net::IpAddr;

use domain::{
    ids::OrganizationId,
    policies::{Asked, AuthenticationPolicy, Credential, Means, Rule},
    sign_ins::Proof,
    timestamps::Timestamp,
};
use store::authentication_policies::{OpenSession, OpenToken};

use super::{age_seconds, proof};

/// People who are looked at, at most.
pub(super) const PEOPLE_MAX: u32 = 20_000;
/// Sessions of theirs that are looked at, at most: those that were used last.
pub(super) const SESSIONS_MAX: u32 = 100_000;
/// Tokens that are looked at, at most.
pub(super) const TOKENS_MAX: u32 = 50_000;

/// A change of a policy.
#[derive(Clone, Copy)]
pub(super) struct Tightening<'a> {
    pub(super) organization: OrganizationId,
    pub(super) before: &'a AuthenticationPolicy,
    pub(super) after: &'a AuthenticationPolicy,
    pub(super) now: Timestamp,
}

/// What there is to know of a person.
pub(super) struct Known {
    /// What they could sign in with.
    pub(super) means: Means,
    /// Whether they are exempt from "identity provider required".
    pub(super) is_break_glass: bool,
    /// What they are signed in with, and from where; the one first that was used last.
    pub(super) sessions: Vec<(Proof, Option<IpAddr>)>,
}

impl Known {
    /// What a session that is open tells.
    pub(super) fn session(row: &OpenSession) -> (Proof, Option<IpAddr>) {
        // Those from before it was kept count as begun with a password, as they do at each request.
        let proof =
            proof(row.method, row.second_factor, row.provider_organization_id).unwrap_or(Proof::PASSWORD);
        (proof, row.address.as_deref().and_then(|address| address.parse().ok()))
    }

    /// From where they came last, if that is known.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.sessions.iter().find_map(|(_, address)| *address)
    }
}

/// Whether a session is over that lasts as long as a policy says.
fn is_over(policy: &AuthenticationPolicy, session: &OpenSession, now: Timestamp) -> bool {
    age_seconds(now, session.created_at) >= policy.session_seconds
        || age_seconds(now, session.last_seen_at) >= policy.idle_seconds
}

/// What becomes of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// The rule that turns them away.
    pub(super) rule: Rule,
    /// Whether they could sign in another way.
    pub(super) can_return: bool,
}

impl Tightening<'_> {
    /// What a person loses, if anything.
    pub(super) fn person(&self, known: &Known) -> Option<Loss> {
        let (was, is) = (self.entry(self.before, known), self.entry(self.after, known));
        let mut open = known.sessions.iter().copied();
        let ended = open.find_map(|session| match self.session(self.before, known, session) {
            Ok(()) => self.session(self.after, known, session).err(),
            Err(_) => None,
        });
        let stays = |policy| known.sessions.iter().any(|open| self.session(policy, known, *open).is_ok());
        let could = was.is_ok() || stays(self.before);
        match is {
            Err(rule) if could && !stays(self.after) => {
                Some(Loss { rule: ended.unwrap_or(rule), can_return: false })
            }
            _ => ended.map(|rule| Loss { rule, can_return: true }),
        }
    }

    /// Whether a session that is open is over at once, because sessions are to last shorter. That it ends is no loss of access:
    /// its person signs in again.
    pub(super) fn ends(&self, session: &OpenSession) -> bool {
        !is_over(self.before, session, self.now) && is_over(self.after, session, self.now)
    }

    /// Whether somebody who signs in anew reaches the organization: from where they came last, if that is known.
    fn entry(&self, policy: &AuthenticationPolicy, known: &Known) -> Result<(), Rule> {
        let address = known.address();
        if address.is_some() && !policy.takes_address(address) {
            return Err(Rule::Address);
        }
        policy.judge_means(&known.means, &self.asked(known, address))
    }

    /// Whether a break-glass super admin could sign in while the identity provider does not answer, after the change or before
    /// it.
    pub(super) fn could_break_glass(&self, known: &Known, is_after: bool) -> bool {
        let alone = Known {
            means: Means { providers: Vec::new(), ..known.means.clone() },
            sessions: known.sessions.clone(),
            ..*known
        };
        known.is_break_glass && self.could_sign_in(&alone, is_after)
    }

    fn session(
        &self,
        policy: &AuthenticationPolicy,
        known: &Known,
        (proof, address): (Proof, Option<IpAddr>),
    ) -> Result<(), Rule> {
        let asked = self.asked(known, address);
        match address {
            Some(_) => policy.judge(&Credential::Session { proof }, &asked),
            None => policy.judge_proof(&proof, &asked),
        }
    }

    const fn asked(&self, known: &Known, address: Option<IpAddr>) -> Asked {
        Asked { organization: self.organization, is_break_glass: known.is_break_glass, address }
    }

    /// Whether somebody could sign in and reach the organization after the change, or before it.
    pub(super) fn could_sign_in(&self, known: &Known, is_after: bool) -> bool {
        self.entry(if is_after { self.after } else { self.before }, known).is_ok()
    }

    /// The rule that turns away a token which reaches the organization now: from where it was last used, if it was.
    pub(super) fn token(&self, token: &OpenToken) -> Option<Rule> {
        let address = token.last_address.as_deref().and_then(|address| address.parse().ok());
        let credential = Credential::Token {
            kind: token.kind,
            proof: proof(token.method, token.second_factor, token.provider_organization_id),
            age_seconds: age_seconds(self.now, token.created_at),
        };
        let asked = Asked { organization: self.organization, is_break_glass: false, address };
        let judge = |policy: &AuthenticationPolicy| match address {
            Some(_) => policy.judge(&credential, &asked),
            None => {
                AuthenticationPolicy { addresses: Vec::new(), ..policy.clone() }.judge(&credential, &asked)
            }
        };
        match judge(self.before) {
            Ok(()) => judge(self.after).err(),
            Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::sign_ins::FactorKind;
    use uuid::Uuid;

    use super::*;

    fn loss(after: &AuthenticationPolicy, known: &Known) -> Option<Loss> {
        let before = AuthenticationPolicy::default();
        let organization = OrganizationId::from_uuid(Uuid::from_u128(1));
        Tightening { organization, before: &before, after, now: Timestamp::from_micros(0) }.person(known)
    }

    fn known(factors: &[FactorKind], sessions: &[(Proof, Option<IpAddr>)]) -> Known {
        let means =
            Means { has_password: true, factors: factors.iter().copied().collect(), providers: Vec::new() };
        Known { means, is_break_glass: false, sessions: sessions.to_vec() }
    }

    #[test]
    fn who_has_another_way_returns_and_who_has_none_is_gone() {
        let required = AuthenticationPolicy { second_factor_required: true, ..Default::default() };
        let (lost, returns) = (
            Some(Loss { rule: Rule::SecondFactor, can_return: false }),
            Some(Loss { rule: Rule::SecondFactor, can_return: true }),
        );
        let from = Some([192, 0, 2, 1].into());
        let by_password = [(Proof::PASSWORD, from)];
        assert_eq!(loss(&required, &known(&[], &[])), lost);
        assert_eq!(loss(&required, &known(&[], &by_password)), lost);
        assert_eq!(loss(&required, &known(&[FactorKind::Totp], &[])), None);
        assert_eq!(loss(&required, &known(&[FactorKind::Totp], &by_password)), returns);
        // A session that was begun with what they have no more stays, and so do they.
        assert_eq!(loss(&required, &known(&[], &[(Proof::PASSKEY, from)])), None);
    }

    #[test]
    fn addresses_count_where_somebody_was_seen() {
        let listed =
            AuthenticationPolicy { addresses: vec!["192.0.2.0/24".parse().unwrap()], ..Default::default() };
        let here = (Proof::PASSWORD, Some([192, 0, 2, 1].into()));
        let there = (Proof::PASSWORD, Some([203, 0, 113, 1].into()));
        let rule = Rule::Address;
        assert_eq!(loss(&listed, &known(&[], &[])), None, "nobody knows");
        assert_eq!(loss(&listed, &known(&[], &[here])), None);
        assert_eq!(loss(&listed, &known(&[], &[there])), Some(Loss { rule, can_return: false }));
        assert_eq!(loss(&listed, &known(&[], &[here, there])), Some(Loss { rule, can_return: true }));
        assert_eq!(loss(&listed, &known(&[], &[there, here])), Some(Loss { rule, can_return: true }));
    }
}
