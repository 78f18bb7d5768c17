//! Single logout, both ways: an identity provider asks that somebody be signed out, or somebody who signs out here wants to be signed
//! out there. With SAML by the redirect binding alone, whose signatures are over letters; what is different with OpenID Connect is
//! in `endings`.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::ProviderSettings,
    ids::{IdentityProviderId, OrganizationId},
    principals::SubjectKind,
    secrets::Secret,
    sign_ins::CeremonyKind,
    states::Outcome,
};
use identity::saml::{
    certificates::Certificate,
    checks::Refusal,
    logouts::{self, Asked, Expected, Message},
    redirects::{self, Kind, Signing},
    requests::{self, ID_BYTES},
};
use store::identity_providers::IdentityProvider;

use super::{ProviderSession, endings, trips::algorithm};
use crate::{
    Context, ceremonies,
    contexts::Permit,
    errors::{Failure, attempt},
    identity_providers::{self, addresses, own_keys},
    sessions::lock_outs,
};

/// What everybody is told whose message is not accepted; why is in the organization's log.
const REFUSED: &str = "The identity provider’s message was not accepted.";

/// What became of a message about signing out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The person is signed out here; the browser brings the answer there.
    Answer(String),
    /// The identity provider has answered a request of ours.
    Done,
}

/// Remembers with which session at an identity provider somebody signed in, before their session here ends: the browser may then
/// have it ended there as well. Gives nothing if the identity provider has no address for that.
///
/// # Errors
/// `Unavailable`.
pub async fn remember(ctx: &Context, session: &ProviderSession) -> Result<Option<Secret>, Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let provider = store::identity_providers::find(&mut permit.read().await?, session.provider).await?;
        let Some(provider) = provider else { return Ok(None) };
        let has_place = match identity_providers::read(&provider)? {
            ProviderSettings::Saml(settings) => !settings.slo_url.is_empty(),
            ProviderSettings::Oidc(settings) => endings::has_place(&ctx.control, &settings).await,
        };
        if !has_place {
            return Ok(None);
        }
        let kind = CeremonyKind::SingleLogout;
        Ok(Some(ceremonies::begin_unrecorded(ctx, kind, None, session).await?))
    })
}

/// The address at the identity provider that ends there the session that was remembered. Once.
///
/// # Errors
/// `Conflict` when nothing was remembered, or it was too long ago.
pub async fn leave(ctx: &Context, ceremony: &Secret) -> Result<String, Error> {
    attempt!(ctx, {
        let kind = CeremonyKind::SingleLogout;
        let session: Option<ProviderSession> = ceremonies::take_unrecorded(ctx, ceremony, kind, None).await?;
        let over =
            || Error::conflict("You are signed out here. Sign out at your identity provider by yourself.");
        let session = session.ok_or_else(over)?;
        let permit = ctx.public(Action::SingleSignOn);
        let mut tx = permit.read().await?;
        let provider = store::identity_providers::find(&mut tx, session.provider).await?.ok_or_else(over)?;
        drop(tx);
        if let ProviderSettings::Oidc(settings) = identity_providers::read(&provider)? {
            return Ok(endings::address(ctx, &provider, &settings, &session).await.ok_or_else(over)?);
        }
        let id = message_id(ctx);
        let write = |message: &Message<'_>| message.request(&session.name_id, session.index.as_deref());
        send(ctx, &permit, &provider, Kind::Request, &id, None, write).await
    })
}

