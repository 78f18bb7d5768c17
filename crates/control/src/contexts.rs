//! Who asks, and the way from asking to the database: `Context` → `Permit` → reading, or `Write` with its audit event.

mod freshness;
mod permits;
mod reach;
mod writes;

use std::net::IpAddr;

use domain::{
    actions::{Action, Need},
    errors::Error,
    ids::{RequestId, TokenId, UserId},
    permissions::Granted,
    policies::Rule,
    powers::{Decision, Lack, Powers},
    secrets::Secret,
    sign_ins::Proof,
    timestamps::Timestamp,
    tokens::TokenKind,
};
use store::{
    Tx,
    access::{Access, Target},
};

use crate::{access, control::Control, errors::Failure, policies::break_glass, tokens::rows::has_ended};

pub(crate) use permits::Permit;
pub(crate) use reach::Reach;
pub(crate) use writes::Write;

/// Where a request came from.
#[derive(Clone)]
pub struct Origin {
    /// Address of the client.
    pub address: Option<IpAddr>,
    /// Program of the client, cut to 256 characters by the server.
    pub agent: Option<String>,
    /// The mark that a device brings from which somebody signed in before.
    pub device: Option<Secret>,
    /// Id of the request.
    pub request_id: RequestId,
}

/// A signed-in browser.
#[derive(Clone)]
pub struct Session {
    /// Hash of the key in its cookie: it names the session, and is not enough to make the cookie.
    pub key_hash: Vec<u8>,
    /// Who is signed in.
    pub user: UserId,
    /// What they showed when they signed in.
    pub proof: Proof,
    /// When they last showed who they are; none for sessions from before this was kept.
    pub proven_at: Option<Timestamp>,
    /// What events call it, however often its id changes; none for sessions from before this was kept.
    pub name: Option<String>,
}

