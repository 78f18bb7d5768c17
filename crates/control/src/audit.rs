//! Audit records: what goes into one, and the hash that chains it to its predecessor in the organization.

use domain::{
    actions::Action,
    events::EventType,
    ids::{EventId, OrganizationId, RequestId},
    principals::SubjectKind,
    states::Outcome,
    timestamps::Timestamp,
};
use ring::digest;
use store::events::Event;
use store::{Error, Tx};

/// Appends a record to its organization's chain: gives it its sequence number, its predecessor's hash and its own.
pub(crate) async fn append(tx: &mut Tx, event: Event) -> Result<(), Error> {
    append_all(tx, event.organization_id, vec![event]).await
}

/// Appends records to the chain of one organization, in their order, as [`append`] does one.
pub(crate) async fn append_all(
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    events: Vec<Event>,
) -> Result<(), Error> {
    let (mut sequence, mut previous) =
        store::events::last(tx, organization).await?.unwrap_or((0, vec![0; 32]));
    let mut chained = Vec::with_capacity(events.len());
    for event in events {
        sequence += 1;
        let mut event =
            Event { organization_id: organization, sequence, previous_hash: previous, ..event.as_kept() };
        event.hash = hash(&event);
        previous = event.hash.clone();
        chained.push(event);
    }
    store::events::append_all(tx, &chained).await
}

/// SHA-256 over the predecessor's hash and every field, each with its length before it, so that no two records can
/// be cut differently from the same bytes.
pub(crate) fn hash(event: &Event) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut field = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    field(&event.previous_hash);
    field(event.id.uuid().as_bytes());
    field(&event.sequence.to_be_bytes());
    field(&event.at.micros().to_be_bytes());
    for id in [
        event.organization_id.map(OrganizationId::uuid),
        event.project_id.map(domain::ids::ProjectId::uuid),
        event.service_id.map(domain::ids::ServiceId::uuid),
        event.user_id.map(domain::ids::UserId::uuid),
    ] {
        field(id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    }
    field(event.request_id.uuid().as_bytes());
    for text in [
        event.event_type.as_str(),
        event.action.as_str(),
        event.outcome.as_str(),
        event.actor.as_str(),
        event.text.as_str(),
    ] {
        field(text.as_bytes());
    }
    for text in [
        &event.project_name,
        &event.service_name,
        &event.session_id,
        &event.credential,
        &event.address,
        &event.agent,
        &event.before,
        &event.after,
    ] {
        // None and the empty text must differ.
        field(&[u8::from(text.is_some())]);
        field(text.as_deref().unwrap_or("").as_bytes());
    }
    // Only where there is something: the hashes of events from before these fields stay what they were. They cannot be
    // taken for one another, since each names itself.
    let token = event.token_id.map(|id| id.to_string());
    let subject = event.subject_id.map(|id| id.to_string());
    for (name, text) in [
        ("subject_kind", event.subject_kind.map(SubjectKind::as_str)),
        ("subject_id", subject.as_deref()),
        ("subject_name", event.subject_name.as_deref()),
        ("token_id", token.as_deref()),
    ] {
        if let Some(text) = text {
            field(name.as_bytes());
            field(text.as_bytes());
        }
    }
    context.finish().as_ref().to_vec()
}

/// A record of the system itself, with everything else left empty.
pub(crate) fn blank(
    id: EventId,
    at: Timestamp,
    event_type: EventType,
    action: Action,
    request_id: RequestId,
) -> Event {
    Event {
        id,
        organization_id: None,
        project_id: None,
        service_id: None,
        project_name: None,
        service_name: None,
        event_type,
        outcome: Outcome::Done,
        at,
        sequence: 0,
        actor: "system".into(),
        user_id: None,
        session_id: None,
        credential: None,
        address: None,
        agent: None,
        request_id,
        action,
        text: String::new(),
        before: None,
        after: None,
        subject_kind: None,
        subject_id: None,
        subject_name: None,
        token_id: None,
        previous_hash: Vec::new(),
        hash: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_and_cannot_slide_into_its_neighbour() {
        let id = uuid::Uuid::from_u128(1);
        let event = blank(
            EventId::from_uuid(id),
            Timestamp::from_micros(5),
            EventType::ServiceCreated,
            Action::CreateService,
            RequestId::from_uuid(id),
        );
        let base = hash(&event);
        let variants = [
            Event { text: "x".into(), ..event.clone() },
            Event { action: Action::SignIn, ..event.clone() },
            Event { before: Some(String::new()), ..event.clone() },
            Event { after: Some(String::new()), ..event.clone() },
            Event { outcome: Outcome::Denied, ..event.clone() },
            Event { sequence: 1, ..event.clone() },
            Event { at: Timestamp::from_micros(6), ..event.clone() },
            Event { previous_hash: vec![0], ..event.clone() },
            Event { subject_kind: Some(SubjectKind::User), ..event.clone() },
            Event { subject_id: Some(id), ..event.clone() },
            Event { subject_name: Some(String::new()), ..event.clone() },
            Event { subject_name: Some("token_id".into()), ..event.clone() },
            Event { token_id: Some(domain::ids::TokenId::from_uuid(id)), ..event.clone() },
        ];
        let mut hashes = variants.iter().map(hash).collect::<Vec<_>>();
        hashes.push(base);
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), variants.len() + 1);
    }
}
