//! Who asks, and the way from asking to the database: `Context` → `Permit` → reading, or `Write` with its audit event.

use std::net::IpAddr;

use domain::{
    actions::{Action, Need},
    errors::Error,
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId, RequestId, ServiceId, UserId},
    states::Outcome,
    timestamps::Timestamp,
};
use serde::Serialize;
use store::{
    Tx,
    access::{Access, Target},
    events::Event,
};

use crate::{
    access::{Decision, decide},
    audit,
    control::Control,
    errors::Failure,
};

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Address of the client.
    pub address: Option<IpAddr>,
    /// Program of the client, cut to 256 characters by the server.
    pub agent: Option<String>,
    /// Id of the request.
    pub request_id: RequestId,
}

/// Everything an operation knows of who asks. Its way to the database is [`Context::authorize`] or
/// [`Context::public`] and nothing else.
#[derive(Clone)]
pub struct Context {
    pub(crate) control: Control,
    origin: Origin,
    session: Option<(Vec<u8>, UserId)>,
}

impl Context {
    pub(crate) const fn new(control: Control, origin: Origin, session: Option<(Vec<u8>, UserId)>) -> Self {
        Self { control, origin, session }
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.session.is_some()
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
        self.session
            .as_ref()
            .map(|(_, user)| *user)
            .ok_or_else(|| Error::Unauthenticated { reason: "Sign in first.".into() })
    }

    /// A permit for an action that anybody may try.
    pub(crate) fn public(&self, action: Action) -> Permit {
        debug_assert_eq!(action.need(), Need::Nothing);
        Permit { ctx: self.clone(), action, access: None }
    }

    /// A permit for what the system does by itself, or its operator on the machine.
    pub(crate) fn system(&self, action: Action) -> Permit {
        debug_assert_eq!(action.need(), Need::System);
        Permit { ctx: self.clone(), action, access: None }
    }

    /// A permit for an action on oneself.
    pub(crate) fn own(&self, action: Action) -> Result<Permit, Error> {
        debug_assert_eq!(action.need(), Need::SignIn);
        self.user()?;
        Ok(Permit { ctx: self.clone(), action, access: None })
    }

    /// A permit for an action on a thing, if the actor may: the thing's ancestors and the actor's grants are read in
    /// one query. A refusal is an event of its own.
    pub(crate) async fn authorize(&self, action: Action, target: Target<'_>) -> Result<Permit, Failure> {
        let user = self.user()?;
        let mut tx = self.control.store().read().await?;
        let access = store::access::effective(&mut tx, user, target, self.now()).await?;
        let is_active = match &access {
            Some(access) => access.is_active,
            // Also for what does not exist, so that a deactivated account cannot tell the one from the other.
            None => store::users::find(&mut tx, user).await?.is_some_and(|user| user.is_active),
        };
        drop(tx);
        if !is_active {
            return Err(Error::Unauthenticated { reason: "Your account is deactivated.".into() }.into());
        }
        let access = access.ok_or(Error::NotFound)?;
        match decide(action, &access) {
            Decision::Allowed => Ok(Permit { ctx: self.clone(), action, access: Some(access) }),
            Decision::Hidden => Err(Error::NotFound.into()),
            Decision::Missing(permission) => {
                let permit = Permit { ctx: self.clone(), action, access: Some(access) };
                let mut write = permit.write(EventType::ActionDenied).await?;
                write.event.outcome = Outcome::Denied;
                write.text(format!("Refused: {action} needs {permission}"));
                write.commit().await?;
                Err(Error::Denied { permission: permission.as_str().to_owned() }.into())
            }
        }
    }
}

/// The proof that an actor may do an action, with what the proof found on the way.
pub(crate) struct Permit {
    ctx: Context,
    action: Action,
    access: Option<Access>,
}

impl Permit {
    /// A transaction that only reads.
    pub(crate) async fn read(&self) -> Result<Tx, Failure> {
        Ok(self.ctx.control.store().read().await?)
    }

    /// What was found of the target. Only permits of [`Context::authorize`] have it.
    pub(crate) fn access(&self) -> Result<&Access, Failure> {
        self.access
            .as_ref()
            .ok_or_else(|| Failure::Inconsistent("a permit without a target was asked for it".into()))
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

    /// Opens a transaction that writes; it can only be committed together with its event.
    pub(crate) async fn write(&self, event_type: EventType) -> Result<Write, Failure> {
        let control = &self.ctx.control;
        let now = control.now();
        let mut tx = control.store().write().await?;
        let id = EventId::from_uuid(control.new_uuid());
        let mut event = audit::blank(id, now, event_type, self.action, self.ctx.origin.request_id);
        if let Some((session, user)) = &self.ctx.session {
            let user = store::users::find(&mut tx, *user).await?;
            event.actor = user.as_ref().map_or_else(|| "unknown".to_owned(), |user| user.email.clone());
            event.user_id = user.map(|user| user.id);
            // The first bytes of the key's hash name the session without being of use to anybody.
            event.session_id = Some(session.iter().take(6).map(|byte| format!("{byte:02x}")).collect());
            event.credential = Some("session".into());
        } else {
            event.actor = "anonymous".into();
        }
        if let Some(access) = &self.access {
            event.organization_id = Some(access.organization_id);
            event.project_id = access.project_id;
            event.project_name.clone_from(&access.project_name);
            event.service_id = access.service_id;
        }
        event.address = self.ctx.origin.address.map(|address| address.to_string());
        event.agent.clone_from(&self.ctx.origin.agent);
        Ok(Write { tx, event, control: control.clone() })
    }
}

/// A transaction that writes, and the event it will be committed with. Dropping it undoes both.
pub(crate) struct Write {
    /// Statements go here.
    pub(crate) tx: Tx,
    /// What will be on record.
    pub(crate) event: Event,
    control: Control,
}

impl Write {
    /// The sentence people read in the log.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.event.text = text.into();
        self
    }

    /// The thing before. Give only types that hold no secrets.
    pub(crate) fn before(&mut self, value: &impl Serialize) -> Result<&mut Self, Failure> {
        self.event.before = Some(serde_json::to_string(value)?);
        Ok(self)
    }

    /// The thing after. Give only types that hold no secrets.
    pub(crate) fn after(&mut self, value: &impl Serialize) -> Result<&mut Self, Failure> {
        self.event.after = Some(serde_json::to_string(value)?);
        Ok(self)
    }

    /// Appends the event and commits, then lets everybody who watches look again.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        let Self { mut tx, event, control } = self;
        audit::append(&mut tx, event).await?;
        tx.commit().await?;
        control.notify();
        Ok(())
    }
}
