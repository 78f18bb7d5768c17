//! Signing in with a second factor, after the right password.

use domain::{
    actions::Action,
    errors::Error,
    secrets::Secret,
    sign_ins::{CeremonyKind, Proof},
    views::SecondFactorView,
};

use super::{
    SignedIn,
    accounts::complete,
    proofs::{self, Answer, Shown},
};
use crate::{Context, errors::attempt};

/// What the page that asks for the second factor shows.
///
/// # Errors
/// `Unauthenticated` when the sign-in took too long, was answered already, or never began.
pub async fn second_factor(ctx: &Context, ceremony: &Secret) -> Result<SecondFactorView, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::SignIn).read().await?;
        let (found, user) = proofs::find(ctx, &mut tx, ceremony, CeremonyKind::SecondFactor).await?;
        let held = store::factors::list_for_user(&mut tx, user.id).await?;
        let kinds = proofs::kinds(&mut tx, user.id, &held).await?;
        let reset = store::factor_resets::find_open(&mut tx, user.id).await?;
        let reset_due_at = reset.map(|reset| reset.due_at);
        Ok(SecondFactorView { email: user.email, kinds, options: found.state.options(), reset_due_at })
    })
}

/// Ends a sign-in with a code of an authenticator app or a recovery code, which are told apart by their form.
///
/// # Errors
/// `Invalid` on `code` when it is wrong; `Unauthenticated` when too many were, or the sign-in took too long; `Limited` after
/// too many wrong ones.
pub async fn sign_in_with_code(ctx: &Context, ceremony: &Secret, code: &Secret) -> Result<SignedIn, Error> {
    attempt!(ctx, { answer(ctx, ceremony, Answer::Code(code)).await })
}

/// Ends a sign-in with a security key or a passkey.
///
/// # Errors
/// As [`sign_in_with_code`], but `Invalid` on `answer`.
pub async fn sign_in_with_security_key(
    ctx: &Context,
    ceremony: &Secret,
    response: &str,
) -> Result<SignedIn, Error> {
    attempt!(ctx, { answer(ctx, ceremony, Answer::Credential(response)).await })
}

async fn answer(
    ctx: &Context,
    ceremony: &Secret,
    answer: Answer<'_>,
) -> Result<SignedIn, crate::errors::Failure> {
    let permit = ctx.public(Action::SignIn);
    let shown = proofs::answer(ctx, &permit, ceremony, CeremonyKind::SecondFactor, answer).await?;
    let Shown { write, account, user, factor } = shown;
    complete(ctx, write, &account, &user, Proof::password_and(factor)).await
}
