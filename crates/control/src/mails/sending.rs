//! The way of a mail to the mail server: what a mail server is, and the worker that gives it what is due. A mail is sent
//! once by one of all servers; one that dies after the mail server took it leaves a second one to be sent, with the same
//! id, by which mail programs tell.

use std::time::Duration;

use async_trait::async_trait;
use domain::{ids::MailId, names::EmailAddress, secrets::Secret, timestamps::Timestamp};
use store::mails::Mail;
use tokio::sync::watch;

use super::open;
use crate::{
    Control,
    errors::{Failure, TRIES_MAX, chain, pause_after_conflict},
    workflow::caught,
};

/// How long mails are not looked for when nothing changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long mails are not looked for at least, however much changes.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// Mails that are read in one look.
const BATCH_ROWS: u32 = 20;
/// How long one try may take. Shorter than the first pause: until then no other server takes the mail.
const TRY_MAX: Duration = Duration::from_secs(45);
/// The first pause after a try; it doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_secs(60);
/// The longest pause after a try.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How long a mail is tried. Its links do not live much longer.
const TRIED_FOR: Duration = Duration::from_secs(48 * 3600);
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 500;

/// A mail on its way out.
pub struct OutgoingMail {
    /// Its id, the same at each try.
    pub id: MailId,
    /// Whom it goes to.
    pub recipient: EmailAddress,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: Secret,
    /// When it was written.
    pub written_at: Timestamp,
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailError {
    /// A sentence for those who look after the organization.
    pub reason: String,
    /// It is of no use to try again.
    pub is_final: bool,
}

impl MailError {
    /// The next try may succeed.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: false }
    }

    /// It is of no use to try again.
    pub fn final_refusal(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: true }
    }
}

/// A way to send mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over. Returns once somebody else answers for it, or says why nobody does.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}

/// Sends what is due, again and again, until `shutdown` turns true; a mail that is under way is finished first.
pub(crate) async fn keep_sending(control: Control, mut shutdown: watch::Receiver<bool>) {
    let mut changed = control.changed();
    let mut has_told = false;
    while !*shutdown.borrow() {
        changed.borrow_and_update();
        let sent = caught(send_until(&control, &shutdown, TRY_MAX)).await;
        // Once for as long as it lasts.
        if let Err(failure) = &sent
            && !has_told
        {
            tracing::warn!(error = chain(failure), "Mails could not be looked for");
        }
        has_told = sent.is_err();
        let wake = async {
            tokio::time::sleep(LOOK_PAUSE).await;
            let _ = tokio::time::timeout(LOOK_EVERY, changed.changed()).await;
        };
        tokio::select! {
            () = wake => {}
            _ = shutdown.changed() => {}
        }
    }
}

/// Sends what is due now, unless a try takes longer than `limit`; says how many mails the mail server took.
#[cfg(feature = "testing")]
pub(crate) async fn send_due(control: &Control, limit: Option<Duration>) -> Result<usize, Failure> {
    let shutdown = watch::Sender::new(false).subscribe();
    send_until(control, &shutdown, limit.unwrap_or(TRY_MAX)).await
}

async fn send_until(
    control: &Control,
    shutdown: &watch::Receiver<bool>,
    limit: Duration,
) -> Result<usize, Failure> {
    let mut tx = control.store().read().await?;
    let due = store::mails::due(&mut tx, control.now(), BATCH_ROWS).await?;
    drop(tx);
    let mut sent = 0;
    for mail in due {
        if *shutdown.borrow() {
            break;
        }
        if send(control, &mail, limit).await? {
            sent += 1;
        }
    }
    Ok(sent)
}

/// What became of a try.
enum Fate {
    Sent,
    Again(String),
    Failed(String),
}

