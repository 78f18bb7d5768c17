//! Server functions of identity providers. Their settings are sent to their page, which shows again what was typed.

#[cfg(feature = "ssr")]
use domain::{errors::Error, identity_providers::ProviderProtocol};
use domain::{
    identity_providers::ProviderState,
    ids::{IdentityProviderId, IdentityProviderKeyId, OrganizationId},
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

#[cfg(feature = "ssr")]
pub(super) const CREATE: &str = "/api/identity_providers/create";
#[cfg(feature = "ssr")]
pub(super) const SET_STATE: &str = "/api/identity_providers/set_state";
#[cfg(feature = "ssr")]
pub(super) const REMOVE: &str = "/api/identity_providers/remove";
#[cfg(feature = "ssr")]
pub(super) const ADD_KEY: &str = "/api/identity_providers/add_key";
#[cfg(feature = "ssr")]
pub(super) const USE_KEY: &str = "/api/identity_providers/use_key";
#[cfg(feature = "ssr")]
pub(super) const REMOVE_KEY: &str = "/api/identity_providers/remove_key";

/// Adds an identity provider, as a draft.
#[server(endpoint = "identity_providers/create")]
pub async fn create_provider(
    organization: OrganizationId,
    #[server(default)] name: String,
    #[server(default)] protocol: String,
    #[server(default)] preset: String,
) -> Result<IdentityProviderId, AppError> {
    let ctx = control()?;
    let protocol = match protocol.as_str() {
        "" => Ok(ProviderProtocol::Saml),
        protocol => protocol.parse().map_err(|_| Error::invalid("protocol", "Choose one of the two.")),
    };
    let protocol = answer(protocol)?;
    let made = control::identity_providers::create(&ctx, organization, &name, protocol, &preset).await;
    let made = answer(made)?;
    done(
        &path(organization, made.row.id),
        &format!("{} is added. Nobody signs in with it yet.", made.row.name),
    );
    Ok(made.row.id)
}

/// Has an identity provider let people in, or not any more.
#[server(endpoint = "identity_providers/set_state")]
pub async fn set_provider_state(
    organization: OrganizationId,
    provider: IdentityProviderId,
    state: ProviderState,
) -> Result<(), AppError> {
    let ctx = control()?;
    let set = answer(control::identity_providers::set_state(&ctx, organization, provider, state).await)?;
    let notice = match set.row.state {
        ProviderState::Active => "It is switched on: people can sign in with it.",
        ProviderState::Disabled | ProviderState::Draft => "It is switched off: nobody signs in with it.",
    };
    done(&path(organization, provider), notice);
    Ok(())
}

/// Removes an identity provider.
#[server(endpoint = "identity_providers/remove")]
pub async fn remove_provider(
    organization: OrganizationId,
    provider: IdentityProviderId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    let ctx = control()?;
    answer(control::identity_providers::remove(&ctx, organization, provider, &confirmation).await)?;
    let notice = format!("The identity provider {} is removed.", confirmation.trim());
    done(&links::identity_providers(&organization.to_string()), &notice);
    Ok(())
}

/// Makes the next key of ours towards an identity provider.
#[server(endpoint = "identity_providers/add_key")]
pub async fn add_provider_key(
    organization: OrganizationId,
    provider: IdentityProviderId,
) -> Result<(), AppError> {
    answer(control::identity_providers::add_key(&control()?, organization, provider).await)?;
    done(&path(organization, provider), "The next key is made. Give the identity provider our new metadata.");
    Ok(())
}

/// Has a key of ours sign from now on.
#[server(endpoint = "identity_providers/use_key")]
pub async fn use_provider_key(
    organization: OrganizationId,
    provider: IdentityProviderId,
    key: IdentityProviderKeyId,
) -> Result<(), AppError> {
    answer(control::identity_providers::use_key(&control()?, organization, provider, key).await)?;
    done(&path(organization, provider), "Requests are signed with the next key from now on.");
    Ok(())
}

/// Removes a key of ours that does not sign.
#[server(endpoint = "identity_providers/remove_key")]
pub async fn remove_provider_key(
    organization: OrganizationId,
    provider: IdentityProviderId,
    key: IdentityProviderKeyId,
) -> Result<(), AppError> {
    answer(control::identity_providers::remove_key(&control()?, organization, provider, key).await)?;
    done(&path(organization, provider), "The key is removed.");
    Ok(())
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, provider: IdentityProviderId) -> String {
    links::identity_provider(&organization.to_string(), &provider.to_string())
}
