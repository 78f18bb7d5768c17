//! The contract of `store::mails`.

use domain::{
    ids::MailId,
    principals::{MailKind, MailState},
};
use store::{
    Store,
    mails::{self, Delivery, Mail},
    organizations,
};

use crate::samples::*;

contract!(
    is_found_as_it_was_added,
    lists_newest_first_without_bodies,
    finds_by_address_and_tells_the_last,
    one_server_claims_what_is_due,
    ends_sent_or_failed_without_its_body,
    forgets_what_is_old,
);

fn mail_id(number: u128) -> MailId {
    MailId::from_uuid(uuid(number))
}

/// Written at its number, of organization 1.
fn mail(number: u128, state: MailState) -> Mail {
    let written_at = at(i64::try_from(number).unwrap());
    Mail {
        id: mail_id(number),
        organization_id: Some(organization_id(1)),
        kind: MailKind::Invitation,
        recipient: "bob@example.org".into(),
        subject: "Ünder 🦀".into(),
        body_sealed: Some(vec![0, 255, 42]),
        state,
        created_at: written_at,
        wake_at: written_at,
        attempts: 0,
        error: None,
        sent_at: None,
    }
}

async fn is_found_as_it_was_added(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    let mut full = mail(1, MailState::Sent);
    full.attempts = 3;
    full.error = Some("refused".into());
    full.sent_at = Some(at(9));
    let mut bare = mail(2, MailState::Kept);
    (bare.organization_id, bare.body_sealed) = (None, None);
    for mail in [&full, &bare] {
        mails::add(&mut tx, mail).await.unwrap();
        assert_eq!(mails::find(&mut tx, mail.id).await.unwrap().as_ref(), Some(mail));
    }
    assert_eq!(mails::find(&mut tx, mail_id(3)).await.unwrap(), None);
    assert!(!format!("{full:?}").contains("42"), "{full:?}");
}

async fn lists_newest_first_without_bodies(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    for number in 1..=6 {
        let mut mail = mail(number, MailState::Queued);
        // Two of the same time; one of another organization, one of the installation.
        mail.created_at = if number == 2 { at(1) } else { mail.created_at };
        mail.organization_id = match number {
            5 => Some(organization_id(2)),
            6 => None,
            _ => mail.organization_id,
        };
        mails::add(&mut tx, &mail).await.unwrap();
    }
    for (organization, numbers) in [
        (Some(organization_id(1)), &[4, 3, 2, 1][..]),
        (Some(organization_id(2)), &[5]),
        (Some(organization_id(3)), &[]),
        (None, &[6, 5, 4, 3, 2, 1]),
    ] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = mails::list(&mut tx, organization, None, after, 2).await.unwrap();
            assert!(page.len() <= 2 && page.iter().all(|mail| mail.body_sealed.is_none()));
            let Some(last) = page.last() else { break };
            after = Some((last.created_at, last.id.uuid()));
            paged.extend(page.iter().map(|mail| mail.id.uuid().as_u128()));
        }
        assert_eq!(paged, numbers, "{organization:?}");
        let count = mails::count(&mut tx, organization, None).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{organization:?}");
    }
    let listed = mails::list(&mut tx, Some(organization_id(1)), None, None, 1).await.unwrap();
    assert_eq!(listed, [Mail { body_sealed: None, ..mail(4, MailState::Queued) }]);
}

