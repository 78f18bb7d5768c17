//! Server functions of signing in and out, and of sessions.

use domain::{
    ids::{OrganizationId, UserId},
    views::Profile,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Serialize};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{self, answer, control, done, go, hand_on, hold_back},
    factor_resets::STOPPED,
    factors::{at_field, given_code},
    links,
    quantities::count,
    session,
};
#[cfg(feature = "ssr")]
use control::sessions::{SignInStep, SignedIn};
#[cfg(feature = "ssr")]
use domain::secrets::Secret;

/// What the browser is asked: options for `navigator.credentials` in JSON. Its other half is in a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyChallenge {
    /// As WebAuthn's `publicKey` member has them, in an object around it.
    pub options: String,
}

/// Takes e-mail and password, and goes on to `next`, which gets back the form that was `held_back` when the session had
/// ended; before that to the second factor of who has one.
#[server(endpoint = "sign_in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let input = domain::inputs::SignIn { email, password: Secret::new(password) };
    match answer(control::sessions::sign_in(&control()?, input).await)? {
        SignInStep::Done(signed_in) => enter(signed_in, &next, &held_back).await,
        SignInStep::SecondFactor(ceremony) => {
            session::keep_ceremony(&ceremony);
            hold_back(&held_back);
            go(&links::second_factor(links::own_path(&next)));
            Ok(())
        }
    }
}

/// Ends a sign-in with a code: of an authenticator app, or a recovery code.
#[server(endpoint = "sign_in/code")]
pub async fn sign_in_with_code(
    #[server(default)] code: String,
    #[server(default)] recovery_code: Option<String>,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let (ctx, (code, field)) = (control()?, given_code(code, recovery_code));
    let signed_in = control::sessions::sign_in_with_code(&ctx, &session::ceremony(), &code).await;
    enter(answer(signed_in.map_err(|error| at_field(error, field)))?, &next, &held_back).await
}

/// Ends a sign-in with a security key or a passkey, after the password.
#[server(endpoint = "sign_in/security_key")]
pub async fn sign_in_with_security_key(
    #[server(default)] answer: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    let signed_in = control::sessions::sign_in_with_security_key(&ctx, &session::ceremony(), &answer).await;
    enter(context::answer(signed_in)?, &next, &held_back).await
}

/// Begins a sign-in with a passkey alone.
#[server(endpoint = "sign_in/begin_passkey")]
pub async fn begin_passkey_sign_in() -> Result<PasskeyChallenge, AppError> {
    let begun = answer(control::sessions::begin_passkey(&control()?).await)?;
    session::keep_passkey_ceremony(&begun.ceremony);
    Ok(PasskeyChallenge { options: begun.shown })
}

/// Signs in with a passkey alone, whoever it belongs to.
#[server(endpoint = "sign_in/passkey")]
pub async fn sign_in_with_passkey(
    #[server(default)] answer: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    let signed_in =
        control::sessions::sign_in_with_passkey(&ctx, &session::passkey_ceremony(), &answer).await;
    enter(context::answer(signed_in)?, &next, &held_back).await
}

#[cfg(feature = "ssr")]
async fn enter(signed_in: SignedIn, next: &str, held_back: &str) -> Result<(), AppError> {
    let has_stopped_reset = signed_in.has_stopped_reset;
    // What somebody else entered here is not shown to them.
    let held_back = if signed_in.is_same_person { held_back } else { "" };
    session::begin(signed_in).await?;
    hand_on(held_back);
    let path = links::own_path(next).unwrap_or("/projects");
    // A form that waits takes the place of what is said.
    match has_stopped_reset && held_back.is_empty() {
        true => done(path, STOPPED),
        false => go(path),
    }
    Ok(())
}

/// Ends the session; who signs in again then goes on to `next`.
#[server(endpoint = "sign_out")]
pub async fn sign_out(#[server(default)] next: String) -> Result<(), AppError> {
    let ctx = control()?;
    let provider = session::provider_session().await;
    answer(control::sessions::sign_out(&ctx).await)?;
    session::end().await?;
    // It may have to be asked where one signs out there: whatever becomes of that, they are signed out here.
    let remembered = match provider {
        Some(provider) => answer(control::single_sign_on::remember(&ctx, &provider).await)?,
        None => None,
    };
    if let Some(ceremony) = remembered {
        session::keep_ceremony(&ceremony);
        go(&links::signed_out(true));
        return Ok(());
    }
    done(&links::sign_in(links::own_path(&next)), "You are signed out.");
    Ok(())
}

/// Signs one other browser of oneself out.
#[server(endpoint = "sessions/end")]
pub async fn end_session(#[server(default)] id: String) -> Result<(), AppError> {
    answer(control::sessions::end(&control()?, &id).await)?;
    done(&links::own_sessions(), "That browser is signed out.");
    Ok(())
}

/// Signs all other browsers of oneself out.
#[server(endpoint = "sessions/end_others")]
pub async fn end_other_sessions() -> Result<(), AppError> {
    answer(control::sessions::end_others(&control()?).await)?;
    done(&links::own_sessions(), "You are signed in here and nowhere else.");
    Ok(())
}

/// Signs a member out everywhere.
#[server(endpoint = "users/end_sessions")]
pub async fn end_user_sessions(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    let ended = answer(control::sessions::end_all_of(&control()?, organization, user).await)?;
    let ended = count(i64::try_from(ended).unwrap_or(i64::MAX), "browser");
    done(
        &links::user(&organization.to_string(), &user.to_string()),
        &format!("They are signed out of {ended}."),
    );
    Ok(())
}

/// Who is signed in.
#[server(endpoint = "sessions/profile", input = GetUrl)]
pub async fn view_profile() -> Result<Profile, AppError> {
    answer(control::sessions::profile(&control()?).await)
}
