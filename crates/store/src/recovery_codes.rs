//! Recovery codes. The codes themselves are never stored, only their hashes.

use domain::{ids::UserId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_one, fetch_optional},
};

/// Replaces all codes of a person, used ones included.
pub async fn replace(tx: &mut Tx, user: UserId, hashes: &[Vec<u8>], now: Timestamp) -> Result<(), Error> {
    execute!(tx, "DELETE FROM recovery_codes WHERE user_id = $1", user)?;
    for hash in hashes {
        let text =
            "INSERT INTO recovery_codes (user_id, code_hash, created_at, used_at) VALUES ($1, $2, $3, NULL)";
        execute!(tx, text, user, hash, now)?;
    }
    Ok(())
}

/// Uses a code up. False if the person has no such code, or it was used before.
pub async fn use_once(tx: &mut Tx, user: UserId, hash: &[u8], now: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE recovery_codes SET used_at = $3
        WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL";
    Ok(execute!(tx, text, user, hash, now)? > 0)
}

/// How many codes of a person were not used yet.
pub async fn count_unused(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL";
    let (count,): (i64,) = fetch_one!(tx, text, user)?;
    Ok(count)
}

/// When the codes of a person were made, used ones included; none if there are none.
pub async fn made_at(tx: &mut Tx, user: UserId) -> Result<Option<Timestamp>, Error> {
    let text = "SELECT created_at FROM recovery_codes WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1";
    let found: Option<(Timestamp,)> = fetch_optional!(tx, text, user)?;
    Ok(found.map(|(at,)| at))
}

/// Removes all codes that a person had at a time; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId, until: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM recovery_codes WHERE user_id = $1 AND created_at <= $2", user, until)
}
