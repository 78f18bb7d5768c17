//! Signing in and out, and who is signed in. Second factors are asked for in `second_factors`, one's own sessions listed in
//! `own`; what is shown is looked at in `passwords` and `proofs`.

pub(crate) mod accounts;
mod devices;
mod hashes;
pub(crate) mod lock_outs;
mod own;
mod passkeys;
pub(crate) mod passwords;
pub(crate) mod proofs;
mod rows;
mod second_factors;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::UserId,
    inputs::SignIn,
    names::EmailAddress,
    principals::UserKind,
    secrets::Secret,
    sign_ins::{CeremonyKind, Proof},
    states::Outcome,
    timestamps::Timestamp,
    views::Profile,
};

use identity::passwords::CHARS_MIN_SINGLE_FACTOR;

use crate::{Context, ceremonies, errors::attempt, organizations};
use accounts::{Account, complete};

pub use devices::LIFETIME as DEVICE_LIFETIME;
pub(crate) use hashes::Hashes;
pub(crate) use lock_outs::Refusals;
pub use own::{SESSIONS_SHOWN_MAX, end, end_all_of, end_others, own};
pub use passkeys::{begin_passkey, sign_in_with_passkey};
pub(crate) use passwords::hash_password;
pub use rows::Rows;
pub use second_factors::{second_factor, sign_in_with_code, sign_in_with_security_key};

/// A row behind a session cookie, as the server's session layer keeps it.
pub use store::sessions::Row as SessionRow;

/// Bytes of what events call a session.
const SESSION_NAME_BYTES: usize = 6;

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
    /// Whether whoever signed in last in this browser was they: what was entered there is theirs.
    pub is_same_person: bool,
    /// Whether their second factors were to be removed, which what they showed has stopped.
    pub has_stopped_reset: bool,
    /// What events call the session that begins: it stays the same when its id changes, and opens nothing.
    pub session_name: String,
}

impl SignedIn {
    pub(crate) fn new(ctx: &Context, user: UserId, proof: Proof) -> Self {
        let device = devices::mark(&ctx.control, user);
        let mark = ctx.origin().device.as_ref();
        let is_same_person = mark.is_some_and(|mark| devices::read(&ctx.control, user, mark).is_some());
        let mut name = [0; SESSION_NAME_BYTES];
        ctx.control.random().fill(&mut name);
        let session_name = name.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            user,
            device,
            proof,
            proven_at: ctx.now(),
            is_same_person,
            has_stopped_reset: false,
            session_name,
        }
    }
}

/// What follows the right password.
pub enum SignInStep {
    /// They are signed in.
    Done(SignedIn),
    /// They have a second factor and are to show it, in the ceremony of that id.
    SecondFactor(Secret),
}

/// Signs in with e-mail and password. Who has a second factor is asked for it next.
///
/// # Errors
/// `Unauthenticated` when they do not fit, with the same words whether the e-mail is known or not; `Invalid` on `password` when
/// it is right and too short for who has no second factor; `Limited` after too many tries; `Unavailable` when too many try at
/// the same moment.
pub async fn sign_in(ctx: &Context, input: SignIn) -> Result<SignInStep, Error> {
    let email: EmailAddress = input.email.parse().map_err(|error| Error::name("email", error))?;
    let permit = ctx.public(Action::SignIn);
    let account = attempt!(ctx, { Account::find(&mut permit.read().await?, &email).await })?;
    let chars = identity::passwords::chars(&input.password);
    let looked =
        passwords::look_at(ctx, &permit, EventType::UserSignInRefused, &account, input.password).await?;
    attempt!(ctx, {
        let mut write = permit.write(EventType::UserSignedIn).await?;
        let Some(user) = looked.owner(&mut write, &account).await? else {
            account.name_in_refusal(&mut write);
            write.event.event_type = EventType::UserSignInRefused;
            write.text(format!("Wrong e-mail or password for {}", account.email));
            write.commit().await?;
            return Err(Error::Unauthenticated {
                reason: "E-mail or password is wrong. Check both and try again.".into(),
            }
            .into());
        };
        account.name_in(&mut write);
        let held = store::factors::list_for_user(&mut write.tx, user.id).await?;
        // It was chosen beside a factor that is gone; only who knows it learns of it. What their organizations ask counts when
        // a password is set: the preview of a policy could not name whom it turns away, since lengths are not kept.
        if held.is_empty() && chars < CHARS_MIN_SINGLE_FACTOR {
            write.event.event_type = EventType::UserSignInRefused;
            write.event.outcome = Outcome::Denied;
            write.text("The password was right, and is too short to be the only factor");
            write.commit().await?;
            return Err(Error::invalid("password", too_short_alone()).into());
        }
        if held.is_empty() {
            return Ok(SignInStep::Done(complete(ctx, write, &account, &user, Proof::PASSWORD).await?));
        }
        let (kind, question) = (CeremonyKind::SecondFactor, proofs::question(ctx, user.id, &held, None)?);
        let ceremony = ceremonies::begin(&ctx.control, &mut write.tx, kind, Some(user.id), &question).await?;
        write.event.event_type = EventType::UserSecondFactorAsked;
        write.event.user_id = Some(user.id);
        write.event.credential = Some("password".into());
        write.text(format!("The password of {} was right; a second factor is asked for", user.email));
        write.commit().await?;
        Ok(SignInStep::SecondFactor(ceremony))
    })
}

/// What is said of a right password that is too short.
fn too_short_alone() -> String {
    format!(
        "You have no second factor, and your password is too short to open your account alone: it takes at least \
         {CHARS_MIN_SINGLE_FACTOR} characters. Set a new one by a mailed link: “Forgot your password?”"
    )
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
            kind: user.kind,
            name: user.name,
            email: (user.kind == UserKind::Person).then_some(user.email),
            organizations: organizations.into_iter().map(|access| organizations::draw(ctx, access)).collect(),
            is_simulated: ctx.control.is_simulated(),
        })
    })
}
