//! The identity providers of an organization: adding, changing, testing and removing them, and our keys towards them. Signing in
//! with one is in `single_sign_on`.
//!
//! Whoever may change what an identity provider is believed may become anybody it vouches for. So those that let nobody in yet are
//! for whoever manages identity providers, and the others for super admins.

mod choices;
mod drawing;
mod keys;
mod letters;
mod linked_domains;
mod secrets;
mod settings;
mod watching;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{PROVIDERS_MAX, Preset, ProviderProtocol, ProviderSettings, ProviderState},
    ids::{DomainId, IdentityProviderId, OrganizationId},
    names::ProviderName,
    principals::SubjectKind,
    secrets::Secret,
    views::{ProviderRow, ProviderView},
};
use identity::saml::{certificates::Certificate, metadata::SpMetadata};
use serde_json::json;
use store::{Tx, access::Target, identity_providers::IdentityProvider};

use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    indispensable,
};

pub use choices::{certificate_facts, choices, import, import_from, preview_remove};
pub(crate) use drawing::{addresses, client_addresses};
pub(crate) use keys::{Own, own_keys};
pub use keys::{add_key, remove_key, use_key};
pub(crate) use secrets::client_secret;
pub use settings::imported;
pub(crate) use settings::{read, read_oidc, read_saml};
pub(crate) use watching::keep_watching;
#[cfg(feature = "testing")]
pub(crate) use watching::look_at_due;

use drawing::{look, row};

/// The organization's identity providers by name.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn list(ctx: &Context, organization: OrganizationId) -> Result<Vec<ProviderRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListIdentityProviders, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let mut rows = Vec::new();
        for provider in store::identity_providers::list(&mut tx, organization).await? {
            rows.push(row(&ctx.control, &mut tx, &provider).await?);
        }
        Ok(rows)
    })
}

/// One identity provider.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListIdentityProviders, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let provider = find(&mut tx, organization, id).await?;
        look(&ctx.control, &mut tx, provider).await
    })
}

/// Adds an identity provider, as a draft with what its product proposes; to one that speaks SAML we have a key.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken, or `preset`; `Conflict` when there are too many; `Denied`; `NotFound`.
pub async fn create(
    ctx: &Context,
    organization: OrganizationId,
    name: &str,
    protocol: ProviderProtocol,
    preset: &str,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::EditIdentityProvider, Target::Organization(organization)).await?;
        let name: ProviderName = name.parse().map_err(|error| Error::name("name", error))?;
        let preset: Preset =
            preset.parse().map_err(|_| Error::invalid("preset", "Choose a product of the list."))?;
        let id = IdentityProviderId::from_uuid(ctx.control.new_uuid());
        let settings = ProviderSettings::proposed(protocol, preset);
        let key = match protocol {
            ProviderProtocol::Saml => Some(keys::make(&ctx.control).await?),
            ProviderProtocol::Oidc => None,
        };
        let mut write = permit.write(EventType::IdentityProviderAdded).await?;
        if store::identity_providers::count(&mut write.tx, organization).await? >= PROVIDERS_MAX {
            let reason =
                format!("An organization has at most {PROVIDERS_MAX} identity providers. Remove one first.");
            return Err(Error::conflict(reason).into());
        }
        let provider = IdentityProvider {
            id,
            organization_id: organization,
            name: name.into(),
            protocol,
            state: ProviderState::Draft,
            settings: settings::stored(&settings)?,
            secret_sealed: None,
            last_test: None,
            tested_at: None,
            passed_at: None,
            created_at: ctx.now(),
            changed_at: ctx.now(),
            generation: 1,
        };
        if !store::identity_providers::add(&mut write.tx, &provider).await? {
            return Err(taken(&provider.name).into());
        }
        if let Some(key) = key {
            keys::keep(&ctx.control, &mut write.tx, &provider, key, Some(ctx.now())).await?;
        }
        name_in(&mut write, &provider);
        write
            .after(&json!({ "name": provider.name, "settings": settings }))?
            .text(format!("Added the identity provider {}", provider.name));
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// What is to be changed of an identity provider.
pub struct Change {
    /// What it is called.
    pub name: String,
    /// Its settings, of the protocol that it speaks.
    pub settings: ProviderSettings,
    /// The secret that it knows us by, if there is a new one; without it the old one stays.
    pub secret: Option<Secret>,
    /// The domains that lead to it.
    pub domains: Vec<DomainId>,
}