/// Takes a message about signing out from the query of the redirect binding, as it came.
///
/// # Errors
/// `Forbidden` with one text for whatever is wrong with it; `NotFound`.
pub async fn receive_logout(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    query: &str,
) -> Result<Left, Error> {
    let permit = ctx.public(Action::SingleSignOn);
    let provider =
        attempt!(ctx, { identity_providers::find(&mut permit.read().await?, organization, id).await })?;
    let settings = attempt!(ctx, { identity_providers::read_saml(&provider) })?;
    let own = addresses(&ctx.control, organization, id);
    let expected = Expected { entity_id: &settings.entity_id, slo_url: &own.slo };
    let certificates: Vec<Certificate> =
        settings.certificates.iter().filter_map(|pem| Certificate::read(pem).ok()).collect();
    let is_answer = query.split('&').any(|pair| pair.starts_with("SAMLResponse="));
    let kind = if is_answer { Kind::Response } else { Kind::Request };
    let received = match redirects::receive(query, kind, &certificates) {
        Ok(received) => received,
        Err(refusal) => return refuse(ctx, &permit, &provider, &refusal).await,
    };
    if is_answer {
        // Nothing hangs on it: whoever asked is signed out here already.
        return Ok(Left::Done);
    }
    let asked = match logouts::read_request(&received.xml, &expected, ctx.now()) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(ctx, &permit, &provider, &refusal).await,
    };
    attempt!(ctx, { sign_out(&permit, &provider, &asked).await })?;
    if settings.slo_url.is_empty() {
        return Ok(Left::Done);
    }
    let relay_state = received.relay_state.as_deref();
    attempt!(ctx, {
        let id = message_id(ctx);
        let write = |message: &Message<'_>| message.response(&asked.id, true);
        let address = send(ctx, &permit, &provider, Kind::Response, &id, relay_state, write).await?;
        Ok(Left::Answer(address))
    })
}

/// Ends the sessions that the identity provider names, of the person whom it names.
async fn sign_out(permit: &Permit, provider: &IdentityProvider, asked: &Asked) -> Result<(), Failure> {
    let mut write = permit.write(EventType::SingleLogout).await?;
    let subject = asked.name_id.value.as_str();
    let indexes: Vec<Option<&str>> = match asked.session_indexes.as_slice() {
        [] => vec![None],
        some => some.iter().map(|index| Some(index.as_str())).collect(),
    };
    let mut ended = Vec::new();
    for index in indexes {
        ended.extend(store::sessions::remove_of_subject(&mut write.tx, provider.id, subject, index).await?);
    }
    write.of_organizations(&[provider.organization_id]).subject(
        SubjectKind::IdentityProvider,
        provider.id.uuid(),
        provider.name.clone(),
    );
    write.event.user_id = ended.iter().flatten().next().copied();
    write.event.credential = Some("saml".into());
    let count = ended.len();
    write.text(format!(
        "The identity provider {} asked that {subject} be signed out; {count} sessions ended",
        provider.name
    ));
    write.commit().await
}

async fn refuse(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    refusal: &Refusal,
) -> Result<Left, Error> {
    let recorded: Result<(), Error> = attempt!(ctx, {
        let counters = lock_outs::answer_counters(ctx.origin().address, provider.id);
        if lock_outs::count(&ctx.control, &counters).await?.is_err() {
            return Ok(());
        }
        let mut write = permit.write(EventType::SingleLogout).await?;
        write.of_organizations(&[provider.organization_id]).subject(
            SubjectKind::IdentityProvider,
            provider.id.uuid(),
            provider.name.clone(),
        );
        write.event.outcome = Outcome::Denied;
        write.text(format!(
            "Refused a message about signing out of the identity provider {}: {} ({})",
            provider.name,
            refusal.check.name(),
            refusal.detail
        ));
        write.commit().await
    });
    recorded?;
    Err(Error::Forbidden { reason: REFUSED.into() })
}

fn message_id(ctx: &Context) -> String {
    let mut random = [0; ID_BYTES];
    ctx.control.random().fill(&mut random);
    requests::id(random)
}

/// The address that brings a message to the identity provider, always signed.
async fn send(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    kind: Kind,
    id: &str,
    relay_state: Option<&str>,
    write: impl FnOnce(&Message<'_>) -> String,
) -> Result<String, Failure> {
    let settings = identity_providers::read_saml(provider)?;
    let own = addresses(&ctx.control, provider.organization_id, provider.id);
    let keys = own_keys(&ctx.control, &mut permit.read().await?, provider).await?;
    let key =
        keys.first().ok_or_else(|| Failure::Inconsistent("an identity provider without a key".into()))?;
    let message = Message { id, issued_at: ctx.now(), destination: &settings.slo_url, issuer: &own.metadata };
    let signing = Signing { private: &key.private, algorithm: algorithm(&settings) };
    let xml = write(&message);
    redirects::address(&settings.slo_url, kind, &xml, relay_state, Some(&signing))
        .map_err(|error| Failure::Certificate(Box::new(error)))
}
