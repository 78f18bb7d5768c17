//! The contract of `store::identity_providers`.

use domain::{
    domains::{DomainState, DomainVerification},
    identity_providers::ProviderState,
    ids::{DomainId, IdentityProviderKeyId},
};
use store::{
    Error, Store, Tx,
    domains::{self, Domain},
    identities,
    identity_providers::{self, IdentityProvider, Key},
    memberships, sessions,
    tokens::{self, Token},
};

use crate::{samples::*, tokens::token};

contract!(
    a_name_is_given_once_in_an_organization,
    a_change_counts_up_and_knows_what_it_was_made_from,
    a_test_passes_for_the_settings_that_it_had,
    keys_are_listed_and_used_once,
    verified_domains_lead_to_active_ones,
    one_that_passed_and_is_active_is_told,
    members_have_ways_to_come,
    everything_goes_with_it,
    changes_at_once_leave_one,
);

fn key(number: u128, created_at: i64) -> Key {
    Key {
        id: IdentityProviderKeyId::from_uuid(uuid(number)),
        identity_provider_id: provider_id(1),
        private_sealed: vec![0, 255],
        certificate: vec![48, 0],
        created_at: at(created_at),
        used_from: None,
    }
}

/// `example.org`, which nobody has shown to hold.
fn domain(id: DomainId, organization: u128) -> Domain {
    Domain {
        id,
        organization_id: organization_id(organization),
        name: "example.org".into(),
        verification: DomainVerification::Dns,
        challenge_token: "abc".into(),
        state: DomainState::Unverified,
        state_since: at(1),
        created_at: at(1),
        verified_at: None,
        checked_at: None,
        next_check_at: None,
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    }
}

/// Two organizations, of which the first has provider 1.
async fn with_provider(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    assert!(identity_providers::add(&mut tx, &provider(1, 1, "Acme")).await.unwrap());
    tx
}

async fn found(tx: &mut Tx, number: u128) -> IdentityProvider {
    identity_providers::find(tx, provider_id(number)).await.unwrap().unwrap()
}

async fn a_name_is_given_once_in_an_organization(store: Store) {
    let mut tx = with_provider(&store).await;
    let full = IdentityProvider {
        state: ProviderState::Disabled,
        settings: "{\"entity_id\":\"ü\"}".into(),
        secret_sealed: Some(vec![1, 0]),
        last_test: Some("{}".into()),
        tested_at: Some(at(4)),
        passed_at: Some(at(5)),
        changed_at: at(6),
        generation: 7,
        ..provider(2, 1, "AAA")
    };
    assert!(identity_providers::add(&mut tx, &full).await.unwrap());
    assert!(!identity_providers::add(&mut tx, &provider(3, 1, "Acme")).await.unwrap());
    assert!(identity_providers::add(&mut tx, &provider(3, 2, "Acme")).await.unwrap(), "another's");
    let one = organization_id(1);
    assert_eq!(identity_providers::list(&mut tx, one).await.unwrap(), [full.clone(), provider(1, 1, "Acme")]);
    assert_eq!(identity_providers::count(&mut tx, one).await.unwrap(), 2);
    assert_eq!(identity_providers::count(&mut tx, organization_id(9)).await.unwrap(), 0);
    assert_eq!(identity_providers::find(&mut tx, provider_id(9)).await.unwrap(), None);
    assert_eq!(found(&mut tx, 2).await, full);
    assert!(!format!("{full:?}").contains("entity_id"));
    for (name, by_other_than, taken) in [("Acme", 2, true), ("Acme", 1, false), ("acme", 2, false)] {
        let other = provider_id(by_other_than);
        let is_taken = identity_providers::name_is_taken(&mut tx, one, name, other).await.unwrap();
        assert_eq!(is_taken, taken, "{name} {by_other_than}");
    }
}

