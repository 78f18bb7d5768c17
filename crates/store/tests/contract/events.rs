//! The contract of `store::events`.

use domain::{
    actions::Action,
    events::EventType,
    ids::{EventId, TokenId},
    principals::SubjectKind,
    states::Outcome,
};
use store::{
    Error, Store,
    events::{self, Event, EventFilter},
};

use crate::samples::*;

contract!(
    chains_are_apart,
    every_field_and_value_comes_back,
    a_place_in_a_chain_is_taken_once,
    many_are_appended_at_once,
    pages_newest_first,
    finds_what_is_looked_for,
    looks_no_further_than_it_is_to,
    is_told_of_what_is_after,
);

const ALL: EventFilter<'_> = EventFilter {
    event_type: None,
    outcome: None,
    actor: None,
    subject: None,
    project: None,
    since: None,
    until: None,
    text: None,
    from: 0,
};

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
    let listed = events::list_for_organization(&mut tx, None, &ALL, None, 9).await.unwrap();
    assert_eq!(listed, [event(None, 1)]);
}

async fn many_are_appended_at_once(store: Store) {
    let mut tx = store.write().await.unwrap();
    events::append_all(&mut tx, &[]).await.unwrap();
    let organization = Some(organization_id(1));
    // More than go into one statement.
    let many: Vec<Event> = (1..=1203).map(|number| event(organization, number)).collect();
    events::append_all(&mut tx, &many).await.unwrap();
    events::append(&mut tx, &event(None, 1)).await.unwrap();
    let mut listed = events::list_for_organization(&mut tx, organization, &ALL, None, 2000).await.unwrap();
    listed.reverse();
    assert_eq!(listed, many);
    let mut again = event(organization, 1204);
    again.sequence = 1203;
    let taken = events::append_all(&mut tx, &[event(organization, 1205), again]).await;
    assert!(matches!(taken, Err(Error::Conflict)), "{taken:?}");
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
    full.subject_id = Some(uuid(5));
    full.subject_name = Some("operators".into());
    full.token_id = Some(TokenId::from_uuid(uuid(6)));
    events::append(&mut tx, &full).await.unwrap();
    let listed = events::list_for_project(&mut tx, project_id(1), &ALL, None, 9).await.unwrap();
    assert_eq!(listed, [full]);

    let mut sequence = 1;
    for event_type in EventType::ALL {
        sequence += 1;
        let mut one = event(Some(organization_id(1)), sequence);
        one.event_type = *event_type;
        one.outcome = Outcome::ALL[usize::try_from(sequence).unwrap() % Outcome::ALL.len()];
        one.action = Action::ALL[usize::try_from(sequence).unwrap() % Action::ALL.len()];
        one.subject_kind =
            Some(SubjectKind::ALL[usize::try_from(sequence).unwrap() % SubjectKind::ALL.len()]);
        events::append(&mut tx, &one).await.unwrap();
        let listed =
            events::list_for_organization(&mut tx, one.organization_id, &ALL, None, 1).await.unwrap();
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
    assert_eq!(events::count_for_project(&mut tx, project_id(1), &ALL, 9).await.unwrap(), 4);
    assert_eq!(events::count_for_project(&mut tx, project_id(2), &ALL, 9).await.unwrap(), 0);
    assert_eq!(events::count_for_organization(&mut tx, organization, &ALL, 9).await.unwrap(), 7);
    assert_eq!(events::count_for_organization(&mut tx, None, &ALL, 9).await.unwrap(), 0);
    let numbers = |events: Vec<events::Event>| events.iter().map(|one| one.sequence).collect::<Vec<_>>();
    let page = events::list_for_project(&mut tx, project_id(1), &ALL, None, 3).await.unwrap();
    assert_eq!(numbers(page), [7, 5, 3]);
    let page = events::list_for_project(&mut tx, project_id(1), &ALL, Some(3), 3).await.unwrap();
    assert_eq!(numbers(page), [1]);
    let page = events::list_for_organization(&mut tx, organization, &ALL, Some(6), 2).await.unwrap();
    assert_eq!(numbers(page), [5, 4]);
}

async fn finds_what_is_looked_for(store: Store) {
    let organization = Some(organization_id(1));
    let mut tx = store.write().await.unwrap();
    // All in project 1 and one after the other, but for one of another organization.
    for (sequence, actor) in [(1, "Ann@example.org"), (2, "bob@example.org"), (3, "system"), (4, "a_n")] {
        let mut event = event(organization, sequence);
        event.project_id = Some(project_id(1));
        event.at = at(sequence * 10);
        event.actor = actor.into();
        match sequence {
            1 => {
                event.event_type = EventType::GroupMemberAdded;
                event.subject_id = Some(uuid(7));
                event.subject_name = Some("Operators".into());
            }
            2 => {
                event.outcome = Outcome::Denied;
                event.user_id = Some(user_id(7));
                event.project_name = Some("shop".into());
            }
            3 => {
                event.text = "Ünder 100% way".into();
                event.service_name = Some("orders".into());
                event.project_name = Some("shop-2".into());
            }
            _ => {}
        }
        events::append(&mut tx, &event).await.unwrap();
    }
    let mut other = event(Some(organization_id(2)), 1);
    other.actor = "ann@example.org".into();
    events::append(&mut tx, &other).await.unwrap();

    let text = |text| EventFilter { text: Some(text), ..ALL };
    let actor = |actor| EventFilter { actor: Some(actor), ..ALL };
    for (filter, expected) in [
        (ALL, &[4, 3, 2, 1][..]),
        (EventFilter { event_type: Some(EventType::GroupMemberAdded), ..ALL }, &[1]),
        (EventFilter { event_type: Some(EventType::UserInvited), ..ALL }, &[]),
        (EventFilter { outcome: Some(Outcome::Denied), ..ALL }, &[2]),
        (EventFilter { subject: Some(uuid(7)), ..ALL }, &[2, 1]),
        (EventFilter { subject: Some(uuid(8)), ..ALL }, &[]),
        (EventFilter { project: Some("shop"), ..ALL }, &[2]),
        (EventFilter { since: Some(at(20)), ..ALL }, &[4, 3, 2]),
        (EventFilter { until: Some(at(20)), ..ALL }, &[1]),
        (EventFilter { since: Some(at(20)), until: Some(at(40)), ..ALL }, &[3, 2]),
        (actor("ANN"), &[1]),
        (actor("example"), &[2, 1]),
        (actor("a_n"), &[4]),
        (text("made THE"), &[4, 2, 1]),
        (text("100%"), &[3]),
        (text("Ünd"), &[3]),
        (text("0% w"), &[3]),
        (text("ann@"), &[1]),
        (text("operators"), &[1]),
        (text("SHOP"), &[3, 2]),
        (text("orders"), &[3]),
        (text("nowhere"), &[]),
        (EventFilter { text: Some("shop"), outcome: Some(Outcome::Denied), ..ALL }, &[2]),
        (EventFilter { text: Some("orders"), outcome: Some(Outcome::Denied), ..ALL }, &[]),
    ] {
        let one = project_id(1);
        let found = events::list_for_organization(&mut tx, organization, &filter, None, 9).await.unwrap();
        assert_eq!(found.iter().map(|one| one.sequence).collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(events::list_for_project(&mut tx, one, &filter, None, 9).await.unwrap(), found);
        let count = events::count_for_organization(&mut tx, organization, &filter, 9).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
        assert_eq!(events::count_for_project(&mut tx, one, &filter, 9).await.unwrap(), count, "{filter:?}");
        // Pages go on where the one before ended.
        let after = events::list_for_project(&mut tx, one, &filter, Some(3), 1).await.unwrap();
        let expected = expected.iter().copied().find(|sequence| *sequence < 3);
        assert_eq!(after.first().map(|one| one.sequence), expected, "{filter:?}");
        let after = events::list_for_organization(&mut tx, organization, &filter, Some(3), 1).await.unwrap();
        assert_eq!(after.first().map(|one| one.sequence), expected, "{filter:?}");
    }
}

async fn looks_no_further_than_it_is_to(store: Store) {
    let organization = Some(organization_id(1));
    let mut tx = store.write().await.unwrap();
    for sequence in 1..=9 {
        let mut event = event(organization, sequence);
        event.project_id = Some(project_id(u128::try_from(sequence).unwrap() % 2));
        events::append(&mut tx, &event).await.unwrap();
    }
    // (before, so many, the one behind them)
    for (after, count, expected) in
        [(None, 9, None), (None, 8, Some(1)), (None, 3, Some(6)), (Some(6), 3, Some(2)), (Some(6), 5, None)]
    {
        let beyond = events::beyond_for_organization(&mut tx, organization, after, count).await.unwrap();
        assert_eq!(beyond, expected, "{after:?} {count}");
    }
    // The project's are 1, 3, 5, 7 and 9.
    for (after, count, expected) in [(None, 5, None), (None, 2, Some(5)), (Some(5), 1, Some(1))] {
        let beyond = events::beyond_for_project(&mut tx, project_id(1), after, count).await.unwrap();
        assert_eq!(beyond, expected, "{after:?} {count}");
    }
    let text = EventFilter { text: Some("made"), ..ALL };
    for (filter, most, expected) in [(text, 9, 9), (text, 4, 4), (EventFilter { from: 7, ..text }, 9, 3)] {
        let count = events::count_for_organization(&mut tx, organization, &filter, most).await.unwrap();
        assert_eq!(count, expected, "{filter:?} {most}");
        let list = events::list_for_organization(&mut tx, organization, &filter, None, most).await.unwrap();
        assert_eq!(list.len(), usize::try_from(expected).unwrap(), "{filter:?} {most}");
    }
    for (filter, most, expected) in [(ALL, 4, 4), (text, 4, 4), (EventFilter { from: 7, ..text }, 9, 2)] {
        let count = events::count_for_project(&mut tx, project_id(1), &filter, most).await.unwrap();
        assert_eq!(count, expected, "{filter:?} {most}");
    }
}

async fn is_told_of_what_is_after(store: Store) {
    let mut tx = store.write().await.unwrap();
    let told = Event {
        subject_kind: Some(SubjectKind::User),
        subject_id: Some(uuid(1)),
        after: Some("0a0b".into()),
        ..event(Some(organization_id(1)), 1)
    };
    events::append(&mut tx, &told).await.unwrap();
    let kind = told.event_type;
    let other = EventType::ALL.iter().copied().find(|other| *other != kind).unwrap();
    for (organization, event_type, subject, after, expected) in [
        (1, kind, 1, "0a0b", true),
        (2, kind, 1, "0a0b", false),
        (1, other, 1, "0a0b", false),
        (1, kind, 2, "0a0b", false),
        (1, kind, 1, "0a0c", false),
    ] {
        let (organization, subject) = (organization_id(organization), user_id(subject));
        let found = events::is_told(&mut tx, organization, event_type, subject, after).await.unwrap();
        assert_eq!(found, expected, "{organization} {event_type} {subject} {after}");
    }
}
