//! What operations answer, as JSON: one form for a thing, one for a list, one for nothing. Knows none of the things.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{errors::Error, ids::RequestId, timestamps::Timestamp, views::Page};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};

use super::calls::Json;

/// What an operation answers.
pub(super) trait Answer: Send + 'static {
    /// The status if all goes well.
    const STATUS: StatusCode;

    /// Media types, with how each looks.
    fn content(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

    /// The answer to this request.
    fn respond(self, request: RequestId) -> Response;
}

/// A thing that was just made.
pub(super) struct Created<T>(pub(super) T);

/// Rows that lists are made of.
pub(super) trait Listed {
    /// The member of the answer that holds them.
    const PLURAL: &'static str;
    /// What the number of all of them says.
    const TOTAL: &'static str = "Rows in the whole list.";
}

const JSON: &str = "application/json";

impl Answer for () {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;

    fn content(_: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Vec::new()
    }

    fn respond(self, _: RequestId) -> Response {
        Self::STATUS.into_response()
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Json<T> {
    const STATUS: StatusCode = StatusCode::OK;

    fn content(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![(JSON, generator.subschema_for::<T>())]
    }

    fn respond(self, request: RequestId) -> Response {
        json_answer(Self::STATUS, &self.0, request)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Created<T> {
    const STATUS: StatusCode = StatusCode::CREATED;

    fn content(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Json::<T>::content(generator)
    }

    fn respond(self, request: RequestId) -> Response {
        json_answer(Self::STATUS, &self.0, request)
    }
}

impl<T: Listed + Serialize + JsonSchema + Send + 'static> Answer for Page<T> {
    const STATUS: StatusCode = StatusCode::OK;

    fn content(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        let rows = generator.subschema_for::<T>();
        let schema = json_schema!({
            "type": "object",
            "properties": {
                T::PLURAL: { "type": "array", "items": rows },
                "next": {
                    "type": ["string", "null"],
                    "description": "Give this as `after` to get the next page; null on the last.",
                },
                "total": { "type": "integer", "description": T::TOTAL },
            },
            "required": [T::PLURAL, "next", "total"],
        });
        vec![(JSON, schema)]
    }

    fn respond(self, request: RequestId) -> Response {
        let body = json!({ T::PLURAL: self.rows, "next": self.next, "total": self.total });
        json_answer(Self::STATUS, &body, request)
    }
}

/// A list that is always whole.
pub(super) fn whole<T>(rows: Vec<T>) -> Page<T> {
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Page { rows, next: None, total }
}

fn json_answer(status: StatusCode, value: &impl Serialize, request: RequestId) -> Response {
    match text(value) {
        Ok(text) => (status, [(header::CONTENT_TYPE, JSON)], Body::from(text)).into_response(),
        Err(error) => {
            tracing::error!(report = %request, %error, "An answer could not be written as JSON");
            super::problems::Problem::from(Error::Internal { report: request.to_string() }).into_response()
        }
    }
}

/// A view as the API writes it: instants in RFC 3339, and what events hold as JSON text as JSON.
pub(crate) fn text(view: &impl Serialize) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(view)?;
    rewrite(&mut value);
    serde_json::to_string(&value)
}

/// Instants are numbers in the views; every member named `at` or `…_at` is one, and nothing else is. A test of the
/// document keeps it so.
fn rewrite(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(rewrite),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::Number(micros) if is_instant(name) => {
                        *member = micros
                            .as_i64()
                            .map_or(Value::Null, |micros| Timestamp::from_micros(micros).rfc3339().into());
                    }
                    Value::String(json) if is_json_text(name) => {
                        *member = serde_json::from_str(json).unwrap_or(Value::Null);
                    }
                    other => rewrite(other),
                }
            }
        }
        _ => {}
    }
}

/// Whether a member of that name is an instant.
pub(super) fn is_instant(name: &str) -> bool {
    name == "at" || name.ends_with("_at")
}

/// Whether a member of that name holds JSON as a text.
pub(super) fn is_json_text(name: &str) -> bool {
    matches!(name, "before" | "after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_written_for_programs() {
        let view = json!({
            "at": 1_795_325_845_000_000_i64,
            "rows": [{ "created_at": 0, "expires_at": null, "count": 5 }],
            "before": "{\"name\":\"a\"}",
            "after": null,
            "text": "{}",
        });
        let expected = json!({
            "at": "2026-11-22T05:37:25Z",
            "rows": [{ "created_at": "1970-01-01T00:00:00Z", "expires_at": null, "count": 5 }],
            "before": { "name": "a" },
            "after": null,
            "text": "{}",
        });
        assert_eq!(serde_json::from_str::<Value>(&text(&view).unwrap()).unwrap(), expected);
    }
}
