//! Sessions for `tower_sessions`, kept in the store's rows: the id only as a hash, with idle and absolute limits.
//!
//! Decides nothing about who may do what: it says who is signed in, and `control` takes it from there.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use control::{
    Origin,
    sessions::{Rows, SessionRow},
};
use domain::{ids::UserId, timestamps::Timestamp};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use tower_sessions::{
    SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// A session that is not used for this long ends.
pub const IDLE_MAX: Duration = Duration::from_secs(3600);
/// A session ends this long after it began, however it is used.
pub const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often a session's last use is written down, at most.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Name of the cookie.
pub const COOKIE: &str = "__Host-redoubt-session";
tokio::task_local! {
    /// Where the request being answered came from: the session layer tells its store nothing of the request.
    pub(crate) static ORIGIN: Origin;
}

/// The store behind the session layer.
#[derive(Clone)]
pub(crate) struct Sessions(Rows);

/// The session layer for these rows.
pub(crate) fn layer(rows: Rows) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(rows))
        .with_name(COOKIE)
        .with_secure(true)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// What names a session in the store and in the log: not enough to make its cookie.
pub(crate) fn key_hash(id: Id) -> Vec<u8> {
    digest(&SHA256, &id.0.to_le_bytes()).as_ref().to_vec()
}

/// When a session ends if it is not used again.
fn expires_at(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(IDLE_MAX).min(created_at.plus(AGE_MAX))
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits from the operating system do not collide; `save` would not tell.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (key_hash, now) = (key_hash(record.id), self.0.now());
        let created_at = self.0.load(&key_hash).await.map_err(backend)?.map_or(now, |row| row.created_at);
        let user = record.data.get(app::USER_ID).cloned();
        let user_id = user.and_then(|user| serde_json::from_value::<UserId>(user).ok());
        let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let (address, agent) = origin();
        let expires_at = expires_at(created_at, now);
        let row =
            SessionRow { key_hash, user_id, data, created_at, last_seen_at: now, expires_at, address, agent };
        self.0.save(&row).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.0.now();
        let Some(mut row) = self.0.load(&key_hash(*id)).await.map_err(backend)? else { return Ok(None) };
        if now >= expires_at(row.created_at, row.last_seen_at) {
            return Ok(None);
        }
        let data = serde_json::from_slice(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        if now.since(row.last_seen_at) >= SEEN_EVERY {
            row.last_seen_at = now;
            row.expires_at = expires_at(row.created_at, now);
            (row.address, row.agent) = origin();
            self.0.save(&row).await.map_err(backend)?;
        }
        // The session layer's own idea of expiry is not used: the row's is.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.remove(&key_hash(*id)).await.map_err(backend)
    }
}

fn origin() -> (Option<String>, Option<String>) {
    ORIGIN
        .try_with(|origin| (origin.address.map(|address| address.to_string()), origin.agent.clone()))
        .unwrap_or_default()
}

fn backend(error: impl std::error::Error) -> Error {
    Error::Backend(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_7_3_1_sessions_end_when_idle_or_old() {
        let start = Timestamp::from_micros(0);
        assert_eq!(expires_at(start, start), start.plus(IDLE_MAX));
        let late = start.plus(AGE_MAX).minus(Duration::from_secs(60));
        assert_eq!(expires_at(start, late), start.plus(AGE_MAX));
    }
}
