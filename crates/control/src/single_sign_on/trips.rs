//! Sending a browser to an identity provider. Believes nothing yet.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{Binding, ProviderSettings, ProviderState, SamlSettings},
    ids::{IdentityProviderId, OrganizationId, UserId},
    names::EmailAddress,
    sign_ins::CeremonyKind,
    views::ProviderChoice,
};
use identity::{
    oidc::{checks::Refusal, verifications::Report},
    saml::{
        keys::SignatureAlgorithm,
        redirects::{self, Kind, Signing},
        requests::{self, AuthnRequest, ID_BYTES},
    },
};
use store::{Tx, access::Target, identity_providers::IdentityProvider, provider_requests::ProviderRequest};

use super::{Purpose, REQUEST, Trip, answers::refuse, codes, finishing::keep_test, hash, vouchers::Verdict};
use crate::{
    Context, Control,
    ceremonies::{self, Begun},
    contexts::Permit,
    errors::{Failure, attempt},
    identity_providers::{self, addresses, own_keys},
    profiles,
    sessions::lock_outs,
    step_up,
};

/// How long somebody may take at the identity provider.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Requests that wait for their answer at the same time, at most.
const UNDER_WAY_MAX: i64 = 50_000;

/// What everybody is told who cannot be sent to an identity provider.
const UNASKED: &str = "The identity provider could not be asked. Try again in a minute; if it stays, ask an admin of your organization, \
    who finds the reason in its events.";

/// How a browser gets to the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is sent to this address.
    Redirect(String),
    /// It posts this form.
    Post {
        /// To this address.
        action: String,
        /// `SAMLRequest`, as it is sent.
        request: String,
    },
}

/// The identity providers that people of an address's domain sign in with, by name. Asks about domains alone, so that it tells
/// nothing of who has an account.
///
/// # Errors
/// `Unavailable`.
pub async fn providers_for(ctx: &Context, email: &str) -> Result<Vec<ProviderChoice>, Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let mut tx = permit.read().await?;
        let found = active_for(&mut tx, email).await?;
        Ok(found
            .into_iter()
            .map(|provider| ProviderChoice { id: provider.id, name: provider.name })
            .collect())
    })
}

/// Those of them that are of the organization of that name: it asks somebody for one who is signed in some other way.
///
/// # Errors
/// `Unavailable`.
pub async fn providers_of(
    ctx: &Context,
    organization: &str,
    email: &str,
) -> Result<Vec<ProviderChoice>, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::SingleSignOn).read().await?;
        let mut own = Vec::new();
        for provider in active_for(&mut tx, email).await? {
            let of = store::organizations::find(&mut tx, provider.organization_id).await?;
            if of.is_some_and(|of| of.name == organization) {
                own.push(ProviderChoice { id: provider.id, name: provider.name });
            }
        }
        Ok(own)
    })
}

/// The identity providers that let people of an address's domain in; none for what is no address.
async fn active_for(tx: &mut Tx, email: &str) -> Result<Vec<IdentityProvider>, Failure> {
    let Ok(email) = email.parse::<EmailAddress>() else { return Ok(Vec::new()) };
    let Some((_, domain)) = email.as_str().rsplit_once('@') else { return Ok(Vec::new()) };
    Ok(store::identity_providers::active_of_domain(tx, domain).await?)
}

/// Begins to sign in with an identity provider that lets people in; `next` comes back with who was vouched for.
///
/// # Errors
/// `NotFound`; `Limited` when one network asks too often; `Unavailable` when too many are under way.
pub async fn begin(ctx: &Context, id: IdentityProviderId, next: &str) -> Result<Begun<Way>, Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let counters = lock_outs::challenge_counters(ctx.origin().address);
        if let Err(lock_out) = lock_outs::count(&ctx.control, &counters).await? {
            return Err(Error::limited(lock_out.seconds_left(ctx.now())).into());
        }
        let provider = active(&permit, id).await?;
        send(ctx, &permit, &provider, Purpose::SignIn, None, next).await
    })
}

