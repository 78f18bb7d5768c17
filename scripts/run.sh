#!/usr/bin/env bash
# Builds everything and runs Redoubt on SQLite and this machine's hypervisor, with its state under ./var.
# Ctrl-C stops the server and leaves the virtual machines running; scripts/down.sh removes everything.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

say "looking for what is needed"
scripts/set-up.sh run
say "building the console"
cargo xtask console --release
say "building the server"
cargo build --quiet --release -p server
say "building the guest image"
cargo xtask image
say "starting the server"
exec target/release/redoubt serve "$@"
