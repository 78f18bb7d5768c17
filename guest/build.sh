#!/usr/bin/env bash
# Builds the guest image: kernel, initramfs with the agent, read-only base with PostgreSQL and the two
# filesystem templates. It installs nothing on this machine and runs no maintainer script of any package.
#
#   guest/build.sh OUT_DIR AGENT_BINARY     makes OUT_DIR/{vmlinux,initramfs.cpio,base.erofs,manifest.json}
#   guest/build.sh --packages               prints "name=version" of every package that goes in
#
# Runs as root or as an ordinary user (then with fakeroot and a user namespace). Packages it needs on Debian:
#   apt cpio dpkg e2fsprogs erofs-utils fakeroot kmod lz4 tar util-linux zstd debian-archive-keyring
# Environment: REDOUBT_DEBIAN_MIRROR, REDOUBT_DEBIAN_SECURITY_MIRROR, REDOUBT_IMAGE_CACHE (a directory).
set -euo pipefail
umask 022
export LC_ALL=C
PATH="$PATH:/usr/sbin:/sbin"

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SUITE=bookworm
# The mirrors of Debian that this machine's own apt uses, unless others are named. $1: end of the suite's codename.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN)' 2>/dev/null |
        awk -v end="$1" '$3 == "Debian" && $2 ~ "^[a-z]+" end "$" { print $1; exit }'
}
find_mirrors() {
    MIRROR=${REDOUBT_DEBIAN_MIRROR:-$(mirror "")}
    SECURITY_MIRROR=${REDOUBT_DEBIAN_SECURITY_MIRROR:-$(mirror "-security")}
    [ -n "$MIRROR" ] || return 1
    # A machine without a source of security updates: mirrors have them beside the rest.
    SECURITY_MIRROR=${SECURITY_MIRROR:-${MIRROR%/}-security/}
}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
CACHE=${REDOUBT_IMAGE_CACHE:-$HERE/../target/image-cache}
POSTGRESQL_MAJOR=15
# The uid and gid of postgres in the guest; crates/agent/src/postgres.rs holds the same.
POSTGRES_ID=70
# Blocks of this byte were never written by mkfs; crates/agent/src/templates.rs holds the same.
FILLER='\245'

say() { printf '%s\n' "image: $*" >&2; }
die() { say "$*"; exit 1; }
for tool in apt-get cpio depmod dpkg-deb lz4 mkfs.erofs mkfs.ext4 modprobe od sha256sum tar zstd; do
    command -v "$tool" >/dev/null || die "$tool is missing; see the list of packages at the top of guest/build.sh"
done

mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd)
# One build at a time: two would pull the package lists away from under each other.
exec 9>"$CACHE/lock"
flock 9
IS_ROOT=false
[ "$(id -u)" = 0 ] && IS_ROOT=true
# Codenames are known only once apt has lists.
find_mirrors || { $IS_ROOT && apt-get update -qq >&2 && find_mirrors; } ||
    die "no Debian mirror is known: run apt-get update, or set REDOUBT_DEBIAN_MIRROR and REDOUBT_DEBIAN_SECURITY_MIRROR"

# --- packages -------------------------------------------------------------------------------------------

apt_set_up() {
    mkdir -p "$CACHE/apt/lists/partial" "$CACHE/apt/archives/partial" "$CACHE/debs"
    cat >"$CACHE/apt/sources.list" <<END
deb [signed-by=$KEYRING] $MIRROR $SUITE main
deb [signed-by=$KEYRING] $MIRROR $SUITE-updates main
deb [signed-by=$KEYRING] $SECURITY_MIRROR $SUITE-security main
END
    cat >"$CACHE/apt/apt.conf" <<END
Dir::State "$CACHE/apt";
Dir::State::status "/dev/null";
Dir::State::lists "$CACHE/apt/lists";
Dir::Cache "$CACHE/apt";
Dir::Cache::archives "$CACHE/apt/archives";
Dir::Etc::sourcelist "$CACHE/apt/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END
    export APT_CONFIG="$CACHE/apt/apt.conf"
    # Package lists are asked for at most every six hours; without a network the ones at hand serve.
    if [ -z "$(find "$CACHE/apt/updated" -mmin -360 2>/dev/null)" ]; then
        if apt-get update -qq >&2; then
            touch "$CACHE/apt/updated"
        elif [ -e "$CACHE/apt/updated" ]; then
            say "the package lists could not be refreshed; using those of $(date -r "$CACHE/apt/updated" +%F)"
        else
            die "the package lists could not be fetched from $MIRROR and $SECURITY_MIRROR"
        fi
    fi
}

