#!/usr/bin/env bash
# Stops and removes everything that `make run` made on this machine but the builds: virtual machines, their networks
# and volumes, the database, the master key. Asks first unless YES=1.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

# How long the server may take to finish what it is at, in seconds.
STOP_SECONDS_MAX=30
# Stops the server that runs in this directory, if there is one.
stop_server() {
    local process
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/cwd")" = "$PWD" ] || continue
        case "$(readlink "$process/exe")" in */redoubt | */redoubt\ \(deleted\)) ;; *) continue ;; esac
        tr '\0' ' ' <"$process/cmdline" | grep -q ' serve' || continue
        say "stopping the server (process ${process#/proc/})"
        kill "${process#/proc/}"
        for ((second = 0; second < STOP_SECONDS_MAX; second++)); do
            [ -e "$process" ] || return 0
            sleep 1
        done
        fail "The server did not stop within $STOP_SECONDS_MAX s; stop process ${process#/proc/} and run this again."
    done
}

[ -e var ] || { echo "There is nothing to remove: ./var does not exist."; exit 0; }
if [ "${YES:-}" != 1 ]; then
    echo "This destroys every service of this installation with all its data, for good."
    read -r -p "Type “destroy” to go on: " answer
    [ "$answer" = destroy ] || fail "Nothing was removed."
fi
binary=target/release/redoubt
[ -x "$binary" ] || binary=target/debug/redoubt
[ -x "$binary" ] || fail "The server is not built; run “make run” once, then “make down”."
stop_server
"$binary" admin destroy-everything --yes "$@"
rm -rf var
echo "Removed ./var"
