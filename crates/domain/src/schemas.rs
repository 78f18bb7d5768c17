//! How the API's document describes what has a text form of its own. The rest describes itself by derivation; nothing here
//! is in any build but the server's.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{permissions::Granted, secrets::Secret, timestamps::Timestamp};

/// In the API an instant is RFC 3339 in UTC, in the console's own calls a number.
impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl JsonSchema for Granted {
    fn schema_name() -> Cow<'static, str> {
        "Granted".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let identifiers: Vec<&str> = Self::all().map(Self::as_str).collect();
        json_schema!({ "description": "A role or a single permission.", "type": "string", "enum": identifiers })
    }
}
