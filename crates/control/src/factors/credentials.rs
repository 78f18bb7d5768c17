//! Adding a passkey or a security key: what the browser is asked, and the credential that its answer registers.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::FactorId,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind},
};
use identity::webauthn::{self, Credential, Registrant};
use store::factors::Factor;

use super::{
    adding::{Added, add, may_add, offer_is_over},
    parse_name,
};
use crate::{
    Context,
    ceremonies::{self, Begun},
    errors::{Failure, attempt},
    profiles,
};

/// Whether one may add a passkey or security key now: asked before the page offers it.
///
/// # Errors
/// `Conflict` when there are too many factors; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn may_begin(ctx: &Context) -> Result<(), Error> {
    attempt!(ctx, { may_add(ctx).await.map(drop) })
}

/// Asks the browser for a passkey: options for `navigator.credentials.create` as JSON. What it is to be called is looked at
/// first: what a device has made, nobody takes back from it.
///
/// # Errors
/// `Invalid` on `name`; `Conflict` when there are too many factors, or the console's address is none that browsers allow this at; `StepUp`;
/// `Denied` for tokens; `Unauthenticated`.
pub async fn begin_passkey(ctx: &Context, name: &str) -> Result<Begun<String>, Error> {
    begin_registration(ctx, FactorKind::Passkey, name).await
}

/// Asks the browser for a security key: options for `navigator.credentials.create` as JSON.
///
/// # Errors
/// As [`begin_passkey`].
pub async fn begin_security_key(ctx: &Context, name: &str) -> Result<Begun<String>, Error> {
    begin_registration(ctx, FactorKind::SecurityKey, name).await
}

/// Adds the passkey that the browser answers with. An answer that is not accepted ends the ceremony as well.
///
/// # Errors
/// `Invalid` on `name` or `answer`; `Conflict` when it took too long, was done already, there are too many factors, or it is
/// registered already; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn finish_passkey(
    ctx: &Context,
    ceremony: &Secret,
    name: &str,
    answer: &str,
) -> Result<Added, Error> {
    finish(ctx, FactorKind::Passkey, ceremony, name, answer).await
}

/// Adds the security key that the browser answers with. An answer that is not accepted ends the ceremony as well.
///
/// # Errors
/// As [`finish_passkey`].
pub async fn finish_security_key(
    ctx: &Context,
    ceremony: &Secret,
    name: &str,
    answer: &str,
) -> Result<Added, Error> {
    finish(ctx, FactorKind::SecurityKey, ceremony, name, answer).await
}

/// What the factor of one's own is called that this answer has added already, if it has.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn added_with(ctx: &Context, answer: &str) -> Result<Option<String>, Error> {
    let Some(id) = webauthn::registered_id(answer) else { return Ok(None) };
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnFactors)?;
        let mut tx = permit.read().await?;
        let held = store::factors::list_for_user(&mut tx, ctx.user()?).await?;
        let found = held.into_iter().find(|factor| factor.credential_id.as_ref() == Some(&id));
        Ok(found.map(|factor| factor.name))
    })
}

async fn begin_registration(ctx: &Context, kind: FactorKind, name: &str) -> Result<Begun<String>, Error> {
    attempt!(ctx, {
        let (user, held) = may_add(ctx).await?;
        parse_name(name, kind)?;
        let party = ctx.control.relying_party()?;
        let existing = credentials(&held)?;
        let registrant = Registrant { id: user.id, account: &user.email, name: &user.name };
        let asked = match kind {
            FactorKind::Passkey => party.begin_passkey(&registrant, &existing),
            _ => party.begin_security_key(&registrant, &existing),
        };
        let asked = asked.map_err(|error| Error::conflict(error.to_string()))?;
        let ceremony =
            ceremonies::begin_unrecorded(ctx, ceremony_kind(kind), Some(user.id), &asked.state).await?;
        Ok(Begun { ceremony, shown: asked.options })
    })
}

async fn finish(
    ctx: &Context,
    kind: FactorKind,
    ceremony: &Secret,
    name: &str,
    answer: &str,
) -> Result<Added, Error> {
    attempt!(ctx, { may_add(ctx).await })?;
    let name = parse_name(name, kind)?;
    let user = ctx.user()?;
    let state: Vec<u8> =
        attempt!(ctx, { ceremonies::take_unrecorded(ctx, ceremony, ceremony_kind(kind), Some(user)).await })?
            .ok_or_else(offer_is_over)?;
    let party = ctx.control.relying_party()?;
    let credential = party
        .finish_registration(&state, answer, user)
        .map_err(|error| Error::invalid("answer", error.to_string()))?;
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let (write, user) = profiles::begin(ctx, &permit, EventType::UserFactorAdded).await?;
        let factor = Factor {
            id: FactorId::from_uuid(ctx.control.new_uuid()),
            user_id: user.id,
            kind,
            name: name.clone(),
            secret_sealed: None,
            last_step: None,
            credential_id: Some(credential.id().to_vec()),
            credential: Some(credential.to_json().map_err(|error| unreadable(&error))?),
            created_at: ctx.now(),
            last_used_at: None,
        };
        add(ctx, write, &user, factor).await
    })
}

const fn ceremony_kind(kind: FactorKind) -> CeremonyKind {
    match kind {
        FactorKind::Passkey => CeremonyKind::PasskeyRegistration,
        _ => CeremonyKind::SecurityKeyRegistration,
    }
}

/// The credentials among factors.
pub(crate) fn credentials(held: &[Factor]) -> Result<Vec<Credential>, Failure> {
    held.iter().filter_map(|factor| credential(factor).transpose()).collect()
}

/// The credential of a passkey or security key; none of other factors.
pub(crate) fn credential(factor: &Factor) -> Result<Option<Credential>, Failure> {
    let json = factor.credential.as_deref();
    json.map(Credential::from_json).transpose().map_err(|error| unreadable(&error))
}

pub(crate) fn unreadable(error: &webauthn::Error) -> Failure {
    Failure::Inconsistent(format!("a credential cannot be read or written: {error}"))
}
