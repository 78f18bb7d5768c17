//! The rows behind session cookies, for the server's session layer alone: it says who asks, so no permit can exist yet.
//! Decides nothing.

use domain::{ids::UserId, timestamps::Timestamp};

use super::SessionRow;
use crate::{
    Control,
    policies::{Limits, strictest},
};

/// The rows, for the server's session layer alone: it authenticates, so no permit can exist yet.
#[derive(Clone)]
pub struct Rows(Control);

impl Control {
    /// The rows behind session cookies.
    #[must_use]
    pub fn session_rows(&self) -> Rows {
        Rows(self.clone())
    }
}

impl Rows {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The row of that key, unless it has ended, and what limits it now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, key_hash: &[u8]) -> Result<Option<(SessionRow, Limits)>, store::Error> {
        let mut tx = self.0.store().read().await?;
        let Some(row) = store::sessions::find(&mut tx, key_hash, self.0.now()).await? else {
            return Ok(None);
        };
        let limits = match row.user_id {
            Some(user) => strictest(&mut tx, user).await?.sessions(),
            None => Limits::default(),
        };
        Ok(Some((row, limits)))
    }

    /// What limits the sessions of a person: the strictest of their organizations counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn limits(&self, user: Option<UserId>) -> Result<Limits, store::Error> {
        let Some(user) = user else { return Ok(Limits::default()) };
        let mut tx = self.0.store().read().await?;
        Ok(strictest(&mut tx, user).await?.sessions())
    }

    /// Makes a row. False if there is one of that key, which stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add(&self, row: &SessionRow) -> Result<bool, store::Error> {
        let mut tx = self.0.store().write().await?;
        let is_new = store::sessions::add(&mut tx, row).await?;
        tx.commit().await?;
        Ok(is_new)
    }

    /// Keeps what a row holds, and its last use. False if the session was ended meanwhile: nothing brings it back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save(&self, row: &SessionRow) -> Result<bool, store::Error> {
        let mut tx = self.0.store().write().await?;
        let is_there =
            store::sessions::set_data(&mut tx, row).await? && store::sessions::touch(&mut tx, row).await?;
        tx.commit().await?;
        Ok(is_there)
    }

    /// Keeps a row's last use alone, and that whose it is did something. False if the session was ended meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn touch(&self, row: &SessionRow) -> Result<bool, store::Error> {
        let mut tx = self.0.store().write().await?;
        let is_there = store::sessions::touch(&mut tx, row).await?;
        if let Some(user) = row.user_id.filter(|_| is_there) {
            store::users::set_last_activity(&mut tx, user, row.last_seen_at).await?;
        }
        tx.commit().await?;
        Ok(is_there)
    }

    /// Removes a row.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove(&self, key_hash: &[u8]) -> Result<(), store::Error> {
        let mut tx = self.0.store().write().await?;
        store::sessions::remove(&mut tx, key_hash).await?;
        tx.commit().await
    }
}
