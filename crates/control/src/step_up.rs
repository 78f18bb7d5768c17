//! Step-up: somebody who is signed in shows once more who they are, before what is dangerous. What asks for it is said by
//! `domain::actions`; the session's new id is the console's to make.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::ProviderState,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind, Proof},
    states::Outcome,
    timestamps::Timestamp,
    views::{ProviderChoice, StepUpView},
};
use store::Tx;

use crate::{
    Context,
    ceremonies::{self, Begun},
    errors::{Failure, attempt},
    factor_resets, profiles,
    sessions::{
        accounts::Account,
        passwords,
        proofs::{self, Answer, Shown},
    },
};

/// How long what was shown counts.
pub const LASTS: Duration = Duration::from_secs(10 * 60);

/// What a session is once its person has shown once more who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// What they have shown in it.
    pub proof: Proof,
    /// When they last did.
    pub proven_at: Timestamp,
}

/// Asks somebody who is signed in to show once more who they are. Who has no factor answers with their password, and gets an
/// empty list.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn view(ctx: &Context) -> Result<Begun<StepUpView>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::StepUp)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let held = store::factors::list_for_user(&mut tx, user.id).await?;
        let kinds = proofs::kinds(&mut tx, user.id, &held).await?;
        let provider = provider(ctx, &mut tx).await?;
        drop(tx);
        let question = proofs::question(ctx, user.id, &held, ctx.session())?;
        let options = question.options();
        let kind = CeremonyKind::StepUp;
        let ceremony = ceremonies::begin_unrecorded(ctx, kind, Some(user.id), &question).await?;
        let has_password = !user.password_hash.is_empty();
        Ok(Begun { ceremony, shown: StepUpView { kinds, options, has_password, provider } })
    })
}

/// The identity provider that the session began with, as long as it lets people in.
pub(crate) async fn provider(ctx: &Context, tx: &mut Tx) -> Result<Option<ProviderChoice>, Failure> {
    let Some(key_hash) = ctx.session() else { return Ok(None) };
    let row = store::sessions::find(tx, key_hash, ctx.now()).await?;
    let Some(id) = row.and_then(|row| row.identity_provider_id) else { return Ok(None) };
    let found = store::identity_providers::find(tx, id).await?;
    let active = found.filter(|provider| provider.state == ProviderState::Active);
    Ok(active.map(|provider| ProviderChoice { id: provider.id, name: provider.name }))
}

/// Shows it with a code of an authenticator app, or a recovery code.
///
/// # Errors
/// `Invalid` on `code` when it is wrong; `Conflict` when too many were, or it was asked for too long ago; `Limited` after too
/// many wrong ones; `Denied` for tokens; `Unauthenticated`.
pub async fn with_code(ctx: &Context, ceremony: &Secret, code: &Secret) -> Result<Proven, Error> {
    attempt!(ctx, { answer(ctx, ceremony, Answer::Code(code)).await })
}

/// Shows it with a security key or a passkey.
///
/// # Errors
/// As [`with_code`], but `Invalid` on `answer`.
pub async fn with_security_key(ctx: &Context, ceremony: &Secret, response: &str) -> Result<Proven, Error> {
    attempt!(ctx, { answer(ctx, ceremony, Answer::Credential(response)).await })
}

async fn answer(ctx: &Context, ceremony: &Secret, answer: Answer<'_>) -> Result<Proven, Failure> {
    let permit = ctx.own(Action::StepUp)?;
    // Who was shut out meanwhile learns that first.
    profiles::person(ctx, &mut permit.read().await?).await?;
    let shown = proofs::answer(ctx, &permit, ceremony, CeremonyKind::StepUp, answer).await?;
    let Shown { mut write, user, factor, .. } = shown;
    factor_resets::object_by_factor(ctx, &mut write, &user).await?;
    write.event.event_type = EventType::UserSteppedUp;
    write.text(format!(
        "{} showed once more who they are, with a second factor: {}",
        user.email,
        factor.name()
    ));
    write.commit().await?;
    Ok(with_added(ctx, factor))
}

/// What a session is once a factor of this kind was shown in it, also by being added: that takes an answer of it, and asks
/// for a session that has lately shown who it belongs to.
pub(crate) fn with_added(ctx: &Context, factor: FactorKind) -> Proven {
    let before = ctx.proof().unwrap_or(Proof::PASSWORD);
    // What was shown at the sign-in stays shown; a factor that came later is shown now.
    let proof = Proof { second_factor: before.second_factor.or(Some(factor)), ..before };
    Proven { proof, proven_at: ctx.now() }
}

/// Shows it with the password: for those alone who have no factor.
///
/// # Errors
/// `Invalid` on `password` when it is wrong; `Conflict` for who has a factor; `Limited` after too many wrong ones;
/// `Unavailable` when too many try at the same moment; `Denied` for tokens; `Unauthenticated`.
pub async fn with_password(ctx: &Context, password: Secret) -> Result<Proven, Error> {
    let permit = ctx.own(Action::StepUp)?;
    let account = attempt!(ctx, { with_no_factor(ctx, &mut permit.read().await?).await })?;
    let refused = EventType::UserSecondFactorRefused;
    let looked = passwords::look_at(ctx, &permit, refused, &account, password).await?;
    attempt!(ctx, {
        let mut write = permit.write(refused).await?;
        // In the meantime a factor may have come.
        with_no_factor(ctx, &mut write.tx).await?;
        account.name_in(&mut write);
        let Some(user) = looked.owner(&mut write, &account).await? else {
            write.event.outcome = Outcome::Denied;
            write.text("Wrong password");
            write.commit().await?;
            return Err(Error::invalid("password", "This is not your password.").into());
        };
        write.event.event_type = EventType::UserSteppedUp;
        write.text(format!("{} showed once more who they are, with their password", user.email));
        write.commit().await?;
        Ok(Proven { proof: ctx.proof().unwrap_or(Proof::PASSWORD), proven_at: ctx.now() })
    })
}

/// The account of who is signed in and has no factor.
async fn with_no_factor(ctx: &Context, tx: &mut Tx) -> Result<Account, Failure> {
    let (account, user) = Account::of(tx, ctx.user()?).await?.ok_or_else(sign_in_first)?;
    if store::factors::list_for_user(tx, user.id).await?.is_empty() {
        return Ok(account);
    }
    Err(Error::conflict("You have a second factor: answer with it, not with your password.").into())
}

fn sign_in_first() -> Error {
    Error::Unauthenticated { reason: "Sign in first.".into() }
}
