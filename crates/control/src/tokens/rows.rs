//! The rows of tokens, whoever they are of: made, changed, replaced, each with its event. Who may is asked by those who
//! call; how tokens end is in `endings`.

use std::time::Duration;

use domain::{
    errors::Error,
    ids::{IdentityProviderId, OrganizationId, TokenId, UserId},
    networks::Cidr,
    permissions::Granted,
    principals::SubjectKind,
    secrets::Secret,
    timestamps::Timestamp,
    tokens::TokenKind,
    views::{MadeToken, Page, TokenRow},
};
use ring::digest;
use serde_json::json;
use store::{Tx, tokens::Token};
use uuid::Builder;

use super::{
    limits,
    terms::{Change, Terms, is_allowed, words},
};
use crate::{Context, contexts::Write, errors::Failure, pages, permissions, random};

/// Tokens of one owner that have not ended, at most.
pub const TOKENS_MAX: i64 = 100;

/// Whose tokens are meant.
pub(crate) struct Owner {
    /// Who acts with them.
    pub(crate) user: UserId,
    /// What they are called in events.
    pub(crate) name: String,
    /// Which kind the tokens are of.
    pub(crate) kind: TokenKind,
    /// The organization of an application user.
    pub(crate) organization: Option<OrganizationId>,
}

impl Owner {
    /// What events say behind a token.
    pub(super) fn whose(&self) -> String {
        match self.organization {
            Some(_) => format!(" of the application user {}", self.name),
            None => String::new(),
        }
    }

    pub(super) const fn subject(&self) -> SubjectKind {
        match self.kind {
            TokenKind::Personal => SubjectKind::User,
            TokenKind::Application => SubjectKind::ApplicationUser,
        }
    }
}

/// What is looked up instead of the token, which is kept nowhere.
pub(crate) fn hash(token: &Secret) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

/// Since when a token must be unused to be meant; empty for all of them.
pub(crate) fn parse_unused(ctx: &Context, unused_days: &str) -> Result<Option<Timestamp>, Error> {
    let days = permissions::parse_days(unused_days, "unused_days")?;
    Ok(days.map(|days| ctx.now().minus(days)))
}

/// One page of an owner's tokens, newest first.
pub(crate) async fn list(
    ctx: &Context,
    tx: &mut Tx,
    user: UserId,
    unused_since: Option<Timestamp>,
    after: Option<&str>,
) -> Result<Page<TokenRow>, Failure> {
    let after = pages::parse_time_key(after)?;
    let total = store::tokens::count_for_user(tx, user, unused_since).await?;
    let found = store::tokens::list_for_user(tx, user, unused_since, after, pages::FETCHED).await?;
    let now = ctx.now();
    let rows = found.into_iter().map(|token| draw(token, now)).collect::<Result<Vec<_>, _>>()?;
    Ok(pages::page(rows, total, |row| pages::time_key(row.created_at, row.id.uuid()), |row| row))
}

/// One token.
pub(crate) async fn view(ctx: &Context, tx: &mut Tx, user: UserId, id: TokenId) -> Result<TokenRow, Failure> {
    let token = store::tokens::find(tx, id).await?.filter(|token| token.user_id == user);
    draw(token.ok_or(Error::NotFound)?, ctx.now())
}

/// Through which identity provider the session began that a token is made in: the token goes with it.
async fn provider_of_session(ctx: &Context, tx: &mut Tx) -> Result<Option<IdentityProviderId>, Failure> {
    let Some(key_hash) = ctx.session() else { return Ok(None) };
    let row = store::sessions::find(tx, key_hash, ctx.now()).await?;
    Ok(row.and_then(|row| row.identity_provider_id))
}

