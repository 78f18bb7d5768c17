//! Groups: pushed, filled, renamed, deleted.

use axum::http::StatusCode;
use domain::{events::EventType, ids::UserId, principals::UserKind};
use serde_json::{Value, json};
use store::users::User;
use uuid::Uuid;

use super::workplace::{GROUP, Workplace, id, read, refusal};

async fn push(place: &Workplace, name: &str, members: &[&Value]) -> Value {
    let members: Vec<Value> = members.iter().map(|user| json!({ "value": user["id"] })).collect();
    let sent = json!({ "schemas": [GROUP], "displayName": name, "externalId": "g1", "members": members });
    read(&place.okta().post("/Groups", sent).await, 201)
}

#[tokio::test]
async fn a_group_is_pushed_with_members_and_holds_nothing() {
    let place = Workplace::new().await;
    let (alice, bea) = (place.push("alice@acme.example").await, place.push("bea@acme.example").await);
    let ops = push(&place, "Ops", &[&alice, &bea]).await;
    assert_eq!((ops["displayName"].as_str(), ops["externalId"].as_str()), (Some("Ops"), Some("g1")));
    let members = ops["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    let location = format!("http://localhost:8080{}/Users/{}", place.base(), alice["id"].as_str().unwrap());
    assert!(members.iter().any(|member| member["$ref"] == location && member["type"] == "User"));
    assert!(place.is_in(&ops, &alice).await && place.is_in(&ops, &bea).await);
    let shown = control::groups::view(&place.ann.ctx, place.organization, id(&ops)).await.unwrap();
    assert_eq!((shown.row.members, shown.row.grants), (2, 0));
    assert_eq!(shown.managed_by_scim.unwrap().identity_provider_name, "Okta");
    let events = place.events(EventType::GroupCreated).await;
    assert_eq!((events.len(), events[0].actor.as_str()), (1, "SCIM of Okta"));
    let list = read(&place.okta().get("/Groups?filter=displayName%20eq%20%22ops%22").await, 200);
    assert_eq!((list["totalResults"].as_i64(), &list["Resources"][0]["id"]), (Some(1), &ops["id"]));
    let without = read(&place.okta().get("/Groups?excludedAttributes=members").await, 200);
    assert!(without["Resources"][0].get("members").is_none());
    let with = format!("/Groups?filter=members%20eq%20%22{}%22", alice["id"].as_str().unwrap());
    assert_eq!(read(&place.okta().get(&with).await, 200)["totalResults"], 1);
}

#[tokio::test]
async fn a_page_holds_fewer_groups_where_they_are_large() {
    const MEMBERS: usize = 10_500;
    let place = Workplace::new().await;
    let (large, larger) = (push(&place, "Large", &[]).await, push(&place, "Larger", &[]).await);
    let now = place.installation.control.session_rows().now();
    let mut tx = place.installation.store.write().await.unwrap();
    for number in 0..MEMBERS {
        let user = UserId::from_uuid(Uuid::from_u128(0xe000_0000 + number as u128));
        let email = format!("p{number}@acme.example");
        store::users::add(&mut tx, &User::new(user, &email, UserKind::Person, now)).await.unwrap();
        for group in [&large, &larger] {
            store::group_members::add(&mut tx, id(group), user, now).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let page = async |query: &str| {
        let list = read(&place.okta().get(&format!("/Groups?{query}")).await, 200);
        let names = list["Resources"].as_array().unwrap().iter();
        let names: Vec<String> = names.map(|group| group["displayName"].as_str().unwrap().into()).collect();
        assert_eq!(
            (list["totalResults"].as_u64(), list["itemsPerPage"].as_u64()),
            (Some(2), Some(names.len() as u64))
        );
        names
    };
    assert_eq!(page("").await.len(), 1, "as many members as there can be on one page");
    assert_ne!(page("startIndex=1").await, page("startIndex=2").await);
    assert_eq!(page("excludedAttributes=members").await.len(), 2);
}

#[tokio::test]
async fn members_come_and_go_each_on_record() {
    let place = Workplace::new().await;
    let (alice, bea) = (place.push("alice@acme.example").await, place.push("bea@acme.example").await);
    let ops = push(&place, "Ops", &[&alice]).await;
    let path = format!("/Groups/{}", ops["id"].as_str().unwrap());
    let of = |user: &Value| user["id"].as_str().unwrap().to_owned();
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": of(&bea) }, { "value": of(&alice) }] }]);
    let changed = read(&place.okta().patch(&path, add.clone()).await, 200);
    assert_eq!(changed["members"].as_array().unwrap().len(), 2);
    assert_ne!(changed["meta"]["version"], ops["meta"]["version"]);
    assert_eq!(
        read(&place.okta().patch(&path, add).await, 200)["meta"]["version"],
        changed["meta"]["version"]
    );
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", of(&alice)) }]);
    read(&place.okta().patch(&path, remove).await, 200);
    assert!(!place.is_in(&ops, &alice).await && place.is_in(&ops, &bea).await);
    let added = place.events(EventType::GroupMemberAdded).await;
    let removed = place.events(EventType::GroupMemberRemoved).await;
    assert!(added[0].text.contains("bea@acme.example") && removed[0].text.contains("alice@acme.example"));
    assert_eq!((added.len(), removed.len()), (1, 1));
    let put = json!({ "schemas": [GROUP], "displayName": "Operators", "members": [{ "value": of(&alice) }] });
    let put = read(&place.okta().put(&path, put).await, 200);
    assert_eq!((put["displayName"].as_str(), put.get("externalId")), (Some("Operators"), None));
    assert!(place.is_in(&ops, &alice).await && !place.is_in(&ops, &bea).await);
    // Whoever is kept no more leaves.
    let before = put["meta"]["version"].clone();
    place.okta().delete(&format!("/Users/{}", of(&alice))).await;
    let left = read(&place.okta().get(&path).await, 200);
    assert_eq!((left.get("members"), left["meta"]["version"] == before), (None, false));
}

#[tokio::test]
async fn strangers_and_taken_names_are_refused() {
    let place = Workplace::new().await;
    let alice = place.push("alice@acme.example").await;
    let ops = push(&place, "Ops", &[&alice]).await;
    let path = format!("/Groups/{}", ops["id"].as_str().unwrap());
    let by_hand = control::groups::create(&place.ann.ctx, place.organization, "By hand", "").await.unwrap();
    for (sent, status, kind, said) in [
        (json!({ "displayName": "ops" }), 409, "uniqueness", "called ops already"),
        (json!({ "displayName": "By Hand" }), 409, "uniqueness", "not taken over"),
        (json!({ "displayName": "" }), 400, "invalidValue", "displayName"),
        (json!({ "displayName": "x".repeat(300) }), 400, "invalidValue", "displayName"),
        (
            json!({ "displayName": "New", "members": [{ "value": place.ann.id.to_string() }] }),
            400,
            "invalidValue",
            "nobody whom",
        ),
        (json!({ "displayName": "New", "members": [{ "value": "x" }] }), 400, "invalidValue", "nobody whom"),
        (json!({ "displayName": "New", "members": [{ "display": "x" }] }), 400, "invalidValue", "id"),
    ] {
        let mut sent = sent;
        sent["schemas"] = json!([GROUP]);
        let (is_status, is_kind, detail) = refusal(&place.okta().post("/Groups", sent.clone()).await);
        assert_eq!((is_status, is_kind.as_str()), (status, kind), "{sent}: {detail}");
        assert!(detail.contains(said), "{sent}: {detail}");
    }
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "By hand" }]);
    assert_eq!(refusal(&place.okta().patch(&path, rename).await).0, 409);
    // One that was made by hand is not there for it.
    let other = format!("/Groups/{}", by_hand.row.id);
    assert_eq!(refusal(&place.okta().get(&other).await).0, 404);
    assert_eq!(refusal(&place.okta().delete(&other).await).0, 404);
    assert_eq!(read(&place.okta().get("/Groups").await, 200)["totalResults"], 1);
}

#[tokio::test]
async fn a_deleted_group_takes_what_it_gave_along() {
    let place = Workplace::new().await;
    let alice = place.push("alice@acme.example").await;
    let ops = push(&place, "Ops", &[&alice]).await;
    let path = format!("/Groups/{}", ops["id"].as_str().unwrap());
    let stale = place.okta().with_header("if-match", "W/\"0\"").delete(&path).await;
    assert_eq!(refusal(&stale).0, 412);
    let reply = place.okta().delete(&path).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(refusal(&place.okta().get(&path).await).0, 404);
    let events = place.events(EventType::GroupDeleted).await;
    assert!(events[0].text.contains("SCIM of Okta deleted the group Ops"), "{}", events[0].text);
    // The name is free again.
    push(&place, "Ops", &[]).await;
}
