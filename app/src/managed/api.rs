//! Server functions of managed accounts.

use domain::ids::{OrganizationId, TokenId, UserId};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// Shuts an account out everywhere.
#[server(endpoint = "managed/deactivate")]
pub async fn deactivate_managed(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    answer(control::managed::deactivate(&control()?, organization, user).await)?;
    done(&path(organization, user), "The account is deactivated everywhere.");
    Ok(())
}

/// Lets an account in again.
#[server(endpoint = "managed/reactivate")]
pub async fn reactivate_managed(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    answer(control::managed::reactivate(&control()?, organization, user).await)?;
    done(&path(organization, user), "The account is active again.");
    Ok(())
}

/// Deletes an account.
#[server(endpoint = "managed/delete")]
pub async fn delete_managed(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::managed::delete(&control()?, organization, user, &confirmation).await)?;
    done(&links::managed_users(&organization.to_string(), &[]), "The account is deleted.");
    Ok(())
}

/// Mails a link that sets a new password.
#[server(endpoint = "managed/ask_password_reset")]
pub async fn ask_managed_password_reset(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    answer(control::managed::ask_password_reset(&control()?, organization, user).await)?;
    done(&path(organization, user), "They are sent a link that sets a new password.");
    Ok(())
}

/// Ends a token.
#[server(endpoint = "managed/revoke_token")]
pub async fn revoke_managed_token(
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
) -> Result<(), AppError> {
    answer(control::managed::revoke_token(&control()?, organization, user, token).await)?;
    done(&path(organization, user), "The token is revoked.");
    Ok(())
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, user: UserId) -> String {
    links::managed_user(&organization.to_string(), &user.to_string(), &[])
}
