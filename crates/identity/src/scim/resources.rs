//! Resources as JSON in one form: what a client sends, with the names of the schemas, without what is not kept; and what it is
//! answered.

use domain::timestamps::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    filters::boolean,
    refusals::{Reason, Refusal},
    schemas::{Attribute, ENTERPRISE, Kind, Type, find},
};

/// Characters of a text, at most.
pub const TEXT_CHARS_MAX: usize = 1024;
/// Members of one group, at most.
pub const MEMBERS_MAX: usize = 10_000;
/// Values of any other list, at most.
const VALUES_MAX: usize = 50;

/// A person as an identity provider describes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Their e-mail address, as it was sent.
    pub user_name: String,
    /// What the resource is called there.
    pub external_id: Option<String>,
    /// Whether they can sign in, if that is said.
    pub is_active: Option<bool>,
    /// What they are called, if that is said.
    pub name: Option<String>,
    /// What they do.
    pub title: String,
    /// Among whom.
    pub department: String,
    /// Where.
    pub city: String,
    /// In which country.
    pub country: String,
    /// What is to be said of them again as it was sent.
    pub kept: Map<String, Value>,
}

/// A group as an identity provider describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// What the resource is called there.
    pub external_id: Option<String>,
    /// Ids of who is in it.
    pub members: Vec<String>,
}

/// What is known of a resource besides what it says.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Its id.
    pub id: String,
    /// What it is called at the identity provider.
    pub external_id: Option<String>,
    /// Since when it is kept.
    pub created: Timestamp,
    /// When it was last changed.
    pub changed: Timestamp,
    /// Its address.
    pub location: String,
    /// Its version, a weak entity tag.
    pub version: String,
}

/// What a client sent as a whole resource, with the names that the schemas have. What is not kept is left out.
///
/// # Errors
/// `invalidSyntax` where it is no such resource; `invalidValue` for a value of another type.
pub fn canonical(kind: Kind, sent: &Value) -> Result<Map<String, Value>, Refusal> {
    let syntax = |detail: String| Refusal::new(Reason::InvalidSyntax, detail);
    let sent = sent.as_object().ok_or_else(|| syntax("Send a resource as a JSON object.".into()))?;
    let schemas = member(sent, "schemas").and_then(Value::as_array);
    let is_it =
        |schema: &Value| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(kind.schema()));
    if !schemas.is_some_and(|schemas| schemas.iter().any(is_it)) {
        return Err(syntax(format!("“schemas” has to hold {}.", kind.schema())));
    }
    let mut resource = Map::new();
    for (name, value) in sent {
        if let Some((schema, attributes)) = kind.extension()
            && schema.eq_ignore_ascii_case(name)
        {
            if let Some(object) = object_of(attributes, value, schema)? {
                resource.insert(schema.to_owned(), Value::Object(object));
            }
            continue;
        }
        let Some(attribute) = kind.attribute(name).filter(|attribute| may_be_sent(attribute)) else {
            continue;
        };
        if let Some(value) = normal(attribute, value)? {
            resource.insert(attribute.name.to_owned(), value);
        }
    }
    settle(&mut resource);
    Ok(resource)
}

/// Whether it is looked at. Addresses are sent, and have to be the one that there is.
pub(super) fn may_be_sent(attribute: &Attribute) -> bool {
    !attribute.is_read_only || attribute.name == "emails"
}

/// A member of an object, in any case of its letters.
pub(super) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Refuses a list that is too long for an attribute.
pub(super) fn fits_in(attribute: &Attribute, values: usize) -> Result<(), Refusal> {
    let max = if attribute.name == "members" { MEMBERS_MAX } else { VALUES_MAX };
    match values > max {
        true => Err(Refusal::new(Reason::TooMany, format!("{} has at most {max} values.", attribute.name))),
        false => Ok(()),
    }
}

