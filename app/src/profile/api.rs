//! Server functions of oneself.

#[cfg(feature = "ssr")]
use domain::views::ProfileTexts;
use domain::{
    ids::{InvitationId, OrganizationId},
    views::{OrganizationView, OwnProfile},
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// Changes one's own profile.
#[server(endpoint = "profile/edit")]
pub async fn edit_profile(
    generation: i64,
    #[server(default)] name: String,
    #[server(default)] job_title: String,
    #[server(default)] department: String,
    #[server(default)] city: String,
    #[server(default)] country: String,
) -> Result<OwnProfile, AppError> {
    let texts = ProfileTexts { name, job_title, department, city, country };
    let profile = answer(control::profiles::edit_own(&control()?, generation, &texts).await)?;
    done(&links::profile(), "Your profile is saved.");
    Ok(profile)
}

/// Leaves an organization.
#[server(endpoint = "profile/leave")]
pub async fn leave_organization(
    organization: OrganizationId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::profiles::leave(&control()?, organization, &confirmation).await)?;
    done(&links::own_organizations(), &format!("You have left {}.", confirmation.trim()));
    Ok(())
}

/// Makes an organization, whose super admin one is.
#[server(endpoint = "organizations/create")]
pub async fn create_organization(#[server(default)] name: String) -> Result<OrganizationView, AppError> {
    let made = answer(control::organizations::create(&control()?, &name).await)?;
    done(
        &links::organization(&made.id.to_string()),
        &format!("{} is ready. You are its super admin.", made.name),
    );
    Ok(made)
}

/// Accepts an invitation of one's own.
#[server(endpoint = "profile/accept_invitation")]
pub async fn accept_own_invitation(invitation: InvitationId) -> Result<OrganizationId, AppError> {
    let organization = answer(control::invitations::accept_own(&control()?, invitation).await)?;
    done(&links::projects(Some(&organization.to_string()), None), "You belong to this organization now.");
    Ok(organization)
}

/// Declines an invitation of one's own.
#[server(endpoint = "profile/decline_invitation")]
pub async fn decline_own_invitation(invitation: InvitationId) -> Result<(), AppError> {
    answer(control::invitations::decline_own(&control()?, invitation).await)?;
    done(&links::own_organizations(), "The invitation is declined.");
    Ok(())
}
