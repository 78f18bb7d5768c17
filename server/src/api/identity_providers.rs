//! The identity providers of an organization, and our keys towards them.

use control::identity_providers::{self, Change};
use domain::{
    actions::Action,
    errors::Error,
    identity_providers::{ProviderProtocol, ProviderSettings, ProviderState},
    ids::{DomainId, IdentityProviderId, OrganizationId},
    secrets::Secret,
    views::{Page, ProviderRemoval, ProviderRow, ProviderView},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::{Created, Listed},
    calls::{Call, Json},
    operations::{CONFIRM, Operation},
};

const PROVIDERS: &str = "/v1/organizations/{organization}/identity-providers";
const PROVIDER: &str = "/v1/organizations/{organization}/identity-providers/{provider}";
const STATE: &str = "/v1/organizations/{organization}/identity-providers/{provider}/state";
const METADATA: &str = "/v1/organizations/{organization}/identity-providers/{provider}/metadata";
const REMOVAL: &str = "/v1/organizations/{organization}/identity-providers/{provider}/removal-effects";
const KEYS: &str = "/v1/organizations/{organization}/identity-providers/{provider}/keys";
const KEY: &str = "/v1/organizations/{organization}/identity-providers/{provider}/keys/{provider_key}";
const USE: &str = "/v1/organizations/{organization}/identity-providers/{provider}/keys/{provider_key}/use";

pub(super) fn operations() -> Vec<Operation> {
    use Action::{EditIdentityProvider, ListIdentityProviders, TrustIdentityProvider};
    vec![
        Operation::get(PROVIDERS, "listIdentityProviders", ListIdentityProviders, list)
            .about("Lists the identity providers by name."),
        Operation::post(PROVIDERS, "createIdentityProvider", EditIdentityProvider, create)
            .about("Adds an identity provider as a draft, with what its product proposes; for SAML with a key of ours."),
        Operation::get(PROVIDER, "getIdentityProvider", ListIdentityProviders, view)
            .about("Shows an identity provider: settings, certificates, our addresses and keys, its last test."),
        Operation::put(PROVIDER, "setIdentityProvider", EditIdentityProvider, edit)
            .about("Sets name, settings and domains. Of one that is no draft only super admins do."),
        Operation::put(STATE, "setIdentityProviderState", TrustIdentityProvider, set_state)
            .about("Has an identity provider let people in, or not any more."),
        Operation::post(METADATA, "importIdentityProviderMetadata", EditIdentityProvider, import)
            .about("Sets entity id, addresses and certificates to what its metadata says."),
        Operation::get(REMOVAL, "previewIdentityProviderRemoval", ListIdentityProviders, preview_remove)
            .about("Shows what removing an identity provider would take away, without doing it."),
        Operation::delete(PROVIDER, "deleteIdentityProvider", EditIdentityProvider, remove)
            .about("Removes an identity provider, with links, sessions and tokens of people that came through it.")
            .requiring(&[CONFIRM]),
        Operation::post(KEYS, "createIdentityProviderKey", EditIdentityProvider, add_key)
            .about("Makes the next key of ours: it is in our metadata, and does not sign yet."),
        Operation::put(USE, "useIdentityProviderKey", EditIdentityProvider, use_key)
            .about("Has a key of ours sign our requests from now on."),
        Operation::delete(KEY, "deleteIdentityProviderKey", EditIdentityProvider, remove_key)
            .about("Removes a key of ours that does not sign."),
    ]
}

impl Listed for ProviderRow {
    const PLURAL: &'static str = "identity_providers";
}

/// An identity provider to be added.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateProvider {
    /// Its name, unique in the organization.
    name: String,
    /// What it speaks: `saml` or `oidc`.
    #[serde(default = "saml")]
    protocol: ProviderProtocol,
    /// The product that it is, which decides what is proposed.
    #[serde(default = "other")]
    #[schemars(example = &"okta")]
    product: String,
}

const fn saml() -> ProviderProtocol {
    ProviderProtocol::Saml
}

fn other() -> String {
    domain::identity_providers::Preset::Other.to_string()
}

/// What an identity provider is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetProvider {
    /// Its name, unique in the organization.
    name: String,
    /// Its settings: what is left out has its usual value. The protocol has to be the one that it speaks.
    settings: ProviderSettings,
    /// The secret that it knows us by, of one that speaks OpenID Connect. Left out, the old one stays; it is never shown.
    #[serde(default)]
    client_secret: Option<Secret>,
    /// The domains that lead to it.
    domains: Vec<DomainId>,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

