//! Whom an organization cannot do without: its last super admin, and the last one who gets in when its identity provider does
//! not answer. Every act that would take somebody away from it asks here first.

use std::collections::BTreeSet;

use domain::{
    errors::Error,
    ids::{OrganizationId, UserId},
    policies::{Asked, AuthenticationPolicy, Means},
};
use store::{Tx, memberships::Member};

use crate::{errors::Failure, policies};

/// What an organization is called to who acts in it.
pub(crate) const HERE: &str = "this organization";

/// Why an organization cannot do without somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indispensable {
    /// Nobody else can act as super admin.
    LastSuperAdmin,
    /// An identity provider is required, and no other super admin who is exempt from that could sign in without it.
    LastBreakGlass,
}

impl Indispensable {
    /// Why somebody is, if they are: one who can act.
    pub(crate) async fn find(
        tx: &mut Tx,
        organization: OrganizationId,
        member: &Member,
    ) -> Result<Option<Self>, Failure> {
        if !(member.is_super_admin && member.is_active && member.is_user_active) {
            return Ok(None);
        }
        if store::memberships::super_admins(tx, organization).await? <= 1 {
            return Ok(Some(Self::LastSuperAdmin));
        }
        let is_last = is_last_break_glass(tx, organization, member.user_id).await?;
        Ok(is_last.then_some(Self::LastBreakGlass))
    }

    /// What is said of somebody who stays therefore; the organization is called so.
    pub(crate) fn sentence(self, email: &str, organization: &str) -> String {
        match self {
            Self::LastSuperAdmin => format!(
                "{email} is the last active super admin of {organization}. Make somebody else a super admin first."
            ),
            Self::LastBreakGlass => format!(
                "{email} is the last one who gets into {organization} when its identity provider does not answer. Make \
                 another super admin with a second factor break-glass first, under Admin, Authentication."
            ),
        }
    }
}

/// Makes sure that an organization can do without somebody who is to act there no more, or to be super admin no more.
///
/// # Errors
/// `Conflict`, with the reason.
pub(crate) async fn refuse(
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
) -> Result<(), Failure> {
    match Indispensable::find(tx, organization, member).await? {
        Some(one) => Err(Error::conflict(one.sentence(&member.email, HERE)).into()),
        None => Ok(()),
    }
}

/// Whether the policy requires an identity provider and somebody is the last super admin, exempt from that, who could sign in.
async fn is_last_break_glass(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<bool, Failure> {
    let row = store::authentication_policies::find(tx, organization).await?;
    let policy = policies::read(row.as_ref().map(|row| row.policy.as_str()))?;
    if !policy.identity_provider_required {
        return Ok(false);
    }
    let mut exempt = store::memberships::break_glass(tx, organization).await?;
    if !exempt.contains(&user) {
        return Ok(false);
    }
    exempt.retain(|other| *other != user);
    Ok(!gets_in(tx, organization, &policy, &exempt).await?)
}

/// Whether one of these, who are exempt, could sign in without the identity provider: from an address that the policy takes.
async fn gets_in(
    tx: &mut Tx,
    organization: OrganizationId,
    policy: &AuthenticationPolicy,
    exempt: &[UserId],
) -> Result<bool, Failure> {
    let ids: Vec<_> = exempt.iter().map(|user| user.uuid()).collect();
    let asked = Asked { organization, is_break_glass: true, address: None };
    for person in store::authentication_policies::people_among(tx, organization, &ids).await? {
        let factors = store::factors::list_for_user(tx, person.user_id).await?;
        let means = Means {
            has_password: person.has_password,
            factors: factors.into_iter().map(|factor| factor.kind).collect::<BTreeSet<_>>(),
            providers: Vec::new(),
        };
        if person.is_super_admin && policy.judge_means(&means, &asked).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
