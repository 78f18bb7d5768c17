//! The side of who is to lose their second factors: seeing it and objecting, by the link in the mail, by showing a factor, or
//! in the profile of who is still signed in. Asking and taking back is the admins'.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    secrets::Secret,
    sign_ins::FactorResetOutcome,
    views::{FactorResetView, OwnFactorResets},
};
use store::{Tx, factor_resets::FactorReset, users::User};

use super::{
    TOLD, asker, draw, end, hash, is_over,
    letters::{self, How},
    name_in,
};
use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
    profiles,
};

/// What events call the credential of somebody who has none but the link.
const CREDENTIAL: &str = "objection link";

/// What a link in a mail leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Linked {
    /// What can be objected to.
    Waiting(FactorResetView),
    /// Nothing any more: how it ended, in a sentence.
    Over {
        /// How.
        outcome: FactorResetOutcome,
        /// The same in a sentence.
        told: &'static str,
    },
}

/// What the link in the mail is about.
///
/// # Errors
/// `NotFound` when it is no such link.
pub async fn view(ctx: &Context, token: &Secret) -> Result<Linked, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::ObjectToFactorReset).read().await?;
        let (reset, user) = find(&mut tx, token).await?;
        if let Some(outcome) = reset.outcome {
            return Ok(Linked::Over { outcome, told: ended(&reset, outcome) });
        }
        let asker = asker(&mut tx, &reset).await?;
        Ok(Linked::Waiting(draw(reset, user.email, asker)))
    })
}

/// Objects by the link in the mail; whoever has it can.
///
/// # Errors
/// `Conflict` when it is over, with how it ended; `NotFound` when it is no such link.
pub async fn object(ctx: &Context, token: &Secret) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::ObjectToFactorReset);
        let mut write = permit.write(EventType::UserFactorResetObjected).await?;
        let (reset, user) = find(&mut write.tx, token).await?;
        if let Some(outcome) = reset.outcome {
            return Err(Error::conflict(ended(&reset, outcome)).into());
        }
        end(&mut write, &reset, FactorResetOutcome::Objected, ctx).await?;
        name_in(&mut write, user.id, &user.email).await?;
        write.event.actor.clone_from(&user.email);
        write.event.credential = Some(CREDENTIAL.into());
        letters::objected(ctx, &mut write.tx, &reset, &user, How::Link).await?;
        write.text(format!(
            "{} keeps their second factors: somebody objected by the link in the mail",
            user.email
        ));
        write.commit().await
    })
}

/// What is to happen to one's own second factors, or has happened and was not made up for.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own(ctx: &Context) -> Result<OwnFactorResets, Error> {
    attempt!(ctx, {
        let mut tx = ctx.own(Action::ViewOwnFactors)?.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let mut own = OwnFactorResets::default();
        let Some(reset) = store::factor_resets::find_newest(&mut tx, user.id).await? else { return Ok(own) };
        match (reset.outcome, reset.ended_at) {
            (None, _) => {
                let asker = asker(&mut tx, &reset).await?;
                own.waiting = Some(draw(reset, user.email, asker));
            }
            (Some(FactorResetOutcome::Done), Some(at)) if ctx.now() < at.plus(TOLD) => {
                let held = store::factors::list_for_user(&mut tx, user.id).await?;
                own.removed_at = held.is_empty().then_some(at);
            }
            _ => {}
        }
        Ok(own)
    })
}

/// Objects to losing one's own second factors, while one is signed in. It asks for no fresh proof: nothing is lost by it, and
/// it can be asked again.
///
/// # Errors
/// `Conflict` when there is nothing to object to; `Denied` for tokens; `Unauthenticated`.
pub async fn object_own(ctx: &Context) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ObjectToOwnFactorReset)?;
        let mut write = permit.write(EventType::UserFactorResetObjected).await?;
        let user = profiles::person(ctx, &mut write.tx).await?;
        let reset = store::factor_resets::find_open(&mut write.tx, user.id).await?.ok_or_else(is_over)?;
        end(&mut write, &reset, FactorResetOutcome::Objected, ctx).await?;
        name_in(&mut write, user.id, &user.email).await?;
        letters::objected(ctx, &mut write.tx, &reset, &user, How::Profile).await?;
        write.text(format!("{} keeps their second factors: they objected", user.email));
        write.commit().await
    })
}

/// Objects for somebody who has just shown a second factor: they have not lost them all. Says whether there was something to
/// object to.
pub(crate) async fn object_by_factor(ctx: &Context, write: &mut Write, user: &User) -> Result<bool, Failure> {
    let Some(reset) = store::factor_resets::find_open(&mut write.tx, user.id).await? else {
        return Ok(false);
    };
    end(write, &reset, FactorResetOutcome::Objected, ctx).await?;
    letters::objected(ctx, &mut write.tx, &reset, user, How::Factor).await?;
    let text = format!("{} keeps their second factors: they showed one", user.email);
    write.record(EventType::UserFactorResetObjected, text).await?;
    Ok(true)
}

/// What the link is about, open or not.
async fn find(tx: &mut Tx, token: &Secret) -> Result<(FactorReset, User), Failure> {
    let reset = store::factor_resets::find_by_token(tx, &hash(token)).await?.ok_or(Error::NotFound)?;
    let user = store::users::find(tx, reset.user_id).await?.ok_or(Error::NotFound)?;
    Ok((reset, user))
}

/// What has become of it. Nobody but whoever operates the installation carries it out before its time.
fn ended(reset: &FactorReset, outcome: FactorResetOutcome) -> &'static str {
    match outcome {
        FactorResetOutcome::Done | FactorResetOutcome::MadeUp
            if reset.ended_at.is_some_and(|ended_at| ended_at < reset.due_at) =>
        {
            "This came to pass before the day was over: whoever operates this installation removed the second factors, on its \
             machine."
        }
        FactorResetOutcome::Done | FactorResetOutcome::MadeUp => {
            "This came to pass: nobody objected within a day, and the second factors were removed."
        }
        FactorResetOutcome::Objected => "This was stopped already: the second factors stay.",
        FactorResetOutcome::Withdrawn => "This was taken back: the second factors stay.",
    }
}
