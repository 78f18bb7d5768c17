//! The contract of `store::invitations`.

use domain::{
    events::EventType,
    ids::InvitationId,
    principals::{InvitationOutcome, ResourceKind, UserKind},
    states::Outcome,
    timestamps::Timestamp,
};
use store::{
    Store, Tx,
    events::{self, Event},
    groups,
    invitations::{self, Invitation, Inviter},
    organizations, users,
};

use crate::samples::*;

contract!(
    one_is_open_for_an_address,
    lists_what_is_open_to_the_end,
    is_renewed_while_it_is_open,
    ends_once,
    tells_somebody_what_they_can_accept,
    names_what_comes_with_them,
    tells_what_was_mailed_to_an_address,
    tells_what_an_organization_has_mailed,
);

fn invitation_id(number: u128) -> InvitationId {
    InvitationId::from_uuid(uuid(number))
}

/// Into organization 1, from user 1, made at ten times its number.
fn invitation(number: u128, email: &str) -> Invitation {
    let created_at = at(10 * i64::try_from(number).unwrap());
    Invitation {
        id: invitation_id(number),
        organization_id: organization_id(1),
        email: email.into(),
        token_hash: vec![u8::try_from(number).unwrap(); 32],
        attached: "{\"groups\":[\"Öps\"]}".into(),
        invited_by: user_id(1),
        created_at,
        sent_at: created_at,
        expires_at: at(100),
        outcome: None,
        ended_at: None,
    }
}

async fn one_is_open_for_an_address(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    let first = invitation(1, "bob@example.org");
    let elsewhere = Invitation { organization_id: organization_id(2), ..invitation(3, "bob@example.org") };
    let ended = Invitation {
        outcome: Some(InvitationOutcome::Declined),
        ended_at: Some(at(15)),
        ..invitation(4, "bob@example.org")
    };
    assert!(invitations::add(&mut tx, &first).await.unwrap());
    assert!(!invitations::add(&mut tx, &invitation(2, "bob@example.org")).await.unwrap());
    assert!(invitations::add(&mut tx, &elsewhere).await.unwrap());
    assert!(invitations::add(&mut tx, &ended).await.unwrap());
    for (organization, expected) in [(1, &first), (2, &elsewhere), (1, &ended)] {
        let found = invitations::find(&mut tx, organization_id(organization), expected.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(expected));
        let found = invitations::find_by_token(&mut tx, &expected.token_hash).await.unwrap();
        assert_eq!(found.as_ref(), Some(expected));
    }
    assert_eq!(invitations::find(&mut tx, organization_id(2), first.id).await.unwrap(), None);
    assert_eq!(invitations::find(&mut tx, organization_id(1), invitation_id(2)).await.unwrap(), None);
    assert_eq!(invitations::find_by_token(&mut tx, &[2; 32]).await.unwrap(), None);
    assert!(!format!("{first:?}").contains("1, 1"), "{first:?}");
    // One that has expired is open still; one that has ended makes room.
    assert!(invitations::end(&mut tx, first.id, InvitationOutcome::Withdrawn, at(20)).await.unwrap());
    assert!(invitations::add(&mut tx, &invitation(2, "bob@example.org")).await.unwrap());
}

async fn lists_what_is_open_to_the_end(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    assert!(users::add(&mut tx, &user(2)).await.unwrap());
    for (number, email) in [
        (1, "ann@example.org"),
        (2, "bob_b@example.org"),
        (3, "bobxb@example.com"),
        (4, "eve@example.org"),
        (5, "gone@example.org"),
    ] {
        let mut invitation = invitation(number, email);
        // Two of the same time; the third from another person, and expired.
        invitation.created_at = if number == 2 { at(10) } else { invitation.created_at };
        if number == 3 {
            (invitation.invited_by, invitation.expires_at) = (user_id(2), at(1));
        }
        assert!(invitations::add(&mut tx, &invitation).await.unwrap());
    }
    let elsewhere = Invitation { organization_id: organization_id(2), ..invitation(6, "ann@example.org") };
    assert!(invitations::add(&mut tx, &elsewhere).await.unwrap());
    assert!(invitations::end(&mut tx, invitation_id(5), InvitationOutcome::Accepted, at(60)).await.unwrap());
    for (text, numbers) in [
        (None, &[4, 3, 2, 1][..]),
        (Some("EXAMPLE.ORG"), &[4, 2, 1]),
        (Some("b_b"), &[2]),
        (Some("gone"), &[]),
    ] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = invitations::list_open(&mut tx, organization_id(1), text, after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some((last, _)) = page.last() else { break };
            after = Some((last.created_at, last.id.uuid()));
            paged.extend(page.iter().map(|(invitation, _)| invitation.id.uuid().as_u128()));
        }
        assert_eq!(paged, numbers, "{text:?}");
        let count = invitations::count_open(&mut tx, organization_id(1), text).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{text:?}");
    }
    let listed = invitations::list_open(&mut tx, organization_id(1), None, None, 2).await.unwrap();
    let inviter = |number: u128| Inviter {
        email: format!("user{number}@example.org"),
        name: user(number).name,
        kind: UserKind::Person,
    };
    assert_eq!(listed[0], (invitation(4, "eve@example.org"), inviter(1)));
    assert_eq!(listed[1].1, inviter(2));
    let listed = invitations::list_open(&mut tx, organization_id(2), None, None, 9).await.unwrap();
    assert_eq!(listed, [(elsewhere, inviter(1))]);
    assert_eq!(invitations::count_open(&mut tx, organization_id(3), None).await.unwrap(), 0);
}

