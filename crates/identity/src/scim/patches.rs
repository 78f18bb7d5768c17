//! Changes of a resource (RFC 7644 section 3.5.2): what each leaves of it. Whether that may be is not asked here.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    fields::Field,
    filters::Filter,
    parsing::{self, Place},
    refusals::{Reason, Refusal},
    resources::{fits_in, may_be_sent, member, normal, settle},
    schemas::{Attribute, Kind, Type, find},
};

/// The schema of a request that changes a resource.
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Changes of one request, at most.
pub const OPERATIONS_MAX: usize = 200;
/// Values of one change, at most.
pub const VALUES_MAX: usize = 1000;
/// Values of lists that are looked at for one request, at most: a change of a list looks at each value that it has.
pub const LOOKED_AT_MAX: usize = 1_000_000;

/// Changes to be made, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    kind: Kind,
    operations: Vec<Operation>,
}

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    verb: Verb,
    place: Place,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

impl Patch {
    /// Reads what a client sent. A change without a path is one for each member of its value.
    ///
    /// # Errors
    /// `invalidSyntax`, `invalidPath`, `noTarget` and `tooMany`, saying what is wrong.
    pub fn read(kind: Kind, sent: &Value) -> Result<Self, Refusal> {
        let syntax = |detail: &str| Refusal::new(Reason::InvalidSyntax, detail);
        let sent = sent.as_object().ok_or_else(|| syntax("Send the changes as a JSON object."))?;
        let schemas = member(sent, "schemas").and_then(Value::as_array);
        let is_patch =
            |schema: &Value| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(PATCH));
        if !schemas.is_some_and(|schemas| schemas.iter().any(is_patch)) {
            return Err(syntax("“schemas” has to hold urn:ietf:params:scim:api:messages:2.0:PatchOp."));
        }
        let operations = member(sent, "Operations").and_then(Value::as_array);
        let operations = operations.ok_or_else(|| syntax("“Operations” is a list of changes."))?;
        if operations.is_empty() || operations.len() > OPERATIONS_MAX {
            let detail = format!("“Operations” holds 1 to {OPERATIONS_MAX} changes.");
            return Err(Refusal::new(Reason::TooMany, detail));
        }
        let mut patch = Self { kind, operations: Vec::with_capacity(operations.len()) };
        for operation in operations {
            let operation = operation.as_object().ok_or_else(|| syntax("A change is a JSON object."))?;
            patch.push(operation)?;
        }
        Ok(patch)
    }

    fn push(&mut self, operation: &Map<String, Value>) -> Result<(), Refusal> {
        let syntax = |detail: &str| Refusal::new(Reason::InvalidSyntax, detail);
        let verb =
            match member(operation, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
                Some("add") => Verb::Add,
                Some("replace") => Verb::Replace,
                Some("remove") => Verb::Remove,
                _ => return Err(syntax("“op” is add, replace or remove.")),
            };
        let value = member(operation, "value").cloned();
        if value.as_ref().and_then(Value::as_array).is_some_and(|values| values.len() > VALUES_MAX) {
            return Err(Refusal::new(Reason::TooMany, format!("A change has at most {VALUES_MAX} values.")));
        }
        if verb != Verb::Remove && value.is_none() {
            return Err(Refusal::value("A change that adds or replaces needs a value."));
        }
        match member(operation, "path") {
            Some(Value::String(path)) if !path.trim().is_empty() => {
                let place = parsing::path(self.kind, path)?;
                if let Place::Field(field, _) = &place {
                    changeable(field)?;
                }
                self.operations.push(Operation { verb, place, value: value.unwrap_or_default() });
            }
            Some(Value::Null | Value::String(_)) | None if verb == Verb::Remove => {
                return Err(Refusal::new(Reason::NoTarget, "A removal needs a path."));
            }
            Some(Value::Null | Value::String(_)) | None => match value {
                Some(Value::Object(members)) => self.push_all(verb, members)?,
                _ => return Err(Refusal::value("Without a path, the value is an object.")),
            },
            Some(_) => return Err(Refusal::new(Reason::InvalidPath, "A path is a text.")),
        }
        Ok(())
    }

    /// Those of a change without a path. What cannot be changed comes along in whole resources, and is passed over.
    fn push_all(&mut self, verb: Verb, members: Map<String, Value>) -> Result<(), Refusal> {
        for (name, value) in members {
            let place = parsing::path(self.kind, &name)?;
            let is_kept = match &place {
                Place::Field(field, _) => changeable(field).is_ok(),
                Place::Extension(_) => true,
                Place::NotKept => false,
            };
            if is_kept {
                self.operations.push(Operation { verb, place, value });
            }
        }
        Ok(())
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// `noTarget`, `mutability`, `invalidValue` and `tooMany`, saying what is wrong. The resource is of no use then.
    pub fn apply(&self, resource: &mut Map<String, Value>) -> Result<(), Refusal> {
        let mut looked_at = 0;
        for operation in &self.operations {
            match &operation.place {
                Place::NotKept => {}
                Place::Extension(schema) => operation.extend(self.kind, schema, resource)?,
                Place::Field(field, filter) => {
                    let object = match field.extension {
                        None => &mut *resource,
                        Some(schema) => match resource.entry(schema).or_insert_with(|| Map::new().into()) {
                            Value::Object(object) => object,
                            _ => continue,
                        },
                    };
                    match field.attribute.is_list {
                        true => {
                            let values = object.get(field.attribute.name).and_then(Value::as_array);
                            looked_at += values.map_or(0, Vec::len);
                            bounded(looked_at)?;
                            operation.list(field, filter.as_ref(), object)?;
                        }
                        false => operation.single(field, object)?,
                    }
                }
            }
            settle(resource);
        }
        Ok(())
    }
}

