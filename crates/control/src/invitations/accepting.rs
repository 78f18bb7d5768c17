//! What the invited do: look at an invitation, accept it with an account or without one, decline it. What comes with it is
//! given as far as the inviter could still give it.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{InvitationId, OrganizationId, UserId},
    inputs::JoinByInvitation,
    names::PersonName,
    principals::{InvitationOutcome, SubjectKind, UserKind},
    secrets::Secret,
    sign_ins::Proof,
    states::Outcome,
    timestamps::Timestamp,
    views::{InvitationView, OwnInvitationRow, PasswordRule},
};
use serde_json::json;
use store::{Tx, invitations::Invitation, users::User};

use super::{
    attached::{Attached, Things},
    hash, inviter,
};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    passwords, profiles,
    sessions::{self, SignedIn},
    standings::{Place, Standing, forbidden},
};

/// What events call the credential of somebody who has none but the link.
const CREDENTIAL: &str = "invitation link";

/// Somebody who joined and has an account now.
pub struct Joined {
    /// They are to be signed in.
    pub signed_in: SignedIn,
    /// What they joined.
    pub organization: OrganizationId,
}

/// The invitation of that link.
///
/// # Errors
/// `Conflict` when it cannot be accepted, with the reason.
pub async fn view(ctx: &Context, token: &Secret) -> Result<InvitationView, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::OpenInvitation).read().await?;
        let invitation = find(&mut tx, token, ctx.now()).await?;
        let account = store::users::find_by_email(&mut tx, &invitation.email).await?;
        let viewer = match ctx.user() {
            Ok(user) => store::users::find(&mut tx, user).await?,
            Err(_) => None,
        };
        Ok(InvitationView {
            organization_name: organization_name(&mut tx, &invitation).await?,
            invited_by: inviter(&mut tx, invitation.invited_by).await?,
            email: invitation.email,
            chars_min: passwords::of_newcomers(&mut tx, invitation.organization_id).await?.least(),
            expires_at: invitation.expires_at,
            has_account: account.is_some(),
            signed_in_as: viewer.map(|viewer| viewer.email),
        })
    })
}

/// Accepts the invitation of that link for who is signed in, and says into which organization.
///
/// # Errors
/// `Conflict` when it cannot be accepted, with the reason; `Forbidden` when it is for another address; `Denied` for tokens;
/// `Unauthenticated`.
pub async fn accept(ctx: &Context, token: &Secret) -> Result<OrganizationId, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::AcceptInvitation)?;
        let mut write = permit.write(EventType::UserJoined).await?;
        let user = profiles::person(ctx, &mut write.tx).await?;
        let invitation = find(&mut write.tx, token, ctx.now()).await?;
        if invitation.email != user.email {
            return Err(refuse(write, &invitation, &user).await?);
        }
        let organization = invitation.organization_id;
        join_as(ctx, &mut write, &invitation, &user).await?;
        write.commit().await?;
        Ok(organization)
    })
}

/// Says of each rule whether the password meets it of who joins by that link, as [`join`] asks. `name` is what they have typed
/// beside it.
///
/// # Errors
/// `Conflict` when the invitation cannot be accepted; `Unavailable` when too many are looked at right now.
pub async fn judge_password(
    ctx: &Context,
    token: &Secret,
    name: String,
    password: Secret,
) -> Result<Vec<PasswordRule>, Error> {
    let (rules, email, organization) = attempt!(ctx, {
        let mut tx = ctx.public(Action::OpenInvitation).read().await?;
        let invitation = find(&mut tx, token, ctx.now()).await?;
        let organization = organization_name(&mut tx, &invitation).await?;
        let rules = passwords::of_newcomers(&mut tx, invitation.organization_id).await?;
        Ok((rules, invitation.email, organization))
    })?;
    passwords::judge_newcomer(ctx, password, rules, vec![name, email, organization]).await
}

