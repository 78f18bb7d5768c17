//! Signing in and out, and what too many tries lead to.

use std::time::Duration;

use control::{housekeeping::Removed, sessions, users};
use domain::{
    errors::Error, events::EventType, ids::UserId, inputs::SignIn, secrets::Secret, states::Outcome,
};

use crate::world::{EMAIL, PASSWORD, Workers, World, done};

async fn sign_in(world: &World, email: &str, password: &str, address: &str) -> Result<UserId, Error> {
    let input = SignIn { email: email.into(), password: Secret::new(password.into()) };
    sessions::sign_in(&world.nobody_at(address), input).await.map(|step| done(step).user)
}

/// From a device that brings a mark; with the mark it has afterwards.
async fn sign_in_with(
    world: &World,
    (email, password): (&str, &str),
    device: Option<&Secret>,
) -> Result<Secret, Error> {
    let input = SignIn { email: email.into(), password: Secret::new(password.into()) };
    Ok(done(sessions::sign_in(&world.nobody_with(device), input).await?).device)
}

const HERE: &str = "203.0.113.9";

#[tokio::test]
async fn the_right_password_signs_in() {
    let world = World::new().await;
    assert_eq!(sign_in(&world, "  Ann@Example.org ", PASSWORD, HERE).await, Ok(world.user));
    assert_eq!(world.event_types().await.last().unwrap(), "user.signed_in");
    let profile = sessions::profile(&world.ctx()).await.unwrap();
    assert_eq!((profile.email.as_deref(), profile.is_simulated), (Some(EMAIL), true));
    assert!(profile.organizations[0].is_super_admin);
    assert_eq!(sessions::profile(&world.nobody()).await.unwrap_err().status(), 401);
    sessions::sign_out(&world.ctx()).await.unwrap();
    assert_eq!(world.event_types().await.last().unwrap(), "user.signed_out");
    assert_eq!(sessions::sign_out(&world.nobody()).await.unwrap_err().status(), 401);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_email_and_a_deactivated_account_look_the_same() {
    let world = World::new().await;
    world.add_user("gone@example.org", Some(true), false).await;
    let wrong = sign_in(&world, EMAIL, "not the password at all", HERE).await.unwrap_err();
    let unknown = sign_in(&world, "nobody@example.org", PASSWORD, HERE).await.unwrap_err();
    let deactivated = sign_in(&world, "gone@example.org", PASSWORD, HERE).await.unwrap_err();
    assert_eq!(wrong.status(), 401);
    assert_eq!((&wrong, &wrong), (&unknown, &deactivated));
    let malformed = sign_in(&world, "no address", PASSWORD, HERE).await.unwrap_err();
    assert_eq!(malformed.field(), Some("email"));
    // Each refused try is on record: with the organizations of an account, or else with the installation.
    let mut tx = world.store.read().await.unwrap();
    let denied = async |tx: &mut store::Tx, organization| {
        let events = crate::check::events(tx, organization).await;
        crate::check::check_chain(&events);
        let denied = events.into_iter().filter(|event| event.outcome == Outcome::Denied);
        denied
            .map(|event| (event.event_type, event.actor, event.subject_name.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    // It is nobody's act: whose account was tried is its subject.
    let told = |email: &str| (EventType::UserSignInRefused, "anonymous".to_owned(), email.to_owned());
    assert_eq!(denied(&mut tx, None).await, [told("")]);
    assert_eq!(denied(&mut tx, Some(world.organization)).await, [told(EMAIL), told("gone@example.org")]);
}

#[tokio::test]
async fn asvs_6_3_1_waits_double_and_the_right_password_looks_the_same_meanwhile() {
    let world = World::new().await;
    let wrong = "not the password at all";
    for _ in 0..4 {
        assert_eq!(sign_in(&world, EMAIL, wrong, HERE).await.unwrap_err().status(), 401);
    }
    // After the longest wait the count is half of what it was.
    for wait in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 16, 32] {
        assert_eq!(sign_in(&world, EMAIL, wrong, HERE).await.unwrap_err().status(), 401);
        let locked = sign_in(&world, EMAIL, wrong, HERE).await.unwrap_err();
        assert_eq!(locked, Error::limited(wait));
        assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap_err(), locked);
        world.clock.advance(Duration::from_secs(wait) - Duration::from_micros(1));
        assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap_err().status(), 429);
        world.clock.advance(Duration::from_micros(1));
    }
    assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await, Ok(world.user), "never locked for good");
    // And the count begins anew.
    for _ in 0..4 {
        assert_eq!(sign_in(&world, EMAIL, wrong, HERE).await.unwrap_err().status(), 401);
    }
    assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await, Ok(world.user));
}

