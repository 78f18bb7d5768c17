//! Managed users who could not sign in at all any more under a changed policy, members or not. What members lose in the organization is
//! in `turned_away`.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{OrganizationId, UserId},
    policies::{Asked, AuthenticationPolicy, Means, Rule},
    sign_ins::FactorKind,
};
use store::{Tx, authentication_policies::Person};

use super::turned_away::{Known, PEOPLE_MAX};
use crate::errors::Failure;

/// How many they are, of [`PEOPLE_MAX`] who are looked at. Of members more is known than of others.
pub(super) async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    (before, after): (&AuthenticationPolicy, &AuthenticationPolicy),
    people: &[(Person, Known)],
) -> Result<i64, Failure> {
    let known: BTreeMap<UserId, &Known> =
        people.iter().map(|(person, known)| (person.user_id, known)).collect();
    let managed = store::domains::managed_means(tx, organization, PEOPLE_MAX).await?;
    let shut_out = managed.iter().filter(|one| {
        let known = known.get(&one.user_id);
        let own = Means {
            has_password: one.has_password,
            factors: BTreeSet::from_iter(one.has_passkey.then_some(FactorKind::Passkey)),
            providers: Vec::new(),
        };
        let means = known.map_or(&own, |known| &known.means);
        let is_break_glass = known.is_some_and(|known| known.is_break_glass);
        let asked = Asked { organization, is_break_glass, address: None };
        admits(before, means, &asked) && !admits(after, means, &asked)
    });
    Ok(i64::try_from(shut_out.count()).unwrap_or(i64::MAX))
}

/// Whether somebody could sign in at all, as [`crate::managed`] judges it: who lacks a second factor may, to add one.
fn admits(policy: &AuthenticationPolicy, means: &Means, asked: &Asked) -> bool {
    means.proofs().any(|proof| matches!(policy.judge_proof(&proof, asked), Ok(()) | Err(Rule::SecondFactor)))
}
