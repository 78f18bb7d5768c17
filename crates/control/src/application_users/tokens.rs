//! The tokens of application users. Whoever has one acts as its application user, so making and changing one takes to hold
//! what it holds; ending one takes less.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, TokenId, UserId},
    inputs::{CreateToken, EditToken},
    tokens::TokenKind,
    views::{MadeToken, Page, TokenRow},
};
use store::{access::Target, memberships::ApplicationUser};

use super::{find, of, takeover_obstacle};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    standings::guarded,
    tokens::{
        endings::{self, BATCHES_MAX, REVOKED_TOGETHER_MAX},
        limits,
        rows::{self, Owner},
        terms::{Change, Terms, parse_overlap},
    },
};

/// Why an application user makes no tokens for itself.
const ITSELF: &str =
    "An application user makes and changes no tokens of its own: whoever finds one could make it last.";

/// One page of an application user's tokens, newest first; with `unused_days`, those alone that were not used for so many
/// days.
///
/// # Errors
/// `Invalid` on `unused_days` or `after`; `Forbidden` to a token with scopes about its own account; `Denied`; `NotFound`.
pub async fn tokens(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    unused_days: &str,
    after: Option<&str>,
) -> Result<Page<TokenRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListApplicationUsers, Target::Organization(organization)).await?;
        limits::of_program(ctx, &permit, user).await?;
        let unused_since = rows::parse_unused(ctx, unused_days)?;
        let mut tx = permit.read().await?;
        find(&mut tx, organization, user).await?;
        rows::list(ctx, &mut tx, user, unused_since, after).await
    })
}

/// One token of an application user.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
) -> Result<TokenRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListApplicationUsers, Target::Organization(organization)).await?;
        if ctx.token() != Some(token) {
            limits::of_program(ctx, &permit, user).await?;
        }
        let mut tx = permit.read().await?;
        find(&mut tx, organization, user).await?;
        rows::view(ctx, &mut tx, user, token).await
    })
}

/// Makes a token for an application user. Its text is in the answer and nowhere else.
///
/// # Errors
/// `Invalid` on `description`, `scopes`, `ip_ranges`, `max_age_seconds` or `extend_when_used`; `Conflict` when this form
/// has made one already, or there are [`crate::tokens::TOKENS_MAX`]; `Forbidden` when it holds what the actor does not; `Denied`; `NotFound`.
pub async fn create_token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    input: &CreateToken,
) -> Result<MadeToken, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::CreateApplicationToken, Target::Organization(organization)).await?;
        let terms = Terms::parse(input)?;
        let (write, owner) =
            begin_takeover(ctx, &permit, organization, user, EventType::TokenCreated).await?;
        rows::create(ctx, write, &owner, &terms).await
    })
}

/// Changes what a token of an application user is for and from where it may be used.
///
/// # Errors
/// `Invalid` on `description` or `ip_ranges`; `Conflict` when it was changed since the form was made; `Forbidden` when
/// the application user holds what the actor does not; `Denied`; `NotFound`.
pub async fn edit_token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
    input: &EditToken,
) -> Result<TokenRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::EditApplicationToken, Target::Organization(organization)).await?;
        let change = Change::parse(input)?;
        let (write, owner) =
            begin_takeover(ctx, &permit, organization, user, EventType::TokenChanged).await?;
        rows::edit(ctx, write, &owner, token, &change).await
    })
}

/// Makes a token that takes another one's place, with the same description, scopes, ranges and age. The old one is good
/// for `overlap_hours` more; empty means a day.
///
/// # Errors
/// `Invalid` on `overlap_hours`; `Conflict` when it has ended, was replaced already, or there are
/// [`crate::tokens::TOKENS_MAX`]; `Forbidden` when the application user holds what the actor does not; `Denied`;
/// `NotFound`.
pub async fn rotate_token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
    overlap_hours: &str,
) -> Result<MadeToken, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::CreateApplicationToken, Target::Organization(organization)).await?;
        let overlap = parse_overlap(overlap_hours)?;
        let (write, owner) =
            begin_takeover(ctx, &permit, organization, user, EventType::TokenRotated).await?;
        rows::rotate(ctx, write, &owner, token, overlap).await
    })
}

/// Ends a token of an application user.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn revoke_token(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    token: TokenId,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::RevokeApplicationToken, Target::Organization(organization)).await?;
        if ctx.token() != Some(token) {
            limits::of_program(ctx, &permit, user).await?;
        }
        let mut write = permit.write(EventType::TokenRevoked).await?;
        let owner = owner(find(&mut write.tx, organization, user).await?, organization);
        endings::revoke(write, &owner, token).await
    })
}

/// Ends several tokens of an application user; says how many of them were still there.
///
/// # Errors
/// `Invalid` on `tokens`; `NotFound` when none of them is there; `Denied`.
pub async fn revoke_chosen_tokens(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    tokens: &[TokenId],
) -> Result<i64, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::RevokeApplicationToken, Target::Organization(organization)).await?;
        limits::of_program(ctx, &permit, user).await?;
        let chosen = endings::parse_chosen(tokens)?;
        let mut write = permit.write(EventType::TokenRevoked).await?;
        let owner = owner(find(&mut write.tx, organization, user).await?, organization);
        endings::revoke_chosen(write, &owner, &chosen).await.map(i64::from)
    })
}

/// Ends all tokens of an application user, or those that were not used for so many days; says how many.
///
/// # Errors
/// `Invalid` on `unused_days`; `Denied`; `NotFound`.
pub async fn revoke_tokens(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    unused_days: &str,
) -> Result<i64, Error> {
    let mut total = 0;
    for _ in 0..BATCHES_MAX {
        let revoked = attempt!(ctx, {
            let target = Target::Organization(organization);
            let permit = ctx.authorize(Action::RevokeApplicationToken, target).await?;
            limits::of_program(ctx, &permit, user).await?;
            let unused_since = rows::parse_unused(ctx, unused_days)?;
            let mut write = permit.write(EventType::TokenRevoked).await?;
            let owner = owner(find(&mut write.tx, organization, user).await?, organization);
            endings::revoke_many(write, &owner, unused_since).await
        })?;
        total += i64::from(revoked);
        if revoked < REVOKED_TOGETHER_MAX {
            break;
        }
    }
    Ok(total)
}

fn owner(found: ApplicationUser, organization: OrganizationId) -> Owner {
    Owner {
        user: found.member.user_id,
        name: found.member.name,
        kind: TokenKind::Application,
        organization: Some(organization),
    }
}

/// The transaction of a change that lets somebody act as the application user.
async fn begin_takeover(
    ctx: &Context,
    permit: &Permit,
    organization: OrganizationId,
    user: UserId,
    event_type: EventType,
) -> Result<(Write, Owner), Failure> {
    let mut write = permit.write(event_type).await?;
    let found = find(&mut write.tx, organization, user).await?;
    let obstacle = match ctx.user()? == user {
        true => Some(ITSELF),
        false => takeover_obstacle(ctx, &mut write.tx, organization, user).await?,
    };
    let write = guarded(permit, write, obstacle, &of(&found.member)).await?;
    Ok((write, owner(found, organization)))
}
