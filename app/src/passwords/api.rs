//! Server functions of passwords.

use domain::{
    ids::{OrganizationId, UserId},
    views::PasswordRule,
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
    quantities::count,
};
#[cfg(feature = "ssr")]
use domain::{inputs, secrets::Secret};

/// Changes one's own password.
#[server(endpoint = "passwords/change")]
pub async fn change_password(
    #[server(default)] old_password: String,
    #[server(default)] password: String,
    #[server(default)] end_other_sessions: bool,
) -> Result<(), AppError> {
    let (old_password, password) = (Secret::new(old_password), Secret::new(password));
    let input = inputs::ChangePassword { old_password, password, end_other_sessions };
    let ended = answer(control::passwords::change(&control()?, input).await)?;
    let others = match (end_other_sessions, i64::try_from(ended).unwrap_or(i64::MAX)) {
        (false, _) => String::new(),
        (true, 0) => " You were signed in nowhere else.".to_owned(),
        (true, ended) => format!(" You are signed out of {}.", count(ended, "other browser")),
    };
    done(&links::authentication(), &format!("Your password is changed.{others}"));
    Ok(())
}

/// Says of each rule whether a new password for oneself meets it.
#[server(endpoint = "passwords/judge_own")]
pub async fn judge_own_password(#[server(default)] password: String) -> Result<Vec<PasswordRule>, AppError> {
    answer(control::passwords::judge_own(&control()?, Secret::new(password)).await)
}

/// Says of each rule whether the password of somebody meets it who has no account yet. `name`, `email` and `organization` are
/// what they have typed beside it, or what is known of them.
#[server(endpoint = "passwords/judge")]
pub async fn judge_password(
    #[server(default)] password: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] organization: String,
) -> Result<Vec<PasswordRule>, AppError> {
    let words = vec![name, email, organization];
    answer(control::passwords::judge(&control()?, Secret::new(password), words).await)
}

/// Says of each rule whether the new password meets it of whom the mailed link was sent to.
#[server(endpoint = "passwords/judge_by_link")]
pub async fn judge_password_by_link(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<Vec<PasswordRule>, AppError> {
    let (token, password) = (Secret::new(token), Secret::new(password));
    answer(control::passwords::judge_by_link(&control()?, &token, password).await)
}

/// Has a link mailed that sets a new password. Whether the address belongs to anybody is not told.
#[server(endpoint = "passwords/ask_reset")]
pub async fn ask_password_reset(#[server(default)] email: String) -> Result<(), AppError> {
    answer(control::passwords::ask_reset(&control()?, &email).await)?;
    let email = email.trim();
    let told = match control::mails::are_sent(&control()?) {
        true => {
            format!("If {email} has an account here, a link that sets a new password is on its way there.")
        }
        false => format!(
            "If {email} has an account here, a link that sets a new password was made. This installation has no mail server: \
             whoever operates it can hand the link on."
        ),
    };
    done(&links::sign_in(None), &told);
    Ok(())
}

/// Sets a new password by the mailed link.
#[server(endpoint = "passwords/reset")]
pub async fn reset_password(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let input = inputs::ResetPassword { token: Secret::new(token), password: Secret::new(password) };
    answer(control::passwords::reset(&control()?, &input).await)?;
    done(
        &links::sign_in(None),
        "Your new password is set, and you are signed out everywhere. Sign in with it.",
    );
    Ok(())
}

/// Has such a link mailed to a member.
#[server(endpoint = "users/ask_password_reset")]
pub async fn ask_password_reset_for(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    answer(control::passwords::ask_reset_for(&control()?, organization, user).await)?;
    let told = match control::mails::are_sent(&control()?) {
        true => {
            "A link that sets a new password is on its way to them. Their password works until they use it."
        }
        false => {
            "A link that sets a new password was made, but there is no mail server that sends it: ask whoever operates \
             this installation to hand it on."
        }
    };
    done(&links::user(&organization.to_string(), &user.to_string()), told);
    Ok(())
}
