//! Signing in and out, who is signed in, and the rows behind the session cookie.

mod lock_outs;

use std::{sync::OnceLock, time::Duration};

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::UserId,
    inputs::SignIn,
    names::EmailAddress,
    secrets::Secret,
    states::Outcome,
    timestamps::Timestamp,
    views::{OrganizationView, Profile},
};
use identity::passwords;

use crate::{Context, Control, errors::attempt};

pub(crate) use lock_outs::Refusals;
use lock_outs::{ADDRESS_WINDOW, LockOut, REFUSALS_TOLD_MAX, wait_after};

/// A row behind a session cookie, as the server's session layer keeps it.
pub use store::sessions::Row as SessionRow;

/// Sign-ins that may wait for their turn to be hashed; more are turned away.
const HASH_WAIT: Duration = Duration::from_secs(10);

/// Signs in with e-mail and password.
///
/// # Errors
/// `Unauthenticated` when they do not fit, with the same words whether the e-mail is known or not; `Limited` after
/// too many tries.
pub async fn sign_in(ctx: &Context, input: SignIn) -> Result<UserId, Error> {
    let email: EmailAddress = input.email.parse().map_err(|error| Error::name("email", error))?;
    let keys = lock_outs::keys(ctx.origin().address, &email);
    let (user, lock_out) = attempt!(ctx, {
        let mut tx = ctx.public(Action::SignIn).read().await?;
        let mut lock_out: Option<LockOut> = None;
        for (key, _) in &keys {
            let attempt = store::sign_in_attempts::find(&mut tx, key).await?;
            let until = attempt.and_then(|attempt| attempt.locked_until).filter(|until| *until > ctx.now());
            if let Some(until) = until
                && lock_out.as_ref().is_none_or(|longest| longest.until < until)
            {
                lock_out = Some(LockOut { key: key.clone(), until });
            }
        }
        Ok((store::users::find_by_email(&mut tx, email.as_str()).await?, lock_out))
    })?;
    if let Some(lock_out) = lock_out {
        return Err(turn_away(ctx, &email, &lock_out).await);
    }

    // An unknown e-mail costs the same hash as a known one.
    let known_hash = user.as_ref().map_or_else(|| dummy_hash().to_owned(), |user| user.password_hash.clone());
    let is_right = verify_password(ctx, input.password, known_hash).await?;
    let user = user.filter(|user| is_right && user.is_active);

    attempt!(ctx, {
        let mut write = ctx.public(Action::SignIn).write(EventType::UserSignedIn).await?;
        let Some(user) = &user else {
            for (key, free) in &keys {
                let before = store::sign_in_attempts::find(&mut write.tx, key).await?;
                let is_over = |at: Timestamp| *key != keys[0].0 && ctx.now().since(at) > ADDRESS_WINDOW;
                let tries = match before {
                    Some(before) if is_over(before.last_at) => {
                        store::sign_in_attempts::clear(&mut write.tx, key).await?;
                        0
                    }
                    before => before.map_or(0, |before| before.failures),
                };
                let until = ctx.now().plus(wait_after(tries + 1, *free));
                store::sign_in_attempts::record_failure(&mut write.tx, key, ctx.now(), Some(until)).await?;
            }
            write.event.actor = email.as_str().to_owned();
            write.event.outcome = Outcome::Denied;
            write.text("Wrong e-mail or password");
            write.commit().await?;
            return Err(Error::Unauthenticated {
                reason: "E-mail or password is wrong. Check both and try again.".into(),
            }
            .into());
        };
        // Not those of the address: one right password must not make room for twenty more guesses at others.
        store::sign_in_attempts::clear(&mut write.tx, &keys[0].0).await?;
        store::users::set_last_activity(&mut write.tx, user.id, ctx.now()).await?;
        let organizations = store::organizations::list_for_user(&mut write.tx, user.id).await?;
        write.event.organization_id = organizations.first().map(|(organization, _)| organization.id);
        write.event.actor.clone_from(&user.email);
        write.event.user_id = Some(user.id);
        write.event.credential = Some("password".into());
        write.text(format!("{} signed in", user.email));
        write.commit().await?;
        Ok(user.id)
    })
}