/// Changes name, settings and domains. A test that passed counts no more if a sign-in depends on what was changed.
///
/// # Errors
/// `Invalid` on the field that is wrong; `Conflict` when somebody else changed it since `generation`; `Denied`; `StepUp` for one
/// that is no draft; `NotFound`.
pub async fn edit(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    generation: i64,
    change: Change,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = permit(ctx, organization, id).await?;
        let name: ProviderName = change.name.parse().map_err(|error| Error::name("name", error))?;
        let settings = settings::checked(change.settings.clone())?;
        settings::none_is_ours(&settings, ctx.control.public_url())?;
        let secret = secrets::checked(settings.protocol(), change.secret.as_ref())?;
        let mut write = permit.write(EventType::IdentityProviderChanged).await?;
        let before = find(&mut write.tx, organization, id).await?;
        still(&permit, &mut write.tx, &before).await?;
        if settings.protocol() != before.protocol {
            let reason = "An identity provider keeps its protocol. Add another one for the other protocol.";
            return Err(Error::invalid("protocol", reason).into());
        }
        settings::groups_exist(&mut write.tx, organization, &settings).await?;
        if store::identity_providers::name_is_taken(&mut write.tx, organization, name.as_str(), id).await? {
            return Err(taken(name.as_str()).into());
        }
        let old = read(&before)?;
        settings::new_ones_last(&settings, &old, ctx.now())?;
        let secret_sealed = match secret {
            Some(secret) => Some(secrets::seal(&ctx.control, &mut write.tx, &before, secret).await?),
            // It was given for another provider, which would get it.
            None if settings.oidc().map(|oidc| &oidc.issuer) != old.oidc().map(|oidc| &oidc.issuer) => None,
            None => before.secret_sealed.clone(),
        };
        if before.state == ProviderState::Active
            && let Some(what) = settings.missing(secret_sealed.is_some()).first()
        {
            let reason =
                format!("People sign in with it, so that it cannot do without {what}. Switch it off first.");
            return Err(Error::conflict(reason).into());
        }
        let after = IdentityProvider {
            name: name.into(),
            settings: settings::stored(&settings)?,
            secret_sealed,
            passed_at: before.passed_at.filter(|_| secret.is_none() && settings.trusts_as(&old)),
            changed_at: ctx.now(),
            generation,
            ..before.clone()
        };
        if !store::identity_providers::set(&mut write.tx, &after).await? {
            return Err(overtaken().into());
        }
        let domains = linked_domains::set(&mut write.tx, organization, id, &change.domains).await?;
        store::provider_watches::hurry(&mut write.tx, id, ctx.now()).await?;
        name_in(&mut write, &after);
        write
            .before(&json!({ "name": before.name, "settings": old, "domains": domains.before }))?
            .after(&json!({
                "name": after.name,
                "settings": settings,
                "domains": domains.after,
                "is_secret_new": secret.is_some(),
            }))?
            .text(format!("Changed the identity provider {}", after.name));
        let provider = find(&mut write.tx, organization, id).await?;
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Has an identity provider let people in, or not any more.
///
/// # Errors
/// `Conflict` when something is missing, and for the only one of an organization that requires one; `Denied`; `StepUp`; `NotFound`.
pub async fn set_state(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    state: ProviderState,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::TrustIdentityProvider, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::IdentityProviderChanged).await?;
        let before = find(&mut write.tx, organization, id).await?;
        if before.state == state {
            return look(&ctx.control, &mut write.tx, before).await;
        }
        let missing = read(&before)?.missing(before.secret_sealed.is_some());
        match state {
            ProviderState::Draft => {
                return Err(Error::conflict("It was in use already. Switch it off instead.").into());
            }
            ProviderState::Active if !missing.is_empty() => {
                let reason = format!("It still lacks {}.", missing.join(", "));
                return Err(Error::conflict(reason).into());
            }
            ProviderState::Active => {}
            ProviderState::Disabled => indispensable::refuse_provider(&mut write.tx, &before).await?,
        }
        let after = IdentityProvider { state, changed_at: ctx.now(), ..before.clone() };
        if !store::identity_providers::set(&mut write.tx, &after).await? {
            return Err(overtaken().into());
        }
        name_in(&mut write, &after);
        let what = if state == ProviderState::Active { "Switched on" } else { "Switched off" };
        write
            .before(&json!({ "state": before.state }))?
            .after(&json!({ "state": state }))?
            .text(format!("{what} the identity provider {}", after.name));
        let provider = find(&mut write.tx, organization, id).await?;
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Removes an identity provider: the links of people with it, the sessions that began with it and the tokens that were made in
/// them go as well. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` for the only one of an organization that requires one; `Denied`; `StepUp`; `NotFound`.
pub async fn remove(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = permit(ctx, organization, id).await?;
        let mut write = permit.write(EventType::IdentityProviderRemoved).await?;
        let provider = find(&mut write.tx, organization, id).await?;
        still(&permit, &mut write.tx, &provider).await?;
        indispensable::refuse_provider(&mut write.tx, &provider).await?;
        if confirmation.trim() != provider.name {
            let reason = format!("Type the name, {}, to remove it.", provider.name);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let people = store::identities::count(&mut write.tx, id).await?;
        let settings = read(&provider)?;
        store::identity_providers::remove(&mut write.tx, id).await?;
        name_in(&mut write, &provider);
        write
            .before(&json!({ "name": provider.name, "state": provider.state, "settings": settings, "people": people }))?
            .text(format!("Removed the identity provider {}; {people} people were linked with it", provider.name));
        write.commit().await
    })
}

