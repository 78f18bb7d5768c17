//! Looking at a password: at a sign-in, and of somebody who is signed in and shows once more who they are. Counts the try and
//! says whether it was right; what follows is for those who ask.

use std::sync::OnceLock;

use domain::{actions::Action, errors::Error, events::EventType, names::EmailAddress, secrets::Secret};
use identity::passwords;
use store::users::User;

use super::{
    accounts::{Account, turn_away},
    devices,
    lock_outs::{self, Counted},
};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
};

/// A password that was looked at. The try counts as a wrong one until it is forgiven.
pub(crate) struct Looked {
    counted: Counted,
    is_right: bool,
}

/// Looks at a password of an account, unless too many were wrong. One of nobody's takes as long.
///
/// # Errors
/// `Limited` after too many wrong ones; `Unavailable` when too many are looked at right now.
pub(crate) async fn look_at(
    ctx: &Context,
    permit: &Permit,
    refused: EventType,
    account: &Account,
    password: Secret,
) -> Result<Looked, Error> {
    let email: EmailAddress = account.email.parse().map_err(|error| Error::name("email", error))?;
    let device = account.user.as_ref().zip(ctx.origin().device.as_ref());
    let device = device.and_then(|(user, mark)| devices::read(&ctx.control, user.id, mark));
    let counters = lock_outs::counters(ctx.origin().address, &email, device);
    let lock_out = attempt!(ctx, {
        let mut tx = ctx.public(Action::SignIn).read().await?;
        Ok(lock_outs::find(&mut tx, &counters, ctx.now()).await?)
    })?;
    if let Some(lock_out) = lock_out {
        return Err(turn_away(ctx, permit, refused, account, &lock_out).await);
    }
    let place = ctx.control.hashes().place().ok_or_else(busy)?;
    let counted = match attempt!(ctx, { Ok(lock_outs::count(&ctx.control, &counters).await?) })? {
        Ok(counted) => counted,
        Err(lock_out) => return Err(turn_away(ctx, permit, refused, account, &lock_out).await),
    };
    // An unknown e-mail costs the same hash as a known one.
    let hash =
        account.user.as_ref().map_or_else(|| dummy_hash().to_owned(), |user| user.password_hash.clone());
    let Some(is_right) = place.work(move || passwords::verify(&password, &hash)).await else {
        // If it cannot be taken back, it stays counted.
        let _: Result<(), Error> = attempt!(ctx, { Ok(counted.take_back(&ctx.control).await?) });
        return Err(busy());
    };
    Ok(Looked { counted, is_right })
}

impl Looked {
    /// Whether it was right when it was looked at.
    pub(crate) const fn is_right(&self) -> bool {
        self.is_right
    }

    /// Whose password it was, if it was right and still is: then the try is forgiven.
    pub(crate) async fn owner(&self, write: &mut Write, account: &Account) -> Result<Option<User>, Failure> {
        let Some(before) = account.user.as_ref().filter(|_| self.is_right) else { return Ok(None) };
        let user = store::users::find(&mut write.tx, before.id).await?;
        let user = user.filter(|user| user.is_active && user.password_hash == before.password_hash);
        if user.is_some() {
            self.counted.forgive(&mut write.tx).await?;
        }
        Ok(user)
    }
}

/// Hashes a new password, at most a few at a time.
pub(crate) async fn hash_password(ctx: &Context, password: &Secret) -> Result<String, Error> {
    let mut salt = [0; passwords::SALT_BYTES];
    ctx.control.random().fill(&mut salt);
    let password = password.clone();
    let place = ctx.control.hashes().place().ok_or_else(busy)?;
    let hash = place.work(move || passwords::hash(&password, &salt)).await.ok_or_else(busy)?;
    hash.map_err(|error| {
        tracing::error!(report = %ctx.request_id(), error, "A password could not be hashed");
        Error::Internal { report: ctx.request_id().to_string() }
    })
}

fn busy() -> Error {
    Error::Unavailable { reason: "Too many people sign in right now. Try again in a moment.".into() }
}

/// A hash that no password fits, made once.
fn dummy_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        passwords::hash(&Secret::new("no account has this password".into()), &[0; passwords::SALT_BYTES])
            .unwrap_or_default()
    })
}