# What the resolver adds but the guest never uses: it has no shell, no package manager and no init system.
EXCLUDED='gcc-12-base|coreutils|libacl1|libattr1|tar|dpkg|perl|perl-.*|libperl.*|lib.*-perl|usrmerge'
EXCLUDED+='|init-system-helpers|sysvinit-utils|libaudit-common|debconf|libpam-modules|libpam-modules-bin'
EXCLUDED+='|libsemanage.*|libsepol2|passwd|adduser|lsb-base|netbase|postgresql-client-common|postgresql-common'
EXCLUDED+='|openssl|ssl-cert|sensible-utils|ucf|cpio|kmod|libkmod2|readline-common|udev|libc-l10n|locales|dmsetup'
EXCLUDED+='|libklibc|klibc-utils|logsave|initramfs-tools.*|linux-base|linux-image-cloud-amd64|libllvm.*|libz3-4'
EXCLUDED+='|libgdbm.*|libdb5.3|libsasl2-modules-db|postgresql-client-.*|libreadline8'

packages() {
    apt-get -s --no-install-recommends install "postgresql-$POSTGRESQL_MAJOR" cryptsetup-bin nftables \
        linux-image-cloud-amd64 | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\).*/\1=\2/p' | grep -Ev "^($EXCLUDED)=" | sort
}

if [ "${1:-}" = --packages ]; then
    apt_set_up
    packages
    exit 0
fi

