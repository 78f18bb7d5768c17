//! The API's description as an OpenAPI 3.1 document, made of the table. It is the reference; `docs/api.md` tells how to
//! call.

use std::sync::LazyLock;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    actions::{Action, Need},
    errors::Error,
    ids::RequestId,
};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{
    answers::Answer,
    calls::Call,
    operations::{Operation, Parameter},
};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// What stands in the braces of paths: name, meaning, and whether it is an id.
const PATH_VALUES: &[(&str, &str, bool)] = &[
    ("organization", "Id of an organization.", true),
    ("unit", "Id of a unit of the organization.", true),
    ("user", "Id of a person or application user.", true),
    ("invitation", "Id of an invitation.", true),
    ("group", "Id of a group of the organization.", true),
    ("token", "Id of a token; not its text.", true),
    ("grant", "Id of a grant.", true),
    ("project", "Name of a project.", false),
    ("domain", "Id of a domain of the organization.", true),
    ("provider", "Id of an identity provider of the organization.", true),
    ("provider_key", "Id of a key of ours towards the identity provider.", true),
    ("scim_token", "Id of a token to push people and groups with.", true),
];

/// What can go wrong: status, when.
const PROBLEMS: &[(u16, &str)] = &[
    (400, "The body is no JSON; the message names the place."),
    (401, "There is no token, or it is refused; the message says why."),
    (403, "The token's owner may know of this but not do it; the message names what is missing."),
    (404, "There is no such thing, or the token's owner may not know of it."),
    (409, "Something stands in the way, or somebody else changed it meanwhile."),
    (413, "The body is too large."),
    (415, "The body is not called JSON."),
    (422, "A value is refused; `field` names it."),
    (429, "Too many requests of this token, or too many refused tokens from this address."),
    (500, "A fault of the server; the message holds the number to report."),
    (503, "Something needed does not answer right now."),
];

/// The operation that gives the document.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/openapi.json", "getDocument", Action::UseToken, give)
            .about("Gives this document. Needs no token.")
            .open(),
    ]
}

struct Document;

impl Answer for Document {
    const STATUS: StatusCode = StatusCode::OK;

    fn content(_: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![("application/json", json_schema!({ "type": "object" }))]
    }

    fn respond(self, _: RequestId) -> Response {
        let content_type = [("content-type", "application/json")];
        (content_type, DOCUMENT.as_str()).into_response()
    }
}

async fn give(_: Call) -> Result<Document, Error> {
    Ok(Document)
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut generators = Generators::new();
    let mut paths = Map::new();
    for operation in super::operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_lowercase()] = describe(operation, &mut generators);
    }
    let (mut schemas, answers) = generators.into_schemas();
    schemas.extend(answers);
    schemas.insert("Problem".into(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Redoubt",
            "version": "v1",
            "summary": "People, groups, roles and tokens of a Redoubt installation.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "rdp_… or rda_…",
                    "description": "A personal or application token. The scheme aivenv1 does as well.",
                },
            },
        },
    })
}

/// What the schemas of the types are made with: a member that has a default need not be sent, and is always answered.
struct Generators {
    bodies: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Generators {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            bodies: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }

    /// All that was asked for, by name. A test keeps what is in both the same.
    fn into_schemas(mut self) -> (Map<String, Value>, Map<String, Value>) {
        (self.bodies.take_definitions(true), self.answers.take_definitions(true))
    }
}

fn describe(operation: &Operation, generators: &mut Generators) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": need(operation.action),
        "tags": [tag(operation)],
        "parameters": parameters(operation),
        "responses": answers_of(operation, &mut generators.answers),
        "x-action": operation.action.as_str(),
    });
    if let Some(schema) = (operation.body)(&mut generators.bodies) {
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    if operation.is_open {
        described["security"] = json!([]);
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let path = operation.path_names().map(|name| {
        let known = PATH_VALUES.iter().find(|(known, ..)| *known == name);
        let (_, description, is_id) = known.copied().unwrap_or((name, "", false));
        let schema =
            if is_id { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "string" }) };
        json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
    });
    let query = |parameters: &'static [Parameter], required: bool| {
        parameters.iter().map(move |Parameter { name, description }| {
            let schema = json!({ "type": "string" });
            json!({ "name": name, "in": "query", "required": required, "description": description, "schema": schema })
        })
    };
    path.chain(query(operation.required, true)).chain(query(operation.query, false)).collect()
}

