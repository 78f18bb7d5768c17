//! Server functions of an organization's people.

#[cfg(feature = "ssr")]
use domain::{errors::Error, inputs::MemberFilter};
use domain::{
    ids::{OrganizationId, UserId},
    views::{Effects, MemberRow, MemberView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done, wants_html},
    links,
};

/// Who belongs to an organization, by e-mail address.
#[server(endpoint = "users/list", input = GetUrl)]
pub async fn list_users(
    organization: OrganizationId,
    #[server(default)] text: String,
    #[server(default)] state: String,
    #[server(default)] idle_days: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<MemberRow>, AppError> {
    let filter = MemberFilter { text, state, idle_days };
    answer(control::users::list(&control()?, organization, &filter, after.as_deref()).await)
}

/// One of them.
#[server(endpoint = "users/view", input = GetUrl)]
pub async fn view_user(organization: OrganizationId, user: UserId) -> Result<MemberView, AppError> {
    answer(control::users::view(&control()?, organization, user).await)
}

/// What removing or deactivating somebody would take away.
#[server(endpoint = "users/preview_remove", input = GetUrl)]
pub async fn preview_user_removal(organization: OrganizationId, user: UserId) -> Result<Effects, AppError> {
    answer(control::users::preview_remove(&control()?, organization, user).await)
}

/// Shuts somebody out, leaving what they hold in place.
#[server(endpoint = "users/deactivate")]
pub async fn deactivate_user(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    let ctx = control()?;
    answer(control::users::deactivate(&ctx, organization, user).await)?;
    told(&ctx, organization, user, "is deactivated.").await;
    Ok(())
}

/// Lets somebody in again.
#[server(endpoint = "users/reactivate")]
pub async fn reactivate_user(organization: OrganizationId, user: UserId) -> Result<(), AppError> {
    let ctx = control()?;
    answer(control::users::reactivate(&ctx, organization, user).await)?;
    told(&ctx, organization, user, "is reactivated.").await;
    Ok(())
}

/// Removes somebody with all they hold.
#[server(endpoint = "users/remove")]
pub async fn remove_user(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::users::remove(&control()?, organization, user, &confirmation).await)?;
    done(&links::users(&organization.to_string(), &[]), &format!("{} is removed.", confirmation.trim()));
    Ok(())
}

/// What making somebody a super admin would do, or removing that.
#[server(endpoint = "users/preview_super_admin", input = GetUrl)]
pub async fn preview_super_admin(organization: OrganizationId, user: UserId) -> Result<Effects, AppError> {
    answer(control::users::preview_super_admin(&control()?, organization, user).await)
}

/// Makes somebody a super admin, or no longer.
#[server(endpoint = "users/set_super_admin")]
pub async fn set_super_admin(
    organization: OrganizationId,
    user: UserId,
    is_super_admin: bool,
) -> Result<(), AppError> {
    let ctx = control()?;
    match control::users::set_super_admin(&ctx, organization, user, is_super_admin).await {
        // The page that this came from would ask for the opposite now.
        Err(Error::Conflict { reason }) if wants_html() => {
            done(&links::user(&organization.to_string(), &user.to_string()), &reason);
            return Ok(());
        }
        other => answer(other)?,
    }
    let became = if is_super_admin { "is a super admin now." } else { "is no longer a super admin." };
    told(&ctx, organization, user, became).await;
    Ok(())
}

/// Goes back to somebody's page and says there what became of them.
#[cfg(feature = "ssr")]
async fn told(ctx: &control::Context, organization: OrganizationId, user: UserId, became: &str) {
    let found = control::users::view(ctx, organization, user).await;
    let who = found.map_or_else(|_| "The user".to_owned(), |member| member.row.email);
    done(&links::user(&organization.to_string(), &user.to_string()), &format!("{who} {became}"));
}