async fn is_renewed_while_it_is_open(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let first = invitation(1, "bob@example.org");
    let other = invitation(2, "eve@example.org");
    for invitation in [&first, &other] {
        assert!(invitations::add(&mut tx, invitation).await.unwrap());
    }
    // Also after it has expired.
    assert!(invitations::renew(&mut tx, first.id, &[9; 32], at(150), at(300)).await.unwrap());
    let renewed = Invitation {
        token_hash: vec![9; 32],
        sent_at: at(150),
        expires_at: at(300),
        ..invitation(1, "bob@example.org")
    };
    assert_eq!(invitations::find_by_token(&mut tx, &first.token_hash).await.unwrap(), None);
    assert_eq!(invitations::find_by_token(&mut tx, &[9; 32]).await.unwrap(), Some(renewed.clone()));
    assert!(invitations::end(&mut tx, first.id, InvitationOutcome::Declined, at(200)).await.unwrap());
    assert!(!invitations::renew(&mut tx, first.id, &[8; 32], at(400), at(500)).await.unwrap());
    assert!(!invitations::renew(&mut tx, invitation_id(3), &[8; 32], at(400), at(500)).await.unwrap());
    let declined =
        Invitation { outcome: Some(InvitationOutcome::Declined), ended_at: Some(at(200)), ..renewed };
    assert_eq!(invitations::find_by_token(&mut tx, &[9; 32]).await.unwrap(), Some(declined));
    assert_eq!(invitations::find(&mut tx, organization_id(1), other.id).await.unwrap(), Some(other));
}

async fn ends_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for (number, outcome) in (1..).zip(InvitationOutcome::ALL) {
        let email = format!("{outcome}@example.org");
        assert!(invitations::add(&mut tx, &invitation(number, &email)).await.unwrap());
        assert!(invitations::end(&mut tx, invitation_id(number), *outcome, at(50)).await.unwrap());
        for later in InvitationOutcome::ALL {
            assert!(!invitations::end(&mut tx, invitation_id(number), *later, at(60)).await.unwrap());
        }
        let found = invitations::find(&mut tx, organization_id(1), invitation_id(number)).await.unwrap();
        let expected =
            Invitation { outcome: Some(*outcome), ended_at: Some(at(50)), ..invitation(number, &email) };
        assert_eq!(found, Some(expected));
    }
    let absent = invitation_id(99);
    assert!(!invitations::end(&mut tx, absent, InvitationOutcome::Accepted, at(50)).await.unwrap());
}

async fn tells_somebody_what_they_can_accept(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 2..=4 {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    for number in 1..=4 {
        let mut invitation = invitation(number, "bob@example.org");
        invitation.organization_id = organization_id(number);
        invitation.expires_at = if number == 3 { at(70) } else { invitation.expires_at };
        assert!(invitations::add(&mut tx, &invitation).await.unwrap());
    }
    assert!(invitations::add(&mut tx, &invitation(5, "eve@example.org")).await.unwrap());
    assert!(invitations::end(&mut tx, invitation_id(2), InvitationOutcome::Declined, at(50)).await.unwrap());
    // The last moment of the third is before the time it ends at.
    for (now, expected) in [(69, &[4, 3, 1][..]), (70, &[4, 1]), (99, &[4, 1]), (100, &[])] {
        let listed = invitations::list_open_for_email(&mut tx, "bob@example.org", at(now)).await.unwrap();
        let told: Vec<_> =
            listed.iter().map(|(open, name)| (open.id.uuid().as_u128(), name.as_str())).collect();
        let expected: Vec<_> =
            expected.iter().map(|number| (*number, format!("Organization {number}"))).collect();
        let expected: Vec<_> = expected.iter().map(|(number, name)| (*number, name.as_str())).collect();
        assert_eq!(told, expected, "at {now}");
    }
    assert_eq!(invitations::list_open_for_email(&mut tx, "b@example.org", at(0)).await.unwrap(), []);
}

async fn names_what_comes_with_them(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(groups::add(&mut tx, &group(35, 2, "Theirs")).await.unwrap());
    // A project in a unit, one that is in none, a unit, a group; another tenant's, a user, and nothing at all.
    let ids = [2, 1, 3, 21, 31, 35, 1_000].map(uuid);
    let mut found = invitations::attachable(&mut tx, organization_id(1), &ids).await.unwrap();
    found.sort_by_key(|found| (found.id, found.resource_kind.is_some()));
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.id.as_u128(), found.resource_kind, found.name.as_str(), found.unit_id))
        .collect();
    let (in_project, in_unit) = (Some(ResourceKind::Project), Some(ResourceKind::Unit));
    assert_eq!(
        found,
        [
            (1, in_project, "project-1", None),
            (2, in_project, "project-2", Some(unit_id(21))),
            (21, in_unit, "Unit", None),
            (31, None, "Group", None),
        ]
    );
    let mut theirs = invitations::attachable(&mut tx, organization_id(2), &ids).await.unwrap();
    theirs.sort_by_key(|found| found.id);
    assert_eq!(theirs.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["project-3", "Theirs"]);
    assert_eq!(invitations::attachable(&mut tx, organization_id(1), &[]).await.unwrap(), []);
}

