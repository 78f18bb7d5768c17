//! Switching SCIM on and off for an identity provider, and its tokens: two at most, so that one can take the other's place.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{IdentityProviderId, OrganizationId, ScimTokenId},
    principals::SubjectKind,
    views::{MadeScimToken, ScimTokenRow, ScimView},
};
use serde_json::json;
use store::{Tx, access::Target, identity_providers::IdentityProvider, scim_tokens::ScimToken};

use super::tokens::found;
use crate::{
    Context, Control,
    contexts::Write,
    errors::{Failure, attempt},
    random,
    tokens::rows::hash,
};

/// Tokens of one identity provider, at most: the one in use, and the next one.
const TOKENS_MAX: usize = 2;

/// SCIM of an identity provider.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<ScimView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListIdentityProviders, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let provider = found(&mut tx, organization, id).await?;
        look(&ctx.control, &mut tx, &provider).await
    })
}

/// Has an identity provider push people and groups, once there is a token.
///
/// # Errors
/// `Conflict` when it does already; `StepUp`; `Denied`; `NotFound`.
pub async fn switch_on(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<ScimView, Error> {
    attempt!(ctx, {
        let (mut write, provider) = begin(ctx, organization, id, EventType::ScimSwitchedOn).await?;
        if !store::scim_providers::add(&mut write.tx, id, ctx.now()).await? {
            return Err(Error::conflict("SCIM is switched on already.").into());
        }
        write.text(format!("Switched SCIM on for the identity provider {}", provider.name));
        let view = look(&ctx.control, &mut write.tx, &provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Ends the pushing: its tokens end at once, and the people and groups that it kept stay and are changed by hand again.
/// `confirmation` must be the identity provider's name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` when it is off; `StepUp`; `Denied`; `NotFound`.
pub async fn switch_off(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    confirmation: &str,
) -> Result<ScimView, Error> {
    attempt!(ctx, {
        let (mut write, provider) = begin(ctx, organization, id, EventType::ScimSwitchedOff).await?;
        let before = look(&ctx.control, &mut write.tx, &provider).await?;
        if !before.is_on {
            return Err(off().into());
        }
        if confirmation.trim() != provider.name {
            let reason = format!("Type the name, {}, to switch SCIM off.", provider.name);
            return Err(Error::invalid("confirmation", reason).into());
        }
        store::scim_providers::remove(&mut write.tx, id).await?;
        write
            .before(
                &json!({ "people": before.people, "groups": before.groups, "tokens": before.tokens.len() }),
            )?
            .text(format!(
                "Switched SCIM off for the identity provider {}; people and groups that it kept: {} and {}",
                provider.name, before.people, before.groups
            ));
        let view = look(&ctx.control, &mut write.tx, &provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Makes a token. Its text is in the answer and nowhere else.
///
/// # Errors
/// `Conflict` when SCIM is off, or there are two; `StepUp`; `Denied`; `NotFound`.
pub async fn make_token(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<MadeScimToken, Error> {
    attempt!(ctx, {
        let (mut write, provider) = begin(ctx, organization, id, EventType::ScimTokenMade).await?;
        if store::scim_providers::find(&mut write.tx, id).await?.is_none() {
            return Err(off().into());
        }
        if store::scim_tokens::list(&mut write.tx, id).await?.len() >= TOKENS_MAX {
            let reason = "There are two tokens already. Give the new one to the identity provider, and remove the old one.";
            return Err(Error::conflict(reason).into());
        }
        let made = random::scim_token(ctx.control.random());
        let row = ScimToken {
            id: ScimTokenId::from_uuid(ctx.control.new_uuid()),
            identity_provider_id: id,
            token_hash: hash(made.text()),
            prefix: made.shown(),
            created_at: ctx.now(),
            created_by: write.event.actor.clone(),
            last_used_at: None,
        };
        store::scim_tokens::add(&mut write.tx, &row).await?;
        write
            .after(&json!({ "token": row.prefix }))?
            .text(format!("Made the token {} for SCIM of {}", row.prefix, provider.name));
        write.commit().await?;
        Ok(MadeScimToken { row: draw(row), token: made.text().clone() })
    })
}

/// Ends a token: whoever pushes with it is turned away from now on.
///
/// # Errors
/// `StepUp`; `Denied`; `NotFound`.
pub async fn remove_token(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    token: ScimTokenId,
) -> Result<ScimView, Error> {
    attempt!(ctx, {
        let (mut write, provider) = begin(ctx, organization, id, EventType::ScimTokenRemoved).await?;
        let tokens = store::scim_tokens::list(&mut write.tx, id).await?;
        let row = tokens.into_iter().find(|row| row.id == token).ok_or(Error::NotFound)?;
        store::scim_tokens::remove(&mut write.tx, token).await?;
        write
            .before(&json!({ "token": row.prefix }))?
            .text(format!("Removed the token {} for SCIM of {}", row.prefix, provider.name));
        let view = look(&ctx.control, &mut write.tx, &provider).await?;
        write.commit().await?;
        Ok(view)
    })
}

async fn begin(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    event_type: EventType,
) -> Result<(Write, IdentityProvider), Failure> {
    let permit = ctx.authorize(Action::TrustIdentityProvider, Target::Organization(organization)).await?;
    let mut write = permit.write(event_type).await?;
    let provider = found(&mut write.tx, organization, id).await?;
    write.subject(SubjectKind::IdentityProvider, provider.id.uuid(), provider.name.clone());
    Ok((write, provider))
}

fn off() -> Error {
    Error::conflict("SCIM is switched off.")
}

async fn look(control: &Control, tx: &mut Tx, provider: &IdentityProvider) -> Result<ScimView, Failure> {
    let on = store::scim_providers::find(tx, provider.id).await?;
    let tokens = store::scim_tokens::list(tx, provider.id).await?;
    Ok(ScimView {
        is_on: on.is_some(),
        switched_on_at: on.map(|on| on.switched_on_at),
        base_url: base_url(control, provider.organization_id, provider.id),
        tokens: tokens.into_iter().map(draw).collect(),
        people: store::scim_users::count(tx, provider.id).await?,
        groups: store::scim_groups::count(tx, provider.id).await?,
    })
}

fn draw(token: ScimToken) -> ScimTokenRow {
    ScimTokenRow {
        id: token.id,
        prefix: token.prefix,
        created_at: token.created_at,
        created_by: token.created_by,
        last_used_at: token.last_used_at,
    }
}

/// The address that those of all resources begin with.
pub(super) fn base_url(control: &Control, organization: OrganizationId, id: IdentityProviderId) -> String {
    format!("{}/v1/scim/v2/account/{organization}/method/{id}", control.public_url())
}