/// A value of an attribute in one form; none where it says that there is none.
pub(super) fn normal(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    if !attribute.is_list {
        return single(attribute, value);
    }
    let elements = match value {
        Value::Null => return Ok(None),
        Value::Array(elements) => elements.as_slice(),
        one => std::slice::from_ref(one),
    };
    fits_in(attribute, elements.len())?;
    let mut values = Vec::with_capacity(elements.len());
    for element in elements {
        match single(attribute, element)? {
            Some(value) => values.push(value),
            // Somebody is meant, and it is not said who.
            None if attribute.name == "members" => values.push(Value::Object(Map::new())),
            None => {}
        }
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    let name = attribute.name;
    Ok(match (attribute.kind, value) {
        (_, Value::Null) => None,
        (Type::Boolean, value) => match boolean(value) {
            Some(value) => Some(Value::Bool(value)),
            None => return Err(Refusal::value(format!("{name} is true or false."))),
        },
        (Type::Complex, value) => object_of(attribute.parts, value, name)?.map(Value::Object),
        (_, Value::String(text)) if text.chars().count() > TEXT_CHARS_MAX => {
            return Err(Refusal::value(format!("{name} has at most {TEXT_CHARS_MAX} characters.")));
        }
        (_, Value::String(text)) => (!text.is_empty()).then(|| text.clone().into()),
        _ => return Err(Refusal::value(format!("{name} is a text."))),
    })
}

fn object_of(
    attributes: &'static [Attribute],
    value: &Value,
    name: &str,
) -> Result<Option<Map<String, Value>>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let sent = value.as_object().ok_or_else(|| Refusal::value(format!("{name} is an object.")))?;
    let mut object = Map::new();
    for (name, value) in sent {
        let Some(attribute) = find(attributes, name) else { continue };
        if let Some(value) = normal(attribute, value)? {
            object.insert(attribute.name.to_owned(), value);
        }
    }
    Ok((!object.is_empty()).then_some(object))
}

/// Leaves one address, that of work, and nothing that is empty.
pub(super) fn settle(resource: &mut Map<String, Value>) {
    if let Some(Value::Array(addresses)) = resource.get_mut("addresses") {
        let is_work = |address: &Value| match address.get("type").and_then(Value::as_str) {
            Some(kind) => kind.eq_ignore_ascii_case("work"),
            None => true,
        };
        let work = addresses.drain(..).find(is_work);
        addresses.extend(work.map(|mut address| {
            address["type"] = "work".into();
            address
        }));
    }
    resource.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    });
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn part(object: &Map<String, Value>, name: &str, part: &str) -> Option<String> {
    let value = match object.get(name)? {
        Value::Array(values) => values.first()?,
        value => value,
    };
    text(value.as_object()?, part)
}

impl Person {
    /// Reads a resource in one form.
    ///
    /// # Errors
    /// `invalidValue` without a userName, and where the address is another one.
    pub fn read(resource: &Map<String, Value>) -> Result<Self, Refusal> {
        let user_name = text(resource, "userName")
            .ok_or_else(|| Refusal::value("userName is missing: it is the e-mail address."))?;
        if let Some(Value::Array(emails)) = resource.get("emails") {
            let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
            let primary = emails.iter().find(is_primary).or(emails.first());
            let address = primary.and_then(|email| email.get("value")).and_then(Value::as_str);
            if let Some(address) = address
                && !address.trim().eq_ignore_ascii_case(&user_name)
            {
                return Err(Refusal::value(format!(
                    "The e-mail address {address:?} is not the userName {user_name:?}. They have to be the same here: have your \
                     identity provider send the address as the userName."
                )));
            }
        }
        let parts: Vec<String> =
            ["givenName", "familyName"].iter().filter_map(|name| part(resource, "name", name)).collect();
        let joined = (!parts.is_empty()).then(|| parts.join(" "));
        const ELSEWHERE: &[&str] = &["schemas", "id", "meta", "userName", "externalId", "active", "emails"];
        Ok(Self {
            external_id: text(resource, "externalId"),
            is_active: resource.get("active").and_then(Value::as_bool),
            name: text(resource, "displayName").or_else(|| part(resource, "name", "formatted")).or(joined),
            title: text(resource, "title").unwrap_or_default(),
            department: part(resource, ENTERPRISE, "department").unwrap_or_default(),
            city: part(resource, "addresses", "locality").unwrap_or_default(),
            country: part(resource, "addresses", "country").unwrap_or_default(),
            kept: resource
                .iter()
                .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            user_name,
        })
    }

