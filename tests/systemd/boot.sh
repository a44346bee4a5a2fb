#!/usr/bin/env bash
# Boots a throw-away machine with a real systemd and lets inside.py put Tocsin through its life there.
#
#     boot.sh REPOSITORY PYTHON SITE_PACKAGES RESULTS
#
# by hand, for instance: mkdir /tmp/out && tests/systemd/boot.sh . .venv/bin/python .venv/lib/python3.*/site-packages /tmp/out
#
# The machine is this one's own file system under an overlay in memory: nothing on the disk is written to but
# RESULTS/lines, one "name: value" a line. It has no network but its own loopback. Everything is mounted in a
# namespace of this script, so that all of it vanishes with the last process, however that ends.
set -euo pipefail

if [[ "${1:-}" != --inside ]]; then
  exec unshare --mount --pid --fork --kill-child -- "$(readlink -f "$0")" --inside "$@"
fi
shift
repository=$(realpath "$1") python=$2 site=$(realpath "$3") results=$(realpath "$4")
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')

mount --make-rprivate /
mount -t proc proc /proc
# systemd wants the second version of control groups; where the machine has the first, it is covered.
if [[ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]]; then
  umount -l /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

stage=$results/stage
mkdir -p "$stage"
mount -t tmpfs -o mode=0755 tmpfs "$stage"
mkdir "$stage"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" "$stage/root"
# nspawn keeps its own things under /run; this machine's are not its business.
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/systemd

root=$stage/root
od -An -tx1 -N16 /dev/urandom | tr -d ' \n' >"$root/etc/machine-id"
rm -rf "$root"/etc/tocsin "$root"/etc/systemd/system/tocsin.service* "$root"/var/lib/{,private/}tocsin
rm -rf "$root"/var/log/journal
mkdir -p "$root"/opt/{source,site,python} "$root/results"
cat >"$root/etc/systemd/system/life-of-tocsin.service" <<UNIT
[Unit]
DefaultDependencies=no
Requires=systemd-journald.socket systemd-journald.service
After=systemd-journald.socket systemd-journald.service

[Service]
Type=oneshot
TimeoutStartSec=280
ExecStart=/bin/sh -c 'exec /opt/python/bin/$(basename "$(readlink -f "$python")") /opt/source/tests/systemd/inside.py >/results/talk 2>&1'
ExecStopPost=/bin/systemctl --force --force poweroff
UNIT

# --keep-unit and --register=no: no logind or machined is asked. The repository, its libraries and Python lie
# under /opt inside, where the unit's ProtectHome= and PrivateTmp= do not hide them.
exec systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network \
  --bind-ro="$repository:/opt/source" --bind-ro="$site:/opt/site" --bind-ro="$prefix:/opt/python" \
  --bind="$results:/results" --console=pipe systemd.unit=life-of-tocsin.service </dev/null
