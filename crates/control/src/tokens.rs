//! Tokens: what people make for themselves to act with from programs, and acting with one. The tokens of application
//! users are in `application_users`.

pub(crate) mod endings;
pub(crate) mod limits;
pub(crate) mod rows;
pub(crate) mod terms;
mod uses;

use std::net::IpAddr;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::TokenId,
    inputs::{CreateToken, EditToken},
    principals::UserKind,
    tokens::TokenKind,
    views::{MadeToken, Page, TokenRow},
};
use store::Tx;

use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    notices::{self, Notice},
    policies,
};
use endings::{BATCHES_MAX, REVOKED_TOGETHER_MAX};
use rows::Owner;
use terms::{Change, Terms, is_allowed};

pub use rows::TOKENS_MAX;
pub(crate) use uses::TokenRefusals;
pub use uses::{authenticate, authenticate_again};

/// One page of one's own tokens, newest first; with `unused_days`, those alone that were not used for so many days.
///
/// # Errors
/// `Invalid` on `unused_days` or `after`; `Forbidden` when one acts with a token that is limited by scopes;
/// `Unauthenticated`.
pub async fn list(ctx: &Context, unused_days: &str, after: Option<&str>) -> Result<Page<TokenRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        let unused_since = rows::parse_unused(ctx, unused_days)?;
        refuse_limited(ctx, &permit).await?;
        let mut tx = permit.read().await?;
        let owner = own(ctx, &mut tx).await?;
        rows::list(ctx, &mut tx, owner.user, unused_since, after).await
    })
}

/// Which of one's organizations take no personal tokens, by name: there yours open nothing.
///
/// # Errors
/// `Unauthenticated`.
pub async fn refused_by(ctx: &Context) -> Result<Vec<String>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        let mut tx = permit.read().await?;
        let mut names = Vec::new();
        for own in store::authentication_policies::list_for_user(&mut tx, ctx.user()?).await? {
            if !policies::read(Some(&own.policy))?.personal_tokens_allowed {
                names.push(own.name);
            }
        }
        names.sort();
        Ok(names)
    })
}

/// The strictest limit to the age of one's own tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictestAge {
    /// What the organization is called that sets it.
    pub organization: String,
    /// Seconds.
    pub seconds: i64,
}

/// The strictest "longest token age" among those of one's organizations that take personal tokens; none if all take any age.
///
/// # Errors
/// `Unauthenticated`.
pub async fn strictest_age(ctx: &Context) -> Result<Option<StrictestAge>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        let mut tx = permit.read().await?;
        let mut strictest: Option<StrictestAge> = None;
        for own in store::authentication_policies::list_for_user(&mut tx, ctx.user()?).await? {
            let policy = policies::read(Some(&own.policy))?;
            let Some(seconds) = policy.token_seconds_max.filter(|_| policy.personal_tokens_allowed) else {
                continue;
            };
            if strictest.as_ref().is_none_or(|found| seconds < found.seconds) {
                strictest = Some(StrictestAge { organization: own.name, seconds });
            }
        }
        Ok(strictest)
    })
}

/// One of one's own tokens.
///
/// # Errors
/// `NotFound`; `Forbidden` when one acts with a token that is limited by scopes; `Unauthenticated`.
pub async fn view(ctx: &Context, token: TokenId) -> Result<TokenRow, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        refuse_limited(ctx, &permit).await?;
        let mut tx = permit.read().await?;
        let owner = own(ctx, &mut tx).await?;
        rows::view(ctx, &mut tx, owner.user, token).await
    })
}

/// Makes a token for oneself. Its text is in the answer and nowhere else.
///
/// # Errors
/// `Invalid` on `description`, `scopes`, `ip_ranges`, `max_age_seconds` or `extend_when_used`; `Conflict` when this
/// form has made one already, or there are [`TOKENS_MAX`]; `Denied` when one acts with a token; `Unauthenticated`.
pub async fn create(ctx: &Context, input: &CreateToken) -> Result<MadeToken, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnTokens)?;
        let terms = Terms::parse(input)?;
        let (mut write, owner) = begin(ctx, &permit, EventType::TokenCreated).await?;
        tell(ctx, &mut write.tx, &owner, &input.description).await?;
        rows::create(ctx, write, &owner, &terms).await
    })
}

/// Changes what a token of one's own is for and from where it may be used.
///
/// # Errors
/// `Invalid` on `description` or `ip_ranges`; `Conflict` when it was changed since the form was made; `Denied` when
/// one acts with a token; `NotFound`; `Unauthenticated`.
pub async fn edit(ctx: &Context, token: TokenId, input: &EditToken) -> Result<TokenRow, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnTokens)?;
        let change = Change::parse(input)?;
        let (write, owner) = begin(ctx, &permit, EventType::TokenChanged).await?;
        rows::edit(ctx, write, &owner, token, &change).await
    })
}