async fn a_change_counts_up_and_knows_what_it_was_made_from(store: Store) {
    let mut tx = with_provider(&store).await;
    let changed = IdentityProvider {
        name: "Other".into(),
        state: ProviderState::Active,
        settings: "{\"a\":1}".into(),
        secret_sealed: Some(vec![9]),
        passed_at: Some(at(8)),
        changed_at: at(9),
        ..provider(1, 1, "Acme")
    };
    assert!(identity_providers::set(&mut tx, &changed).await.unwrap());
    assert_eq!(found(&mut tx, 1).await, IdentityProvider { generation: 1, ..changed.clone() });
    assert!(!identity_providers::set(&mut tx, &changed).await.unwrap(), "of another generation");
    let cleared = IdentityProvider { secret_sealed: None, passed_at: None, generation: 1, ..changed };
    assert!(identity_providers::set(&mut tx, &cleared).await.unwrap());
    assert_eq!(found(&mut tx, 1).await, IdentityProvider { generation: 2, ..cleared.clone() });
    assert!(!identity_providers::set(&mut tx, &provider(9, 1, "None")).await.unwrap());
    // A name that is taken is no silent loss.
    assert!(identity_providers::add(&mut tx, &provider(2, 1, "Second")).await.unwrap());
    let taken = IdentityProvider { name: "Second".into(), generation: 2, ..cleared };
    assert!(identity_providers::set(&mut tx, &taken).await.is_err());
}

async fn a_test_passes_for_the_settings_that_it_had(store: Store) {
    let mut tx = with_provider(&store).await;
    let id = provider_id(1);
    identity_providers::set_test(&mut tx, id, 0, "first\0", false, at(20)).await.unwrap();
    let row = found(&mut tx, 1).await;
    assert_eq!((row.tested_at, row.passed_at, row.generation), (Some(at(20)), None, 0));
    assert_eq!(row.last_test.as_deref(), Some("first\u{fffd}"), "PostgreSQL has no NUL in texts");
    identity_providers::set_test(&mut tx, id, 0, "second", true, at(21)).await.unwrap();
    assert_eq!(found(&mut tx, 1).await.passed_at, Some(at(21)));
    // One that was begun with settings of before says nothing of those of now.
    let cleared = IdentityProvider { passed_at: None, ..found(&mut tx, 1).await };
    assert!(identity_providers::set(&mut tx, &cleared).await.unwrap());
    identity_providers::set_test(&mut tx, id, 0, "third", true, at(22)).await.unwrap();
    let row = found(&mut tx, 1).await;
    assert_eq!((row.tested_at, row.passed_at, row.generation), (Some(at(22)), None, 1));
    assert_eq!(row.last_test.as_deref(), Some("third"));
    identity_providers::set_test(&mut tx, provider_id(9), 0, "none", true, at(22)).await.unwrap();
}

