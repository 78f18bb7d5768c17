//! Taking away rows that have ended by themselves: sessions, ceremonies, requests to identity providers and assertions that nobody
//! would accept any more, links for new passwords, counts of wrong sign-ins and of mails, mails that are done with, and tokens that
//! ended long ago. Nothing that anybody could still need goes here, so it is no event.

use std::time::Duration;

use crate::{Control, errors::Failure, notices::hour};

/// How long a count of wrong sign-ins outlives the last of them. Longer than any wait that it can cause.
const ATTEMPTS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a mail that was sent, given up or kept can be looked at.
const MAILS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a token that expired or was replaced is told apart from one that never was, and is listed with its last use.
const TOKENS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a count of mails to an address outlives its hour. Longer than any limit looks back.
const TALLIES_KEPT: Duration = Duration::from_secs(48 * 3600);
/// Rows that go in one transaction, at most: others write as well.
const BATCH_ROWS: u32 = 500;
/// Transactions of one kind in one go, at most; the rest has time until the next one.
const BATCHES_MAX: u32 = 20;

/// What one go took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Sessions that had ended.
    pub sessions: u64,
    /// Counts of wrong sign-ins that are old.
    pub attempts: u64,
    /// Mails that are not to be sent any more.
    pub mails: u64,
    /// Tokens that ended long ago.
    pub tokens: u64,
    /// Ceremonies that nobody ended in time.
    pub ceremonies: u64,
    /// Links for new passwords that nobody followed in time.
    pub password_resets: u64,
    /// Counts of mails to an address that are old.
    pub mail_tallies: u64,
    /// Requests to identity providers whose answer nobody fetched in time.
    pub provider_requests: u64,
    /// Assertions of identity providers that are too old to be accepted again.
    pub accepted_assertions: u64,
}

/// Takes away what has ended. Several servers may do so at once; whoever comes second leaves it for the next time.
pub(crate) async fn tidy(control: &Control) -> Result<Removed, Failure> {
    let mut removed = Removed::default();
    match remove_all(control, &mut removed).await {
        Err(failure) if !failure.is_conflict() => Err(failure),
        _ => Ok(removed),
    }
}

async fn remove_all(control: &Control, removed: &mut Removed) -> Result<(), Failure> {
    fill_email_domains(control).await?;
    remove_kept(control, removed).await?;
    remove_begun(control, removed).await
}

async fn fill_email_domains(control: &Control) -> Result<(), Failure> {
    // Nothing goes here: servers of before, while they still run, leave the domains of addresses out.
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::users::fill_email_domains(&mut tx, BATCH_ROWS).await?;
        tx.commit().await?;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    Ok(())
}

/// What is kept for a while after it ended.
async fn remove_kept(control: &Control, removed: &mut Removed) -> Result<(), Failure> {
    let now = control.now();
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let before = now.minus(ATTEMPTS_KEPT);
        let count = store::sign_in_attempts::remove_older(&mut tx, before, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.attempts += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::mails::remove_before(&mut tx, now.minus(MAILS_KEPT), BATCH_ROWS).await?;
        tx.commit().await?;
        removed.mails += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::tokens::remove_ended(&mut tx, now.minus(TOKENS_KEPT), BATCH_ROWS).await?;
        tx.commit().await?;
        removed.tokens += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count =
            store::mail_tallies::remove_older(&mut tx, hour(now.minus(TALLIES_KEPT)), BATCH_ROWS).await?;
        tx.commit().await?;
        removed.mail_tallies += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    Ok(())
}

/// What was begun, and whose time is over.
async fn remove_begun(control: &Control, removed: &mut Removed) -> Result<(), Failure> {
    let now = control.now();
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::sessions::remove_expired(&mut tx, now, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.sessions += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::ceremonies::remove_expired(&mut tx, now, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.ceremonies += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::password_resets::remove_expired(&mut tx, now, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.password_resets += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::provider_requests::remove_expired(&mut tx, now, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.provider_requests += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let mut tx = control.store().write().await?;
        let count = store::accepted_assertions::remove_expired(&mut tx, now, BATCH_ROWS).await?;
        tx.commit().await?;
        removed.accepted_assertions += count;
        if count < u64::from(BATCH_ROWS) {
            break;
        }
    }
    Ok(())
}
