//! Sessions for `tower_sessions`, kept in the store's rows: the id only as a hash, with idle and absolute limits.
//!
//! Decides nothing about who may do what: it says who is signed in, and `control` takes it from there.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use control::{
    policies::Limits,
    sessions::{Rows, SessionRow},
    single_sign_on::ProviderSession,
};
use domain::{sign_ins::Proof, timestamps::Timestamp};
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tower_sessions::{
    SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// How often a session's last use is written down, at most.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Ids that are tried for a new session; of 128 random bits the first one is free.
const ID_TRIES_MAX: usize = 3;
/// Name of the cookie.
pub const COOKIE: &str = "__Host-redoubt-session";

/// What kind of use of its session a request is.
#[derive(Clone, Default)]
pub(crate) struct Use {
    /// From where.
    pub(crate) address: Option<String>,
    /// With what program.
    pub(crate) agent: Option<String>,
    /// Nobody did anything: it keeps no session alive.
    pub(crate) is_background: bool,
}

tokio::task_local! {
    /// Of the request being answered: the session layer tells its store nothing of the request.
    pub(crate) static USE: Use;
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
fn expires_at(created_at: Timestamp, now: Timestamp, limits: Limits) -> Timestamp {
    now.plus(limits.idle).min(created_at.plus(limits.age))
}

/// When the session ends that it began with at an identity provider.
fn provider_end(data: &[u8]) -> Option<Timestamp> {
    let data: std::collections::HashMap<String, serde_json::Value> = serde_json::from_slice(data).ok()?;
    let provider = data.get(app::PROVIDER_SESSION).cloned()?;
    serde_json::from_value::<ProviderSession>(provider).ok()?.ends_at
}

/// The one that comes first.
fn earlier(at: Timestamp, other: Option<Timestamp>) -> Timestamp {
    other.map_or(at, |other| other.min(at))
}

impl Sessions {
    /// The row of a session that began at `created_at` and is used now.
    async fn row(&self, record: &Record, created_at: Timestamp) -> Result<SessionRow> {
        let now = self.0.now();
        let user_id = held(record, app::USER_ID);
        let limits = self.0.limits(user_id).await.map_err(backend)?;
        let proof: Option<Proof> = held(record, app::PROOF);
        let provider: Option<ProviderSession> = held(record, app::PROVIDER_SESSION);
        let ends_at = provider.as_ref().and_then(|provider| provider.ends_at);
        let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let Use { address, agent, .. } = session_use();
        Ok(SessionRow {
            key_hash: key_hash(record.id),
            user_id,
            data,
            created_at,
            last_seen_at: now,
            expires_at: earlier(expires_at(created_at, now, limits), ends_at),
            address,
            agent,
            method: proof.map(|proof| proof.method),
            second_factor: proof.and_then(|proof| proof.second_factor),
            proven_at: held(record, app::PROVEN_AT),
            provider_organization_id: proof.and_then(|proof| proof.provider),
            identity_provider_id: provider.as_ref().map(|provider| provider.provider),
            subject: provider.as_ref().map(|provider| provider.name_id.value.clone()),
            session_index: provider.and_then(|provider| provider.index),
        })
    }
}

/// Something that a session holds.
fn held<T: DeserializeOwned>(record: &Record, key: &str) -> Option<T> {
    record.data.get(key).cloned().and_then(|value| serde_json::from_value(value).ok())
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // One that only gets a new id began when it did.
        let began_at = held(record, app::BEGAN_AT).unwrap_or_else(|| self.0.now());
        for _ in 0..ID_TRIES_MAX {
            if self.0.add(&self.row(record, began_at).await?).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("no free id was found".into()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // A session that another request has ended is not made anew by one that was under way.
        if let Some((before, _)) = self.0.load(&key_hash(record.id)).await.map_err(backend)? {
            self.0.save(&self.row(record, before.created_at).await?).await.map_err(backend)?;
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.0.now();
        let Some((mut row, limits)) = self.0.load(&key_hash(*id)).await.map_err(backend)? else {
            return Ok(None);
        };
        // A policy that was tightened meanwhile ends sessions at once.
        if now >= expires_at(row.created_at, row.last_seen_at, limits) {
            return Ok(None);
        }
        let data = serde_json::from_slice(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let Use { address, agent, is_background } = session_use();
        // That somebody comes from elsewhere is known at once: it is what a stolen session shows, and what policies ask.
        let has_moved = address.is_some() && address != row.address;
        if !is_background && (has_moved || now.since(row.last_seen_at) >= SEEN_EVERY) {
            row.last_seen_at = now;
            let ends_at = provider_end(&row.data);
            row.expires_at = earlier(expires_at(row.created_at, now, limits), ends_at);
            (row.address, row.agent) = (address, agent);
            if !self.0.touch(&row).await.map_err(backend)? {
                return Ok(None);
            }
        }
        // The session layer's own idea of expiry is not used: the row's is.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.remove(&key_hash(*id)).await.map_err(backend)
    }
}

fn session_use() -> Use {
    USE.try_with(Clone::clone).unwrap_or_default()
}

fn backend(error: impl std::error::Error) -> Error {
    Error::Backend(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bit is as often set as not, and no id comes twice.
    #[test]
    fn asvs_7_2_3_ids_have_128_random_bits() {
        const IDS: usize = 20_000;
        let ids: std::collections::BTreeSet<i128> = (0..IDS).map(|_| Id::default().0).collect();
        assert_eq!(ids.len(), IDS);
        for bit in 0..128 {
            let set = ids.iter().filter(|id| *id >> bit & 1 == 1).count();
            // Ten times the standard deviation of 71.
            assert!(set.abs_diff(IDS / 2) < 710, "bit {bit}: {set}");
        }
        let lengths: std::collections::BTreeSet<usize> =
            ids.iter().map(|id| Id(*id).to_string().len()).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [22], "all of them are in the cookie");
    }

    #[test]
    fn asvs_7_3_1_sessions_end_when_idle_or_old() {
        let (start, usual) = (Timestamp::from_micros(0), Limits::default());
        assert_eq!(expires_at(start, start, usual), start.plus(Duration::from_secs(3600)));
        let late = start.plus(Duration::from_secs(24 * 3600 - 60));
        assert_eq!(expires_at(start, late, usual), start.plus(Duration::from_secs(24 * 3600)));
        let strict = Limits { idle: Duration::from_secs(300), age: Duration::from_secs(1800) };
        assert_eq!(expires_at(start, start, strict), start.plus(strict.idle));
        assert_eq!(expires_at(start, late, strict), start.plus(strict.age));
    }
}
