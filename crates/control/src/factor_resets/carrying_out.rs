//! Carrying out what nobody objected to: the second factors go, the recovery codes with them, and every session. Runs by
//! itself; who asked must still be somebody who may. Whoever operates the installation need not wait.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    names::EmailAddress,
    principals::{SubjectKind, UserKind},
    sign_ins::FactorResetOutcome,
    timestamps::Timestamp,
};
use serde_json::json;
use store::{Tx, factor_resets::FactorReset, users::User};

use super::letters;
use crate::{
    Context, Control,
    errors::{Failure, attempt},
    profiles,
    standings::Standing,
};

/// Requests that are looked at in one go, at most; the rest has time until the next one.
const BATCH_ROWS: u32 = 50;

/// Carries out what is due; says how many lost their factors. Several servers may do so at once: whoever comes second finds
/// nothing to do.
pub(crate) async fn carry_out_due(control: &Control) -> Result<usize, Failure> {
    let ctx = control.system_context();
    let mut tx = ctx.system(Action::CarryOutFactorReset).read().await?;
    let due = store::factor_resets::due(&mut tx, ctx.now(), BATCH_ROWS).await?;
    drop(tx);
    let mut done = 0;
    for reset in due {
        match carry_out(&ctx, &reset).await {
            Ok(is_done) => done += usize::from(is_done),
            // Another server was quicker, or somebody objects right now.
            Err(failure) if failure.is_conflict() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(done)
}

async fn carry_out(ctx: &Context, reset: &FactorReset) -> Result<bool, Failure> {
    let permit = ctx.system(Action::CarryOutFactorReset);
    let mut write = permit.write(EventType::UserFactorResetDone).await?;
    let stands = may_still_ask(ctx, &mut write.tx, reset).await?;
    let outcome = if stands { FactorResetOutcome::Done } else { FactorResetOutcome::Withdrawn };
    let Some(user) = store::users::find(&mut write.tx, reset.user_id).await? else { return Ok(false) };
    if !store::factor_resets::end(&mut write.tx, reset.id, outcome, ctx.now()).await? {
        return Ok(false);
    }
    let organizations = profiles::organizations(&mut write.tx, user.id).await?;
    write
        .of_organizations(&organizations)
        .subject(SubjectKind::User, user.id.uuid(), user.email.clone())
        .event
        .actor = "system".into();
    if stands {
        let asker = store::users::find(&mut write.tx, reset.asked_by).await?;
        let asker = asker.map_or_else(|| "somebody who is gone".to_owned(), |asker| asker.email);
        let kinds = held_by(&mut write.tx, &user).await?;
        // What they added since is not what they had lost.
        let count = take(ctx, &mut write.tx, &user, reset.created_at, false).await?;
        if !store::factors::list_for_user(&mut write.tx, user.id).await?.is_empty() {
            store::factor_resets::make_up(&mut write.tx, user.id).await?;
        }
        write
            .before(&json!({ "factors": kinds }))?
            .after(
                &json!({ "asked_by": asker, "reason": reset.reason, "asked_at": reset.created_at.rfc3339() }),
            )?
            .text(format!(
                "{} lost their second factors ({count}), which {asker} had asked for, since nobody objected",
                user.email
            ));
    } else {
        write.event.event_type = EventType::UserFactorResetWithdrawn;
        write.text(format!("{} keeps their second factors: who asked may not ask that any more", user.email));
    }
    write.commit().await?;
    Ok(stands)
}

/// What second factors somebody has, as events call them.
async fn held_by(tx: &mut Tx, user: &User) -> Result<Vec<String>, Failure> {
    let held = store::factors::list_for_user(tx, user.id).await?;
    Ok(held.into_iter().map(|factor| format!("{} “{}”", factor.kind.name(), factor.name)).collect())
}

/// Takes the second factors that somebody had at a time, and what goes with them; says how many they were.
async fn take(
    ctx: &Context,
    tx: &mut Tx,
    user: &User,
    until: Timestamp,
    by_operator: bool,
) -> Result<u64, Failure> {
    let count = store::factors::remove_for_user(tx, user.id, until).await?;
    store::recovery_codes::remove_for_user(tx, user.id, until).await?;
    store::ceremonies::remove_for_user(tx, user.id).await?;
    store::sessions::remove_for_user(tx, user.id).await?;
    letters::done(ctx, tx, user, by_operator).await?;
    Ok(count)
}

/// Takes the second factors of an account at once, as whoever operates the installation asks on its machine: for the only super
/// admin there is, nobody else could ask. A request that waits has come to pass with it. Says how many they were.
///
/// # Errors
/// `Invalid` on `email`; `NotFound` when nobody signs in with it; `Conflict` when they have no second factor.
pub async fn reset_by_operator(control: &Control, email: &str) -> Result<u64, Error> {
    let ctx = control.operator();
    let email: EmailAddress = email.parse().map_err(|error| Error::name("email", error))?;
    attempt!(ctx, {
        let permit = ctx.system(Action::CarryOutFactorReset);
        let mut write = permit.write(EventType::UserFactorResetDone).await?;
        let user = store::users::find_by_email(&mut write.tx, email.as_str()).await?;
        let user = user.filter(|user| user.kind == UserKind::Person).ok_or(Error::NotFound)?;
        if store::factors::list_for_user(&mut write.tx, user.id).await?.is_empty() {
            return Err(Error::conflict(format!("{email} has no second factor.")).into());
        }
        if let Some(open) = store::factor_resets::find_open(&mut write.tx, user.id).await? {
            store::factor_resets::end(&mut write.tx, open.id, FactorResetOutcome::Done, ctx.now()).await?;
        }
        let organizations = profiles::organizations(&mut write.tx, user.id).await?;
        let kinds = held_by(&mut write.tx, &user).await?;
        let count = take(&ctx, &mut write.tx, &user, ctx.now(), true).await?;
        write.before(&json!({ "factors": kinds }))?;
        write
            .of_organizations(&organizations)
            .subject(SubjectKind::User, user.id.uuid(), user.email.clone())
            .event
            .actor = "operator".into();
        write.text(format!(
            "{email} lost their second factors ({count}), by whoever operates the installation"
        ));
        write.commit().await?;
        Ok(count)
    })
}

/// Whether who asked may still manage people, and act on this one, wherever the person belongs by now; and whether the person
/// still belongs where it was asked.
async fn may_still_ask(ctx: &Context, tx: &mut Tx, reset: &FactorReset) -> Result<bool, Failure> {
    let is_active = store::users::find(tx, reset.asked_by).await?.is_some_and(|user| user.is_active);
    let organizations = profiles::organizations(tx, reset.user_id).await?;
    if !is_active || !organizations.contains(&reset.organization_id) {
        return Ok(false);
    }
    let standings = Standing::of_both(ctx, tx, (reset.asked_by, None), reset.user_id).await?;
    let may_act = |(asker, person): &(Standing, Standing)| {
        asker.manages_people() && asker.acting_obstacle(person).is_none()
    };
    Ok(standings.iter().all(may_act))
}
