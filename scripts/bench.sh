#!/usr/bin/env bash
# Measures the whole system on this machine and prints the figures: sizes, memory, requests per second, engine overhead,
# time from the click to the first query beside the same image booted by hand. Judges nothing.
#
#   BUILD=0 scripts/bench.sh    measures what is built already: the release server if there is one, else the debug one
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

command -v wrk >/dev/null || {
    [ "$(id -u)" = 0 ] || fail "The load generator is missing; have root install it: apt-get install wrk"
    say "installing wrk"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends wrk >/dev/null
}
PROFILE=()
if [ "${BUILD:-1}" = 1 ]; then
    scripts/set-up.sh test
    say "building the release console, server and image"
    cargo xtask console --release >/dev/null
    cargo build --quiet --release -p server
    cargo xtask image >/dev/null
    PROFILE=(--release)
fi
REDOUBT_BINARY=$PWD/target/release/redoubt
[ -x "$REDOUBT_BINARY" ] || REDOUBT_BINARY=$PWD/target/debug/redoubt
say "building the yardsticks"
cargo build --quiet -p agent --example boot_by_hand
cargo build --quiet "${PROFILE[@]}" -p control --example engine_overhead --example authorization
cargo build --quiet "${PROFILE[@]}" -p identity --features testing --example saml_verification

say "measuring"
cd end2end
[ -d node_modules ] || PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund >/dev/null
export REDOUBT_BINARY REDOUBT_BENCH=1
rm -f test-results/figures.txt
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT
npx playwright test --project=bench >"$LOG" 2>&1 || { cat "$LOG"; fail "The measurement failed."; }
cd ..
echo
cat end2end/test-results/figures.txt
echo
echo "Engine overhead of one creation on the simulated host (${PROFILE[0]:-debug build}):"
cargo run --quiet "${PROFILE[@]}" -p control --example engine_overhead
echo
echo "Authorization among a million grants (${PROFILE[0]:-debug build}):"
cargo run --quiet "${PROFILE[@]}" -p control --example authorization
echo
echo "Verification of one SAML response (${PROFILE[0]:-debug build}), median of 200:"
cargo run --quiet "${PROFILE[@]}" -p identity --features testing --example saml_verification -- "$REDOUBT_BINARY"
