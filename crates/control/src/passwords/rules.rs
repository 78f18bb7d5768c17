//! What is asked of a new password of somebody: the strictest of their organizations counts, and a second factor makes it
//! shorter. The rules themselves are in `identity`.

use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, UserId},
    secrets::Secret,
    views::PasswordRule,
};
use identity::passwords::{self, Rule, Rules};
use store::{Tx, users::User};

use super::resets;
use crate::{
    Context, Control,
    errors::{Failure, attempt},
    policies, profiles,
};

/// What is asked of somebody's new password.
pub(super) struct Demands {
    rules: Rules,
    /// Words that must not make it up.
    words: Vec<String>,
}

impl Demands {
    pub(super) async fn of(tx: &mut Tx, user: &User) -> Result<Self, Failure> {
        let has_second_factor = !store::factors::list_for_user(tx, user.id).await?.is_empty();
        let strictest = policies::strictest(tx, user.id).await?;
        let rules = Rules {
            has_second_factor,
            chars_min: chars(strictest.password_chars_min),
            chars_min_single: chars(strictest.password_chars_min_alone),
        };
        let organizations = store::organizations::list_for_user(tx, user.id).await?;
        let mut words = vec![user.name.clone(), user.email.clone()];
        words.extend(organizations.into_iter().map(|(organization, _)| organization.name));
        Ok(Self { rules, words })
    }

    /// Fewest characters.
    pub(super) fn least(&self) -> usize {
        self.rules.least()
    }

    /// Checks a new password.
    ///
    /// # Errors
    /// `Invalid` on `password`, with the first rule that failed.
    pub(super) fn check(&self, control: &Control, password: &Secret) -> Result<(), Error> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        check(control, password, &self.rules, &words)
    }
}

/// What an organization asks of the password of somebody who joins it with a new account, and so without a second factor.
pub(crate) async fn of_newcomers(tx: &mut Tx, organization: OrganizationId) -> Result<Rules, Failure> {
    let row = store::authentication_policies::find(tx, organization).await?;
    let policy = policies::read(row.as_ref().map(|row| row.policy.as_str()))?;
    Ok(Rules { chars_min_single: chars(policy.password_chars_min_alone), ..Rules::SINGLE_FACTOR })
}

/// Fewest characters of somebody's password for their last factor to go, since it stands alone then. The strictest of their
/// organizations counts.
pub(crate) async fn least_alone(tx: &mut Tx, user: UserId) -> Result<usize, Failure> {
    let strictest = policies::strictest(tx, user).await?;
    let chars_min_single = chars(strictest.password_chars_min_alone);
    Ok(Rules { chars_min_single, ..Rules::SINGLE_FACTOR }.least())
}

/// Fewest characters of a new password of one's own, by the strictest of one's organizations.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own_least(ctx: &Context) -> Result<usize, Error> {
    attempt!(ctx, {
        let mut tx = ctx.own(Action::ChangeOwnPassword)?.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        Ok(Demands::of(&mut tx, &user).await?.least())
    })
}

/// Checks a new password. `words` must not make it up; the product's name is always among them.
///
/// # Errors
/// `Invalid` on `password`, with the first rule that failed.
pub(crate) fn check(
    control: &Control,
    password: &Secret,
    rules: &Rules,
    words: &[&str],
) -> Result<(), Error> {
    let checked = passwords::check(password, rules, words).and_then(|()| known(control, password));
    checked.map_err(|error| Error::invalid("password", error.to_string()))
}

/// Looks for a password in the operator's own list.
fn known(control: &Control, password: &Secret) -> Result<(), passwords::Error> {
    let Some(list) = control.parts().breached.as_ref() else { return Ok(()) };
    match list.contains(password) {
        Ok(false) => Ok(()),
        Ok(true) => Err(passwords::Error::Known),
        Err(error) => Err(passwords::Error::List(error.to_string())),
    }
}

fn chars(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Says of each rule whether a password meets it that somebody types who has no account yet. `words` are what they have typed
/// beside it: their name, their address.
///
/// # Errors
/// `Unavailable` when too many are looked at right now.
pub async fn judge(ctx: &Context, password: Secret, words: Vec<String>) -> Result<Vec<PasswordRule>, Error> {
    attempt!(ctx, { ctx.public(Action::SignIn).read().await.map(drop) })?;
    look(ctx, password, Demands { rules: Rules::SINGLE_FACTOR, words }).await
}

/// Says of each rule whether a password meets it that somebody types who joins with a new account. `words` must not make it
/// up.
///
/// # Errors
/// `Unavailable` when too many are looked at right now.
pub(crate) async fn judge_newcomer(
    ctx: &Context,
    password: Secret,
    rules: Rules,
    words: Vec<String>,
) -> Result<Vec<PasswordRule>, Error> {
    look(ctx, password, Demands { rules, words }).await
}

/// Says of each rule whether a new password for oneself meets it.
///
/// # Errors
/// `Unavailable` when too many are looked at right now; `Denied` for tokens; `Unauthenticated`.
pub async fn judge_own(ctx: &Context, password: Secret) -> Result<Vec<PasswordRule>, Error> {
    let demands = attempt!(ctx, {
        let mut tx = ctx.own(Action::ChangeOwnPassword)?.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        Demands::of(&mut tx, &user).await
    })?;
    look(ctx, password, demands).await
}

/// Says of each rule whether a new password meets it for whom a mailed link was sent to.
///
/// # Errors
/// `Conflict` when the link was used, took too long, or never was; `Unavailable` when too many are looked at right now.
pub async fn judge_by_link(
    ctx: &Context,
    token: &Secret,
    password: Secret,
) -> Result<Vec<PasswordRule>, Error> {
    let demands = attempt!(ctx, {
        let mut tx = ctx.public(Action::ResetPassword).read().await?;
        let user = resets::find(ctx, &mut tx, token).await?;
        Demands::of(&mut tx, &user).await
    })?;
    look(ctx, password, demands).await
}

/// Estimating takes a while, so that it waits for its turn with those whose passwords are hashed.
async fn look(ctx: &Context, password: Secret, demands: Demands) -> Result<Vec<PasswordRule>, Error> {
    let busy =
        || Error::Unavailable { reason: "Too many people sign in right now. Try again in a moment.".into() };
    let place = ctx.control.hashes().place().ok_or_else(busy)?;
    let control = ctx.control.clone();
    let work = move || {
        let words: Vec<&str> = demands.words.iter().map(String::as_str).collect();
        let judgement = passwords::judge(&password, &demands.rules, &words);
        let mut results = judgement.results;
        if let (Some(result), Err(error)) = (
            results.iter_mut().find(|result| result.rule == Rule::Known && result.is_met),
            known(&control, &password),
        ) {
            (result.is_met, result.sentence) = (false, error.to_string());
        }
        let rules = results.into_iter();
        rules.map(|result| PasswordRule { is_met: result.is_met, sentence: result.sentence }).collect()
    };
    place.work(work).await.ok_or_else(busy)
}
