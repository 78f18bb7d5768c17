//! The way back in for who lost every second factor: an admin asks that they lose them, everybody concerned is told, and after
//! a day it comes to pass unless somebody objects. Their password is not touched. The carrying out is in `carrying_out`, what
//! is mailed in `letters`.

mod carrying_out;
mod letters;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{FactorResetId, OrganizationId, UserId},
    names::note,
    permissions::Permission,
    principals::{SubjectKind, UserKind},
    secrets::Secret,
    sign_ins::FactorResetOutcome,
    views::FactorResetView,
};
use ring::digest;
use serde_json::json;
use store::{Tx, access::Target, factor_resets::FactorReset, memberships::Member, users::User};
use zeroize::Zeroizing;

use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
    profiles,
    sessions::lock_outs,
    standings::{Place, Standing, guarded},
    users,
};

pub(crate) use carrying_out::carry_out_due;

/// How long somebody has to object.
pub const WAITING: Duration = Duration::from_secs(24 * 3600);
/// Most characters of the reason.
const REASON_CHARS_MAX: usize = 500;
/// Bytes of the token in the link: 256 bits.
const TOKEN_BYTES: usize = 32;
/// What events call the credential of somebody who has none but the link.
const CREDENTIAL: &str = "objection link";
/// Why somebody may not ask it for a person of several organizations.
const ELSEWHERE: &str = "They belong to an organization in which you may not manage people, or hold more there than you do. Ask \
    an admin of all their organizations.";

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
        can_be_asked(ctx, &mut write.tx, &member).await?;
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
            return Err(asked_already().into());
        }
        let asker = write.event.actor.clone();
        letters::asked(ctx, &mut write.tx, &reset, &asker, &token).await?;
        name_in(&mut write, user, &member.email).await?;
        write.after(&json!({ "reason": reset.reason, "due_at": reset.due_at }))?.text(format!(
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

/// What the link in the mail is about.
///
/// # Errors
/// `Conflict` when it is over.
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
/// `Conflict` when it is over.
pub async fn object(ctx: &Context, token: &Secret) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::ObjectToFactorReset);
        let mut write = permit.write(EventType::UserFactorResetObjected).await?;
        let (reset, user) = find(&mut write.tx, token).await?;
        end(&mut write, &reset, FactorResetOutcome::Objected, ctx).await?;
        name_in(&mut write, user.id, &user.email).await?;
        write.event.actor.clone_from(&user.email);
        write.event.credential = Some(CREDENTIAL.into());
        write.text(format!(
            "{} keeps their second factors: somebody objected by the link in the mail",
            user.email
        ));
        write.commit().await
    })
}

/// Objects for somebody who has just shown a second factor: they have not lost them all.
pub(crate) async fn object_by_factor(ctx: &Context, write: &mut Write, user: &User) -> Result<(), Failure> {
    let Some(reset) = store::factor_resets::find_open(&mut write.tx, user.id).await? else { return Ok(()) };
    end(write, &reset, FactorResetOutcome::Objected, ctx).await?;
    let text = format!("{} keeps their second factors: they showed one", user.email);
    write.record(EventType::UserFactorResetObjected, text).await
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
    let organizations = profiles::organizations(tx, user).await?;
    let is_alone = organizations.len() == 1;
    for organization in organizations {
        let actor = Standing::of_actor(ctx, tx, organization).await?;
        if !actor.at(Place::organization(organization)).holds(Permission::OrganizationUsersWrite) {
            return Ok(Some(ELSEWHERE));
        }
        let other = Standing::of(ctx, tx, organization, user).await?;
        if let Some(reason) = actor.acting_obstacle(&other) {
            return Ok(Some(if is_alone { reason } else { ELSEWHERE }));
        }
    }
    Ok(None)
}

/// Makes sure that there is something to ask, and that it is not asked too often.
async fn can_be_asked(ctx: &Context, tx: &mut Tx, member: &Member) -> Result<(), Failure> {
    if ctx.user()? == member.user_id {
        let reason =
            "You cannot ask this for yourself. Remove your factors in your profile, or ask another admin.";
        return Err(Error::conflict(reason).into());
    }
    if store::factors::list_for_user(tx, member.user_id).await?.is_empty() {
        return Err(Error::conflict(format!("{} has no second factor.", member.email)).into());
    }
    if store::factor_resets::find_open(tx, member.user_id).await?.is_some() {
        return Err(asked_already().into());
    }
    let counters = lock_outs::factor_reset_counters(member.user_id);
    if let Some(lock_out) = lock_outs::find(tx, &counters, ctx.now()).await? {
        return Err(Error::limited(lock_out.seconds_left(ctx.now())).into());
    }
    lock_outs::count_within(tx, &counters, ctx.now()).await?;
    Ok(())
}

async fn find(tx: &mut Tx, token: &Secret) -> Result<(FactorReset, User), Failure> {
    let reset = store::factor_resets::find_by_token(tx, &hash(token)).await?.ok_or_else(is_over)?;
    let user = store::users::find(tx, reset.user_id).await?.ok_or_else(is_over)?;
    Ok((reset, user))
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

fn asked_already() -> Error {
    Error::conflict("This was asked already, and waits for its time to be over.")
}

fn is_over() -> Error {
    Error::conflict("This is over: it came to pass, was taken back, or somebody objected.")
}
