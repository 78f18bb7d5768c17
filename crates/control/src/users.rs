//! The people of an organization: who they are, shutting them out and letting them in again, removing them, and who is a
//! super admin. How they come in is in `invitations`, what they hold in `permissions`.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    inputs::MemberFilter,
    principals::{PrincipalKind, SubjectKind, UserKind},
    timestamps::Timestamp,
    views::{Effects, MemberRow, MemberView, NamedGroup, Page, ProfileTexts},
};
use serde_json::{Value, json};
use store::{Tx, access::Target, memberships::Member};

use crate::{
    Context,
    contexts::{Permit, Write},
    effects::{self, Change},
    errors::{Failure, attempt},
    indispensable::{self, Indispensable},
    managed, pages,
    permissions::Ending,
    scim,
    standings::{acting_obstacle, guarded},
};

/// Most days without activity that a list can ask for.
const IDLE_DAYS_MAX: u32 = 3650;

/// One page of the organization's people by e-mail address, after the one of the address `after`.
///
/// # Errors
/// `Invalid` on `state` or `idle_days`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    filter: &MemberFilter,
    after: Option<&str>,
) -> Result<Page<MemberRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListUsers, Target::Organization(organization)).await?;
        let filter = parse(filter, ctx.now())?;
        let mut tx = permit.read().await?;
        let total = store::memberships::count(&mut tx, organization, &filter).await?;
        let found = store::memberships::list(&mut tx, organization, &filter, after, pages::FETCHED).await?;
        Ok(pages::page(found, total, |member| member.email.clone(), |member| draw(&member)))
    })
}

/// One person, with what there is to know of them in this organization.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<MemberView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListUsers, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let member = find(&mut tx, organization, user).await?;
        let is_self = ctx.user()? == user;
        let protection = match is_self {
            true => None,
            false => acting_obstacle(ctx, &mut tx, organization, user).await?,
        };
        let indispensable = Indispensable::find(&mut tx, organization, &member).await?;
        let indispensable = indispensable.map(|one| one.sentence(&member.email, indispensable::HERE));
        let groups = store::group_members::list_for_user(&mut tx, organization, user).await?;
        let account = store::users::find(&mut tx, user).await?;
        Ok(MemberView {
            has_password: account.is_some_and(|account| !account.password_hash.is_empty()),
            row: draw(&member),
            organization_id: organization,
            indispensable,
            profile: ProfileTexts {
                name: member.name,
                job_title: member.job_title,
                department: member.department,
                city: member.city,
                country: member.country,
            },
            groups: groups.into_iter().map(|group| NamedGroup { id: group.id, name: group.name }).collect(),
            protection: protection.map(str::to_owned),
            is_self,
            managed_by: managed::manager(&mut tx, user).await?,
            managed_by_scim: store::scim_users::keeper(&mut tx, organization, user).await?.map(scim::shown),
        })
    })
}

/// Shuts somebody out of the organization. What they hold stays in place and counts for nothing.
///
/// # Errors
/// `Conflict` for oneself, for whom the organization cannot do without, and when it was done already; `Forbidden` when they are more powerful
/// than the actor; `Denied`; `NotFound`.
pub async fn deactivate(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeactivateUser, Target::Organization(organization)).await?;
        let (mut write, member) = begin(ctx, &permit, organization, user, EventType::UserDeactivated).await?;
        may_go(ctx, &mut write.tx, organization, &member, "deactivate").await?;
        if !member.is_active {
            return Err(Error::conflict(format!("{} is deactivated already.", member.email)).into());
        }
        store::memberships::set_active(&mut write.tx, organization, user, false).await?;
        write
            .before(&json!({ "is_active": true }))?
            .after(&json!({ "is_active": false }))?
            .text(format!("Deactivated {}", member.email));
        write.commit().await
    })
}

