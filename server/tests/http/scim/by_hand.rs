//! What is kept by SCIM is marked, and not changed by hand; what it does not keep is.

use control::{groups, managed, profiles, scim, users};
use domain::errors::Error;
use serde_json::json;

use super::workplace::{GROUP, USER, Workplace, id, read};
use crate::api::callers::{Person, Program, member};

#[track_caller]
fn is_kept<T>(result: Result<T, Error>) {
    match result.err() {
        Some(Error::Conflict { reason }) => {
            assert!(reason.contains("SCIM of the identity provider Okta"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_group_is_changed_there_alone() {
    let place = Workplace::new().await;
    let (ctx, organization) = (&place.ann.ctx, place.organization);
    let alice = place.push("alice@acme.example").await;
    let sent = json!({ "schemas": [GROUP], "displayName": "Ops", "members": [{ "value": alice["id"] }] });
    let ops = read(&place.okta().post("/Groups", sent).await, 201);
    let group = id(&ops);
    let shown = groups::view(ctx, organization, group).await.unwrap();
    for obstacle in [&shown.add_obstacle, &shown.take_obstacle, &shown.delete_obstacle] {
        assert!(obstacle.as_deref().unwrap().contains("managed by SCIM"), "{obstacle:?}");
    }
    is_kept(groups::edit(ctx, organization, group, shown.generation, "Other", "").await);
    is_kept(groups::add_members(ctx, organization, group, "ann@example.org").await);
    is_kept(groups::preview_add(ctx, organization, group, "ann@example.org").await);
    is_kept(groups::remove_member(ctx, organization, group, id(&alice)).await);
    is_kept(groups::preview_remove(ctx, organization, group, id(&alice)).await);
    is_kept(groups::delete(ctx, organization, group, "Ops").await);
    is_kept(groups::preview_delete(ctx, organization, group).await);
    // What it is for is not SCIM's.
    let edited = groups::edit(ctx, organization, group, shown.generation, "Ops", "On call").await.unwrap();
    assert_eq!(edited.row.description, "On call");
    // The same through the API.
    let token = place.ann.token(&domain::inputs::CreateToken::default()).await;
    let program = Program::new(&place.installation).with_token(&token);
    let path = format!("/v1/organizations/{organization}/groups/{group}");
    assert_eq!(program.get(&path).await.with(200)["managed_by_scim"]["identity_provider_name"], "Okta");
    let reply = program.send(axum::http::Method::DELETE, &format!("{path}?confirm=Ops"), None).await;
    assert_eq!(reply.problem().0, 409);

    scim::switch_off(ctx, organization, place.provider, "Okta").await.unwrap();
    assert_eq!(groups::view(ctx, organization, group).await.unwrap().managed_by_scim, None);
    groups::remove_member(ctx, organization, group, id(&alice)).await.unwrap();
    groups::delete(ctx, organization, group, "Ops").await.unwrap();
}

#[tokio::test]
async fn a_person_is_changed_there_and_shut_out_here_in_an_emergency() {
    let place = Workplace::new().await;
    let (ctx, organization) = (&place.ann.ctx, place.organization);
    let pushed = place.push("alice@acme.example").await;
    let (user, path) = (id(&pushed), format!("/Users/{}", pushed["id"].as_str().unwrap()));
    let shown = users::view(ctx, organization, user).await.unwrap();
    assert_eq!(shown.managed_by_scim.unwrap().identity_provider_name, "Okta");
    let alice = Person::signed_in(&place.installation, user).await;
    let own = profiles::own(&alice.ctx).await.unwrap();
    assert_eq!(own.managed_by_scim.unwrap().identity_provider_name, "Okta");
    is_kept(profiles::edit_own(&alice.ctx, own.generation, &own.texts).await);

    // Shut out by hand, and in again: the identity provider says that they may.
    users::deactivate(ctx, organization, user).await.unwrap();
    let now = read(&place.okta().get(&path).await, 200);
    assert_eq!(now["active"], false);
    assert_ne!(now["meta"]["version"], pushed["meta"]["version"]);
    // A change of something else lets nobody in, nor does what it said already, however it says it.
    let title = json!([{ "op": "replace", "path": "title", "value": "Chief" }]);
    let on = json!([{ "op": "replace", "path": "active", "value": true }]);
    for changes in [title, on.clone()] {
        assert_eq!(read(&place.okta().patch(&path, changes).await, 200)["active"], false);
    }
    for active in [None, Some(true)] {
        let mut sent = json!({ "schemas": [USER], "userName": "alice@acme.example" });
        active.into_iter().for_each(|active| sent["active"] = active.into());
        assert_eq!(read(&place.okta().put(&path, sent).await, 200)["active"], false, "{active:?}");
    }
    // What is new lets them in: that they are out, and that they are in again.
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    read(&place.okta().patch(&path, off).await, 200);
    assert_eq!(read(&place.okta().patch(&path, on).await, 200)["active"], true);
    users::deactivate(ctx, organization, user).await.unwrap();
    users::reactivate(ctx, organization, user).await.unwrap();
    // Shut out there, they are not let in here.
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    read(&place.okta().patch(&path, off).await, 200);
    for result in
        [users::reactivate(ctx, organization, user).await, managed::reactivate(ctx, organization, user).await]
    {
        let Some(Error::Conflict { reason }) = result.err() else { panic!() };
        assert!(reason.contains("reactivated there"), "{reason}");
    }
    // That they are out it may say again: whatever let them in meanwhile counts no more.
    let mut tx = place.installation.store.write().await.unwrap();
    store::users::set_active(&mut tx, user, true).await.unwrap();
    store::memberships::set_active(&mut tx, organization, user, true).await.unwrap();
    tx.commit().await.unwrap();
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(read(&place.okta().patch(&path, off).await, 200)["active"], false);
    assert!(!place.user("alice@acme.example").await.is_active && !place.membership(user).await.is_active);
    // Whoever is removed by hand is kept no more, and can be pushed again.
    users::remove(ctx, organization, user, "alice@acme.example").await.unwrap();
    assert_eq!(place.okta().get(&path).await.status, 404);
    assert_eq!(place.push("alice@acme.example").await["id"], pushed["id"]);
}

#[tokio::test]
async fn switching_off_says_how_many_are_left_to_be_changed_by_hand() {
    let place = Workplace::new().await;
    let (ctx, organization) = (&place.ann.ctx, place.organization);
    place.push("alice@acme.example").await;
    let ops = json!({ "schemas": [GROUP], "displayName": "Ops" });
    read(&place.okta().post("/Groups", ops).await, 201);
    let removal =
        control::identity_providers::preview_remove(ctx, organization, place.provider).await.unwrap();
    assert_eq!((removal.scim_people, removal.scim_groups), (1, 1));
    let shown = scim::view(ctx, organization, place.provider).await.unwrap();
    assert_eq!((shown.people, shown.groups), (1, 1));
    // Who is no super admin sees it at most.
    let bob = member(&place.installation, organization, "bob@example.org").await;
    assert!(scim::view(&bob.ctx, organization, place.provider).await.is_err());
    assert!(scim::make_token(&bob.ctx, organization, place.provider).await.is_err());
    assert!(scim::switch_off(&bob.ctx, organization, place.provider, "Okta").await.is_err());
    control::identity_providers::remove(ctx, organization, place.provider, "Okta").await.unwrap();
    let alice = place.user("alice@acme.example").await;
    assert!(alice.is_active && place.membership(alice.id).await.is_active);
    assert_eq!(users::view(ctx, organization, alice.id).await.unwrap().managed_by_scim, None);
}
