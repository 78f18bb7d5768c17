//! Our keys towards an identity provider: one signs requests and decrypts assertions; while it is rolled over there are two. Knows
//! nothing of theirs.

use domain::{
    errors::Error,
    events::EventType,
    identity_providers::ProviderProtocol,
    ids::{IdentityProviderId, IdentityProviderKeyId, OrganizationId},
    secrets::Secret,
    timestamps::Timestamp,
    views::{ProviderKey, ProviderView},
};
use identity::saml::{
    certificates::Certificate,
    keys::{self, NewKey, SERIAL_BYTES},
};
use serde_json::json;
use store::{
    Tx,
    identity_providers::{IdentityProvider, Key},
};

use super::{
    drawing::{draw_facts, look},
    find, name_in, permit, still,
};
use crate::{
    Context, Control,
    envelopes::Place,
    errors::{Failure, attempt},
};

/// Keys towards one identity provider, at most: the one in use, and the next or the last one.
const KEYS_MAX: usize = 2;

/// One of our keys, opened.
pub(crate) struct Own {
    /// Its id.
    pub(crate) id: IdentityProviderKeyId,
    /// The private key in PEM.
    pub(crate) private: Secret,
    /// What we give out.
    pub(crate) certificate: Certificate,
    /// Since when it signs, if it does.
    pub(crate) used_from: Option<Timestamp>,
}

/// Makes a pair of keys, which takes a second.
pub(super) async fn make(control: &Control) -> Result<NewKey, Failure> {
    let mut serial = [0; SERIAL_BYTES];
    control.random().fill(&mut serial);
    let (name, now) = (host_of(control.public_url()), control.now());
    tokio::task::spawn_blocking(move || keys::make(&name, serial, now))
        .await
        .map_err(|error| Failure::Panicked(error.to_string()))?
        .map_err(|error| Failure::Certificate(Box::new(error)))
}

/// The host of an address, as the common name of a certificate.
fn host_of(address: &str) -> String {
    let rest = address.split("://").nth(1).unwrap_or(address);
    rest.split(['/', ':']).next().unwrap_or_default().chars().take(64).collect()
}

/// Keeps a pair of keys.
pub(super) async fn keep(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    key: NewKey,
    used_from: Option<Timestamp>,
) -> Result<IdentityProviderKeyId, Failure> {
    let id = IdentityProviderKeyId::from_uuid(control.new_uuid());
    let organization_key = control.organization_key(tx, provider.organization_id).await?;
    let private_sealed = organization_key.seal(control.random(), place(id), key.private.expose().as_bytes());
    let row = Key {
        id,
        identity_provider_id: provider.id,
        private_sealed,
        certificate: key.certificate.der().to_vec(),
        created_at: control.now(),
        used_from,
    };
    store::identity_providers::add_key(tx, &row).await?;
    Ok(id)
}

const fn place(id: IdentityProviderKeyId) -> Place {
    Place { column: "identity_provider_keys.private_sealed", row: id.uuid() }
}

/// Our keys towards an identity provider: the one in use first, then the others.
pub(crate) async fn own_keys(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
) -> Result<Vec<Own>, Failure> {
    let organization_key = control.organization_key(tx, provider.organization_id).await?;
    let mut opened = Vec::new();
    for row in store::identity_providers::keys(tx, provider.id).await? {
        let pem = organization_key.open(place(row.id), &row.private_sealed)?;
        let certificate = Certificate::from_der(row.certificate).map_err(|error| {
            Failure::Inconsistent(format!("a certificate of ours cannot be read: {error}"))
        })?;
        let private = Secret::new(String::from_utf8_lossy(&pem).into_owned());
        opened.push(Own { id: row.id, private, certificate, used_from: row.used_from });
    }
    // The one that was taken into use last signs.
    opened.sort_by_key(|key| std::cmp::Reverse(key.used_from));
    Ok(opened)
}

