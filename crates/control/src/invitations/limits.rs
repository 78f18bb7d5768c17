//! How many invitation mails go out: to one address, whoever asks for them, and from one organization. Counts what is on
//! record of the invitations and, since those of an organization go with it, what is tallied of mails; sends nothing.

use std::time::Duration;

use domain::{errors::Error, ids::OrganizationId, principals::MailKind, timestamps::Timestamp};
use store::Tx;

use crate::{
    errors::Failure,
    notices::{hour, hour_begins},
};

/// Invitation mails to one address within an hour, of all organizations together, at most. New invitations and those that
/// are sent again count alike.
pub const MAILS_TO_ADDRESS_PER_HOUR: u32 = 5;
/// The same within a day.
pub const MAILS_TO_ADDRESS_PER_DAY: u32 = 20;
/// Invitation mails of one organization within a day, at most.
pub const MAILS_OF_ORGANIZATION_PER_DAY: u32 = 2_000;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOURS_OF_DAY: i64 = 24;

/// Why a mail does not go out now, and when it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    reason: String,
    /// When to come back.
    pub(super) retry_after_seconds: u64,
}

impl Limit {
    /// The first moment at which a mail of that time counts no more.
    fn until(reason: String, mail: Timestamp, window: Duration, now: Timestamp) -> Self {
        Self { reason, retry_after_seconds: mail.plus(window).since(now).as_secs() + 1 }
    }

    /// The error that says so, on a field if it belongs to one.
    pub(super) fn error(self, field: Option<&str>) -> Error {
        let Self { reason, retry_after_seconds } = self;
        Error::Limited { field: field.map(str::to_owned), reason, retry_after_seconds }
    }
}

/// What keeps a mail from going to that address now, if anything does.
pub(super) async fn of_address(tx: &mut Tx, email: &str, now: Timestamp) -> Result<Option<Limit>, Failure> {
    let mails = store::invitations::mailed_to(tx, email, now.minus(DAY), MAILS_TO_ADDRESS_PER_DAY).await?;
    let reason = || {
        format!(
            "At most {MAILS_TO_ADDRESS_PER_HOUR} invitations an hour and {MAILS_TO_ADDRESS_PER_DAY} a day are mailed to \
             one address, {email} here."
        )
    };
    let last = |count: u32, window: Duration| {
        let mail = mails.get(count as usize - 1).filter(|mail| now.since(**mail) < window)?;
        Some(Limit::until(reason(), *mail, window, now))
    };
    let limits = [last(MAILS_TO_ADDRESS_PER_HOUR, HOUR), last(MAILS_TO_ADDRESS_PER_DAY, DAY)];
    let longest = limits.into_iter().flatten().max_by_key(|limit| limit.retry_after_seconds);
    if longest.is_some() {
        return Ok(longest);
    }
    // The tallies are of whole hours, of which the last is not over: they never count more than the record does, but for
    // organizations that are gone.
    let this = hour(now);
    for (most, from) in
        [(MAILS_TO_ADDRESS_PER_HOUR, this), (MAILS_TO_ADDRESS_PER_DAY, this - HOURS_OF_DAY + 1)]
    {
        if store::mail_tallies::count(tx, email, MailKind::Invitation, from).await? >= i64::from(most) {
            // There is room once the last of the hours is out of the window without which there is.
            let mut last = from;
            while last < this
                && store::mail_tallies::count(tx, email, MailKind::Invitation, last + 1).await?
                    >= i64::from(most)
            {
                last += 1;
            }
            let window = HOUR * u32::try_from(this - from + 1).unwrap_or(1);
            return Ok(Some(Limit::until(reason(), hour_begins(last), window, now)));
        }
    }
    Ok(None)
}

/// Counts an invitation mail to an address, beside what is on record of the invitation.
pub(super) async fn count(tx: &mut Tx, email: &str, now: Timestamp) -> Result<(), Failure> {
    Ok(store::mail_tallies::add(tx, email, MailKind::Invitation, hour(now)).await?)
}

/// What keeps the organization from mailing so many invitations now, if anything does.
pub(super) async fn of_organization(
    tx: &mut Tx,
    organization: OrganizationId,
    count: usize,
    now: Timestamp,
) -> Result<Option<Limit>, Failure> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let since = now.minus(DAY);
    // So many can have gone out, and these with them.
    let room = MAILS_OF_ORGANIZATION_PER_DAY.saturating_sub(count);
    let mail = store::invitations::mailed_before(tx, organization, since, room).await?;
    Ok(mail.map(|mail| {
        let reason = format!(
            "An organization mails at most {MAILS_OF_ORGANIZATION_PER_DAY} invitations a day, and {count} more would be \
             too many now."
        );
        Limit::until(reason, mail, DAY, now)
    }))
}
