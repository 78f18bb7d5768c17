//! Invitations into an organization, for those who invite: the open ones, sending again, taking back. Making them is in
//! `inviting`, what the invited do in `accepting`, what comes with them in `attached`, how many are mailed in `limits`.

mod accepting;
mod attached;
mod inviting;
mod limits;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{InvitationId, OrganizationId, UserId},
    names::EmailAddress,
    principals::{InvitationOutcome, MailKind, SubjectKind, UserKind},
    secrets::Secret,
    timestamps::Timestamp,
    views::{InvitationRow, Page},
};
use ring::digest;
use serde_json::json;
use store::{Tx, access::Target, invitations::Invitation};
use zeroize::Zeroizing;

use crate::{
    Context, Control,
    contexts::Permit,
    errors::{Failure, attempt},
    mails, pages,
};
use attached::{Attached, Things};
use limits::Limit;

pub use accepting::{Joined, accept, accept_own, decline, decline_own, join, own, view};
pub use inviting::{INVITED_MAX, invite};
pub use limits::{MAILS_OF_ORGANIZATION_PER_DAY, MAILS_TO_ADDRESS_PER_DAY, MAILS_TO_ADDRESS_PER_HOUR};

/// Bytes of the token in a link: 256 bits.
const TOKEN_BYTES: usize = 32;

/// One page of the open invitations to addresses that hold the text, newest first.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    after: Option<&str>,
) -> Result<Page<InvitationRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListInvitations, Target::Organization(organization)).await?;
        let (text, after) = (pages::search(text), pages::parse_time_key(after)?);
        let mut tx = permit.read().await?;
        let total = store::invitations::count_open(&mut tx, organization, text).await?;
        let found = store::invitations::list_open(&mut tx, organization, text, after, pages::FETCHED).await?;
        let found: Vec<Invitation> = found.into_iter().map(|(invitation, _)| invitation).collect();
        let mut page = pages::page(
            found,
            total,
            |invitation| pages::time_key(invitation.created_at, invitation.id.uuid()),
            |invitation| invitation,
        );
        let mut things = Things::new(organization);
        let (mut inviters, mut rows) = (BTreeMap::new(), Vec::new());
        for invitation in page.rows.drain(..) {
            let invited_by = inviter(&mut tx, &mut inviters, invitation.invited_by).await?;
            let attached = Attached::read(&invitation)?;
            let attached = things.view(ctx, &mut tx, &attached).await?;
            rows.push(InvitationRow {
                id: invitation.id,
                email: invitation.email,
                invited_by,
                created_at: invitation.created_at,
                sent_at: invitation.sent_at,
                expires_at: invitation.expires_at,
                is_expired: invitation.expires_at <= ctx.now(),
                attached,
            });
        }
        Ok(Page { rows, next: page.next, total })
    })
}

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
        let invitation = find_open(&mut write.tx, organization, id).await?;
        if let Some(limit) = mailing_limit(&mut write.tx, &invitation, ctx.now()).await? {
            drop(write);
            return Err(refuse_mailing(&permit, &invitation.email, limit.error(None)).await?);
        }
        let (now, lifetime) = (ctx.now(), invitation.expires_at.since(invitation.sent_at));
        let (token, expires_at) = (new_token(&ctx.control), now.plus(lifetime));
        store::invitations::renew(&mut write.tx, id, &hash(&token), now, expires_at).await?;
        let email: EmailAddress = invitation.email.parse().map_err(|error| Error::name("email", error))?;
        let name = &permit.access()?.organization_name;
        let letter = Letter { organization, name, inviter: &write.event.actor, expires_at };
        letter.post(&ctx.control, &mut write.tx, &email, &token).await?;
        write
            .subject(SubjectKind::Invitation, id.uuid(), invitation.email.clone())
            .before(&json!({ "expires_at": invitation.expires_at.rfc3339() }))?
            .after(&json!({ "expires_at": expires_at.rfc3339() }))?
            .text(format!("Sent the invitation of {email} again"));
        write.commit().await
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
        let invitation = find_open(&mut write.tx, organization, id).await?;
        store::invitations::end(&mut write.tx, id, InvitationOutcome::Withdrawn, ctx.now()).await?;
        write
            .subject(SubjectKind::Invitation, id.uuid(), invitation.email.clone())
            .text(format!("Took the invitation of {} back", invitation.email));
        write.commit().await
    })
}

/// An invitation of the organization that nobody has ended.
async fn find_open(
    tx: &mut Tx,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<Invitation, Failure> {
    let invitation = store::invitations::find(tx, organization, id).await?.ok_or(Error::NotFound)?;
    match invitation.outcome {
        None => Ok(invitation),
        Some(outcome) => {
            let reason = format!("The invitation of {} was {outcome} already.", invitation.email);
            Err(Error::conflict(reason).into())
        }
    }
}

/// What keeps the invitation from being mailed again now, if anything does.
async fn mailing_limit(
    tx: &mut Tx,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Option<Limit>, Failure> {
    match limits::of_address(tx, &invitation.email, now).await? {
        Some(limit) => Ok(Some(limit)),
        None => limits::of_organization(tx, invitation.organization_id, 1, now).await,
    }
}

/// Puts on record that something was not mailed because of a limit. No transaction may be open.
async fn refuse_mailing(permit: &Permit, what: &str, limit: Error) -> Result<Failure, Failure> {
    permit.refuse(format!("of {what}: {limit}")).await?;
    Ok(limit.into())
}

/// What people are told of who invited them.
async fn inviter(tx: &mut Tx, known: &mut BTreeMap<UserId, String>, id: UserId) -> Result<String, Failure> {
    if let Some(name) = known.get(&id) {
        return Ok(name.clone());
    }
    let user = store::users::find(tx, id).await?;
    let name = user.map(|user| match user.kind {
        UserKind::Person => user.email,
        UserKind::Application => format!("{} (application user)", user.name),
    });
    let name = name.unwrap_or_default();
    known.insert(id, name.clone());
    Ok(name)
}

fn new_token(control: &Control) -> Secret {
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    control.random().fill(bytes.as_mut());
    Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
}

/// What is looked up instead of the token, which is kept nowhere.
fn hash(token: &Secret) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

/// The mail with the link.
struct Letter<'a> {
    organization: OrganizationId,
    name: &'a str,
    inviter: &'a str,
    expires_at: Timestamp,
}

impl Letter<'_> {
    async fn post(
        &self,
        control: &Control,
        tx: &mut Tx,
        email: &EmailAddress,
        token: &Secret,
    ) -> Result<(), Failure> {
        let Self { organization, name, inviter, expires_at } = self;
        let subject = format!("Invitation to {name} on Redoubt");
        let body = Zeroizing::new(format!(
            "{inviter} invites you ({email}) to the organization {name} on Redoubt.\n\n\
             To accept or to decline, open this link. It is yours alone and good until {}:\n\n\
             {}/invitations/{}\n\n\
             If you do not know what this is about, you need not do anything.\n",
            expires_at.human(),
            control.public_url(),
            token.expose(),
        ));
        let kind = MailKind::Invitation;
        mails::post(control, tx, Some(*organization), kind, email, &subject, &body).await?;
        Ok(())
    }
}