/// Refuses changes that would take long: a million values are looked at in well under a second.
fn bounded(looked_at: usize) -> Result<(), Refusal> {
    match looked_at > LOOKED_AT_MAX {
        true => {
            let detail = "So many changes of so long a list are not made at once: send fewer at a time, with more values each.";
            Err(Refusal::new(Reason::TooMany, detail))
        }
        false => Ok(()),
    }
}

fn changeable(field: &Field) -> Result<(), Refusal> {
    match may_be_sent(field.attribute) {
        true => Ok(()),
        false => {
            let detail = format!("{} cannot be changed.", field.attribute.name);
            Err(Refusal::new(Reason::Mutability, detail))
        }
    }
}

impl Operation {
    /// A whole extension.
    fn extend(&self, kind: Kind, schema: &str, resource: &mut Map<String, Value>) -> Result<(), Refusal> {
        if self.verb == Verb::Remove {
            resource.remove(schema);
            return Ok(());
        }
        let attributes = kind.extension().map_or(&[][..], |(_, attributes)| attributes);
        let Value::Object(sent) = &self.value else {
            return Err(Refusal::value("The value of an extension is an object."));
        };
        let mut object =
            resource.remove(schema).and_then(|value| value.as_object().cloned()).unwrap_or_default();
        merge(attributes, sent, &mut object)?;
        resource.insert(schema.to_owned(), object.into());
        Ok(())
    }

    /// What has one value, or a part of it.
    fn single(&self, field: &Field, object: &mut Map<String, Value>) -> Result<(), Refusal> {
        let attribute = field.attribute;
        let Some(part) = field.part else {
            if self.verb == Verb::Remove || self.verb == Verb::Replace && self.value.is_null() {
                if attribute.is_required {
                    let detail = format!("{} cannot be removed.", attribute.name);
                    return Err(Refusal::new(Reason::Mutability, detail));
                }
                object.remove(attribute.name);
                return Ok(());
            }
            if attribute.kind != Type::Complex {
                return set(attribute, &self.value, object);
            }
            let Value::Object(sent) = &self.value else {
                return Err(Refusal::value(format!("{} is an object.", attribute.name)));
            };
            let mut whole = taken_out(attribute, object);
            merge(attribute.parts, sent, &mut whole)?;
            object.insert(attribute.name.to_owned(), whole.into());
            return Ok(());
        };
        let mut whole = taken_out(attribute, object);
        match self.verb {
            Verb::Remove => drop(whole.remove(part.name)),
            Verb::Add | Verb::Replace => set(part, &self.value, &mut whole)?,
        }
        object.insert(attribute.name.to_owned(), whole.into());
        Ok(())
    }

