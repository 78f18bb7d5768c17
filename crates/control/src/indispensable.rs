//! Whom and what an organization cannot do without: its last super admin, the last one who gets in when its identity provider does
//! not answer, and the last identity provider itself where it requires one. Every act that would take one of them away asks here
//! first.

use domain::{
    errors::Error,
    identity_providers::ProviderState,
    ids::{OrganizationId, UserId},
    policies::{Asked, AuthenticationPolicy, Means},
    sign_ins::FactorKind,
};
use store::{Tx, factors::Factor, identity_providers::IdentityProvider, memberships::Member, users::User};

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
        if !can_act(member) {
            return Ok(None);
        }
        if store::memberships::super_admins(tx, organization).await? <= 1 {
            return Ok(Some(Self::LastSuperAdmin));
        }
        let is_last = is_last_break_glass(tx, organization, member).await?;
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
                 another super admin with a second factor break-glass first, under Authentication policy."
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

const fn can_act(member: &Member) -> bool {
    member.is_super_admin && member.is_active && member.is_user_active
}

/// Whether the policy requires an identity provider and somebody is the last super admin, exempt from that, who could sign in.
pub(crate) async fn is_last_break_glass(
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
) -> Result<bool, Failure> {
    if !can_act(member) {
        return Ok(false);
    }
    let user = member.user_id;
    let policy = policy(tx, organization).await?;
    if !policy.identity_provider_required {
        return Ok(false);
    }
    let mut exempt = store::authentication_policies::break_glass(tx, organization).await?;
    if !exempt.contains(&user) {
        return Ok(false);
    }
    exempt.retain(|other| *other != user);
    Ok(!gets_in(tx, organization, &policy, &exempt).await?)
}

/// Makes sure that whoever removes a factor is not the last one who gets into an organization without its identity provider, or
/// does so still with those that are left.
///
/// # Errors
/// `Conflict`, with the reason.
pub(crate) async fn keeps_break_glass(tx: &mut Tx, user: &User, left: &[&Factor]) -> Result<(), Failure> {
    for (organization, _) in store::organizations::list_for_user(tx, user.id).await? {
        let member = store::memberships::find_member(tx, organization.id, user.id).await?;
        let Some(member) = member else { continue };
        if !is_last_break_glass(tx, organization.id, &member).await? {
            continue;
        }
        let policy = policy(tx, organization.id).await?;
        let has_password = !user.password_hash.is_empty();
        if !lets_in(&policy, organization.id, has_password, left.iter().map(|factor| factor.kind)) {
            let name = &organization.name;
            let reason = format!(
                "With it you are the last one who gets into {name} when its identity provider does not answer. Add another second \
                 factor first, or have another super admin with one made break-glass there."
            );
            return Err(Error::conflict(reason).into());
        }
    }
    Ok(())
}

/// Why an identity provider can be neither switched off nor removed, if so.
pub(crate) async fn of_provider(tx: &mut Tx, provider: &IdentityProvider) -> Result<Option<String>, Failure> {
    let organization = provider.organization_id;
    if provider.state != ProviderState::Active || !policy(tx, organization).await?.identity_provider_required
    {
        return Ok(None);
    }
    let all = store::identity_providers::list(tx, organization).await?;
    let has_other = all.iter().any(|other| other.id != provider.id && other.state == ProviderState::Active);
    Ok((!has_other).then(|| {
        format!(
            "The authentication policy requires an identity provider, and {} is the only one that people sign in with. Turn that off \
             first, under Authentication policy.",
            provider.name
        )
    }))
}

/// Makes sure that an organization can do without an identity provider.
///
/// # Errors
/// `Conflict`, with the reason.
pub(crate) async fn refuse_provider(tx: &mut Tx, provider: &IdentityProvider) -> Result<(), Failure> {
    match of_provider(tx, provider).await? {
        Some(reason) => Err(Error::conflict(reason).into()),
        None => Ok(()),
    }
}

async fn policy(tx: &mut Tx, organization: OrganizationId) -> Result<AuthenticationPolicy, Failure> {
    let row = store::authentication_policies::find(tx, organization).await?;
    policies::read(row.as_ref().map(|row| row.policy.as_str()))
}

/// Whether somebody who is exempt gets in with what they have: from an address that the policy takes.
fn lets_in(
    policy: &AuthenticationPolicy,
    organization: OrganizationId,
    has_password: bool,
    factors: impl Iterator<Item = FactorKind>,
) -> bool {
    let means = Means { has_password, factors: factors.collect(), providers: Vec::new() };
    policy.judge_means(&means, &Asked { organization, is_break_glass: true, address: None }).is_ok()
}

/// Whether one of these, who are exempt, could sign in without the identity provider.
async fn gets_in(
    tx: &mut Tx,
    organization: OrganizationId,
    policy: &AuthenticationPolicy,
    exempt: &[UserId],
) -> Result<bool, Failure> {
    let ids: Vec<_> = exempt.iter().map(|user| user.uuid()).collect();
    for person in store::authentication_policies::people_among(tx, organization, &ids).await? {
        let factors = store::factors::list_for_user(tx, person.user_id).await?;
        let kinds = factors.into_iter().map(|factor| factor.kind);
        if person.is_super_admin && lets_in(policy, organization, person.has_password, kinds) {
            return Ok(true);
        }
    }
    Ok(false)
}
