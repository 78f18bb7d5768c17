//! What a client asks a list for, and which attributes it wants of each resource (RFC 7644 sections 3.4.2 and 3.9).

use serde_json::{Map, Value, json};

use super::{
    fields::{Field, Named, named},
    filters::Filter,
    refusals::Refusal,
    schemas::Kind,
};

/// Resources of one answer, at most.
pub const COUNT_MAX: u32 = 200;
/// The schema of a list.
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Attributes that every answer has.
const ALWAYS: &[&str] = &["id", "schemas"];
/// Attributes that a client may name, at most.
const NAMES_MAX: usize = 100;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Filter>,
    /// The first of them that is wanted, counted from 1.
    pub start: u32,
    /// How many, at most.
    pub count: u32,
    /// What of each.
    pub wanted: Wanted,
}

/// Which attributes are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    only: Option<Vec<Field>>,
    without: Vec<Field>,
    /// Whole extensions that are wanted, or not.
    extensions: Vec<&'static str>,
}

impl Query {
    /// Reads the parameters of a list of that kind; others say nothing to it.
    ///
    /// # Errors
    /// `invalidFilter`; `invalidValue` for numbers that are none.
    pub fn read(kind: Kind, parameters: &[(String, String)]) -> Result<Self, Refusal> {
        let filter = value(parameters, "filter").map(|text| Filter::read(kind, text)).transpose()?;
        let number = |name: &str| match value(parameters, name) {
            None => Ok(None),
            Some(text) => match text.trim().parse::<i64>() {
                // RFC 7644: what is too small counts as the smallest.
                Ok(number) => {
                    Ok(Some(u32::try_from(number.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX)))
                }
                Err(_) => Err(Refusal::value(format!("{name} is a whole number."))),
            },
        };
        Ok(Self {
            filter,
            start: number("startIndex")?.unwrap_or(1).max(1),
            count: number("count")?.unwrap_or(COUNT_MAX).min(COUNT_MAX),
            wanted: Wanted::read(kind, parameters)?,
        })
    }
}

impl Wanted {
    /// Reads `attributes` and `excludedAttributes`. Names of nothing are passed over.
    ///
    /// # Errors
    /// `invalidValue` where there are both.
    pub fn read(kind: Kind, parameters: &[(String, String)]) -> Result<Self, Refusal> {
        let (only, without) = (value(parameters, "attributes"), value(parameters, "excludedAttributes"));
        if only.is_some() && without.is_some() {
            return Err(Refusal::value("Give attributes or excludedAttributes, and not both."));
        }
        let mut wanted = Self { only: only.map(|_| Vec::new()), ..Self::default() };
        for name in only.or(without).unwrap_or_default().split(',').map(str::trim).take(NAMES_MAX) {
            match (named(kind, name), &mut wanted.only) {
                (Named::Field(field), Some(only)) => only.push(field),
                (Named::Field(field), None) => wanted.without.push(field),
                (Named::Extension(schema), _) => wanted.extensions.push(schema),
                (Named::NotKept | Named::Nothing, _) => {}
            }
        }
        Ok(wanted)
    }

    /// Whether an attribute is in the answer.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let is_it = |field: &&Field| field.attribute.name == name;
        match &self.only {
            Some(only) => only.iter().any(|field| is_it(&field)),
            None => !self.without.iter().filter(|field| field.part.is_none()).any(|field| is_it(&field)),
        }
    }

    /// Leaves of a resource what is wanted.
    #[must_use]
    pub fn cut(&self, mut resource: Map<String, Value>) -> Map<String, Value> {
        let Some(only) = &self.only else {
            resource.retain(|name, _| !self.extensions.contains(&name.as_str()));
            for field in self.without.iter().filter(|field| !ALWAYS.contains(&field.attribute.name)) {
                drop_field(field, &mut resource);
            }
            return resource;
        };
        let mut cut = Map::new();
        for (name, value) in &resource {
            if ALWAYS.contains(&name.as_str()) || self.extensions.contains(&name.as_str()) {
                cut.insert(name.clone(), value.clone());
            }
        }
        for field in only {
            copy_field(field, &resource, &mut cut);
        }
        cut
    }
}

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn drop_field(field: &Field, resource: &mut Map<String, Value>) {
    let object = match field.extension {
        None => Some(&mut *resource),
        Some(schema) => resource.get_mut(schema).and_then(Value::as_object_mut),
    };
    let Some(object) = object else { return };
    let Some(part) = field.part else {
        object.remove(field.attribute.name);
        return;
    };
    match object.get_mut(field.attribute.name) {
        Some(Value::Object(parts)) => drop(parts.remove(part.name)),
        Some(Value::Array(values)) => {
            for parts in values.iter_mut().filter_map(Value::as_object_mut) {
                parts.remove(part.name);
            }
        }
        _ => {}
    }
}