/// Makes a token.
pub(crate) async fn create(
    ctx: &Context,
    mut write: Write,
    owner: &Owner,
    terms: &Terms,
) -> Result<MadeToken, Failure> {
    let made = random::token(ctx.control.random(), owner.kind);
    let (now, proof) = (ctx.now(), ctx.proof());
    let id = new_id(ctx, owner, &terms.once);
    if let Some(made) = store::tokens::find(&mut write.tx, id).await? {
        return Err(Error::conflict(format!(
            "This form has made a token already: {}, whose text was shown then and is kept nowhere. If you did not see \
             it, replace that token, or send this form again for another one.",
            made.prefix,
        ))
        .into());
    }
    let row = Token {
        id,
        user_id: owner.user,
        organization_id: owner.organization,
        kind: owner.kind,
        description: terms.description.clone(),
        prefix: made.shown(),
        token_hash: hash(made.text()),
        scopes: words(&terms.scopes),
        ip_ranges: words(&terms.ip_ranges),
        created_at: now,
        created_by: write.event.actor.clone(),
        max_age_seconds: terms.max_age_seconds,
        extend_when_used: terms.extend_when_used,
        expires_at: end(terms.max_age_seconds, now),
        last_used_at: None,
        last_address: None,
        last_agent: None,
        replaced_by: None,
        generation: 0,
        method: proof.map(|proof| proof.method),
        second_factor: proof.and_then(|proof| proof.second_factor),
        identity_provider_id: provider_of_session(ctx, &mut write.tx).await?,
        provider_organization_id: proof.and_then(|proof| proof.provider),
    };
    let mut write = limits::of_made(write, &row).await?;
    add(&mut write.tx, &row, now).await?;
    write
        .subject(SubjectKind::Token, row.id.uuid(), row.prefix.clone())
        .after(&recorded(&row, owner))?
        .text(format!("Created the token {}{}", row.prefix, owner.whose()));
    write.commit().await?;
    shown(ctx, row, made.text())
}

/// Changes what a token is for and from where it may be used.
pub(crate) async fn edit(
    ctx: &Context,
    mut write: Write,
    owner: &Owner,
    id: TokenId,
    change: &Change,
) -> Result<TokenRow, Failure> {
    let before = find(&mut write.tx, owner, id).await?;
    let ranges = words(&change.ip_ranges);
    if before.generation != change.generation {
        return Err(stale(&before, &change.description, &ranges).into());
    }
    if (&before.description, &before.ip_ranges) == (&change.description, &ranges) {
        return draw(before, ctx.now());
    }
    if before.ip_ranges != ranges {
        write = limits::of_ranges(write, &change.ip_ranges).await?;
    }
    if !store::tokens::edit(&mut write.tx, id, change.generation, &change.description, &ranges).await? {
        return Err(stale(&before, &change.description, &ranges).into());
    }
    let after = find(&mut write.tx, owner, id).await?;
    write
        .subject(SubjectKind::Token, id.uuid(), after.prefix.clone())
        .before(&recorded(&before, owner))?
        .after(&recorded(&after, owner))?
        .text(format!("Changed the token {}{}", after.prefix, owner.whose()));
    write.commit().await?;
    draw(after, ctx.now())
}

/// Makes a token that takes another one's place; both are good until the overlap is over.
pub(crate) async fn rotate(
    ctx: &Context,
    mut write: Write,
    owner: &Owner,
    id: TokenId,
    overlap: Duration,
) -> Result<MadeToken, Failure> {
    let now = ctx.now();
    let old = find(&mut write.tx, owner, id).await?;
    if old.replaced_by.is_some() {
        return Err(Error::conflict(format!("The token {} has been replaced already.", old.prefix)).into());
    }
    if has_ended(&old, now) {
        return Err(Error::conflict(format!("The token {} has expired. Make a new one.", old.prefix)).into());
    }
    let made = random::token(ctx.control.random(), owner.kind);
    let proof = ctx.proof();
    let row = Token {
        id: TokenId::from_uuid(ctx.control.new_uuid()),
        prefix: made.shown(),
        token_hash: hash(made.text()),
        created_at: now,
        created_by: write.event.actor.clone(),
        expires_at: end(old.max_age_seconds, now),
        last_used_at: None,
        last_address: None,
        last_agent: None,
        generation: 0,
        method: proof.map(|proof| proof.method),
        second_factor: proof.and_then(|proof| proof.second_factor),
        identity_provider_id: provider_of_session(ctx, &mut write.tx).await?,
        provider_organization_id: proof.and_then(|proof| proof.provider),
        ..old.clone()
    };
    let mut write = limits::of_made(write, &row).await?;
    store::tokens::replace(&mut write.tx, id, row.id, now.plus(overlap)).await?;
    add(&mut write.tx, &row, now).await?;
    let ended = find(&mut write.tx, owner, id).await?;
    let until = ended.expires_at.map(Timestamp::human).unwrap_or_default();
    write
        .subject(SubjectKind::Token, id.uuid(), old.prefix.clone())
        .before(&recorded(&old, owner))?
        .after(&recorded(&row, owner))?
        .text(format!(
            "Replaced the token {}{} by {}; the old one ends at {until}",
            old.prefix,
            owner.whose(),
            row.prefix,
        ));
    write.commit().await?;
    shown(ctx, row, made.text())
}

/// Whether it is over with a token.
pub(crate) fn has_ended(token: &Token, now: Timestamp) -> bool {
    token.expires_at.is_some_and(|at| at <= now)
}

