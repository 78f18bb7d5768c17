//! What an organization may do with the accounts that it manages: see them, shut them out everywhere and let them in again, delete
//! them, have their password set anew, and end their tokens.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, TokenId, UserId},
    principals::SubjectKind,
    tokens::TokenKind,
    views::{ManagedRow, ManagedView, Page, TokenRow},
};
use serde_json::json;
use store::{Tx, access::Target, domains::Managed};

use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    indispensable::Indispensable,
    pages,
    passwords::send_reset_link,
    profiles, scim,
    standings::{acting_obstacle, guarded},
    tokens::{
        endings,
        rows::{self, Owner},
    },
};

/// One page of the people whom the organization manages, by e-mail address: those whose address or name holds the text, and who are
/// `member` of it or `not_member`; empty for both.
///
/// # Errors
/// `Invalid` on `membership`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    membership: &str,
    after: Option<&str>,
) -> Result<Page<ManagedRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewManagedUsers, Target::Organization(organization)).await?;
        let (text, is_member) = (pages::search(text), parse_membership(membership)?);
        let mut tx = permit.read().await?;
        let total = store::domains::count_managed(&mut tx, organization, text, is_member).await?;
        let (id, fetched) = (organization, pages::FETCHED);
        let found = store::domains::list_managed(&mut tx, id, text, is_member, after, fetched).await?;
        Ok(pages::page(found, total, |managed| managed.email.clone(), draw))
    })
}

/// One of them.
///
/// # Errors
/// `Denied`; `NotFound`, also for who is not managed by the organization.
pub async fn view(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<ManagedView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewManagedUsers, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let managed = find(&mut tx, organization, user).await?;
        let is_self = ctx.user()? == user;
        let obstacle = match is_self {
            true => Some(OWN.to_owned()),
            false => obstacle(ctx, &mut tx, organization, user).await?,
        };
        let stays = match obstacle {
            None => indispensable_of(&mut tx, user, &managed.email).await?,
            Some(_) => None,
        };
        Ok(ManagedView {
            organization_id: organization,
            organizations: number(profiles::organizations(&mut tx, user).await?.len()),
            tokens: store::tokens::count_for_user(&mut tx, user, None).await?,
            row: draw(managed),
            obstacle,
            stays,
        })
    })
}

/// Shuts an account out everywhere and signs it out. What it holds stays in place.
///
/// # Errors
/// `Conflict` for oneself, for whom any organization cannot do without, and when it was done already; `Forbidden` when they are
/// more powerful than the actor; `Denied`; `NotFound`.
pub async fn deactivate(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let action = Action::DeactivateManagedUser;
        let permit = ctx.authorize(action, Target::Organization(organization)).await?;
        let (mut write, managed) =
            begin(ctx, &permit, organization, user, EventType::AccountDeactivated).await?;
        if !managed.is_user_active {
            return Err(Error::conflict(format!("{} is deactivated already.", managed.email)).into());
        }
        may_go(&mut write.tx, user, &managed.email).await?;
        store::users::set_active(&mut write.tx, user, false).await?;
        let ended = store::sessions::remove_for_user(&mut write.tx, user).await?;
        write.text(format!("Deactivated the account {}; sessions that ended: {ended}", managed.email));
        write.commit().await
    })
}

/// Lets an account in again.
///
/// # Errors
/// `Conflict` for oneself and when it is let in; `Forbidden` when they are more powerful than the actor; `Denied`; `NotFound`.
pub async fn reactivate(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let action = Action::ReactivateManagedUser;
        let permit = ctx.authorize(action, Target::Organization(organization)).await?;
        let (mut write, managed) =
            begin(ctx, &permit, organization, user, EventType::AccountReactivated).await?;
        if managed.is_user_active {
            return Err(Error::conflict(format!("{} is active already.", managed.email)).into());
        }
        scim::refuse_let_in(&mut write.tx, organization, user).await?;
        store::users::set_active(&mut write.tx, user, true).await?;
        write.text(format!("Reactivated the account {}", managed.email));
        write.commit().await
    })
}

/// Deletes an account with everything it holds, is in and acts with, in every organization. What happened stays on record.
/// `confirmation` must be its e-mail address.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` for oneself and for whom any organization cannot do without; `Forbidden` when they are
/// more powerful than the actor; `StepUp`; `Denied`; `NotFound`.
pub async fn delete(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let action = Action::DeleteManagedUser;
        let permit = ctx.authorize(action, Target::Organization(organization)).await?;
        let (mut write, managed) = begin(ctx, &permit, organization, user, EventType::AccountDeleted).await?;
        may_go(&mut write.tx, user, &managed.email).await?;
        if confirmation.trim().to_lowercase() != managed.email {
            let reason = format!("Type their e-mail address, {}, to delete the account.", managed.email);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let tokens = store::tokens::count_for_user(&mut write.tx, user, None).await?;
        write.before(&json!({ "email": managed.email, "name": managed.name, "tokens": tokens }))?;
        if !store::users::remove(&mut write.tx, user).await? {
            return Err(Error::NotFound.into());
        }
        write.text(format!("Deleted the account {}", managed.email));
        write.commit().await
    })
}

