//! Taste that can be checked: sizes, names, the direction of dependencies, who may do what. Reads files, runs nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Lines of a file before its tests, at most, and with them.
const LINES_BEFORE_TESTS_MAX: usize = 400;
const LINES_MAX: usize = 700;
/// Lines of a function, at most.
const FUNCTION_LINES_MAX: usize = 70;
/// Names that say nothing.
const BANNED_MODULES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "types", "shared", "stuff",
];
/// Directories that hold nothing of ours; `.git` is a file in a second work tree.
const SKIPPED: &[&str] = &["target", "node_modules", ".git", "var", "test-results", "playwright-report"];

/// Which of our crates each may depend on: DESIGN's direction, and nothing besides.
const DIRECTION: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("host", &["domain"]),
    ("identity", &["domain"]),
    ("agent", &["domain"]),
    ("control", &["domain", "store", "host", "identity"]),
    ("app", &["domain", "control"]),
    ("frontend", &["app"]),
    ("server", &["app", "control", "domain", "host", "identity", "store"]),
    ("xtask", &[]),
];
/// Crates of others that only some of ours may use.
const RESERVED: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "domain"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    ("hickory-resolver", &["server"]),
    ("lettre", &["server"]),
    ("schemars", &["domain", "server"]),
    ("tower-sessions", &["server", "app"]),
    ("argon2", &["identity"]),
    ("samael", &["identity"]),
    ("openssl", &["identity"]),
    ("roxmltree", &["identity"]),
    ("openidconnect", &["identity"]),
    ("webauthn-rs", &["identity"]),
    ("nix", &["host", "agent"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the repository with this ending, as (path from the root, text).
fn files(ending: &str) -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.file_type().unwrap().is_dir() {
                _ if SKIPPED.contains(&name.as_str()) => {}
                true => walk(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &mut found);
    found.sort();
    let named = found.into_iter().map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), path));
    named
        .filter(|(name, _)| name.ends_with(ending))
        .filter_map(|(name, path)| Some((name, std::fs::read_to_string(path).ok()?)))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

/// The part of a file before its tests.
fn before_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |end| &text[..end])
}

fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for (path, text) in files(".rs") {
        let (all, before) = (text.lines().count(), before_tests(&text).lines().count());
        if all > LINES_MAX {
            found.push(format!("{path}: {all} lines; the most is {LINES_MAX}"));
        } else if before > LINES_BEFORE_TESTS_MAX && !is_test(&path) {
            found.push(format!(
                "{path}: {before} lines before its tests; the most is {LINES_BEFORE_TESTS_MAX}"
            ));
        }
    }
    none("Files to cut", found);
}

/// Functions longer than allowed, as (line, lines). Relies on rustfmt: a function ends at a brace below its `fn`.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "extern \"C\" "];
        let mut rest = code;
        while let Some(shorter) = words.iter().find_map(|word| rest.strip_prefix(word)) {
            rest = shorter;
        }
        if !rest.starts_with("fn ") || code.ends_with('}') || code.ends_with(';') {
            continue;
        }
        let indent = line.len() - code.len();
        let end = format!("{}}}", " ".repeat(indent));
        let length =
            lines[start..].iter().position(|line| **line == end || line.starts_with(&format!("{end}\n")));
        if let Some(length) = length.map(|length| length + 1).filter(|length| *length > FUNCTION_LINES_MAX) {
            found.push((start + 1, length));
        }
    }
    found
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for (path, text) in files(".rs").iter().filter(|(path, _)| !is_test(path)) {
        for (line, length) in long_functions(before_tests(text)) {
            found.push(format!("{path}:{line}: {length} lines; the most is {FUNCTION_LINES_MAX}"));
        }
    }
    none("Functions to cut", found);
}

#[test]
fn long_functions_are_found() {
    let body = "    one();\n".repeat(FUNCTION_LINES_MAX);
    let text =
        format!("impl X {{\n    pub(crate) async fn a() {{\n{body}    }}\n}}\nfn b() {{\n    one();\n}}\n");
    assert_eq!(long_functions(&text), [(2, FUNCTION_LINES_MAX + 2)]);
}

#[test]
fn modules_have_names_that_say_something() {
    let rust = files(".rs").into_iter().filter(|(path, _)| {
        path.trim_end_matches(".rs").split('/').any(|part| BANNED_MODULES.contains(&part))
    });
    none("Modules to rename", rust.map(|(path, _)| path));
}

#[test]
fn modules_begin_with_what_they_are() {
    let silent = files(".rs").into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none("Files whose first line is no //! sentence", silent.map(|(path, _)| path));
}

