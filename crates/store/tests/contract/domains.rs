//! The contract of `store::domains`.

use domain::{
    domains::{DomainState, DomainVerification},
    ids::DomainId,
};
use store::{
    Error, Store,
    domains::{self, Checked, Discovered, Domain},
    memberships, users,
};

use crate::samples::*;

contract!(
    a_name_is_listed_once_by_an_organization,
    one_organization_has_a_name,
    one_organization_has_a_name_under_a_race,
    what_a_look_finds_is_kept,
    looks_are_due_in_their_order_and_taken_once,
    people_are_told_from_where_it_was_left,
    people_are_managed_by_the_exact_domain,
    managed_people_are_listed_and_filtered,
    what_managed_people_could_sign_in_with_is_told,
    other_organizations_are_discovered
);

fn domain_id(number: u128) -> DomainId {
    DomainId::from_uuid(uuid(number))
}

fn domain(number: u128, organization: u128, name: &str) -> Domain {
    Domain {
        id: domain_id(number),
        organization_id: organization_id(organization),
        name: name.into(),
        verification: DomainVerification::Dns,
        challenge_token: "abc".into(),
        state: DomainState::Unverified,
        state_since: at(1),
        created_at: at(1),
        verified_at: None,
        checked_at: None,
        next_check_at: Some(at(10)),
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    }
}

/// With two organizations, of which the first has the domain of all sample users.
async fn with_domain(store: &Store) -> store::Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(domains::add(&mut tx, &domain(1, 1, "example.org")).await.unwrap());
    assert!(domains::set_verified(&mut tx, domain_id(1), at(5), at(20)).await.unwrap());
    tx
}

async fn a_name_is_listed_once_by_an_organization(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let full = Domain {
        state: DomainState::Verified,
        verification: DomainVerification::Http,
        verified_at: Some(at(2)),
        checked_at: Some(at(3)),
        failing_since: Some(at(4)),
        last_failure: Some("gone".into()),
        notices: 2,
        told_until: Some("a@b.example".into()),
        ..domain(2, 1, "b.example")
    };
    assert!(domains::add(&mut tx, &full).await.unwrap());
    assert!(domains::add(&mut tx, &domain(1, 1, "a.example")).await.unwrap());
    assert!(!domains::add(&mut tx, &domain(3, 1, "a.example")).await.unwrap());
    let (one, other) = (organization_id(1), organization_id(2));
    assert_eq!(domains::find(&mut tx, one, domain_id(2)).await.unwrap(), Some(full.clone()));
    assert_eq!(domains::find(&mut tx, other, domain_id(2)).await.unwrap(), None);
    assert_eq!(domains::list(&mut tx, one).await.unwrap(), [domain(1, 1, "a.example"), full]);
    assert_eq!(domains::list(&mut tx, other).await.unwrap(), []);
    assert_eq!(domains::count(&mut tx, one).await.unwrap(), 2);
    assert!(domains::remove(&mut tx, domain_id(1)).await.unwrap());
    assert!(!domains::remove(&mut tx, domain_id(1)).await.unwrap());
    assert_eq!(domains::count(&mut tx, one).await.unwrap(), 1);
}

async fn one_organization_has_a_name(store: Store) {
    let mut tx = with_domain(&store).await;
    assert!(domains::add(&mut tx, &domain(2, 2, "example.org")).await.unwrap(), "listing takes nothing");
    assert!(!domains::set_verified(&mut tx, domain_id(2), at(6), at(20)).await.unwrap());
    let verified = domains::find_verified(&mut tx, "example.org").await.unwrap().unwrap();
    assert_eq!((verified.id, verified.verified_at), (domain_id(1), Some(at(5))));
    assert_eq!(verified.told_until.as_deref(), Some(""));
    assert!(!domains::set_lapsed(&mut tx, domain_id(2), at(7), at(8), "gone").await.unwrap());
    assert!(domains::set_lapsed(&mut tx, domain_id(1), at(7), at(8), "go\0ne").await.unwrap());
    let lapsed = domains::find(&mut tx, organization_id(1), domain_id(1)).await.unwrap().unwrap();
    let expected = Domain {
        state_since: at(7),
        checked_at: Some(at(7)),
        next_check_at: Some(at(8)),
        last_failure: Some("go\u{fffd}ne".into()),
        ..domain(1, 1, "example.org")
    };
    assert_eq!(lapsed, expected);
    assert_eq!(domains::find_verified(&mut tx, "example.org").await.unwrap(), None);
    assert!(domains::set_verified(&mut tx, domain_id(2), at(9), at(20)).await.unwrap());
}

