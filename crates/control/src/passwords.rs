//! Passwords of those who have one: changing one's own, and a mailed link that sets a new one. Neither signs anybody in, and
//! neither touches a second factor. Trying a password is in `sessions`.

mod resets;
mod rules;

use domain::{actions::Action, errors::Error, events::EventType, inputs::ChangePassword, states::Outcome};
use store::{Tx, users::User};

use crate::{
    Context,
    errors::{Failure, attempt},
    notices::{self, Notice},
    profiles,
    sessions::{
        accounts::Account,
        passwords::{hash_password, look_at},
    },
};

pub use identity::breached::{SharedList as BreachedList, convert as convert_breached};
pub(crate) use resets::send_reset_link;
pub use resets::{LINK_LIFETIME, ask_reset, ask_reset_for, reset, view_reset};
pub(crate) use rules::{check, judge_newcomer, least_alone, of_newcomers};
pub use rules::{judge, judge_by_link, judge_own, own_least};

/// Changes one's own password. It asks for the old one, however lately one has signed in; second factors stay. Other sessions
/// end on request; says how many did.
///
/// # Errors
/// `Invalid` on `old_password` when it is wrong, and on `password` with the rule that failed; `Limited` after too many wrong
/// ones; `Unavailable` when too many try at the same moment; `Denied` for tokens; `Unauthenticated`.
pub async fn change(ctx: &Context, input: ChangePassword) -> Result<u64, Error> {
    let permit = ctx.own(Action::ChangeOwnPassword)?;
    let (account, demands) = attempt!(ctx, {
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        for (field, text) in [("old_password", &input.old_password), ("password", &input.password)] {
            if text.expose().is_empty() {
                let reason = "Enter both the password that you have and the new one.";
                return Err(Error::invalid(field, reason).into());
            }
        }
        let (account, _) = Account::of(&mut tx, user.id).await?.ok_or(Error::NotFound)?;
        let demands = rules::Demands::of(&mut tx, &user).await?;
        Ok((account, demands))
    })?;
    let is_the_same = input.old_password.expose() == input.password.expose();
    let looked = look_at(ctx, &permit, EventType::UserPasswordChanged, &account, input.old_password).await?;
    // Only who knows the old one learns what is wrong with the new one.
    let new = match looked.is_right() {
        true if is_the_same => {
            Err(Error::invalid("password", "This is the password that you have. Choose another one."))
        }
        true => match demands.check(&ctx.control, &input.password) {
            Ok(()) => Ok(Some(hash_password(ctx, &input.password).await?)),
            Err(error) => Err(error),
        },
        false => Ok(None),
    };
    attempt!(ctx, {
        let mut write = account.begin(&permit, EventType::UserPasswordChanged).await?;
        let owner = looked.owner(&mut write, &account).await?;
        let hash = match &new {
            Ok(hash) => hash.as_ref(),
            // The old one was right, so it was no wrong try: that is kept.
            Err(error) => {
                write.event.outcome = Outcome::Failed;
                write.text("The new password was refused");
                write.commit().await?;
                return Err(error.clone().into());
            }
        };
        let (Some(user), Some(hash)) = (owner, hash) else {
            write.event.outcome = Outcome::Denied;
            write.text("Wrong old password");
            write.commit().await?;
            return Err(Error::invalid("old_password", "This is not your password.").into());
        };
        set(ctx, &mut write.tx, &user, hash).await?;
        let ended = match ctx.session().filter(|_| input.end_other_sessions) {
            Some(current) => store::sessions::remove_others(&mut write.tx, user.id, current).await?,
            None => 0,
        };
        let others = match (input.end_other_sessions, ended) {
            (false, _) => String::new(),
            (true, count) => format!(" and signed all other browsers out: {count}"),
        };
        write.text(format!("{} changed their password{others}", user.email));
        write.commit().await?;
        Ok(ended)
    })
}

/// Sets somebody's password, ends the links that would set another one and sign-ins that are under way, and tells them.
async fn set(ctx: &Context, tx: &mut Tx, user: &User, hash: &str) -> Result<(), Failure> {
    store::users::set_password_hash(tx, user.id, hash, ctx.now()).await?;
    store::password_resets::remove_for_user(tx, user.id).await?;
    store::ceremonies::remove_for_user(tx, user.id).await?;
    notices::post(ctx, tx, user, &Notice::PasswordChanged).await
}
