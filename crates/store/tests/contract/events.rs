//! The contract of `store::events`.

use domain::{actions::Action, events::EventType, ids::EventId, states::Outcome};
use store::{Error, Store, events};

use crate::samples::*;

contract!(
    chains_are_apart,
    every_field_and_value_comes_back,
    a_place_in_a_chain_is_taken_once,
    pages_newest_first
);

async fn chains_are_apart(store: Store) {
    let mut tx = store.write().await.unwrap();
    assert_eq!(events::last(&mut tx, None).await.unwrap(), None);
    events::append(&mut tx, &event(None, 1)).await.unwrap();
    events::append(&mut tx, &event(Some(organization_id(1)), 1)).await.unwrap();
    events::append(&mut tx, &event(Some(organization_id(1)), 2)).await.unwrap();
    assert_eq!(events::last(&mut tx, None).await.unwrap(), Some((1, event(None, 1).hash)));
    let last = events::last(&mut tx, Some(organization_id(1))).await.unwrap();
    assert_eq!(last, Some((2, event(None, 2).hash)));
    assert_eq!(events::last(&mut tx, Some(organization_id(2))).await.unwrap(), None);
    let listed = events::list_for_organization(&mut tx, None, None, 9).await.unwrap();
    assert_eq!(listed, [event(None, 1)]);
}

async fn every_field_and_value_comes_back(store: Store) {
    let mut tx = store.write().await.unwrap();
    let mut full = event(Some(organization_id(1)), 1);
    full.project_id = Some(project_id(1));
    full.service_id = Some(service_id(1));
    full.project_name = Some("project-1".into());
    full.service_name = Some("service-1".into());
    full.user_id = Some(user_id(1));
    full.session_id = Some("session".into());
    full.credential = Some("session".into());
    full.address = Some("::1".into());
    full.agent = Some("curl".into());
    full.before = Some("{}".into());
    full.after = Some("[]".into());
    events::append(&mut tx, &full).await.unwrap();
    let listed = events::list_for_project(&mut tx, project_id(1), None, 9).await.unwrap();
    assert_eq!(listed, [full]);

    let mut sequence = 1;
    for event_type in EventType::ALL {
        sequence += 1;
        let mut one = event(Some(organization_id(1)), sequence);
        one.event_type = *event_type;
        one.outcome = Outcome::ALL[usize::try_from(sequence).unwrap() % Outcome::ALL.len()];
        one.action = Action::ALL[usize::try_from(sequence).unwrap() % Action::ALL.len()];
        events::append(&mut tx, &one).await.unwrap();
        let listed = events::list_for_organization(&mut tx, one.organization_id, None, 1).await.unwrap();
        assert_eq!(listed, [one]);
    }
}

async fn a_place_in_a_chain_is_taken_once(store: Store) {
    let mut tx = store.write().await.unwrap();
    events::append(&mut tx, &event(None, 1)).await.unwrap();
    let mut second = event(None, 1);
    second.id = EventId::from_uuid(uuid(77));
    assert!(matches!(events::append(&mut tx, &second).await, Err(Error::Conflict)));
}

async fn pages_newest_first(store: Store) {
    let organization = Some(organization_id(1));
    let mut tx = store.write().await.unwrap();
    for sequence in 1..=7 {
        let mut event = event(organization, sequence);
        // The project's own events are every second of the chain.
        event.project_id = Some(project_id(u128::try_from(sequence).unwrap() % 2));
        events::append(&mut tx, &event).await.unwrap();
    }
    assert_eq!(events::count_for_project(&mut tx, project_id(1)).await.unwrap(), 4);
    assert_eq!(events::count_for_project(&mut tx, project_id(2)).await.unwrap(), 0);
    assert_eq!(events::count_for_organization(&mut tx, organization).await.unwrap(), 7);
    assert_eq!(events::count_for_organization(&mut tx, None).await.unwrap(), 0);
    let numbers = |events: Vec<events::Event>| events.iter().map(|one| one.sequence).collect::<Vec<_>>();
    let page = events::list_for_project(&mut tx, project_id(1), None, 3).await.unwrap();
    assert_eq!(numbers(page), [7, 5, 3]);
    let page = events::list_for_project(&mut tx, project_id(1), Some(3), 3).await.unwrap();
    assert_eq!(numbers(page), [1]);
    let page = events::list_for_organization(&mut tx, organization, Some(6), 2).await.unwrap();
    assert_eq!(numbers(page), [5, 4]);
}