/// Puts a try that nobody looked at on record, and says how long to wait.
async fn turn_away(ctx: &Context, email: &EmailAddress, lock_out: &LockOut) -> Error {
    let retry_after_seconds = lock_out.until.since(ctx.now()).as_secs() + 1;
    let Some(number) = ctx.control.refusals().count(lock_out, ctx.now()) else {
        return Error::Limited { retry_after_seconds };
    };
    let recorded: Result<(), Error> = attempt!(ctx, {
        let mut write = ctx.public(Action::SignIn).write(EventType::UserSignInRefused).await?;
        write.event.actor = email.as_str().to_owned();
        write.event.outcome = Outcome::Denied;
        let rest = match number {
            REFUSALS_TOLD_MAX => "; further tries until then are not recorded one by one",
            _ => "",
        };
        write.text(format!(
            "Turned away for {retry_after_seconds} more seconds, after too many wrong tries{rest}"
        ));
        write.commit().await
    });
    recorded.err().unwrap_or(Error::Limited { retry_after_seconds })
}

/// Writes the sign-out down. The caller removes the session.
///
/// # Errors
/// `Unauthenticated` when nobody is signed in.
pub async fn sign_out(ctx: &Context) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::SignOut)?;
        let mut write = permit.write(EventType::UserSignedOut).await?;
        let organizations = store::organizations::list_for_user(&mut write.tx, ctx.user()?).await?;
        write.event.organization_id = organizations.first().map(|(organization, _)| organization.id);
        let text = format!("{} signed out", write.event.actor);
        write.text(text);
        write.commit().await?;
        Ok(())
    })
}

/// Who is signed in, and their organizations.
///
/// # Errors
/// `Unauthenticated` when nobody is, or when the account is gone or deactivated.
pub async fn profile(ctx: &Context) -> Result<Profile, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnProfile)?;
        let mut tx = permit.read().await?;
        let user = store::users::find(&mut tx, ctx.user()?).await?.filter(|user| user.is_active);
        let user = user.ok_or_else(|| Error::Unauthenticated { reason: "Sign in first.".into() })?;
        let organizations = store::organizations::list_for_user(&mut tx, user.id).await?;
        Ok(Profile {
            user_id: user.id,
            name: user.name,
            email: user.email,
            organizations: organizations
                .into_iter()
                .map(|(organization, is_super_admin)| OrganizationView {
                    id: organization.id,
                    name: organization.name,
                    is_super_admin,
                })
                .collect(),
            is_simulated: ctx.control.is_simulated(),
        })
    })
}

/// Hashes a new password, at most a few at a time.
pub(crate) async fn hash_password(ctx: &Context, password: &Secret) -> Result<String, Error> {
    let mut salt = [0; passwords::SALT_BYTES];
    ctx.control.random().fill(&mut salt);
    let password = password.clone();
    hashing(ctx, move || passwords::hash(&password, &salt)).await?.map_err(|error| {
        tracing::error!(report = %ctx.request_id(), error, "A password could not be hashed");
        Error::Internal { report: ctx.request_id().to_string() }
    })
}

async fn verify_password(ctx: &Context, password: Secret, hash: String) -> Result<bool, Error> {
    hashing(ctx, move || passwords::verify(&password, &hash)).await
}

async fn hashing<T: Send + 'static>(
    ctx: &Context,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let busy =
        || Error::Unavailable { reason: "Too many people sign in right now. Try again in a moment.".into() };
    let turn = tokio::time::timeout(HASH_WAIT, ctx.control.hashes().acquire()).await.map_err(|_| busy())?;
    let _turn = turn.map_err(|_| busy())?;
    tokio::task::spawn_blocking(work).await.map_err(|_| busy())
}

/// A hash that no password fits, made once.
fn dummy_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        passwords::hash(&Secret::new("no account has this password".into()), &[0; passwords::SALT_BYTES])
            .unwrap_or_default()
    })
}

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

    /// The row of that key, unless it has ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, key_hash: &[u8]) -> Result<Option<SessionRow>, store::Error> {
        let mut tx = self.0.store().read().await?;
        store::sessions::find(&mut tx, key_hash, self.0.now()).await
    }

    /// Makes or replaces a row.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save(&self, row: &SessionRow) -> Result<(), store::Error> {
        let mut tx = self.0.store().write().await?;
        store::sessions::upsert(&mut tx, row).await?;
        tx.commit().await
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