impl Session {
    /// What names it in events: the first bytes of its key's hash if nothing else does, which are of use to nobody.
    pub(crate) fn event_name(&self) -> String {
        let bytes = self.key_hash.iter().take(6);
        self.name.clone().unwrap_or_else(|| bytes.map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A token that was just found good.
#[derive(Clone)]
pub(crate) struct UsedToken {
    /// Which one.
    pub(crate) id: TokenId,
    /// Whose kind it is of.
    pub(crate) kind: TokenKind,
    /// Whose it is.
    pub(crate) user: UserId,
    /// What it is limited to.
    pub(crate) scopes: Option<Vec<Granted>>,
    /// What whoever made it had shown; none if that is not known.
    pub(crate) proof: Option<Proof>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
}

/// What somebody acts with.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A signed-in browser.
    Session(Session),
    /// A token.
    Token(UsedToken),
}

impl Credential {
    const fn user(&self) -> UserId {
        match self {
            Self::Session(Session { user, .. }) | Self::Token(UsedToken { user, .. }) => *user,
        }
    }
}

/// Everything an operation knows of who asks. Its way to the database is [`Context::authorize`] or
/// [`Context::public`] and nothing else.
#[derive(Clone)]
pub struct Context {
    pub(crate) control: Control,
    origin: Origin,
    credential: Option<Credential>,
}

impl Context {
    pub(crate) const fn new(control: Control, origin: Origin, credential: Option<Credential>) -> Self {
        Self { control, origin, credential }
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.credential.is_some()
    }

    /// Id of the request, which is also the number of an error report.
    #[must_use]
    pub const fn request_id(&self) -> RequestId {
        self.origin.request_id
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.control.now()
    }

    /// Where the request came from.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The signed-in person.
    pub(crate) fn user(&self) -> Result<UserId, Error> {
        self.credential
            .as_ref()
            .map(Credential::user)
            .ok_or_else(|| Error::Unauthenticated { reason: "Sign in first.".into() })
    }

    /// What names the session: not enough to make its cookie.
    #[must_use]
    pub fn session(&self) -> Option<&[u8]> {
        match &self.credential {
            Some(Credential::Session(session)) => Some(&session.key_hash),
            _ => None,
        }
    }

    /// What names the session in events.
    pub(crate) fn session_name(&self) -> Option<String> {
        match &self.credential {
            Some(Credential::Session(session)) => Some(session.event_name()),
            _ => None,
        }
    }

    /// What the signed-in person showed when they signed in; none for tokens.
    pub(crate) const fn proof(&self) -> Option<Proof> {
        match &self.credential {
            Some(Credential::Session(session)) => Some(session.proof),
            _ => None,
        }
    }

    /// Whether the session is still there and the same person's. For what outlives the request that began it.
    pub(crate) async fn has_session(&self) -> Result<bool, Failure> {
        let Some(Credential::Session(session)) = &self.credential else { return Ok(false) };
        let mut tx = self.control.store().read().await?;
        self.session_stands(&mut tx, session).await
    }

    async fn session_stands(&self, tx: &mut Tx, session: &Session) -> Result<bool, Failure> {
        let row = store::sessions::find(tx, &session.key_hash, self.now()).await?;
        Ok(row.is_some_and(|row| row.user_id == Some(session.user)))
    }

    /// A permit for an action that anybody may try.
    pub(crate) fn public(&self, action: Action) -> Permit {
        debug_assert_eq!(action.need(), Need::Nothing);
        Permit { ctx: self.clone(), action, found: None }
    }

    /// A permit for what the system does by itself, or its operator on the machine.
    pub(crate) fn system(&self, action: Action) -> Permit {
        debug_assert_eq!(action.need(), Need::System);
        Permit { ctx: self.clone(), action, found: None }
    }

    /// A permit for an action on oneself, or on what is one's own.
    pub(crate) fn own(&self, action: Action) -> Result<Permit, Error> {
        debug_assert!(matches!(action.need(), Need::SignIn | Need::Session));
        self.user()?;
        if action.need() == Need::Session && self.session().is_none() {
            return Err(Error::Denied { permission: Lack::Session.as_str().to_owned() });
        }
        self.is_fresh_for(action)?;
        Ok(Permit { ctx: self.clone(), action, found: None })
    }

    /// What the token that is used is limited to.
    pub(crate) fn scopes(&self) -> Option<&[Granted]> {
        match &self.credential {
            Some(Credential::Token(token)) => token.scopes.as_deref(),
            _ => None,
        }
    }

    /// The token that is used.
    pub(crate) const fn token(&self) -> Option<TokenId> {
        match &self.credential {
            Some(Credential::Token(token)) => Some(token.id),
            _ => None,
        }
    }

    /// A transaction to find out in which organization something is, before a permit can be asked for it.
    pub(crate) async fn any_read(&self) -> Result<Tx, Failure> {
        self.user()?;
        Ok(self.control.store().read().await?)
    }

    /// What the actor can do at a target, whatever they want to do there; none if there is no such target.
    pub(crate) async fn look(&self, tx: &mut Tx, target: Target<'_>) -> Result<Option<Found>, Failure> {
        let access = store::access::effective(tx, self.user()?, target, self.now()).await?;
        Ok(access.map(|access| Found { powers: access::powers(&access, self.scopes()), access }))
    }

    /// A permit for an action on a thing, if the actor may: the thing's ancestors and the actor's grants are read in
    /// one query. A refusal is an event of its own.
    pub(crate) async fn authorize(&self, action: Action, target: Target<'_>) -> Result<Permit, Failure> {
        let user = self.user()?;
        let mut tx = self.control.store().read().await?;
        let found = self.look(&mut tx, target).await?;
        let is_active = match &found {
            Some(found) => found.access.is_active,
            // Also for what does not exist, so that a deactivated account cannot tell the one from the other.
            None => store::users::find(&mut tx, user).await?.is_some_and(|user| user.is_active),
        };
        drop(tx);
        if !is_active {
            return Err(deactivated().into());
        }
        let found = found.ok_or(Error::NotFound)?;
        let verdict = self.verdict(action, &found)?;
        let permit = Permit { ctx: self.clone(), action, found: Some(found) };
        match permit.answer(verdict).await? {
            Some(refusal) => Err(refusal),
            None => {
                self.is_fresh_for(action)?;
                if verdict == Verdict::BreakGlass {
                    break_glass::announce(&permit).await?;
                }
                Ok(permit)
            }
        }
    }

    /// Makes sure that the session or token that is used has not ended since it was found good: a request can be held open
    /// for long before it asks for anything.
    async fn credential_stands(&self, tx: &mut Tx) -> Result<(), Failure> {
        let (stands, what) = match &self.credential {
            None => return Ok(()),
            Some(Credential::Session(session)) => (self.session_stands(tx, session).await?, "session"),
            Some(Credential::Token(UsedToken { id, .. })) => {
                let token = store::tokens::find(tx, *id).await?;
                (token.is_some_and(|token| !has_ended(&token, self.now())), "token")
            }
        };
        match stands {
            true => Ok(()),
            false => Err(Error::Unauthenticated { reason: format!("This {what} has ended.") }.into()),
        }
    }

    /// What is to be answered to who wants to do that there. Who may not know of the place is told nothing of the policy.
    fn verdict(&self, action: Action, found: &Found) -> Result<Verdict, Failure> {
        let decision = self.decide(action, found);
        if decision == Decision::Hidden {
            return Ok(Verdict::Hidden);
        }
        Ok(match (self.reach(&found.access)?, decision) {
            (Reach::Refused(rule), _) => Verdict::Refused(rule),
            (_, Decision::Missing(lack)) => Verdict::Missing(lack),
            (Reach::BreakGlass, _) => Verdict::BreakGlass,
            (Reach::Open, _) => Verdict::Allowed,
        })
    }

    fn decide(&self, action: Action, found: &Found) -> Decision {
        match found.powers.decide(action) {
            Decision::Allowed if action.need() == Need::Session && self.session().is_none() => {
                Decision::Missing(Lack::Session)
            }
            decision => decision,
        }
    }
}

/// The answer to "may this actor do this here, with what they act with?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Yes.
    Allowed,
    /// Yes, by their exemption from the organization's authentication policy.
    BreakGlass,
    /// They may not even know of the place.
    Hidden,
    /// They lack this.
    Missing(Lack),
    /// This rule of the organization's authentication policy turns them away.
    Refused(Rule),
}

/// A target that exists, and what the actor can do there.
pub(crate) struct Found {
    /// The target with its ancestors.
    pub(crate) access: Access,
    /// What the actor can do.
    pub(crate) powers: Powers,
}

fn deactivated() -> Error {
    Error::Unauthenticated { reason: "Your account is deactivated.".into() }
}