/// Our metadata for an identity provider, as XML. For everybody: it holds no secret, and its address is not to be guessed.
///
/// # Errors
/// `NotFound`.
pub async fn own_metadata(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<String, Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let mut tx = permit.read().await?;
        let provider = find(&mut tx, organization, id).await?;
        let settings = read_saml(&provider)?;
        let addresses = addresses(&ctx.control, organization, id);
        let keys = own_keys(&ctx.control, &mut tx, &provider).await?;
        let certificates: Vec<Certificate> = keys.into_iter().map(|key| key.certificate).collect();
        let document = SpMetadata {
            entity_id: &addresses.metadata,
            acs_url: &addresses.acs,
            slo_url: &addresses.slo,
            certificates: &certificates,
            requests_signed: settings.requests_signed,
            assertions_signed: settings.assertion_signed,
            name_id_format: Some(settings.name_id_format.as_str()).filter(|format| !format.is_empty()),
        };
        Ok(document.xml())
    })
}

/// A permit to change an identity provider: of a draft that pushes nothing for who manages them, of another for super admins.
async fn permit(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<Permit, Failure> {
    let target = Target::Organization(organization);
    let permit = ctx.authorize(Action::EditIdentityProvider, target).await?;
    let mut tx = permit.read().await?;
    let provider = find(&mut tx, organization, id).await?;
    let is_idle = is_idle(&mut tx, &provider).await?;
    drop(tx);
    if is_idle {
        return Ok(permit);
    }
    ctx.authorize(Action::TrustIdentityProvider, target).await
}

fn overtaken() -> Error {
    Error::conflict("Somebody else changed this meanwhile. Look at it and do it again.")
}

/// Whether nobody is let in by an identity provider and nobody is pushed by it.
async fn is_idle(tx: &mut Tx, provider: &IdentityProvider) -> Result<bool, Failure> {
    let is_draft = provider.state == ProviderState::Draft;
    Ok(is_draft && store::scim_providers::find(tx, provider.id).await?.is_none())
}

/// What was idle when the permit was given may be so no more.
async fn still(permit: &Permit, tx: &mut Tx, provider: &IdentityProvider) -> Result<(), Failure> {
    if permit.action() == Action::EditIdentityProvider && !is_idle(tx, provider).await? {
        let reason = "Somebody switched it on meanwhile. Look at it and do it again.";
        return Err(Error::conflict(reason).into());
    }
    Ok(())
}

pub(crate) async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<IdentityProvider, Failure> {
    let provider = store::identity_providers::find(tx, id).await?;
    Ok(provider.filter(|provider| provider.organization_id == organization).ok_or(Error::NotFound)?)
}

fn name_in(write: &mut Write, provider: &IdentityProvider) {
    write.subject(SubjectKind::IdentityProvider, provider.id.uuid(), provider.name.clone());
}

fn taken(name: &str) -> Error {
    Error::invalid("name", format!("There is an identity provider called {name} already."))
}