fn copy_field(field: &Field, resource: &Map<String, Value>, cut: &mut Map<String, Value>) {
    let (from, to) = match field.extension {
        None => (Some(resource), cut),
        Some(schema) => {
            let from = resource.get(schema).and_then(Value::as_object);
            if from.is_none_or(|from| !from.contains_key(field.attribute.name)) {
                return;
            }
            let Value::Object(to) = cut.entry(schema).or_insert_with(|| Map::new().into()) else { return };
            (from, to)
        }
    };
    let Some(value) = from.and_then(|from| from.get(field.attribute.name)) else { return };
    let Some(part) = field.part else {
        to.insert(field.attribute.name.to_owned(), value.clone());
        return;
    };
    let pick = |value: &Value| value.get(part.name).map(|found| (part.name.to_owned(), found.clone()));
    let slot = to.entry(field.attribute.name).or_insert(Value::Null);
    match value {
        Value::Array(values) => {
            if !slot.is_array() {
                *slot = values.iter().map(|_| Value::Object(Map::new())).collect();
            }
            let slots = slot.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
            slots.zip(values).for_each(|(slot, value)| slot.extend(pick(value)));
        }
        value => {
            if !slot.is_object() {
                *slot = Map::new().into();
            }
            slot.as_object_mut().into_iter().for_each(|slot| slot.extend(pick(value)));
        }
    }
}

/// A list as it is answered.
#[must_use]
pub fn list(resources: &[Value], total: u64, start: u32) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schemas::ENTERPRISE;

    fn read(parameters: &[(&str, &str)]) -> Result<Query, Refusal> {
        let owned: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Query::read(Kind::User, &owned)
    }

    #[test]
    fn numbers_stay_within_what_there_is() {
        for (start, count, expected) in [
            ("1", "10", (1, 10)),
            ("0", "0", (1, 0)),
            ("-5", "-1", (1, 0)),
            ("7", "5000", (7, COUNT_MAX)),
            ("99999999999", "1", (u32::MAX, 1)),
        ] {
            let query = read(&[("startIndex", start), ("count", count)]).unwrap();
            assert_eq!((query.start, query.count), expected);
        }
        let query = read(&[("sortBy", "userName"), ("nonsense", "x")]).unwrap();
        assert_eq!((query.start, query.count, query.filter), (1, COUNT_MAX, None));
        for wrong in [
            &[("count", "ten")][..],
            &[("startIndex", "")],
            &[("attributes", "a"), ("excludedAttributes", "b")],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn answers_hold_what_is_wanted() {
        let resource = json!({
            "schemas": ["x"], "id": "1", "userName": "a", "name": { "givenName": "A", "familyName": "B" },
            "emails": [{ "value": "a", "type": "work" }], ENTERPRISE: { "department": "R" },
        });
        let cut = |name: &str, value: &str| {
            let wanted = read(&[(name, value)]).unwrap().wanted;
            Value::Object(wanted.cut(resource.as_object().unwrap().clone()))
        };
        let always = json!({ "schemas": ["x"], "id": "1" });
        let with = |more: Value| {
            let mut all = always.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        for (attributes, expected) in [
            ("userName", json!({ "userName": "a" })),
            ("USERNAME, name.givenName", json!({ "userName": "a", "name": { "givenName": "A" } })),
            ("name.givenName,name.familyName", json!({ "name": { "givenName": "A", "familyName": "B" } })),
            ("emails.value,emails.type", json!({ "emails": [{ "value": "a", "type": "work" }] })),
            ("emails.value", json!({ "emails": [{ "value": "a" }] })),
            (&format!("{ENTERPRISE}:department"), json!({ ENTERPRISE: { "department": "R" } })),
            (ENTERPRISE, json!({ ENTERPRISE: { "department": "R" } })),
            ("nonsense,title", json!({})),
            ("", json!({})),
        ] {
            assert_eq!(cut("attributes", attributes), with(expected), "{attributes}");
        }
        for (excluded, gone) in [
            ("userName", "/userName"),
            ("name.givenName", "/name/givenName"),
            ("emails.type", "/emails/0/type"),
            (
                &format!("{ENTERPRISE}:department"),
                "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            ),
            (ENTERPRISE, "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        ] {
            assert!(resource.pointer(gone).is_some());
            assert_eq!(cut("excludedAttributes", excluded).pointer(gone), None, "{excluded}");
        }
        assert_eq!(cut("excludedAttributes", "id,schemas"), resource, "these are always there");
    }
}
