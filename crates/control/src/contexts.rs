//! Who asks, and the way from asking to the database: `Context` → `Permit` → reading, or `Write` with its audit event.

mod freshness;
mod reach;
mod writes;

use std::net::IpAddr;

use domain::{
    actions::{Action, Need},
    errors::Error,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, RequestId, ServiceId, TokenId, UnitId, UserId},
    permissions::Granted,
    policies::Rule,
    powers::{Decision, Lack, Powers},
    principals::UserKind,
    secrets::Secret,
    sign_ins::Proof,
    states::Outcome,
    timestamps::Timestamp,
    tokens::TokenKind,
};
use store::{
    Tx,
    access::{Access, Target},
    events::Event,
};

use crate::{
    access, audit, control::Control, errors::Failure, policies::break_glass, tokens::rows::has_ended,
};

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
        self.session().map(session_name)
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

/// The proof that an actor may do an action, with what the proof found on the way.
pub(crate) struct Permit {
    ctx: Context,
    action: Action,
    found: Option<Found>,
}

impl Permit {
    /// Whose it is.
    pub(crate) const fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// A transaction that only reads.
    pub(crate) async fn read(&self) -> Result<Tx, Failure> {
        Ok(self.ctx.control.store().read().await?)
    }

    /// What was found of the target. Only permits of [`Context::authorize`] have it.
    pub(crate) fn access(&self) -> Result<&Access, Failure> {
        Ok(&self.found()?.access)
    }

    /// What the actor can do at the target.
    pub(crate) fn powers(&self) -> Result<&Powers, Failure> {
        Ok(&self.found()?.powers)
    }

    fn found(&self) -> Result<&Found, Failure> {
        self.found
            .as_ref()
            .ok_or_else(|| Failure::Inconsistent("a permit without a target was asked for it".into()))
    }

    /// Puts a refusal on record that a rule beyond the policy asks for, and gives the error that says so. `why` follows
    /// the action's name in the log.
    pub(crate) async fn deny(&self, lack: &str, why: impl Into<String>) -> Result<Failure, Failure> {
        self.refuse(why).await?;
        Ok(Error::Denied { permission: lack.to_owned() }.into())
    }

    /// Opens a transaction that writes what is to be known of this permit being given, which is not asked about once more.
    pub(crate) async fn note(&self, event_type: EventType) -> Result<Write, Failure> {
        let tx = self.ctx.control.store().write().await?;
        self.open(tx, event_type).await
    }

    /// Puts a refusal on record.
    pub(crate) async fn refuse(&self, why: impl Into<String>) -> Result<(), Failure> {
        let mut write = self.note(EventType::ActionDenied).await?;
        write.event.outcome = Outcome::Denied;
        write.text(format!("Refused: {} {}", self.action, why.into()));
        write.commit().await
    }

    /// The target's unit, or the unit that it lies in.
    pub(crate) fn unit(&self) -> Result<Option<UnitId>, Failure> {
        Ok(self.access()?.unit_id)
    }

    /// The target's project.
    pub(crate) fn project(&self) -> Result<ProjectId, Failure> {
        Ok(self.access()?.project_id.ok_or(Error::NotFound)?)
    }

    /// The target's service.
    pub(crate) fn service(&self) -> Result<ServiceId, Failure> {
        Ok(self.access()?.service_id.ok_or(Error::NotFound)?)
    }

    /// The target's organization.
    pub(crate) fn organization(&self) -> Result<OrganizationId, Failure> {
        Ok(self.access()?.organization_id)
    }

    /// What follows from a verdict: nothing if it allows the action. A refusal is put on record; no transaction may be
    /// open.
    async fn answer(&self, verdict: Verdict) -> Result<Option<Failure>, Failure> {
        Ok(match verdict {
            Verdict::Allowed | Verdict::BreakGlass => None,
            Verdict::Hidden => Some(Error::NotFound.into()),
            Verdict::Missing(lack) => {
                Some(self.deny(lack.as_str(), format!("needs {}", lack.as_str())).await?)
            }
            Verdict::Refused(rule) => {
                self.refuse(format!("by the rule {rule} of the authentication policy")).await?;
                let reason = rule.refusal(&self.access()?.organization_name);
                Some(Error::Forbidden { reason }.into())
            }
        })
    }

