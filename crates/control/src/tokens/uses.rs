//! Acting with a token: from the text that a request brings to the context of who it acts for. Asked before anybody is
//! known; what they may do is not said here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, TokenId},
    principals::SubjectKind,
    secrets::Secret,
    states::Outcome,
    timestamps::Timestamp,
    tokens::{self, TokenKind, Unreadable},
};
use store::{Tx, tokens::Token, users::User};

use super::{
    rows::{end, has_ended, hash, ip_ranges, scopes},
    terms::is_allowed,
};
use crate::{
    Context, Control, Origin,
    contexts::{Credential, UsedToken},
    errors::{Failure, attempt},
    policies::proof,
};

/// How often a use is written down, and a refusal of the same token put on record, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The context of who presents a token. It is looked up by its hash: how long a comparison of hashes takes tells nothing
/// of a token.
///
/// # Errors
/// `Unauthenticated` with the reason. One with a typing mistake is told without asking the database.
pub async fn authenticate(control: &Control, origin: Origin, presented: &Secret) -> Result<Context, Error> {
    let read = tokens::Token::read(presented.expose()).map_err(|unreadable| match unreadable {
        Unreadable::Form => refused("This is no Redoubt token."),
        Unreadable::Checksum => refused("The token has a typing mistake: its checksum does not fit."),
    })?;
    let token_hash = hash(read.text());
    let nobody = Context::new(control.clone(), origin.clone(), None);
    attempt!(nobody, {
        let mut tx = nobody.public(Action::UseToken).read().await?;
        let (token, user) = store::tokens::find_by_hash(&mut tx, &token_hash).await?.ok_or_else(unknown)?;
        let is_active = is_active(&mut tx, &token, &user).await?;
        drop(tx);
        let used = UsedToken {
            id: token.id,
            kind: token.kind,
            user: token.user_id,
            scopes: scopes(&token),
            proof: proof(token.method, token.second_factor, token.provider_organization_id),
            created_at: token.created_at,
        };
        let ctx = Context::new(control.clone(), origin.clone(), Some(Credential::Token(used)));
        if let Some(refusal) = refusal(&ctx, &token, is_active)? {
            record(&ctx, &token, &refusal).await?;
            return Err(refused(refusal.reason).into());
        }
        if is_worth_noting(&ctx, &token) {
            note(&ctx, token.id).await?;
        }
        Ok(ctx)
    })
}

/// The context of who presented this token, once more: for what outlives the request that it came with.
///
/// # Errors
/// As [`authenticate`].
pub async fn authenticate_again(ctx: &Context, presented: &Secret) -> Result<Context, Error> {
    authenticate(&ctx.control, ctx.origin().clone(), presented).await
}

/// Why a token is turned away.
struct Refusal {
    /// What its bearer is told.
    reason: String,
    /// What the log says.
    text: String,
}

/// Why the token is turned away, if so. The address comes first: from a foreign one nobody learns anything else of the
/// token or of whoever it belongs to.
fn refusal(ctx: &Context, token: &Token, is_active: bool) -> Result<Option<Refusal>, Failure> {
    if !is_allowed(&ip_ranges(token)?, ctx.origin().address) {
        return Ok(Some(foreign(ctx, token)));
    }
    let prefix = &token.prefix;
    if !is_active {
        return Ok(Some(Refusal {
            reason: "Whoever this token belongs to is deactivated.".into(),
            text: format!("Turned the token {prefix} away, whose owner is deactivated"),
        }));
    }
    if !has_ended(token, ctx.now()) {
        return Ok(None);
    }
    let at = token.expires_at.map(Timestamp::human).unwrap_or_default();
    let (reason, what) = match token.replaced_by {
        Some(_) => (format!("This token ended at {at}: another one has taken its place."), "was replaced"),
        None => (format!("This token expired at {at}. Make a new one."), "expired"),
    };
    let text = format!("Turned the token {prefix} away, which {what} and ended at {at}");
    Ok(Some(Refusal { reason, text }))
}

/// What is said of a token that comes from where it may not be used.
fn foreign(ctx: &Context, token: &Token) -> Refusal {
    let prefix = &token.prefix;
    match ctx.origin().address {
        Some(address) => {
            let address = address.to_canonical();
            Refusal {
                reason: format!("This token may not be used from the address {address}."),
                text: format!("Turned the token {prefix} away, which may not be used from {address}"),
            }
        }
        None => Refusal {
            reason: "This token may be used from certain addresses only, and yours is not known.".into(),
            text: format!("Turned the token {prefix} away, which came from an unknown address"),
        },
    }
}

