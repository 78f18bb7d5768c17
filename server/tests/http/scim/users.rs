//! People: pushed, taken over, listed, changed, shut out.

use axum::http::StatusCode;
use domain::events::EventType;
use serde_json::json;
use store::users::User;

use super::workplace::{USER, Workplace, id, read, refusal, verified, with_scim};
use crate::{api::callers::member, installation::EMAIL};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn somebody_is_pushed_with_all_that_is_kept() {
    let place = Workplace::new().await;
    let sent = json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "Alice@ACME.example",
        "externalId": "00u1",
        "name": { "givenName": "Alice", "familyName": "Älv" },
        "title": "Chief",
        "password": "a password that is not kept",
        "emails": [{ "value": "alice@acme.example", "primary": true }],
        "addresses": [{ "type": "work", "locality": "Wien", "country": "AT" }],
        "active": true,
        ENTERPRISE: { "department": "Research" },
    });
    let reply = place.okta().post("/Users", sent).await;
    let made = read(&reply, 201);
    let location = format!("http://localhost:8080{}/Users/{}", place.base(), made["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), location);
    assert_eq!(made["meta"]["location"], location);
    assert_eq!(made["meta"]["version"], reply.header("etag"));
    assert_eq!(made["userName"], "alice@acme.example");
    assert_eq!(made["emails"], json!([{ "value": "alice@acme.example", "type": "work", "primary": true }]));
    assert_eq!(made[ENTERPRISE]["department"], "Research");
    assert!(!reply.text.contains("password"));
    let alice = place.user("alice@acme.example").await;
    let expected = User {
        id: id(&made),
        name: "Alice Älv".into(),
        job_title: "Chief".into(),
        department: "Research".into(),
        city: "Wien".into(),
        country: "AT".into(),
        password_hash: String::new(),
        ..alice.clone()
    };
    assert_eq!(alice, expected);
    assert!(place.membership(alice.id).await.is_active);
    assert_eq!(read(&place.okta().get(&format!("/Users/{}", alice.id)).await, 200), made);

    let events = place.events(EventType::ScimUserAdded).await;
    assert_eq!((events.len(), events[0].actor.as_str()), (1, "SCIM of Okta"));
    assert_eq!(events[0].credential.as_deref(), Some("SCIM token"));
    assert!(events[0].text.contains("alice@acme.example") && events[0].text.contains("a new account"));
    assert!(!format!("{events:?}").contains("a password that"), "it is kept nowhere");
    assert_eq!(place.events(EventType::UserJoined).await.len(), 1);
}

#[tokio::test]
async fn who_is_here_is_taken_over_and_nobody_is_pushed_twice() {
    let place = Workplace::new().await;
    let bea = member(&place.installation, place.organization, "bea@acme.example").await;
    let made = place.push("bea@acme.example").await;
    assert_eq!(id::<domain::ids::UserId>(&made), bea.id);
    assert!(place.events(EventType::ScimUserAdded).await[0].text.contains("an account that was here"));
    let again = json!({ "schemas": [USER], "userName": "BEA@acme.example" });
    let (status, kind, detail) = refusal(&place.okta().post("/Users", again.clone()).await);
    assert_eq!((status, kind.as_str()), (409, "uniqueness"));
    assert!(detail.contains("SCIM of Okta"), "{detail}");
    // Another identity provider of the organization keeps nobody whom this one keeps, and sees nobody of it.
    let linked = store::identity_providers::domains(
        &mut place.installation.store.read().await.unwrap(),
        place.provider,
    )
    .await
    .unwrap();
    let other = with_scim(&place.ann, place.organization, "Entra", &linked).await;
    let token = control::scim::make_token(&place.ann.ctx, place.organization, other).await.unwrap();
    let base = place.base().replace(&place.provider.to_string(), &other.to_string());
    let entra = place.with(token.token.expose()).program;
    let (status, kind, _) = refusal(&entra.post(&format!("{base}/Users"), again).await);
    assert_eq!((status, kind.as_str()), (409, "uniqueness"));
    let one = entra.get(&format!("{base}/Users/{}", bea.id)).await;
    assert_eq!(refusal(&one).0, 404);
    assert_eq!(read(&entra.get(&format!("{base}/Users")).await, 200)["totalResults"], 0);
}

#[tokio::test]
async fn only_addresses_of_linked_domains_are_taken() {
    let place = Workplace::new().await;
    verified(&place.installation, place.organization, "unlinked.example", 0xd1).await;
    for address in ["x@elsewhere.example", "x@unlinked.example", "x@sub.acme.example", EMAIL] {
        let reply = place.okta().post("/Users", json!({ "schemas": [USER], "userName": address })).await;
        let (status, kind, detail) = refusal(&reply);
        assert_eq!((status, kind.as_str()), (400, "invalidValue"), "{address}");
        assert!(detail.contains("not verified") && detail.contains("linked"), "{detail}");
    }
    for (sent, reason) in [
        (json!({ "userName": "alice" }), "no e-mail address"),
        (json!({ "userName": "älice@acme.example" }), "ASCII"),
        (json!({}), "userName is missing"),
        (
            json!({ "userName": "a@acme.example", "emails": [{ "value": "b@acme.example" }] }),
            "not the userName",
        ),
        (
            json!({ "userName": "a@acme.example", "addresses": [{ "type": "work", "country": "Austria" }] }),
            "country",
        ),
        (json!({ "userName": "a@acme.example", "title": "x".repeat(200) }), "128"),
    ] {
        let mut sent = sent;
        sent["schemas"] = json!([USER]);
        let (status, kind, detail) = refusal(&place.okta().post("/Users", sent.clone()).await);
        assert_eq!((status, kind.as_str()), (400, "invalidValue"), "{sent}: {detail}");
        assert!(detail.contains(reason), "{sent}: {detail}");
    }
    assert_eq!(read(&place.okta().get("/Users").await, 200)["totalResults"], 0);
    assert!(place.events(EventType::ScimUserAdded).await.is_empty());
}

#[tokio::test]
async fn lists_are_paged_filtered_and_cut() {
    let place = Workplace::new().await;
    for number in 0..7 {
        let sent = json!({
            "schemas": [USER], "userName": format!("u{number}@acme.example"), "externalId": format!("e{}", number % 2),
            "title": if number < 3 { "Chief" } else { "Clerk" }, "active": number != 6,
        });
        read(&place.okta().post("/Users", sent).await, 201);
    }
    for (query, total, names) in [
        ("", 7, &["u0", "u1", "u2", "u3", "u4", "u5", "u6"][..]),
        ("?startIndex=3&count=2", 7, &["u2", "u3"]),
        ("?startIndex=7&count=2", 7, &["u6"]),
        ("?startIndex=8", 7, &[]),
        ("?count=0", 7, &[]),
        ("?filter=userName%20eq%20%22U3@acme.example%22", 1, &["u3"]),
        ("?filter=userName%20eq%20%22nobody@acme.example%22", 0, &[]),
        ("?filter=externalId%20eq%20%22e1%22", 3, &["u1", "u3", "u5"]),
        ("?filter=externalId%20eq%20%22e1%22&startIndex=2&count=1", 3, &["u3"]),
        ("?filter=title%20eq%20%22chief%22%20and%20not%20(userName%20sw%20%22u1%22)", 2, &["u0", "u2"]),
        ("?filter=active%20eq%20false", 1, &["u6"]),
        ("?filter=emails%5Bvalue%20co%20%22u2%22%5D", 1, &["u2"]),
        ("?filter=id%20eq%20%22nonsense%22", 0, &[]),
        ("?filter=userName%20sw%20%22u%22&startIndex=6", 7, &["u5", "u6"]),
        ("?sortBy=userName&sortOrder=descending&count=1", 7, &["u0"]),
    ] {
        let list = read(&place.okta().get(&format!("/Users{query}")).await, 200);
        assert_eq!(list["totalResults"], total, "{query}");
        let found: Vec<String> = list["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["userName"].as_str().unwrap().split('@').next().unwrap().to_owned())
            .collect();
        assert_eq!(found, names, "{query}");
        assert_eq!(list["itemsPerPage"], names.len());
    }
    for query in ["?filter=nonsense%20pr", "?filter=phoneNumbers%20pr", "?filter=userName", "?filter="] {
        let (status, kind, _) = refusal(&place.okta().get(&format!("/Users{query}")).await);
        assert_eq!((status, kind.as_str()), (400, "invalidFilter"), "{query}");
    }
    let cut = read(&place.okta().get("/Users?attributes=userName&count=1").await, 200);
    let members: Vec<&String> = cut["Resources"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "schemas", "userName"]);
    let cut = read(&place.okta().get("/Users?excludedAttributes=emails,meta&count=1").await, 200);
    assert!(cut["Resources"][0].get("emails").is_none() && cut["Resources"][0]["title"] == "Chief");
    assert_eq!(refusal(&place.okta().get("/Users?attributes=a&excludedAttributes=b").await).0, 400);
    assert_eq!(refusal(&place.okta().get("/Users?count=many").await).0, 400);
}

#[tokio::test]
async fn a_change_counts_up_and_an_old_version_changes_nothing() {
    let place = Workplace::new().await;
    let made = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let first = made["meta"]["version"].as_str().unwrap().to_owned();
    let title = |text: &str| json!([{ "op": "replace", "path": "title", "value": text }]);
    let reply = place.okta().with_header("if-match", &first).patch(&path, title("Chief")).await;
    let second = read(&reply, 200)["meta"]["version"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    // What is so already is no change.
    let same = place.okta().patch(&path, title("Chief")).await;
    assert_eq!(read(&same, 200)["meta"]["version"], second);
    assert_eq!(place.events(EventType::ScimUserChanged).await.len(), 1);
    for method in ["put", "patch", "delete"] {
        let stale = place.okta().with_header("if-match", &first);
        let reply = match method {
            "put" => stale.put(&path, json!({ "schemas": [USER], "userName": "alice@acme.example" })).await,
            "patch" => stale.patch(&path, title("x")).await,
            _ => stale.delete(&path).await,
        };
        let (status, kind, detail) = refusal(&reply);
        assert_eq!((status, kind.as_str()), (412, ""), "{method}");
        assert!(detail.contains(&second), "{detail}");
    }
    assert_eq!(place.user("alice@acme.example").await.job_title, "Chief");
    let known = place.okta().with_header("if-none-match", &second).get(&path).await;
    assert_eq!((known.status, known.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let any = place.okta().with_header("if-match", "*").patch(&path, title("Any")).await;
    assert_eq!(read(&any, 200)["title"], "Any");
    // A replacement leaves nothing of what it does not say, and is active as before.
    let put = place.okta().put(&path, json!({ "schemas": [USER], "userName": "alice@acme.example" })).await;
    let put = read(&put, 200);
    assert_eq!((put.get("title"), put["active"] == true), (None, true));
    assert_eq!(place.user("alice@acme.example").await.job_title, "");
}

#[tokio::test]
async fn a_name_is_changed_to_another_address_of_the_domain() {
    let place = Workplace::new().await;
    place.push("bob@acme.example").await;
    let made = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let rename = |to: &str| json!([{ "op": "replace", "path": "userName", "value": to }]);
    for (to, status, kind) in [
        ("bob@acme.example", 409, "uniqueness"),
        ("alice@elsewhere.example", 400, "invalidValue"),
        (EMAIL, 400, "invalidValue"),
    ] {
        let (is_status, is_kind, _) = refusal(&place.okta().patch(&path, rename(to)).await);
        assert_eq!((is_status, is_kind.as_str()), (status, kind), "{to}");
    }
    let other_mail =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@acme.example" }]);
    let (status, kind, detail) = refusal(&place.okta().patch(&path, other_mail.clone()).await);
    assert_eq!((status, kind.as_str()), (400, "invalidValue"));
    assert!(detail.contains("not the userName"), "{detail}");
    let mut both = rename("New@acme.example");
    both.as_array_mut().unwrap().extend(other_mail.as_array().unwrap().clone());
    let renamed = read(&place.okta().patch(&path, both).await, 200);
    assert_eq!(renamed["userName"], "new@acme.example");
    assert_eq!(renamed["emails"][0]["value"], "new@acme.example");
    assert_eq!(place.user("new@acme.example").await.id, id(&made));
    // Whoever could make a super admin's name another one's could sign in as they.
    let mut tx = place.installation.store.write().await.unwrap();
    store::memberships::set_super_admin(&mut tx, place.organization, id(&made), true).await.unwrap();
    tx.commit().await.unwrap();
    let (status, kind, detail) = refusal(&place.okta().patch(&path, rename("eve@acme.example")).await);
    assert_eq!((status, kind.as_str()), (400, "mutability"));
    assert!(detail.contains("is a super admin"), "{detail}");
    assert_eq!(place.user("new@acme.example").await.id, id(&made));
}

#[tokio::test]
async fn who_is_shut_out_is_so_everywhere_and_comes_back() {
    let place = Workplace::new().await;
    let made = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let alice = crate::api::callers::Person::signed_in(&place.installation, id(&made)).await;
    assert!(control::sessions::profile(&alice.ctx).await.is_ok());
    let off = place.okta().patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert_eq!(read(&off, 200)["active"], false);
    let user = place.user("alice@acme.example").await;
    assert!(!user.is_active && !place.membership(user.id).await.is_active);
    assert!(control::sessions::profile(&alice.ctx).await.is_err(), "their session has ended");
    for event_type in [EventType::UserDeactivated, EventType::AccountDeactivated] {
        let events = place.events(event_type).await;
        assert_eq!((events.len(), events[0].actor.as_str()), (1, "SCIM of Okta"));
    }
    let on = place.okta().patch(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await;
    assert_eq!(read(&on, 200)["active"], true);
    let user = place.user("alice@acme.example").await;
    assert!(user.is_active && place.membership(user.id).await.is_active);
}

#[tokio::test]
async fn who_is_removed_is_shut_out_and_their_account_stays() {
    let place = Workplace::new().await;
    let made = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let reply = place.okta().delete(&path).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::NO_CONTENT, ""));
    for reply in [place.okta().get(&path).await, place.okta().delete(&path).await] {
        assert_eq!(refusal(&reply).0, 404);
    }
    let user = place.user("alice@acme.example").await;
    assert!(!user.is_active && !place.membership(user.id).await.is_active);
    // Pushed again, the same person is taken over and let in.
    let again = place.push("alice@acme.example").await;
    assert_eq!(again["id"], made["id"]);
    assert!(place.user("alice@acme.example").await.is_active);
}

#[tokio::test]
async fn whom_the_organization_cannot_do_without_stays() {
    let place = Workplace::new().await;
    // The only super admin is moved into the domain.
    let mut tx = place.installation.store.write().await.unwrap();
    assert!(store::users::set_email(&mut tx, place.ann.id, "ann@acme.example").await.unwrap());
    tx.commit().await.unwrap();
    let ann = place.push("ann@acme.example").await;
    let path = format!("/Users/{}", ann["id"].as_str().unwrap());
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    for reply in [place.okta().patch(&path, off.clone()).await, place.okta().delete(&path).await] {
        let (status, _, detail) = refusal(&reply);
        assert_eq!(status, 409);
        assert!(detail.contains("last active super admin"), "{detail}");
    }
    let now = place.installation.control.session_rows().now();
    // With a second one, it is the exemption that keeps them.
    let bea = place.push("bea@acme.example").await;
    let mut tx = place.installation.store.write().await.unwrap();
    store::memberships::set_super_admin(&mut tx, place.organization, id(&bea), true).await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, place.organization, place.ann.id, Some(now))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (status, _, detail) = refusal(&place.okta().patch(&path, off).await);
    assert_eq!(status, 409);
    assert!(detail.contains("exempt"), "{detail}");
    assert!(place.user("ann@acme.example").await.is_active);
}

#[tokio::test]
async fn who_became_anothers_is_left_to_them() {
    let place = Workplace::new().await;
    let second = verified(&place.installation, place.organization, "second.example", 0xd2).await;
    let made = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let elsewhere = control::organizations::create(&place.ann.ctx, "Elsewhere").await.unwrap().id;
    let mut tx = place.installation.store.write().await.unwrap();
    let held = store::domains::find_verified(&mut tx, "acme.example").await.unwrap().unwrap();
    assert!(store::domains::remove(&mut tx, held.id).await.unwrap());
    assert!(store::identity_providers::add_domain(&mut tx, place.provider, second).await.unwrap());
    tx.commit().await.unwrap();
    verified(&place.installation, elsewhere, "acme.example", 0xd3).await;
    for operation in [
        json!({ "op": "replace", "path": "title", "value": "Chief" }),
        json!({ "op": "replace", "path": "userName", "value": "alice@second.example" }),
    ] {
        let (status, kind, detail) = refusal(&place.okta().patch(&path, json!([operation])).await);
        assert_eq!((status, kind.as_str()), (400, "invalidValue"), "{operation}");
        assert!(detail.contains("acme.example is not verified"), "{detail}");
    }
    let alice = place.user("alice@acme.example").await;
    assert_eq!(alice.job_title, "");
    // They leave the organization that does not manage them any more, and nothing else.
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(read(&place.okta().patch(&path, off).await, 200)["active"], false);
    assert!(!place.membership(alice.id).await.is_active);
    assert!(place.user("alice@acme.example").await.is_active);
}