/// Notes that an invitation was mailed, or that something else became of it.
async fn note(tx: &mut Tx, sequence: i64, of: &Invitation, what: (EventType, Outcome), at: Timestamp) {
    let (event_type, outcome) = what;
    let subject_id = Some(of.id.uuid());
    let event = event(Some(of.organization_id), sequence);
    events::append(tx, &Event { event_type, outcome, at, subject_id, ..event }).await.unwrap();
}

const INVITED: (EventType, Outcome) = (EventType::UserInvited, Outcome::Done);
const RESENT: (EventType, Outcome) = (EventType::InvitationResent, Outcome::Done);

async fn tells_what_was_mailed_to_an_address(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    let first = invitation(1, "bob@example.org");
    let elsewhere = Invitation { organization_id: organization_id(2), ..invitation(2, "bob@example.org") };
    let other = invitation(3, "eve@example.org");
    for invitation in [&first, &elsewhere, &other] {
        assert!(invitations::add(&mut tx, invitation).await.unwrap());
    }
    note(&mut tx, 101, &first, INVITED, at(10)).await;
    note(&mut tx, 101, &elsewhere, INVITED, at(20)).await;
    note(&mut tx, 102, &other, INVITED, at(30)).await;
    for sent_at in [40, 50] {
        assert!(invitations::renew(&mut tx, first.id, &[9; 32], at(sent_at), at(300)).await.unwrap());
        note(&mut tx, 63 + sent_at, &first, RESENT, at(sent_at)).await;
    }
    // What was refused, or mailed nothing, is not told.
    note(&mut tx, 120, &first, (EventType::InvitationResent, Outcome::Denied), at(45)).await;
    note(&mut tx, 121, &first, (EventType::InvitationWithdrawn, Outcome::Done), at(48)).await;
    // Also of those that have ended.
    assert!(invitations::end(&mut tx, first.id, InvitationOutcome::Withdrawn, at(60)).await.unwrap());
    for (since, limit, expected) in
        [(0, 9, &[50, 40, 20, 10][..]), (10, 9, &[50, 40, 20]), (0, 2, &[50, 40]), (50, 9, &[])]
    {
        let told = invitations::mailed_to(&mut tx, "bob@example.org", at(since), limit).await.unwrap();
        assert_eq!(told, expected.iter().copied().map(at).collect::<Vec<_>>(), "since {since}");
    }
    assert_eq!(invitations::mailed_to(&mut tx, "ann@example.org", at(0), 9).await.unwrap(), []);
}

async fn tells_what_an_organization_has_mailed(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(2)).await.unwrap();
    for number in 1..=3 {
        let invitation = invitation(number, &format!("{number}@example.org"));
        assert!(invitations::add(&mut tx, &invitation).await.unwrap());
        note(&mut tx, 100 + i64::try_from(number).unwrap(), &invitation, INVITED, invitation.sent_at).await;
    }
    let elsewhere = Invitation { organization_id: organization_id(2), ..invitation(4, "4@example.org") };
    assert!(invitations::add(&mut tx, &elsewhere).await.unwrap());
    note(&mut tx, 101, &elsewhere, INVITED, at(40)).await;
    assert!(invitations::renew(&mut tx, invitation_id(1), &[9; 32], at(50), at(300)).await.unwrap());
    note(&mut tx, 110, &invitation(1, "1@example.org"), RESENT, at(50)).await;
    for (organization, since, newer, expected) in [
        (1, 0, 0, Some(50)),
        (1, 0, 1, Some(30)),
        (1, 0, 3, Some(10)),
        (1, 0, 4, None),
        (1, 10, 3, None),
        (1, 29, 1, Some(30)),
        (1, 30, 1, None),
        (2, 0, 0, Some(40)),
        (3, 0, 0, None),
    ] {
        let told = invitations::mailed_before(&mut tx, organization_id(organization), at(since), newer)
            .await
            .unwrap();
        assert_eq!(told, expected.map(at), "{organization} {since} {newer}");
    }
}
