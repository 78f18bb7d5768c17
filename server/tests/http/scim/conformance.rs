//! What a public tool finds that asks SCIM servers what the RFCs demand of them: scim2-tester, over the network. What it found is in
//! `docs/scim.md`, and may not become stale there.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use axum::Extension;
use server::middleware::requests::Peer;

use super::workplace::Workplace;

/// Where `scripts/set-up.sh test` puts the tool.
const PYTHON: &str = "scim-tester/bin/python";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The rows of the table in the documentation.
fn documented() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/scim.md")).unwrap();
    let (_, table) = text.split_once("| resource | check | found |\n|---|---|---|\n").unwrap();
    table.lines().take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[expect(clippy::disallowed_methods, reason = "the tool is a program of its own")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tool_finds_what_is_documented() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let place = Workplace::at(&address).await;
    let router = place.installation.router.clone().layer(Extension(Peer(Ipv4Addr::LOCALHOST.into())));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    // In a work tree of its own, the tool is where the tests are built, or beside the code.
    let python =
        [target.join(PYTHON), root().join("target").join(PYTHON)].into_iter().find(|path| path.exists());
    let python = python.expect("run `scripts/set-up.sh test`, which installs scim2-tester");
    let mut command = Command::new(python);
    command
        .arg(root().join("server/tests/scim/conformance.py"))
        .arg(format!("{address}{}", place.base()))
        .arg("acme.example")
        .env("SCIM_TOKEN", &place.token);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    serving.abort();
    let (said, wrong) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{wrong}");
    let found: Vec<&str> = said.lines().collect();
    assert!(found.len() > 20, "{said}");
    assert_eq!(found, documented(), "what it says of what it did not like:\n{wrong}\nall rows:\n{said}");
}
