//! A mailed link that sets a new password. It works once, for half an hour; it signs nobody in and takes no second factor,
//! so that a mailbox alone opens no account that has one. Everybody who asks gets the same answer.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    inputs::ResetPassword,
    names::EmailAddress,
    principals::{MailKind, SubjectKind, UserKind},
    secrets::Secret,
    states::Outcome,
    views::PasswordResetView,
};
use ring::digest::{Context as Digest, SHA256};
use store::{Tx, access::Target, users::User};
use zeroize::Zeroizing;

use super::{rules::Demands, set};
use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
    notices, random,
    sessions::{
        accounts::{Account, NOBODY},
        lock_outs,
        passwords::hash_password,
    },
    standings, users,
};

/// How long a link works.
pub const LINK_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Characters of its token: 232 bits.
const TOKEN_CHARS: usize = 40;
/// What the hash of a token begins with, so that it is no hash of anything else.
const PURPOSE: &[u8] = b"redoubt password reset 1\0";
/// How long the answer to who asks for a link takes at least: longer than writing the mail does, so that the time tells nothing.
const ANSWER_AFTER: Duration = Duration::from_millis(100);
/// Links that one address is sent within two hours, at most.
const MAILS_MAX: i64 = 5;

/// Mails a link to whom the address belongs. Whether it belongs to anybody is not told, neither by the answer nor by the time
/// that it takes.
///
/// # Errors
/// `Invalid` on `email` when it is no address; `Limited` when one network asks too often; `Unavailable` when the database does not answer.
pub async fn ask_reset(ctx: &Context, email: &str) -> Result<(), Error> {
    let email: EmailAddress = email.parse().map_err(|error| Error::name("email", error))?;
    let (answer, ()) = tokio::join!(ask(ctx, &email), tokio::time::sleep(ANSWER_AFTER));
    answer
}

async fn ask(ctx: &Context, email: &EmailAddress) -> Result<(), Error> {
    let permit = ctx.public(Action::AskPasswordReset);
    attempt!(ctx, {
        let counters = lock_outs::link_counters(ctx.origin().address);
        if let Err(lock_out) = lock_outs::count(&ctx.control, &counters).await? {
            return Err(Error::limited(lock_out.seconds_left(ctx.now())).into());
        }
        let account = Account::find(&mut permit.read().await?, email).await?;
        let mut write = account.begin(&permit, EventType::UserPasswordResetAsked).await?;
        // Whoever asks, nobody knows who it is: it is no act of the account's owner.
        write.event.actor = NOBODY.into();
        let user = account.user.as_ref().filter(|user| user.is_active && !user.password_hash.is_empty());
        match user {
            Some(user) => {
                write.subject(SubjectKind::User, user.id.uuid(), user.email.clone());
                send(ctx, &mut write.tx, user, None).await?;
                write.text(format!("A link that sets a new password of {email} was asked for"));
            }
            None => {
                write.event.outcome = Outcome::Failed;
                write.text(
                    "A link that sets a new password was asked for an address that nobody signs in with",
                );
            }
        }
        write.commit().await
    })
}

/// Mails a link to a member, as somebody who manages people asks for it. They never learn the link, or the password.
///
/// # Errors
/// `Conflict` for application users, those who cannot sign in, and those who got many links lately; `Forbidden` when they are more powerful than the actor;
/// `Denied`; `NotFound`.
pub async fn ask_reset_for(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::AskPasswordResetFor, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::UserPasswordResetAsked).await?;
        let member = users::find(&mut write.tx, organization, user).await?;
        let obstacle = standings::acting_obstacle(ctx, &mut write.tx, organization, user).await?;
        let mut write = standings::guarded(&permit, write, obstacle, &member.email).await?;
        let found = store::users::find(&mut write.tx, user).await?.ok_or(Error::NotFound)?;
        send_reset_link(ctx, &mut write, &found).await?;
        write.commit().await
    })
}

/// Mails a link to somebody, as the actor asks for it, who may.
///
/// # Errors
/// `Conflict` for application users and those whose account is deactivated, and those who got many links lately. Who has no password
/// yet, because an identity provider signs them in, is given one: it may be switched off.
pub(crate) async fn send_reset_link(ctx: &Context, write: &mut Write, user: &User) -> Result<(), Failure> {
    if !user.is_active || user.kind != UserKind::Person {
        return Err(Error::conflict(format!("{} signs in with no password.", user.email)).into());
    }
    let actor = write.event.actor.clone();
    if !send(ctx, &mut write.tx, user, Some(&actor)).await? {
        let reason = format!(
            "{} was sent {MAILS_MAX} links within the last two hours, and is sent no more of them for now. \
             The last of them works for half an hour.",
            user.email
        );
        return Err(Error::conflict(reason).into());
    }
    write
        .subject(SubjectKind::User, user.id.uuid(), user.email.clone())
        .text(format!("Had a link sent to {} that sets a new password", user.email));
    Ok(())
}