/// Begins a test of an identity provider, which signs nobody in. Gives nothing if it ended at once, because the identity provider
/// could not even be asked: the report says why.
///
/// # Errors
/// `Conflict` when something is missing; `Denied`; `NotFound`.
pub async fn begin_test(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<Option<Begun<Way>>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::TestIdentityProvider, Target::Organization(organization)).await?;
        let provider = identity_providers::find(&mut permit.read().await?, organization, id).await?;
        let ProviderSettings::Oidc(settings) = complete(&provider)? else {
            return send(ctx, &permit, &provider, Purpose::Test, Some(ctx.user()?), "").await.map(Some);
        };
        let sent = match codes::ask(&ctx.control, &provider, &settings, settings.is_forced, true).await {
            Ok(sent) => sent,
            Err(refusal) => {
                let verdict = Verdict::of_oidc(Report::refused(refusal));
                let report = verdict.test_report(&ProviderSettings::Oidc(settings));
                let write = permit.write(EventType::IdentityProviderTested).await?;
                keep_test(ctx, write, &provider, &report).await?;
                return Ok(None);
            }
        };
        let trip = Trip {
            provider: provider.id,
            request_id: sent.state,
            purpose: Purpose::Test,
            next: String::new(),
            began_at: ctx.now(),
            asked: Some(sent.asked),
        };
        set_out(ctx, &provider, Some(ctx.user()?), Way::Redirect(sent.address), &trip).await.map(Some)
    })
}

/// Begins to link one's own account with who one is at an identity provider of an organization that one belongs to.
///
/// # Errors
/// `NotFound`; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn begin_link(ctx: &Context, id: IdentityProviderId) -> Result<Begun<Way>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let user = profiles::person(ctx, &mut permit.read().await?).await?;
        let provider = active(&permit, id).await?;
        let membership =
            store::memberships::find(&mut permit.read().await?, provider.organization_id, user.id).await?;
        membership.ok_or(Error::NotFound)?;
        send(ctx, &permit, &provider, Purpose::Link, Some(user.id), "").await
    })
}

/// Begins to show once more who one is, at the identity provider that one signed in with.
///
/// # Errors
/// `NotFound`; `Denied` for tokens; `Unauthenticated`.
pub async fn begin_step_up(ctx: &Context, id: IdentityProviderId, next: &str) -> Result<Begun<Way>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::StepUp)?;
        let user = profiles::person(ctx, &mut permit.read().await?).await?;
        // No other one says who this session's person is, however they are linked.
        let own = step_up::provider(ctx, &mut permit.read().await?).await?;
        own.filter(|own| own.id == id).ok_or(Error::NotFound)?;
        let provider = active(&permit, id).await?;
        send(ctx, &permit, &provider, Purpose::StepUp, Some(user.id), next).await
    })
}

async fn active(permit: &Permit, id: IdentityProviderId) -> Result<IdentityProvider, Failure> {
    let provider = store::identity_providers::find(&mut permit.read().await?, id).await?;
    Ok(provider.filter(|provider| provider.state == ProviderState::Active).ok_or(Error::NotFound)?)
}

async fn send(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    purpose: Purpose,
    user: Option<UserId>,
    next: &str,
) -> Result<Begun<Way>, Failure> {
    let trip = |request_id, asked| Trip {
        provider: provider.id,
        request_id,
        purpose,
        next: next.to_owned(),
        began_at: ctx.now(),
        asked,
    };
    let settings = complete(provider)?;
    let (way, trip) = match &settings {
        ProviderSettings::Saml(settings) => {
            let (request_id, way) = ask_by_saml(ctx, permit, provider, settings, purpose).await?;
            (way, trip(request_id, None))
        }
        ProviderSettings::Oidc(settings) => {
            let is_forced = settings.is_forced || purpose == Purpose::StepUp;
            let sent = match codes::ask(&ctx.control, provider, settings, is_forced, false).await {
                Ok(sent) => sent,
                Err(refusal) => return Err(unasked(ctx, permit, provider, &refusal).await?.into()),
            };
            (Way::Redirect(sent.address), trip(sent.state, Some(sent.asked)))
        }
    };
    set_out(ctx, provider, user, way, &trip).await
}