fn answers_of(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let content: Map<String, Value> = (operation.content)(generator)
        .into_iter()
        .map(|(media_type, schema)| (media_type.to_owned(), json!({ "schema": schema })))
        .collect();
    let mut done = json!({ "description": if content.is_empty() { "Done." } else { "Done; here it is." } });
    if !content.is_empty() {
        done["content"] = content.into();
    }
    let mut all = json!({});
    all[operation.status.as_str()] = done;
    for (status, _) in PROBLEMS.iter().filter(|(status, _)| can_be(operation, *status)) {
        all[status.to_string()] = json!({ "$ref": format!("#/components/responses/{status}") });
    }
    all
}

fn can_be(operation: &Operation, status: u16) -> bool {
    match status {
        400 | 413 | 415 => operation.takes_body,
        409 => operation.method.as_str() != "GET",
        401 | 403 | 404 | 429 => !operation.is_open,
        _ => true,
    }
}

fn responses() -> Map<String, Value> {
    let one = |(status, description): &(u16, &str)| {
        let mut response = json!({
            "description": description,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        let header =
            |description: &str, kind: &str| json!({ "description": description, "schema": { "type": kind } });
        match status {
            401 => {
                response["headers"] = json!({ "WWW-Authenticate": header("What to bring.", "string") });
            }
            429 | 503 => {
                response["headers"] = json!({ "Retry-After": header("Seconds to wait.", "integer") });
            }
            _ => {}
        }
        (status.to_string(), response)
    };
    PROBLEMS.iter().map(one).collect()
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why something did not happen.",
        "properties": {
            "message": { "type": "string", "description": "A sentence that says what to do." },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "message": { "type": "string" },
                        "status": { "type": "integer", "description": "The HTTP status." },
                        "error_code": { "type": "string", "description": "A word for programs." },
                        "field": { "type": "string", "description": "The member or parameter it is about." },
                    },
                    "required": ["message", "status", "error_code"],
                },
            },
        },
        "required": ["errors", "message"],
        "example": {
            "errors": [{
                "message": "Enter the group's name.", "status": 422, "error_code": "invalid", "field": "name",
            }],
            "message": "Enter the group's name.",
        },
    })
}

/// What it takes, as a sentence.
fn need(action: Action) -> String {
    match action.need() {
        Need::Nothing => "Open to everybody.".to_owned(),
        Need::SignIn => "Open to every good token.".to_owned(),
        Need::Session => "Only in the console: a token is not enough.".to_owned(),
        Need::Membership => "Open to those who may know of the place.".to_owned(),
        Need::Permission(permission) => format!("Needs {permission}."),
        Need::AnyOf(permissions) => {
            let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
            format!("Needs one of {}.", names.join(", "))
        }
        Need::Administration if matches!(action, Action::EditAuthenticationPolicy) => {
            "Needs role:organization:admin.".to_owned()
        }
        Need::Administration => {
            "Needs role:organization:admin, or on a project admin, and to hold what is given.".to_owned()
        }
        Need::SuperAdmin => "Needs a super admin's token without limits.".to_owned(),
        Need::System => "Open to nobody.".to_owned(),
    }
}

/// The chapter of the document that an operation is in: the kind of thing that its action is about.
fn tag(operation: &Operation) -> &'static str {
    operation.action.as_str().split('.').next().unwrap_or_default()
}

fn tags() -> Vec<Value> {
    let mut names: Vec<&str> = super::operations().iter().map(tag).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_and_answered_under_one_name_is_the_same() {
        let mut generators = Generators::new();
        for operation in super::super::operations() {
            describe(operation, &mut generators);
        }
        let (bodies, answers) = generators.into_schemas();
        let both: Vec<&String> = bodies.keys().filter(|name| answers.contains_key(*name)).collect();
        assert!(both.len() >= 2, "{both:?}");
        for name in both {
            assert_eq!(bodies[name], answers[name], "{name}");
        }
        assert!(!answers.contains_key("Problem") && !bodies.contains_key("Problem"));
    }
}