/// Of many tries at the same moment no more are looked at than of as many one after another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asvs_6_3_1_tries_at_the_same_moment_are_counted_one_by_one() {
    for world in [World::new().await, World::postgres().await] {
        let world = std::sync::Arc::new(world);
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..60 {
            let world = world.clone();
            tries.spawn(async move { sign_in(&world, EMAIL, "not the password at all", HERE).await });
        }
        let answers = tries.join_all().await;
        let statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap_err().status()).collect();
        let looked_at = statuses.iter().filter(|status| **status == 401).count();
        assert!((1..=5).contains(&looked_at), "{statuses:?}");
        assert!(statuses.contains(&429), "{statuses:?}");
    }
}

/// Somebody else's wrong tries do not keep the owner of a device waiting.
#[tokio::test]
async fn asvs_6_3_1_a_device_that_signed_in_before_has_a_count_of_its_own() {
    let world = World::new().await;
    world.add_user("bob@example.org", Some(false), true).await;
    let right = (EMAIL, PASSWORD);
    let device = sign_in_with(&world, right, None).await.unwrap();
    let bobs = sign_in_with(&world, ("bob@example.org", PASSWORD), None).await.unwrap();
    for _ in 0..5 {
        assert_eq!(sign_in(&world, EMAIL, "a guess", HERE).await.unwrap_err().status(), 401);
    }
    let status = async |device: Option<&Secret>| match sign_in_with(&world, right, device).await {
        Ok(_) => 200,
        Err(error) => error.status(),
    };
    assert_eq!(status(None).await, 429);
    assert_eq!(status(Some(&bobs)).await, 429, "somebody else's device");
    let mut forged = device.expose().to_owned();
    let last = forged.pop().unwrap();
    forged.insert(4, last);
    for forged in [forged.as_str(), "", "AAAA", "%"] {
        assert_eq!(status(Some(&Secret::new(forged.into()))).await, 429, "{forged}");
    }
    assert_eq!(status(Some(&device)).await, 200);
    assert_eq!(status(None).await, 429, "that did not help the stranger");

    // It is no way around the waits, neither its own nor those of others.
    for _ in 0..5 {
        let guess = sign_in_with(&world, (EMAIL, "a guess"), Some(&device)).await;
        assert_eq!(guess.err().map(|error| error.status()), Some(401));
    }
    assert_eq!(status(Some(&device)).await, 429);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(status(Some(&device)).await, 200);
    for _ in 0..6 {
        sign_in(&world, EMAIL, "a guess", HERE).await.unwrap_err();
    }
    assert_eq!(status(Some(&device)).await, 200);
    world.clock.advance(sessions::DEVICE_LIFETIME);
    for _ in 0..6 {
        sign_in(&world, EMAIL, "a guess", HERE).await.unwrap_err();
    }
    assert_eq!(status(Some(&device)).await, 429, "too old");
}

/// One guess each quarter of an hour does not keep anybody out.
#[tokio::test]
async fn the_count_of_an_email_fades() {
    let world = World::new().await;
    for _ in 0..14 {
        while let Err(Error::Limited { retry_after_seconds, .. }) =
            sign_in(&world, EMAIL, "a guess", HERE).await
        {
            world.clock.advance(Duration::from_secs(retry_after_seconds));
        }
    }
    for _ in 0..6 {
        world.clock.advance(Duration::from_secs(900));
        assert_eq!(sign_in(&world, EMAIL, "a guess", HERE).await.unwrap_err().status(), 401);
    }
    assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await, Ok(world.user));
}

