//! The proof that an actor may do an action, and what it leads to: reading, or a [`Write`] with its event. Who gets one is
//! decided by [`Context`].

use domain::{
    actions::{Action, Need},
    errors::Error,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, ServiceId, UnitId},
    powers::Powers,
    principals::UserKind,
    states::Outcome,
};
use store::{Tx, access::Access, events::Event};

use super::{Context, Credential, Found, UsedToken, Verdict, Write, deactivated};
use crate::{access, audit, errors::Failure};

/// The proof that an actor may do an action, with what the proof found on the way.
pub(crate) struct Permit {
    pub(super) ctx: Context,
    pub(super) action: Action,
    pub(super) found: Option<Found>,
}

impl Permit {
    /// Whose it is.
    pub(crate) const fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// What it is for.
    pub(crate) const fn action(&self) -> Action {
        self.action
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
    pub(super) async fn answer(&self, verdict: Verdict) -> Result<Option<Failure>, Failure> {
        Ok(match verdict {
            Verdict::Allowed | Verdict::BreakGlass => None,
            Verdict::Hidden => Some(Error::NotFound.into()),
            Verdict::Missing(lack) => {
                Some(self.deny(lack.as_str(), format!("needs {}", lack.as_str())).await?)
            }
            Verdict::Refused(rule) => {
                self.refuse(format!("by the rule {rule} of the authentication policy")).await?;
                let organization = self.access()?.organization_name.clone();
                Some(Error::TurnedAway { rule, organization }.into())
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
            Credential::Session(session) => {
                event.session_id = Some(session.event_name());
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

fn lies_where(access: &Access, before: &Access) -> bool {
    (access.organization_id, access.unit_id, access.project_id)
        == (before.organization_id, before.unit_id, before.project_id)
}
