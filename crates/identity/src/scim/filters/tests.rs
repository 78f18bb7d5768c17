//! The grammar of filters as a table, and what cannot be read.

use serde_json::json;

use super::*;
use crate::scim::schemas::ENTERPRISE;

fn alice() -> Map<String, Value> {
    let value = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "0192-A",
        "externalId": "Ext1",
        "userName": "alice@acme.example",
        "name": { "givenName": "Alice", "familyName": "O\"Hara \\ Älv" },
        "title": "",
        "active": true,
        "emails": [{ "value": "alice@acme.example", "type": "work", "primary": true }],
        "addresses": [{ "type": "work", "locality": "Wien", "country": "AT" }],
        ENTERPRISE: { "department": "Research (A)" },
        "meta": { "resourceType": "User", "created": "2026-11-28T12:00:00.000Z" },
    });
    value.as_object().unwrap().clone()
}

#[test]
fn filters_mean_what_the_rfc_says() {
    for (filter, expected) in [
        ("userName eq \"alice@acme.example\"", true),
        ("username EQ \"ALICE@acme.example\"", true),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"alice@acme.example\"", true),
        ("userName eq \"bob@acme.example\"", false),
        ("userName ne \"bob@acme.example\"", true),
        ("userName ne \"ALICE@acme.example\"", false),
        ("externalId eq \"Ext1\"", true),
        ("externalId eq \"ext1\"", false),
        ("externalId ne \"ext1\"", true),
        ("userName co \"LICE@\"", true),
        ("userName sw \"ali\"", true),
        ("userName sw \"lice\"", false),
        ("userName ew \".example\"", true),
        ("userName ew \"acme\"", false),
        ("userName gt \"alf\"", true),
        ("userName gt \"alice@acme.example\"", false),
        ("userName ge \"alice@acme.example\"", true),
        ("userName lt \"b\"", true),
        ("userName le \"a\"", false),
        ("name.givenName eq \"alice\"", true),
        ("name.familyName eq \"O\\\"Hara \\\\ \\u00c4lv\"", true),
        ("name pr", true),
        ("title pr", false),
        ("displayName pr", false),
        ("displayName eq null", true),
        ("name.givenName eq null", false),
        ("displayName ne null", false),
        ("displayName ne \"x\"", true),
        ("active eq true", true),
        ("active eq \"True\"", true),
        ("active ne true", false),
        ("active eq false", false),
        ("emails eq \"alice@acme.example\"", true),
        ("emails co \"alice\"", true),
        ("emails.type eq \"work\"", true),
        ("emails[type eq \"work\" and value co \"@acme\"]", true),
        ("emails[type eq \"home\" or not (primary eq true)]", false),
        ("emails[type eq \"work\"] and active eq true", true),
        ("addresses[country eq \"at\" and locality sw \"W\"]", true),
        ("addresses.country eq \"DE\"", false),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"research (a)\"", true),
        ("meta.created gt \"2026-11-28T11:59:59Z\"", true),
        ("meta.created ge \"2026-11-28T13:00:00+01:00\"", true),
        ("meta.created lt \"2026-11-28T12:00:00Z\"", false),
        ("meta.resourceType eq \"User\"", true),
        ("schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"", true),
        ("not (userName sw \"ali\")", false),
        ("not(userName sw \"bob\")", true),
        // “and” binds more tightly than “or”.
        ("userName sw \"ali\" or userName sw \"x\" and active eq false", true),
        ("(userName sw \"ali\" or userName sw \"x\") and active eq false", false),
        ("active eq false and userName sw \"x\" or title pr or id pr", true),
        ("  ( ( id pr ) )  ", true),
    ] {
        let read = Filter::read(Kind::User, filter).unwrap_or_else(|refusal| panic!("{filter}: {refusal}"));
        assert_eq!(read.fits(&alice()), expected, "{filter}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_as_a_filter() {
    let deep = format!("{}id pr{}", "(".repeat(40), ")".repeat(40));
    let long = vec!["id pr"; 100].join(" or ");
    let longest = format!("id eq \"{}\"", "x".repeat(5000));
    for filter in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq alice",
        "userName eq \"alice",
        "userName eq 'alice'",
        "userName is \"alice\"",
        "userName eq \"a\" \"b\"",
        "userName eq [\"a\"]",
        "userName eq 7",
        "userName co null",
        "userName pr and",
        "or userName pr",
        "(userName pr",
        "userName pr)",
        "not userName pr",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[userName eq \"a\"]",
        "name[givenName eq \"a\"]",
        "name eq \"a\"",
        "addresses eq \"a\"",
        "active gt true",
        "active eq 1",
        "active eq \"yes\"",
        "meta.created gt \"yesterday\"",
        "phoneNumbers pr",
        "password eq \"x\"",
        "nonsense pr",
        "urn:x:y:userName pr",
        "members pr",
        &deep,
        &long,
        &longest,
    ] {
        let refusal = Filter::read(Kind::User, filter).expect_err(filter);
        assert_eq!(refusal.reason, Reason::InvalidFilter, "{filter}");
        assert!(refusal.detail.ends_with('.'), "{filter}: {refusal}");
    }
}

#[test]
fn groups_are_filtered_by_their_members() {
    let group = json!({ "displayName": "Ops", "members": [{ "value": "u1" }, { "value": "u2" }] });
    for (filter, expected) in [
        ("members eq \"u2\"", true),
        ("members.value eq \"u3\"", false),
        ("members[value eq \"u1\"]", true),
        ("displayName eq \"OPS\" and members pr", true),
    ] {
        let read = Filter::read(Kind::Group, filter).unwrap();
        assert_eq!(read.fits(group.as_object().unwrap()), expected, "{filter}");
        assert!(read.asks_for("members"), "{filter}");
    }
}

#[test]
fn what_must_equal_something_is_looked_up() {
    let pinned =
        |filter: &str| Filter::read(Kind::User, filter).unwrap().pinned("userName").map(str::to_owned);
    assert_eq!(pinned("userName eq \"a\""), Some("a".into()));
    assert_eq!(pinned("active eq true and userName eq \"a\""), Some("a".into()));
    for other in
        ["userName eq \"a\" or id pr", "not (userName eq \"a\")", "userName sw \"a\"", "externalId eq \"a\""]
    {
        assert_eq!(pinned(other), None, "{other}");
    }
}
