//! Signing in by OpenID Connect: asking, taking the code that a browser comes back with, and trading it in. What an ID token has to be
//! is said in `identity`; who it is about here, in `people`.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    identity_providers::{OidcSettings, TokenAuth},
    ids::{IdentityProviderId, OrganizationId},
    secrets::Secret,
};
use identity::oidc::{
    algorithms::Algorithm,
    checks::Refusal,
    questions::{self, Question, RANDOM_BYTES},
    verifications::{self, Answer, Expectations, Report},
};
use serde::{Deserialize, Serialize};
use store::identity_providers::IdentityProvider;

use super::{
    REQUEST, Trip,
    answers::refuse,
    discoveries::{discover, discover_anew, http, note_keys},
    hash, seal,
    vouchers::Verdict,
};
use crate::{
    Context, Control,
    errors::attempt,
    identity_providers::{self, client_addresses},
};

/// What only the browser's ceremony knows of a question.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    /// What the ID token has to hold.
    nonce: String,
    /// What the code is traded in with.
    verifier: Secret,
    /// Whether credentials had to be shown again.
    is_forced: bool,
}

/// A question that is on its way.
pub(super) struct Sent {
    /// Where the browser is sent.
    pub(super) address: String,
    /// What it comes back with.
    pub(super) state: String,
    /// What stays here.
    pub(super) asked: Asked,
}

/// Writes the question that a browser is sent with.
pub(super) async fn ask(
    control: &Control,
    provider: &IdentityProvider,
    settings: &OidcSettings,
    is_forced: bool,
    is_test: bool,
) -> Result<Sent, Refusal> {
    let discovered = match is_test {
        true => discover_anew(control, &settings.issuer).await?,
        false => discover(control, &settings.issuer).await?,
    };
    let mut random = [0; RANDOM_BYTES];
    control.random().fill(&mut random);
    let own = client_addresses(control, provider.organization_id, provider.id);
    let question = Question {
        client_id: &settings.client_id,
        redirect_uri: &own.callback,
        scopes: &settings.scopes,
        context_classes: &settings.acr_values,
        is_forced,
        login_hint: None,
    };
    let questions::Begun { url, state, nonce, verifier } =
        questions::ask(&discovered.provider, &question, &random);
    Ok(Sent { address: url, state, asked: Asked { nonce, verifier, is_forced } })
}

/// Takes what a browser comes back with, as it is: it waits for the browser that asked, and is traded in when that shows itself, with
/// the receipt that is given here to whoever brought it.
///
/// # Errors
/// `Forbidden` with one text for whatever is wrong with it; `NotFound` for an identity provider that is none.
pub async fn receive_code(
    ctx: &Context,
    organization: OrganizationId,
    id: IdentityProviderId,
    answer: &Answer,
) -> Result<Secret, Error> {
    let permit = ctx.public(Action::SingleSignOn);
    let request_hash = hash(REQUEST, &answer.state);
    let (provider, asked) = attempt!(ctx, {
        let mut tx = permit.read().await?;
        let provider = identity_providers::find(&mut tx, organization, id).await?;
        identity_providers::read_oidc(&provider)?;
        // A state of another identity provider is none here: answers are not mixed up (RFC 9207).
        let asked = store::provider_requests::find(&mut tx, &request_hash, id, ctx.now()).await?;
        Ok((provider, asked))
    })?;
    let waits = asked.is_some_and(|asked| asked.answered_at.is_none());
    let receipt = attempt!(ctx, {
        if !waits {
            return Ok(None);
        }
        let control = &ctx.control;
        let (sealed, receipt) = seal(control, &request_hash, None, answer)?;
        // It changes nothing of anybody's, so that it is no event: what comes of it is.
        let mut tx = control.store().write().await?;
        let is_first = store::provider_requests::answer(&mut tx, &request_hash, &sealed, ctx.now()).await?;
        tx.commit().await?;
        Ok(is_first.then_some(receipt))
    })?;
    if let Some(receipt) = receipt {
        return Ok(receipt);
    }
    let why = "its state is of no request of ours that waits for an answer";
    refuse(ctx, &permit, &provider, why).await
}

/// Trades the code in and judges what comes, with no transaction open.
pub(super) async fn judge(
    ctx: &Context,
    provider: &IdentityProvider,
    settings: &OidcSettings,
    secret: Option<Secret>,
    trip: &Trip,
    asked: &Asked,
    answer: &Answer,
) -> Verdict {
    let control = &ctx.control;
    let discovered = match discover(control, &settings.issuer).await {
        Ok(discovered) => discovered,
        Err(refusal) => return Verdict::of_oidc(Report::refused(refusal)),
    };
    let own = client_addresses(control, provider.organization_id, provider.id);
    let expectations = Expectations {
        client_id: &settings.client_id,
        token_auth: &token_auth(settings, secret),
        redirect_uri: &own.callback,
        state: &trip.request_id,
        nonce: &asked.nonce,
        verifier: &asked.verifier,
        algorithms: &algorithms(settings),
        context_classes: &settings.acr_values,
        age_max: asked.is_forced.then_some(Duration::ZERO),
        asked_at: trip.began_at,
        uses_userinfo: settings.uses_userinfo,
        may_fetch_keys: discovered.may_fetch_keys,
        now: ctx.now(),
    };
    let report = verifications::finish(&discovered.provider, &expectations, answer, http(control)).await;
    note_keys(
        control,
        (&settings.issuer, discovered.may_fetch_keys),
        report.keys.as_ref(),
        report.outcome.as_ref().err(),
    );
    Verdict::of_oidc(report)
}

fn token_auth(settings: &OidcSettings, secret: Option<Secret>) -> verifications::TokenAuth {
    match (settings.token_auth, secret) {
        (TokenAuth::None, _) | (_, None) => verifications::TokenAuth::Public,
        (TokenAuth::Basic, Some(secret)) => verifications::TokenAuth::Basic(secret),
        (TokenAuth::Post, Some(secret)) => verifications::TokenAuth::Post(secret),
    }
}

/// The algorithms that are taken of an identity provider.
pub(super) fn algorithms(settings: &OidcSettings) -> Vec<Algorithm> {
    settings.algorithms.iter().filter_map(|name| Algorithm::named(name)).collect()
}