/// Accepts the invitation of that link for somebody who has no account, and makes one for them.
///
/// # Errors
/// `Invalid` on `name` or `password`, the first that is wrong; `Conflict` when it cannot be accepted or there is an account
/// of that address, with what to do.
pub async fn join(ctx: &Context, input: JoinByInvitation) -> Result<Joined, Error> {
    // In the order of the form: people mend it from the top.
    let name: PersonName = input.name.parse().map_err(|error| Error::name("name", error))?;
    let (email, organization_name, rules) = attempt!(ctx, {
        let mut tx = ctx.public(Action::OpenInvitation).read().await?;
        let invitation = find(&mut tx, &input.token, ctx.now()).await?;
        has_no_account(&mut tx, &invitation).await?;
        let name = organization_name(&mut tx, &invitation).await?;
        let rules = passwords::of_newcomers(&mut tx, invitation.organization_id).await?;
        Ok((invitation.email, name, rules))
    })?;
    let context_words = [name.as_str(), email.as_str(), organization_name.as_str()];
    passwords::check(&ctx.control, &input.password, &rules, &context_words)?;
    let password_hash = sessions::hash_password(ctx, &input.password).await?;

    attempt!(ctx, {
        let permit = ctx.public(Action::OpenInvitation);
        let mut write = permit.write(EventType::UserJoined).await?;
        let invitation = find(&mut write.tx, &input.token, ctx.now()).await?;
        let id = UserId::from_uuid(ctx.control.new_uuid());
        let user = User {
            name: name.as_str().to_owned(),
            password_hash: password_hash.clone(),
            last_activity_at: Some(ctx.now()),
            ..User::new(id, &invitation.email, UserKind::Person, ctx.now())
        };
        if !store::users::add(&mut write.tx, &user).await? {
            return Err(sign_in_first(&invitation).into());
        }
        write.event.actor.clone_from(&user.email);
        write.event.user_id = Some(user.id);
        write.event.credential = Some(CREDENTIAL.into());
        join_as(ctx, &mut write, &invitation, &user).await?;
        write.commit().await?;
        let organization = invitation.organization_id;
        Ok(Joined { signed_in: SignedIn::new(ctx, user.id, Proof::PASSWORD), organization })
    })
}

/// Declines the invitation of that link; whoever has the link can.
///
/// # Errors
/// `Conflict` when it has ended, with the reason.
pub async fn decline(ctx: &Context, token: &Secret) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::OpenInvitation);
        let mut write = permit.write(EventType::InvitationDeclined).await?;
        let invitation = find(&mut write.tx, token, ctx.now()).await?;
        if !ctx.is_signed_in() {
            write.event.actor.clone_from(&invitation.email);
            write.event.credential = Some(CREDENTIAL.into());
        }
        end_declined(write, &invitation, ctx.now()).await
    })
}

/// The invitations that are open for one's own address, newest first.
///
/// # Errors
/// `Unauthenticated` when nobody is signed in; `NotFound` for an application user.
pub async fn own(ctx: &Context) -> Result<Vec<OwnInvitationRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnProfile)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let found = store::invitations::list_open_for_email(&mut tx, &user.email, ctx.now()).await?;
        let rows = found.into_iter().map(|(invitation, organization_name)| OwnInvitationRow {
            id: invitation.id,
            organization_name,
            expires_at: invitation.expires_at,
        });
        Ok(rows.collect())
    })
}

/// Accepts an invitation for one's own address without its link: the account has that address already.
///
/// # Errors
/// `NotFound` when there is none of that id that is open for one; `Denied` for tokens; `Unauthenticated`.
pub async fn accept_own(ctx: &Context, id: InvitationId) -> Result<OrganizationId, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::AcceptInvitation)?;
        let (mut write, user, invitation) = begin_own(ctx, &permit, EventType::UserJoined, id).await?;
        join_as(ctx, &mut write, &invitation, &user).await?;
        write.commit().await?;
        Ok(invitation.organization_id)
    })
}

/// Declines an invitation for one's own address.
///
/// # Errors
/// As [`accept_own`].
pub async fn decline_own(ctx: &Context, id: InvitationId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::AcceptInvitation)?;
        let (write, _, invitation) = begin_own(ctx, &permit, EventType::InvitationDeclined, id).await?;
        end_declined(write, &invitation, ctx.now()).await
    })
}

async fn begin_own(
    ctx: &Context,
    permit: &Permit,
    event_type: EventType,
    id: InvitationId,
) -> Result<(Write, User, Invitation), Failure> {
    let mut write = permit.write(event_type).await?;
    let user = profiles::person(ctx, &mut write.tx).await?;
    let open = store::invitations::list_open_for_email(&mut write.tx, &user.email, ctx.now()).await?;
    let found = open.into_iter().map(|(invitation, _)| invitation).find(|invitation| invitation.id == id);
    Ok((write, user, found.ok_or(Error::NotFound)?))
}