    /// The resource of a person.
    #[must_use]
    pub fn draw(
        user_name: &str,
        is_active: bool,
        kept: &Map<String, Value>,
        meta: &Meta,
    ) -> Map<String, Value> {
        let mut resource = kept.clone();
        resource.insert("userName".into(), user_name.into());
        resource.insert("active".into(), is_active.into());
        resource.insert("emails".into(), json!([{ "value": user_name, "type": "work", "primary": true }]));
        finish(resource, Kind::User, meta)
    }
}

impl Team {
    /// Reads a resource in one form.
    ///
    /// # Errors
    /// `invalidValue` without a displayName, and for a member without a value.
    pub fn read(resource: &Map<String, Value>) -> Result<Self, Refusal> {
        let name = text(resource, "displayName").ok_or_else(|| Refusal::value("displayName is missing."))?;
        let mut members = Vec::new();
        for member in resource.get("members").and_then(Value::as_array).into_iter().flatten() {
            let value = member.get("value").and_then(Value::as_str);
            members.push(
                value.ok_or_else(|| Refusal::value("A member has no value: it is their id."))?.to_owned(),
            );
        }
        members.sort();
        members.dedup();
        if members.len() > MEMBERS_MAX {
            return Err(Refusal::new(Reason::TooMany, format!("A group has at most {MEMBERS_MAX} members.")));
        }
        Ok(Self { name, external_id: text(resource, "externalId"), members })
    }

    /// The resource of a group. `users` is the address of all people.
    #[must_use]
    pub fn draw(name: &str, members: &[String], users: &str, meta: &Meta) -> Map<String, Value> {
        let members: Vec<Value> = members
            .iter()
            .map(|id| json!({ "value": id, "$ref": format!("{users}/{id}"), "type": "User" }))
            .collect();
        let mut resource = Map::from_iter([("displayName".to_owned(), Value::from(name))]);
        if !members.is_empty() {
            resource.insert("members".into(), members.into());
        }
        finish(resource, Kind::Group, meta)
    }
}

