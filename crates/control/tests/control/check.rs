//! The invariants that hold at every moment, whatever went wrong before ([`check_world`]), and those that hold once
//! everything has come to rest ([`check_at_rest`]). The numbers are those of the list of faults and invariants.

use std::collections::{BTreeMap, BTreeSet};

use control::certificates;
use domain::{
    certificates::SignedCertificate,
    events::EventType,
    ids::{OrganizationId, ProjectId, ServiceId, StrandId, UserId},
    states::{NodeState, Outcome, ServiceState, VolumeKind},
};
use ring::digest;
use store::{Tx, events::Event, services::Service};

use crate::{logs, world::World};

const MANY: u32 = 1_000_000;

/// What holds at every moment between two steps.
pub async fn check_world(world: &World) {
    let services = all_services(world).await;
    let mut tx = world.store.read().await.unwrap();
    let events = events(&mut tx, Some(world.organization)).await;
    check_chain(&events);
    check_chain(&self::events(&mut tx, None).await);

    // I1, I9: each service has an owner and exactly one workflow, and each workflow a service.
    let strands = store::strands::count(&mut tx).await.unwrap();
    assert_eq!(strands, i64::try_from(services.len()).unwrap(), "services and strands");
    let mut known_nodes = BTreeSet::new();
    let mut ports = BTreeSet::new();
    let mut fingerprints = BTreeSet::new();
    for service in &services {
        let id = StrandId::from(service.id);
        let strand = store::strands::find(&mut tx, id).await.unwrap().expect("a service has a strand");
        if strand.attempts > 0 {
            assert!(
                service.problem.is_some(),
                "I9: {} fails and nobody can see it: {strand:?}",
                service.name
            );
        }
        for node in store::nodes::list(&mut tx, service.id).await.unwrap() {
            assert_eq!(node.organization_id, world.organization, "I8");
            known_nodes.insert(node.id);
            if let Some(port) = node.port {
                assert!(ports.insert((node.address.clone(), port)), "I4: the port {port} is given twice");
            }
            let volumes = store::volumes::list(&mut tx, node.id).await.unwrap();
            let kinds: Vec<_> = volumes.iter().map(|volume| volume.kind).collect();
            assert_eq!(kinds, [VolumeKind::Data, VolumeKind::Root]);
            for volume in volumes {
                let keys = [volume.volume_key_fingerprint, volume.unlock_key_fingerprint];
                for key in keys.into_iter().flatten() {
                    assert!(fingerprints.insert(key), "I3: a key is used twice");
                }
            }
        }
        check_history(&mut tx, id).await;
    }

    // I2: the host holds nothing that no row leads to.
    for leftover in world.host.inner.leftovers() {
        let node = leftover.rsplit("node ").next().unwrap().parse().unwrap();
        assert!(known_nodes.contains(&node), "I2: an orphan: {leftover}");
    }

    check_deletions(world, &mut tx, &events, &services).await;
    drop(tx);
    check_secrets(world).await;
}

