//! Server functions of application users and their tokens. Making and replacing a token are none: their answer is shown by
//! the page that they are sent to, once.

#[cfg(feature = "ssr")]
use domain::inputs::EditToken;
use domain::{
    ids::{OrganizationId, TokenId, UserId},
    views::{ApplicationUserView, TokenRow},
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
    tokens::api::{edited, revoked_notice},
};

/// Makes an application user.
#[server(endpoint = "application_users/create")]
pub async fn create_application_user(
    organization: OrganizationId,
    #[server(default)] name: String,
    #[server(default)] description: String,
) -> Result<ApplicationUserView, AppError> {
    let ctx = control()?;
    let made = control::application_users::create(&ctx, organization, &name, &description);
    let made = answer(made.await)?;
    done(
        &path(organization, made.row.user_id),
        &format!("{} is ready. Give it what it needs.", made.row.name),
    );
    Ok(made)
}

/// Changes what an application user is called and what it is for.
#[server(endpoint = "application_users/edit")]
pub async fn edit_application_user(
    organization: OrganizationId,
    user: UserId,
    generation: i64,
    #[server(default)] name: String,
    #[server(default)] description: String,
) -> Result<ApplicationUserView, AppError> {
    let ctx = control()?;
    let edited = control::application_users::edit(&ctx, organization, user, generation, &name, &description);
    let edited = answer(edited.await)?;
    done(&path(organization, user), &format!("{} is changed.", edited.row.name));
    Ok(edited)
}

/// Deletes an application user with its tokens.
#[server(endpoint = "application_users/delete")]
pub async fn delete_application_user(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::application_users::delete(&control()?, organization, user, &confirmation).await)?;
    let path = links::application_users(&organization.to_string(), &[]);
    done(&path, &format!("{} is deleted; its tokens are refused from now on.", confirmation.trim()));
    Ok(())
}

/// Changes what a token of an application user is for and from where it may be used.
#[server(endpoint = "application_users/edit_token")]
pub async fn edit_application_token(
    organization: OrganizationId,
    user: UserId,
    id: TokenId,
    generation: i64,
    #[server(default)] description: String,
    #[server(default)] ip_ranges: String,
) -> Result<TokenRow, AppError> {
    let (ctx, input) = (control()?, EditToken { description, ip_ranges, generation });
    let edited_token = control::application_users::edit_token(&ctx, organization, user, id, &input).await;
    let token = answer(edited_token)?;
    let path = links::application_token(&organization.to_string(), &user.to_string(), &id.to_string());
    done(&path, &edited(&token));
    Ok(token)
}

/// Ends a token of an application user.
#[server(endpoint = "application_users/revoke_token")]
pub async fn revoke_application_token(
    organization: OrganizationId,
    user: UserId,
    id: TokenId,
) -> Result<(), AppError> {
    answer(control::application_users::revoke_token(&control()?, organization, user, id).await)?;
    done(&path(organization, user), "The token is revoked.");
    Ok(())
}

/// Ends several tokens of an application user.
#[server(endpoint = "application_users/revoke_chosen_tokens")]
pub async fn revoke_chosen_application_tokens(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] ids: Vec<TokenId>,
) -> Result<i64, AppError> {
    let ctx = control()?;
    let revoked = control::application_users::revoke_chosen_tokens(&ctx, organization, user, &ids);
    let revoked = answer(revoked.await)?;
    done(&path(organization, user), &revoked_notice(revoked));
    Ok(revoked)
}

/// Ends all tokens of an application user, or those that were not used for so many days.
#[server(endpoint = "application_users/revoke_tokens")]
pub async fn revoke_application_tokens(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] unused_days: String,
) -> Result<i64, AppError> {
    let ctx = control()?;
    let revoked = control::application_users::revoke_tokens(&ctx, organization, user, &unused_days);
    let revoked = answer(revoked.await)?;
    done(&path(organization, user), &revoked_notice(revoked));
    Ok(revoked)
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, user: UserId) -> String {
    links::application_user(&organization.to_string(), &user.to_string(), &[])
}