/// Lets somebody in again, with everything they held.
///
/// # Errors
/// `Conflict` when they are let in; `Forbidden` when they are more powerful than the actor; `Denied`; `NotFound`.
pub async fn reactivate(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ReactivateUser, Target::Organization(organization)).await?;
        let (mut write, member) = begin(ctx, &permit, organization, user, EventType::UserReactivated).await?;
        if member.is_active {
            return Err(Error::conflict(format!("{} is active already.", member.email)).into());
        }
        scim::refuse_let_in(&mut write.tx, organization, user).await?;
        store::memberships::set_active(&mut write.tx, organization, user, true).await?;
        write
            .before(&json!({ "is_active": false }))?
            .after(&json!({ "is_active": true }))?
            .text(format!("Reactivated {}", member.email));
        write.commit().await
    })
}

/// Removes somebody from the organization with everything they hold in it. Their account stays. `confirmation` must be
/// their e-mail address.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` for oneself and for whom the organization cannot do without; `Forbidden` when they are more
/// powerful than the actor; `Denied`; `NotFound`.
pub async fn remove(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RemoveUser, Target::Organization(organization)).await?;
        let (mut write, member) = begin(ctx, &permit, organization, user, EventType::UserRemoved).await?;
        may_go(ctx, &mut write.tx, organization, &member, "remove").await?;
        if confirmation.trim().to_lowercase() != member.email {
            let reason = format!("Type their e-mail address, {}, to remove them.", member.email);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let ending = Ending::of_principal(ctx, &mut write.tx, organization, user.uuid()).await?;
        let before = held(&mut write.tx, organization, &member, &ending).await?;
        store::memberships::remove(&mut write.tx, organization, user).await?;
        let rest = ending.record(ctx, &mut write, "who was removed from the organization").await?;
        write.before(&before)?.text(format!("Removed {} from the organization{rest}", member.email));
        write.commit().await
    })
}

/// What removing or deactivating them would do, without doing it.
///
/// # Errors
/// `Conflict` for oneself and for whom the organization cannot do without; `Forbidden` when they are more powerful than the actor; `Denied`;
/// `NotFound`.
pub async fn preview_remove(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RemoveUser, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let member = find(&mut tx, organization, user).await?;
        let obstacle = obstacle(ctx, &mut tx, organization, user).await?;
        let mut tx = guarded(&permit, tx, obstacle, &format!("of {}", member.email)).await?;
        may_go(ctx, &mut tx, organization, &member, "remove").await?;
        let principal = (PrincipalKind::User, user.uuid());
        effects::of(ctx, &mut tx, organization, principal, Change::Remove).await
    })
}

/// Makes somebody a super admin, or no longer.
///
/// # Errors
/// `Conflict` for whom the organization cannot do without, for who is deactivated, and when it is so already; `Denied`; `NotFound`.
pub async fn set_super_admin(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    is_super_admin: bool,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetSuperAdmin, Target::Organization(organization)).await?;
        let event_type = match is_super_admin {
            true => EventType::SuperAdminMade,
            false => EventType::SuperAdminUnmade,
        };
        let mut write = permit.write(event_type).await?;
        let member = find(&mut write.tx, organization, user).await?;
        check_super_admin(&mut write.tx, organization, &member, is_super_admin).await?;
        store::memberships::set_super_admin(&mut write.tx, organization, user, is_super_admin).await?;
        let text = match is_super_admin {
            true => format!("Made {} a super admin", member.email),
            false => format!("{} is no longer a super admin", member.email),
        };
        write
            .subject(SubjectKind::User, user.uuid(), member.email)
            .before(&json!({ "is_super_admin": member.is_super_admin }))?
            .after(&json!({ "is_super_admin": is_super_admin }))?
            .text(text);
        write.commit().await
    })
}

/// What making somebody a super admin would do, without doing it; of a super admin, what making them none any more would.
///
/// # Errors
/// `Conflict` for whom the organization cannot do without and for who is deactivated; `Denied`; `NotFound`.
pub async fn preview_super_admin(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetSuperAdmin, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let member = find(&mut tx, organization, user).await?;
        let is_super_admin = !member.is_super_admin;
        check_super_admin(&mut tx, organization, &member, is_super_admin).await?;
        let (principal, change) = ((PrincipalKind::User, user.uuid()), Change::SetSuperAdmin(is_super_admin));
        effects::of(ctx, &mut tx, organization, principal, change).await
    })
}

