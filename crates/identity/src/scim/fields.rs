//! Names of attributes, with what is before and behind them: `urn:…:User:name.givenName`. Looks nothing up in a resource that the
//! schema does not have.

use serde_json::{Map, Value};

use super::schemas::{Attribute, Kind, Type, find, is_not_kept};

/// An attribute, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The schema whose object holds it, if it is of an extension.
    pub extension: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The part of it.
    pub part: Option<&'static Attribute>,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An attribute that is kept.
    Field(Field),
    /// A whole extension.
    Extension(&'static str),
    /// Something that the RFC, or an extension of somebody else, has and nothing is kept of.
    NotKept,
    /// Nothing.
    Nothing,
}

/// What a name leads to, in a resource of that kind.
#[must_use]
pub fn named(kind: Kind, name: &str) -> Named {
    let (mut rest, mut extension) = (name, None);
    if starts_with(name, "urn:") {
        let of = |schema: &str| match name.get(schema.len()..) {
            Some(rest) if starts_with(name, schema) => {
                rest.strip_prefix(':').or(rest.is_empty().then_some(""))
            }
            _ => None,
        };
        let in_extension = kind.extension().and_then(|(schema, _)| Some((schema, of(schema)?)));
        match (of(kind.schema()), in_extension) {
            (Some(within), _) => rest = within,
            (_, Some((schema, ""))) => return Named::Extension(schema),
            (_, Some((schema, within))) => (rest, extension) = (within, Some(schema)),
            _ => return Named::NotKept,
        }
    }
    let (first, part) = rest.split_once('.').map_or((rest, None), |(first, part)| (first, Some(part)));
    let attribute = match (extension, kind.extension()) {
        (Some(_), Some((_, attributes))) => find(attributes, first),
        _ => kind.attribute(first),
    };
    let Some(attribute) = attribute else {
        return if is_not_kept(first) { Named::NotKept } else { Named::Nothing };
    };
    match part {
        None => Named::Field(Field { extension, attribute, part: None }),
        Some(name) => match find(attribute.parts, name) {
            Some(part) => Named::Field(Field { extension, attribute, part: Some(part) }),
            None if attribute.kind == Type::Complex && is_not_kept(name) => Named::NotKept,
            None => Named::Nothing,
        },
    }
}

fn starts_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(beginning))
}

impl Field {
    /// One that has no parts and is of no extension.
    #[must_use]
    pub const fn of(attribute: &'static Attribute) -> Self {
        Self { extension: None, attribute, part: None }
    }

    /// What the values are described by.
    #[must_use]
    pub fn leaf(&self) -> &'static Attribute {
        self.part.unwrap_or(self.attribute)
    }

    /// The values that an object has of it; a list's are its elements.
    #[must_use]
    pub fn values<'a>(&self, object: &'a Map<String, Value>) -> Vec<&'a Value> {
        let object = match self.extension {
            Some(schema) => object.get(schema).and_then(Value::as_object),
            None => Some(object),
        };
        let value = object.and_then(|object| object.get(self.attribute.name));
        let elements = match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(elements)) => elements.iter().collect(),
            Some(value) => vec![value],
        };
        match self.part {
            None => elements,
            Some(part) => elements.into_iter().filter_map(|element| element.get(part.name)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, name: &str) -> String {
        match named(kind, name) {
            Named::Field(Field { extension, attribute, part }) => {
                let part = part.map(|part| format!(".{}", part.name)).unwrap_or_default();
                format!("{}{}{part}", if extension.is_some() { "enterprise:" } else { "" }, attribute.name)
            }
            Named::Extension(_) => "enterprise".into(),
            Named::NotKept => "not kept".into(),
            Named::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn names_lead_to_attributes_in_any_case_and_with_their_schema() {
        for (name, expected) in [
            ("userName", "userName"),
            ("USERNAME", "userName"),
            ("name.givenname", "name.givenName"),
            ("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName", "name.familyName"),
            ("URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER:active", "active"),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "enterprise:department",
            ),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "enterprise"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "not kept"),
            ("urn:ietf:params:scim:schemas:extension:okta:2.0:User:x", "not kept"),
            ("externalId", "externalId"),
            ("meta.lastModified", "meta.lastModified"),
            ("phoneNumbers", "not kept"),
            ("name.middleName", "not kept"),
            ("department", "nothing"),
            ("userName.value", "nothing"),
            ("nonsense", "nothing"),
            ("name.nonsense", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(Kind::User, name), expected, "{name}");
        }
        assert_eq!(shown(Kind::Group, "members.$REF"), "members.$ref");
        assert_eq!(shown(Kind::Group, "userName"), "nothing");
    }
}
