//! The table of operations and the document made of it.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use super::callers::{Program, owners_program};
use crate::installation::Installation;

#[test]
fn every_operation_has_its_action() {
    let mut lines: Vec<String> = server::api::operations()
        .iter()
        .map(|operation| format!("{} {} -> {}", operation.method, operation.path, operation.action))
        .collect();
    lines.sort();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("api_operations", lines.join("\n"));
    });
}

#[test]
fn names_of_operations_are_unique_and_so_are_their_places() {
    let operations = server::api::operations();
    let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.id).collect();
    let places: BTreeSet<String> =
        operations.iter().map(|operation| format!("{} {}", operation.method, operation.path)).collect();
    assert_eq!((ids.len(), places.len()), (operations.len(), operations.len()));
    for operation in operations {
        assert!(operation.path.starts_with("/v1/"), "{}", operation.path);
        assert!(operation.summary.ends_with('.'), "{} says what it does", operation.id);
        assert!(operation.method != Method::GET || !operation.takes_body, "{}", operation.id);
    }
}

/// Every value under this name, wherever it is.
fn all<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| all(value, name, found)),
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|value| all(value, name, found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole_and_needs_no_token() {
    let installation = Installation::new().await;
    let document = Program::new(&installation).get("/v1/openapi.json").await.with(200);
    assert_eq!(document, server::api::document());
    assert_eq!(document["openapi"], "3.1.0");

    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 100, "{}", references.len());
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    let mut unresolved = Vec::new();
    all(&document, "$defs", &mut unresolved);
    all(&document, "$schema", &mut unresolved);
    assert!(unresolved.is_empty(), "{unresolved:?}");

    for operation in server::api::operations() {
        let method = operation.method.as_str().to_lowercase();
        let described = &document["paths"][operation.path][&method];
        assert_eq!(described["operationId"], operation.id);
        let parameters = described["parameters"].as_array().unwrap();
        let of = |place: &str| -> BTreeSet<&str> {
            let all = parameters.iter().filter(|parameter| parameter["in"] == place);
            all.map(|parameter| parameter["name"].as_str().unwrap()).collect()
        };
        assert_eq!(of("path"), operation.path_names().collect(), "{}", operation.id);
        assert_eq!(of("query"), operation.parameters().map(|parameter| parameter.name).collect());
        for parameter in parameters {
            assert!(
                parameter["description"].as_str().unwrap().ends_with('.'),
                "{} {parameter}",
                operation.id
            );
            let is_required = operation.required.iter().any(|required| required.name == parameter["name"]);
            let is_required = is_required || parameter["in"] == "path";
            assert_eq!(parameter["required"], is_required, "{parameter}");
        }
        assert_eq!(described["requestBody"].is_object(), operation.takes_body, "{}", operation.id);
        assert!(described["responses"][operation.status.as_str()].is_object(), "{}", operation.id);
        assert_eq!(described["responses"]["401"].is_null(), operation.is_open, "{}", operation.id);
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(described, server::api::operations().len());
}

/// Whether a schema is of an instant, or of one that may be missing.
fn is_instant(schema: &Value) -> bool {
    let mut formats = Vec::new();
    all(schema, "format", &mut formats);
    formats.iter().any(|format| **format == "date-time") && schema["properties"].is_null()
}

#[test]
fn instants_are_known_by_their_names_and_so_is_json_in_texts() {
    let document = server::api::document();
    let mut properties = Vec::new();
    all(&document["components"]["schemas"], "properties", &mut properties);
    let mut instants = 0;
    for (name, schema) in properties.iter().flat_map(|members| members.as_object().unwrap()) {
        // The last two are what X.509 calls them.
        let is_named_so = name == "at"
            || name.ends_with("_at")
            || matches!(name.as_str(), "failing_since" | "not_before" | "not_after");
        assert_eq!(is_instant(schema), is_named_so, "{name}: {schema}");
        instants += usize::from(is_named_so);
        if name == "before" || name == "after" {
            assert!(schema["type"].as_array().unwrap().contains(&"object".into()), "{schema}");
        }
    }
    assert!(instants > 10, "{instants}");
}

#[tokio::test]
async fn every_place_of_the_table_answers_and_others_say_so() {
    let installation = Installation::new().await;
    let (program, _) = owners_program(&installation).await;
    let stranger = Program::new(&installation);
    for operation in server::api::operations() {
        let reply = stranger.send(operation.method.clone(), operation.path, None).await;
        let expected = if operation.is_open { 200 } else { 401 };
        assert_eq!(reply.status, expected, "{} {}", operation.method, operation.path);
        let reply = program.send(Method::TRACE, operation.path, None).await;
        assert_eq!(reply.problem(), (405, "method_not_allowed".into(), String::new()));
        assert!(reply.header("allow").contains(operation.method.as_str()), "{:?}", reply.headers);
    }
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/me/nothing", "/v1/organizations/"] {
        for method in [Method::GET, Method::POST] {
            let reply = program.send(method, path, None).await;
            assert_eq!(reply.problem(), (404, "not_found".into(), String::new()), "{path}");
        }
    }
}
