//! Signing in with a passkey alone: it verified its user, so that it is two factors. Who it is, is said by the passkey.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    secrets::Secret,
    sign_ins::{CeremonyKind, Proof},
};
use identity::webauthn::{self, Authenticated};
use store::{Tx, factors::Factor, users::User};

use super::{
    SignedIn,
    accounts::{Account, complete, turn_away},
    lock_outs,
};
use crate::{
    Context,
    ceremonies::{self, Begun},
    errors::{Failure, attempt},
    factors,
};

/// A passkey that gave the right answer.
struct Right {
    user: User,
    factor: Factor,
    authenticated: Authenticated,
}

/// Asks the browser for any passkey of this console: options for `navigator.credentials.get` as JSON.
///
/// # Errors
/// `Conflict` when the console's address is none that browsers allow this at; `Limited` when one network asks too often;
/// `Unavailable` when too many are asked right now.
pub async fn begin_passkey(ctx: &Context) -> Result<Begun<String>, Error> {
    let asked = ctx.control.relying_party()?.begin_sign_in();
    let asked = asked.map_err(|error| Error::conflict(error.to_string()))?;
    attempt!(ctx, {
        let counters = lock_outs::challenge_counters(ctx.origin().address);
        if let Err(lock_out) = lock_outs::count(&ctx.control, &counters).await? {
            return Err(Error::limited(lock_out.seconds_left(ctx.now())).into());
        }
        let ceremony =
            ceremonies::begin_unrecorded(ctx, CeremonyKind::PasskeySignIn, None, &asked.state).await?;
        Ok(Begun { ceremony, shown: asked.options.clone() })
    })
}

/// Signs in whoever the passkey belongs to that the browser answers with. An answer that is not accepted ends the ceremony as
/// well.
///
/// # Errors
/// `Unauthenticated` when it is not accepted, with the reason, or it took too long; `Limited` after too many wrong ones.
pub async fn sign_in_with_passkey(ctx: &Context, ceremony: &Secret, answer: &str) -> Result<SignedIn, Error> {
    let permit = ctx.public(Action::SignIn);
    let counters = lock_outs::network_counters(ctx.origin().address);
    let lock_out =
        attempt!(ctx, { Ok(lock_outs::find(&mut permit.read().await?, &counters, ctx.now()).await?) })?;
    if let Some(lock_out) = lock_out {
        let refused = EventType::UserSignInRefused;
        return Err(turn_away(ctx, &permit, refused, &Account::nobodys(), &lock_out).await);
    }
    let kind = CeremonyKind::PasskeySignIn;
    let state: Option<Vec<u8>> =
        attempt!(ctx, { ceremonies::take_unrecorded(ctx, ceremony, kind, None).await })?;
    let over = || refusal("This took too long, or was answered already; try again.");
    let state = state.ok_or_else(over)?;
    attempt!(ctx, {
        let mut write = permit.write(EventType::UserSignedIn).await?;
        match verify(ctx, &mut write.tx, &state, answer).await? {
            Ok((account, right)) => {
                let Right { user, factor, authenticated } = right;
                factors::used(ctx, &mut write.tx, &factor, &authenticated).await?;
                complete(ctx, write, &account, &user, Proof::PASSKEY).await
            }
            Err((account, error)) => {
                lock_outs::count_within(&mut write.tx, &counters, ctx.now()).await?;
                account.name_in_refusal(&mut write);
                write.event.event_type = EventType::UserSignInRefused;
                write.event.credential = Some("passkey".into());
                write.text(format!("A passkey was not accepted: {error}"));
                write.commit().await?;
                Err(refusal(&error.to_string()).into())
            }
        }
    })
}

/// Whose passkey gave the right answer; or why it is not accepted, and of whom it seems to be.
async fn verify(
    ctx: &Context,
    tx: &mut Tx,
    state: &[u8],
    answer: &str,
) -> Result<Result<(Account, Right), (Account, webauthn::Error)>, Failure> {
    let party = ctx.control.relying_party()?;
    let claim = match party.claim(answer) {
        Ok(claim) => claim,
        Err(error) => return Ok(Err((Account::nobodys(), error))),
    };
    let found = store::factors::find_by_credential(tx, &claim.credential_id).await?;
    let found = found.filter(|factor| factor.user_id == claim.user);
    let (Some(factor), Some((account, user))) = (found, Account::of(tx, claim.user).await?) else {
        return Ok(Err((Account::nobodys(), webauthn::Error::Unknown)));
    };
    let Some(credential) = factors::credential(&factor)? else {
        return Ok(Err((account, webauthn::Error::Unknown)));
    };
    Ok(match party.finish_sign_in(state, answer, user.id, &credential) {
        Ok(authenticated) => Ok((account, Right { user, factor, authenticated })),
        Err(error) => Err((account, error)),
    })
}

fn refusal(reason: &str) -> Error {
    Error::Unauthenticated { reason: reason.to_owned() }
}
