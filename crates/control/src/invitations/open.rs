//! What is done with open invitations: sending again and taking back, one by itself or several that were chosen, each of
//! which is looked at by itself.

use std::collections::BTreeSet;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{InvitationId, OrganizationId},
    names::EmailAddress,
    principals::{InvitationOutcome, SubjectKind},
    views::ChosenInvitation,
};
use serde_json::json;
use store::{Tx, access::Target, invitations::Invitation};

use super::{Letter, commit_each, denied, event_of, hash, limits, new_token, refuse_mailing};
use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
};

/// Invitations that are sent again or taken back at once, at most.
pub const CHOSEN_MAX: usize = 200;

/// Sends an invitation again with a new link, which is good for as long as the first one was. The link before it opens
/// nothing any more.
///
/// # Errors
/// `Conflict` when it has ended; `Limited` when too much was mailed to that address or by the organization; `Denied`;
/// `NotFound`.
pub async fn resend(ctx: &Context, organization: OrganizationId, id: InvitationId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::InviteUsers, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::InvitationResent).await?;
        let found = store::invitations::find(&mut write.tx, organization, id).await?;
        let invitation = open(found.ok_or(Error::NotFound)?)?;
        let limit = match limits::of_address(&mut write.tx, &invitation.email, ctx.now()).await? {
            Some(limit) => Some(limit),
            None => limits::of_organization(&mut write.tx, organization, 1, ctx.now()).await?,
        };
        if let Some(limit) = limit {
            drop(write);
            return Err(refuse_mailing(&permit, &invitation.email, limit.error(None)).await?);
        }
        send_again(ctx, &mut write, &permit.access()?.organization_name, &invitation).await?;
        write.commit().await
    })
}

/// Sends those that were chosen again, as [`resend`] does. Says of each what became of it.
///
/// # Errors
/// `Invalid` on `invitations` (none, or too many); `Limited` on it when the organization has mailed too many for today: then
/// none is sent; `Denied`; `NotFound`, also when none of them is there.
pub async fn resend_chosen(
    ctx: &Context,
    organization: OrganizationId,
    chosen: &[InvitationId],
) -> Result<Vec<ChosenInvitation>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::InviteUsers, Target::Organization(organization)).await?;
        let chosen = parse(chosen)?;
        let mut write = permit.write(EventType::InvitationResent).await?;
        let found = find(&mut write.tx, organization, &chosen).await?;
        let limit = limits::of_organization(&mut write.tx, organization, chosen.len(), ctx.now()).await?;
        if let Some(limit) = limit {
            drop(write);
            let number = format!("{} invitations", chosen.len());
            return Err(refuse_mailing(&permit, &number, limit.error(Some("invitations"))).await?);
        }
        let name = &permit.access()?.organization_name;
        let (mut answers, mut events) = (Vec::new(), Vec::new());
        for (id, invitation) in found {
            let invitation = match is_open(id, invitation) {
                Ok(invitation) => invitation,
                Err(answer) => {
                    answers.push(answer);
                    continue;
                }
            };
            if let Some(limit) = limits::of_address(&mut write.tx, &invitation.email, ctx.now()).await? {
                let retry_after_seconds = Some(limit.retry_after_seconds);
                let reason = limit.error(None).to_string();
                events.push(denied(ctx, &write, &invitation.email, &reason));
                answers.push(answer(&invitation, Some(reason), retry_after_seconds));
                continue;
            }
            send_again(ctx, &mut write, name, &invitation).await?;
            events.push(event_of(ctx, &write));
            answers.push(answer(&invitation, None, None));
        }
        commit_each(write, events).await?;
        Ok(answers)
    })
}

/// Takes an invitation back; its link opens nothing any more.
///
/// # Errors
/// `Conflict` when it has ended; `Denied`; `NotFound`.
pub async fn withdraw(ctx: &Context, organization: OrganizationId, id: InvitationId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::WithdrawInvitation, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::InvitationWithdrawn).await?;
        let found = store::invitations::find(&mut write.tx, organization, id).await?;
        take_back(ctx, &mut write, &open(found.ok_or(Error::NotFound)?)?).await?;
        write.commit().await
    })
}