/// Makes a token that takes the place of another of one's own, with the same description, scopes, ranges and age. The old
/// one is good for `overlap_hours` more; empty means a day.
///
/// # Errors
/// `Invalid` on `overlap_hours`; `Conflict` when it has ended, was replaced already, or there are [`TOKENS_MAX`];
/// `Denied` when one acts with a token; `NotFound`; `Unauthenticated`.
pub async fn rotate(ctx: &Context, token: TokenId, overlap_hours: &str) -> Result<MadeToken, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnTokens)?;
        let overlap = terms::parse_overlap(overlap_hours)?;
        let (mut write, owner) = begin(ctx, &permit, EventType::TokenRotated).await?;
        let replaced = store::tokens::find(&mut write.tx, token).await?.ok_or(Error::NotFound)?;
        tell(ctx, &mut write.tx, &owner, &replaced.description).await?;
        rows::rotate(ctx, write, &owner, token, overlap).await
    })
}

/// Ends a token of one's own.
///
/// # Errors
/// `NotFound`; `Forbidden` when one acts with another token, which is limited by scopes; `Unauthenticated`.
pub async fn revoke(ctx: &Context, token: TokenId) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        let (mut write, owner) = begin(ctx, &permit, EventType::TokenRevoked).await?;
        if write.event.token_id != Some(token) {
            write = limits::of_account(ctx, write).await?;
        }
        endings::revoke(write, &owner, token).await
    })
}

/// Ends several of one's own tokens; says how many of them were still there.
///
/// # Errors
/// `Invalid` on `tokens`; `NotFound` when none of them is there; `Forbidden` when one acts with a token that is limited by
/// scopes; `Unauthenticated`.
pub async fn revoke_chosen(ctx: &Context, tokens: &[TokenId]) -> Result<i64, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnTokens)?;
        let chosen = endings::parse_chosen(tokens)?;
        let (write, owner) = begin(ctx, &permit, EventType::TokenRevoked).await?;
        let write = limits::of_account(ctx, write).await?;
        endings::revoke_chosen(write, &owner, &chosen).await.map(i64::from)
    })
}

/// Ends all of one's own tokens, or those that were not used for so many days; says how many.
///
/// # Errors
/// `Invalid` on `unused_days`; `Forbidden` when one acts with a token that is limited by scopes; `Unauthenticated`.
pub async fn revoke_many(ctx: &Context, unused_days: &str) -> Result<i64, Error> {
    let mut total = 0;
    for _ in 0..BATCHES_MAX {
        let revoked = attempt!(ctx, {
            let permit = ctx.own(Action::ViewOwnTokens)?;
            let unused_since = rows::parse_unused(ctx, unused_days)?;
            let (write, owner) = begin(ctx, &permit, EventType::TokenRevoked).await?;
            let write = limits::of_account(ctx, write).await?;
            endings::revoke_many(write, &owner, unused_since).await
        })?;
        total += i64::from(revoked);
        if revoked < REVOKED_TOGETHER_MAX {
            break;
        }
    }
    Ok(total)
}

/// What whoever looks after a token should know: that its ranges shut out the address they are at, or the one that it was
/// last used from.
#[must_use]
pub fn warnings(ctx: &Context, token: &TokenRow) -> Vec<String> {
    let here = rows::warning(ctx, &token.ip_ranges);
    let last = token.last_address.as_deref().and_then(|address| address.parse::<IpAddr>().ok());
    let last = last.filter(|last| Some(*last) != ctx.origin().address.map(|here| here.to_canonical()));
    let there = last.filter(|last| !is_allowed(&token.ip_ranges, Some(*last))).map(|last| {
        format!(
            "It was last used from {last}, which is in none of its ranges: from there it is turned away now."
        )
    });
    here.into_iter().chain(there).collect()
}

/// Who acts, as the owner of their tokens.
async fn own(ctx: &Context, tx: &mut Tx) -> Result<Owner, Failure> {
    let user = store::users::find(tx, ctx.user()?).await?.filter(|user| user.is_active);
    let user = user.ok_or_else(|| Error::Unauthenticated { reason: "Sign in first.".into() })?;
    let (name, kind) = match user.kind {
        UserKind::Person => (user.email, TokenKind::Personal),
        UserKind::Application => (user.name, TokenKind::Application),
    };
    Ok(Owner { user: user.id, name, kind, organization: None })
}

/// Refuses, on record, to a token that is limited by scopes to look at its account's tokens.
async fn refuse_limited(ctx: &Context, permit: &Permit) -> Result<(), Failure> {
    if ctx.scopes().is_some() {
        let (write, _) = begin(ctx, permit, EventType::ActionDenied).await?;
        limits::of_account(ctx, write).await?;
    }
    Ok(())
}

/// Tells the owner by mail that a token was made. Only sessions make tokens for themselves, so that nothing of this is undone by
/// the limits of a token that is used.
async fn tell(ctx: &Context, tx: &mut Tx, owner: &Owner, description: &str) -> Result<(), Failure> {
    let Some(user) = store::users::find(tx, owner.user).await? else { return Ok(()) };
    notices::post(ctx, tx, &user, &Notice::TokenMade { description: description.trim() }).await
}

/// The transaction of a change, with its event in the log of each of the owner's organizations.
async fn begin(ctx: &Context, permit: &Permit, event_type: EventType) -> Result<(Write, Owner), Failure> {
    let mut write = permit.write(event_type).await?;
    let owner = own(ctx, &mut write.tx).await?;
    let organizations = store::organizations::list_for_user(&mut write.tx, owner.user).await?;
    let ids: Vec<_> = organizations.iter().map(|(organization, _)| organization.id).collect();
    write.of_organizations(&ids);
    Ok((write, owner))
}