/// Ends the invitation and makes them a member, with what comes with it. The caller commits.
async fn join_as(
    ctx: &Context,
    write: &mut Write,
    invitation: &Invitation,
    user: &User,
) -> Result<(), Failure> {
    let (organization, now, tx) = (invitation.organization_id, ctx.now(), &mut write.tx);
    if store::memberships::find(tx, organization, user.id).await?.is_some() {
        return Err(Error::conflict("You belong to this organization already.").into());
    }
    let standing = inviter_standing(ctx, tx, invitation).await?;
    if !standing.at(Place::organization(organization)).may(Action::InviteUsers) {
        let reason =
            "Whoever invited you may invite nobody any more. Ask the organization for a new invitation.";
        return Err(Error::conflict(reason).into());
    }
    if !store::invitations::end(tx, invitation.id, InvitationOutcome::Accepted, now).await? {
        return Err(Error::conflict("This invitation was used already.").into());
    }
    store::memberships::add(tx, organization, user.id, false, now).await?;
    let name = inviter(tx, invitation.invited_by).await?;
    let attached = Attached::read(invitation)?;
    let mut things = Things::new(organization);
    let given = things.give(ctx, tx, (&standing, &name), &attached, user.id).await?;
    let left_out = match given.left_out.is_empty() {
        true => String::new(),
        false => format!("; left out what {name} cannot give any more: {}", given.left_out.join(" ")),
    };
    write.event.organization_id = Some(organization);
    write
        .subject(SubjectKind::User, user.id.uuid(), user.email.clone())
        .after(&json!({
            "email": user.email, "invited_by": name, "groups": given.groups, "granted": given.granted,
            "left_out": given.left_out,
        }))?
        .text(format!("{} accepted the invitation of {name}{left_out}", user.email));
    Ok(())
}

/// What the inviter holds now: nothing, if they are shut out or gone.
async fn inviter_standing(ctx: &Context, tx: &mut Tx, invitation: &Invitation) -> Result<Standing, Failure> {
    let (organization, id) = (invitation.organization_id, invitation.invited_by);
    let member = store::memberships::find_member(tx, organization, id).await?;
    let mut standing = Standing::of(ctx, tx, organization, id).await?;
    if !member.is_some_and(|member| member.is_active && member.is_user_active) {
        standing.shut_out();
    }
    Ok(standing)
}

async fn end_declined(mut write: Write, invitation: &Invitation, now: Timestamp) -> Result<(), Failure> {
    let outcome = InvitationOutcome::Declined;
    if !store::invitations::end(&mut write.tx, invitation.id, outcome, now).await? {
        return Err(Error::conflict("This invitation was used already.").into());
    }
    write.event.organization_id = Some(invitation.organization_id);
    write
        .subject(SubjectKind::Invitation, invitation.id.uuid(), invitation.email.clone())
        .text(format!("The invitation of {} was declined", invitation.email));
    write.commit().await
}

/// Puts on record that somebody tried to use another's invitation, and says so.
async fn refuse(mut write: Write, invitation: &Invitation, user: &User) -> Result<Failure, Failure> {
    write.event.organization_id = Some(invitation.organization_id);
    write.event.outcome = Outcome::Denied;
    write
        .subject(SubjectKind::Invitation, invitation.id.uuid(), invitation.email.clone())
        .text(format!("Refused: {} tried to accept the invitation of {}", user.email, invitation.email));
    write.commit().await?;
    let reason = format!(
        "This invitation is for {}, and you are signed in as {}. Sign out, then open the link again.",
        invitation.email, user.email
    );
    Ok(forbidden(reason).into())
}

/// The invitation of that link, if it can be accepted.
async fn find(tx: &mut Tx, token: &Secret, now: Timestamp) -> Result<Invitation, Failure> {
    let found = store::invitations::find_by_token(tx, &hash(token)).await?;
    let Some(invitation) = found else {
        let reason = "There is no invitation of this link. If you were invited again since, use the link in the newest mail.";
        return Err(Error::conflict(reason).into());
    };
    let reason = match invitation.outcome {
        None if invitation.expires_at > now => return Ok(invitation),
        None => format!(
            "This invitation expired on {}. Ask whoever invited you to send it again.",
            invitation.expires_at.human()
        ),
        Some(InvitationOutcome::Accepted) => {
            "This invitation was accepted already, and works once. Sign in instead.".to_owned()
        }
        Some(InvitationOutcome::Declined) => "This invitation was declined. Ask for another one.".to_owned(),
        Some(InvitationOutcome::Withdrawn) => {
            "This invitation was withdrawn by the organization. Ask for another one.".to_owned()
        }
    };
    Err(Error::conflict(reason).into())
}

async fn has_no_account(tx: &mut Tx, invitation: &Invitation) -> Result<(), Failure> {
    match store::users::find_by_email(tx, &invitation.email).await? {
        Some(_) => Err(sign_in_first(invitation).into()),
        None => Ok(()),
    }
}

fn sign_in_first(invitation: &Invitation) -> Error {
    let email = &invitation.email;
    Error::conflict(format!(
        "There is an account of {email} already. Sign in with it and open the link again."
    ))
}

async fn organization_name(tx: &mut Tx, invitation: &Invitation) -> Result<String, Failure> {
    let found = store::organizations::find(tx, invitation.organization_id).await?;
    Ok(found.ok_or(Error::NotFound)?.name)
}
