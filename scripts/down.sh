#!/usr/bin/env bash
# Stops and removes everything that `make run` made on this machine but the builds: virtual machines, their networks
# and volumes, the database, the master key. Asks first unless YES=1.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

[ -e var ] || { echo "There is nothing to remove: ./var does not exist."; exit 0; }
if [ "${YES:-}" != 1 ]; then
    echo "This destroys every service of this installation with all its data, for good."
    read -r -p "Type “destroy” to go on: " answer
    [ "$answer" = destroy ] || fail "Nothing was removed."
fi
binary=target/release/redoubt
[ -x "$binary" ] || binary=target/debug/redoubt
[ -x "$binary" ] || fail "The server is not built; run “make run” once, then “make down”."
"$binary" admin destroy-everything --yes "$@"
rm -rf var
echo "Removed ./var"