/// A failed sign-in is in the log of each organization of its account.
#[tokio::test]
async fn every_organization_of_an_account_is_told() {
    let world = World::new().await;
    let second = domain::ids::OrganizationId::from_uuid(world.uuid());
    let mut tx = world.store.write().await.unwrap();
    let organization = store::organizations::Organization {
        id: second,
        name: "Second".into(),
        wrapped_key: Vec::new(),
        created_at: world.now(),
        generation: 0,
    };
    store::organizations::add(&mut tx, &organization).await.unwrap();
    store::memberships::add(&mut tx, second, world.user, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    sign_in(&world, EMAIL, "a guess", HERE).await.unwrap_err();
    sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap();
    sessions::sign_out(&world.ctx()).await.unwrap();
    let mut tx = world.store.read().await.unwrap();
    for organization in [world.organization, second] {
        let events = crate::check::events(&mut tx, Some(organization)).await;
        crate::check::check_chain(&events);
        let last: Vec<_> =
            events.iter().rev().take(3).map(|event| (event.event_type, event.outcome)).collect();
        let expected = [
            (EventType::UserSignedOut, Outcome::Done),
            (EventType::UserSignedIn, Outcome::Done),
            (EventType::UserSignInRefused, Outcome::Denied),
        ];
        assert_eq!(last, expected);
    }
}

#[tokio::test]
async fn a_network_address_has_a_count_of_its_own() {
    let world = World::new().await;
    let guess = async |number: u32, address: &str| {
        sign_in(&world, &format!("user{number}@example.org"), "a guess", address).await.unwrap_err().status()
    };
    for number in 0..20 {
        assert_eq!(guess(number, "198.51.100.7").await, 401);
        if number == 10 {
            // One account of one's own does not buy twenty more guesses.
            assert_eq!(sign_in(&world, EMAIL, PASSWORD, "198.51.100.8").await, Ok(world.user));
        }
    }
    assert_eq!(guess(20, "198.51.100.7").await, 401);
    assert_eq!(guess(21, "198.51.100.99").await, 429, "the whole network waits");
    assert_eq!(sign_in(&world, EMAIL, PASSWORD, "198.51.100.8").await.unwrap_err().status(), 429);
    assert_eq!(guess(22, "198.51.101.7").await, 401, "the neighbours do not");
    assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await, Ok(world.user));

    world.clock.advance(Duration::from_secs(601));
    for number in 30..50 {
        assert_eq!(guess(number, "198.51.100.7").await, 401, "forgotten after ten minutes");
    }
}

#[tokio::test]
async fn session_rows_end() {
    let world = World::new().await;
    let rows = world.control.session_rows();
    let row = session_row(&world, 60);
    assert!(rows.add(&row).await.unwrap());
    assert_eq!(rows.load(&[9; 32]).await.unwrap().map(|(row, _)| row), Some(row));
    world.clock.advance(Duration::from_secs(60));
    assert!(rows.load(&[9; 32]).await.unwrap().is_none());
    rows.remove(&[9; 32]).await.unwrap();
}

/// Who has looked at the console lately is not idle, however long ago they signed in.
#[tokio::test]
async fn using_a_session_is_activity() {
    let world = World::new().await;
    let rows = world.control.session_rows();
    let mut row = sessions::SessionRow { user_id: Some(world.user), ..session_row(&world, 9000) };
    assert!(rows.add(&row).await.unwrap());
    world.clock.advance(Duration::from_secs(3600));
    row.last_seen_at = world.now();
    assert!(rows.touch(&row).await.unwrap());
    let found = users::view(&world.ctx(), world.organization, world.user).await.unwrap();
    assert_eq!(found.row.last_activity_at, Some(world.now()));
    rows.remove(&row.key_hash).await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    assert!(!rows.touch(&sessions::SessionRow { last_seen_at: world.now(), ..row }).await.unwrap());
    let again = users::view(&world.ctx(), world.organization, world.user).await.unwrap();
    assert_eq!(again.row.last_activity_at, found.row.last_activity_at, "an ended session is nobody's");
}

/// A request that was under way when the session was ended does not bring it back.
#[tokio::test]
async fn asvs_7_4_1_an_ended_session_stays_ended() {
    for world in [World::new().await, World::postgres().await] {
        let rows = world.control.session_rows();
        let row = session_row(&world, 60);
        assert!(rows.add(&row).await.unwrap());
        assert!(!rows.add(&row).await.unwrap(), "the key is taken");
        assert!(rows.save(&row).await.unwrap() && rows.touch(&row).await.unwrap());
        rows.remove(&row.key_hash).await.unwrap();
        assert!(!rows.save(&row).await.unwrap());
        assert!(!rows.touch(&row).await.unwrap());
        assert!(rows.load(&row.key_hash).await.unwrap().is_none());
    }
}