/// Whether an identity provider is to let people in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetProviderState {
    /// `active` or `disabled`.
    state: ProviderState,
}

/// Metadata of an identity provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportMetadata {
    /// The XML document; left out, it is fetched from the settings' `metadata_url`.
    #[serde(default)]
    metadata: Option<String>,
    /// Where it is fetched from now, and read again every day; left out, that stays as it is.
    #[serde(default)]
    metadata_url: Option<String>,
    /// The entity id of the one to take, if it describes several.
    #[serde(default)]
    entity_id: Option<String>,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

fn named<B>(call: &Call<B>) -> Result<(OrganizationId, IdentityProviderId), Error> {
    Ok((call.id("organization")?, call.id("provider")?))
}

async fn list(call: Call) -> Result<Page<ProviderRow>, Error> {
    let rows = identity_providers::list(&call.ctx, call.id("organization")?).await?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok(Page { rows, next: None, total })
}

async fn create(call: Call<Json<CreateProvider>>) -> Result<Created<ProviderView>, Error> {
    let Json(body) = &call.body;
    let organization = call.id("organization")?;
    let made =
        identity_providers::create(&call.ctx, organization, &body.name, body.protocol, &body.product).await;
    // The product is called so here.
    made.map(Created).map_err(|error| match error {
        Error::Invalid { field, reason } if field == "preset" => Error::invalid("product", reason),
        other => other,
    })
}

async fn view(call: Call) -> Result<Json<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    identity_providers::view(&call.ctx, organization, id).await.map(Json)
}

async fn edit(call: Call<Json<SetProvider>>) -> Result<Json<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    let Json(SetProvider { name, settings, client_secret: secret, domains, generation }) = call.body;
    let change = Change { name, settings, secret, domains };
    identity_providers::edit(&call.ctx, organization, id, generation, change).await.map(Json)
}

async fn set_state(call: Call<Json<SetProviderState>>) -> Result<Json<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    identity_providers::set_state(&call.ctx, organization, id, call.body.0.state).await.map(Json)
}

async fn import(call: Call<Json<ImportMetadata>>) -> Result<Json<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    let Json(body) = &call.body;
    let before = identity_providers::view(&call.ctx, organization, id).await?;
    let Some(settings) = before.settings.saml() else {
        return Err(Error::conflict(
            "It speaks OpenID Connect, which has no metadata to be taken over: the issuer is enough.",
        ));
    };
    let mut settings = settings.clone();
    settings.metadata_url = body.metadata_url.clone().unwrap_or(settings.metadata_url);
    let entity = body.entity_id.as_deref();
    let read = match &body.metadata {
        Some(metadata) => {
            identity_providers::import(&call.ctx, organization, &settings, metadata, entity).await
        }
        None => identity_providers::import_from(&call.ctx, organization, &settings, entity).await,
    };
    let change = Change {
        name: before.row.name,
        settings: read?.into(),
        secret: None,
        domains: before.row.domains.iter().map(|domain| domain.domain_id).collect(),
    };
    identity_providers::edit(&call.ctx, organization, id, body.generation, change).await.map(Json)
}

async fn preview_remove(call: Call) -> Result<Json<ProviderRemoval>, Error> {
    let (organization, id) = named(&call)?;
    identity_providers::preview_remove(&call.ctx, organization, id).await.map(Json)
}

async fn remove(call: Call) -> Result<(), Error> {
    let (organization, id) = named(&call)?;
    let removed = identity_providers::remove(&call.ctx, organization, id, call.query("confirm")).await;
    removed.map_err(Call::unconfirmed)
}

async fn add_key(call: Call) -> Result<Created<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    identity_providers::add_key(&call.ctx, organization, id).await.map(Created)
}

async fn use_key(call: Call) -> Result<Json<ProviderView>, Error> {
    let (organization, id) = named(&call)?;
    identity_providers::use_key(&call.ctx, organization, id, call.id("provider_key")?).await.map(Json)
}

async fn remove_key(call: Call) -> Result<(), Error> {
    let (organization, id) = named(&call)?;
    identity_providers::remove_key(&call.ctx, organization, id, call.id("provider_key")?).await.map(drop)
}
