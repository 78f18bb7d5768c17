//! A transaction that writes: it ends with its event, or not at all. Who may open one is decided by a permit.

use domain::{
    events::EventType,
    ids::{EventId, OrganizationId},
    principals::SubjectKind,
};
use serde::Serialize;
use store::{Tx, events::Event};
use uuid::Uuid;

use crate::{audit, control::Control, errors::Failure};

/// A transaction that writes, and the event it will be committed with. Dropping it undoes both.
pub(crate) struct Write {
    /// Statements go here.
    pub(crate) tx: Tx,
    /// What will be on record.
    pub(crate) event: Event,
    /// Organizations that have the event in their chain as well.
    further: Vec<OrganizationId>,
    control: Control,
}

impl Write {
    pub(super) const fn new(tx: Tx, event: Event, control: Control) -> Self {
        Self { tx, event, further: Vec::new(), control }
    }

    /// The sentence people read in the log.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.event.text = text.into();
        self
    }

    /// Says whom or what the event is about, besides organization, project and service.
    pub(crate) fn subject(&mut self, kind: SubjectKind, id: Uuid, name: impl Into<String>) -> &mut Self {
        self.event.subject_kind = Some(kind);
        self.event.subject_id = Some(id);
        self.event.subject_name = Some(name.into());
        self
    }

    /// Puts the event in the chain of each of these organizations; in that of the installation if there is none.
    pub(crate) fn of_organizations(&mut self, organizations: &[OrganizationId]) -> &mut Self {
        self.event.organization_id = organizations.first().copied();
        self.further = organizations.iter().skip(1).copied().collect();
        self
    }

    /// Puts one more event on record with this one, which differs from what it is so far in its type and sentence.
    pub(crate) async fn record(&mut self, event_type: EventType, text: String) -> Result<(), Failure> {
        for organization in
            std::iter::once(self.event.organization_id).chain(self.further.iter().copied().map(Some))
        {
            let id = EventId::from_uuid(self.control.new_uuid());
            let event = Event {
                id,
                organization_id: organization,
                event_type,
                text: text.clone(),
                ..self.event.clone()
            };
            audit::append(&mut self.tx, event).await?;
        }
        Ok(())
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
        let Self { mut tx, event, further, control } = self;
        for organization in further {
            let id = EventId::from_uuid(control.new_uuid());
            let copy = Event { id, organization_id: Some(organization), ..event.clone() };
            audit::append(&mut tx, copy).await?;
        }
        audit::append(&mut tx, event).await?;
        tx.commit().await?;
        control.notify();
        Ok(())
    }
}
