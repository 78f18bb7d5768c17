//! What is mailed when somebody is to lose their second factors: to them, with the link to object, and to every super admin of
//! their organizations.

use domain::{principals::MailKind, secrets::Secret};
use store::{Tx, factor_resets::FactorReset, users::User};
use zeroize::Zeroizing;

use crate::{Context, errors::Failure, notices};

/// Super admins of one organization who are told, at most.
const TOLD_MAX: u32 = 50;

/// Tells everybody concerned that it was asked.
pub(super) async fn asked(
    ctx: &Context,
    tx: &mut Tx,
    reset: &FactorReset,
    asker: &str,
    token: &Secret,
) -> Result<(), Failure> {
    let Some(user) = store::users::find(tx, reset.user_id).await? else { return Ok(()) };
    let what = format!(
        "{asker} asks that the second factors and recovery codes of the account {} be removed, because all of them were lost.\n\n\
         Reason: {}\nThis comes to pass: {}\n",
        user.email,
        reset.reason,
        reset.due_at.human(),
    );
    let body = Zeroizing::new(format!(
        "{what}\nIf you did not ask for this, object now, by opening this link or by signing in with one of your second \
         factors:\n\n{}/factor-resets/{}\n\nIf you did, you need not do anything: afterwards your password alone opens the \
         account, until you add a second factor.\n",
        ctx.control.public_url(),
        token.expose(),
    ));
    let subject = "Your second factors on Redoubt are to be removed";
    send(ctx, tx, &user, subject, &body).await?;
    let body = format!(
        "{what}\nIf this is not in order, take it back on the person’s page, and find out who acts as {asker}.\n"
    );
    tell_super_admins(ctx, tx, &user, "Second factors on Redoubt are to be removed", &body).await
}

/// Tells everybody concerned that it came to pass: after a day, or at once by whoever operates the installation.
pub(super) async fn done(ctx: &Context, tx: &mut Tx, user: &User, by_operator: bool) -> Result<(), Failure> {
    notices::post(ctx, tx, user, &notices::Notice::FactorsReset { by_operator }).await?;
    let how = match by_operator {
        true => "by whoever operates this installation, on its machine",
        false => "after a day in which nobody objected",
    };
    let body = format!(
        "The second factors and recovery codes of the account {} were removed, {how}. Their password alone opens it until \
         they add a second factor.\n",
        user.email,
    );
    tell_super_admins(ctx, tx, user, "Second factors on Redoubt were removed", &body).await
}

/// How somebody stopped it.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// By the link in the mail: whoever has it can.
    Link,
    /// In their profile.
    Profile,
    /// With a second factor.
    Factor,
}

impl How {
    /// The end of a sentence about them.
    const fn of_them(self) -> &'static str {
        match self {
            Self::Link => "somebody stopped it by the link in the mail",
            Self::Profile => "they stopped it in their profile",
            Self::Factor => "they have signed in with one, or shown it",
        }
    }

    /// The same to themselves.
    const fn to_them(self) -> &'static str {
        match self {
            Self::Link => "somebody stopped it by the link in the mail to you",
            Self::Profile => "you stopped it in your profile",
            Self::Factor => "you have signed in with one, or shown it",
        }
    }
}

/// Tells everybody concerned that it was stopped: an admin may have been talked into asking for it.
pub(super) async fn objected(
    ctx: &Context,
    tx: &mut Tx,
    reset: &FactorReset,
    user: &User,
    how: How,
) -> Result<(), Failure> {
    let subject = "A reset of second factors on Redoubt was stopped";
    let body = format!(
        "The removal of the second factors of your account {} is stopped, and you keep them: {}.\n\nIf that was not you, \
         somebody else gets into your account: change your password at {}/profile/authentication/password, and tell a super admin. \
         If you are still without a way in, it can be asked for again.\n",
        user.email,
        how.to_them(),
        ctx.control.public_url(),
    );
    send(ctx, tx, user, subject, &body).await?;
    let body = format!(
        "The account {} keeps its second factors: {}.\n\nIf they are still without a way in, it can be asked for again. If \
         nobody of theirs had wanted the reset, somebody may have tried to talk an admin into it.\n",
        user.email,
        how.of_them(),
    );
    let super_admins = store::users::super_admins_over(tx, user.id, TOLD_MAX).await?;
    // Whoever asked hears of it wherever the person belongs by now.
    let asker = match super_admins.iter().any(|told| told.id == reset.asked_by) {
        true => None,
        false => store::users::find(tx, reset.asked_by).await?,
    };
    for told in super_admins.iter().chain(&asker) {
        send(ctx, tx, told, subject, &body).await?;
    }
    Ok(())
}

/// The super admins of all organizations that somebody belongs to, each once.
async fn tell_super_admins(
    ctx: &Context,
    tx: &mut Tx,
    about: &User,
    subject: &str,
    body: &str,
) -> Result<(), Failure> {
    for user in store::users::super_admins_over(tx, about.id, TOLD_MAX).await? {
        send(ctx, tx, &user, subject, body).await?;
    }
    Ok(())
}

async fn send(ctx: &Context, tx: &mut Tx, user: &User, subject: &str, body: &str) -> Result<(), Failure> {
    let (kind, max) = (MailKind::FactorReset, notices::MAILS_MAX);
    notices::post_within(&ctx.control, tx, user, kind, max, subject, body).await?;
    Ok(())
}
