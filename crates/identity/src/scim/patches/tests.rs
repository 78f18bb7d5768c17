//! Changes as a table: every form of path, what Okta and Microsoft Entra ID send, and what is refused.

use serde_json::json;

use super::*;
use crate::scim::{resources::MEMBERS_MAX, schemas::ENTERPRISE};

fn alice() -> Value {
    json!({
        "schemas": [Kind::User.schema()],
        "id": "1",
        "userName": "alice@acme.example",
        "name": { "givenName": "Alice" },
        "active": true,
        "emails": [{ "value": "alice@acme.example", "type": "work", "primary": true }],
        "addresses": [{ "type": "work", "locality": "Wien" }],
    })
}

fn patched(kind: Kind, mut resource: Value, operations: &Value) -> Result<Value, Refusal> {
    let patch = Patch::read(kind, &json!({ "schemas": [PATCH], "Operations": operations }))?;
    patch.apply(resource.as_object_mut().unwrap())?;
    Ok(resource)
}

#[test]
fn changes_leave_what_the_rfc_says() {
    let department = format!("{ENTERPRISE}:department");
    for (operation, pointer, expected) in [
        (json!({ "op": "add", "path": "title", "value": "Chief" }), "/title", json!("Chief")),
        (json!({ "op": "Replace", "path": "active", "value": "False" }), "/active", json!(false)),
        (json!({ "op": "replace", "value": { "active": false } }), "/active", json!(false)),
        (json!({ "op": "Add", "value": { "name.familyName": "Älv" } }), "/name/familyName", json!("Älv")),
        (json!({ "op": "add", "value": { "name.familyName": "Älv" } }), "/name/givenName", json!("Alice")),
        (
            json!({ "op": "replace", "path": "name", "value": { "familyName": "B" } }),
            "/name",
            json!({ "givenName": "Alice", "familyName": "B" }),
        ),
        (json!({ "op": "replace", "path": "NAME.GIVENNAME", "value": "B" }), "/name/givenName", json!("B")),
        (json!({ "op": "remove", "path": "name.givenName" }), "/name", Value::Null),
        (json!({ "op": "remove", "path": "name" }), "/name", Value::Null),
        (json!({ "op": "remove", "path": "title" }), "/title", Value::Null),
        (json!({ "op": "replace", "path": "title", "value": null }), "/title", Value::Null),
        (
            json!({ "op": "add", "path": department, "value": "R" }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            json!({ "op": "add", "value": { (department.clone()): "R" } }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            json!({ "op": "add", "value": { ENTERPRISE: { "department": "R", "manager": "x" } } }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({ "department": "R" }),
        ),
        (
            json!({ "op": "replace", "path": ENTERPRISE, "value": { "department": "R" } }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            json!({ "op": "remove", "path": ENTERPRISE }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        (
            json!({ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "T" }),
            "/title",
            json!("T"),
        ),
        (
            json!({ "op": "add", "path": "addresses[type eq \"work\"].country", "value": "AT" }),
            "/addresses",
            json!([{ "type": "work", "locality": "Wien", "country": "AT" }]),
        ),
        (
            json!({ "op": "replace", "path": "addresses[type eq \"work\"]", "value": { "locality": "Linz" } }),
            "/addresses/0/locality",
            json!("Linz"),
        ),
        (
            json!({ "op": "replace", "path": "addresses.locality", "value": "Linz" }),
            "/addresses/0/locality",
            json!("Linz"),
        ),
        (
            json!({ "op": "remove", "path": "addresses[type eq \"work\"].locality" }),
            "/addresses",
            json!([{ "type": "work" }]),
        ),
        (json!({ "op": "remove", "path": "addresses[type eq \"work\"]" }), "/addresses", Value::Null),
        (json!({ "op": "remove", "path": "addresses" }), "/addresses", Value::Null),
        (
            json!({ "op": "replace", "path": "addresses", "value": [{ "locality": "Graz" }] }),
            "/addresses",
            json!([{ "type": "work", "locality": "Graz" }]),
        ),
        (
            json!({ "op": "add", "path": "addresses", "value": [{ "type": "work", "country": "AT" }] }),
            "/addresses",
            json!([{ "type": "work", "country": "AT" }]),
        ),
        (
            json!({ "op": "add", "path": "addresses[type eq \"home\"].locality", "value": "Rom" }),
            "/addresses",
            json!([{ "type": "work", "locality": "Wien" }]),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@acme.example" }),
            "/emails/0/value",
            json!("b@acme.example"),
        ),
        (json!({ "op": "replace", "path": "externalId", "value": "x" }), "/externalId", json!("x")),
        // What is not kept is passed over, and so is what cannot be changed where a whole resource is sent.
        (
            json!({ "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1" }),
            "/phoneNumbers",
            Value::Null,
        ),
        (json!({ "op": "add", "path": "urn:example:2.0:User:x", "value": "1" }), "/active", json!(true)),
        (json!({ "op": "replace", "path": "password", "value": "secret" }), "/password", Value::Null),
        (
            json!({ "op": "replace", "value": { "id": "2", "nickName": "x", "title": "T" } }),
            "/id",
            json!("1"),
        ),
    ] {
        let changed = patched(Kind::User, alice(), &json!([operation]))
            .unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(changed.pointer(pointer).unwrap_or(&Value::Null), &expected, "{operation}: {changed}");
    }
}

#[test]
fn a_value_is_made_of_the_filter_where_none_fits() {
    let without = json!({ "userName": "a@b.example" });
    let add = json!([{ "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "AT" }]);
    let changed = patched(Kind::User, without.clone(), &add).unwrap();
    assert_eq!(changed["addresses"], json!([{ "type": "work", "country": "AT" }]));
    let replace = json!([{ "op": "replace", "path": "addresses[type eq \"work\"].country", "value": "AT" }]);
    assert_eq!(patched(Kind::User, without.clone(), &replace).unwrap_err().reason, Reason::NoTarget);
    let unclear = json!([{ "op": "add", "path": "addresses[type ne \"home\"].country", "value": "AT" }]);
    assert_eq!(patched(Kind::User, without, &unclear).unwrap_err().reason, Reason::NoTarget);
}

#[test]
fn members_come_and_go() {
    let group = json!({ "displayName": "Ops", "members": [{ "value": "1" }, { "value": "2" }] });
    for (operation, expected) in [
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "3" }, { "value": "2" }] }),
            &["1", "2", "3"][..],
        ),
        (
            json!({ "op": "add", "path": "members", "value": { "value": "3", "display": "C" } }),
            &["1", "2", "3"],
        ),
        (json!({ "op": "Add", "value": { "members": [{ "value": "3" }] } }), &["1", "2", "3"]),
        (json!({ "op": "remove", "path": "members[value eq \"1\"]" }), &["2"]),
        (json!({ "op": "remove", "path": "members[value eq \"9\"]" }), &["1", "2"]),
        (json!({ "op": "Remove", "path": "members", "value": [{ "value": "2" }, { "value": "9" }] }), &["1"]),
        (json!({ "op": "remove", "path": "members" }), &[]),
        (json!({ "op": "replace", "path": "members", "value": [{ "value": "7" }] }), &["7"]),
        (json!({ "op": "replace", "path": "members", "value": [] }), &[]),
        (json!({ "op": "replace", "value": { "id": "x", "displayName": "Ops", "members": [] } }), &[]),
    ] {
        let changed = patched(Kind::Group, group.clone(), &json!([operation])).unwrap();
        let members = changed["members"].as_array().cloned().unwrap_or_default();
        let members: Vec<&str> = members.iter().filter_map(|member| member["value"].as_str()).collect();
        assert_eq!(members, expected, "{operation}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_for_its_reason() {
    let many = vec![json!({ "value": "1" }); VALUES_MAX + 1];
    for (operation, reason) in [
        (json!({ "op": "move", "path": "title" }), Reason::InvalidSyntax),
        (json!({ "path": "title", "value": "x" }), Reason::InvalidSyntax),
        (json!("add"), Reason::InvalidSyntax),
        (json!({ "op": "add", "path": "title" }), Reason::InvalidValue),
        (json!({ "op": "add", "value": "x" }), Reason::InvalidValue),
        (json!({ "op": "add", "path": "title", "value": { "a": 1 } }), Reason::InvalidValue),
        (json!({ "op": "replace", "path": "active", "value": "no" }), Reason::InvalidValue),
        (json!({ "op": "replace", "path": "name", "value": "Alice" }), Reason::InvalidValue),
        (
            json!({ "op": "add", "path": "addresses[type eq \"work\"]", "value": "Wien" }),
            Reason::InvalidValue,
        ),
        (json!({ "op": "remove" }), Reason::NoTarget),
        (json!({ "op": "remove", "path": "" }), Reason::NoTarget),
        (json!({ "op": "remove", "path": "userName" }), Reason::Mutability),
        (json!({ "op": "replace", "path": "userName", "value": null }), Reason::Mutability),
        (json!({ "op": "replace", "path": "userName", "value": "" }), Reason::Mutability),
        (json!({ "op": "remove", "path": "active" }), Reason::Mutability),
        (json!({ "op": "replace", "path": "id", "value": "2" }), Reason::Mutability),
        (json!({ "op": "replace", "path": "meta.version", "value": "2" }), Reason::Mutability),
        (json!({ "op": "add", "path": "schemas", "value": ["x"] }), Reason::Mutability),
        (json!({ "op": "add", "path": "nonsense", "value": "x" }), Reason::InvalidPath),
        (json!({ "op": "add", "path": "name[givenName eq \"x\"]", "value": "x" }), Reason::InvalidPath),
        (json!({ "op": "add", "path": "addresses[type eq", "value": "x" }), Reason::InvalidPath),
        (
            json!({ "op": "add", "path": "addresses[type eq \"work\"].nonsense", "value": "x" }),
            Reason::InvalidPath,
        ),
        (
            json!({ "op": "add", "path": "addresses[type eq \"work\"]country", "value": "x" }),
            Reason::InvalidPath,
        ),
        (json!({ "op": "add", "path": 7, "value": "x" }), Reason::InvalidPath),
        (json!({ "op": "add", "value": { "nonsense": "x" } }), Reason::InvalidPath),
        (json!({ "op": "add", "path": "addresses", "value": many }), Reason::TooMany),
    ] {
        let refusal = patched(Kind::User, alice(), &json!([operation])).expect_err(&operation.to_string());
        assert_eq!(refusal.reason, reason, "{operation}: {refusal}");
    }
    let none = patched(Kind::User, alice(), &json!([])).unwrap_err();
    assert_eq!(none.reason, Reason::TooMany);
    for sent in
        [json!([]), json!({}), json!({ "schemas": [PATCH] }), json!({ "schemas": ["x"], "Operations": [] })]
    {
        assert_eq!(Patch::read(Kind::User, &sent).unwrap_err().reason, Reason::InvalidSyntax, "{sent}");
    }
}

#[test]
fn changes_of_long_lists_are_bounded() {
    let members: Vec<Value> = (0..MEMBERS_MAX).map(|number| json!({ "value": number.to_string() })).collect();
    let group = json!({ "schemas": [Kind::Group.schema()], "displayName": "Ops", "members": members });
    let add = |value: &str| json!({ "op": "add", "path": "members", "value": [{ "value": value }] });
    let remove = |number: usize| json!({ "op": "remove", "path": format!("members[value eq \"{number}\"]") });
    // Who is in it already is no further member; one more is one too many.
    let same = patched(Kind::Group, group.clone(), &json!([add("7")])).unwrap();
    assert_eq!(same["members"].as_array().unwrap().len(), MEMBERS_MAX);
    let refusal = patched(Kind::Group, group.clone(), &json!([add("more")])).unwrap_err();
    assert_eq!(refusal.reason, Reason::TooMany, "{refusal}");
    // They take time one by one, so that there is an end to it.
    let some: Vec<Value> = (0..LOOKED_AT_MAX / MEMBERS_MAX).map(remove).collect();
    let left = patched(Kind::Group, group.clone(), &json!(some)).unwrap();
    assert_eq!(left["members"].as_array().unwrap().len(), MEMBERS_MAX - some.len());
    let all: Vec<Value> = (0..OPERATIONS_MAX).map(remove).collect();
    let refusal = patched(Kind::Group, group, &json!(all)).unwrap_err();
    assert!(
        refusal.reason == Reason::TooMany && refusal.to_string().contains("fewer at a time"),
        "{refusal}"
    );
    // The list of a person, which a filter can add to, is as short as one that is sent whole.
    let adds: Vec<Value> = (0..60)
        .map(|number| json!({ "op": "add", "path": format!("emails[type eq \"{number}\"].value"), "value": "a@b.example" }))
        .collect();
    assert_eq!(patched(Kind::User, alice(), &json!(adds)).unwrap_err().reason, Reason::TooMany);
}