async fn finds_by_address_and_tells_the_last(store: Store) {
    let mut tx = store.write().await.unwrap();
    for number in [1, 2] {
        organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    let to = |number, recipient: &str, state| Mail { recipient: recipient.into(), ..mail(number, state) };
    let failed = Mail { error: Some("no such box".into()), ..to(3, "a_b@example.org", MailState::Failed) };
    for mail in [
        to(1, "a_b@example.org", MailState::Sent),
        to(2, "axb@example.org", MailState::Kept),
        failed,
        Mail { kind: MailKind::NewDevice, ..to(4, "a_b@example.org", MailState::Queued) },
        Mail { organization_id: Some(organization_id(2)), ..to(5, "axb@example.org", MailState::Sent) },
    ] {
        mails::add(&mut tx, &mail).await.unwrap();
    }
    let one = Some(organization_id(1));
    for (organization, text, numbers) in
        [(one, "A_B", &[4, 3, 1][..]), (one, "b@", &[4, 3, 2, 1]), (one, "cara", &[]), (None, "xb", &[5, 2])]
    {
        let found = mails::list(&mut tx, organization, Some(text), None, 9).await.unwrap();
        let found: Vec<u128> = found.iter().map(|mail| mail.id.uuid().as_u128()).collect();
        assert_eq!(found, numbers, "{text}");
        let count = mails::count(&mut tx, organization, Some(text)).await.unwrap();
        assert_eq!(count, i64::try_from(numbers.len()).unwrap(), "{text}");
    }
    let asked = ["a_b@example.org", "axb@example.org", "cara@example.org"];
    let mut last = mails::last(&mut tx, organization_id(1), &asked, MailKind::Invitation).await.unwrap();
    last.sort_by(|a, b| a.recipient.cmp(&b.recipient));
    let of = |recipient: &str, state, error: Option<&str>| Delivery {
        recipient: recipient.into(),
        state,
        error: error.map(Into::into),
    };
    assert_eq!(
        last,
        [
            of("a_b@example.org", MailState::Failed, Some("no such box")),
            of("axb@example.org", MailState::Kept, None)
        ]
    );
    assert_eq!(mails::last(&mut tx, organization_id(1), &[], MailKind::Invitation).await.unwrap(), []);
}

async fn one_server_claims_what_is_due(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for mail in [
        mail(1, MailState::Kept),
        mail(2, MailState::Sent),
        mail(3, MailState::Failed),
        mail(12, MailState::Queued),
        mail(11, MailState::Queued),
        mail(10, MailState::Queued),
        mail(13, MailState::Queued),
    ] {
        mails::add(&mut tx, &mail).await.unwrap();
    }
    assert_eq!(mails::due(&mut tx, at(9), 9).await.unwrap(), []);
    // What is due at this very time is due.
    let due = mails::due(&mut tx, at(12), 9).await.unwrap();
    let expected = [10, 11, 12].map(|number| mail(number, MailState::Queued));
    assert_eq!(due, expected);
    assert_eq!(mails::due(&mut tx, at(12), 2).await.unwrap(), expected[..2]);

    assert!(mails::claim(&mut tx, mail_id(10), 0, at(60)).await.unwrap());
    // The second server read it before.
    assert!(!mails::claim(&mut tx, mail_id(10), 0, at(70)).await.unwrap());
    let claimed = mails::find(&mut tx, mail_id(10)).await.unwrap().unwrap();
    assert_eq!((claimed.attempts, claimed.wake_at, claimed.state), (1, at(60), MailState::Queued));
    assert_eq!(mails::due(&mut tx, at(12), 9).await.unwrap(), expected[1..]);
    assert!(mails::claim(&mut tx, mail_id(10), 1, at(80)).await.unwrap());
    for number in [1, 2, 3, 99] {
        assert!(!mails::claim(&mut tx, mail_id(number), 0, at(60)).await.unwrap(), "{number}");
    }
}

async fn ends_sent_or_failed_without_its_body(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for number in [1, 2, 3] {
        mails::add(&mut tx, &mail(number, MailState::Queued)).await.unwrap();
    }
    let kept = mail(4, MailState::Kept);
    mails::add(&mut tx, &kept).await.unwrap();
    for number in [1, 2] {
        assert!(mails::set_error(&mut tx, mail_id(number), "no\0 answer").await.unwrap());
        let tried = mails::find(&mut tx, mail_id(number)).await.unwrap().unwrap();
        let error = Some("no\u{fffd} answer".to_owned());
        assert_eq!(tried, Mail { error, ..mail(number, MailState::Queued) });
    }
    assert!(mails::set_sent(&mut tx, mail_id(1), at(50)).await.unwrap());
    let sent = mails::find(&mut tx, mail_id(1)).await.unwrap().unwrap();
    let expected = Mail { body_sealed: None, sent_at: Some(at(50)), ..mail(1, MailState::Sent) };
    assert_eq!(sent, expected);
    assert!(mails::set_failed(&mut tx, mail_id(2), "given\0 up").await.unwrap());
    let failed = mails::find(&mut tx, mail_id(2)).await.unwrap().unwrap();
    let error = Some("given\u{fffd} up".to_owned());
    assert_eq!(failed, Mail { body_sealed: None, error, ..mail(2, MailState::Failed) });

    // What has ended stays as it is, and so does what is kept.
    for number in [1, 2, 4, 99] {
        assert!(!mails::set_sent(&mut tx, mail_id(number), at(60)).await.unwrap(), "{number}");
        assert!(!mails::set_failed(&mut tx, mail_id(number), "late").await.unwrap(), "{number}");
        assert!(!mails::set_error(&mut tx, mail_id(number), "late").await.unwrap(), "{number}");
    }
    assert_eq!(mails::find(&mut tx, mail_id(1)).await.unwrap(), Some(expected));
    assert_eq!(mails::find(&mut tx, mail_id(2)).await.unwrap(), Some(failed));
    assert_eq!(mails::find(&mut tx, mail_id(4)).await.unwrap(), Some(kept));
    let untouched = mails::find(&mut tx, mail_id(3)).await.unwrap();
    assert_eq!(untouched, Some(mail(3, MailState::Queued)));
}

async fn forgets_what_is_old(store: Store) {
    let mut tx = store.write().await.unwrap();
    organizations::add(&mut tx, &organization(1)).await.unwrap();
    for (number, state) in [
        (1, MailState::Queued),
        (2, MailState::Sent),
        (3, MailState::Failed),
        (4, MailState::Kept),
        (5, MailState::Sent),
    ] {
        mails::add(&mut tx, &mail(number, state)).await.unwrap();
    }
    assert_eq!(mails::remove_before(&mut tx, at(2), 9).await.unwrap(), 0);
    // Oldest first; what is still to be sent stays, and so does what was written at this very time.
    assert_eq!(mails::remove_before(&mut tx, at(5), 1).await.unwrap(), 1);
    assert_eq!(mails::find(&mut tx, mail_id(2)).await.unwrap(), None);
    assert!(mails::find(&mut tx, mail_id(3)).await.unwrap().is_some());
    assert_eq!(mails::remove_before(&mut tx, at(5), 9).await.unwrap(), 2);
    assert_eq!(mails::remove_before(&mut tx, at(5), 9).await.unwrap(), 0);
    let left = mails::list(&mut tx, None, None, None, 9).await.unwrap();
    let left: Vec<u128> = left.iter().map(|mail| mail.id.uuid().as_u128()).collect();
    assert_eq!(left, [5, 1]);
}
