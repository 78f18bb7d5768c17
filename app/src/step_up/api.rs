//! Server functions of showing once more who one is. Each goes on to `next`, which gets back the form that was held back.

use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{self, control, go, hand_on},
    session,
};
#[cfg(feature = "ssr")]
use control::step_up::Proven;
#[cfg(feature = "ssr")]
use domain::secrets::Secret;

/// With a code: of an authenticator app, or a recovery code.
#[server(endpoint = "step_up/code")]
pub async fn step_up_with_code(
    #[server(default)] code: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let (ctx, code) = (control()?, Secret::new(code));
    let proven = context::answer(control::step_up::with_code(&ctx, &session::ceremony(), &code).await)?;
    go_on(proven, &next, &held_back).await
}

/// With a security key or passkey.
#[server(endpoint = "step_up/security_key")]
pub async fn step_up_with_security_key(
    #[server(default)] answer: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    let proven = control::step_up::with_security_key(&ctx, &session::ceremony(), &answer).await;
    go_on(context::answer(proven)?, &next, &held_back).await
}

/// With the password, of who has no second factor.
#[server(endpoint = "step_up/password")]
pub async fn step_up_with_password(
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let proven = control::step_up::with_password(&control()?, Secret::new(password)).await;
    go_on(context::answer(proven)?, &next, &held_back).await
}

/// Goes back without it. What was entered is shown again.
#[server(endpoint = "step_up/cancel")]
pub async fn cancel_step_up(
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    hand_on(&held_back);
    go(&next);
    Ok(())
}

#[cfg(feature = "ssr")]
async fn go_on(proven: Proven, next: &str, held_back: &str) -> Result<(), AppError> {
    session::prove(proven).await?;
    hand_on(held_back);
    go(next);
    Ok(())
}
