//! Whom an organization's authentication policy lets in by none of the means they have, for who asks what somebody can do.
//! Turns nobody away: at each request [`Context`](crate::Context) does, by what they come with.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use domain::{
    identity_providers::ProviderProtocol,
    ids::{OrganizationId, UserId},
    policies::{Asked, AuthenticationPolicy, Means},
    sign_ins::{FactorKind, SignInMethod},
};
use store::{Tx, access::Access, authentication_policies::Person};
use uuid::Uuid;

use super::read;
use crate::{errors::Failure, identity_providers};

/// Pairs of a member and an identity provider that are looked at, at most.
const WAYS_MAX: u32 = 60_000;

/// Those of these members who could not sign in and reach the organization, from whatever address, each with a sentence that
/// says why. Who is shut out anyway, and who has nothing to sign in with at all, is not among them, nor is any application user.
pub(crate) async fn among(
    tx: &mut Tx,
    access: &Access,
    users: &[Uuid],
) -> Result<BTreeMap<UserId, String>, Failure> {
    let organization = access.organization_id;
    let policy = read(access.policy.as_deref())?;
    let people = store::authentication_policies::people_among(tx, organization, users).await?;
    let mut factors: BTreeMap<UserId, BTreeSet<FactorKind>> = BTreeMap::new();
    for (user, kind) in store::factors::kinds_among(tx, organization, users).await? {
        factors.entry(user).or_default().insert(kind);
    }
    let mut providers = providers(tx, organization).await?;
    let told = people.into_iter().filter_map(|person| {
        let providers = providers.remove(&person.user_id).unwrap_or_default();
        let means = means(&person, factors.remove(&person.user_id), providers);
        let asked = Asked { organization, is_break_glass: is_break_glass(&person), address: None };
        Some((person.user_id, obstacle(&policy, &means, &asked, &access.organization_name)?))
    });
    Ok(told.collect())
}

/// What a person could sign in with.
pub(super) fn means(
    person: &Person,
    factors: Option<BTreeSet<FactorKind>>,
    providers: Vec<(OrganizationId, SignInMethod, bool)>,
) -> Means {
    Means { has_password: person.has_password, factors: factors.unwrap_or_default(), providers }
}

/// What vouches for the members of an organization: whose identity provider, over what, and whether for a second factor. One that
/// only sometimes says so counts as one that does not.
pub(super) async fn providers(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<BTreeMap<UserId, Vec<(OrganizationId, SignInMethod, bool)>>, Failure> {
    let mut known = BTreeMap::new();
    let mut found: BTreeMap<UserId, Vec<_>> = BTreeMap::new();
    for (user, id) in store::identity_providers::ways_of_members(tx, organization, WAYS_MAX).await? {
        if let Entry::Vacant(entry) = known.entry(id) {
            let provider = store::identity_providers::find(tx, id).await?;
            let provider =
                provider.ok_or_else(|| Failure::Inconsistent("an identity provider is gone".into()))?;
            let method = match provider.protocol {
                ProviderProtocol::Saml => SignInMethod::Saml,
                ProviderProtocol::Oidc => SignInMethod::Oidc,
            };
            let settings = identity_providers::read(&provider)?;
            entry.insert((provider.organization_id, method, settings.vouches_for_second_factor()));
        }
        found.entry(user).or_default().extend(known.get(&id).copied());
    }
    Ok(found)
}

/// Whether a person is exempt from "identity provider required".
pub(super) const fn is_break_glass(person: &Person) -> bool {
    person.is_super_admin && person.break_glass_since.is_some()
}

/// Why they reach the organization by no sign-in, if so.
fn obstacle(
    policy: &AuthenticationPolicy,
    means: &Means,
    asked: &Asked,
    organization: &str,
) -> Option<String> {
    means.proofs().next()?;
    let rule = policy.judge_means(means, asked).err()?;
    let tokens = match policy.personal_tokens_allowed && !policy.tokens_bound {
        true => " Personal tokens of theirs do.",
        false => "",
    };
    Some(format!(
        "{} No sign-in of theirs reaches it, whatever they hold.{tokens}",
        rule.of_them(organization)
    ))
}

#[cfg(test)]
mod tests {
    use domain::ids::OrganizationId;

    use super::*;

    #[test]
    fn who_has_a_way_in_is_not_told_of_and_who_has_none_is_with_the_rule() {
        let asked = Asked {
            organization: OrganizationId::from_uuid(Uuid::from_u128(1)),
            is_break_glass: false,
            address: None,
        };
        let required = AuthenticationPolicy { second_factor_required: true, ..Default::default() };
        let bound = AuthenticationPolicy { tokens_bound: true, ..required.clone() };
        let password = Means { has_password: true, ..Means::default() };
        let both = Means { factors: [FactorKind::Totp].into(), ..password.clone() };
        let told = |policy: &AuthenticationPolicy, means: &Means| obstacle(policy, means, &asked, "Acme");
        assert_eq!(told(&AuthenticationPolicy::default(), &password), None);
        assert_eq!(told(&required, &both), None);
        assert_eq!(told(&required, &Means::default()), None, "that is not for want of what the policy asks");
        let sentence = "The authentication policy of Acme asks for a second factor, and they have none. No sign-in of theirs \
                        reaches it, whatever they hold.";
        assert_eq!(told(&bound, &password).as_deref(), Some(sentence));
        assert_eq!(told(&required, &password).unwrap(), format!("{sentence} Personal tokens of theirs do."));
    }
}
