//! The way back in for who lost every second factor: an admin asks that they lose them, everybody concerned is told, and after
//! a day it comes to pass unless somebody objects. Their password is not touched. The carrying out is in `carrying_out`, what
//! is mailed in `letters`, the person's own side in `objecting`.

mod carrying_out;
mod letters;
mod objecting;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{FactorResetId, OrganizationId, UserId},
    names::note,
    principals::{SubjectKind, UserKind},
    secrets::Secret,
    sign_ins::FactorResetOutcome,
    views::{FactorResetPreview, FactorResetView},
};
use ring::digest;
use serde_json::json;
use store::{Tx, access::Target, factor_resets::FactorReset, users::User};
use zeroize::Zeroizing;

use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
    profiles,
    sessions::lock_outs,
    standings::{Standing, guarded},
    users,
};

pub(crate) use carrying_out::carry_out_due;
pub use carrying_out::reset_by_operator;
pub(crate) use objecting::object_by_factor;
pub use objecting::{Linked, object, object_own, own, view};

/// How long somebody has to object.
pub const WAITING: Duration = Duration::from_secs(24 * 3600);
/// How long who has lost their factors and added none is told of it in the console.
pub const TOLD: Duration = Duration::from_secs(30 * 24 * 3600);
/// Most characters of the reason.
const REASON_CHARS_MAX: usize = 500;
/// Bytes of the token in the link: 256 bits.
const TOKEN_BYTES: usize = 32;
/// Why it is not asked twice.
const ASKED_ALREADY: &str = "This was asked already, and waits for its time to be over.";
/// Why somebody may not ask it for a person of several organizations.
const ELSEWHERE: &str = "They belong to an organization in which you may not manage people, or hold more there than you do. Ask \
    an admin of all their organizations.";

/// What asking it would do to a member, and why it cannot be asked, if so. Nothing is asked yet.
///
/// # Errors
/// `StepUp`; `Denied`; `NotFound`.
pub async fn preview(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<FactorResetPreview, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ResetFactors, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let member = users::find(&mut tx, organization, user).await?;
        let guard = obstacle(ctx, &mut tx, user).await?;
        // Who may not act on somebody learns nothing of their factors.
        let (obstacle, factors, recovery_codes_left) = match guard {
            Some(reason) => (Some(reason.to_owned()), Vec::new(), 0),
            None => {
                let hindrance = hindrance(ctx, &mut tx, user, &member.email).await?;
                let held = store::factors::list_for_user(&mut tx, user).await?;
                let codes = store::recovery_codes::count_unused(&mut tx, user).await?;
                (hindrance, held.into_iter().map(|factor| factor.kind).collect(), codes)
            }
        };
        let due_at = ctx.now().plus(WAITING);
        Ok(FactorResetPreview { email: member.email, factors, recovery_codes_left, due_at, obstacle })
    })
}

/// Asks that a member lose their second factors, who lost them all. They and every super admin of their organizations are
/// told; it comes to pass after [`WAITING`], unless they object.
///
/// # Errors
/// `Invalid` on `reason`; `Conflict` for oneself, for who has no second factor, and when it was asked already; `Forbidden`
/// when they are more powerful than the actor, or belong to an organization in which the actor may not manage people;
/// `Limited` when it was asked too often for them; `StepUp`; `Denied`; `NotFound`.
pub async fn ask(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    reason: &str,
) -> Result<FactorResetView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ResetFactors, Target::Organization(organization)).await?;
        let reason = parse_reason(reason)?;
        let mut write = permit.write(EventType::UserFactorResetAsked).await?;
        let member = users::find(&mut write.tx, organization, user).await?;
        let obstacle = obstacle(ctx, &mut write.tx, user).await?;
        let mut write = guarded(&permit, write, obstacle, &format!("of {}", member.email)).await?;
        if let Some(reason) = hindrance(ctx, &mut write.tx, user, &member.email).await? {
            return Err(Error::conflict(reason).into());
        }
        count(ctx, &mut write.tx, user).await?;
        let token = new_token(ctx);
        let reset = FactorReset {
            id: FactorResetId::from_uuid(ctx.control.new_uuid()),
            user_id: user,
            organization_id: organization,
            asked_by: ctx.user()?,
            reason,
            token_hash: hash(&token),
            created_at: ctx.now(),
            due_at: ctx.now().plus(WAITING),
            outcome: None,
            ended_at: None,
        };
        if !store::factor_resets::add(&mut write.tx, &reset).await? {
            return Err(Error::conflict(ASKED_ALREADY).into());
        }
        let asker = write.event.actor.clone();
        letters::asked(ctx, &mut write.tx, &reset, &asker, &token).await?;
        name_in(&mut write, user, &member.email).await?;
        write.after(&json!({ "reason": reset.reason, "due_at": reset.due_at.rfc3339() }))?.text(format!(
            "Asked that {} lose their second factors at {}",
            member.email,
            reset.due_at.human()
        ));
        write.commit().await?;
        Ok(draw(reset, member.email, asker))
    })
}

