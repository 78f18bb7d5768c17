//! Every function that the store offers is reached by the contract, and the contract runs on both databases.

use std::{fs, path::Path};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Rust files directly in a folder: name without ending, text.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&path)))
        .collect();
    files.sort();
    files
}

#[test]
fn the_contract_calls_every_function() {
    let tests = files("tests/contract");
    let (mut missing, mut count) = (Vec::new(), 0);
    for (module, text) in files("src") {
        // `testing` is what the contract stands on.
        if module == "testing" {
            continue;
        }
        for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("pub async fn ")) {
            count += 1;
            let name = line.split(['(', '<']).next().unwrap();
            // Methods are called on a value, functions through their module's name.
            let (calls, homes): (_, &[&str]) = match module.as_str() {
                "connections" => {
                    (vec![format!(".{name}("), format!("Store::{name}(")], &["connections", "schema"])
                }
                _ => (vec![format!("{module}::{name}(")], &[&module]),
            };
            let is_called = tests
                .iter()
                .filter(|(test, _)| homes.contains(&test.as_str()))
                .any(|(_, text)| calls.iter().any(|call| text.contains(call)));
            if !is_called {
                missing.push(calls[0].clone());
            }
        }
    }
    assert!(count > 100, "only {count} functions found: is this test looking in the right place?");
    assert!(
        missing.is_empty(),
        "{count} functions, without a test in the module of their name: {missing:#?}"
    );
}

#[test]
fn every_function_of_a_table_is_tested_on_both_databases() {
    // A plain test runs on one database only; those that do so for a reason are in these.
    const PLAIN: &[&str] = &["main", "connections", "coverage", "schema"];
    for (module, text) in files("tests/contract") {
        if !PLAIN.contains(&module.as_str()) {
            assert!(
                !text.contains("#[tokio::test") && !text.contains("#[test"),
                "use contract!() in {module}"
            );
        }
    }
}
