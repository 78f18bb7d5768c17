//! Server functions of sessions.

use domain::views::Profile;
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done, go, hand_on},
    links, session,
};

/// Signs in and goes on to `next`, which gets back the form that was `held_back` when the session had ended.
#[server(endpoint = "sign_in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let input = domain::inputs::SignIn { email, password: domain::secrets::Secret::new(password) };
    let step = answer(control::sessions::sign_in(&control()?, input).await)?;
    let control::sessions::SignInStep::Done(signed_in) = step else {
        let reason = "This account asks for a second factor, which this console does not take yet.".into();
        return Err(AppError::Refused(domain::errors::Error::Unavailable { reason }));
    };
    session::begin(signed_in).await?;
    hand_on(&held_back);
    go(links::own_path(&next).unwrap_or("/projects"));
    Ok(())
}

/// Ends the session.
#[server(endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    answer(control::sessions::sign_out(&control()?).await)?;
    session::end().await?;
    done(&links::sign_in(None), "You are signed out.");
    Ok(())
}

/// Who is signed in.
#[server(endpoint = "sessions/profile", input = GetUrl)]
pub async fn view_profile() -> Result<Profile, AppError> {
    answer(control::sessions::profile(&control()?).await)
}
