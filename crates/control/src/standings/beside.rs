//! The standings of two people wherever one of them belongs, for what is done to somebody in all of their organizations at once.
//! Judges nothing.

use std::collections::BTreeMap;

use domain::{
    ids::{OrganizationId, UserId},
    permissions::{Granted, Permission},
};
use store::{Tx, grants::Held, organizations::Organization};

use super::{Place, Standing};
use crate::{Context, errors::Failure};

impl Standing {
    /// The standings of somebody and of another in each organization that lets the other in, with these limits on the first.
    /// Who does not belong to one, or is deactivated there, is no member of it.
    pub(crate) async fn of_both(
        ctx: &Context,
        tx: &mut Tx,
        (user, scopes): (UserId, Option<&[Granted]>),
        other: UserId,
    ) -> Result<Vec<(Self, Self)>, Failure> {
        let belongs = store::organizations::list_for_user(tx, user).await?;
        let belongs: BTreeMap<OrganizationId, bool> = belongs
            .into_iter()
            .map(|(organization, is_super_admin)| (organization.id, is_super_admin))
            .collect();
        let mut held = by_organization(store::grants::held_beside(tx, user, other, ctx.now()).await?);
        let mut held_by_other =
            by_organization(store::grants::held_beside(tx, other, other, ctx.now()).await?);
        let both = |(organization, is_super_admin): (Organization, bool)| {
            let organization = organization.id;
            let membership = belongs.get(&organization);
            let one = Self {
                organization,
                is_member: membership.is_some(),
                is_super_admin: membership == Some(&true),
                scopes: scopes.map(<[Granted]>::to_vec),
                held: held.remove(&organization).unwrap_or_default(),
            };
            let held = held_by_other.remove(&organization).unwrap_or_default();
            (one, Self { organization, is_member: true, is_super_admin, scopes: None, held })
        };
        Ok(store::organizations::list_for_user(tx, other).await?.into_iter().map(both).collect())
    }

    /// Whether they may manage the people of the organization.
    pub(crate) fn manages_people(&self) -> bool {
        self.at(Place::organization(self.organization)).holds(Permission::OrganizationUsersWrite)
    }
}

/// What is held, by where.
fn by_organization(held: Vec<Held>) -> BTreeMap<OrganizationId, Vec<Held>> {
    let mut by_organization: BTreeMap<_, Vec<Held>> = BTreeMap::new();
    for held in held {
        by_organization.entry(held.organization_id).or_default().push(held);
    }
    by_organization
}