#[test]
fn nothing_is_left_unfinished_or_waved_through() {
    // Put together here, so that this file is not found by itself.
    let banned = [
        concat!("#[ig", "nore"),
        concat!("tod", "o!("),
        concat!("unimpl", "emented!("),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
        concat!("should_", "panic"),
        concat!("test.on", "ly("),
        concat!("test.sk", "ip("),
        concat!("FIX", "ME"),
    ];
    let mut found = Vec::new();
    for (path, text) in files(".rs").into_iter().chain(files(".ts")).chain(files(".sh")).chain(files(".css"))
    {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                found.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    none("Marks of unfinished work, and lints waved through", found);
}

/// Our crates: (name, manifest).
fn manifests() -> Vec<(String, toml::Table)> {
    let crates = files("Cargo.toml").into_iter().map(|(_, text)| text.parse::<toml::Table>().unwrap());
    crates
        .filter_map(|manifest| {
            Some((manifest.get("package")?["name"].as_str()?.to_owned(), manifest.clone()))
        })
        .collect()
}

fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let kinds =
        ["dependencies", "build-dependencies"].iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    kinds.flat_map(toml::Table::keys).cloned().collect()
}

/// `app` cannot inherit them: its macros write what cannot be documented. It must state all others.
fn takes_workspace_lints(name: &str, manifest: &toml::Table) -> bool {
    let Some(lints) = manifest.get("lints") else { return false };
    if name != "app" {
        return lints.get("workspace") == Some(&toml::Value::Boolean(true));
    }
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let workspace: toml::Table = text.parse().unwrap();
    let mut expected = workspace["workspace"]["lints"].clone();
    expected["rust"].as_table_mut().unwrap().remove("missing_docs");
    *lints == expected
}

#[test]
fn dependencies_point_one_way() {
    let mut found = Vec::new();
    for (name, manifest) in manifests() {
        let Some((_, allowed)) = DIRECTION.iter().find(|(known, _)| *known == name) else {
            found.push(format!("{name} is not in the table of this test"));
            continue;
        };
        let used = dependencies(&manifest);
        for (ours, _) in DIRECTION {
            if used.contains(*ours) && !allowed.contains(ours) {
                found.push(format!("{name} may not depend on {ours}"));
            }
        }
        for (theirs, users) in RESERVED {
            if used.contains(*theirs) && !users.contains(&name.as_str()) {
                found.push(format!("{name} may not depend on {theirs}: only {} may", users.join(", ")));
            }
        }
        if !takes_workspace_lints(&name, &manifest) {
            found.push(format!("{name} does not take the workspace's lints"));
        }
    }
    none("Dependencies against the direction", found);
}

#[test]
fn the_browsers_build_of_app_needs_domain_and_leptos_alone() {
    let manifests = manifests();
    let (_, app) = manifests.iter().find(|(name, _)| name == "app").unwrap();
    let is_optional = |dependency: &str| app["dependencies"][dependency].get("optional").is_some();
    for dependency in ["control", "leptos_axum", "tower-sessions"] {
        assert!(is_optional(dependency), "app must not need {dependency} in the browser");
    }
}

#[test]
fn schemas_are_in_the_server_alone() {
    let turns_on = |manifest: &toml::Table| {
        let domain =
            manifest.get("dependencies").and_then(|all| all.get("domain")?.get("features")?.as_array());
        domain.is_some_and(|features| features.contains(&"schemas".into()))
    };
    let manifests = manifests();
    let users: Vec<&str> =
        manifests.iter().filter(|(_, manifest)| turns_on(manifest)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(users, ["server"], "the browser and the agent have no use for them");
}

/// Lines outside of comments, in sources that are no tests, of crates that are not excepted.
fn source_lines(excepted: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in files(".rs") {
        if is_test(&path) || excepted.iter().any(|except| path.starts_with(except)) {
            continue;
        }
        for (number, line) in before_tests(&text).lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                found.push((format!("{path}:{}", number + 1), line.to_owned()));
            }
        }
    }
    found
}

#[test]
fn only_the_store_speaks_sql() {
    // The agent sets up the customer's database in the guest, which is another matter.
    let marks = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "UPDATE ", "CREATE TABLE ", "sqlx::query"];
    let found = source_lines(&["crates/store/", "crates/agent/", "crates/domain/src/states.rs"])
        .into_iter()
        .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        .map(|(place, line)| format!("{place}: {}", line.trim()));
    none("SQL outside of the store", found);
}

/// The walk of the route table knows of a route by the lists that the router is made of. Only those that lead nowhere are
/// in none.
#[test]
fn routes_are_made_of_lists() {
    let is_by_itself = |line: &str| line.contains(".route(\"") || line.trim_end().ends_with(".route(");
    let others = [".route_service(", ".nest(", ".nest_service("];
    let found = source_lines(&[])
        .into_iter()
        .filter(|(place, line)| place.starts_with("server/src/") && !line.contains("any(nowhere)"))
        .filter(|(_, line)| is_by_itself(line) || others.iter().any(|other| line.contains(other)))
        .map(|(place, line)| format!("{place}: {}", line.trim()));
    none("Routes that no list has", found);
}