    /// What has a list of values: all of them, or those that fit.
    fn list(
        &self,
        field: &Field,
        filter: Option<&Filter>,
        object: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let attribute = field.attribute;
        let mut values = match object.remove(attribute.name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        match (filter, field.part) {
            (None, None) => self.whole_list(attribute, &mut values)?,
            _ => self.fitting(field, filter, &mut values)?,
        }
        fits_in(attribute, values.len())?;
        object.insert(attribute.name.to_owned(), values.into());
        Ok(())
    }

    fn whole_list(&self, attribute: &'static Attribute, values: &mut Vec<Value>) -> Result<(), Refusal> {
        let sent = match normal(attribute, &self.value)? {
            Some(Value::Array(sent)) => sent,
            _ => Vec::new(),
        };
        match self.verb {
            Verb::Replace => *values = sent,
            // Microsoft Entra ID names those that are to be removed in the value.
            Verb::Remove if !sent.is_empty() => {
                let gone: BTreeSet<String> = sent.iter().map(key).collect();
                values.retain(|value| !gone.contains(&key(value)));
            }
            Verb::Remove => values.clear(),
            Verb::Add => {
                let mut known: BTreeSet<String> = values.iter().map(key).collect();
                for value in sent {
                    // There is one value of each type, where types are what tells them apart.
                    let kind = value.get("type").filter(|_| attribute.name != "members");
                    let same =
                        kind.and_then(|kind| values.iter_mut().find(|known| known.get("type") == Some(kind)));
                    match same {
                        Some(same) => *same = value,
                        None if known.insert(key(&value)) => values.push(value),
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn fitting(
        &self,
        field: &Field,
        filter: Option<&Filter>,
        values: &mut Vec<Value>,
    ) -> Result<(), Refusal> {
        let fits = |value: &Value| match (filter, value.as_object()) {
            (Some(filter), Some(object)) => filter.fits(object),
            _ => filter.is_none(),
        };
        if self.verb == Verb::Remove && field.part.is_none() {
            values.retain(|value| !fits(value));
            return Ok(());
        }
        if self.verb != Verb::Remove && !values.iter().any(fits) {
            let new = match filter {
                Some(filter) => filter.described().filter(|_| self.verb == Verb::Add),
                None => Some(Map::new()),
            };
            let Some(mut new) = new else {
                let detail = format!("No value of {} fits the filter of the path.", field.attribute.name);
                return Err(Refusal::new(Reason::NoTarget, detail));
            };
            self.put(field, &mut new)?;
            values.push(new.into());
            return Ok(());
        }
        for object in values.iter_mut().filter(|value| fits(value)).filter_map(Value::as_object_mut) {
            match (self.verb, field.part) {
                (Verb::Remove, Some(part)) => drop(object.remove(part.name)),
                _ => self.put(field, object)?,
            }
        }
        values.retain(|value| value.as_object().is_none_or(|object| !object.is_empty()));
        Ok(())
    }

    /// The value of the change, put into one value of a list.
    fn put(&self, field: &Field, object: &mut Map<String, Value>) -> Result<(), Refusal> {
        match (field.part, &self.value) {
            (Some(part), value) => set(part, value, object),
            (None, Value::Object(sent)) => merge(field.attribute.parts, sent, object),
            (None, _) => Err(Refusal::value(format!("A value of {} is an object.", field.attribute.name))),
        }
    }
}

/// What tells the values of a list apart.
fn key(value: &Value) -> String {
    value.get("value").and_then(Value::as_str).map_or_else(|| value.to_string(), str::to_owned)
}

fn set(attribute: &'static Attribute, value: &Value, object: &mut Map<String, Value>) -> Result<(), Refusal> {
    match normal(attribute, value)? {
        Some(value) => drop(object.insert(attribute.name.to_owned(), value)),
        None if attribute.is_required => {
            return Err(Refusal::new(Reason::Mutability, format!("{} cannot be removed.", attribute.name)));
        }
        None => drop(object.remove(attribute.name)),
    }
    Ok(())
}

fn merge(
    attributes: &'static [Attribute],
    sent: &Map<String, Value>,
    object: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    for (name, value) in sent {
        if let Some(attribute) = find(attributes, name) {
            set(attribute, value, object)?;
        }
    }
    Ok(())
}

/// The object that an attribute is, taken out; a new one where there is none.
fn taken_out(attribute: &Attribute, object: &mut Map<String, Value>) -> Map<String, Value> {
    match object.remove(attribute.name) {
        Some(Value::Object(whole)) => whole,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