/// A row that lasts for so many seconds.
fn session_row(world: &World, seconds: u64) -> sessions::SessionRow {
    sessions::SessionRow {
        key_hash: vec![9; 32],
        user_id: Some(world.user),
        data: b"data".to_vec(),
        created_at: world.now(),
        last_seen_at: world.now(),
        expires_at: world.now().plus(Duration::from_secs(seconds)),
        address: None,
        agent: None,
        method: None,
        second_factor: None,
        proven_at: None,
        identity_provider_id: None,
        provider_organization_id: None,
        subject: None,
        session_index: None,
    }
}

#[tokio::test]
async fn what_has_ended_is_removed() {
    let world = World::new().await;
    assert_eq!(sign_in(&world, EMAIL, "a guess that is wrong", HERE).await.unwrap_err().status(), 401);
    // More than go in one transaction.
    let mut tx = world.store.write().await.unwrap();
    for number in 0..1203_u16 {
        let mut key_hash = vec![0; 30];
        key_hash.extend(number.to_be_bytes());
        let row = sessions::SessionRow {
            key_hash,
            user_id: Some(world.user),
            data: b"data".to_vec(),
            created_at: world.now(),
            last_seen_at: world.now(),
            expires_at: world.now().plus(Duration::from_secs(if number < 1200 { 60 } else { 48 * 3600 })),
            address: None,
            agent: None,
            method: None,
            second_factor: None,
            proven_at: None,
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        };
        assert!(store::sessions::add(&mut tx, &row).await.unwrap());
    }
    tx.commit().await.unwrap();
    let removed = |sessions, attempts| Ok(Removed { sessions, attempts, ..Removed::default() });
    assert_eq!(control::testing::tidy(&world.control).await, removed(0, 0));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(control::testing::tidy(&world.control).await, removed(1200, 0));
    // Those of the e-mail and of its network.
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(control::testing::tidy(&world.control).await, removed(0, 2));
    // Three of them, and the one that the super admin has.
    assert_eq!(world.dump().await["sessions"].len(), 4);
    assert_eq!(world.dump().await["sign_in_attempts"], Vec::<String>::new());
}

/// What nobody ended in time goes: ceremonies, links for new passwords, counts of mails.
#[tokio::test]
async fn what_nobody_ended_is_removed() {
    let world = World::new().await;
    sessions::begin_passkey(&world.nobody()).await.ok().unwrap();
    control::step_up::view(&world.ctx()).await.ok().unwrap();
    sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap();
    let mut tx = world.store.write().await.unwrap();
    let end = world.now().plus(Duration::from_secs(1800));
    store::password_resets::replace(&mut tx, world.user, &[1; 32], end, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let tidy = async || control::testing::tidy(&world.control).await.unwrap();
    let counts = |removed: Removed| (removed.ceremonies, removed.password_resets, removed.mail_tallies);
    assert_eq!(counts(tidy().await), (0, 0, 0));
    world.clock.advance(control::ceremonies::LIFETIME);
    assert_eq!(counts(tidy().await), (1, 0, 0));
    world.clock.advance(control::ceremonies::SECOND_FACTOR_LIFETIME);
    assert_eq!(counts(tidy().await), (1, 0, 0));
    world.clock.advance(Duration::from_secs(1800));
    assert_eq!(counts(tidy().await), (0, 1, 0));
    world.clock.advance(Duration::from_secs(50 * 3600));
    assert_eq!(counts(tidy().await), (0, 0, 1));
    assert_eq!(world.dump().await["mail_tallies"], Vec::<String>::new());
}

/// So do requests to identity providers whose answer nobody fetched, and assertions that nobody would accept any more.
#[tokio::test]
async fn what_identity_providers_left_is_removed() {
    let world = World::new().await;
    let made = control::identity_providers::create(
        &world.ctx(),
        world.organization,
        "Acme",
        domain::identity_providers::ProviderProtocol::Saml,
        "other",
    )
    .await;
    let (provider, now) = (made.unwrap().row.id, world.now());
    let mut tx = world.store.write().await.unwrap();
    // More than go in one transaction.
    for number in 0..702_u16 {
        let hash = number.to_be_bytes().to_vec();
        let seconds = if number < 700 { 60 } else { 120 };
        let expires_at = now.plus(Duration::from_secs(seconds));
        store::accepted_assertions::add(&mut tx, provider, &hash, expires_at).await.unwrap();
        let request = store::provider_requests::ProviderRequest {
            request_hash: hash,
            identity_provider_id: provider,
            is_test: false,
            created_at: now,
            expires_at,
            answered_at: None,
            answer_sealed: None,
        };
        store::provider_requests::add(&mut tx, &request).await.unwrap();
    }
    tx.commit().await.unwrap();
    let tidy = async || {
        let removed = control::testing::tidy(&world.control).await.unwrap();
        (removed.provider_requests, removed.accepted_assertions)
    };
    assert_eq!(tidy().await, (0, 0));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(tidy().await, (700, 700));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(tidy().await, (2, 2));
}

/// A server does so by itself.
#[tokio::test]
async fn a_server_removes_what_has_ended() {
    let world = World::new().await;
    let row = sessions::SessionRow {
        key_hash: vec![9; 32],
        user_id: None,
        data: Vec::new(),
        created_at: world.now(),
        last_seen_at: world.now(),
        expires_at: world.now(),
        address: None,
        agent: None,
        method: None,
        second_factor: None,
        proven_at: None,
        identity_provider_id: None,
        provider_organization_id: None,
        subject: None,
        session_index: None,
    };
    world.control.session_rows().add(&row).await.unwrap();
    let workers = Workers::start(&world, std::slice::from_ref(&world.control));
    let removed = async {
        // The one that the super admin has stays.
        while world.dump().await["sessions"].len() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), removed).await.expect("the row goes");
    workers.stop().await;
}