/// Takes those that were chosen back, as [`withdraw`] does. Says of each what became of it.
///
/// # Errors
/// `Invalid` on `invitations` (none, or too many); `Denied`; `NotFound`, also when none of them is there.
pub async fn withdraw_chosen(
    ctx: &Context,
    organization: OrganizationId,
    chosen: &[InvitationId],
) -> Result<Vec<ChosenInvitation>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::WithdrawInvitation, Target::Organization(organization)).await?;
        let chosen = parse(chosen)?;
        let mut write = permit.write(EventType::InvitationWithdrawn).await?;
        let (mut answers, mut events) = (Vec::new(), Vec::new());
        for (id, invitation) in find(&mut write.tx, organization, &chosen).await? {
            match is_open(id, invitation) {
                Ok(invitation) => {
                    take_back(ctx, &mut write, &invitation).await?;
                    events.push(event_of(ctx, &write));
                    answers.push(answer(&invitation, None, None));
                }
                Err(answer) => answers.push(answer),
            }
        }
        commit_each(write, events).await?;
        Ok(answers)
    })
}

/// Gives an invitation a new link and mails it; the event says so.
async fn send_again(
    ctx: &Context,
    write: &mut Write,
    name: &str,
    invitation: &Invitation,
) -> Result<(), Failure> {
    let (now, lifetime) = (ctx.now(), invitation.expires_at.since(invitation.sent_at));
    let (token, expires_at) = (new_token(&ctx.control), now.plus(lifetime));
    store::invitations::renew(&mut write.tx, invitation.id, &hash(&token), now, expires_at).await?;
    let email: EmailAddress = invitation.email.parse().map_err(|error| Error::name("email", error))?;
    let organization = invitation.organization_id;
    let letter = Letter { organization, name, inviter: &write.event.actor, expires_at };
    letter.post(&ctx.control, &mut write.tx, &email, &token).await?;
    write
        .subject(SubjectKind::Invitation, invitation.id.uuid(), invitation.email.clone())
        .before(&json!({ "expires_at": invitation.expires_at.rfc3339() }))?
        .after(&json!({ "expires_at": expires_at.rfc3339() }))?
        .text(format!("Sent the invitation of {email} again"));
    Ok(())
}

/// Ends an invitation; the event says so.
async fn take_back(ctx: &Context, write: &mut Write, invitation: &Invitation) -> Result<(), Failure> {
    let outcome = InvitationOutcome::Withdrawn;
    store::invitations::end(&mut write.tx, invitation.id, outcome, ctx.now()).await?;
    write
        .subject(SubjectKind::Invitation, invitation.id.uuid(), invitation.email.clone())
        .text(format!("Withdrew the invitation of {}", invitation.email));
    Ok(())
}

/// Reads which were chosen: some, and not too many for one transaction. Each once, in the order of the list.
fn parse(chosen: &[InvitationId]) -> Result<Vec<InvitationId>, Error> {
    let wrong = |reason: String| Err(Error::invalid("invitations", reason));
    match chosen.len() {
        0 => return wrong("Choose at least one invitation.".into()),
        count if count > CHOSEN_MAX => {
            return wrong(format!("Choose at most {CHOSEN_MAX} invitations at once; these are {count}."));
        }
        _ => {}
    }
    let mut known = BTreeSet::new();
    Ok(chosen.iter().copied().filter(|id| known.insert(*id)).collect())
}

/// Those of them that the organization has; some, or there is nothing to say of them.
async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    chosen: &[InvitationId],
) -> Result<Vec<(InvitationId, Option<Invitation>)>, Failure> {
    let mut found = Vec::with_capacity(chosen.len());
    for id in chosen {
        found.push((*id, store::invitations::find(tx, organization, *id).await?));
    }
    match found.iter().any(|(_, invitation)| invitation.is_some()) {
        true => Ok(found),
        false => Err(Error::NotFound.into()),
    }
}

/// The invitation if nobody has ended it.
fn open(invitation: Invitation) -> Result<Invitation, Error> {
    match invitation.outcome {
        None => Ok(invitation),
        Some(outcome) => {
            Err(Error::conflict(format!("The invitation of {} was {outcome} already.", invitation.email)))
        }
    }
}

/// The invitation if it is there and open, or what is said of it.
fn is_open(id: InvitationId, found: Option<Invitation>) -> Result<Invitation, ChosenInvitation> {
    let Some(invitation) = found else {
        let reason = Some(Error::NotFound.to_string());
        return Err(ChosenInvitation { id, email: None, reason, retry_after_seconds: None });
    };
    let email = invitation.email.clone();
    open(invitation).map_err(|error| {
        let reason = Some(error.to_string());
        ChosenInvitation { id, email: Some(email), reason, retry_after_seconds: None }
    })
}

fn answer(
    invitation: &Invitation,
    reason: Option<String>,
    retry_after_seconds: Option<u64>,
) -> ChosenInvitation {
    ChosenInvitation { id: invitation.id, email: Some(invitation.email.clone()), reason, retry_after_seconds }
}
