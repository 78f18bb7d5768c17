//! Mails: those to be sent, those that were, and those that are kept to be read here. Bodies are sealed and go with
//! the sending. Sends nothing itself.

use std::fmt;

use domain::{
    ids::{MailId, OrganizationId},
    principals::{MailKind, MailState},
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    patterns::containing,
    queries::{execute, fetch_all, fetch_one, fetch_optional, results, storable},
};

/// A mail to one person.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// The tenant it is sent for; none for mails of the installation.
    pub organization_id: Option<OrganizationId>,
    /// What it is about.
    pub kind: MailKind,
    /// The address it goes to.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its text, sealed; none in lists and after it was sent or given up.
    pub body_sealed: Option<Vec<u8>>,
    /// What became of it.
    pub state: MailState,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the next try is due.
    pub wake_at: Timestamp,
    /// Tries that were begun.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

// Even sealed, a body belongs in no log.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Adds a mail.
pub async fn add(tx: &mut Tx, mail: &Mail) -> Result<(), Error> {
    let text =
        "INSERT INTO mails (id, organization_id, kind, recipient, subject, body_sealed, state, created_at,
            wake_at, attempts, error, sent_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    execute!(
        tx,
        text,
        mail.id,
        mail.organization_id,
        mail.kind,
        &mail.recipient,
        &mail.subject,
        mail.body_sealed.as_deref(),
        mail.state,
        mail.created_at,
        mail.wake_at,
        mail.attempts,
        mail.error.as_deref(),
        mail.sent_at,
    )?;
    Ok(())
}

/// The mail of that id.
pub async fn find(tx: &mut Tx, id: MailId) -> Result<Option<Mail>, Error> {
    fetch_optional!(tx, "SELECT * FROM mails WHERE id = $1", id)
}

/// A page of mails without their bodies, of those that the given condition leaves.
macro_rules! page {
    ($where:literal) => {
        concat!(
            "SELECT id, organization_id, kind, recipient, subject, NULL AS body_sealed, state, created_at, wake_at,
                attempts, error, sent_at
            FROM mails WHERE ",
            $where,
            " AND (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3"
        )
    };
}

/// The organization's mails to addresses that hold the text, or those of all and of the installation itself, newest first,
/// from behind the one with time and id `after` on. Without their bodies.
pub async fn list(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    text: Option<&str>,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Mail>, Error> {
    let (at, id) = after.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
    let limit = i64::from(limit);
    match (organization, text.map(containing)) {
        (Some(organization), None) => {
            fetch_all!(tx, page!("organization_id = $4"), at, id, limit, organization)
        }
        (Some(organization), Some(text)) => {
            let query = page!("organization_id = $4 AND LOWER(recipient) LIKE $5 ESCAPE '!'");
            fetch_all!(tx, query, at, id, limit, organization, &text)
        }
        (None, None) => fetch_all!(tx, page!("TRUE"), at, id, limit),
        (None, Some(text)) => {
            fetch_all!(tx, page!("LOWER(recipient) LIKE $4 ESCAPE '!'"), at, id, limit, &text)
        }
    }
}

/// How many mails the organization has to addresses that hold the text, or all have together.
pub async fn count(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    text: Option<&str>,
) -> Result<i64, Error> {
    let (count,): (i64,) = match (organization, text.map(containing)) {
        (Some(organization), None) => {
            fetch_one!(tx, "SELECT COUNT(*) FROM mails WHERE organization_id = $1", organization)?
        }
        (Some(organization), Some(text)) => {
            let query = "SELECT COUNT(*) FROM mails
                WHERE organization_id = $1 AND LOWER(recipient) LIKE $2 ESCAPE '!'";
            fetch_one!(tx, query, organization, &text)?
        }
        (None, None) => fetch_one!(tx, "SELECT COUNT(*) FROM mails")?,
        (None, Some(text)) => {
            fetch_one!(tx, "SELECT COUNT(*) FROM mails WHERE LOWER(recipient) LIKE $1 ESCAPE '!'", &text)?
        }
    };
    Ok(count)
}

/// What became of the last mail of a kind to somebody.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// To whom.
    pub recipient: String,
    /// What became of it.
    pub state: MailState,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// The last mail of the kind to each of these addresses, whose set is $2.
macro_rules! last {
    ($among:literal) => {
        concat!(
            "SELECT m.recipient, m.state, m.error FROM mails m
            WHERE m.organization_id = $1 AND m.kind = $3 AND m.recipient ",
            $among,
            " AND m.id = (SELECT n.id FROM mails n
                WHERE n.organization_id = $1 AND n.recipient = m.recipient AND n.kind = $3
                ORDER BY n.created_at DESC, n.id DESC LIMIT 1)"
        )
    };
}

/// What became of the organization's last mail of that kind to each of the addresses, as far as there is one.
pub async fn last(
    tx: &mut Tx,
    organization: OrganizationId,
    recipients: &[&str],
    kind: MailKind,
) -> Result<Vec<Delivery>, Error> {
    match tx {
        Tx::Sqlite(_) => {
            let set = serde_json::Value::from(recipients).to_string();
            fetch_all!(tx, last!("IN (SELECT value FROM json_each($2))"), organization, &set, kind)
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(last!("= ANY($2)")).bind(organization).bind(recipients).bind(kind);
            results::fetch_all(module_path!(), query.fetch_all(&mut **tx).await)
        }
    }
}

/// The mails whose next try is due, longest due first.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Mail>, Error> {
    let text = "SELECT * FROM mails WHERE state = 'queued' AND wake_at <= $1 ORDER BY wake_at, id LIMIT $2";
    fetch_all!(tx, text, now, i64::from(limit))
}

/// Takes a mail to send it: counts the try and sets the time of the next one. False if it is not queued, or if another
/// server took it since it was read with so many `attempts`.
pub async fn claim(tx: &mut Tx, id: MailId, attempts: i64, wake_at: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE mails SET attempts = attempts + 1, wake_at = $3
        WHERE id = $1 AND attempts = $2 AND state = 'queued'";
    Ok(execute!(tx, text, id, attempts, wake_at)? > 0)
}

/// Notes that the mail server took the mail, whose body goes. False if it is not queued.
pub async fn set_sent(tx: &mut Tx, id: MailId, at: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE mails SET state = 'sent', sent_at = $2, body_sealed = NULL, error = NULL
        WHERE id = $1 AND state = 'queued'";
    Ok(execute!(tx, text, id, at)? > 0)
}

/// Gives a mail up, whose body goes. False if it is not queued.
pub async fn set_failed(tx: &mut Tx, id: MailId, error: &str) -> Result<bool, Error> {
    let text = "UPDATE mails SET state = 'failed', error = $2, body_sealed = NULL
        WHERE id = $1 AND state = 'queued'";
    Ok(execute!(tx, text, id, &*storable(error))? > 0)
}

/// Notes why a try failed; the mail is tried again. False if it is not queued.
pub async fn set_error(tx: &mut Tx, id: MailId, error: &str) -> Result<bool, Error> {
    let text = "UPDATE mails SET error = $2 WHERE id = $1 AND state = 'queued'";
    Ok(execute!(tx, text, id, &*storable(error))? > 0)
}

/// Removes mails that were written before `at` and are not to be sent any more, oldest first, at most `limit`; returns
/// how many.
pub async fn remove_before(tx: &mut Tx, at: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM mails WHERE id IN
        (SELECT id FROM mails WHERE created_at < $1 AND state <> 'queued' ORDER BY created_at, id LIMIT $2)";
    execute!(tx, text, at, i64::from(limit))
}