fn finish(mut resource: Map<String, Value>, kind: Kind, meta: &Meta) -> Map<String, Value> {
    let extension =
        kind.extension().map(|(schema, _)| schema).filter(|schema| resource.contains_key(*schema));
    let schemas: Vec<&str> = std::iter::once(kind.schema()).chain(extension).collect();
    resource.insert("schemas".into(), schemas.into());
    resource.insert("id".into(), meta.id.clone().into());
    if let Some(external_id) = &meta.external_id {
        resource.insert("externalId".into(), external_id.clone().into());
    }
    resource.insert(
        "meta".into(),
        json!({
            "resourceType": kind.name(),
            "created": meta.created.rfc3339(),
            "lastModified": meta.changed.rfc3339(),
            "location": meta.location,
            "version": meta.version,
        }),
    );
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_brought_into_one_form() {
        let sent = json!({
            "Schemas": ["urn:ietf:params:scim:schemas:core:2.0:user", ENTERPRISE],
            "USERNAME": "Alice@acme.example",
            "id": "mine", "meta": { "version": "1" }, "password": "secret", "phoneNumbers": [{ "value": "1" }],
            "name": { "GivenName": "Alice", "familyName": "Älv", "middleName": "x" },
            "title": "", "displayName": null, "active": "False",
            "emails": { "value": "alice@acme.example", "primary": "True" },
            "addresses": [
                { "type": "home", "locality": "Linz" },
                { "type": "Work", "locality": "Wien", "country": "AT", "region": "x" },
            ],
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "R&D", "manager": { "value": "7" } },
        });
        let resource = canonical(Kind::User, &sent).unwrap();
        let expected = json!({
            "userName": "Alice@acme.example",
            "name": { "givenName": "Alice", "familyName": "Älv" },
            "active": false,
            "emails": [{ "value": "alice@acme.example", "primary": true }],
            "addresses": [{ "type": "work", "locality": "Wien", "country": "AT" }],
            ENTERPRISE: { "department": "R&D" },
        });
        assert_eq!(Value::Object(resource.clone()), expected);
        let person = Person::read(&resource).unwrap();
        assert_eq!(person.name.as_deref(), Some("Alice Älv"));
        assert_eq!((person.city.as_str(), person.country.as_str()), ("Wien", "AT"));
        assert_eq!((person.department.as_str(), person.is_active), ("R&D", Some(false)));
        assert!(!person.kept.contains_key("emails") && !person.kept.contains_key("active"));
    }

    #[test]
    fn what_is_no_such_resource_is_refused() {
        let user = |more: Value| {
            let mut sent = json!({ "schemas": [Kind::User.schema()], "userName": "a@b.example" });
            sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            canonical(Kind::User, &sent).and_then(|resource| Person::read(&resource))
        };
        assert!(user(json!({})).is_ok());
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        for (more, reason) in [
            (json!({ "userName": null }), Reason::InvalidValue),
            (json!({ "userName": " " }), Reason::InvalidValue),
            (json!({ "userName": 7 }), Reason::InvalidValue),
            (json!({ "title": ["x"] }), Reason::InvalidValue),
            (json!({ "title": long }), Reason::InvalidValue),
            (json!({ "active": "perhaps" }), Reason::InvalidValue),
            (json!({ "name": "Alice" }), Reason::InvalidValue),
            (json!({ "emails": [{ "value": "b@b.example" }] }), Reason::InvalidValue),
            (json!({ "emails": ["a@b.example"] }), Reason::InvalidValue),
            (json!({ "addresses": vec![json!({ "type": "work" }); 51] }), Reason::TooMany),
            (json!({ "schemas": [Kind::Group.schema()] }), Reason::InvalidSyntax),
            (json!({ "schemas": [] }), Reason::InvalidSyntax),
            (json!({ "schemas": null }), Reason::InvalidSyntax),
        ] {
            assert_eq!(user(more.clone()).unwrap_err().reason, reason, "{more}");
        }
        let second =
            json!({ "emails": [{ "value": "x@b.example" }, { "value": "A@b.example", "primary": true }] });
        assert!(user(second).is_ok(), "the primary one counts");
        for sent in [json!([]), json!("x"), json!(null), json!({})] {
            assert_eq!(canonical(Kind::User, &sent).unwrap_err().reason, Reason::InvalidSyntax, "{sent}");
        }
    }

    #[test]
    fn groups_have_members_once() {
        let sent = json!({
            "schemas": [Kind::Group.schema()], "displayName": " Ops ", "externalId": "x",
            "members": [{ "value": "2", "display": "B" }, { "value": "1" }, { "value": "2" }],
        });
        let team = Team::read(&canonical(Kind::Group, &sent).unwrap()).unwrap();
        let members = vec!["1".to_owned(), "2".to_owned()];
        assert_eq!(team, Team { name: "Ops".into(), external_id: Some("x".into()), members });
        for wrong in [json!([{ "display": "B" }]), json!(["1"]), json!([{ "value": 1 }])] {
            let sent = json!({ "schemas": [Kind::Group.schema()], "displayName": "Ops", "members": wrong });
            let read = canonical(Kind::Group, &sent).and_then(|resource| Team::read(&resource));
            assert_eq!(read.unwrap_err().reason, Reason::InvalidValue, "{wrong}");
        }
    }
}
