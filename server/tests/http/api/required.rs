//! What the document says must be there: each call without it is refused, and says what is missing.

use serde_json::{Value, json};
use server::api::Operation;

use super::{
    callers::{Program, owners_program},
    journeys::bodies,
    neighbours::{Values, everything, path_of},
};
use crate::installation::Installation;

/// Calls that were tried when this was last changed: it may only become more.
const CALLS_MIN: usize = 90;

/// A value for each name in a query.
fn value(name: &str) -> &'static str {
    match name {
        "format" => "csv",
        "permission" => "project:services:read",
        "principal" => "user:01890a5d-ac96-774b-bcce-b302099a8057",
        "resource" => "organization",
        "confirm" => "Ops",
        "granted" => "read_only",
        other => panic!("{other} is required in a query, and no value of it is known here"),
    }
}

/// The schema itself, wherever it stands.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// Where each member is that must be there, in objects within objects as well.
fn required(document: &Value, schema: &Value, within: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    let names = schema["required"].as_array().cloned().unwrap_or_default();
    for name in names.iter().map(|name| name.as_str().unwrap()) {
        let place = format!("{within}/{name}");
        required(document, &schema["properties"][name], &place, found);
        found.push(place);
    }
}

/// The body without the member that is there; none if it is not there.
fn without(body: &Value, place: &str) -> Option<Value> {
    let (mut body, (within, name)) = (body.clone(), place.rsplit_once('/').unwrap());
    body.pointer_mut(within)?.as_object_mut()?.remove(name)?;
    Some(body)
}

/// Sends it, and says why the answer is not that something is missing, if so.
async fn wrong(
    program: &Program,
    operation: &Operation,
    path: &str,
    body: Option<&Value>,
    missing: &str,
) -> Option<String> {
    let reply = program.send(operation.method.clone(), path, body.map(Value::to_string)).await;
    let (status, _, field) = match reply.status.as_u16() {
        400 | 422 => reply.problem(),
        status => (status, String::new(), String::new()),
    };
    let is_right = matches!(status, 400 | 422) && field == missing && !reply.text.is_empty();
    (!is_right).then(|| format!("{} without {missing}: {} {}", operation.id, reply.status, reply.text))
}

#[tokio::test]
async fn what_must_be_there_is_missed_by_name() {
    let installation = Installation::new().await;
    let (program, organization) = owners_program(&installation).await;
    let values: Values = everything(&installation, &program, organization, "shop", "new@example.org").await;
    let document = server::api::document();
    let (mut queries, mut members, mut wrongs) = (0, 0, Vec::new());
    for operation in server::api::operations() {
        let described = &document["paths"][operation.path][operation.method.as_str().to_lowercase()];
        let path = path_of(operation, &[&values]);
        let is_asked = |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
        let parameters = described["parameters"].as_array().unwrap().iter().filter(is_asked);
        let names: Vec<&str> = parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let body = bodies().into_iter().find(|(id, _)| *id == operation.id).map(|(_, body)| body);
        let body = body.or_else(|| operation.takes_body.then(|| json!({})));
        for missing in &names {
            let others = names.iter().filter(|name| *name != missing);
            let query: Vec<String> = others.map(|name| format!("{name}={}", value(name))).collect();
            let path = format!("{path}?{}", query.join("&"));
            wrongs.extend(wrong(&program, operation, &path, body.as_ref(), missing).await);
            queries += 1;
        }
        let Some(body) = body else { continue };
        let query: Vec<String> = names.iter().map(|name| format!("{name}={}", value(name))).collect();
        let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let mut places = Vec::new();
        required(
            &document,
            &described["requestBody"]["content"]["application/json"]["schema"],
            "",
            &mut places,
        );
        for place in places {
            let missing = place[1..].replace('/', ".");
            let Some(rest) = without(&body, &place) else {
                wrongs.push(format!("{}: the tests send no {place}", operation.id));
                continue;
            };
            wrongs.extend(wrong(&program, operation, &path, Some(&rest), &missing).await);
            members += 1;
        }
        // Nor is there a call without any body where one must be.
        let none = program.send(operation.method.clone(), &path, None).await;
        if !matches!(none.status.as_u16(), 400 | 415 | 422) {
            wrongs.push(format!("{} without a body: {} {}", operation.id, none.status, none.text));
        }
    }
    println!(
        "{queries} values of queries and {members} members of bodies that must be there, each missed by name"
    );
    assert!(wrongs.is_empty(), "{}:\n{}", wrongs.len(), wrongs.join("\n"));
    assert!(queries + members >= CALLS_MIN, "{queries} and {members}");
}
