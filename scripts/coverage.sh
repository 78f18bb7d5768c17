#!/usr/bin/env bash
# Measures which functions of the store its contract reaches, on each database alone, and names those it does not.
# Needs the compiler's llvm-tools (rustup component add llvm-tools) and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

TOOLS="$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin"
[ -x "$TOOLS/llvm-cov" ] || fail "llvm-cov is missing; run: rustup component add llvm-tools"
OUT=$PWD/target/coverage
export CARGO_TARGET_DIR=$OUT/build RUSTFLAGS="-C instrument-coverage"
export LLVM_PROFILE_FILE=$OUT/build.profraw
mkdir -p "$OUT"
say "building the contract with counters"
program=$(cargo test --quiet -p store --test contract --no-run --message-format=json |
    sed -n 's|.*"executable":"\([^"]*/contract-[^"/]*\)".*|\1|p')
for database in sqlite postgres; do
    say "running it on $database"
    LLVM_PROFILE_FILE=$OUT/$database.profraw "$program" --quiet "::$database" >"$OUT/$database.log" || {
        tail -n 40 "$OUT/$database.log"
        fail "The contract fails on $database."
    }
    "$TOOLS/llvm-profdata" merge --sparse "$OUT/$database.profraw" -o "$OUT/$database.profdata"
    "$TOOLS/llvm-cov" export "$program" --instr-profile "$OUT/$database.profdata" --skip-expansions \
        --sources crates/store/src >"$OUT/$database.json"
done
say "reading the counters"
python3 scripts/coverage.py "$OUT"
