//! Ceremonies: what one request begins and another one of the same browser ends, such as a challenge and its answer. The id is
//! in the browser's cookie alone; here is a hash of it, with a sealed state. Each is taken once. Says nothing of what the
//! answer must be.

use std::time::Duration;

use domain::{errors::Error, ids::UserId, secrets::Secret, sign_ins::CeremonyKind, timestamps::Timestamp};
use ring::digest::{Context as Digest, SHA256};
use serde::{Serialize, de::DeserializeOwned};
use store::Tx;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Context, Control, envelopes::Place, errors::Failure, random};

/// Characters of an id: 186 bits.
const ID_CHARS: usize = 32;
/// What the hash of an id begins with, so that it is no hash of anything else.
const PURPOSE: &[u8] = b"redoubt ceremony 1\0";
/// Ceremonies of visitors whom nobody knows that are under way at the same time, at most.
const UNDER_WAY_OF_VISITORS_MAX: i64 = 20_000;
/// The same of people who have shown something already: visitors take nothing of their room.
const UNDER_WAY_OF_PEOPLE_MAX: i64 = 100_000;

/// How long a ceremony may take.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long the one that asks for a second factor may take: a phone has to be found.
pub const SECOND_FACTOR_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// A ceremony that was just begun.
pub struct Begun<T> {
    /// Its id, for the browser's cookie and nothing else.
    pub ceremony: Secret,
    /// What the page shows of it.
    pub shown: T,
}

/// A ceremony that is under way.
pub(crate) struct Ceremony<T> {
    row: store::ceremonies::Ceremony,
    /// What its end needs of its beginning.
    pub(crate) state: T,
}

impl<T> Ceremony<T> {
    /// Whose it is, if that is known yet.
    pub(crate) const fn user(&self) -> Option<UserId> {
        self.row.user_id
    }
}

/// Begins a ceremony within a transaction; gives its id.
pub(crate) async fn begin(
    control: &Control,
    tx: &mut Tx,
    kind: CeremonyKind,
    user: Option<UserId>,
    state: &impl Serialize,
) -> Result<Secret, Failure> {
    let id = random::text(control.random(), ID_CHARS);
    let id_hash = hash(&id);
    let now = control.now();
    let row = store::ceremonies::Ceremony {
        state_sealed: seal(control, &id_hash, state)?,
        id_hash,
        kind,
        user_id: user,
        created_at: now,
        expires_at: now.plus(lifetime(kind)),
    };
    store::ceremonies::add(tx, &row).await?;
    Ok(id)
}

/// Begins a ceremony that changes nothing of anybody's, so that it is no event: only its end is. Somebody who is signed in has
/// one of each kind: another one takes its place.
pub(crate) async fn begin_unrecorded(
    ctx: &Context,
    kind: CeremonyKind,
    user: Option<UserId>,
    state: &impl Serialize,
) -> Result<Secret, Failure> {
    let mut tx = ctx.control.store().write().await?;
    let most = if user.is_some() { UNDER_WAY_OF_PEOPLE_MAX } else { UNDER_WAY_OF_VISITORS_MAX };
    if store::ceremonies::count(&mut tx, user.is_some()).await? >= most {
        let reason = "Too many people sign in right now. Try again in a few minutes.".into();
        return Err(Error::Unavailable { reason }.into());
    }
    if let Some(user) = user {
        store::ceremonies::remove_of_kind(&mut tx, user, kind).await?;
    }
    let id = begin(&ctx.control, &mut tx, kind, user, state).await?;
    tx.commit().await?;
    Ok(id)
}

/// A ceremony of that kind that is under way, which stays so.
pub(crate) async fn find<T: DeserializeOwned>(
    control: &Control,
    tx: &mut Tx,
    id: &Secret,
    kind: CeremonyKind,
) -> Result<Option<Ceremony<T>>, Failure> {
    let row = store::ceremonies::find(tx, &hash(id), kind, control.now()).await?;
    row.map(|row| open(control, row)).transpose()
}

/// Takes a ceremony of that kind and person out, once, whatever comes of it: one answer to a challenge is looked at. It changes
/// nothing of anybody's, so that it is no event: what comes of it is.
pub(crate) async fn take_unrecorded<T: DeserializeOwned>(
    ctx: &Context,
    id: &Secret,
    kind: CeremonyKind,
    user: Option<UserId>,
) -> Result<Option<T>, Failure> {
    let mut tx = ctx.control.store().write().await?;
    let row = store::ceremonies::take(&mut tx, &hash(id), kind, ctx.now()).await?;
    tx.commit().await?;
    let row = row.filter(|row| row.user_id == user);
    row.map(|row| open(&ctx.control, row).map(|ceremony| ceremony.state)).transpose()
}

/// Ends a ceremony that was found. False if another request was quicker.
pub(crate) async fn end<T>(
    tx: &mut Tx,
    ceremony: &Ceremony<T>,
    now: Timestamp,
) -> Result<bool, store::Error> {
    Ok(store::ceremonies::take(tx, &ceremony.row.id_hash, ceremony.row.kind, now).await?.is_some())
}

/// Keeps a ceremony that was found with what its state is now.
pub(crate) async fn keep<T: Serialize>(
    control: &Control,
    tx: &mut Tx,
    ceremony: Ceremony<T>,
) -> Result<(), Failure> {
    let Ceremony { mut row, state } = ceremony;
    if store::ceremonies::take(tx, &row.id_hash, row.kind, control.now()).await?.is_some() {
        row.state_sealed = seal(control, &row.id_hash, &state)?;
        store::ceremonies::add(tx, &row).await?;
    }
    Ok(())
}

const fn lifetime(kind: CeremonyKind) -> Duration {
    match kind {
        CeremonyKind::SecondFactor
        | CeremonyKind::StepUp
        | CeremonyKind::TotpRegistration
        | CeremonyKind::SingleSignOn
        | CeremonyKind::SingleLogout => SECOND_FACTOR_LIFETIME,
        CeremonyKind::PasskeySignIn
        | CeremonyKind::SecurityKeyRegistration
        | CeremonyKind::PasskeyRegistration => LIFETIME,
    }
}

fn hash(id: &Secret) -> Vec<u8> {
    let mut digest = Digest::new(&SHA256);
    digest.update(PURPOSE);
    digest.update(id.expose().as_bytes());
    digest.finish().as_ref().to_vec()
}

/// The row has no UUID: half of its hash serves as one.
fn place(id_hash: &[u8]) -> Place {
    let half = id_hash.first_chunk().copied().unwrap_or_default();
    Place { column: "ceremonies.state_sealed", row: Uuid::from_bytes(half) }
}

fn seal(control: &Control, id_hash: &[u8], state: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let value = Zeroizing::new(serde_json::to_vec(state)?);
    Ok(control.master_key().seal(control.random(), place(id_hash), &value))
}

fn open<T: DeserializeOwned>(
    control: &Control,
    row: store::ceremonies::Ceremony,
) -> Result<Ceremony<T>, Failure> {
    let value = control.master_key().open(place(&row.id_hash), &row.state_sealed)?;
    Ok(Ceremony { state: serde_json::from_slice(&value)?, row })
}