/// Whether the account, and an application user's membership, are active. A person's memberships are asked for when they
/// act in an organization.
async fn is_active(tx: &mut Tx, token: &Token, user: &User) -> Result<bool, Failure> {
    if !user.is_active {
        return Ok(false);
    }
    match (token.kind, token.organization_id) {
        (TokenKind::Personal, _) => Ok(true),
        (TokenKind::Application, None) => Ok(false),
        (TokenKind::Application, Some(organization)) => {
            let membership = store::memberships::find(tx, organization, user.id).await?;
            Ok(membership.is_some_and(|membership| membership.is_active))
        }
    }
}

/// Puts it on record that the token was turned away, unless that was done just now.
async fn record(ctx: &Context, token: &Token, refusal: &Refusal) -> Result<(), Failure> {
    let refusals = ctx.control.token_refusals();
    if !refusals.is_news(token.id, ctx.now()) {
        return Ok(());
    }
    let recorded = put_on_record(ctx, token, refusal).await;
    if recorded.is_err() {
        // Somebody else was faster with another event: it is news still.
        refusals.forget(token.id);
    }
    recorded
}

async fn put_on_record(ctx: &Context, token: &Token, refusal: &Refusal) -> Result<(), Failure> {
    let mut write = ctx.public(Action::UseToken).write(EventType::TokenRefused).await?;
    let organizations = match token.organization_id {
        Some(organization) => vec![organization],
        None => organizations(&mut write.tx, token).await?,
    };
    write
        .of_organizations(&organizations)
        .subject(SubjectKind::Token, token.id.uuid(), token.prefix.clone())
        .text(refusal.text.clone());
    write.event.outcome = Outcome::Denied;
    write.commit().await
}

async fn organizations(tx: &mut Tx, token: &Token) -> Result<Vec<OrganizationId>, Failure> {
    let found = store::organizations::list_for_user(tx, token.user_id).await?;
    Ok(found.into_iter().map(|(organization, _)| organization.id).collect())
}

/// Whether a use now is to be written down.
fn is_worth_noting(ctx: &Context, token: &Token) -> bool {
    let is_due = token.last_used_at.is_none_or(|at| ctx.now().since(at) >= TOLD_EVERY);
    is_due || token.last_address != address(ctx)
}

/// Notes when, from where and with what a token was used, moves its end if each use does, and notes that its owner did
/// something. Of no event: events are of what is done with it.
async fn note(ctx: &Context, id: TokenId) -> Result<(), Failure> {
    let now = ctx.now();
    let mut tx = ctx.control.store().write().await?;
    // Others use it at the same moment, or have just ended it.
    let token =
        store::tokens::find(&mut tx, id).await?.filter(|token| !has_ended(token, now)).ok_or_else(unknown)?;
    if !is_worth_noting(ctx, &token) {
        return Ok(());
    }
    let expires_at = match token.extend_when_used {
        true => end(token.max_age_seconds, now),
        false => token.expires_at,
    };
    let (address, agent) = (address(ctx), ctx.origin().agent.as_deref());
    store::tokens::touch(&mut tx, id, now, address.as_deref(), agent, expires_at).await?;
    store::users::set_last_activity(&mut tx, token.user_id, now).await?;
    Ok(tx.commit().await?)
}

fn address(ctx: &Context) -> Option<String> {
    ctx.origin().address.map(|address| address.to_canonical().to_string())
}

fn unknown() -> Error {
    refused("This token was revoked, or never was one.")
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Unauthenticated { reason: reason.into() }
}

/// When each token that was turned away lately was put on record for it by this server. Whoever tries costs it no more.
#[derive(Default)]
pub(crate) struct TokenRefusals(Mutex<BTreeMap<TokenId, Timestamp>>);

impl TokenRefusals {
    /// Whether the refusal is to be put on record; then the next ones are not, for a while.
    pub(crate) fn is_news(&self, token: TokenId, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.since(*at) < TOLD_EVERY);
        // There are no more of them than tokens that exist and have been refused within the minute.
        match told.contains_key(&token) {
            true => false,
            false => {
                told.insert(token, now);
                true
            }
        }
    }

    /// For one that was not put on record after all.
    pub(crate) fn forget(&self, token: TokenId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_news_once_a_minute() {
        let refusals = TokenRefusals::default();
        let (one, other) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        let is_news = |id, seconds: i64| {
            refusals.is_news(TokenId::from_uuid(id), Timestamp::from_micros(seconds * 1_000_000))
        };
        assert!(is_news(one, 0) && !is_news(one, 1) && is_news(other, 1));
        assert!(!is_news(one, 59) && is_news(one, 60) && !is_news(other, 60) && is_news(other, 61));
        assert_eq!(refusals.0.lock().unwrap().len(), 2);
        refusals.forget(TokenId::from_uuid(one));
        assert!(is_news(one, 61) && !is_news(other, 61));
    }
}
