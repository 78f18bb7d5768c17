//! Showing a second factor: at a sign-in after the right password, and once more by somebody who is signed in. Says which
//! factor it was; what follows from it is for those who ask.

use domain::{
    errors::Error,
    events::EventType,
    ids::UserId,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind},
    states::Outcome,
};
use identity::{recovery_codes, webauthn};
use serde::{Deserialize, Serialize};
use store::{Tx, factors::Factor, users::User};

use super::{
    accounts::{Account, turn_away},
    devices,
    lock_outs::{self, Counter},
};
use crate::{
    Context,
    ceremonies::{self, Ceremony},
    contexts::{Permit, Write},
    errors::Failure,
    factors,
    notices::{self, Notice},
};

/// Wrong answers to one question; the next one is not looked at.
const WRONG_MAX: u32 = 10;
/// Digits of a code of an authenticator app, as people count them.
const CODE_DIGITS: usize = 6;

/// What was asked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Question {
    /// Wrong answers so far.
    wrong: u32,
    /// The session that is to show it once more; none before there is one.
    session: Option<Vec<u8>>,
    /// What passkeys and security keys are asked; none for who has none.
    challenge: Option<Challenge>,
}

/// What passkeys and security keys are asked. Each challenge is answered once.
#[derive(Serialize, Deserialize)]
struct Challenge {
    options: String,
    state: Vec<u8>,
}

impl Question {
    /// Options for `navigator.credentials.get` as JSON.
    pub(crate) fn options(&self) -> Option<String> {
        self.challenge.as_ref().map(|challenge| challenge.options.clone())
    }
}

