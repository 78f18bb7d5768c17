#!/usr/bin/env bash
# Runs every test there is and prints how many of each kind there were. Goes on after a failure and tells of all of
# them at the end; logs are in target/test-logs.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

LOGS=target/test-logs
# No part may take longer than this, in seconds; the slowest takes a tenth of it on two cores with nothing built.
PART_SECONDS_MAX=3600
FAILED=()
rm -rf "$LOGS"
mkdir -p "$LOGS"

# part NAME COMMAND...: runs it with its output in a log; a failure shows the end of that log.
part() {
    local name=$1 began=$SECONDS
    shift
    say "$name"
    if timeout --kill-after=30 "$PART_SECONDS_MAX" "$@" >"$LOGS/$name.log" 2>&1 </dev/null; then
        say "$name: passed in $((SECONDS - began)) s"
        return 0
    fi
    say "$name: FAILED after $((SECONDS - began)) s"
    tail -n 80 "$LOGS/$name.log"
    FAILED+=("$name")
    return 1
}

# The crates whose tests run natively, in one build: their dependencies then have one set of features.
CRATES=(-p app --features app/ssr -p server -p control -p domain -p host -p identity -p store -p agent)

rust_tests() {
    # Which test program belongs to which crate: for the count by kind.
    cargo test --quiet "${CRATES[@]}" --no-run --message-format=json 2>"$LOGS/build.log" |
        sed -n 's|.*"package_id":"[^"]*/\([a-z0-9]*\)#.*"executable":"[^"]*/\([^"/]*\)".*|\2 \1|p' >"$LOGS/programs"
    [ "${PIPESTATUS[0]}" = 0 ] || { tail -n 60 "$LOGS/build.log"; return 1; }
    cargo test --no-fail-fast "${CRATES[@]}"
}

# Boots VMs from the guest image, on both network backends.
vm_tests() {
    REDOUBT_IMAGE_DIR="$PWD/target/image" cargo test "${CRATES[@]}" --features host/real-vm --test real_vm
}

browser_tests() {
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund && npx playwright test)
}

# Reads the log of `cargo test` and adds up the passed tests by kind.
count_rust() {
    awk '
        NR == FNR { crate[$1] = $2; next }
        /^ *Running / {
            match($0, /\([^)]*\)/)
            program = substr($0, RSTART + 1, RLENGTH - 2); sub(/.*\//, "", program)
            kind = /unittests/ ? "unit" : crate[program] " " $2
            sub(/tests\//, "", kind); sub(/(\/main)?\.rs/, "", kind)
        }
        /^ *Doc-tests / { kind = "documentation" }
        /^test result: / { passed[kind] += $4; failed[kind] += $6 }
        END { for (kind in passed) if (passed[kind] + failed[kind]) printf "%-34s %6d passed %4d failed\n", kind, passed[kind], failed[kind] }
    ' "$LOGS/programs" "$LOGS/rust.log" | sort
}

summary() {
    echo
    echo "Tests by kind"
    [ -s "$LOGS/programs" ] && [ -e "$LOGS/rust.log" ] && count_rust
    for name in build-tool real-vm browser; do
        [ -e "$LOGS/$name.log" ] || continue
        awk -v name="$name" '
            /^test result: / { passed += $4; failed += $6 }
            /^ +[0-9]+ passed/ { passed += $1 }
            /^ +[0-9]+ failed/ { failed += $1 }
            END { printf "%-34s %6d passed %4d failed\n", name, passed, failed }' "$LOGS/$name.log"
    done
    echo "Total time: $(elapsed) s"
    if [ ${#FAILED[@]} -gt 0 ]; then
        echo "FAILED: ${FAILED[*]} (logs in $LOGS)"
        exit 1
    fi
    echo "Everything passed."
}

part set-up scripts/set-up.sh test || summary
part lint scripts/lint.sh
part console cargo xtask console
part image cargo xtask image
export -f rust_tests vm_tests browser_tests
export LOGS
export CRATES_TEXT="${CRATES[*]}"
part rust bash -c 'read -ra CRATES <<<"$CRATES_TEXT"; rust_tests'
part build-tool cargo test -p xtask
part real-vm bash -c 'read -ra CRATES <<<"$CRATES_TEXT"; vm_tests'
part server cargo build --quiet -p server
part browser bash -c browser_tests
summary