/// Tries one mail, unless another server does; says whether it was sent.
async fn send(control: &Control, mail: &Mail, limit: Duration) -> Result<bool, Failure> {
    let is_late = control.now().since(mail.created_at) >= TRIED_FOR;
    let Some(mailer) = control.parts().mailer.as_deref() else {
        // Another server may have one. Once nobody will send it any more, it is told.
        if is_late {
            let reason = mail.error.clone().unwrap_or_else(|| "There is no mail server any more.".into());
            store_fate(control, mail.id, &Fate::Failed(reason)).await?;
        }
        return Ok(false);
    };
    if !claim(control, mail).await? {
        return Ok(false);
    }
    let tried = tokio::time::timeout(limit, caught(hand_over(control, mailer, mail))).await;
    let fate = match tried {
        Ok(Ok(Ok(()))) => Fate::Sent,
        Ok(Ok(Err(error))) if error.is_final || is_late => Fate::Failed(error.reason),
        Ok(Ok(Err(error))) => Fate::Again(error.reason),
        // Stays claimed until its pause is over, as everything does that the database has no word on.
        Ok(Err(failure @ Failure::Store(_))) => return Err(failure),
        Ok(Err(failure)) => {
            tracing::error!(mail = %mail.id, error = chain(&failure), "A mail cannot be sent");
            let reason = format!("A fault of the server; its log has the reason under {}.", mail.id);
            if is_late { Fate::Failed(reason) } else { Fate::Again(reason) }
        }
        Err(_) => {
            let reason = format!("The mail server was not done within {} s.", limit.as_secs_f32());
            if is_late { Fate::Failed(reason) } else { Fate::Again(reason) }
        }
    };
    store_fate(control, mail.id, &fate).await?;
    control.notify();
    Ok(matches!(fate, Fate::Sent))
}

/// Takes a mail for this server, and says when it is tried again if nobody writes down what became of it.
async fn claim(control: &Control, mail: &Mail) -> Result<bool, Failure> {
    let wake_at = control.now().plus(pause(mail.attempts + 1));
    let claimed = async {
        let mut tx = control.store().write().await?;
        let claimed = store::mails::claim(&mut tx, mail.id, mail.attempts, wake_at).await?;
        tx.commit().await?;
        Ok(claimed)
    };
    match claimed.await {
        // Another server was faster, with this mail or with something else: there is another look soon.
        Err(store::Error::Conflict) => Ok(false),
        result => Ok(result?),
    }
}

/// Opens the mail and gives it to the mail server, with no transaction open.
async fn hand_over(
    control: &Control,
    mailer: &dyn Mailer,
    mail: &Mail,
) -> Result<Result<(), MailError>, Failure> {
    let mut tx = control.store().read().await?;
    let body = open(control, &mut tx, mail).await?;
    drop(tx);
    let Ok(recipient) = mail.recipient.parse() else {
        return Ok(Err(MailError::final_refusal("No mail can be sent to this address.")));
    };
    let outgoing = OutgoingMail {
        id: mail.id,
        recipient,
        subject: mail.subject.clone(),
        body,
        written_at: mail.created_at,
    };
    Ok(mailer.send(&outgoing).await)
}

async fn store_fate(control: &Control, id: MailId, fate: &Fate) -> Result<(), Failure> {
    match fate {
        Fate::Sent => tracing::info!(mail = %id, "A mail was sent"),
        Fate::Again(error) => tracing::warn!(mail = %id, error, "A mail is tried again later"),
        Fate::Failed(error) => tracing::warn!(mail = %id, error, "A mail is given up"),
    }
    for tries in 1..TRIES_MAX {
        match try_store_fate(control, id, fate).await {
            Err(store::Error::Conflict) => pause_after_conflict(control.random(), tries).await,
            result => return Ok(result?),
        }
    }
    Ok(try_store_fate(control, id, fate).await?)
}

async fn try_store_fate(control: &Control, id: MailId, fate: &Fate) -> Result<(), store::Error> {
    let mut tx = control.store().write().await?;
    // The organization may be gone, and the mail with it.
    let _is_there = match fate {
        Fate::Sent => store::mails::set_sent(&mut tx, id, control.now()).await?,
        Fate::Again(error) => store::mails::set_error(&mut tx, id, &cut(error)).await?,
        Fate::Failed(error) => store::mails::set_failed(&mut tx, id, &cut(error)).await?,
    };
    tx.commit().await
}

/// The pause after the n-th try.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    PAUSE_FIRST.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

/// What a mail server says goes on a page: one line of it.
fn cut(error: &str) -> String {
    error.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!(pause(1), Duration::from_secs(60));
        assert_eq!(pause(2), Duration::from_secs(120));
        assert_eq!(pause(6), Duration::from_secs(1920));
        assert_eq!(pause(7), PAUSE_MAX);
        assert_eq!(pause(i64::MAX), PAUSE_MAX);
        assert!(TRY_MAX < pause(1), "or a second server takes a mail that is under way");
    }

    #[test]
    fn errors_are_one_short_line() {
        assert_eq!(cut("550 no\r\n such"), "550 no   such");
        assert_eq!(cut(&"x".repeat(ERROR_CHARS_MAX + 1)).len(), ERROR_CHARS_MAX);
    }
}