async fn keys_are_listed_and_used_once(store: Store) {
    let mut tx = with_provider(&store).await;
    let (id, first, second) = (provider_id(1), key(1, 5), key(2, 6));
    for one in [&first, &second] {
        identity_providers::add_key(&mut tx, one).await.unwrap();
    }
    assert_eq!(identity_providers::keys(&mut tx, id).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(identity_providers::keys(&mut tx, provider_id(2)).await.unwrap(), []);
    assert!(!format!("{second:?}").contains("private"));
    assert!(identity_providers::use_key(&mut tx, second.id, at(9)).await.unwrap());
    assert!(!identity_providers::use_key(&mut tx, second.id, at(10)).await.unwrap(), "it does already");
    let used = Key { used_from: Some(at(9)), ..second };
    assert_eq!(identity_providers::keys(&mut tx, id).await.unwrap(), [used, first.clone()]);
    assert!(identity_providers::remove_key(&mut tx, first.id).await.unwrap());
    assert!(!identity_providers::remove_key(&mut tx, first.id).await.unwrap());
    assert!(!identity_providers::use_key(&mut tx, first.id, at(9)).await.unwrap());
    assert_eq!(identity_providers::keys(&mut tx, id).await.unwrap().len(), 1);
}

async fn verified_domains_lead_to_active_ones(store: Store) {
    let mut tx = with_provider(&store).await;
    let ids = [1, 2].map(|number| DomainId::from_uuid(uuid(number)));
    for (id, organization) in [(ids[0], 1), (ids[1], 2)] {
        assert!(domains::add(&mut tx, &domain(id, organization)).await.unwrap());
    }
    let second = IdentityProvider { state: ProviderState::Active, ..provider(2, 1, "AAA") };
    assert!(identity_providers::add(&mut tx, &second).await.unwrap());
    let of = async |tx: &mut Tx| {
        let found = identity_providers::active_of_domain(tx, "example.org").await.unwrap();
        found.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    for number in [1, 2] {
        let id = provider_id(number);
        assert!(identity_providers::add_domain(&mut tx, id, ids[0]).await.unwrap());
        assert!(!identity_providers::add_domain(&mut tx, id, ids[0]).await.unwrap());
        // One that another organization lists leads to nobody here, whoever verified it.
        assert!(identity_providers::add_domain(&mut tx, id, ids[1]).await.unwrap());
        assert_eq!(identity_providers::domains(&mut tx, id).await.unwrap(), ids);
    }
    assert_eq!(of(&mut tx).await, [""; 0], "nobody has shown to hold it");
    assert!(domains::set_verified(&mut tx, ids[1], at(5), at(20)).await.unwrap());
    assert_eq!(of(&mut tx).await, [""; 0], "another organization holds it");
    domains::remove(&mut tx, ids[1]).await.unwrap();
    assert!(domains::set_verified(&mut tx, ids[0], at(5), at(20)).await.unwrap());
    assert_eq!(of(&mut tx).await, ["AAA"], "the other one is a draft");
    let first = IdentityProvider { state: ProviderState::Active, ..found(&mut tx, 1).await };
    assert!(identity_providers::set(&mut tx, &first).await.unwrap());
    assert_eq!(of(&mut tx).await, ["AAA", "Acme"]);
    assert_eq!(identity_providers::active_of_domain(&mut tx, "sub.example.org").await.unwrap(), []);
    assert!(identity_providers::remove_domain(&mut tx, provider_id(2), ids[0]).await.unwrap());
    assert!(!identity_providers::remove_domain(&mut tx, provider_id(2), ids[0]).await.unwrap());
    assert_eq!(of(&mut tx).await, ["Acme"]);
    domains::remove(&mut tx, ids[0]).await.unwrap();
    assert_eq!(identity_providers::domains(&mut tx, provider_id(1)).await.unwrap(), []);
}

async fn one_that_passed_and_is_active_is_told(store: Store) {
    let mut tx = with_provider(&store).await;
    let id = organization_id(1);
    for (state, passed_at, passed) in [
        (ProviderState::Draft, Some(at(5)), false),
        (ProviderState::Active, None, false),
        (ProviderState::Disabled, Some(at(5)), false),
        (ProviderState::Active, Some(at(5)), true),
    ] {
        let row = IdentityProvider { state, passed_at, ..found(&mut tx, 1).await };
        assert!(identity_providers::set(&mut tx, &row).await.unwrap());
        assert_eq!(
            identity_providers::has_passed(&mut tx, id).await.unwrap(),
            passed,
            "{state} {passed_at:?}"
        );
    }
    assert!(!identity_providers::has_passed(&mut tx, organization_id(2)).await.unwrap());
}

async fn members_have_ways_to_come(store: Store) {
    let mut tx = with_provider(&store).await;
    let id = organization_id(1);
    // Number 2 of another organization is active, 1 and 3 of this one are; 4 is a draft.
    for (number, organization) in [(2, 2), (3, 1), (4, 1)] {
        let row = provider(number, organization, &number.to_string());
        assert!(identity_providers::add(&mut tx, &row).await.unwrap());
    }
    for number in 1..=3 {
        let row = IdentityProvider { state: ProviderState::Active, ..found(&mut tx, number).await };
        assert!(identity_providers::set(&mut tx, &row).await.unwrap());
    }
    let link = |provider: u128, user: u128| identities::Identity {
        identity_provider_id: provider_id(provider),
        subject: format!("user {user}"),
        user_id: user_id(user),
        created_at: at(5),
        last_used_at: None,
    };
    // User 4 is no member.
    for (provider, user) in [(1, 1), (2, 1), (4, 2), (1, 4)] {
        assert!(identities::add(&mut tx, &link(provider, user)).await.unwrap());
    }
    let ways = async |tx: &mut Tx, limit| {
        let found = identity_providers::ways_of_members(tx, id, limit).await.unwrap();
        found
            .into_iter()
            .map(|(user, provider)| (user.uuid().as_u128(), provider.uuid().as_u128()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ways(&mut tx, 9).await, [(1, 1), (1, 2)]);
    let domain_id = DomainId::from_uuid(uuid(1));
    assert!(domains::add(&mut tx, &domain(domain_id, 1)).await.unwrap());
    for provider in [1, 3, 4] {
        assert!(identity_providers::add_domain(&mut tx, provider_id(provider), domain_id).await.unwrap());
    }
    assert_eq!(ways(&mut tx, 9).await, [(1, 1), (1, 2)], "the domain is not verified");
    assert!(domains::set_verified(&mut tx, domain_id, at(5), at(20)).await.unwrap());
    let all = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 3)];
    assert_eq!(ways(&mut tx, 9).await, all);
    assert_eq!(ways(&mut tx, 2).await, all[..2]);
    // Who is deactivated has none.
    assert!(memberships::set_active(&mut tx, id, user_id(3), false).await.unwrap());
    assert_eq!(ways(&mut tx, 9).await, all[..5]);
}

async fn everything_goes_with_it(store: Store) {
    let mut tx = with_provider(&store).await;
    let id = provider_id(1);
    let made = Token { user_id: user_id(2), identity_provider_id: Some(id), ..token(7) };
    for token in [&made, &token(8)] {
        tokens::add(&mut tx, token).await.unwrap();
    }
    identity_providers::add_key(&mut tx, &key(1, 5)).await.unwrap();
    let identity = identities::Identity {
        identity_provider_id: id,
        subject: "alice".into(),
        user_id: user_id(2),
        created_at: at(5),
        last_used_at: None,
    };
    assert!(identities::add(&mut tx, &identity).await.unwrap());
    let session = sessions::Row { identity_provider_id: Some(id), ..session(1, Some(2)) };
    assert!(sessions::add(&mut tx, &session).await.unwrap());
    assert!(sessions::add(&mut tx, &crate::samples::session(2, Some(2))).await.unwrap());
    assert_eq!(identity_providers::count_sessions(&mut tx, id, at(99)).await.unwrap(), 1);
    assert_eq!(identity_providers::count_sessions(&mut tx, id, at(100)).await.unwrap(), 0, "it is over");
    assert_eq!(identity_providers::count_tokens(&mut tx, id).await.unwrap(), 1);
    assert!(identity_providers::remove(&mut tx, id).await.unwrap());
    assert!(tokens::find(&mut tx, made.id).await.unwrap().is_none());
    assert!(tokens::find(&mut tx, token(8).id).await.unwrap().is_some());
    assert!(!identity_providers::remove(&mut tx, id).await.unwrap());
    assert_eq!(identity_providers::keys(&mut tx, id).await.unwrap(), []);
    assert_eq!(identities::list_for_user(&mut tx, user_id(2)).await.unwrap(), []);
    let left = sessions::list_for_user(&mut tx, user_id(2), at(50), 9).await.unwrap();
    assert_eq!(left, [crate::samples::session(2, Some(2))], "the session that began with a password stays");
}

async fn changes_at_once_leave_one(store: Store) {
    with_provider(&store).await.commit().await.unwrap();
    let change = async |name: &str| -> Result<bool, Error> {
        let mut tx = store.write().await?;
        let row = IdentityProvider { name: name.into(), ..provider(1, 1, "Acme") };
        let changed = identity_providers::set(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(changed)
    };
    let (one, other) = tokio::join!(change("One"), change("Other"));
    let changed = [one, other].into_iter().filter(|result| matches!(result, Ok(true))).count();
    assert_eq!(changed, 1);
    let mut tx = store.read().await.unwrap();
    assert_eq!(found(&mut tx, 1).await.generation, 1);
}
