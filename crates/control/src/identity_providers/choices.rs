//! What stands beside the settings of an identity provider: what can be chosen for them, what metadata would put in, what goes
//! with it. Changes nothing.

use domain::{
    actions::Action,
    domains::DomainState,
    errors::Error,
    identity_providers::SamlSettings,
    ids::{IdentityProviderId, OrganizationId},
    views::{CertificateFacts, LinkedDomain, ProviderChoices, ProviderRemoval},
};
use identity::saml::metadata::is_address;
use store::access::Target;

use super::{
    drawing::certificates,
    find, imported,
    settings::ADDRESS,
    watching::{fetch, unread},
};
use crate::{Context, errors::attempt, indispensable};

/// Groups that are offered, at most.
const GROUPS_MAX: u32 = 1_000;

/// The domains and groups of an organization, for its identity providers to be linked with.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn choices(ctx: &Context, organization: OrganizationId) -> Result<ProviderChoices, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListIdentityProviders, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let domains = store::domains::list(&mut tx, organization).await?;
        let groups = store::groups::list(&mut tx, organization, None, None, GROUPS_MAX).await?;
        Ok(ProviderChoices {
            domains: domains
                .into_iter()
                .map(|domain| LinkedDomain {
                    domain_id: domain.id,
                    is_verified: domain.state == DomainState::Verified,
                    domain_name: domain.name,
                })
                .collect(),
            groups: groups.into_iter().map(|(group, _, _)| (group.id, group.name)).collect(),
        })
    })
}

/// Settings with what metadata says, as [`imported`] puts it in. Nothing is saved.
///
/// # Errors
/// `Invalid` on `metadata` or `entity_id`, saying what to do; `Denied`; `NotFound`.
pub async fn import(
    ctx: &Context,
    organization: OrganizationId,
    settings: &SamlSettings,
    document: &str,
    entity_id: Option<&str>,
) -> Result<SamlSettings, Error> {
    attempt!(ctx, {
        ctx.authorize(Action::EditIdentityProvider, Target::Organization(organization)).await?;
        Ok(imported(settings, document, entity_id, ctx.now())?)
    })
}

/// The same with the metadata that is at the settings' `metadata_url`, fetched now.
///
/// # Errors
/// `Invalid` on `metadata_url`, `metadata` or `entity_id`, saying what to do; `Denied`; `NotFound`.
pub async fn import_from(
    ctx: &Context,
    organization: OrganizationId,
    settings: &SamlSettings,
    entity_id: Option<&str>,
) -> Result<SamlSettings, Error> {
    attempt!(ctx, {
        ctx.authorize(Action::EditIdentityProvider, Target::Organization(organization)).await?;
        let address = settings.metadata_url.trim();
        if !is_address(address) {
            return Err(Error::invalid("metadata_url", ADDRESS).into());
        }
        let document = fetch(&ctx.control, address).await.map_err(unread)?;
        Ok(imported(settings, &document, entity_id, ctx.now())?)
    })
}

/// What the certificates of settings say; those that cannot be read are left out.
#[must_use]
pub fn certificate_facts(settings: &SamlSettings) -> Vec<CertificateFacts> {
    certificates(settings)
}

/// What removing an identity provider would take away.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn preview_remove(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<ProviderRemoval, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListIdentityProviders, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let provider = find(&mut tx, organization, id).await?;
        Ok(ProviderRemoval {
            people: store::identities::count(&mut tx, provider.id).await?,
            sessions: store::identity_providers::count_sessions(&mut tx, provider.id, ctx.now()).await?,
            tokens: store::identity_providers::count_tokens(&mut tx, provider.id).await?,
            scim_people: store::scim_users::count(&mut tx, provider.id).await?,
            scim_groups: store::scim_groups::count(&mut tx, provider.id).await?,
            obstacle: indispensable::of_provider(&mut tx, &provider).await?,
        })
    })
}
