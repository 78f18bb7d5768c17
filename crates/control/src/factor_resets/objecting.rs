//! The side of who is to lose their second factors: seeing it and objecting, by the link in the mail, by showing a factor, or
//! in the profile of who is still signed in. Asking and taking back is the admins'.

use domain::{
    actions::Action, errors::Error, events::EventType, secrets::Secret, sign_ins::FactorResetOutcome,
    views::FactorResetView,
};
use store::{Tx, factor_resets::FactorReset, users::User};

use super::{asker, draw, end, hash, is_over, letters, name_in};
use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
    profiles,
};

/// What events call the credential of somebody who has none but the link.
const CREDENTIAL: &str = "objection link";

/// What the link in the mail is about.
///
/// # Errors
/// `Conflict` when it is over, with how it ended, or is no such link.
pub async fn view(ctx: &Context, token: &Secret) -> Result<FactorResetView, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::ObjectToFactorReset).read().await?;
        let (reset, user) = find(&mut tx, token).await?;
        let asker = asker(&mut tx, &reset).await?;
        Ok(draw(reset, user.email, asker))
    })
}

/// Objects by the link in the mail; whoever has it can.
///
/// # Errors
/// `Conflict` when it is over, with how it ended, or is no such link.
pub async fn object(ctx: &Context, token: &Secret) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::ObjectToFactorReset);
        let mut write = permit.write(EventType::UserFactorResetObjected).await?;
        let (reset, user) = find(&mut write.tx, token).await?;
        end(&mut write, &reset, FactorResetOutcome::Objected, ctx).await?;
        name_in(&mut write, user.id, &user.email).await?;
        write.event.actor.clone_from(&user.email);
        write.event.credential = Some(CREDENTIAL.into());
        letters::objected(ctx, &mut write.tx, &reset, &user, "somebody stopped it by the link in the mail")
            .await?;
        write.text(format!(
            "{} keeps their second factors: somebody objected by the link in the mail",
            user.email
        ));
        write.commit().await
    })
}

/// What is to happen to one's own second factors, if anything is.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own(ctx: &Context) -> Result<Option<FactorResetView>, Error> {
    attempt!(ctx, {
        let mut tx = ctx.own(Action::ViewOwnFactors)?.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let Some(reset) = store::factor_resets::find_open(&mut tx, user.id).await? else { return Ok(None) };
        let asker = asker(&mut tx, &reset).await?;
        Ok(Some(draw(reset, user.email, asker)))
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
        letters::objected(ctx, &mut write.tx, &reset, &user, "they stopped it in their profile").await?;
        write.text(format!("{} keeps their second factors: they objected", user.email));
        write.commit().await
    })
}

/// Objects for somebody who has just shown a second factor: they have not lost them all.
pub(crate) async fn object_by_factor(ctx: &Context, write: &mut Write, user: &User) -> Result<(), Failure> {
    let Some(reset) = store::factor_resets::find_open(&mut write.tx, user.id).await? else { return Ok(()) };
    end(write, &reset, FactorResetOutcome::Objected, ctx).await?;
    let how = "they have signed in with one, or shown it";
    letters::objected(ctx, &mut write.tx, &reset, user, how).await?;
    let text = format!("{} keeps their second factors: they showed one", user.email);
    write.record(EventType::UserFactorResetObjected, text).await
}

/// What the link is about while it can be objected to.
async fn find(tx: &mut Tx, token: &Secret) -> Result<(FactorReset, User), Failure> {
    let reset = store::factor_resets::find_by_token(tx, &hash(token)).await?.ok_or_else(no_link)?;
    if let Some(outcome) = reset.outcome {
        return Err(Error::conflict(ended(outcome)).into());
    }
    let user = store::users::find(tx, reset.user_id).await?.ok_or_else(no_link)?;
    Ok((reset, user))
}

/// What has become of it.
const fn ended(outcome: FactorResetOutcome) -> &'static str {
    match outcome {
        FactorResetOutcome::Done => {
            "This came to pass: nobody objected within a day, and the second factors were removed."
        }
        FactorResetOutcome::Objected => "This was stopped already: the second factors stay.",
        FactorResetOutcome::Withdrawn => "This was taken back: the second factors stay.",
    }
}

fn no_link() -> Error {
    Error::conflict("This is no link that was sent, or a part of one. Open the one in the mail as a whole.")
}