/// What holds once every workflow rests: nothing is under way, and the host runs what the database says.
pub async fn check_at_rest(world: &World) {
    check_world(world).await;
    let services = all_services(world).await;
    let mut tx = world.store.read().await.unwrap();
    let mut expected = BTreeSet::new();
    for service in &services {
        let strand = store::strands::find(&mut tx, service.id.into()).await.unwrap().unwrap();
        assert_eq!(strand.step, "wait", "{strand:?}");
        assert!(
            strand.leased_until.is_none() && strand.lease_token.is_none(),
            "the lease is free: {strand:?}"
        );
        assert_eq!((strand.attempts, &strand.error, strand.deadline_at), (0, &None, None));
        assert_eq!((service.state, &service.problem), (ServiceState::Running, &None));
        assert!(service.running_at.is_some());
        let nodes = store::nodes::list(&mut tx, service.id).await.unwrap();
        assert_eq!(nodes.len(), 1);
        let node = &nodes[0];
        assert_eq!(node.state, NodeState::Running);
        assert_eq!((node.address.as_ref(), node.port), (service.host.as_ref(), service.port));
        assert_eq!(node.ip_filter_generation, Some(service.ip_filter_generation));
        let filter = world.host.inner.ip_filter(node.id).expect("the host has the filter");
        assert_eq!(filter.generation, service.ip_filter_generation);
        let stored = store::ip_filter_entries::list(&mut tx, service.id).await.unwrap();
        let in_force: Vec<_> = filter.sources.iter().map(ToString::to_string).collect();
        assert_eq!(in_force, stored.into_iter().map(|entry| entry.cidr).collect::<Vec<_>>());
        for volume in store::volumes::list(&mut tx, node.id).await.unwrap() {
            // I3: what the guest says of the volume is what the host made.
            let report: domain::agent::VolumeReport =
                serde_json::from_str(&volume.report.expect("a report")).unwrap();
            assert_eq!((report.luks_type.as_str(), report.key_bits), ("LUKS2", 512));
            assert_eq!(Some(report.luks_uuid), volume.luks_uuid);
        }
        expected.insert(node.id);
        for step in store::step_runs::list(&mut tx, strand.id).await.unwrap() {
            assert!(step.finished_at.is_some(), "nothing is left undone: {step:?}");
        }
    }
    assert_eq!(world.host.inner.running().into_iter().collect::<BTreeSet<_>>(), expected, "I2");
    if services.is_empty() {
        assert_eq!(world.host.inner.leftovers(), Vec::<String>::new());
    }
    assert_eq!(store::alerts::list(&mut tx).await.unwrap(), [], "alerts are taken back");
}

/// The steps of a workflow are numbered without gaps, in order of time, and only the last may be open.
async fn check_history(tx: &mut Tx, strand: StrandId) {
    let history = store::step_runs::list(tx, strand).await.unwrap();
    for (index, step) in history.iter().enumerate() {
        assert_eq!(step.sequence, i64::try_from(index).unwrap() + 1);
        assert!(step.finished_at.is_none_or(|end| end >= step.started_at), "{step:?}");
        assert!(
            step.finished_at.is_some() || index + 1 == history.len(),
            "an open step in the middle: {step:?}"
        );
        if let Some(next) = history.get(index + 1) {
            assert!(
                next.started_at >= step.started_at && next.run_number >= step.run_number,
                "{step:?} {next:?}"
            );
        }
    }
}

/// I5, I7, I10: what was asked for happened once, what is gone left one certificate that verifies, and nothing else.
async fn check_deletions(world: &World, tx: &mut Tx, events: &[Event], services: &[Service]) {
    let mut counts: BTreeMap<_, BTreeMap<EventType, u32>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.outcome == Outcome::Done) {
        if let Some(service) = event.service_id {
            *counts.entry(service).or_default().entry(event.event_type).or_default() += 1;
        }
    }
    for (id, counts) in counts {
        let count = |event_type| counts.get(&event_type).copied().unwrap_or(0);
        assert_eq!(count(EventType::ServiceCreated), 1, "{id}");
        let certificate = store::destruction_certificates::find_by_service(tx, id).await.unwrap();
        if services.iter().any(|service| service.id == id) {
            assert_eq!(count(EventType::ServiceDeleted), 0, "{id} is still there");
            continue;
        }
        let expected = (count(EventType::ServiceDeletionRequested), count(EventType::ServiceDeleted));
        assert_eq!(expected, (1, 1), "{id}");
        let certificate = certificate.expect("what is gone has a certificate");
        let signed = SignedCertificate {
            certificate: certificate.body,
            algorithm: domain::certificates::ALGORITHM.into(),
            public_key: certificate.public_key,
            signature: certificate.signature,
        };
        let public_key = certificates::public_key(&world.control);
        let body = certificates::verify(&signed, Some(&public_key)).unwrap();
        assert_eq!((body.service_id, body.organization_id), (id, world.organization));
        assert_eq!(u32::try_from(body.nodes.len()).unwrap(), count(EventType::NodeDestroyed));
        for node in &body.nodes {
            assert_eq!(store::nodes::find(tx, node.node_id).await.unwrap(), None);
            assert!(!node.steps.is_empty());
        }
        for index in (0..signed.certificate.len()).step_by(41) {
            let mut bytes = signed.certificate.clone().into_bytes();
            bytes[index] ^= 1;
            let Ok(certificate) = String::from_utf8(bytes) else { continue };
            let flipped = SignedCertificate { certificate, ..signed.clone() };
            assert!(certificates::verify(&flipped, Some(&public_key)).is_err(), "byte {index}");
        }
    }
}

