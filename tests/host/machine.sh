#!/usr/bin/env bash
# Boots a bare Debian in a container of this machine, whose network is its own, and lets tests/host/exercise.py carry out
# docs/host.md there. For root on Debian; installs debootstrap and systemd-container. The first run takes some minutes,
# the next ones less: packages are kept below build/host/. KEEP=1 leaves the machine's files, and FROM='TLS proxy' goes on
# with them at that chapter.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/build/host
base=$home/base box=$home/box layers=$home/layers
mkdir -p "$home/pip" "$box"
exec 9>"$home/lock"
flock --nonblock 9 || { echo "Another run is under way." >&2; exit 1; }

tool() { command -v "$1" >/dev/null || { apt-get update -qq; apt-get install -y -qq "$2" >/dev/null; }; }
tool debootstrap debootstrap
tool systemd-nspawn systemd-container

mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ' || true)
reach=() # what lets pip reach its registry here does so inside
for name in PIP_INDEX_URL PIP_DEFAULT_TIMEOUT HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    [ -z "${!name:-}" ] || reach+=("--setenv=$name=${!name}")
done
[ -z "${PIP_CERT:-}" ] || reach+=("--setenv=PIP_CERT=/root/given/authorities.crt")
container=(systemd-nspawn --quiet --register=no --keep-unit)
install_in() { # a folder, and a chapter: not booted, with this machine's network
    "${container[@]}" --directory="$1" --pipe --resolv-conf=replace-host --bind="$home/pip:/root/.cache/pip" "${reach[@]}" python3 /root/given/tests/host/exercise.py --only "$2"
}

running='' first=''
end() { # the machine's first process takes all others of it along
    for process in $first $running; do kill -KILL "$process" 2>/dev/null || true; done
    [ -z "$running" ] || wait "$running" 2>/dev/null || true
    if mountpoint -q "$box"; then umount -l "$box"; fi
    [ -n "${KEEP:-}${FROM:-}" ] || rm -rf "$layers"
}
trap end EXIT

# --- a bare Debian, kept with the packages of the first chapter ---
if [ ! -e "$base/.bare" ]; then
    echo "Making a bare Debian ..."
    rm -rf "$base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,python3 bookworm "$base" \
        "${mirror:-http://deb.debian.org/debian}" >"$home/debootstrap.log" 2>&1
    touch "$base/.bare"
fi
rm -rf "$base/root/given"
mkdir -p "$base/root/given"
git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ ! -f "$f" ] || printf "%s\0" "$f"; done' _ |
    tar --create --gzip --null --files-from=- --owner=0 --group=0 --file="$base/root/conversion-backstop.tar.gz"
tar --create docs/host.md docs/host tests/host | tar --extract --directory="$base/root/given"
cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$base/root/given/authorities.crt"
wanted=$(sed -n '/^## Packages/,/^## Program/p' docs/host.md | cksum)
if [ "$(cat "$base/.packages" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing its packages ..."
    install_in "$base" Packages >"$home/packages.log" 2>&1 || { tail -20 "$home/packages.log"; exit 1; }
    echo "$wanted" >"$base/.packages"
fi

# --- the machine of this run ---
[ -n "${FROM:-}" ] || rm -rf "$layers"
mkdir -p "$layers/upper" "$layers/work"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$layers/upper,workdir=$layers/work" "$box"
if [ -z "${FROM:-}" ]; then
    echo "Installing the program, in two versions ..."
    install_in "$box" Program
fi
"${container[@]}" --directory="$box" --boot --private-network --console=pipe </dev/null >"$home/boot.log" 2>&1 &
running=$!
go() { # within the machine that runs
    timeout 900 nsenter --target "$first" --mount --uts --ipc --net --pid --root --wd \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}
for _ in $(seq 120); do
    first=$(pgrep --parent "$running" || true)
    if [ -n "$first" ] && go test -S /run/dbus/system_bus_socket 2>/dev/null; then break; fi
    sleep 0.5
done
# 81.2.69.160 plays a buyer's address: one of the public internet, which leads nowhere but back
go bash -c 'systemctl is-system-running --wait >/dev/null; ip link set lo up; ip address add 81.2.69.160/32 dev lo'
go python3 /root/given/tests/host/exercise.py ${FROM:+--from "$FROM"}