/// Remembers the trip, and gives the browser what it needs for it.
async fn set_out(
    ctx: &Context,
    provider: &IdentityProvider,
    user: Option<UserId>,
    way: Way,
    trip: &Trip,
) -> Result<Begun<Way>, Failure> {
    note(&ctx.control, provider, &trip.request_id, trip.purpose).await?;
    let ceremony = ceremonies::begin_unrecorded(ctx, CeremonyKind::SingleSignOn, user, trip).await?;
    Ok(Begun { ceremony, shown: way })
}

/// The settings, with which people can sign in.
fn complete(provider: &IdentityProvider) -> Result<ProviderSettings, Failure> {
    let settings = identity_providers::read(provider)?;
    match settings.missing(provider.secret_sealed.is_some()).first() {
        Some(what) => Err(Error::conflict(format!("This identity provider still lacks {what}.")).into()),
        None => Ok(settings),
    }
}

/// Puts on record that an identity provider could not even be asked; gives what everybody is told.
async fn unasked(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    refusal: &Refusal,
) -> Result<Error, Failure> {
    let why = format!("{} ({})", refusal.check.name(), refusal.detail);
    match refuse::<()>(ctx, permit, provider, &why).await {
        Err(Error::Forbidden { .. }) | Ok(()) => Ok(Error::Unavailable { reason: UNASKED.to_owned() }),
        Err(other) => Err(other.into()),
    }
}

async fn ask_by_saml(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    settings: &SamlSettings,
    purpose: Purpose,
) -> Result<(String, Way), Failure> {
    let control = &ctx.control;
    let keys = own_keys(control, &mut permit.read().await?, provider).await?;
    let private = keys.first().map(|key| key.private.clone());
    let mut random = [0; ID_BYTES];
    control.random().fill(&mut random);
    let (request_id, own) = (requests::id(random), addresses(control, provider.organization_id, provider.id));
    let asks_again = settings.is_forced || purpose == Purpose::StepUp;
    let request = AuthnRequest {
        id: &request_id,
        issued_at: ctx.now(),
        destination: &settings.sso_url,
        issuer: &own.metadata,
        acs_url: &own.acs,
        name_id_format: Some(settings.name_id_format.as_str()).filter(|format| !format.is_empty()),
        context_class: Some(settings.context_class.as_str()).filter(|class| !class.is_empty()),
        is_forced: asks_again,
    };
    let signing = private.as_ref().filter(|_| settings.requests_signed);
    let algorithm = algorithm(settings);
    let way = match settings.sso_binding {
        Binding::Redirect => {
            let signing = signing.map(|private| Signing { private, algorithm });
            let address =
                redirects::address(&settings.sso_url, Kind::Request, &request.xml(), None, signing.as_ref());
            Way::Redirect(address.map_err(unsigned)?)
        }
        Binding::Post => {
            let xml = match signing {
                Some(private) => request.signed_xml(private, algorithm).map_err(unsigned)?,
                None => request.xml(),
            };
            Way::Post { action: settings.sso_url.clone(), request: STANDARD.encode(xml) }
        }
    };
    Ok((request_id, way))
}

/// How our messages are signed.
pub(super) fn algorithm(settings: &SamlSettings) -> SignatureAlgorithm {
    let known = SignatureAlgorithm::ALL.iter().copied();
    known.into_iter().find(|known| known.name() == settings.signature_algorithm).unwrap_or_default()
}

fn unsigned(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Certificate(Box::new(error))
}

/// Notes the request. It changes nothing of anybody's, so that it is no event: its answer is.
async fn note(
    control: &Control,
    provider: &IdentityProvider,
    request_id: &str,
    purpose: Purpose,
) -> Result<(), Failure> {
    let mut tx = control.store().write().await?;
    if store::provider_requests::count(&mut tx).await? >= UNDER_WAY_MAX {
        let reason = "Too many people sign in right now. Try again in a few minutes.".into();
        return Err(Error::Unavailable { reason }.into());
    }
    let request = ProviderRequest {
        request_hash: hash(REQUEST, request_id),
        identity_provider_id: provider.id,
        is_test: purpose == Purpose::Test,
        created_at: control.now(),
        expires_at: control.now().plus(LIFETIME),
        answered_at: None,
        answer_sealed: None,
    };
    store::provider_requests::add(&mut tx, &request).await?;
    Ok(tx.commit().await?)
}
