//! Server functions of SCIM. What makes a token is sent to the page, which shows it once.

use domain::ids::{IdentityProviderId, OrganizationId, ScimTokenId};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

#[cfg(feature = "ssr")]
pub(super) const SWITCH_ON: &str = "/api/scim/switch_on";
#[cfg(feature = "ssr")]
pub(super) const SWITCH_OFF: &str = "/api/scim/switch_off";
#[cfg(feature = "ssr")]
pub(super) const REMOVE_TOKEN: &str = "/api/scim/remove_token";

/// Switches SCIM on for an identity provider.
#[server(endpoint = "scim/switch_on")]
pub async fn switch_scim_on(
    organization: OrganizationId,
    provider: IdentityProviderId,
) -> Result<(), AppError> {
    answer(control::scim::switch_on(&control()?, organization, provider).await)?;
    done(&path(organization, provider), "SCIM is switched on. Make a token next.");
    Ok(())
}

/// Switches SCIM off.
#[server(endpoint = "scim/switch_off")]
pub async fn switch_scim_off(
    organization: OrganizationId,
    provider: IdentityProviderId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::scim::switch_off(&control()?, organization, provider, &confirmation).await)?;
    done(&path(organization, provider), "SCIM is switched off: what it kept is changed by hand again.");
    Ok(())
}

/// Ends a token.
#[server(endpoint = "scim/remove_token")]
pub async fn remove_scim_token(
    organization: OrganizationId,
    provider: IdentityProviderId,
    token: ScimTokenId,
) -> Result<(), AppError> {
    answer(control::scim::remove_token(&control()?, organization, provider, token).await)?;
    done(&path(organization, provider), "The token is removed: whoever pushes with it is turned away.");
    Ok(())
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, provider: IdentityProviderId) -> String {
    links::identity_provider_scim(&organization.to_string(), &provider.to_string())
}
