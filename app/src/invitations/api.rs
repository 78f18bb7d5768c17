//! Server functions of invitations.

#[cfg(feature = "ssr")]
use domain::{errors::Error, inputs, secrets::Secret};
use domain::{
    ids::{InvitationId, OrganizationId},
    views::{InvitationRow, InvitedLine, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
    quantities::count,
    session,
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

/// Sends invitations again, each with a new link.
#[server(endpoint = "invitations/resend")]
pub async fn resend_invitations(
    organization: OrganizationId,
    #[server(default)] invitations: Vec<InvitationId>,
) -> Result<(), AppError> {
    let ctx = control()?;
    for (done, id) in invitations.iter().enumerate() {
        let resent = control::invitations::resend(&ctx, organization, *id).await;
        answer(resent.map_err(|error| stopped(error, done)))?;
    }
    done(
        &links::invitations(&organization.to_string(), &[]),
        &told(invitations.len(), "sent again, and the links before"),
    );
    Ok(())
}

/// Takes invitations back.
#[server(endpoint = "invitations/withdraw")]
pub async fn withdraw_invitations(
    organization: OrganizationId,
    #[server(default)] invitations: Vec<InvitationId>,
) -> Result<(), AppError> {
    let ctx = control()?;
    for (done, id) in invitations.iter().enumerate() {
        let withdrawn = control::invitations::withdraw(&ctx, organization, *id).await;
        answer(withdrawn.map_err(|error| stopped(error, done)))?;
    }
    done(
        &links::invitations(&organization.to_string(), &[]),
        &told(invitations.len(), "taken back: the links"),
    );
    Ok(())
}

/// Accepts the invitation of a link for who is signed in.
#[server(endpoint = "invitations/accept")]
pub async fn accept_invitation(#[server(default)] token: String) -> Result<(), AppError> {
    let organization = answer(control::invitations::accept(&control()?, &Secret::new(token)).await)?;
    done(&links::projects(Some(&organization.to_string()), None), "You belong to the organization now.");
    Ok(())
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

/// Why one of many was refused; those that were done before stay done.
#[cfg(feature = "ssr")]
fn stopped(error: Error, done: usize) -> Error {
    match done {
        0 => error,
        _ => Error::conflict(format!("{error} Those above it in the list were done before.")),
    }
}

#[cfg(feature = "ssr")]
fn told(number: usize, what: &str) -> String {
    match number {
        0 => "No invitation was chosen.".to_owned(),
        _ => {
            let number = count(i64::try_from(number).unwrap_or(i64::MAX), "invitation");
            format!("{number} {what} open nothing any more.")
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_before_a_refusal_is_said() {
        assert_eq!(stopped(Error::NotFound, 0), Error::NotFound);
        assert!(stopped(Error::conflict("Accepted."), 2).to_string().contains("Accepted. Those above it"));
    }

    #[test]
    fn notices_count() {
        assert_eq!(told(0, "sent again"), "No invitation was chosen.");
        assert_eq!(
            told(1, "taken back: the links"),
            "1 invitation taken back: the links open nothing any more."
        );
    }
}
