//! The contract of `store::identities`.

use domain::ids::IdentityProviderId;
use store::{
    Store, Tx,
    identities::{self, Identity},
    identity_providers,
    sessions::{self, Row},
    tokens::{self, Token},
    users,
};

use crate::{samples::*, tokens::token};

contract!(
    a_subject_is_one_person_at_one_provider,
    uses_are_noted_and_links_taken_away,
    goes_with_its_person,
    what_began_with_it_ends,
    first_sign_ins_at_once_link_one
);

fn identity(provider: u128, subject: &str, user: u128) -> Identity {
    Identity {
        identity_provider_id: provider_id(provider),
        subject: subject.into(),
        user_id: user_id(user),
        created_at: at(5),
        last_used_at: None,
    }
}

/// Two providers of two organizations, and users 1 to 4.
async fn with_providers(store: &Store) -> Tx {
    populate(store).await;
    let mut tx = store.write().await.unwrap();
    furnish(&mut tx).await;
    for number in [1, 2] {
        assert!(identity_providers::add(&mut tx, &provider(number, number, "IdP")).await.unwrap());
    }
    tx
}

async fn find(tx: &mut Tx, id: IdentityProviderId, subject: &str) -> Option<Identity> {
    identities::find(tx, id, subject).await.unwrap()
}

async fn a_subject_is_one_person_at_one_provider(store: Store) {
    let mut tx = with_providers(&store).await;
    let alice = Identity { last_used_at: Some(at(6)), ..identity(1, "Alice Ä", 2) };
    assert!(identities::add(&mut tx, &alice).await.unwrap());
    assert!(!identities::add(&mut tx, &identity(1, "Alice Ä", 3)).await.unwrap());
    // The same name elsewhere is somebody else; so is one that is written otherwise.
    let elsewhere = identity(2, "Alice Ä", 3);
    assert!(identities::add(&mut tx, &elsewhere).await.unwrap());
    for subject in ["alice Ä", "Alice Ä ", "Alice A\u{308}"] {
        assert_eq!(find(&mut tx, provider_id(1), subject).await, None, "{subject:?}");
    }
    assert_eq!(find(&mut tx, provider_id(1), "Alice Ä").await, Some(alice.clone()));
    assert_eq!(find(&mut tx, provider_id(2), "Alice Ä").await, Some(elsewhere));
    // A person may have several.
    let second = Identity { created_at: at(4), ..identity(1, "a2", 2) };
    assert!(identities::add(&mut tx, &second).await.unwrap());
    assert_eq!(identities::list_for_user(&mut tx, user_id(2)).await.unwrap(), [second, alice]);
    assert_eq!(identities::list_for_user(&mut tx, user_id(4)).await.unwrap(), []);
    assert_eq!(identities::count(&mut tx, provider_id(1)).await.unwrap(), 2);
    assert_eq!(identities::count(&mut tx, provider_id(9)).await.unwrap(), 0);
}

async fn uses_are_noted_and_links_taken_away(store: Store) {
    let mut tx = with_providers(&store).await;
    for one in [identity(1, "alice", 2), identity(2, "alice", 3)] {
        assert!(identities::add(&mut tx, &one).await.unwrap());
    }
    let (id, other) = (provider_id(1), provider_id(2));
    identities::touch(&mut tx, id, "alice", at(9)).await.unwrap();
    assert_eq!(find(&mut tx, id, "alice").await.unwrap().last_used_at, Some(at(9)));
    assert_eq!(find(&mut tx, other, "alice").await.unwrap().last_used_at, None);
    assert!(!identities::remove(&mut tx, id, "alice", user_id(3)).await.unwrap(), "somebody else's");
    assert!(!identities::remove(&mut tx, id, "bob", user_id(2)).await.unwrap());
    assert!(identities::remove(&mut tx, id, "alice", user_id(2)).await.unwrap());
    assert!(!identities::remove(&mut tx, id, "alice", user_id(2)).await.unwrap());
    assert!(find(&mut tx, other, "alice").await.is_some());
}

async fn goes_with_its_person(store: Store) {
    let mut tx = with_providers(&store).await;
    assert!(identities::add(&mut tx, &identity(1, "dora", 4)).await.unwrap());
    users::remove(&mut tx, user_id(4)).await.unwrap();
    assert_eq!(find(&mut tx, provider_id(1), "dora").await, None);
}

async fn what_began_with_it_ends(store: Store) {
    let mut tx = with_providers(&store).await;
    let began = [(1, 2, Some(1)), (2, 2, Some(2)), (3, 2, None), (4, 3, Some(1)), (5, 2, Some(1))];
    for (number, user, provider) in began {
        let identity_provider_id = provider.map(provider_id);
        let row = Row { identity_provider_id, ..session(number, Some(user)) };
        assert!(sessions::add(&mut tx, &row).await.unwrap());
        let token = Token { user_id: user_id(user), identity_provider_id, ..token(number.into()) };
        // One of them has made no token.
        if number != 5 {
            tokens::add(&mut tx, &token).await.unwrap();
        }
    }
    let ended = identities::end_what_began(&mut tx, provider_id(1), user_id(2)).await.unwrap();
    assert_eq!(ended, (2, 1));
    assert_eq!(identities::end_what_began(&mut tx, provider_id(1), user_id(2)).await.unwrap(), (0, 0));
    for (number, is_there) in [(1, false), (2, true), (3, true), (4, true)] {
        let found = sessions::find(&mut tx, &session(number, None).key_hash, at(50)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "session {number}");
        let found = tokens::find(&mut tx, token(number.into()).id).await.unwrap();
        assert_eq!(found.is_some(), is_there, "token {number}");
    }
}

async fn first_sign_ins_at_once_link_one(store: Store) {
    with_providers(&store).await.commit().await.unwrap();
    let link = async |user: u128| -> Result<bool, store::Error> {
        let mut tx = store.write().await?;
        let linked = identities::add(&mut tx, &identity(1, "alice", user)).await?;
        tx.commit().await?;
        Ok(linked)
    };
    let (one, other) = tokio::join!(link(2), link(3));
    let linked = [one, other].into_iter().filter(|result| matches!(result, Ok(true))).count();
    assert_eq!(linked, 1);
    let mut tx = store.read().await.unwrap();
    assert_eq!(identities::count(&mut tx, provider_id(1)).await.unwrap(), 1);
}
