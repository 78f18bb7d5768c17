//! Managed users: whose address is in a domain that an organization has verified. What that takes from them is said here, what
//! it gives the organization in `accounts`. Who manages somebody follows from their address each time and is kept nowhere.

mod accounts;

use domain::{
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    policies::{Asked, Rule},
    sign_ins::Proof,
    states::Outcome,
    views::Manager,
};
use store::{Tx, users::User};

use crate::{
    Context,
    contexts::Write,
    errors::Failure,
    policies,
    sessions::accounts::Account,
    standings::{Place, Standing},
};

pub(crate) use accounts::indispensable_of;
pub use accounts::{ask_password_reset, deactivate, delete, list, reactivate, revoke_token, tokens, view};

/// Who manages somebody, if an organization does.
pub(crate) async fn manager(tx: &mut Tx, user: UserId) -> Result<Option<Manager>, Failure> {
    let found = store::domains::manager(tx, user).await?;
    Ok(found.map(|found| Manager {
        organization_id: found.organization_id,
        organization_name: found.name,
        domain_name: found.domain,
    }))
}

/// Why somebody may not change their profile, if so.
pub(crate) async fn profile_obstacle(tx: &mut Tx, user: UserId) -> Result<Option<String>, Failure> {
    let manager = manager(tx, user).await?;
    Ok(manager.map(|manager| {
        format!("Your account is managed by {}: your profile is changed there.", manager.organization_name)
    }))
}

/// Why the actor may not make an organization, if so. Who administers the organization that manages them may.
pub(crate) async fn organization_obstacle(ctx: &Context, tx: &mut Tx) -> Result<Option<String>, Failure> {
    let Some(manager) = manager(tx, ctx.user()?).await? else { return Ok(None) };
    let actor = Standing::of_actor(ctx, tx, manager.organization_id).await?;
    let administers = actor.at(Place::organization(manager.organization_id)).administers();
    Ok((!administers).then(|| {
        format!(
            "Your account is managed by {}: only its admins make further organizations.",
            manager.organization_name
        )
    }))
}

/// Goes on with a sign-in, unless the person is managed by an organization whose policy does not let them sign in that way at all.
/// It is told after everything that was shown was right, so that no stranger learns who is managed.
///
/// # Errors
/// `Forbidden` with the rule, on record.
pub(crate) async fn admit(
    mut write: Write,
    account: &Account,
    user: &User,
    proof: Proof,
) -> Result<Write, Failure> {
    let Some(manager) = manager(&mut write.tx, user.id).await? else { return Ok(write) };
    let organization = manager.organization_id;
    let row = store::authentication_policies::find(&mut write.tx, organization).await?;
    let policy = policies::read(row.as_ref().map(|row| row.policy.as_str()))?;
    let is_break_glass = is_break_glass(&mut write.tx, organization, user.id).await?;
    let asked = Asked { organization, is_break_glass, address: None };
    match policy.judge_proof(&proof, &asked) {
        // Who lacks a second factor signs in to add one; it does not reach the organization until then.
        Ok(()) | Err(Rule::SecondFactor) => Ok(write),
        Err(rule) => {
            let mut organizations = account.organizations.clone();
            if !organizations.contains(&organization) {
                organizations.push(organization);
            }
            write.of_organizations(&organizations);
            write.event.actor.clone_from(&account.email);
            write.event.event_type = EventType::UserSignInRefused;
            write.event.outcome = Outcome::Denied;
            write.event.user_id = Some(user.id);
            write.text(format!(
                "{} showed who they are, and was refused by the rule {rule} of the authentication policy of {}, which manages \
                 them",
                user.email, manager.organization_name
            ));
            write.commit().await?;
            let reason = format!(
                "Your account is managed by {}. {}",
                manager.organization_name,
                rule.refusal(&manager.organization_name)
            );
            Err(Error::Forbidden { reason }.into())
        }
    }
}

/// Whether somebody is exempt from "identity provider required", as they are when they reach the organization.
async fn is_break_glass(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<bool, Failure> {
    let membership = store::memberships::find(tx, organization, user).await?;
    let is_super_admin = membership.is_some_and(|found| found.is_super_admin && found.is_active);
    Ok(is_super_admin && store::authentication_policies::break_glass(tx, organization).await?.contains(&user))
}