/// Each try that is turned away is on record, up to a number; then one says that there is no more to come.
#[tokio::test]
async fn asvs_16_3_1_tries_that_are_turned_away_are_on_record() {
    let world = World::new().await;
    for _ in 0..5 {
        sign_in(&world, EMAIL, "a guess that is wrong", HERE).await.unwrap_err();
    }
    for _ in 0..14 {
        assert_eq!(sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap_err().status(), 429);
    }
    let refused = async || {
        let mut tx = world.store.read().await.unwrap();
        let events = crate::check::events(&mut tx, Some(world.organization)).await;
        crate::check::check_chain(&events);
        events
            .into_iter()
            .filter(|event| event.event_type == EventType::UserSignInRefused)
            .filter(|event| event.text.starts_with("Turned "))
            .collect::<Vec<_>>()
    };
    let events = refused().await;
    assert_eq!(events.len(), 10);
    for event in &events {
        assert_eq!(
            (event.outcome, event.subject_name.as_deref(), event.user_id),
            (Outcome::Denied, Some(EMAIL), None)
        );
        assert_eq!(event.address.as_deref(), Some(HERE));
        assert!(
            event.text.starts_with("Turned ann@example.org away for another 2 seconds,"),
            "{}",
            event.text
        );
    }
    assert!(events[9].text.ends_with("further tries until then are not recorded one by one"));
    assert!(!events[8].text.contains("further"));
    // The next wait is told anew, and one second is one.
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(sign_in(&world, EMAIL, "a guess that is wrong", HERE).await.unwrap_err().status(), 401);
    let error = sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap_err();
    let Error::Limited { retry_after_seconds, .. } = error else { panic!("{error}") };
    assert_eq!(refused().await.len(), 11);
    world.clock.advance(Duration::from_secs(retry_after_seconds - 1));
    sign_in(&world, EMAIL, PASSWORD, HERE).await.unwrap_err();
    let events = refused().await;
    assert!(
        events[11].text.starts_with("Turned ann@example.org away for another 1 second,"),
        "{}",
        events[11].text
    );
}

/// An application user has an address that nobody can tell from one that nobody has.
#[tokio::test]
async fn application_users_do_not_sign_in() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let user = control::application_users::create(&ctx, organization, "deployer", "").await.unwrap();
    let mut tx = world.store.write().await.unwrap();
    let stored = store::users::find(&mut tx, user.row.user_id).await.unwrap().unwrap();
    // Not even if it had a password.
    let ann = store::users::find(&mut tx, world.user).await.unwrap().unwrap();
    store::users::set_password_hash(&mut tx, stored.id, &ann.password_hash, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let before = world.count_events("user.signed_in").await;
    let sign_in = |email: &str| SignIn { email: email.into(), password: Secret::new(PASSWORD.into()) };
    let refused = sessions::sign_in(&world.nobody(), sign_in(&stored.email)).await.err();
    assert_eq!(refused, sessions::sign_in(&world.nobody(), sign_in("nobody@example.org")).await.err());
    assert_eq!(refused.unwrap().status(), 401);
    assert_eq!(world.count_events("user.signed_in").await, before, "its organization is not told either");
}