async fn one_organization_has_a_name_under_a_race(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    for number in 2..=6 {
        store::organizations::add(&mut tx, &organization(number)).await.unwrap();
    }
    for number in 1..=6 {
        assert!(domains::add(&mut tx, &domain(number, number, "race.example")).await.unwrap());
    }
    tx.commit().await.unwrap();
    let tasks: Vec<_> = (1..=6)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let mut tx = store.write().await.unwrap();
                    let done = domains::set_verified(&mut tx, domain_id(number), at(5), at(6)).await;
                    let done = match done {
                        Ok(done) => tx.commit().await.map(|()| done),
                        Err(error) => Err(error),
                    };
                    match done {
                        Ok(done) => return done,
                        Err(Error::Conflict) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += u32::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

async fn what_a_look_finds_is_kept(store: Store) {
    let mut tx = with_domain(&store).await;
    let checked = Checked {
        checked_at: at(30),
        next_check_at: None,
        failing_since: Some(at(29)),
        last_failure: Some("no record"),
        notices: 1,
    };
    assert!(domains::set_checked(&mut tx, domain_id(1), &checked).await.unwrap());
    assert!(!domains::set_checked(&mut tx, domain_id(9), &checked).await.unwrap());
    let found = domains::find(&mut tx, organization_id(1), domain_id(1)).await.unwrap().unwrap();
    assert_eq!((found.checked_at, found.next_check_at), (Some(at(30)), None));
    assert_eq!((found.failing_since, found.last_failure.as_deref()), (Some(at(29)), Some("no record")));
    assert_eq!((found.notices, found.state), (1, DomainState::Verified));
    // Another way to prove it leaves a verified one verified, and begins the time of an unverified one anew.
    let http = DomainVerification::Http;
    assert!(domains::set_verification(&mut tx, domain_id(1), http, at(40), at(41)).await.unwrap());
    assert!(!domains::set_verification(&mut tx, domain_id(9), http, at(40), at(41)).await.unwrap());
    let found = domains::find(&mut tx, organization_id(1), domain_id(1)).await.unwrap().unwrap();
    assert_eq!((found.verification, found.next_check_at, found.last_failure), (http, Some(at(41)), None));
    assert_eq!((found.state, found.state_since), (DomainState::Verified, at(5)));
    assert!(domains::add(&mut tx, &domain(2, 1, "b.example")).await.unwrap());
    assert!(domains::set_verification(&mut tx, domain_id(2), http, at(40), at(41)).await.unwrap());
    let found = domains::find(&mut tx, organization_id(1), domain_id(2)).await.unwrap().unwrap();
    assert_eq!((found.state_since, found.created_at), (at(40), at(1)));
}

async fn looks_are_due_in_their_order_and_taken_once(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    let late = Domain { next_check_at: Some(at(11)), ..domain(1, 1, "late.example") };
    let never = Domain { next_check_at: None, ..domain(2, 1, "never.example") };
    let early = domain(3, 1, "early.example");
    for domain in [&late, &never, &early] {
        assert!(domains::add(&mut tx, domain).await.unwrap());
    }
    assert_eq!(domains::due(&mut tx, at(9), 9).await.unwrap(), []);
    assert_eq!(domains::due(&mut tx, at(11), 9).await.unwrap(), [early.clone(), late]);
    assert_eq!(domains::due(&mut tx, at(11), 1).await.unwrap(), std::slice::from_ref(&early));
    assert!(domains::claim(&mut tx, early.id, early.next_check_at, at(50)).await.unwrap());
    assert!(!domains::claim(&mut tx, early.id, early.next_check_at, at(50)).await.unwrap());
    assert!(!domains::claim(&mut tx, never.id, never.next_check_at, at(50)).await.unwrap());
    assert_eq!(domains::due(&mut tx, at(11), 9).await.unwrap().len(), 1);
}

async fn people_are_told_from_where_it_was_left(store: Store) {
    let mut tx = with_domain(&store).await;
    let untold = domains::untold(&mut tx, 9).await.unwrap();
    assert_eq!(untold.len(), 1);
    assert_eq!(domains::count_people(&mut tx, "example.org").await.unwrap(), 4);
    let first = domains::people(&mut tx, "example.org", "", 3).await.unwrap();
    assert_eq!(first, [user_id(1), user_id(2), user_id(3)]);
    let last = user(3).email;
    assert!(domains::set_told_until(&mut tx, domain_id(1), Some(""), Some(&last)).await.unwrap());
    assert!(!domains::set_told_until(&mut tx, domain_id(1), Some(""), Some(&last)).await.unwrap());
    assert_eq!(domains::people(&mut tx, "example.org", &last, 3).await.unwrap(), [user_id(4)]);
    assert!(domains::set_told_until(&mut tx, domain_id(1), Some(&last), None).await.unwrap());
    assert_eq!(domains::untold(&mut tx, 9).await.unwrap(), []);
}

async fn people_are_managed_by_the_exact_domain(store: Store) {
    let mut tx = with_domain(&store).await;
    for (number, email) in [
        (10, "a@sub.example.org"),
        (11, "a@example.org.evil.example"),
        (12, "a@notexample.org"),
        (13, "a@bücher.example"),
    ] {
        assert!(
            users::add(&mut tx, &store::users::User { email: email.into(), ..user(number) }).await.unwrap()
        );
        assert_eq!(domains::manager(&mut tx, user_id(number)).await.unwrap(), None, "{email}");
    }
    assert!(users::add(&mut tx, &application_user(14, "Deployer")).await.unwrap());
    assert_eq!(domains::manager(&mut tx, user_id(14)).await.unwrap(), None);
    let manager = domains::manager(&mut tx, user_id(4)).await.unwrap().unwrap();
    assert_eq!((manager.organization_id, manager.name.as_str()), (organization_id(1), "Organization 1"));
    assert_eq!(manager.domain, "example.org");
    // With other letters than ASCII's it is the same domain.
    assert!(domains::add(&mut tx, &domain(3, 2, "xn--bcher-kva.example")).await.unwrap());
    assert!(domains::set_verified(&mut tx, domain_id(3), at(5), at(20)).await.unwrap());
    let manager = domains::manager(&mut tx, user_id(13)).await.unwrap().unwrap();
    assert_eq!(manager.organization_id, organization_id(2));
    assert!(domains::add(&mut tx, &domain(4, 1, "empty.example")).await.unwrap());
    assert!(domains::set_verified(&mut tx, domain_id(4), at(5), at(20)).await.unwrap());
    assert!(domains::add(&mut tx, &domain(5, 1, "unverified.example")).await.unwrap());
    let counted = domains::count_managed_each(&mut tx, organization_id(1)).await.unwrap();
    assert_eq!(counted, [(domain_id(1), 4), (domain_id(4), 0)]);
    // And nobody is once it is over.
    assert!(domains::set_lapsed(&mut tx, domain_id(1), at(7), at(8), "gone").await.unwrap());
    assert_eq!(domains::manager(&mut tx, user_id(4)).await.unwrap(), None);
    assert_eq!(domains::find_managed(&mut tx, organization_id(1), user_id(4)).await.unwrap(), None);
}

async fn managed_people_are_listed_and_filtered(store: Store) {
    let mut tx = with_domain(&store).await;
    let one = organization_id(1);
    let emails = async |tx: &mut store::Tx, text, is_member, after, limit| -> Vec<String> {
        let found = domains::list_managed(tx, one, text, is_member, after, limit).await.unwrap();
        found.into_iter().map(|managed| managed.email).collect()
    };
    let all = [1, 2, 3, 4].map(|number| user(number).email);
    assert_eq!(emails(&mut tx, None, None, None, 9).await, all);
    assert_eq!(emails(&mut tx, None, None, Some(&all[1]), 1).await, all[2..3]);
    assert_eq!(emails(&mut tx, None, Some(false), None, 9).await, all[3..]);
    assert_eq!(emails(&mut tx, Some("USER2"), Some(true), None, 9).await, all[1..2]);
    assert_eq!(emails(&mut tx, Some("user_"), None, None, 9).await, [""; 0]);
    for (text, is_member, count) in [(None, None, 4), (None, Some(true), 3), (Some("user4"), Some(true), 0)] {
        assert_eq!(domains::count_managed(&mut tx, one, text, is_member).await.unwrap(), count);
    }
    assert!(users::set_active(&mut tx, user_id(4), false).await.unwrap());
    let found = domains::find_managed(&mut tx, one, user_id(4)).await.unwrap().unwrap();
    assert_eq!((found.is_user_active, found.is_member, found.created_at), (false, false, at(2)));
    assert!(!found.has_second_factor);
    assert_eq!(domains::find_managed(&mut tx, organization_id(2), user_id(4)).await.unwrap(), None);
}

async fn what_managed_people_could_sign_in_with_is_told(store: Store) {
    let mut tx = with_domain(&store).await;
    users::set_password_hash(&mut tx, user_id(2), "", at(9)).await.unwrap();
    assert!(users::set_active(&mut tx, user_id(3), false).await.unwrap());
    let means = domains::managed_means(&mut tx, organization_id(1), 9).await.unwrap();
    let told: Vec<_> = means.iter().map(|one| (one.user_id, one.has_password, one.has_passkey)).collect();
    let expected = [(user_id(1), true, false), (user_id(2), false, false), (user_id(4), true, false)];
    assert_eq!(told, expected);
    assert_eq!(domains::managed_means(&mut tx, organization_id(1), 1).await.unwrap().len(), 1);
    assert_eq!(domains::managed_means(&mut tx, organization_id(2), 9).await.unwrap(), []);
}

async fn other_organizations_are_discovered(store: Store) {
    let mut tx = with_domain(&store).await;
    let one = organization_id(1);
    assert_eq!(domains::discovered(&mut tx, one, 9).await.unwrap(), []);
    memberships::add(&mut tx, organization_id(2), user_id(2), true, at(5)).await.unwrap();
    memberships::add(&mut tx, organization_id(2), user_id(4), false, at(5)).await.unwrap();
    let found = Discovered {
        organization_id: organization_id(2),
        name: organization(2).name,
        people: 2,
        super_admins: 1,
    };
    assert_eq!(domains::discovered(&mut tx, one, 9).await.unwrap(), [found]);
    assert_eq!(domains::discovered(&mut tx, one, 0).await.unwrap(), []);
    assert_eq!(domains::discovered(&mut tx, organization_id(2), 9).await.unwrap(), []);
}
