//! What Okta and Microsoft Entra ID send, in their order and to the letter.

use axum::http::StatusCode;
use serde_json::json;

use super::workplace::{GROUP, PATCH, USER, Workplace, id, read, refusal};

#[tokio::test]
async fn okta_pushes_updates_and_deactivates() {
    let place = Workplace::new().await;
    // It tests the connection, and looks for the person first.
    read(&place.okta().get("/ServiceProviderConfig").await, 200);
    read(&place.okta().get("/Users?startIndex=1&count=2").await, 200);
    let found = place
        .okta()
        .get("/Users?filter=userName%20eq%20%22isaac@acme.example%22&startIndex=1&count=100")
        .await;
    assert_eq!(read(&found, 200)["totalResults"], 0);
    let sent = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "isaac@acme.example",
        "name": { "givenName": "Isaac", "familyName": "Brock" },
        "emails": [{ "primary": true, "value": "isaac@acme.example", "type": "work" }],
        "displayName": "Isaac Brock",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true
    });
    let made = read(&place.okta().post("/Users", sent.clone()).await, 201);
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    // A change is a whole resource with its id.
    let mut put = sent.clone();
    put["id"] = made["id"].clone();
    put["name"]["familyName"] = "Newton".into();
    put["displayName"] = "Isaac Newton".into();
    put["meta"] = json!({ "resourceType": "User" });
    let changed = read(&place.okta().put(&path, put).await, 200);
    assert_eq!(changed["name"]["familyName"], "Newton");
    assert_eq!(place.user("isaac@acme.example").await.name, "Isaac Newton");
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(read(&place.okta().patch(&path, off).await, 200)["active"], false);
    let on = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(read(&place.okta().patch(&path, on).await, 200)["active"], true);

    // Groups: pushed, renamed, filled.
    let sent = json!({ "schemas": [GROUP], "displayName": "Test SCIMv2", "members": [] });
    let group = read(&place.okta().post("/Groups", sent).await, 201);
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let rename = json!([{ "op": "replace", "value": { "id": group["id"], "displayName": "Test SCIMv3" } }]);
    assert_eq!(read(&place.okta().patch(&path, rename).await, 200)["displayName"], "Test SCIMv3");
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": made["id"], "display": "isaac@acme.example" }] }]);
    read(&place.okta().patch(&path, add).await, 200);
    assert!(place.is_in(&group, &made).await);
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", made["id"].as_str().unwrap()) }]);
    read(&place.okta().patch(&path, remove).await, 200);
    assert!(!place.is_in(&group, &made).await);
    assert_eq!(place.okta().delete(&path).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn entra_pushes_with_its_own_letters() {
    let place = Workplace::new().await;
    let entra = || place.okta().with_header("content-type", "application/scim+json; charset=utf-8");
    let found = entra().get("/Users?filter=userName+eq+%22test_user@acme.example%22").await;
    assert_eq!(read(&found, 200)["totalResults"], 0);
    let sent = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "test_user@acme.example",
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "test_user@acme.example" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": []
    });
    let made = read(&entra().post("/Users", sent).await, 201);
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let changed = entra()
        .patch(&path, json!([
            { "op": "Add", "path": "title", "value": "Chief" },
            { "op": "Replace", "path": "name.familyName", "value": "updated" },
            { "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "AT" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+43 1" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": "7" },
            { "op": "Replace", "value": { "displayName": "Test", "name.givenName": "also updated" } },
        ]))
        .await;
    let changed = read(&changed, 200);
    assert_eq!((changed["title"].as_str(), changed["displayName"].as_str()), (Some("Chief"), Some("Test")));
    assert_eq!(changed["name"]["givenName"], "also updated");
    assert_eq!(changed["addresses"], json!([{ "type": "work", "country": "AT" }]));
    let user = place.user("test_user@acme.example").await;
    assert_eq!((user.name.as_str(), user.department.as_str(), user.country.as_str()), ("Test", "R", "AT"));
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(read(&entra().patch(&path, off).await, 200)["active"], false);
    let on = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    assert_eq!(read(&entra().patch(&path, on).await, 200)["active"], true);

    let group = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": { "resourceType": "Group" }
    });
    let group = read(&entra().post("/Groups", group).await, 201);
    let at = format!("/Groups/{}", group["id"].as_str().unwrap());
    let look = format!("{at}?excludedAttributes=members");
    assert_eq!(read(&entra().get(&look).await, 200)["displayName"], "displayName");
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": made["id"] }] }]);
    read(&entra().patch(&at, add).await, 200);
    assert!(place.is_in(&group, &made).await);
    let remove =
        json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": made["id"] }] }]);
    read(&entra().patch(&at, remove).await, 200);
    assert!(!place.is_in(&group, &made).await);
    let rename = json!([{ "op": "Replace", "path": "displayName", "value": "1879db59" }]);
    assert_eq!(read(&entra().patch(&at, rename).await, 200)["displayName"], "1879db59");
    assert_eq!(entra().delete(&path).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_no_scim_is_refused_in_its_form() {
    let place = Workplace::new().await;
    let alice = place.push("alice@acme.example").await;
    let path = format!("/Users/{}", id::<domain::ids::UserId>(&alice));
    for (body, kind) in [
        (json!({ "userName": "x@acme.example" }), "invalidSyntax"),
        (json!([]), "invalidSyntax"),
        (json!({ "schemas": [PATCH] }), "invalidSyntax"),
    ] {
        let (status, is_kind, _) = refusal(&place.okta().post("/Users", body.clone()).await);
        assert_eq!((status, is_kind.as_str()), (400, kind), "{body}");
    }
    for (operation, kind) in [
        (json!({ "op": "replace", "path": "nonsense", "value": 1 }), "invalidPath"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (json!({ "op": "replace", "path": "id", "value": "x" }), "mutability"),
        (json!({ "op": "replace", "path": "active", "value": 7 }), "invalidValue"),
    ] {
        let (status, is_kind, _) = refusal(&place.okta().patch(&path, json!([operation])).await);
        assert_eq!((status, is_kind.as_str()), (400, kind), "{operation}");
    }
    let base = place.base();
    let okta = place.okta().program;
    let broken = okta.send(axum::http::Method::POST, &format!("{base}/Users"), Some("{".into())).await;
    assert_eq!(refusal(&broken), (400, "invalidSyntax".into(), refusal(&broken).2));
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    let huge = okta.send(axum::http::Method::POST, &format!("{base}/Users"), Some(huge)).await;
    assert_eq!(refusal(&huge).0, 413);
    let text = place.okta().with_header("content-type", "text/plain").post("/Users", json!({})).await;
    assert_eq!(refusal(&text).0, 415);
    for (path, status) in
        [("/Nonsense", 404), ("/Users/x", 404), ("/Me", 501), ("/Schemas/x", 404), ("/Users/x/y", 404)]
    {
        assert_eq!(refusal(&place.okta().get(path).await).0, status, "{path}");
    }
    for path in ["/Bulk", "/.search"] {
        assert_eq!(refusal(&place.okta().post(path, json!({})).await).0, 501, "{path}");
    }
    assert_eq!(refusal(&place.okta().get("/Schemas?filter=id%20pr").await).0, 403);
    let method = place.okta().delete("/Users").await;
    assert_eq!((refusal(&method).0, method.header("allow")), (405, "GET,HEAD,POST"));
    let schemas = read(&place.okta().get("/Schemas").await, 200);
    assert_eq!(schemas["totalResults"], 6);
    let user = read(&place.okta().get(&format!("/Schemas/{USER}")).await, 200);
    assert_eq!(user["name"], "User");
    assert_eq!(read(&place.okta().get("/ResourceTypes/Group").await, 200)["endpoint"], "/Groups");
}