/// I3: no secret is in the log, and none is in the database but sealed or hashed.
async fn check_secrets(world: &World) {
    let secrets = world.secrets.lock().unwrap().clone();
    let log = logs::text();
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "a secret was logged");
    }
    for (table, rows) in world.dump().await {
        for row in rows {
            let row_lower = row.to_lowercase();
            for secret in &secrets {
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(
                    !row.contains(secret.as_str()) && !row_lower.contains(&hex),
                    "a secret is in {table}"
                );
            }
        }
    }
}

async fn all_services(world: &World) -> Vec<Service> {
    let mut tx = world.store.read().await.unwrap();
    let mut services = Vec::new();
    let all = store::projects::ProjectFilter::default();
    let knower = store::knowers::Knower { user: world.user, now: world.now(), openings: "", knows_all: true };
    for listed in store::projects::list(&mut tx, world.organization, &knower, &all, None, MANY).await.unwrap()
    {
        services.extend(store::services::list(&mut tx, listed.project.id, None, MANY).await.unwrap());
    }
    services
}

/// A chain's events, oldest first.
pub async fn events(tx: &mut Tx, organization: Option<OrganizationId>) -> Vec<Event> {
    let mut events = store::events::list_for_organization(
        tx,
        organization,
        &store::events::EventFilter::default(),
        None,
        MANY,
    )
    .await
    .unwrap();
    events.reverse();
    events
}

/// I7, worked out from the published description of the chain and not with the code that makes it.
pub fn check_chain(events: &[Event]) {
    let mut previous = vec![0; 32];
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.sequence, i64::try_from(index).unwrap() + 1, "a gap in the chain");
        assert_eq!(event.previous_hash, previous, "the chain is broken at {}", event.sequence);
        assert_eq!(event.hash, hash(event), "the event {} was changed", event.sequence);
        previous.clone_from(&event.hash);
    }
}

/// Each field with its length in eight bytes before it; a text that may be missing with one more byte that says so.
fn hash(event: &Event) -> Vec<u8> {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let mut fields = vec![
        event.previous_hash.clone(),
        event.id.uuid().as_bytes().to_vec(),
        event.sequence.to_be_bytes().to_vec(),
        event.at.micros().to_be_bytes().to_vec(),
        id(event.organization_id.map(OrganizationId::uuid)),
        id(event.project_id.map(ProjectId::uuid)),
        id(event.service_id.map(ServiceId::uuid)),
        id(event.user_id.map(UserId::uuid)),
        event.request_id.uuid().as_bytes().to_vec(),
        event.event_type.as_str().into(),
        event.action.as_str().into(),
        event.outcome.as_str().into(),
        event.actor.clone().into(),
        event.text.clone().into(),
    ];
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
        fields.push(vec![u8::from(text.is_some())]);
        fields.push(text.clone().unwrap_or_default().into());
    }
    // What later versions added is named, and there only if there is something.
    for (name, text) in [
        ("subject_kind", event.subject_kind.map(|kind| kind.to_string())),
        ("subject_id", event.subject_id.map(|id| id.to_string())),
        ("subject_name", event.subject_name.clone()),
        ("token_id", event.token_id.map(|id| id.to_string())),
    ] {
        if let Some(text) = text {
            fields.extend([name.into(), text.into()]);
        }
    }
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field);
    }
    digest::digest(&digest::SHA256, &bytes).as_ref().to_vec()
}
