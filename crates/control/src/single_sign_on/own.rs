//! One's own links with identity providers: which there are, which there could be, and taking one away. Linking is a trip: see
//! `trips` and `finishing`.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::ProviderState,
    ids::IdentityProviderId,
    sign_ins::FactorKind,
    views::{LinkableProvider, OwnIdentities, OwnIdentity},
};
use serde_json::json;
use store::{Tx, identities::Identity, users::User};

use crate::{
    Context,
    errors::{Failure, attempt},
    profiles,
};

/// The identity providers that one signs in with, and those of one's organizations that one could link.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own(ctx: &Context) -> Result<OwnIdentities, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnFactors)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let mut own = OwnIdentities::default();
        for identity in store::identities::list_for_user(&mut tx, user.id).await? {
            own.identities.extend(draw(&mut tx, identity).await?);
        }
        own.linkable = linkable(&mut tx, &user, &own.identities).await?;
        Ok(own)
    })
}

async fn draw(tx: &mut Tx, identity: Identity) -> Result<Option<OwnIdentity>, Failure> {
    let Some(provider) = store::identity_providers::find(tx, identity.identity_provider_id).await? else {
        return Ok(None);
    };
    let organization = store::organizations::find(tx, provider.organization_id).await?;
    Ok(organization.map(|organization| OwnIdentity {
        provider_id: provider.id,
        provider: provider.name,
        organization: organization.name,
        subject: identity.subject,
        linked_at: identity.created_at,
        last_used_at: identity.last_used_at,
        is_active: provider.state == ProviderState::Active,
    }))
}

async fn linkable(
    tx: &mut Tx,
    user: &User,
    linked: &[OwnIdentity],
) -> Result<Vec<LinkableProvider>, Failure> {
    let mut found = Vec::new();
    for (organization, _) in store::organizations::list_for_user(tx, user.id).await? {
        for provider in store::identity_providers::list(tx, organization.id).await? {
            let is_linked = linked.iter().any(|linked| linked.provider_id == provider.id);
            if provider.state == ProviderState::Active && !is_linked {
                let (id, name) = (provider.id, provider.name);
                found.push(LinkableProvider { id, name, organization: organization.name.clone() });
            }
        }
    }
    Ok(found)
}

/// Takes one's link with an identity provider away. The sessions that began with it end, and the tokens that were made in them;
/// says whether this session is one of them.
///
/// # Errors
/// `Conflict` when one would have no way in any more; `NotFound`; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn unlink(ctx: &Context, id: IdentityProviderId, subject: &str) -> Result<bool, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let (mut write, user) = profiles::begin(ctx, &permit, EventType::UserIdentityUnlinked).await?;
        let held = store::identities::list_for_user(&mut write.tx, user.id).await?;
        let is_this = |held: &&Identity| held.identity_provider_id == id && held.subject == subject;
        let identity = held.iter().find(is_this).ok_or(Error::NotFound)?;
        let provider = store::identity_providers::find(&mut write.tx, id).await?.ok_or(Error::NotFound)?;
        if !has_other_way(&mut write.tx, &user, &held, identity).await? {
            let reason = "It is your only way in. Set a password, by “Forgot your password?” at the sign-in, or add a passkey first.";
            return Err(Error::conflict(reason).into());
        }
        let current = ctx.session().unwrap_or_default();
        let current = store::sessions::find(&mut write.tx, current, ctx.now()).await?;
        let is_own = current.is_some_and(|current| current.identity_provider_id == Some(id));
        store::identities::remove(&mut write.tx, id, subject, user.id).await?;
        let (sessions, tokens) = store::identities::end_what_began(&mut write.tx, id, user.id).await?;
        let ended =
            json!({ "provider": provider.name, "subject": subject, "sessions": sessions, "tokens": tokens });
        write.before(&ended)?.text(format!(
            "{} is no longer linked with {subject} at the identity provider {}",
            user.email, provider.name
        ));
        write.commit().await?;
        Ok(is_own)
    })
}

/// Whether somebody gets in without that link: with their password, a passkey, or another identity provider that lets people in.
async fn has_other_way(
    tx: &mut Tx,
    user: &User,
    held: &[Identity],
    without: &Identity,
) -> Result<bool, Failure> {
    if !user.password_hash.is_empty() {
        return Ok(true);
    }
    let factors = store::factors::list_for_user(tx, user.id).await?;
    if factors.iter().any(|factor| factor.kind == FactorKind::Passkey) {
        return Ok(true);
    }
    for other in held.iter().filter(|other| *other != without) {
        let provider = store::identity_providers::find(tx, other.identity_provider_id).await?;
        if provider.is_some_and(|provider| provider.state == ProviderState::Active) {
            return Ok(true);
        }
    }
    Ok(false)
}
