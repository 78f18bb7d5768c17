//! Which organizations let a person in with a factor and would not without it. Reads their policies; judges nothing itself.

use std::collections::BTreeSet;

use domain::policies::{Asked, AuthenticationPolicy, Means};
use store::{Tx, factors::Factor, users::User};

use crate::errors::Failure;

/// What the organizations of a person ask for.
#[derive(Default)]
pub(super) struct Needs {
    has_password: bool,
    organizations: Vec<Need>,
}

/// What one organization asks for.
struct Need {
    name: String,
    asked: Asked,
    policy: AuthenticationPolicy,
}

impl Needs {
    /// Of those organizations that set a policy; the others let everybody in.
    pub(super) async fn of(tx: &mut Tx, user: &User) -> Result<Self, Failure> {
        let policies = store::authentication_policies::list_for_user(tx, user.id).await?;
        let needs = policies.into_iter().map(|own| {
            let (organization, is_break_glass) = (own.organization_id, own.break_glass_since.is_some());
            let asked = Asked { organization, is_break_glass, address: None };
            Ok(Need { name: own.name, asked, policy: serde_json::from_str(&own.policy)? })
        });
        let organizations = needs.collect::<Result<_, Failure>>()?;
        Ok(Self { has_password: !user.password_hash.is_empty(), organizations })
    }

    /// Names of the organizations that let the person in with what they hold, and would not without this one.
    pub(super) fn needed_by(&self, factor: &Factor, held: &[Factor]) -> Vec<String> {
        let with = self.means(held.iter());
        let without = self.means(held.iter().filter(|other| other.id != factor.id));
        let is_needed = |need: &&Need| {
            let lets_in = |means| need.policy.judge_means(means, &need.asked).is_ok();
            lets_in(&with) && !lets_in(&without)
        };
        self.organizations.iter().filter(is_needed).map(|need| need.name.clone()).collect()
    }

    fn means<'a>(&self, held: impl Iterator<Item = &'a Factor>) -> Means {
        let factors: BTreeSet<_> = held.map(|factor| factor.kind).collect();
        Means { has_password: self.has_password, factors, providers: Vec::new() }
    }
}