/// Whose password a link sets, and what is asked of the new one.
///
/// # Errors
/// `Conflict` when the link was used, took too long, or never was.
pub async fn view_reset(ctx: &Context, token: &Secret) -> Result<PasswordResetView, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::ResetPassword).read().await?;
        let user = find(ctx, &mut tx, token).await?;
        let least = Demands::of(&mut tx, &user).await?.least();
        Ok(PasswordResetView { email: user.email, chars_min: least })
    })
}

/// Sets the password by the link, and ends every session of the account. It signs nobody in: who has a second factor is asked
/// for it as ever.
///
/// # Errors
/// `Invalid` on `password` with the rule that failed; `Conflict` when the link was used, took too long, or never was;
/// `Unavailable` when too many try at the same moment.
pub async fn reset(ctx: &Context, input: &ResetPassword) -> Result<(), Error> {
    let permit = ctx.public(Action::ResetPassword);
    let demands = attempt!(ctx, {
        let mut tx = permit.read().await?;
        let user = find(ctx, &mut tx, &input.token).await?;
        Demands::of(&mut tx, &user).await
    })?;
    demands.check(&ctx.control, &input.password)?;
    let hash = hash_password(ctx, &input.password).await?;
    attempt!(ctx, {
        let mut tx = permit.read().await?;
        let user = find(ctx, &mut tx, &input.token).await?;
        let (account, _) = Account::of(&mut tx, user.id).await?.ok_or_else(unusable)?;
        drop(tx);
        let mut write = account.begin(&permit, EventType::UserPasswordReset).await?;
        // Of two that come at once one finds it.
        let user = find(ctx, &mut write.tx, &input.token).await?;
        set(ctx, &mut write.tx, &user, &hash).await?;
        let ended = store::sessions::remove_for_user(&mut write.tx, user.id).await?;
        write.event.user_id = Some(user.id);
        write.event.credential = Some("password reset link".into());
        write.text(format!(
            "{} set a new password by a mailed link; sessions that ended: {ended}",
            user.email
        ));
        write.commit().await
    })
}

/// Writes the mail with a new link, in the place of those before it, unless the address got so many lately.
/// False if it was not written.
async fn send(ctx: &Context, tx: &mut Tx, user: &User, asked_by: Option<&str>) -> Result<bool, Failure> {
    let token = random::text(ctx.control.random(), TOKEN_CHARS);
    let (now, minutes) = (ctx.now(), LINK_LIFETIME.as_secs() / 60);
    let by = asked_by.map_or_else(|| "Somebody".to_owned(), ToOwned::to_owned);
    let (email, url) = (&user.email, ctx.control.public_url());
    let body = Zeroizing::new(format!(
        "{by} asked for a new password of the Redoubt account {email}.\n\n\
         Set it here, once, within {minutes} minutes:\n{url}/password-reset/{}\n\n\
         Your second factors stay as they are, and you are asked for them as ever.\n\n\
         If that was not you and you did not ask for it, do nothing: the password that you have stays.\n",
        token.expose()
    ));
    let subject = "Set a new password for your Redoubt account";
    let kind = MailKind::PasswordReset;
    // The links before it go on working when no more are sent: nobody else's asking ends them.
    let is_sent = notices::post_within(&ctx.control, tx, user, kind, MAILS_MAX, subject, &body).await?;
    if is_sent {
        store::password_resets::replace(tx, user.id, &hash_of(&token), now.plus(LINK_LIFETIME), now).await?;
    }
    Ok(is_sent)
}

/// Whose password the link sets.
pub(super) async fn find(ctx: &Context, tx: &mut Tx, token: &Secret) -> Result<User, Failure> {
    let user = store::password_resets::find(tx, &hash_of(token), ctx.now()).await?.ok_or_else(unusable)?;
    let user = store::users::find(tx, user).await?.filter(|user| user.is_active);
    Ok(user.ok_or_else(unusable)?)
}

fn hash_of(token: &Secret) -> Vec<u8> {
    let mut digest = Digest::new(&SHA256);
    digest.update(PURPOSE);
    digest.update(token.expose().as_bytes());
    digest.finish().as_ref().to_vec()
}

fn unusable() -> Error {
    Error::conflict("This link was used already, took too long, or is not whole. Ask for a new one.")
}
