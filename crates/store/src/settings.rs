//! Values that the installation keeps about itself (sealed keys, for one). Knows nothing of their meaning.

use crate::{Error, Tx, queries::fetch_optional};

/// The value under a key.
pub async fn find(tx: &mut Tx, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let row: Option<(Vec<u8>,)> = fetch_optional!(tx, "SELECT value FROM settings WHERE key = $1", key)?;
    Ok(row.map(|(value,)| value))
}

/// Sets a value that stays for good. False if there is one already, which stays.
pub async fn add_if_absent(tx: &mut Tx, key: &str, value: &[u8]) -> Result<bool, Error> {
    let text = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING key";
    let row: Option<(String,)> = fetch_optional!(tx, text, key, value)?;
    Ok(row.is_some())
}
