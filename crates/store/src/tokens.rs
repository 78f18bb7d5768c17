//! Personal and application tokens. The token itself is never stored, only its hash; whether one still opens anything
//! is not said here.

use std::fmt;

use domain::{
    ids::{IdentityProviderId, OrganizationId, TokenId, UserId},
    sign_ins::{FactorKind, SignInMethod},
    timestamps::Timestamp,
    tokens::TokenKind,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
    users::{self, User},
};

/// A token.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Who acts with it.
    pub user_id: UserId,
    /// The application user's organization; none for a person, who acts in all of theirs.
    pub organization_id: Option<OrganizationId>,
    /// Whose it is.
    pub kind: TokenKind,
    /// What it is for.
    pub description: String,
    /// Its first characters, which tell tokens apart.
    pub prefix: String,
    /// Hash of the whole.
    pub token_hash: Vec<u8>,
    /// Roles and permissions it is limited to, with spaces between; empty for no limit.
    pub scopes: String,
    /// Address ranges it can be used from, with spaces between; empty for no limit.
    pub ip_ranges: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Sign-in name of who made it.
    pub created_by: String,
    /// For how long it was made.
    pub max_age_seconds: Option<i64>,
    /// Whether each use has it last that long again.
    pub extend_when_used: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_address: Option<String>,
    /// With what program.
    pub last_agent: Option<String>,
    /// The token that took its place.
    pub replaced_by: Option<TokenId>,
    /// Counts up with each change, but not with uses.
    pub generation: i64,
    /// What its maker had signed in with; none for an application user's, and for those from before this was kept.
    pub method: Option<SignInMethod>,
    /// What they had shown besides a password.
    pub second_factor: Option<FactorKind>,
    /// Through which identity provider they had signed in, if through one.
    pub identity_provider_id: Option<IdentityProviderId>,
    /// Whose that is.
    pub provider_organization_id: Option<OrganizationId>,
}

// The hash belongs in no log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Adds a token.
pub async fn add(tx: &mut Tx, token: &Token) -> Result<(), Error> {
    let text =
        "INSERT INTO tokens (id, user_id, organization_id, kind, description, prefix, token_hash, scopes,
            ip_ranges, created_at, created_by, max_age_seconds, extend_when_used, expires_at, last_used_at,
            last_address, last_agent, replaced_by, generation, method, second_factor, identity_provider_id, provider_organization_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23)";
    execute!(
        tx,
        text,
        token.id,
        token.user_id,
        token.organization_id,
        token.kind,
        &token.description,
        &token.prefix,
        &token.token_hash,
        &token.scopes,
        &token.ip_ranges,
        token.created_at,
        &token.created_by,
        token.max_age_seconds,
        token.extend_when_used,
        token.expires_at,
        token.last_used_at,
        token.last_address.as_deref(),
        token.last_agent.as_deref(),
        token.replaced_by,
        token.generation,
        token.method,
        token.second_factor,
        token.identity_provider_id,
        token.provider_organization_id,
    )?;
    Ok(())
}

/// The token of that id.
pub async fn find(tx: &mut Tx, id: TokenId) -> Result<Option<Token>, Error> {
    fetch_optional!(tx, "SELECT * FROM tokens WHERE id = $1", id)
}

/// The token of that hash and whose it is, ended tokens and inactive users included.
pub async fn find_by_hash(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<(Token, User)>, Error> {
    let text = "SELECT * FROM tokens WHERE token_hash = $1";
    let token: Option<Token> = fetch_optional!(tx, text, token_hash)?;
    let Some(token) = token else { return Ok(None) };
    let user = users::find(tx, token.user_id).await?;
    Ok(user.map(|user| (token, user)))
}

/// The user's tokens, newest first, from behind the one with time and id `after` on: all, or those not used
/// since `unused_since`, which those that were made after it are not among.
pub async fn list_for_user(
    tx: &mut Tx,
    user: UserId,
    unused_since: Option<Timestamp>,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Token>, Error> {
    let (at, id) = after.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
    let text = "SELECT * FROM tokens
        WHERE user_id = $1 AND ($2 IS NULL OR COALESCE(last_used_at, created_at) < $2)
            AND (created_at, id) < ($3, $4)
        ORDER BY created_at DESC, id DESC LIMIT $5";
    fetch_all!(tx, text, user, unused_since, at, id, i64::from(limit))
}

/// How many tokens the user has, or how many of them were not used since.
pub async fn count_for_user(
    tx: &mut Tx,
    user: UserId,
    unused_since: Option<Timestamp>,
) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM tokens
        WHERE user_id = $1 AND ($2 IS NULL OR COALESCE(last_used_at, created_at) < $2)";
    let (count,): (i64,) = fetch_one!(tx, text, user, unused_since)?;
    Ok(count)
}

/// How many tokens of the user have not ended.
pub async fn count_unexpired(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM tokens WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    let (count,): (i64,) = fetch_one!(tx, text, user, now)?;
    Ok(count)
}

/// Changes what a token is for and from where it can be used. False if it is not of that generation any more, or gone.
pub async fn edit(
    tx: &mut Tx,
    id: TokenId,
    generation: i64,
    description: &str,
    ip_ranges: &str,
) -> Result<bool, Error> {
    let text = "UPDATE tokens SET description = $3, ip_ranges = $4, generation = generation + 1
        WHERE id = $1 AND generation = $2";
    Ok(execute!(tx, text, id, generation, description, ip_ranges)? > 0)
}

/// Notes a token's use: when, from where, with what, and when it ends now; one that was replaced ends when it did.
/// False if it is gone.
pub async fn touch(
    tx: &mut Tx,
    id: TokenId,
    at: Timestamp,
    address: Option<&str>,
    agent: Option<&str>,
    expires_at: Option<Timestamp>,
) -> Result<bool, Error> {
    let text = "UPDATE tokens SET last_used_at = $2, last_address = $3, last_agent = $4,
            expires_at = CASE WHEN replaced_by IS NULL THEN $5 ELSE expires_at END
        WHERE id = $1";
    let agent = agent.map(storable);
    Ok(execute!(tx, text, id, at, address, agent.as_deref(), expires_at)? > 0)
}

/// Notes that another token takes this one's place, and ends it by `expires_at` unless it ends before. False if it was
/// replaced already, or is gone.
pub async fn replace(tx: &mut Tx, id: TokenId, by: TokenId, expires_at: Timestamp) -> Result<bool, Error> {
    let text = "UPDATE tokens SET replaced_by = $2, generation = generation + 1,
            expires_at = CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
        WHERE id = $1 AND replaced_by IS NULL";
    Ok(execute!(tx, text, id, by, expires_at)? > 0)
}

/// Removes a token. False if there is none.
pub async fn remove(tx: &mut Tx, id: TokenId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM tokens WHERE id = $1", id)? > 0)
}

/// Removes tokens that had ended by then, those that ended first before others, at most `limit`; returns how many.
pub async fn remove_ended(tx: &mut Tx, by: Timestamp, limit: u32) -> Result<u64, Error> {
    let text = "DELETE FROM tokens WHERE id IN
        (SELECT id FROM tokens WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)";
    execute!(tx, text, by, i64::from(limit))
}

/// Removes every token of a user; returns how many.
pub async fn remove_for_user(tx: &mut Tx, user: UserId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM tokens WHERE user_id = $1", user)
}