[ $# = 2 ] || die "usage: guest/build.sh OUT_DIR AGENT_BINARY"
AGENT=$(realpath "$2")
[ -x "$AGENT" ] || die "$2 is not an executable file"
mkdir -p "$1"
OUT=$(cd "$1" && pwd)
STAGE=$(mktemp -d "${TMPDIR:-/tmp}/redoubt-image.XXXXXX")
trap 'rm -rf "$STAGE"' EXIT

# --- running things within the tree -----------------------------------------------------------------------

# initdb refuses root, so it runs as the guest's postgres: truly when we are root, else in a user namespace.
in_tree_as_postgres() {
    if $IS_ROOT; then
        chroot --userspec="$POSTGRES_ID:$POSTGRES_ID" "$ROOT" "$@"
    else
        unshare --user --map-user="$POSTGRES_ID" --map-group="$POSTGRES_ID" --root="$ROOT" --wd=/ "$@"
    fi
}
as_owner() {
    if $IS_ROOT; then "$@"; else fakeroot -- "$@"; fi
}

extract() { # DEB
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$ROOT" --keep-directory-symlink --no-same-owner \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/info/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/bash-completion/*' \
        --exclude='./usr/share/lintian/*' --exclude='./usr/share/postgresql/*/man/*' \
        --exclude='./usr/lib/postgresql/*/lib/bitcode/*' --exclude='./usr/lib/postgresql/*/lib/llvmjit*' \
        --exclude='./usr/lib/postgresql/*/lib/pgxs/*' --exclude='./usr/share/zoneinfo/right/*' \
        --exclude='./usr/share/zoneinfo/posix/*' --exclude='./etc/init.d/*' --exclude='./etc/cron*' \
        --exclude='./usr/lib/systemd/*' --exclude='./lib/systemd/*' --exclude='./usr/lib/x86_64-linux-gnu/gconv/*'
}

# --- the tree ---------------------------------------------------------------------------------------------

make_tree() {
    ROOT=$STAGE/root
    mkdir -p "$ROOT"/usr/{bin,sbin,lib,lib64}
    local name
    for name in bin sbin lib lib64; do ln -s "usr/$name" "$ROOT/$name"; done

    say "fetching $(wc -l <"$STAGE/packages") packages"
    (cd "$CACHE/debs" && xargs apt-get download -qq <"$STAGE/packages" >&2)
    local line version file
    while IFS='=' read -r line version; do
        file=$CACHE/debs/${line}_${version//:/%3a}_
        file=$(ls "$file"*.deb 2>/dev/null | head -n1) || true
        [ -n "$file" ] || die "package $line $version was not fetched"
        case $line in
        linux-image-*) mkdir -p "$STAGE/kernel" && dpkg-deb -x "$file" "$STAGE/kernel" ;;
        *) extract "$file" ;;
        esac
    done <"$STAGE/packages"

    mkdir -p "$ROOT"/{dev/shm,proc,sys,run,tmp,etc,var/lib/postgresql,var/tmp,usr/share/redoubt,data}
    chmod 1777 "$ROOT/tmp" "$ROOT/var/tmp" "$ROOT/dev/shm"
    cat >"$ROOT/etc/passwd" <<END
root:x:0:0:root:/:/usr/sbin/nologin
postgres:x:$POSTGRES_ID:$POSTGRES_ID:PostgreSQL:/var/lib/postgresql:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
    printf 'root:x:0:\npostgres:x:%s:\nnogroup:x:65534:\n' "$POSTGRES_ID" >"$ROOT/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files\nservices: files\n' >"$ROOT/etc/nsswitch.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$ROOT/etc/hosts"
    ln -sf /usr/share/zoneinfo/Etc/UTC "$ROOT/etc/localtime"
    prune
    # Every program the agent starts must find its libraries, whatever the exclusions above say.
    local program
    for program in "$PG_BIN"/{postgres,initdb} /usr/sbin/{cryptsetup,nft}; do
        in_tree_as_postgres /lib64/ld-linux-x86-64.so.2 --list "$program" >"$STAGE/libraries" 2>&1 ||
            { cat "$STAGE/libraries" >&2; die "$program does not find its libraries"; }
    done
}

prune() {
    # One program per job: the rest of these packages only widens what an intruder could use.
    find "$ROOT/usr/bin" "$ROOT/usr/sbin" \( -type f -o -type l \) ! -name cryptsetup ! -name nft -delete
    find "$ROOT$PG_BIN" -type f ! -name postgres ! -name initdb -delete
    rm -rf "$ROOT"/usr/share/{doc,man,info,locale,lintian,bug,perl,bash-completion,gdb,polkit-1,pkgconfig} \
        "$ROOT"/etc/{ld.so.conf.d/fakeroot*,logrotate.d,pam.d,apt,dpkg,ldap} "$ROOT"/usr/lib/{udev,tmpfiles.d} \
        "$ROOT"/usr/lib/x86_64-linux-gnu/{perl*,audit,engines-3} "$ROOT/usr/lib/locale/locale-archive"
}

# --- the templates ----------------------------------------------------------------------------------------

# A filesystem of which only the written blocks are kept. The file is filled with a pattern first: on an
# encrypted volume a skipped block reads as noise, so blocks that were written with zeros must be kept.
template() { # NAME SIZE_MIB JOURNAL_MIB [TREE]
    local image=$STAGE/$1.img
    head -c "$(($2 * 1024 * 1024))" /dev/zero | tr '\0' "$FILLER" >"$image"
    local owner=0
    [ -n "${4:-}" ] && owner=$POSTGRES_ID
    as_owner bash -euc '
        image=$1 name=$2 journal=$3 owner=$4 tree=$5
        if [ -n "$tree" ]; then chown -R "$owner:$owner" "$tree"; fi
        mkfs.ext4 -q -F -b 4096 -m 1 -L "redoubt-$name" -U 5ed00b70-0000-4000-8000-000000000001 \
            -O metadata_csum,metadata_csum_seed,64bit -J "size=$journal" ${tree:+-d "$tree"} \
            -E "nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=$owner:$owner" "$image"
        ' _ "$image" "$1" "$3" "$owner" "${4:-}"
    "$AGENT" pack-template "$image" "$ROOT/usr/share/redoubt/$1.template"
    rm -f "$image"
}

