//! Server functions of showing once more who one is. Each goes on to `next`, which gets back the form that was held back.

use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{self, control, done, go, hand_on},
    factor_resets::STOPPED,
    factors::{at_field, given_code},
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
    #[server(default)] recovery_code: Option<String>,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let (ctx, (code, field)) = (control()?, given_code(code, recovery_code));
    let is_waiting = is_reset_waiting(&ctx).await;
    let proven = control::step_up::with_code(&ctx, &session::ceremony(), &code).await;
    let proven = context::answer(proven.map_err(|error| at_field(error, field)))?;
    go_on(proven, &next, &held_back, is_waiting).await
}

/// With a security key or passkey.
#[server(endpoint = "step_up/security_key")]
pub async fn step_up_with_security_key(
    #[server(default)] answer: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    let is_waiting = is_reset_waiting(&ctx).await;
    let proven = control::step_up::with_security_key(&ctx, &session::ceremony(), &answer).await;
    go_on(context::answer(proven)?, &next, &held_back, is_waiting).await
}

/// With the password, of who has no second factor.
#[server(endpoint = "step_up/password")]
pub async fn step_up_with_password(
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] held_back: String,
) -> Result<(), AppError> {
    let proven = control::step_up::with_password(&control()?, Secret::new(password)).await;
    go_on(context::answer(proven)?, &next, &held_back, false).await
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

/// Whether somebody is to lose their second factors, which showing one stops.
#[cfg(feature = "ssr")]
async fn is_reset_waiting(ctx: &control::Context) -> bool {
    control::factor_resets::own(ctx).await.is_ok_and(|own| own.waiting.is_some())
}

#[cfg(feature = "ssr")]
async fn go_on(proven: Proven, next: &str, held_back: &str, has_stopped_reset: bool) -> Result<(), AppError> {
    session::prove(proven).await?;
    hand_on(held_back);
    // A form that waits takes the place of what is said.
    match has_stopped_reset && held_back.is_empty() {
        true => done(next, STOPPED),
        false => go(next),
    }
    Ok(())
}
