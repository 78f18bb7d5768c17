#!/usr/bin/env bash
# Breaks each line that decides who may, one after the other, and looks whether a test notices: the policy, what follows from
# the database, permits, and the guards. Prints what no test noticed; nothing of it should be left.
#
# First with the tests that are quick, then what is left with all of them. About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

cargo mutants --version >/dev/null 2>&1 || fail "cargo-mutants is missing: cargo install --locked cargo-mutants"
FILES=()
for file in crates/domain/src/{policies,powers}.rs crates/control/src/{access,contexts,standings}.rs \
    crates/control/src/contexts/*.rs; do FILES+=(-f "$file"); done
QUICK=(tests:: operations::access operations::contexts operations::overtaken operations::policies operations::step_up
    operations::factor_resets operations::permissions operations::groups operations::users
    operations::application_users operations::tokens operations::places properties)
mutants() { # what is mutated and how it is tested: the same in both rounds
    cargo mutants --output target --timeout 600 "${FILES[@]}" --test-package=domain,control "$@"
}
rm -rf target/mutants.out
say "with the quick tests"
mutants -- --lib --test control -- "${QUICK[@]}" || [ $? = 2 ] || fail "The tests fail without a mutation, or the build does."
say "what is left, with all tests"
mutants --iterate -- --lib --test control || true
say "noticed by no test:"
cat target/mutants.out/missed.txt target/mutants.out/timeout.txt
[ ! -s target/mutants.out/missed.txt ]