make_data_directory() {
    # Plain files in place of devices: initdb only redirects from and to /dev/null, and this works without root.
    : >"$ROOT/dev/null" && chmod 0666 "$ROOT/dev/null"
    install -d -m 0777 "$ROOT/data/15"
    # initdb calls itself and postgres through a shell, which the finished guest does not have.
    local dash
    dash=$(cd "$STAGE" && apt-get download -qq dash >&2 && ls "$STAGE"/dash_*.deb)
    dpkg-deb --fsys-tarfile "$dash" | tar -xO ./bin/dash >"$ROOT/usr/bin/sh"
    chmod 0755 "$ROOT/usr/bin/sh"
    in_tree_as_postgres "$PG_BIN/initdb" -D "/data/15/main" --username=postgres --auth=reject \
        --encoding=UTF8 --locale=C.UTF-8 --lc-messages=C --data-checksums --no-sync --no-instructions >"$STAGE/initdb.log" 2>&1 ||
        { cat "$STAGE/initdb.log" >&2; die "initdb failed"; }
    # What crates/agent/src/postgres/first_user.rs makes if it is missing; having it here spares a boot a second.
    in_tree_as_postgres "$PG_BIN/postgres" --single -j -D "/data/15/main" postgres >"$STAGE/single.log" 2>&1 <<'END' ||
CREATE ROLE rdadmin LOGIN CREATEDB CREATEROLE;

UPDATE pg_catalog.pg_authid SET rolsuper = true
  WHERE rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files');

CREATE DATABASE defaultdb OWNER rdadmin STRATEGY file_copy;

END
        { cat "$STAGE/single.log" >&2; die "the first database could not be made"; }
    grep -qE 'ERROR|FATAL' "$STAGE/single.log" && { cat "$STAGE/single.log" >&2; die "the first database could not be made"; }
    rm -f "$ROOT/usr/bin/sh" "$ROOT$PG_BIN/initdb" "$ROOT/dev/null"
}

# --- kernel and initramfs ---------------------------------------------------------------------------------

# Emulated machines boot the uncompressed ELF (PVH) up to a second faster than bzImage.
make_vmlinux() {
    local image setup offset length
    image=$(ls "$STAGE"/kernel/boot/vmlinuz-*)
    KERNEL=${image##*/vmlinuz-}
    number() { od -An -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
    setup=$((($(number 497 1) + 1) * 512))
    offset=$((setup + $(number 584 4)))
    length=$(($(number 588 4) - 4))
    tail -c "+$((offset + 1))" "$image" | head -c "$length" >"$STAGE/payload" || true
    case $(od -An -t x4 -N 4 "$STAGE/payload" | tr -d ' ') in
    184c2102) lz4 -q -d -f "$STAGE/payload" "$STAGE/vmlinux" ;;
    fd2fb528) zstd -q -d -f "$STAGE/payload" -o "$STAGE/vmlinux" ;;
    *) die "the kernel's compression is not known" ;;
    esac
    [ "$(od -An -t x4 -N 4 "$STAGE/vmlinux" | tr -d ' ')" = 464c457f ] || die "the kernel's payload is no ELF file"
}

# In the order of loading; what each needs comes before it.
MODULES='virtio_pci virtio_blk virtio_console virtio_net virtio_rng erofs overlay dm_mod aesni_intel ecb xts dm_crypt
    nf_tables nf_conntrack nft_ct'