pub(super) fn draw(keys: Vec<Own>) -> Vec<ProviderKey> {
    let used = keys.first().map(|key| key.id);
    let draw = |key: Own| {
        Some(ProviderKey {
            id: key.id,
            is_used: Some(key.id) == used,
            was_used: key.used_from.is_some(),
            certificate: key.certificate.pem(),
            facts: draw_facts(key.certificate.facts()?),
        })
    };
    keys.into_iter().filter_map(draw).collect()
}

/// Makes the next key of ours towards an identity provider: it is given out in our metadata, and decrypts, but does not sign yet.
///
/// # Errors
/// `Conflict` when there are two already, or none is needed; `Denied`; `StepUp` for one that is no draft; `NotFound`.
pub async fn add_key(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = permit(ctx, organization, id).await?;
        if find(&mut permit.read().await?, organization, id).await?.protocol != ProviderProtocol::Saml {
            let reason = "OpenID Connect needs no keys of ours: it knows us by the client secret.";
            return Err(Error::conflict(reason).into());
        }
        let key = make(&ctx.control).await?;
        let mut write = permit.write(EventType::IdentityProviderKeyChanged).await?;
        let provider = find(&mut write.tx, organization, id).await?;
        still(&permit, &mut write.tx, &provider).await?;
        if store::identity_providers::keys(&mut write.tx, id).await?.len() >= KEYS_MAX {
            let reason =
                "There are two keys already. Take the new one into use, and remove the old one first.";
            return Err(Error::conflict(reason).into());
        }
        let fingerprint = key.certificate.facts().map(|facts| facts.fingerprint);
        keep(&ctx.control, &mut write.tx, &provider, key, None).await?;
        name_in(&mut write, &provider);
        write
            .after(&json!({ "fingerprint": fingerprint, "is_used": false }))?
            .text(format!("Made the next key towards the identity provider {}", provider.name));
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Has a key sign from now on. The identity provider has to know its certificate by then.
///
/// # Errors
/// `Conflict` when it does already; `Denied`; `StepUp` for one that is no draft; `NotFound`.
pub async fn use_key(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    key: IdentityProviderKeyId,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = permit(ctx, organization, id).await?;
        let mut write = permit.write(EventType::IdentityProviderKeyChanged).await?;
        let provider = find(&mut write.tx, organization, id).await?;
        still(&permit, &mut write.tx, &provider).await?;
        owned(&mut write.tx, id, key).await?;
        if !store::identity_providers::use_key(&mut write.tx, key, ctx.now()).await? {
            return Err(Error::conflict("This key is in use already.").into());
        }
        name_in(&mut write, &provider);
        write.text(format!("Took the next key towards the identity provider {} into use", provider.name));
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Removes a key that does not sign: what was encrypted to it cannot be read any more.
///
/// # Errors
/// `Conflict` for the one in use; `Denied`; `StepUp` for one that is no draft; `NotFound`.
pub async fn remove_key(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    key: IdentityProviderKeyId,
) -> Result<ProviderView, Error> {
    attempt!(ctx, {
        let permit = permit(ctx, organization, id).await?;
        let mut write = permit.write(EventType::IdentityProviderKeyChanged).await?;
        let provider = find(&mut write.tx, organization, id).await?;
        still(&permit, &mut write.tx, &provider).await?;
        owned(&mut write.tx, id, key).await?;
        if own_keys(&ctx.control, &mut write.tx, &provider).await?.first().is_some_and(|used| used.id == key)
        {
            return Err(Error::conflict("This key is in use. Take the next one into use first.").into());
        }
        store::identity_providers::remove_key(&mut write.tx, key).await?;
        name_in(&mut write, &provider);
        write.text(format!("Removed a key towards the identity provider {}", provider.name));
        let view = look(&ctx.control, &mut write.tx, provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

async fn owned(tx: &mut Tx, id: IdentityProviderId, key: IdentityProviderKeyId) -> Result<(), Failure> {
    let keys = store::identity_providers::keys(tx, id).await?;
    if keys.iter().any(|own| own.id == key) { Ok(()) } else { Err(Error::NotFound.into()) }
}
