//! What the token that is used may do with tokens: one that is limited by scopes ends itself and no other of its account,
//! and none makes or changes one that is good for more than itself. What its owner may do is asked by those who call.

use domain::{
    errors::Error,
    events::EventType,
    ids::UserId,
    networks::Cidr,
    permissions::{Granted, Permission},
    principals::ResourceKind,
    states::Outcome,
};
use store::tokens::Token;

use super::rows::{ip_ranges, scopes};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::Failure,
    standings::forbidden,
};

/// What a token with scopes is told that asks for more.
const ITSELF_ALONE: &str = "This token is limited by scopes: of its account's tokens it can end itself, and nothing else. \
    Sign in to the console, or use a token without scopes.";

/// Refuses to a token that is limited by scopes what is about the tokens of its account, and gives the transaction back
/// else. Nothing may be written in it yet.
pub(super) async fn of_account(ctx: &Context, write: Write) -> Result<Write, Failure> {
    match ctx.scopes() {
        None => Ok(write),
        Some(_) => Err(refuse(write, ITSELF_ALONE).await?),
    }
}

/// The same where an application user looks after the tokens of application users, its own among them.
pub(crate) async fn of_program(ctx: &Context, permit: &Permit, user: UserId) -> Result<(), Failure> {
    if ctx.scopes().is_none() || ctx.user()? != user {
        return Ok(());
    }
    permit.refuse(format!("of its own account: {ITSELF_ALONE}")).await?;
    Err(forbidden(ITSELF_ALONE).into())
}

/// Refuses to the token that is used to make this one, or to make this one of another, if it would be good for more than
/// the token itself. Gives the transaction back else; nothing may be written in it yet.
pub(super) async fn of_made(mut write: Write, made: &Token) -> Result<Write, Failure> {
    let Some(used) = used(&mut write).await? else { return Ok(write) };
    match obstacle(&used, made)? {
        None => Ok(write),
        Some(reason) => Err(refuse(write, reason).await?),
    }
}

/// The same for the ranges alone, the rest being what it was.
pub(super) async fn of_ranges(mut write: Write, ranges: &[Cidr]) -> Result<Write, Failure> {
    let Some(used) = used(&mut write).await? else { return Ok(write) };
    match lies_in(ranges, &ip_ranges(&used)?) {
        true => Ok(write),
        false => Err(refuse(write, RANGES).await?),
    }
}

const SCOPES: &str =
    "With this token no token can be made that has scopes beyond its own, or none: choose some of its own.";
const RANGES: &str =
    "With this token no token can be made for addresses beyond its own: give ranges that lie in its own.";
const AGE: &str = "With this token no token can be made that lives longer than it does itself: choose an age that ends \
    before its own, and none that each use begins anew.";

/// The token that acts.
async fn used(write: &mut Write) -> Result<Option<Token>, Failure> {
    let Some(id) = write.event.token_id else { return Ok(None) };
    let token = store::tokens::find(&mut write.tx, id).await?;
    let ended = || Error::Unauthenticated { reason: "This token was revoked.".into() };
    Ok(Some(token.ok_or_else(ended)?))
}

/// What the made token would be good for and the used one is not.
fn obstacle(used: &Token, made: &Token) -> Result<Option<&'static str>, Failure> {
    let is_in_scope =
        scopes(used).is_none_or(|own| scopes(made).is_some_and(|made| opens_no_more(&made, &own)));
    let is_in_ranges = lies_in(&ip_ranges(made)?, &ip_ranges(used)?);
    Ok(match (is_in_scope, is_in_ranges) {
        (false, _) => Some(SCOPES),
        (true, false) => Some(RANGES),
        (true, true) => (!lives_no_longer(made, used)).then_some(AGE),
    })
}

fn opens_no_more(made: &[Granted], own: &[Granted]) -> bool {
    let any = |scopes: &[Granted], opens: &dyn Fn(Granted) -> bool| scopes.iter().any(|scope| opens(*scope));
    let permissions = Permission::ALL.iter().all(|permission| {
        let opens = |scope: Granted| scope.opens(*permission);
        any(own, &opens) || !any(made, &opens)
    });
    permissions
        && ResourceKind::ALL.iter().all(|place| {
            let administers = |scope: Granted| scope.administers(*place);
            any(own, &administers) || !any(made, &administers)
        })
}

fn lies_in(made: &[Cidr], own: &[Cidr]) -> bool {
    own.is_empty() || (!made.is_empty() && made.iter().all(|range| range.lies_in(own)))
}

fn lives_no_longer(made: &Token, used: &Token) -> bool {
    let Some(end) = used.expires_at else { return true };
    if used.extend_when_used && used.replaced_by.is_none() {
        // Each use begins its age anew: it lives on as long as one is made that does the same.
        return made.max_age_seconds.is_some() && made.max_age_seconds <= used.max_age_seconds;
    }
    !made.extend_when_used && made.expires_at.is_some_and(|at| at <= end)
}

/// Turns a transaction that nothing was written in into the record of a refusal.
async fn refuse(mut write: Write, reason: &str) -> Result<Failure, Failure> {
    write.event.event_type = EventType::ActionDenied;
    write.event.outcome = Outcome::Denied;
    let action = write.event.action;
    write.text(format!("Refused: {action}: {reason}"));
    write.commit().await?;
    Ok(forbidden(reason).into())
}
