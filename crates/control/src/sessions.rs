//! Signing in and out, and who is signed in.

mod devices;
mod hashes;
mod lock_outs;
mod rows;

use std::sync::OnceLock;

use domain::{
    actions::Action,
    errors::{Error, wait},
    events::EventType,
    ids::{OrganizationId, UserId},
    inputs::SignIn,
    names::EmailAddress,
    principals::UserKind,
    secrets::Secret,
    sign_ins::Proof,
    states::Outcome,
    timestamps::Timestamp,
    views::Profile,
};
use identity::passwords;
use store::{Tx, users::User};
use uuid::Uuid;

use crate::{Context, errors::attempt, organizations};

pub use devices::LIFETIME as DEVICE_LIFETIME;
pub(crate) use hashes::Hashes;
pub(crate) use lock_outs::Refusals;
use lock_outs::{LockOut, REFUSALS_TOLD_MAX};
pub use rows::Rows;

/// A row behind a session cookie, as the server's session layer keeps it.
pub use store::sessions::Row as SessionRow;

/// Somebody who has just signed in.
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// What their device is to bring the next time: with it, wrong tries of strangers do not keep them waiting.
    pub device: Secret,
    /// What they showed.
    pub proof: Proof,
    /// When.
    pub proven_at: Timestamp,
}

impl SignedIn {
    pub(crate) fn new(ctx: &Context, user: UserId, proof: Proof) -> Self {
        Self { user, device: devices::mark(&ctx.control, user), proof, proven_at: ctx.now() }
    }
}

/// Signs in with e-mail and password.
///
/// # Errors
/// `Unauthenticated` when they do not fit, with the same words whether the e-mail is known or not; `Limited` after
/// too many tries; `Unavailable` when too many try at the same moment.
pub async fn sign_in(ctx: &Context, input: SignIn) -> Result<SignedIn, Error> {
    let email: EmailAddress = input.email.parse().map_err(|error| Error::name("email", error))?;
    let (account, counters, lock_out) = attempt!(ctx, {
        let mut tx = ctx.public(Action::SignIn).read().await?;
        let account = Account::find(&mut tx, &email).await?;
        let device = account.user.as_ref().zip(ctx.origin().device.as_ref());
        let device = device.and_then(|(user, mark)| devices::read(&ctx.control, user.id, mark));
        let counters = lock_outs::counters(ctx.origin().address, &email, device);
        let lock_out = lock_outs::find(&mut tx, &counters, ctx.now()).await?;
        Ok((account, counters, lock_out))
    })?;
    if let Some(lock_out) = lock_out {
        return Err(turn_away(ctx, &account, &lock_out).await);
    }

    let place = ctx.control.hashes().place().ok_or_else(busy)?;
    let counted = match attempt!(ctx, { Ok(lock_outs::count(&ctx.control, &counters).await?) })? {
        Ok(counted) => counted,
        Err(lock_out) => return Err(turn_away(ctx, &account, &lock_out).await),
    };
    // An unknown e-mail costs the same hash as a known one.
    let hash =
        account.user.as_ref().map_or_else(|| dummy_hash().to_owned(), |user| user.password_hash.clone());
    let Some(is_right) = place.work(move || passwords::verify(&input.password, &hash)).await else {
        // If it cannot be taken back, it stays counted.
        let _: Result<(), Error> = attempt!(ctx, { Ok(counted.take_back(&ctx.control).await?) });
        return Err(busy());
    };
    let user = account.user.as_ref().filter(|user| is_right && user.is_active);

    attempt!(ctx, {
        let mut write = ctx.public(Action::SignIn).write(EventType::UserSignedIn).await?;
        write.of_organizations(&account.organizations).event.actor = account.email.clone();
        let Some(user) = user else {
            write.event.outcome = Outcome::Denied;
            write.text("Wrong e-mail or password");
            write.commit().await?;
            return Err(Error::Unauthenticated {
                reason: "E-mail or password is wrong. Check both and try again.".into(),
            }
            .into());
        };
        counted.forgive(&mut write.tx).await?;
        store::users::set_last_activity(&mut write.tx, user.id, ctx.now()).await?;
        write.event.user_id = Some(user.id);
        write.event.credential = Some("password".into());
        write.text(format!("{} signed in", user.email));
        write.commit().await?;
        Ok(SignedIn::new(ctx, user.id, Proof::PASSWORD))
    })
}

/// Whom an e-mail address belongs to, if to anybody, and in whose log their sign-ins are.
struct Account {
    email: String,
    user: Option<User>,
    organizations: Vec<OrganizationId>,
}

impl Account {
    async fn find(tx: &mut Tx, email: &EmailAddress) -> Result<Self, store::Error> {
        let user = store::users::find_by_email(tx, email.as_str()).await?;
        // Application users have no password; nobody is to learn that the address is one of them.
        let user = user.filter(|user| user.kind == UserKind::Person);
        // Asked for nobody as well, so that both take the same time.
        let id = user.as_ref().map_or_else(|| UserId::from_uuid(Uuid::nil()), |user| user.id);
        let organizations = store::organizations::list_for_user(tx, id).await?;
        let organizations = organizations.into_iter().map(|(organization, _)| organization.id).collect();
        Ok(Self { email: email.as_str().to_owned(), user, organizations })
    }
}

/// Puts a try that nobody looked at on record, and says how long to wait.
async fn turn_away(ctx: &Context, account: &Account, lock_out: &LockOut) -> Error {
    let micros = lock_out.until.since(ctx.now()).as_micros();
    let retry_after_seconds = u64::try_from(micros.div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1);
    let Some(number) = ctx.control.refusals().count(lock_out, ctx.now()) else {
        return Error::limited(retry_after_seconds);
    };
    let recorded: Result<(), Error> = attempt!(ctx, {
        let mut write = ctx.public(Action::SignIn).write(EventType::UserSignInRefused).await?;
        write.of_organizations(&account.organizations).event.actor = account.email.clone();
        write.event.outcome = Outcome::Denied;
        let rest = match number {
            REFUSALS_TOLD_MAX => "; further tries until then are not recorded one by one",
            _ => "",
        };
        let wait = wait(retry_after_seconds);
        write.text(format!("Turned away for another {wait}, after too many wrong tries{rest}"));
        write.commit().await
    });
    recorded.err().unwrap_or_else(|| Error::limited(retry_after_seconds))
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
        let ids: Vec<_> = organizations.iter().map(|(organization, _)| organization.id).collect();
        write.of_organizations(&ids);
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
        let organizations = store::access::on_organizations(&mut tx, user.id, ctx.now()).await?;
        Ok(Profile {
            user_id: user.id,
            name: user.name,
            email: user.email,
            organizations: organizations.into_iter().map(|access| organizations::draw(ctx, access)).collect(),
            is_simulated: ctx.control.is_simulated(),
        })
    })
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
