//! How many mails of each kind an address got in each hour, whoever caused them. The limits are said in `control`.

use domain::principals::MailKind;

use crate::{
    Error, Tx,
    queries::{execute, fetch_one},
};

/// Counts a mail to an address in an hour since 1970.
pub async fn add(tx: &mut Tx, recipient: &str, kind: MailKind, hour: i64) -> Result<(), Error> {
    let text = "INSERT INTO mail_tallies (recipient, kind, hour, mails) VALUES ($1, $2, $3, 1)
        ON CONFLICT (recipient, kind, hour) DO UPDATE SET mails = mail_tallies.mails + 1";
    execute!(tx, text, recipient, kind, hour)?;
    Ok(())
}

/// How many mails of a kind an address got from that hour on.
pub async fn count(tx: &mut Tx, recipient: &str, kind: MailKind, from_hour: i64) -> Result<i64, Error> {
    let text = "SELECT CAST(COALESCE(SUM(mails), 0) AS BIGINT) FROM mail_tallies
        WHERE recipient = $1 AND kind = $2 AND hour >= $3";
    let (count,): (i64,) = fetch_one!(tx, text, recipient, kind, from_hour)?;
    Ok(count)
}

/// Forgets the hours before that one, at most `limit` rows; returns how many.
pub async fn remove_older(tx: &mut Tx, than_hour: i64, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM mail_tallies WHERE (recipient, kind, hour) IN
        (SELECT recipient, kind, hour FROM mail_tallies WHERE hour < $1 ORDER BY hour, recipient, kind LIMIT $2)";
    execute!(tx, text, than_hour, i64::from(limit))
}