/// Files of `control` that may open a transaction without a permit: the permit itself, what runs by itself, and what comes
/// before anybody is known.
const MAY_OPEN_TRANSACTIONS: &[&str] = &[
    "crates/control/src/ceremonies.rs",
    "crates/control/src/contexts.rs",
    "crates/control/src/contexts/permits.rs",
    "crates/control/src/control.rs",
    "crates/control/src/domains/checking.rs",
    "crates/control/src/housekeeping.rs",
    "crates/control/src/identity_providers/watching.rs",
    "crates/control/src/mails/sending.rs",
    "crates/control/src/scim/tokens.rs",
    "crates/control/src/sessions/lock_outs.rs",
    "crates/control/src/sessions/rows.rs",
    "crates/control/src/single_sign_on/codes.rs",
    "crates/control/src/single_sign_on/finishing.rs",
    "crates/control/src/single_sign_on/trips.rs",
    "crates/control/src/tokens/uses.rs",
    "crates/control/src/workflow.rs",
    "crates/control/src/workflow/",
    "crates/control/src/workflows/",
];

#[test]
fn operations_reach_the_database_through_permits() {
    let found = source_lines(MAY_OPEN_TRANSACTIONS)
        .into_iter()
        .filter(|(place, line)| place.starts_with("crates/control/src/") && line.contains(".store()"))
        .map(|(place, line)| format!("{place}: {}", line.trim()));
    none("Transactions that are opened without a permit", found);
}

#[test]
fn sql_asks_for_no_time() {
    let marks = [
        "now()",
        "'now'",
        "current_time",
        "current_date",
        "localtime",
        "_timestamp()",
        "strftime",
        "julianday",
        "unixepoch",
    ];
    let asks = |line: &str| marks.iter().any(|mark| line.to_lowercase().contains(mark));
    assert!(asks("SELECT NOW()") && asks("DEFAULT CURRENT_TIMESTAMP"));
    let mut found = Vec::new();
    for (path, text) in files(".sql").into_iter().chain(files(".rs")) {
        if !path.starts_with("migrations/") && !path.starts_with("crates/store/src/") {
            continue;
        }
        let lines = text.lines().enumerate().filter(|(_, line)| asks(line));
        found.extend(lines.map(|(number, line)| format!("{path}:{}: {}", number + 1, line.trim())));
    }
    none("SQL that reads the database's clock", found);
}

#[test]
fn only_host_agent_and_the_build_tool_start_processes() {
    // The last one measures the judge as the server starts it.
    let excepted = [
        "crates/host/",
        "crates/agent/",
        "crates/xtask/",
        "crates/store/src/testing",
        "crates/identity/examples/saml_verification.rs",
    ];
    let found = source_lines(&excepted)
        .into_iter()
        .filter(|(_, line)| line.contains("Command::new(") || line.contains("use std::process::Command"))
        .map(|(place, line)| format!("{place}: {}", line.trim()));
    none("Processes started outside of host, agent and xtask", found);
}

#[test]
fn migrations_come_in_pairs() {
    let names = |kind: &str| -> BTreeSet<String> {
        let directory = root().join("migrations").join(kind);
        let entries = std::fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    none("Migrations without a twin", sqlite.symmetric_difference(&postgres).cloned());
}

#[test]
fn documents_have_one_title() {
    let mut found = Vec::new();
    for (path, text) in files(".md") {
        let mut is_code = false;
        let titles = text.lines().filter(|line| {
            is_code ^= line.trim_start().starts_with("```");
            !is_code && line.starts_with("# ")
        });
        let titles = titles.count();
        if titles != 1 {
            found.push(format!("{path}: {titles} titles"));
        }
    }
    none("Documents without exactly one title", found);
}

/// The list of audit events is closed, and its documentation is for those who read exports without our sources.
#[test]
fn every_event_is_documented_and_no_other() {
    let text = std::fs::read_to_string(root().join("docs/events.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let documented: BTreeSet<&str> =
        rows.flat_map(|names| names.split(['`', ',', ' ']).filter(|name| name.contains('.'))).collect();
    let known: BTreeSet<&str> = domain::events::EventType::ALL.iter().map(|event| event.as_str()).collect();
    none("Events without their twin", known.symmetric_difference(&documented).map(|name| (*name).to_owned()));
}

#[test]
fn every_style_is_imported() {
    let styles = files(".css").into_iter().filter(|(path, _)| path.starts_with("style/")).collect::<Vec<_>>();
    let imports: String = styles
        .iter()
        .flat_map(|(_, text)| text.lines().filter(|line| line.contains("@import")))
        .collect::<Vec<_>>()
        .join("\n");
    let lost = styles.iter().map(|(path, _)| path.trim_start_matches("style/")).filter(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path.contains('/') && !imports.contains(path) && !imports.contains(&format!("/{name}"))
    });
    none("Style files that nothing imports", lost.map(str::to_owned));
}

#[test]
fn no_path_of_a_working_machine() {
    let banned = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("sha", "red/reference")];
    let mut found = Vec::new();
    for (path, text) in files("") {
        for (number, line) in text.lines().enumerate() {
            if banned.iter().any(|part| line.contains(part)) {
                found.push(format!("{path}:{}", number + 1));
            }
        }
    }
    none("Paths that only exist on somebody's machine", found);
}
