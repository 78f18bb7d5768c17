//! Removing one's own second factor. With the last one the password stands alone, so that it is looked at whether it is long
//! enough for that.

use domain::{
    actions::Action, errors::Error, events::EventType, ids::FactorId, secrets::Secret, states::Outcome,
};

use super::{Needs, told};
use crate::{
    Context,
    contexts::Permit,
    errors::attempt,
    indispensable,
    notices::{self, Notice},
    passwords::least_alone,
    profiles,
    sessions::{
        accounts::Account,
        passwords::{Looked, look_at},
    },
};

/// A password that is to stand alone.
struct Alone {
    account: Account,
    looked: Looked,
    /// What it has, and what it needs.
    chars: usize,
    least: usize,
}

/// Removes a factor. Every other session of the person ends. With the last factor, their recovery codes go and this session
/// ends as well, which has shown what there is no more; says whether it was the last one. `confirmed` says
/// that they know which organizations do not let them in any more. `password` is asked for with the last factor of those who
/// have one.
///
/// # Errors
/// `Conflict` when organizations would not let them in any more and that was not confirmed, and when nobody else would get into one
/// without its identity provider, which it requires; `Invalid` on `password` with the
/// last factor, when it is wrong or too short to stand alone; `Limited` after too many wrong ones; `StepUp`; `NotFound`;
/// `Denied` for tokens; `Unauthenticated`.
pub async fn remove(
    ctx: &Context,
    factor: FactorId,
    confirmed: bool,
    password: &Secret,
) -> Result<bool, Error> {
    let permit = ctx.own(Action::ManageOwnFactors)?;
    let alone = alone(ctx, &permit, factor, password).await?;
    attempt!(ctx, {
        let (mut write, user) = profiles::begin(ctx, &permit, EventType::UserFactorRemoved).await?;
        let held = store::factors::list_for_user(&mut write.tx, user.id).await?;
        let removed = held.iter().find(|held| held.id == factor).ok_or(Error::NotFound)?;
        let is_last = held.len() == 1;
        if let Some(alone) = &alone {
            let owner = alone.looked.owner(&mut write, &alone.account).await?;
            let refusal = match owner {
                None => Some(("Wrong password", "This is not your password.".to_owned())),
                Some(_) if alone.chars < alone.least => {
                    Some(("The password is too short", alone.too_short()))
                }
                Some(_) => None,
            };
            if let Some((text, reason)) = refusal {
                write.event.outcome = Outcome::Denied;
                write.text(text);
                write.commit().await?;
                return Err(Error::invalid("password", reason).into());
            }
        } else if is_last && !user.password_hash.is_empty() {
            let reason = "Meanwhile this became your last second factor. Load the page again.";
            return Err(Error::conflict(reason).into());
        }
        let shut_out = Needs::of(&mut write.tx, &user).await?.needed_by(removed, &held);
        if !shut_out.is_empty() && !confirmed {
            let reason =
                format!("Without it you do not get into {} any more. Confirm that.", shut_out.join(", "));
            return Err(Error::conflict(reason).into());
        }
        let left: Vec<_> = held.iter().filter(|held| held.id != factor).collect();
        indispensable::keeps_break_glass(&mut write.tx, &user, &left).await?;
        store::factors::remove(&mut write.tx, user.id, factor).await?;
        if is_last {
            store::recovery_codes::remove_for_user(&mut write.tx, user.id, ctx.now()).await?;
        }
        store::ceremonies::remove_for_user(&mut write.tx, user.id).await?;
        match is_last {
            true => store::sessions::remove_for_user(&mut write.tx, user.id).await?,
            false => {
                let current = ctx.session().unwrap_or_default();
                store::sessions::remove_others(&mut write.tx, user.id, current).await?
            }
        };
        let notice = Notice::FactorRemoved { kind: removed.kind, name: &removed.name, is_last };
        notices::post(ctx, &mut write.tx, &user, &notice).await?;
        let last =
            if is_last { "; it was the last one, and the recovery codes are gone with it" } else { "" };
        write.before(&told(removed))?.text(format!(
            "{} removed the {} “{}”{last}",
            user.email,
            removed.kind.name(),
            removed.name
        ));
        write.commit().await?;
        Ok(is_last)
    })
}

/// The password of who has one and removes their last factor, looked at.
async fn alone(
    ctx: &Context,
    permit: &Permit,
    factor: FactorId,
    password: &Secret,
) -> Result<Option<Alone>, Error> {
    let found = attempt!(ctx, {
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let held = store::factors::list_for_user(&mut tx, user.id).await?;
        if user.password_hash.is_empty() || held.len() != 1 || held.iter().any(|held| held.id != factor) {
            return Ok(None);
        }
        if password.expose().is_empty() {
            let reason = "Enter your password: it has to stand alone then.";
            return Err(Error::invalid("password", reason).into());
        }
        let (account, _) = Account::of(&mut tx, user.id).await?.ok_or(Error::NotFound)?;
        Ok(Some((account, least_alone(&mut tx, user.id).await?)))
    })?;
    let Some((account, least)) = found else { return Ok(None) };
    let looked = look_at(ctx, permit, EventType::UserFactorRemoved, &account, password.clone()).await?;
    Ok(Some(Alone { account, looked, chars: identity::passwords::chars(password), least }))
}

impl Alone {
    fn too_short(&self) -> String {
        format!(
            "Your password has {} characters, which is enough beside a second factor alone. Change it to one of at least {} \
             first, then remove this.",
            self.chars, self.least
        )
    }
}
