//! Taking what an identity provider answers: it is judged, put on record, and kept for the browser that asked. Signs nobody in.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{ProviderState, SamlSettings},
    ids::{IdentityProviderId, OrganizationId},
    principals::SubjectKind,
    secrets::Secret,
    states::Outcome,
};
use identity::saml::{
    certificates::Certificate,
    checks::Refusal,
    questions::Question,
    verifications::{self, Expectations, Report, Trust},
};
use store::identity_providers::IdentityProvider;

use super::{ASSERTION, REQUEST, hash, seal};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    identity_providers::{self, Own, addresses, own_keys},
    sessions::lock_outs,
};

/// What everybody is told whose response is not accepted; why is in the organization's log.
pub(super) const REFUSED: &str = "The identity provider’s answer was not accepted. Begin the sign-in again; if it stays, ask an admin of \
    your organization, who finds the reason in its events.";

/// What became of a response.
pub enum Received {
    /// It waits for the browser that asked and brought it, which shows this receipt.
    Kept(Secret),
    /// Nobody asked for it, and the identity provider may begin: a sign-in that begins here has to follow.
    Unasked,
}

/// Takes a response, the field `SAMLResponse` of the POST binding.
///
/// # Errors
/// `Forbidden` with one text for whatever is wrong with it; `NotFound` for an identity provider that is none.
pub async fn receive(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    field: &str,
) -> Result<Received, Error> {
    let permit = ctx.public(Action::SingleSignOn);
    let (provider, settings, keys) = attempt!(ctx, {
        let mut tx = permit.read().await?;
        let provider = identity_providers::find(&mut tx, organization, id).await?;
        let settings = identity_providers::read_saml(&provider)?;
        let keys = own_keys(&ctx.control, &mut tx, &provider).await?;
        Ok((provider, settings, keys))
    })?;
    let request_id = match verifications::request_of(field) {
        Ok(Some(request_id)) => request_id,
        Ok(None) if settings.idp_initiated && provider.state == ProviderState::Active => {
            return Ok(Received::Unasked);
        }
        Ok(None) => return refuse(ctx, &permit, &provider, "it answers no request of ours").await,
        Err(refusal) => return refuse(ctx, &permit, &provider, &words(&refusal)).await,
    };
    let request_hash = hash(REQUEST, &request_id);
    let asked = attempt!(ctx, {
        let mut tx = permit.read().await?;
        Ok(store::provider_requests::find(&mut tx, &request_hash, id, ctx.now()).await?)
    })?;
    let Some(asked) = asked.filter(|asked| asked.answered_at.is_none()) else {
        let why = "it answers a request that was answered already, that is too old, or that we did not make";
        return refuse(ctx, &permit, &provider, why).await;
    };
    let Some(report) = judge(ctx, &provider, &settings, keys, field, request_id).await else {
        let why = "it could not be judged within the limits of memory and time; the server’s log says more";
        return refuse(ctx, &permit, &provider, why).await;
    };
    attempt!(ctx, {
        let kept = if asked.is_test { report.clone() } else { verdict_alone(&report) };
        let (sealed, receipt) = seal(&ctx.control, &request_hash, Some(provider.generation), &kept)?;
        keep(ctx, &permit, &provider, &request_hash, &sealed, &report).await?;
        Ok(Received::Kept(receipt))
    })
}

/// Has the response judged, with no transaction open; none if there is no verdict.
async fn judge(
    ctx: &Context,
    provider: &IdentityProvider,
    settings: &SamlSettings,
    keys: Vec<Own>,
    field: &str,
    request_id: String,
) -> Option<Report> {
    let own = addresses(&ctx.control, provider.organization_id, provider.id);
    let question = Question {
        field: field.to_owned(),
        trust: Trust {
            entity_id: settings.entity_id.clone(),
            certificates: settings
                .certificates
                .iter()
                .filter_map(|pem| Certificate::read(pem).ok())
                .collect(),
            assertion_signed: settings.assertion_signed,
            response_signed: settings.response_signed,
            encrypted: settings.encrypted,
            keys: keys.into_iter().map(|key| key.private).collect(),
        },
        expectations: Expectations { acs_url: own.acs, audience: own.metadata, request_id },
        now: ctx.now(),
    };
    let verdict = ctx.control.parts().saml_judge.judge(&question).await;
    verdict
        .inspect_err(
            |error| tracing::warn!(provider = %provider.id, %error, "A SAML response got no verdict"),
        )
        .ok()
}

/// A report without what a sign-in does not need.
fn verdict_alone(report: &Report) -> Report {
    Report { findings: Vec::new(), xml: None, decrypted: None, outcome: report.outcome.clone() }
}

/// Keeps the verdict. That the request was answered, that the assertion is never accepted again, and the event are one
/// transaction.
async fn keep(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    request_hash: &[u8],
    sealed: &[u8],
    report: &Report,
) -> Result<(), Failure> {
    let mut write = permit.write(EventType::SingleSignOnAnswered).await?;
    name_in(&mut write, provider);
    let refused = |why: &str| format!("Refused a response of the identity provider {}: {why}", provider.name);
    let is_first = store::provider_requests::answer(&mut write.tx, request_hash, sealed, ctx.now()).await?;
    let is_new = match &report.outcome {
        Ok(assertion) => {
            let (assertion_hash, until) = (hash(ASSERTION, &assertion.id), assertion.not_on_or_after);
            // As long as any clock could take it.
            let until = until.plus(verifications::SKEW * 2);
            store::accepted_assertions::add(&mut write.tx, provider.id, &assertion_hash, until).await?
        }
        Err(_) => true,
    };
    if !is_first || !is_new {
        drop(write);
        let why = if is_first { "its assertion was used before" } else { "its request was answered already" };
        return Err(refuse::<()>(ctx, permit, provider, why).await.err().unwrap_or(Error::NotFound).into());
    }
    match &report.outcome {
        Ok(assertion) => {
            let who = &assertion.name_id.value;
            write.text(format!("The identity provider {} vouched for {who}", provider.name));
        }
        Err(refusal) => {
            write.event.outcome = Outcome::Denied;
            write.text(refused(&words(refusal)));
        }
    }
    write.commit().await
}

/// Puts a refusal on record, unless its network had so many that it has to wait, and answers with the one text for all.
pub(super) async fn refuse<T>(
    ctx: &Context,
    permit: &Permit,
    provider: &IdentityProvider,
    why: &str,
) -> Result<T, Error> {
    let recorded: Result<(), Error> = attempt!(ctx, {
        let counters = lock_outs::answer_counters(ctx.origin().address, provider.id);
        if lock_outs::count(&ctx.control, &counters).await?.is_err() {
            return Ok(());
        }
        let mut write = permit.write(EventType::SingleSignOnAnswered).await?;
        name_in(&mut write, provider);
        write.event.outcome = Outcome::Denied;
        write.text(format!("Refused a response of the identity provider {}: {why}", provider.name));
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
}

fn words(refusal: &Refusal) -> String {
    format!("{} ({})", refusal.check.name(), refusal.detail)
}
