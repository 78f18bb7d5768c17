//! Server functions of invitations.

use domain::{
    ids::{InvitationId, OrganizationId},
    views::{ChosenInvitation, InvitationRow, InvitedLine, Page, PasswordRule},
};
#[cfg(feature = "ssr")]
use domain::{inputs, secrets::Secret};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links, session,
};

/// The open invitations of an organization, newest first.
#[server(endpoint = "invitations/list", input = GetUrl)]
pub async fn list_invitations(
    organization: OrganizationId,
    #[server(default)] text: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<InvitationRow>, AppError> {
    answer(control::invitations::list(&control()?, organization, &text, after.as_deref()).await)
}

/// Invites people, and says of each line what became of it.
#[server(endpoint = "invitations/invite")]
pub async fn invite_users(
    organization: OrganizationId,
    #[server(default)] emails: String,
    #[server(default)] groups: Vec<String>,
    #[server(default)] granted: Vec<String>,
    #[server(default)] resource: String,
    #[server(default)] days: String,
) -> Result<Vec<InvitedLine>, AppError> {
    let input = inputs::InviteUsers { emails, groups, granted, resource, days };
    answer(control::invitations::invite(&control()?, organization, &input).await)
}

/// Sends invitations again, each with a new link, and says of each what became of it.
#[server(endpoint = "invitations/resend")]
pub async fn resend_invitations(
    organization: OrganizationId,
    #[server(default)] invitations: Vec<InvitationId>,
) -> Result<Vec<ChosenInvitation>, AppError> {
    answer(control::invitations::resend_chosen(&control()?, organization, &invitations).await)
}

/// Takes invitations back, and says of each what became of it.
#[server(endpoint = "invitations/withdraw")]
pub async fn withdraw_invitations(
    organization: OrganizationId,
    #[server(default)] invitations: Vec<InvitationId>,
) -> Result<Vec<ChosenInvitation>, AppError> {
    answer(control::invitations::withdraw_chosen(&control()?, organization, &invitations).await)
}

/// Accepts the invitation of a link for who is signed in.
#[server(endpoint = "invitations/accept")]
pub async fn accept_invitation(#[server(default)] token: String) -> Result<(), AppError> {
    let organization = answer(control::invitations::accept(&control()?, &Secret::new(token)).await)?;
    done(&links::projects(Some(&organization.to_string()), None), "You belong to the organization now.");
    Ok(())
}

/// Says of each rule whether the password meets it of who joins by the link.
#[server(endpoint = "invitations/judge_password")]
pub async fn judge_joining_password(
    #[server(default)] token: String,
    #[server(default)] name: String,
    #[server(default)] password: String,
) -> Result<Vec<PasswordRule>, AppError> {
    let (token, password) = (Secret::new(token), Secret::new(password));
    answer(control::invitations::judge_password(&control()?, &token, name, password).await)
}

/// Accepts it for somebody without an account, makes one and signs in.
#[server(endpoint = "invitations/join")]
pub async fn join_by_invitation(
    #[server(default)] token: String,
    #[server(default)] name: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let input = inputs::JoinByInvitation { token: Secret::new(token), name, password: Secret::new(password) };
    let joined = answer(control::invitations::join(&control()?, input).await)?;
    session::begin(joined.signed_in).await?;
    let projects = links::projects(Some(&joined.organization.to_string()), None);
    done(&projects, "Welcome. You belong to the organization now.");
    Ok(())
}

/// Declines the invitation of a link.
#[server(endpoint = "invitations/decline")]
pub async fn decline_invitation(#[server(default)] token: String) -> Result<(), AppError> {
    answer(control::invitations::decline(&control()?, &Secret::new(token)).await)?;
    done(&links::sign_in(None), "The invitation is declined.");
    Ok(())
}