/// Takes back that a member is to lose their second factors.
///
/// # Errors
/// `Conflict` when it was not asked, or is over; `Denied`; `NotFound`.
pub async fn withdraw(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::WithdrawFactorReset, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::UserFactorResetWithdrawn).await?;
        let member = users::find(&mut write.tx, organization, user).await?;
        let reset = store::factor_resets::find_open(&mut write.tx, user).await?.ok_or_else(is_over)?;
        end(&mut write, &reset, FactorResetOutcome::Withdrawn, ctx).await?;
        name_in(&mut write, user, &member.email).await?;
        write.text(format!("Took back that {} is to lose their second factors", member.email));
        write.commit().await
    })
}

/// What is to happen to a member's second factors, if anything is.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn open_for(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<FactorResetView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListUsers, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let member = users::find(&mut tx, organization, user).await?;
        let Some(reset) = store::factor_resets::find_open(&mut tx, user).await? else { return Ok(None) };
        let asker = asker(&mut tx, &reset).await?;
        Ok(Some(draw(reset, member.email, asker)))
    })
}

async fn end(
    write: &mut Write,
    reset: &FactorReset,
    outcome: FactorResetOutcome,
    ctx: &Context,
) -> Result<(), Failure> {
    match store::factor_resets::end(&mut write.tx, reset.id, outcome, ctx.now()).await? {
        true => Ok(()),
        false => Err(is_over().into()),
    }
}

/// Says whom an event is about, in the log of each of their organizations.
async fn name_in(write: &mut Write, user: UserId, email: &str) -> Result<(), Failure> {
    let organizations = profiles::organizations(&mut write.tx, user).await?;
    write.of_organizations(&organizations).subject(SubjectKind::User, user.uuid(), email.to_owned());
    Ok(())
}

/// Why the actor may not have somebody lose their factors, which they would lose in all of their organizations, if so.
async fn obstacle(ctx: &Context, tx: &mut Tx, user: UserId) -> Result<Option<&'static str>, Failure> {
    if ctx.user()? == user {
        return Ok(None);
    }
    let standings = Standing::of_both(ctx, tx, (ctx.user()?, ctx.scopes()), user).await?;
    let is_alone = standings.len() == 1;
    let obstacle = standings.into_iter().find_map(|(actor, person)| match actor.manages_people() {
        true => actor.acting_obstacle(&person).map(|reason| if is_alone { reason } else { ELSEWHERE }),
        false => Some(ELSEWHERE),
    });
    Ok(obstacle)
}

/// Why there is nothing to ask, if so.
async fn hindrance(ctx: &Context, tx: &mut Tx, user: UserId, email: &str) -> Result<Option<String>, Failure> {
    if ctx.user()? == user {
        let reason =
            "You cannot ask this for yourself. Remove your factors in your profile, or ask another admin.";
        return Ok(Some(reason.into()));
    }
    if store::factors::list_for_user(tx, user).await?.is_empty() {
        return Ok(Some(format!("{email} has no second factor.")));
    }
    let open = store::factor_resets::find_open(tx, user).await?;
    Ok(open.map(|_| ASKED_ALREADY.into()))
}

/// Counts that it is asked, which may not be too often.
async fn count(ctx: &Context, tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    let counters = lock_outs::factor_reset_counters(user);
    if let Some(lock_out) = lock_outs::find(tx, &counters, ctx.now()).await? {
        return Err(Error::limited(lock_out.seconds_left(ctx.now())).into());
    }
    lock_outs::count_within(tx, &counters, ctx.now()).await?;
    Ok(())
}

async fn asker(tx: &mut Tx, reset: &FactorReset) -> Result<String, Failure> {
    let user = store::users::find(tx, reset.asked_by).await?;
    let called = |user: User| match user.kind {
        UserKind::Person => user.email,
        UserKind::Application => format!("{} (application user)", user.name),
    };
    Ok(user.map(called).unwrap_or_default())
}

fn draw(reset: FactorReset, email: String, asked_by: String) -> FactorResetView {
    let FactorReset { id, reason, created_at, due_at, .. } = reset;
    FactorResetView { id, email, asked_by, reason, created_at, due_at }
}

fn parse_reason(reason: &str) -> Result<String, Error> {
    let reason = note(reason, REASON_CHARS_MAX).map_err(|error| Error::name("reason", error))?;
    match reason.is_empty() {
        true => Err(Error::invalid("reason", "Write how you made sure that it is really they who ask.")),
        false => Ok(reason),
    }
}

fn new_token(ctx: &Context) -> Secret {
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    ctx.control.random().fill(bytes.as_mut());
    Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
}

/// What is looked up instead of the token, which is kept nowhere.
fn hash(token: &Secret) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

fn is_over() -> Error {
    Error::conflict("This is over: it came to pass, was taken back, or somebody objected.")
}
