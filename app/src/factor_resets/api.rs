//! Server functions of resetting second factors.

use domain::ids::{OrganizationId, UserId};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};
#[cfg(feature = "ssr")]
use domain::secrets::Secret;

/// Asks that a member lose their second factors, who lost them all.
#[server(endpoint = "users/ask_factor_reset")]
pub async fn ask_factor_reset(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    let asked = answer(control::factor_resets::ask(&ctx, organization, user, &reason).await)?;
    let told = match control::mails::are_sent(&ctx) {
        true => "They are told, and so is every super admin.",
        false => "There is no mail server that tells them: tell them yourself.",
    };
    done(
        &links::user(&organization.to_string(), &user.to_string()),
        &format!("{} loses their second factors in a day. {told}", asked.email),
    );
    Ok(())
}

/// Takes that back.
#[server(endpoint = "users/withdraw_factor_reset")]
pub async fn withdraw_factor_reset(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    answer(control::factor_resets::withdraw(&control()?, organization, user).await)?;
    done(
        &links::user(&organization.to_string(), &user.to_string()),
        "It is taken back: they keep their second factors.",
    );
    Ok(())
}

/// Objects by the link in the mail.
#[server(endpoint = "factor_resets/object")]
pub async fn object_to_factor_reset(#[server(default)] token: String) -> Result<(), AppError> {
    let secret = Secret::new(token.clone());
    answer(control::factor_resets::object(&control()?, &secret).await)?;
    done(&links::factor_reset(&token), "It is stopped: the second factors stay.");
    Ok(())
}

/// Objects to losing one's own, and goes on to `next`.
#[server(endpoint = "factor_resets/object_own")]
pub async fn object_to_own_factor_reset(#[server(default)] next: String) -> Result<(), AppError> {
    answer(control::factor_resets::object_own(&control()?).await)?;
    let authentication = links::authentication();
    done(links::own_path(&next).unwrap_or(&authentication), "It is stopped: you keep your second factors.");
    Ok(())
}
