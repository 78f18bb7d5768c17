//! What `docs/sign-in.md` says, compared with the code: the ways in, and the words that no password is made of. What it says of
//! limits is compared where they are. Reads files, runs no server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use domain::{sign_ins::SignInMethod, tokens::TokenKind};

const DOCUMENT: &str = include_str!("../../docs/sign-in.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file with this ending under a folder, as (path from the root, text).
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, ending, found),
                false if path.to_str().unwrap().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    let (root, mut found) = (root(), Vec::new());
    walk(&root.join(folder), ending, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        (name, std::fs::read_to_string(path).unwrap())
    };
    found.into_iter().map(read).collect()
}

/// The part of a file before its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

/// The rows of the tables under a heading, each as its cells.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let section = DOCUMENT.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--"));
    lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Server functions that begin a session or give it a new id: the endpoint of each one whose text holds such a call.
fn begin_sessions() -> BTreeSet<String> {
    let calls = ["session::begin(", "session::prove(", "enter(", "go_on("];
    let mut found = BTreeSet::new();
    for (_, text) in files("app/src", "api.rs") {
        for function in code(&text).split("#[server(endpoint = \"").skip(1) {
            let endpoint = function.split('"').next().unwrap();
            let body = function.split("#[cfg(feature = \"ssr\")]\nasync fn").next().unwrap();
            if calls.iter().any(|call| body.contains(call)) {
                found.insert(endpoint.to_owned());
            }
        }
    }
    found
}

#[test]
fn asvs_6_1_3_6_3_4_7_1_3_every_way_in_is_documented_and_there_is_no_other() {
    let rows = rows("Ways in");
    let mut listed: BTreeSet<String> =
        rows.iter().filter(|row| row.len() == 3).flat_map(|row| quoted(&row[1])).collect();
    assert!(listed.remove("passwords/reset"), "it is listed as what begins no session");
    assert_eq!(begin_sessions(), listed, "what begins sessions, against what is documented");
    // Nothing else can: one file of the console knows the session, and it is called from these alone.
    let touch = |(name, text): &(String, String)| {
        let is_api = name.ends_with("api.rs") || name == "app/src/session.rs";
        (code(text).contains("session::begin(") && !is_api).then(|| name.clone())
    };
    let others: Vec<String> = files("app/src", ".rs").iter().filter_map(touch).collect();
    assert_eq!(others, Vec::<String>::new());
    // Who comes through an identity provider is signed in at the end of their trip, and there alone.
    let through = |(name, text): &(String, String)| {
        (code(text).contains("session::begin_through(") && name != "app/src/session.rs").then(|| name.clone())
    };
    let ends: Vec<String> = files("app/src", ".rs").iter().filter_map(through).collect();
    assert_eq!(ends, ["app/src/single_sign_on/pages.rs"]);
    assert!(DOCUMENT.contains("One that began with an identity provider ends as its settings say"));
    // Every method and kind of token there is has its row.
    let words: BTreeSet<String> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    for method in SignInMethod::ALL {
        assert!(words.contains(method.as_str()), "{method}");
    }
    for kind in TokenKind::ALL {
        assert!(words.contains(kind.as_str()), "{kind}");
    }
    assert!(rows.iter().all(|row| row.iter().all(|cell| !cell.is_empty())), "each with its strength");
}

#[test]
fn asvs_6_1_2_words_that_no_password_is_made_of_are_documented() {
    let section = DOCUMENT.split("\n## Words that no password is made of\n").nth(1).unwrap();
    let listed: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    for word in identity::passwords::CONTEXT_WORDS {
        assert!(listed.contains(&word), "{word}: {listed:?}");
        // And it is the list that counts.
        let secret = domain::secrets::Secret::new(format!("{word}{word}{word}"));
        let rules = identity::passwords::Rules::SINGLE_FACTOR;
        assert!(identity::passwords::check(&secret, &rules, &[]).is_err(), "{word}");
    }
}

#[test]
fn asvs_6_4_2_there_are_no_hints_and_no_questions() {
    let words = ["security_question", "secret_question", "password_hint", "hint_text", "secret_answer"];
    // What identity providers answer to a request.
    let of_providers = ["answered_at", "answer_sealed"];
    let mut columns = 0;
    for (name, text) in files("migrations", ".sql") {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("--")) {
            let column = line.split_whitespace().next().unwrap_or_default();
            let is_asked = ["hint", "question", "answer"].iter().any(|word| column.contains(word));
            assert!(!is_asked || of_providers.contains(&column), "{name}: {line}");
            columns += 1;
        }
    }
    assert!(columns > 300, "{columns}");
    for (name, text) in files("app/src", ".rs").iter().chain(&files("crates/domain/src", ".rs")) {
        assert!(words.iter().all(|word| !text.contains(word)), "{name}");
    }
}

/// Seeds, codes, ids and links are made of what one trait gives, and the server gives it the operating system's.
#[test]
fn asvs_6_5_3_chance_comes_from_the_operating_system_alone() {
    let mut sources = Vec::new();
    for folder in ["crates/control/src", "crates/identity/src", "crates/host/src", "server/src", "app/src"] {
        for (name, text) in files(folder, ".rs") {
            let code = code(&text);
            if code.contains("impl Random for") {
                sources.push(name.clone());
            }
            for other in ["thread_rng", "fastrand", "SmallRng", "StdRng", "rand::random", "rand::rng"] {
                assert!(!code.contains(other), "{name}: {other}");
            }
        }
    }
    assert_eq!(sources, ["crates/control/src/random.rs"]);
    let serving = std::fs::read_to_string(root().join("server/src/serving.rs")).unwrap();
    assert!(serving.contains("random: Arc::new(SystemRandom)") || serving.contains("Arc::new(SystemRandom)"));
    let random = std::fs::read_to_string(root().join("crates/control/src/random.rs")).unwrap();
    assert!(random.contains("ring::rand::SystemRandom::new().fill(bytes)"));
}