/// The id of a token that is made. One and the same form always names one and the same token, so that it makes one however
/// often and however fast it is sent; those of others it cannot name.
fn new_id(ctx: &Context, owner: &Owner, once: &str) -> TokenId {
    if once.is_empty() {
        return TokenId::from_uuid(ctx.control.new_uuid());
    }
    let named = digest::digest(&digest::SHA256, format!("token {} {once}", owner.user).as_bytes());
    let bytes = std::array::from_fn(|index| named.as_ref()[index]);
    TokenId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}

/// When a token ends that begins to live now.
pub(crate) fn end(max_age_seconds: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    let seconds = max_age_seconds.and_then(|seconds| u64::try_from(seconds).ok())?;
    Some(now.plus(Duration::from_secs(seconds)))
}

/// What a stored token is limited to. What this program does not know of opens nothing, and is still a limit.
pub(crate) fn scopes(token: &Token) -> Option<Vec<Granted>> {
    let is_limited = !token.scopes.is_empty();
    is_limited.then(|| token.scopes.split(' ').filter_map(|word| word.parse().ok()).collect())
}

/// From where a stored token may be used.
pub(crate) fn ip_ranges(token: &Token) -> Result<Vec<Cidr>, Failure> {
    let words = token.ip_ranges.split_whitespace().map(str::parse);
    words
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Inconsistent(format!("stored range of the token {}: {error}", token.id)))
}

/// What the actor should know: that they shut themselves out from where they are.
pub(crate) fn warning(ctx: &Context, ranges: &[Cidr]) -> Option<String> {
    let address = ctx.origin().address?.to_canonical();
    let is_shut_out = !is_allowed(ranges, Some(address));
    is_shut_out.then(|| {
        format!("Your own address, {address}, is in none of its ranges: from here the token is turned away.")
    })
}

/// Adds a token, if its owner has room for one.
async fn add(tx: &mut Tx, token: &Token, now: Timestamp) -> Result<(), Failure> {
    if store::tokens::count_unexpired(tx, token.user_id, now).await? >= TOKENS_MAX {
        let reason =
            format!("There are {TOKENS_MAX} tokens that have not ended, and no more can be. End some first.");
        return Err(Error::conflict(reason).into());
    }
    Ok(store::tokens::add(tx, token).await?)
}

/// The owner's token of that id.
pub(super) async fn find(tx: &mut Tx, owner: &Owner, id: TokenId) -> Result<Token, Failure> {
    let token = store::tokens::find(tx, id).await?.filter(|token| token.user_id == owner.user);
    Ok(token.ok_or(Error::NotFound)?)
}

fn shown(ctx: &Context, row: Token, token: &Secret) -> Result<MadeToken, Failure> {
    let row = draw(row, ctx.now())?;
    Ok(MadeToken { warning: warning(ctx, &row.ip_ranges), row, token: token.clone() })
}

fn draw(token: Token, now: Timestamp) -> Result<TokenRow, Failure> {
    Ok(TokenRow {
        scopes: scopes(&token).unwrap_or_default(),
        ip_ranges: ip_ranges(&token)?,
        is_expired: has_ended(&token, now),
        id: token.id,
        kind: token.kind,
        description: token.description,
        prefix: token.prefix,
        created_at: token.created_at,
        created_by: token.created_by,
        max_age_seconds: token.max_age_seconds,
        extend_when_used: token.extend_when_used,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        last_address: token.last_address,
        last_agent: token.last_agent,
        replaced_by: token.replaced_by,
        generation: token.generation,
    })
}

/// What events hold of a token: neither its text nor its hash.
pub(super) fn recorded(token: &Token, owner: &Owner) -> serde_json::Value {
    json!({
        "id": token.id, "prefix": token.prefix, "owner": owner.name, "description": token.description,
        "scopes": token.scopes.split_whitespace().collect::<Vec<_>>(),
        "ip_ranges": token.ip_ranges.split_whitespace().collect::<Vec<_>>(),
        "expires_at": token.expires_at.map(Timestamp::rfc3339),
        "extend_when_used": token.extend_when_used,
    })
}

fn stale(now: &Token, description: &str, ranges: &str) -> Error {
    let from = |ranges: &str| match ranges {
        "" => "from anywhere".to_owned(),
        ranges => format!("from {}", ranges.replace(' ', ", ")),
    };
    Error::conflict(format!(
        "Somebody else changed this meanwhile. It is now “{}”, used {}; you sent “{description}”, used {}.",
        now.description,
        from(&now.ip_ranges),
        from(ranges),
    ))
}
