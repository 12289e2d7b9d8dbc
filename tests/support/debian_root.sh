# SPDX-License-Identifier: Apache-2.0
# A minimal root of Debian 12 for tests that start from nothing: made by debootstrap from this machine's own package
# sources, in namespaces of its own, and removed at the end. To be sourced; it is no test. It needs root.
# The script that sources it sets NAME, and works in $ROOT after `begin "$@"`.

fail() {
    printf '%s: %s\n' "$NAME" "$*" >&2
    exit 1
}

say() { printf '\n==== %s (%d s)\n' "$*" $SECONDS; }

# begin ARGUMENT...: runs the script once more, where mounts and processes end with it, however it ends. Sets FOLDER,
# which is removed afterwards, and ROOT in it.
begin() {
    if [ -n "${GREENROOM_ROOT_FOLDER:-}" ]; then
        FOLDER=$GREENROOM_ROOT_FOLDER
        ROOT=$FOLDER/root
        return
    fi
    [ "$EUID" = 0 ] || fail "run this as root: it makes a root folder and mounts into it."
    have_debootstrap
    GREENROOM_ROOT_FOLDER=$(mktemp -d "/var/tmp/greenroom-$NAME.XXXXXX")
    export GREENROOM_ROOT_FOLDER
    trap 'rm -rf --one-file-system "$GREENROOM_ROOT_FOLDER"' EXIT
    local status=0
    unshare --mount --pid --fork --kill-child --propagation private bash "tests/$NAME" "$@" || status=$?
    exit $status
}

# Installs debootstrap if it is missing.
have_debootstrap() {
    command -v debootstrap >/dev/null && return
    say "installing debootstrap"
    apt-get -q -y --no-install-recommends install debootstrap ||
        { apt-get -q update && apt-get -q -y --no-install-recommends install debootstrap; } ||
        fail "debootstrap could not be installed: check that this machine reaches its package mirror and run this again."
}

# "URI suite component..." of each package source of this machine that is Debian 12's own.
sources() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        grep -E ' bookworm(-[a-z]+)? ' | sort -u
}

# make_root PACKAGES: with these beside the least that there is; their names have commas between them.
make_root() {
    local mirror proxy
    mirror=$(sources | awk '$2 == "bookworm" { print $1; exit }')
    [ -n "$mirror" ] || fail "this machine has no package source for bookworm: apt-get update first, or add one."
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "${proxy:-}" ] || export http_proxy=$proxy
    debootstrap --variant=minbase --include="$1" bookworm "$ROOT" "$mirror" >"$FOLDER/debootstrap.log" 2>&1 || {
        tail -n 20 "$FOLDER/debootstrap.log" >&2
        fail "debootstrap failed: its last lines are above."
    }
    give_sources
    give_kernel
}

# The new root gets this machine's way to packages: sources, settings, keys, names, proxies.
give_sources() {
    sources | awk '{ print "deb", $0 }' >"$ROOT/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?|Check-[A-Za-z-]+|Retries|ForceIPv[46])' \
        >"$ROOT/etc/apt/apt.conf.d/90host" || :
    [ ! -d /etc/apt/auth.conf.d ] || cp -a /etc/apt/auth.conf.d/. "$ROOT/etc/apt/auth.conf.d/"
    [ ! -d /usr/local/share/ca-certificates ] ||
        cp -rL /usr/local/share/ca-certificates/. "$ROOT/usr/local/share/ca-certificates/"
    cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
}

give_kernel() {
    mount -t proc proc "$ROOT/proc"
    mount --rbind /sys "$ROOT/sys"
    mount --rbind /dev "$ROOT/dev"
}

# inside PLACE COMMAND...: runs it in a folder of the new root, with an environment of its own.
inside() {
    local name settings=()
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY TERM; do
        [ -z "${!name:-}" ] || settings+=("$name=${!name}")
    done
    env -i "${settings[@]}" HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot "$ROOT" bash -c 'cd "$1" && shift && exec "$@"' bash "$@"
}
