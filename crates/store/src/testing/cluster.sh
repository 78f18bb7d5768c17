# Runs a throwaway PostgreSQL in the directory $1 with the programs in $2, and answers each line on its input with
# one line. When the input ends, which it does when the tests' process ends in whatever way, the server is killed
# and the directory removed.
set -eu
directory=$1 programs=$2 as='' server=''
cd "$directory"
if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres "$directory"
    as='setpriv --reuid=postgres --regid=postgres --init-groups'
fi

kill_server() {
    [ -z "$server" ] || { kill -QUIT "$server" && wait "$server" || true; }
    server=''
}

start_server() {
    $as "$programs/postgres" -D "$directory/data" -k "$directory" -c listen_addresses= -c max_connections=200 \
        -c fsync=off -c full_page_writes=off >>"$directory/log" 2>&1 </dev/null &
    server=$!
    for _ in $(seq 300); do
        if $as "$programs/pg_isready" -q -h "$directory"; then return; fi
        if ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    return 1
}

trap 'kill_server; cd /; rm -rf "$directory"' EXIT
# Being killed would skip that; so would an answer that nobody reads any more.
trap 'exit 1' HUP INT TERM
trap '' PIPE
# A collation that is not that of bytes, so that a sort which relies on the database's shows.
$as "$programs/initdb" -D "$directory/data" -A trust -U redoubt --encoding=UTF8 --locale=C.UTF-8 \
    --locale-provider=icu --icu-locale=en-US --no-sync >>"$directory/log" 2>&1 ||
    { tr '\n' ' ' <"$directory/log"; exit 1; }
while read -r command; do
    case $command in
    start) start_server || { tr '\n' ' ' <"$directory/log"; exit 1; } ;;
    stop) kill_server ;;
    esac
    echo done || exit 1
done
