#!/usr/bin/env bash
# Formatting and lints, for every target that code of ours is built for.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

say "formatting"
cargo fmt --all --check
say "lints: server and libraries"
cargo clippy --quiet -p app --features ssr -p server -p control -p domain -p host -p identity -p store -p agent \
    --all-targets -- -D warnings
say "lints: build tool"
cargo clippy --quiet -p xtask --all-targets -- -D warnings
say "lints: browser"
cargo clippy --quiet -p frontend -p app --features app/hydrate --target wasm32-unknown-unknown -- -D warnings
scripts/asvs.py --check
say "lints done"
