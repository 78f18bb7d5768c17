//! Signing out with OpenID Connect: where somebody is sent who signs out here and wants to there as well, and what an identity provider
//! says by the back channel when somebody signed out there. What a logout token has to be is said in `identity`.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{OidcSettings, ProviderState},
    ids::{IdentityProviderId, OrganizationId},
    principals::SubjectKind,
    states::Outcome,
};
use identity::oidc::{
    checks::Refusal,
    logouts::{self, Expectations, Logout},
    questions,
};
use store::identity_providers::IdentityProvider;

use super::{
    LOGOUT, ProviderSession,
    codes::algorithms,
    discoveries::{discover, http, note_keys},
    hash, vouchers,
};
use crate::{
    Context, Control,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    identity_providers::{self, client_addresses},
    sessions::lock_outs,
};

/// What everybody is told whose logout token is not accepted; why is in the organization's log.
const REFUSED: &str = "The logout token was not accepted.";

/// Whether an identity provider has a place to sign out at; one that cannot be asked has none.
pub(super) async fn has_place(control: &Control, settings: &OidcSettings) -> bool {
    let discovered = discover(control, &settings.issuer).await;
    discovered.is_ok_and(|discovered| discovered.provider.end_session_endpoint.is_some())
}

/// The address at the identity provider that ends a session there, if it has one.
pub(super) async fn address(
    ctx: &Context,
    provider: &IdentityProvider,
    settings: &OidcSettings,
    session: &ProviderSession,
) -> Option<String> {
    let control = &ctx.control;
    let discovered = discover(control, &settings.issuer).await.ok()?;
    let own = client_addresses(control, provider.organization_id, provider.id);
    let token = vouchers::id_token(control, session);
    questions::end_session_url(&discovered.provider, &settings.client_id, token.as_ref(), &own.post_logout)
}

/// Takes the form field `logout_token` of the back channel: the sessions that it names end.
///
/// # Errors
/// `Forbidden` with one text for whatever is wrong with it; `NotFound`.
pub async fn receive_logout_token(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    token: &str,
) -> Result<(), Error> {
    let permit = ctx.public(Action::SingleSignOn);
    let (provider, settings) = attempt!(ctx, {
        let provider = identity_providers::find(&mut permit.read().await?, organization, id).await?;
        let settings = identity_providers::read_oidc(&provider)?;
        Ok((provider, settings))
    })?;
    // Whoever posts here is nobody: only so many tries of a network are looked at, and none has us ask a provider in vain.
    let counters = lock_outs::answer_counters(ctx.origin().address, id);
    let counted = attempt!(ctx, { Ok(lock_outs::count(&ctx.control, &counters).await?) })?;
    let Ok(counted) = counted else { return Err(Error::Forbidden { reason: REFUSED.into() }) };
    if provider.state != ProviderState::Active || token.split('.').count() != 3 {
        return refuse(ctx, &permit, &provider, "it is no token, or nobody signs in there").await;
    }
    let logout = match read(&ctx.control, &settings, token).await {
        Ok(logout) => logout,
        Err(refusal) => {
            let why = format!("{} ({})", refusal.check.name(), refusal.detail);
            return refuse(ctx, &permit, &provider, &why).await;
        }
    };
    let is_new = attempt!(ctx, { sign_out(&permit, &provider, &logout).await })?;
    match is_new {
        true => Ok(attempt!(ctx, { Ok(counted.take_back(&ctx.control).await?) })?),
        false => refuse(ctx, &permit, &provider, "it was taken before").await,
    }
}

/// Judges a logout token, with no transaction open.
async fn read(control: &Control, settings: &OidcSettings, token: &str) -> Result<Logout, Refusal> {
    let discovered = discover(control, &settings.issuer).await?;
    let expectations = Expectations {
        client_id: &settings.client_id,
        algorithms: &algorithms(settings),
        may_fetch_keys: discovered.may_fetch_keys,
        now: control.now(),
    };
    let read = logouts::read(token, &discovered.provider, &expectations, http(control)).await;
    note_keys(
        control,
        (&settings.issuer, discovered.may_fetch_keys),
        read.keys.as_ref(),
        read.outcome.as_ref().err(),
    );
    read.outcome
}

/// Ends the sessions that a logout token names. False if it was taken before.
async fn sign_out(permit: &Permit, provider: &IdentityProvider, logout: &Logout) -> Result<bool, Failure> {
    let mut write = permit.write(EventType::SingleLogout).await?;
    let token_hash = hash(LOGOUT, &logout.token_id);
    if !store::accepted_assertions::add(&mut write.tx, provider.id, &token_hash, logout.until).await? {
        return Ok(false);
    }
    let session = logout.session_id.as_deref();
    let ended = match (logout.subject.as_deref(), session) {
        (Some(subject), session) => {
            store::sessions::remove_of_subject(&mut write.tx, provider.id, subject, session).await?
        }
        (None, Some(session)) => {
            store::sessions::remove_of_index(&mut write.tx, provider.id, session).await?
        }
        (None, None) => Vec::new(),
    };
    name_in(&mut write, provider);
    write.event.user_id = ended.iter().flatten().next().copied();
    let who = logout.subject.as_deref().or(session).unwrap_or_default();
    let count = ended.len();
    write.text(format!(
        "The identity provider {} asked that {who} be signed out; {count} sessions ended",
        provider.name
    ));
    write.commit().await?;
    Ok(true)
}

async fn refuse(ctx: &Context, permit: &Permit, provider: &IdentityProvider, why: &str) -> Result<(), Error> {
    let recorded: Result<(), Error> = attempt!(ctx, {
        let mut write = permit.write(EventType::SingleLogout).await?;
        name_in(&mut write, provider);
        write.event.outcome = Outcome::Denied;
        let name = &provider.name;
        write.text(format!("Refused a message about signing out of the identity provider {name}: {why}"));
        write.commit().await
    });
    recorded?;
    Err(Error::Forbidden { reason: REFUSED.into() })
}

fn name_in(write: &mut Write, provider: &IdentityProvider) {
    write.of_organizations(&[provider.organization_id]).subject(
        SubjectKind::IdentityProvider,
        provider.id.uuid(),
        provider.name.clone(),
    );
    write.event.credential = Some(provider.protocol.as_str().into());
}
