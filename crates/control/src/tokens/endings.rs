//! How tokens end before their time, whoever they are of: one, several, or all that are unused, each time with one event.
//! Who may is asked by those who call.

use std::collections::BTreeSet;

use domain::{errors::Error, ids::TokenId, principals::SubjectKind, timestamps::Timestamp};
use serde_json::json;
use store::tokens::Token;

use super::rows::{Owner, find, recorded};
use crate::{contexts::Write, errors::Failure};

/// Tokens that end in one transaction and are told in one event, at most.
pub(crate) const REVOKED_TOGETHER_MAX: u32 = 200;
/// Such transactions in one call, at most.
pub(crate) const BATCHES_MAX: u32 = 50;

/// Ends a token.
pub(crate) async fn revoke(mut write: Write, owner: &Owner, id: TokenId) -> Result<(), Failure> {
    let token = find(&mut write.tx, owner, id).await?;
    if !store::tokens::remove(&mut write.tx, id).await? {
        return Err(Error::NotFound.into());
    }
    write
        .subject(SubjectKind::Token, id.uuid(), token.prefix.clone())
        .before(&recorded(&token, owner))?
        .text(format!("Revoked the token {}{}", token.prefix, owner.whose()));
    write.commit().await
}

/// Ends the newest of an owner's tokens, or of those that are unused: [`REVOKED_TOGETHER_MAX`] at most. Says how many.
pub(crate) async fn revoke_many(
    mut write: Write,
    owner: &Owner,
    unused_since: Option<Timestamp>,
) -> Result<u32, Failure> {
    let found =
        store::tokens::list_for_user(&mut write.tx, owner.user, unused_since, None, REVOKED_TOGETHER_MAX)
            .await?;
    let unused = unused_since.map(|at| format!(" not used since {}", at.human())).unwrap_or_default();
    revoke_found(write, owner, &found, &unused).await
}

/// Ends those of an owner's tokens that were chosen; those that are gone already are passed over. Says how many.
pub(crate) async fn revoke_chosen(
    mut write: Write,
    owner: &Owner,
    chosen: &BTreeSet<TokenId>,
) -> Result<u32, Failure> {
    let mut found = Vec::with_capacity(chosen.len());
    for id in chosen {
        let token = store::tokens::find(&mut write.tx, *id).await?;
        found.extend(token.filter(|token| token.user_id == owner.user));
    }
    if found.is_empty() {
        return Err(Error::NotFound.into());
    }
    revoke_found(write, owner, &found, "").await
}

/// Reads which tokens were chosen: some, and not too many for one transaction.
pub(crate) fn parse_chosen(tokens: &[TokenId]) -> Result<BTreeSet<TokenId>, Error> {
    if tokens.is_empty() {
        return Err(Error::invalid("tokens", "Choose at least one token."));
    }
    if tokens.len() > REVOKED_TOGETHER_MAX as usize {
        return Err(Error::invalid(
            "tokens",
            format!("Choose at most {REVOKED_TOGETHER_MAX} tokens at once."),
        ));
    }
    Ok(tokens.iter().copied().collect())
}

/// Ends these in one event, whose sentence goes on with `which`.
async fn revoke_found(mut write: Write, owner: &Owner, found: &[Token], which: &str) -> Result<u32, Failure> {
    let mut ended = Vec::with_capacity(found.len());
    for token in found {
        if store::tokens::remove(&mut write.tx, token.id).await? {
            ended.push(recorded(token, owner));
        }
    }
    let count = u32::try_from(ended.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Ok(0);
    }
    let tokens = if count == 1 { "token" } else { "tokens" };
    write
        .subject(owner.subject(), owner.user.uuid(), owner.name.clone())
        .before(&json!({ "tokens": ended }))?
        .text(format!("Revoked {count} {tokens}{}{which}", owner.whose()));
    write.commit().await?;
    Ok(count)
}
