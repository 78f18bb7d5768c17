//! Texts that no database can store, in every place of a request that takes one: an answer, and never a fault of ours.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::json;

use super::callers::{Program, owners_program};
use crate::installation::Installation;

/// A NUL in the middle: PostgreSQL refuses a query with one, SQLite does not.
const TEXT: &str = "a%00b";

/// Whether the answer is one that whoever asks can do something with.
async fn is_answered(program: &Program, method: &Method, path: &str) {
    let reply = program.send(method.clone(), path, None).await;
    assert!(reply.status.as_u16() < 500, "{method} {path}: {} {}", reply.status, reply.text);
}

async fn nothing_is_a_fault_of_ours(installation: Installation) {
    let (program, organization) = owners_program(&installation).await;
    let base = format!("/v1/organizations/{organization}");
    program.post(&format!("{base}/projects"), json!({ "name": "shop" })).await.with(201);
    let unit = program.post(&format!("{base}/units"), json!({ "name": "Data" })).await.with(201);
    let group = program.post(&format!("{base}/groups"), json!({ "name": "Team" })).await.with(201);
    let robot =
        program.post(&format!("{base}/application-users"), json!({ "name": "robot" })).await.with(201);
    let id = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap().to_owned();
    let known = [
        ("{organization}", organization.to_string()),
        ("{project}", "shop".to_owned()),
        ("{unit}", id(&unit, "id")),
        ("{group}", id(&group, "id")),
        ("{user}", id(&robot, "user_id")),
    ];
    let mut tried: BTreeMap<&str, usize> = known.iter().map(|(name, _)| (*name, 0)).collect();
    let mut asked = 0;
    for operation in server::api::operations().iter().filter(|operation| !operation.takes_body) {
        // In place of each id and name in the path, whether one is known or not.
        for name in operation.path.split('/').filter(|part| part.starts_with('{')) {
            is_answered(&program, &operation.method, &filled(operation.path, &known, Some(name))).await;
            *tried.entry(name).or_default() += 1;
        }
        if operation.method != Method::GET {
            continue;
        }
        let path = filled(operation.path, &known, None);
        // In each parameter, the others being what they are as a rule.
        for one in operation.parameters() {
            for value in [
                TEXT.to_owned(),
                format!("project:{TEXT}"),
                format!("group:{TEXT}"),
                format!("{organization}%20{TEXT}"),
            ] {
                let others = operation.parameters().filter(|other| other.name != one.name);
                let others = others
                    .filter_map(|other| usual(other.name).map(|value| format!("&{}={value}", other.name)));
                let query: String = others.collect();
                is_answered(&program, &operation.method, &format!("{path}?{}={value}{query}", one.name))
                    .await;
                asked += 1;
            }
        }
    }
    println!("{asked} values of parameters, and in paths {tried:?}");
    assert!(tried.values().all(|tried| *tried > 0), "a name that is in no path: {tried:?}");
    assert!(asked > 100, "{asked}");
}

/// A path with values for its names, what is not known being an id of nothing, and with [`TEXT`] for one of them.
fn filled(path: &str, known: &[(&str, String)], hostile: Option<&str>) -> String {
    let part = |part: &str| match known.iter().find(|(name, _)| *name == part) {
        _ if hostile == Some(part) => TEXT.to_owned(),
        Some((_, value)) => value.clone(),
        None if part.starts_with('{') => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What a parameter holds as a rule, if it must be there.
fn usual(name: &str) -> Option<&'static str> {
    match name {
        "format" => Some("csv"),
        "permission" => Some("project:services:read"),
        "resource" => Some("project:shop"),
        _ => None,
    }
}

#[tokio::test]
async fn no_text_is_a_fault_of_ours_on_sqlite() {
    nothing_is_a_fault_of_ours(Installation::new().await).await;
}

#[tokio::test]
async fn no_text_is_a_fault_of_ours_on_postgres() {
    nothing_is_a_fault_of_ours(Installation::postgres().await).await;
}
