//! Invitations into an organization, for those who invite: the list of the open ones, and what their mail says. Making them
//! is in `inviting`, sending again and taking back in `open`, what the invited do in `accepting`, what comes with them in
//! `attached`, how many are mailed in `limits`.

mod accepting;
mod attached;
mod inviting;
mod limits;
mod naming;
mod open;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{EventId, OrganizationId, UserId},
    names::EmailAddress,
    principals::{MailKind, UserKind},
    secrets::Secret,
    states::Outcome,
    timestamps::Timestamp,
    views::{InvitationRow, Page},
};
use ring::digest;
use store::{Tx, access::Target, events::Event};
use zeroize::Zeroizing;

use crate::{
    Context, Control, audit,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    mails, pages,
};
use attached::Attached;
use naming::Names;

pub use accepting::{Joined, accept, accept_own, decline, decline_own, join, judge_password, own, view};
pub use inviting::{INVITED_MAX, invite};
pub use limits::{MAILS_OF_ORGANIZATION_PER_DAY, MAILS_TO_ADDRESS_PER_DAY, MAILS_TO_ADDRESS_PER_HOUR};
pub use open::{CHOSEN_MAX, resend, resend_chosen, withdraw, withdraw_chosen};

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
        let page = pages::page(
            found,
            total,
            |(invitation, _)| pages::time_key(invitation.created_at, invitation.id.uuid()),
            |found| found,
        );
        let attached = page.rows.iter().map(|(invitation, _)| Attached::read(invitation));
        let attached = attached.collect::<Result<Vec<_>, _>>()?;
        let name = &permit.access()?.organization_name;
        let names = Names::find(ctx, &mut tx, (organization, name), &attached).await?;
        let emails: Vec<&str> = page.rows.iter().map(|(invitation, _)| invitation.email.as_str()).collect();
        let mails = store::mails::last(&mut tx, organization, &emails, MailKind::Invitation).await?;
        let mails = mails.into_iter().map(|mail| (mail.recipient, (mail.state, mail.error)));
        let mut mails: BTreeMap<_, _> = mails.collect();
        let rows = page.rows.into_iter().zip(&attached).map(|((invitation, inviter), attached)| {
            let (mail, mail_error) = mails.remove(&invitation.email).unzip();
            InvitationRow {
                id: invitation.id,
                email: invitation.email,
                invited_by: called(inviter.kind, inviter.email, &inviter.name),
                created_at: invitation.created_at,
                sent_at: invitation.sent_at,
                expires_at: invitation.expires_at,
                is_expired: invitation.expires_at <= ctx.now(),
                attached: names.view(attached),
                mail,
                mail_error: mail_error.flatten(),
            }
        });
        Ok(Page { rows: rows.collect(), next: page.next, total })
    })
}

/// Puts on record that something was not mailed because of a limit. No transaction may be open.
async fn refuse_mailing(permit: &Permit, what: &str, limit: Error) -> Result<Failure, Failure> {
    permit.refuse(format!("of {what}: {limit}")).await?;
    Ok(limit.into())
}

/// What is on record of the invitation that the transaction was last about.
fn event_of(ctx: &Context, write: &Write) -> Event {
    Event { id: EventId::from_uuid(ctx.control.new_uuid()), ..write.event.clone() }
}

/// What is on record of an invitation that was refused, among others that were not.
fn denied(ctx: &Context, write: &Write, email: &str, reason: &str) -> Event {
    Event {
        event_type: EventType::ActionDenied,
        outcome: Outcome::Denied,
        subject_kind: None,
        subject_id: None,
        subject_name: None,
        before: None,
        after: None,
        text: format!("Refused: {} of {email}: {reason}", write.event.action),
        ..event_of(ctx, write)
    }
}

/// Commits what was done with these events, one for each invitation; without any, nothing was done.
async fn commit_each(mut write: Write, mut events: Vec<Event>) -> Result<(), Failure> {
    // The last one goes with the transaction.
    let Some(last) = events.pop() else { return Ok(()) };
    audit::append_all(&mut write.tx, last.organization_id, events).await?;
    write.event = last;
    write.commit().await
}

/// What people are told of who invited them.
async fn inviter(tx: &mut Tx, id: UserId) -> Result<String, Failure> {
    let user = store::users::find(tx, id).await?;
    Ok(user.map(|user| called(user.kind, user.email, &user.name)).unwrap_or_default())
}

fn called(kind: UserKind, email: String, name: &str) -> String {
    match kind {
        UserKind::Person => email,
        UserKind::Application => format!("{name} (application user)"),
    }
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
        limits::count(tx, email.as_str(), control.now()).await
    }
}