    /// Opens a transaction that writes; it can only be committed together with its event. Whether the actor may is asked
    /// once more, inside of it: what they held, their session or the token they use may have been taken since the permit was
    /// given, the authentication policy may have been tightened, and two who take from each other at the same moment are not both to succeed.
    pub(crate) async fn write(&self, event_type: EventType) -> Result<Write, Failure> {
        let mut tx = self.ctx.control.store().write().await?;
        if self.action.need() != Need::Nothing {
            self.ctx.credential_stands(&mut tx).await?;
        }
        if let Some(found) = &self.found {
            let access =
                store::access::again(&mut tx, self.ctx.user()?, &found.access, self.ctx.now()).await?;
            let access = access.ok_or(Error::NotFound)?;
            if !access.is_active {
                return Err(deactivated().into());
            }
            if !lies_where(&access, &found.access) {
                // Moved meanwhile: everything that was found out since the permit was given is about another place.
                return Err(store::Error::Conflict.into());
            }
            let powers = access::powers(&access, self.ctx.scopes());
            let verdict = self.ctx.verdict(self.action, &Found { access, powers })?;
            if !matches!(verdict, Verdict::Allowed | Verdict::BreakGlass) {
                drop(tx);
                return Err(self.answer(verdict).await?.unwrap_or_else(|| Error::NotFound.into()));
            }
        }
        self.ctx.is_fresh_for(self.action)?;
        self.open(tx, event_type).await
    }

    async fn open(&self, mut tx: Tx, event_type: EventType) -> Result<Write, Failure> {
        let control = &self.ctx.control;
        let now = control.now();
        let id = EventId::from_uuid(control.new_uuid());
        let mut event = audit::blank(id, now, event_type, self.action, self.ctx.origin.request_id);
        self.name_actor(&mut tx, &mut event).await?;
        if let Some(Found { access, .. }) = &self.found {
            event.organization_id = Some(access.organization_id);
            event.project_id = access.project_id;
            event.project_name.clone_from(&access.project_name);
            event.service_id = access.service_id;
        }
        event.address = self.ctx.origin.address.map(|address| address.to_string());
        event.agent.clone_from(&self.ctx.origin.agent);
        Ok(Write::new(tx, event, control.clone()))
    }

    /// Writes down who acts, and with what.
    async fn name_actor(&self, tx: &mut Tx, event: &mut Event) -> Result<(), Failure> {
        let Some(credential) = &self.ctx.credential else {
            event.actor = "anonymous".into();
            return Ok(());
        };
        let user = store::users::find(tx, credential.user()).await?;
        event.actor = user.as_ref().map_or_else(
            || "unknown".to_owned(),
            |user| match user.kind {
                UserKind::Person => user.email.clone(),
                UserKind::Application => format!("{} (application user)", user.name),
            },
        );
        event.user_id = user.map(|user| user.id);
        match credential {
            Credential::Session(Session { key_hash, .. }) => {
                event.session_id = Some(session_name(key_hash));
                event.credential = Some("session".into());
            }
            Credential::Token(UsedToken { id, kind, .. }) => {
                event.token_id = Some(*id);
                event.credential = Some(format!("{kind} token"));
            }
        }
        Ok(())
    }
}

/// What names a session in events: the first bytes of its key's hash, which are of use to nobody.
fn session_name(key_hash: &[u8]) -> String {
    key_hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn deactivated() -> Error {
    Error::Unauthenticated { reason: "Your account is deactivated.".into() }
}

fn lies_where(access: &Access, before: &Access) -> bool {
    (access.organization_id, access.unit_id, access.project_id)
        == (before.organization_id, before.unit_id, before.project_id)
}