/// Mails a link to somebody that sets a new password.
///
/// # Errors
/// `Conflict` for oneself, who signs in with no password, and who got many links lately; `Forbidden` when they are more powerful
/// than the actor; `Denied`; `NotFound`.
pub async fn ask_password_reset(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), Error> {
    attempt!(ctx, {
        let action = Action::AskManagedPasswordReset;
        let permit = ctx.authorize(action, Target::Organization(organization)).await?;
        let event_type = EventType::UserPasswordResetAsked;
        let (mut write, _) = begin(ctx, &permit, organization, user, event_type).await?;
        let found = store::users::find(&mut write.tx, user).await?.ok_or(Error::NotFound)?;
        send_reset_link(ctx, &mut write, &found).await?;
        write.commit().await
    })
}

/// One page of somebody's personal tokens, newest first.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn tokens(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    after: Option<&str>,
) -> Result<Page<TokenRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewManagedUsers, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        find(&mut tx, organization, user).await?;
        rows::list(ctx, &mut tx, user, None, after).await
    })
}

/// Ends one of somebody's personal tokens.
///
/// # Errors
/// `Conflict` for oneself; `Forbidden` when they are more powerful than the actor; `Denied`; `NotFound`.
pub async fn revoke_token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
) -> Result<(), Error> {
    attempt!(ctx, {
        let action = Action::RevokeManagedToken;
        let permit = ctx.authorize(action, Target::Organization(organization)).await?;
        let (write, managed) = begin(ctx, &permit, organization, user, EventType::TokenRevoked).await?;
        let owner = Owner { user, name: managed.email, kind: TokenKind::Personal, organization: None };
        endings::revoke(write, &owner, token).await
    })
}

/// What is said of one's own account.
const OWN: &str = "This is your own account. Ask another admin.";

/// Opens the transaction of an act on an account, once the actor may act on it. Its event is in the log of each of its
/// organizations.
async fn begin(
    ctx: &Context,
    permit: &Permit,
    organization: OrganizationId,
    user: UserId,
    event_type: EventType,
) -> Result<(Write, Managed), Failure> {
    let mut write = permit.write(event_type).await?;
    let managed = find(&mut write.tx, organization, user).await?;
    if ctx.user()? == user {
        return Err(Error::conflict(OWN).into());
    }
    let obstacle = obstacle(ctx, &mut write.tx, organization, user).await?;
    let mut write = guarded(permit, write, obstacle, &format!("of {}", managed.email)).await?;
    let mut organizations = vec![organization];
    organizations.extend(profiles::organizations(&mut write.tx, user).await?);
    organizations.sort_by_key(|id| (*id != organization, *id));
    organizations.dedup();
    write.of_organizations(&organizations).subject(SubjectKind::User, user.uuid(), managed.email.clone());
    Ok((write, managed))
}

/// Why the actor may not act on somebody, if so.
async fn obstacle(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<String>, Failure> {
    Ok(acting_obstacle(ctx, tx, organization, user).await?.map(str::to_owned))
}

/// Makes sure that every organization can do without somebody.
async fn may_go(tx: &mut Tx, user: UserId, email: &str) -> Result<(), Failure> {
    match indispensable_of(tx, user, email).await? {
        Some(reason) => Err(Error::conflict(reason).into()),
        None => Ok(()),
    }
}

/// Why somebody cannot go, if an organization cannot do without them.
pub(crate) async fn indispensable_of(
    tx: &mut Tx,
    user: UserId,
    email: &str,
) -> Result<Option<String>, Failure> {
    for (organization, _) in store::organizations::list_for_user(tx, user).await? {
        let member = store::memberships::find_member(tx, organization.id, user).await?;
        if let Some(member) = member
            && let Some(one) = Indispensable::find(tx, organization.id, &member).await?
        {
            return Ok(Some(one.sentence(email, &organization.name)));
        }
    }
    Ok(None)
}

async fn find(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<Managed, Failure> {
    Ok(store::domains::find_managed(tx, organization, user).await?.ok_or(Error::NotFound)?)
}

fn parse_membership(text: &str) -> Result<Option<bool>, Error> {
    match text.trim() {
        "" => Ok(None),
        "member" => Ok(Some(true)),
        "not_member" => Ok(Some(false)),
        _ => Err(Error::invalid("membership", "Choose member or not_member, or nothing for both.")),
    }
}

fn draw(managed: Managed) -> ManagedRow {
    ManagedRow {
        user_id: managed.user_id,
        email: managed.email,
        name: managed.name,
        is_member: managed.is_member,
        is_active: managed.is_user_active,
        has_second_factor: managed.has_second_factor,
        is_kept_by_scim: managed.is_kept_by_scim,
        created_at: managed.created_at,
        last_activity_at: managed.last_activity_at,
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