/// What somebody answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// A code of an authenticator app, or a recovery code.
    Code(&'a Secret),
    /// What the browser says of a security key or passkey.
    Credential(&'a str),
}

/// A right answer, within the transaction that took it.
pub(crate) struct Shown {
    pub(crate) write: Write,
    pub(crate) account: Account,
    pub(crate) user: User,
    pub(crate) factor: FactorKind,
}

/// Asks for one of these factors, of a session if there is one yet.
pub(crate) fn question(
    ctx: &Context,
    user: UserId,
    held: &[Factor],
    session: Option<&[u8]>,
) -> Result<Question, Failure> {
    let challenge = challenge(ctx, user, held)?;
    Ok(Question { wrong: 0, session: session.map(<[u8]>::to_vec), challenge })
}

/// A challenge for the passkeys and security keys among these factors, if there are any and browsers allow it here.
fn challenge(ctx: &Context, user: UserId, held: &[Factor]) -> Result<Option<Challenge>, Failure> {
    let (credentials, party) = (factors::credentials(held)?, ctx.control.relying_party());
    let Some(party) = party.ok().filter(|_| !credentials.is_empty()) else { return Ok(None) };
    let begun = party.begin_authentication(user, &credentials);
    let begun = begun.map_err(|error| Failure::Inconsistent(format!("no challenge: {error}")))?;
    Ok(Some(Challenge { options: begun.options, state: begun.state }))
}

/// What somebody can answer with: each kind once, and recovery codes while there are any.
pub(crate) async fn kinds(tx: &mut Tx, user: UserId, held: &[Factor]) -> Result<Vec<FactorKind>, Failure> {
    let has_codes = !held.is_empty() && store::recovery_codes::count_unused(tx, user).await? > 0;
    let has = |kind: &FactorKind| match kind {
        FactorKind::RecoveryCode => has_codes,
        kind => held.iter().any(|factor| factor.kind == *kind),
    };
    Ok(FactorKind::ALL.iter().copied().filter(has).collect())
}

/// The question that is under way, with whom it asks.
pub(crate) async fn find(
    ctx: &Context,
    tx: &mut Tx,
    ceremony: &Secret,
    kind: CeremonyKind,
) -> Result<(Ceremony<Question>, User), Failure> {
    let (found, _, user) = asked(ctx, tx, ceremony, kind).await?;
    Ok((found, user))
}

async fn asked(
    ctx: &Context,
    tx: &mut Tx,
    ceremony: &Secret,
    kind: CeremonyKind,
) -> Result<(Ceremony<Question>, Account, User), Failure> {
    let found: Option<Ceremony<Question>> = ceremonies::find(&ctx.control, tx, ceremony, kind).await?;
    // A question to a session is answered in that session.
    let found = found
        .filter(|found| found.state.session.is_none() || found.state.session.as_deref() == ctx.session());
    let found = found.ok_or_else(|| over(kind))?;
    let user = found.user().ok_or_else(|| over(kind))?;
    let (account, user) = Account::of(tx, user).await?.ok_or_else(|| over(kind))?;
    Ok((found, account, user))
}

/// Looks at an answer. A wrong one is counted and put on record, and the question stays until there were too many.
pub(crate) async fn answer(
    ctx: &Context,
    permit: &Permit,
    ceremony: &Secret,
    kind: CeremonyKind,
    answer: Answer<'_>,
) -> Result<Shown, Failure> {
    let mut write = permit.write(EventType::UserSecondFactorRefused).await?;
    let (found, account, user) = asked(ctx, &mut write.tx, ceremony, kind).await?;
    let counters = counters(ctx, user.id, answer);
    if let Some(lock_out) = lock_outs::find(&mut write.tx, &counters, ctx.now()).await? {
        drop(write);
        let event_type = EventType::UserSecondFactorRefused;
        return Err(turn_away(ctx, permit, event_type, &account, &lock_out).await.into());
    }
    let factor = match answer {
        Answer::Code(code) => right_code(ctx, &mut write.tx, user.id, code).await?,
        Answer::Credential(answer) => {
            right_credential(ctx, &mut write.tx, user.id, &found.state, answer).await?
        }
    };
    let factor = match factor {
        Ok(factor) => factor,
        Err(error) => {
            let counted = lock_outs::count_within(&mut write.tx, &counters, ctx.now()).await?;
            if counted.begins_to_wait() {
                notices::post(ctx, &mut write.tx, &user, &Notice::SecondFactorRefused).await?;
            }
            return Err(refuse(ctx, write, found, (&account, user.id), kind, error).await?);
        }
    };
    if !ceremonies::end(&mut write.tx, &found, ctx.now()).await? {
        return Err(over(kind).into());
    }
    lock_outs::clear(&mut write.tx, &counters).await?;
    account.name_in(&mut write);
    write.event.user_id = Some(user.id);
    if factor == FactorKind::RecoveryCode {
        let left = store::recovery_codes::count_unused(&mut write.tx, user.id).await?;
        notices::post(ctx, &mut write.tx, &user, &Notice::RecoveryCodeUsed { left }).await?;
        let text = format!("{} used a recovery code; {left} are left", user.email);
        write.record(EventType::UserRecoveryCodeUsed, text).await?;
    }
    Ok(Shown { write, account, user, factor })
}

/// Puts a wrong answer on record; the question stays until there were too many.
async fn refuse(
    ctx: &Context,
    mut write: Write,
    mut found: Ceremony<Question>,
    (account, user): (&Account, UserId),
    kind: CeremonyKind,
    error: Error,
) -> Result<Failure, Failure> {
    found.state.wrong += 1;
    let is_last = found.state.wrong >= WRONG_MAX;
    if is_last {
        ceremonies::end(&mut write.tx, &found, ctx.now()).await?;
    } else {
        let held = store::factors::list_for_user(&mut write.tx, user).await?;
        found.state.challenge = challenge(ctx, user, &held)?;
        ceremonies::keep(&ctx.control, &mut write.tx, found).await?;
    }
    account.name_in(&mut write);
    write.event.outcome = Outcome::Denied;
    let last = if is_last { " It was the last try." } else { "" };
    write.text(format!("Wrong second factor: {error}{last}"));
    write.commit().await?;
    Ok(match is_last {
        true => begin_again(kind, "Too many of these were wrong."),
        false => error,
    }
    .into())
}

/// What an answer is counted by.
fn counters(ctx: &Context, user: UserId, answer: Answer<'_>) -> Vec<Counter> {
    let origin = ctx.origin();
    let device = origin.device.as_ref().and_then(|mark| devices::read(&ctx.control, user, mark));
    match answer {
        Answer::Code(code) if !is_of_app(code) => lock_outs::recovery_counters(origin.address, user, device),
        Answer::Code(_) | Answer::Credential(_) => lock_outs::code_counters(origin.address, user, device),
    }
}

/// Which factor a code is of, if it is right; then it is used up. What has not even the form of one is no try.
async fn right_code(
    ctx: &Context,
    tx: &mut Tx,
    user: UserId,
    code: &Secret,
) -> Result<Result<FactorKind, Error>, Failure> {
    if !is_of_app(code) {
        let hash = recovery_codes::hash(user, code).map_err(|error| malformed(code, &error))?;
        let is_right = store::recovery_codes::use_once(tx, user, &hash, ctx.now()).await?;
        let wrong = "This recovery code is wrong, or was used already. Take another one.";
        return Ok(is_right.then_some(FactorKind::RecoveryCode).ok_or_else(|| Error::invalid("code", wrong)));
    }
    for factor in store::factors::list_for_user(tx, user).await? {
        let Some(seed) = factors::seed(&ctx.control, &factor)? else { continue };
        let Some(step) = seed.verify(code.expose(), ctx.now(), factor.last_step) else { continue };
        if store::factors::take_step(tx, user, factor.id, step, ctx.now()).await? {
            return Ok(Ok(FactorKind::Totp));
        }
    }
    let wrong = "This code is wrong, or was used already. Each is taken once: wait for the next one.";
    Ok(Err(Error::invalid("code", wrong)))
}

/// Which factor an answer of a browser is of, if it is right; then its counter is kept.
async fn right_credential(
    ctx: &Context,
    tx: &mut Tx,
    user: UserId,
    question: &Question,
    answer: &str,
) -> Result<Result<FactorKind, Error>, Failure> {
    let refused = |error: webauthn::Error| Error::invalid("answer", error.to_string());
    let Some(challenge) = &question.challenge else {
        return Ok(Err(refused(webauthn::Error::NoCredential)));
    };
    let held = store::factors::list_for_user(tx, user).await?;
    let party = ctx.control.relying_party()?;
    let authenticated =
        match party.finish_authentication(&challenge.state, answer, user, &factors::credentials(&held)?) {
            Ok(authenticated) => authenticated,
            Err(error) => return Ok(Err(refused(error))),
        };
    let id = authenticated.credential.id();
    let Some(factor) = held.iter().find(|factor| factor.credential_id.as_deref() == Some(id)) else {
        return Ok(Err(refused(webauthn::Error::Unknown)));
    };
    factors::used(ctx, tx, factor, &authenticated).await?;
    Ok(Ok(factor.kind))
}

/// Whether a code has the form of an authenticator app's.
fn is_of_app(code: &Secret) -> bool {
    let mut signs = code.expose().chars().filter(|sign| !sign.is_whitespace());
    signs.clone().count() == CODE_DIGITS && signs.all(|sign| sign.is_ascii_digit())
}

fn malformed(code: &Secret, error: &recovery_codes::Error) -> Error {
    let text = code.expose().trim();
    let is_short = text.chars().count() <= 2 * CODE_DIGITS;
    let reason = match is_short && text.chars().all(|sign| sign.is_ascii_digit() || sign.is_whitespace()) {
        true => "Enter the six digits that the authenticator app shows, or a recovery code.".to_owned(),
        false => error.to_string(),
    };
    Error::Invalid { field: "code".into(), reason }
}

/// What is said of a question that is not under way.
fn over(kind: CeremonyKind) -> Error {
    begin_again(kind, "This took too long, or was answered already.")
}

fn begin_again(kind: CeremonyKind, why: &str) -> Error {
    match kind {
        CeremonyKind::StepUp => Error::conflict(format!("{why} Load the page again.")),
        _ => Error::Unauthenticated { reason: format!("{why} Sign in again from the start.") },
    }
}
