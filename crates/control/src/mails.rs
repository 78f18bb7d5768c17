//! Mails: writing them down together with what they are about, and reading those that are kept because there is no mail
//! server. How they get to a mail server is in `sending`.

mod sending;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{MailId, OrganizationId},
    names::EmailAddress,
    principals::{MailKind, MailState},
    secrets::Secret,
    views::{MailRow, MailView, Page},
};
use store::{Tx, access::Target, mails::Mail};
use zeroize::Zeroizing;

use crate::{
    Context, Control,
    envelopes::Place,
    errors::{Failure, attempt},
    operators, pages,
};

pub(crate) use sending::keep_sending;
#[cfg(feature = "testing")]
pub(crate) use sending::send_due;
pub use sending::{MailError, Mailer, OutgoingMail};

/// Writes a mail within a transaction: it goes out once that is committed, and not otherwise. Its text is sealed under the
/// organization's key if it is sent for one. Without a mail server it is kept here to be read.
pub(crate) async fn post(
    control: &Control,
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    kind: MailKind,
    recipient: &EmailAddress,
    subject: &str,
    body: &str,
) -> Result<MailId, Failure> {
    let (id, now) = (MailId::from_uuid(control.new_uuid()), control.now());
    let (random, value) = (control.random(), body.as_bytes());
    let sealed = match organization {
        Some(organization) => {
            control.organization_key(tx, organization).await?.seal(random, place(id), value)
        }
        None => control.master_key().seal(random, place(id), value),
    };
    let mail = Mail {
        id,
        organization_id: organization,
        kind,
        recipient: recipient.as_str().to_owned(),
        subject: subject.to_owned(),
        body_sealed: Some(sealed),
        state: if control.parts().mailer.is_some() { MailState::Queued } else { MailState::Kept },
        created_at: now,
        wake_at: now,
        attempts: 0,
        error: None,
        sent_at: None,
    };
    store::mails::add(tx, &mail).await?;
    Ok(id)
}

/// Who can read what is kept because there is no mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Super admins of the organization, in the console.
    Here,
    /// The operator alone.
    ByOperator,
}

/// One page of an organization's mails to addresses that hold the text, newest first.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    after: Option<&str>,
) -> Result<Page<MailRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewMails, Target::Organization(organization)).await?;
        let (text, after) = (pages::search(text), pages::parse_time_key(after)?);
        let id = Some(permit.organization()?);
        let mut tx = permit.read().await?;
        let total = store::mails::count(&mut tx, id, text).await?;
        let found = store::mails::list(&mut tx, id, text, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

/// One mail of an organization. Its text is shown only if it is kept here, and only to super admins of the organization
/// that the installation was set up with, who operate it; reading it is on record. A text lets its reader be somebody else,
/// in every organization: super admins of others ask the operator for it. That of a mail which is on its way is for its
/// recipient alone.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId, id: MailId) -> Result<MailView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewMails, Target::Organization(organization)).await?;
        let organization = permit.organization()?;
        let mut tx = permit.read().await?;
        let found = store::mails::find(&mut tx, id).await?;
        let found = found.filter(|mail| mail.organization_id == Some(organization)).ok_or(Error::NotFound)?;
        let is_operators = operators::are(&mut tx, organization).await?;
        if found.state != MailState::Kept || !is_operators {
            return Ok(MailView { row: draw(found), body: None });
        }
        drop(tx);
        let mut write = permit.write(EventType::MailViewed).await?;
        let view = draw_whole(&ctx.control, &mut write.tx, found).await?;
        write
            .text(format!("Read the mail to {} that is kept here: {}", view.row.recipient, view.row.subject));
        write.commit().await?;
        Ok(view)
    })
}

/// Whether there is a mail server that sends them: whoever waits for a mail has to know.
#[must_use]
pub fn are_sent(ctx: &Context) -> bool {
    ctx.control.parts().mailer.is_some()
}

/// Where the texts of an organization's mails are read because there is no mail server that sends them; none if there is.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn kept(ctx: &Context, organization: OrganizationId) -> Result<Option<Kept>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListInvitations, Target::Organization(organization)).await?;
        if ctx.control.parts().mailer.is_some() {
            return Ok(None);
        }
        let mut tx = permit.read().await?;
        let is_operators = operators::are(&mut tx, organization).await?;
        Ok(Some(if is_operators { Kept::Here } else { Kept::ByOperator }))
    })
}

/// One page of the mails of all organizations and of the installation, newest first. For the operator, who is outside of
/// all roles.
///
/// # Errors
/// `Invalid` on `after`; `Unavailable` when the database does not answer.
pub async fn list_for_operator(control: &Control, after: Option<&str>) -> Result<Page<MailRow>, Error> {
    let ctx = control.operator();
    attempt!(ctx, {
        let permit = ctx.system(Action::ViewInstallationMails);
        let after = pages::parse_time_key(after)?;
        let mut tx = permit.read().await?;
        let total = store::mails::count(&mut tx, None, None).await?;
        let found = store::mails::list(&mut tx, None, None, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

/// One mail, whoever it is sent for, with its text if it is kept here. For the operator, who is outside of all roles.
///
/// # Errors
/// `NotFound`; `Unavailable` when the database does not answer.
pub async fn view_for_operator(control: &Control, id: MailId) -> Result<MailView, Error> {
    let ctx = control.operator();
    attempt!(ctx, {
        let mut tx = ctx.system(Action::ViewInstallationMails).read().await?;
        let found = store::mails::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        draw_whole(control, &mut tx, found).await
    })
}

const fn place(id: MailId) -> Place {
    Place { column: "mails.body_sealed", row: id.uuid() }
}

/// The text of a mail, which must have one.
async fn open(control: &Control, tx: &mut Tx, mail: &Mail) -> Result<Secret, Failure> {
    let missing = || Failure::Inconsistent(format!("the mail {} has no text", mail.id));
    let sealed = mail.body_sealed.as_deref().ok_or_else(missing)?;
    let opened: Zeroizing<Vec<u8>> = match mail.organization_id {
        Some(organization) => {
            control.organization_key(tx, organization).await?.open(place(mail.id), sealed)?
        }
        None => control.master_key().open(place(mail.id), sealed)?,
    };
    Ok(Secret::new(String::from_utf8_lossy(&opened).into_owned()))
}

fn page(found: Vec<Mail>, total: i64) -> Page<MailRow> {
    pages::page(found, total, |mail| pages::time_key(mail.created_at, mail.id.uuid()), draw)
}

fn draw(mail: Mail) -> MailRow {
    MailRow {
        id: mail.id,
        kind: mail.kind,
        recipient: mail.recipient,
        subject: mail.subject,
        state: mail.state,
        created_at: mail.created_at,
        sent_at: mail.sent_at,
        error: mail.error,
    }
}

async fn draw_whole(control: &Control, tx: &mut Tx, mail: Mail) -> Result<MailView, Failure> {
    let body = match mail.state {
        MailState::Kept => Some(open(control, tx, &mail).await?),
        MailState::Queued | MailState::Sent | MailState::Failed => None,
    };
    Ok(MailView { row: draw(mail), body })
}