make_initramfs() {
    local tree=$STAGE/initramfs module file
    mkdir -p "$tree"/{modules,dev,proc,sys,run,newroot}
    # usr-merged kmod looks in /lib/modules below its base directory.
    depmod -b "$STAGE/kernel" "$KERNEL"
    for module in $MODULES; do
        modprobe -d "$STAGE/kernel" -S "$KERNEL" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r file; do
        [ -e "$tree/modules/${file##*/}" ] && continue
        cp "$file" "$tree/modules/" && printf '%s\n' "${file##*/}"
    done >"$STAGE/order"
    mv "$STAGE/order" "$tree/modules/order"
    install -m 0755 "$AGENT" "$tree/init"
    find "$tree" -exec touch -h -d @0 {} +
    (cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$STAGE/initramfs.cpio"
}

# --- manifest ---------------------------------------------------------------------------------------------

sha() { sha256sum "$1" | cut -d' ' -f1; }

make_manifest() {
    local file version
    version=$(sed -n "s/^postgresql-$POSTGRESQL_MAJOR=\([0-9.]*\).*/\1/p" "$STAGE/packages")
    {
        printf '{\n  "format": 1,\n  "kernel": "%s",\n  "postgresql": "%s",\n  "files": {\n' "$KERNEL" "$version"
        for file in vmlinux initramfs.cpio base.erofs; do
            printf '    "%s": { "sha256": "%s", "bytes": %s }' "$file" "$(sha "$STAGE/$file")" "$(stat -c %s "$STAGE/$file")"
            [ "$file" = base.erofs ] && printf '\n' || printf ',\n'
        done
        printf '  },\n  "packages": [\n'
        sed 's/.*/    "&",/; $s/,$//' "$STAGE/packages"
        printf '  ]\n}\n'
    } >"$STAGE/manifest.json"
}

# --- all of it --------------------------------------------------------------------------------------------

PG_BIN=/usr/lib/postgresql/$POSTGRESQL_MAJOR/bin
apt_set_up
packages >"$STAGE/packages"
grep -q "^postgresql-$POSTGRESQL_MAJOR=" "$STAGE/packages" || die "the package lists hold no PostgreSQL $POSTGRESQL_MAJOR"

# The base and the kernel depend on the recipe and the packages only: an agent that changed costs a second.
KEY=$( { cat "$STAGE/packages"; sha "$HERE/build.sh"; "$AGENT" template-format; } | sha256sum | cut -c1-24)
STORE=$CACHE/base-$KEY
if [ ! -e "$STORE/done" ]; then
    make_tree
    make_data_directory
    template data 96 16 "$ROOT/data"
    template root 32 4
    rm -rf "$ROOT/data"
    make_vmlinux
    say "packing the base"
    mkfs.erofs --quiet -zlz4 -C65536 -T0 -U 5ed00b70-0000-4000-8000-000000000002 --all-root "$STAGE/base.erofs" "$ROOT" >/dev/null
    rm -rf "$CACHE"/base-*
    mkdir -p "$STORE"
    mv "$STAGE/base.erofs" "$STAGE/vmlinux" "$STORE/"
    (cd "$STAGE" && tar -cf "$STORE/kernel.tar" kernel)
    printf '%s\n' "$KERNEL" >"$STORE/done"
else
    say "the base is unchanged"
    tar -xf "$STORE/kernel.tar" -C "$STAGE"
    KERNEL=$(cat "$STORE/done")
fi
ln "$STORE/base.erofs" "$STORE/vmlinux" "$STAGE/" 2>/dev/null || cp "$STORE/base.erofs" "$STORE/vmlinux" "$STAGE/"
make_initramfs
make_manifest
# The manifest goes last: a directory without one is no image.
rm -f "$OUT/manifest.json"
for file in vmlinux initramfs.cpio base.erofs manifest.json; do
    cp "$STAGE/$file" "$OUT/.$file.new" && chmod 0444 "$OUT/.$file.new" && mv -f "$OUT/.$file.new" "$OUT/$file"
done
say "made $OUT ($(du -sh "$OUT" | cut -f1))"