async fn check_super_admin(
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
    is_super_admin: bool,
) -> Result<(), Failure> {
    let email = &member.email;
    let reason = match (member.is_super_admin, is_super_admin) {
        (true, true) => format!("{email} is a super admin already."),
        (false, false) => format!("{email} is no super admin."),
        (false, true) if !member.is_active || !member.is_user_active => {
            format!("{email} is deactivated. Reactivate them first.")
        }
        (true, false) => return indispensable::refuse(tx, organization, member).await,
        _ => return Ok(()),
    };
    Err(Error::conflict(reason).into())
}

/// Opens the transaction of an act on somebody, once the actor may act on them.
async fn begin(
    ctx: &Context,
    permit: &Permit,
    organization: OrganizationId,
    user: UserId,
    event_type: EventType,
) -> Result<(Write, Member), Failure> {
    let mut write = permit.write(event_type).await?;
    let member = find(&mut write.tx, organization, user).await?;
    let obstacle = obstacle(ctx, &mut write.tx, organization, user).await?;
    let mut write = guarded(permit, write, obstacle, &format!("of {}", member.email)).await?;
    write.subject(SubjectKind::User, user.uuid(), member.email.clone());
    Ok((write, member))
}

/// Why the actor may not act on them, if so. That it is themselves is said in other words.
async fn obstacle(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<&'static str>, Failure> {
    match ctx.user()? == user {
        true => Ok(None),
        false => acting_obstacle(ctx, tx, organization, user).await,
    }
}

/// Makes sure that the organization can do without them, and that they are not the actor.
async fn may_go(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
    verb: &str,
) -> Result<(), Failure> {
    indispensable::refuse(tx, organization, member).await?;
    if ctx.user()? == member.user_id {
        let reason =
            format!("You cannot {verb} yourself. Leave the organization instead, from your profile.");
        return Err(Error::conflict(reason).into());
    }
    Ok(())
}

/// A person of the organization.
pub(crate) async fn find(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<Member, Failure> {
    let found = store::memberships::find_member(tx, organization, user).await?;
    Ok(found.filter(|member| member.kind == UserKind::Person).ok_or(Error::NotFound)?)
}

/// What somebody is and holds who goes, for the event.
pub(crate) async fn held(
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
    ending: &Ending,
) -> Result<Value, Failure> {
    let groups = store::group_members::list_for_user(tx, organization, member.user_id).await?;
    let groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    let mut held = json!({
        "email": member.email,
        "is_active": member.is_active,
        "is_super_admin": member.is_super_admin,
        "groups": groups,
    });
    ending.tell(&mut held);
    Ok(held)
}

fn parse(filter: &MemberFilter, now: Timestamp) -> Result<store::memberships::MemberFilter<'_>, Error> {
    let (is_active, has_second_factor) = match filter.state.trim() {
        "" => (None, None),
        "active" => (Some(true), None),
        "deactivated" => (Some(false), None),
        "without_second_factor" => (Some(true), Some(false)),
        _ => {
            let reason = "Choose active, deactivated or without_second_factor, or nothing for all.";
            return Err(Error::invalid("state", reason));
        }
    };
    let idle_since = match filter.idle_days.trim() {
        "" => None,
        text => {
            let days = text.parse::<u32>().ok().filter(|days| (1..=IDLE_DAYS_MAX).contains(days));
            let days = days.ok_or_else(|| {
                let reason = format!("Enter a whole number of days from 1 to {IDLE_DAYS_MAX}, or nothing.");
                Error::invalid("idle_days", reason)
            })?;
            Some(now.minus(Duration::from_secs(u64::from(days) * 24 * 3600)))
        }
    };
    let text = pages::search(&filter.text);
    Ok(store::memberships::MemberFilter { text, is_active, idle_since, has_second_factor })
}

fn draw(member: &Member) -> MemberRow {
    MemberRow {
        user_id: member.user_id,
        email: member.email.clone(),
        name: member.name.clone(),
        is_super_admin: member.is_super_admin,
        is_active: member.is_active && member.is_user_active,
        has_second_factor: member.has_second_factor,
        is_factor_reset_waiting: member.is_factor_reset_waiting,
        is_managed: member.is_managed,
        is_kept_by_scim: member.is_kept_by_scim,
        joined_at: member.joined_at,
        last_activity_at: member.last_activity_at,
    }
}
