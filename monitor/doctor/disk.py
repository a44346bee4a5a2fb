"""Whether the disk below the database is there, writable, of a fit kind, and has room. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, found, size, well

if TYPE_CHECKING:
    from pathlib import Path

FULL = 32 << 20  # bytes: less is gone in a bad hour
LOW = 256 << 20  # bytes that leave time to act
NEEDED = 2.0  # times its size: a copy before a migration, and a vacuum after it
FEW_INODES = 100  # files that may still be made
LOW_INODES = 0.01  # of all
# By fstype in /proc/self/mountinfo. SQLite's log is shared memory: over a network it is not shared.
NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gfs2"),
        *(
            "fuse.sshfs",
            "fuse.glusterfs",
            "fuse.ceph",
            "fuse.s3fs",
            "fuse.rclone",
            "fuse.davfs",
            "davfs",
            "coda",
        ),
    }
)
VOLATILE = frozenset({"tmpfs", "ramfs"})
LAYERS = frozenset({"overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"})


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """
    The folder of the database and the disk below it; sizes in bytes, `inodes` 0 where the disk counts none.

    `writable` and `file_writable` are for whoever runs the daemon, `who` says who that is. `reserve` is what
    the reserve file holds in real blocks; None = not to be looked for, for there is no database yet.
    """

    database: Path
    exists: bool = True
    writable: bool = True
    file_writable: bool = True
    who: str = "you"
    read_only: bool = False
    kind: str = ""
    mount: str = "/"
    free: int = 1 << 40
    total: int = 1 << 41
    inodes_free: int = 0
    inodes: int = 0
    size: int = 0
    reserve: int | None = None
    reserve_wanted: int = 8 << 20


def judge_disk(facts: DiskFacts) -> list[Finding]:
    """Everything that is wrong with it; where nothing is, what it has left."""
    folder = facts.database.parent
    if not facts.exists:
        return [
            found(
                "folder_missing",
                "the folder of the database is not there and cannot be made",
                where=folder,
                remedy=f"make it: mkdir -p {folder}, or name another in [monitor] database",
            )
        ]
    findings = [*_kind(facts, folder), *_room(facts)]
    if facts.reserve is not None and facts.reserve < facts.reserve_wanted and not facts.read_only:
        findings.append(
            found(
                "no_reserve",
                "the reserve that lets alerts out when the disk is full is missing",
                where=f"{facts.database}.reserve",
                remedy=(
                    f"see that {facts.mount} has {size(4 * facts.reserve_wanted)} free, then: systemctl "
                    "restart tocsin"
                ),
            )
        )
    if findings:
        return findings
    return [
        well(
            "disk", f"{size(facts.free)} of {size(facts.total)} free at {facts.mount} ({facts.kind})", folder
        )
    ]


def _kind(facts: DiskFacts, folder: Path) -> list[Finding]:
    """What sort of disk it is, and whether it can be written."""
    found_here = []
    if facts.read_only:
        found_here.append(
            found(
                "read_only_disk",
                "the file system that holds the database is read-only",
                where=facts.mount,
                remedy=(
                    f"mount -o remount,rw {facts.mount}; if the kernel froze it after an error, "
                    "`journalctl -k` says why"
                ),
            )
        )
    elif not facts.writable:
        found_here.append(
            found(
                "folder_not_writable",
                f"{facts.who} may not write to the folder of the database",
                where=folder,
                remedy=f"give it to whoever runs the daemon: chown -R USER {folder} && chmod 700 {folder}",
            )
        )
    elif not facts.file_writable:
        found_here.append(
            found(
                "database_not_writable",
                f"{facts.who} may not write to the database",
                where=facts.database,
                remedy=(
                    f"give it to whoever runs the daemon: chown USER {facts.database} && chmod 600 "
                    f"{facts.database}"
                ),
            )
        )
    move = (
        "name a place on a disk of this machine in [monitor] database, stop Tocsin, and move the file there"
    )
    if facts.kind in NETWORK:
        what = (
            f"the database lies on a network file system ({facts.kind}), where its log and locks "
            "cannot be relied on"
        )
        found_here.append(found("network_disk", what, where=facts.mount, remedy=move))
    elif facts.kind in VOLATILE:
        what = (
            f"the database lies in memory ({facts.kind}): after a reboot nothing is known of what "
            "was seen and sent"
        )
        found_here.append(found("volatile_disk", what, where=facts.mount, remedy=move))
    elif facts.kind in LAYERS:
        what = f"the database lies in a container's own layer ({facts.kind}), which goes with the container"
        remedy = f"mount a volume at {folder} when the container is started, for example: -v tocsin:{folder}"
        found_here.append(found("container_disk", what, where=facts.mount, remedy=remedy))
    return found_here


def _room(facts: DiskFacts) -> list[Finding]:
    """Bytes and inodes that are left."""
    found_here = []
    wanted = max(LOW, int(NEEDED * facts.size))
    make_room = f"free some space on {facts.mount}: tocsin db prune --older-than 30d gives back what is old"
    if facts.free < FULL:
        what = f"the disk of the database is full: {size(facts.free)} of {size(facts.total)} free"
        found_here.append(found("disk_full", what, where=facts.mount, remedy=make_room))
    elif facts.free < wanted:
        what = (
            f"the disk of the database has {size(facts.free)} of {size(facts.total)} free, less "
            f"than {size(wanted)}"
        )
        found_here.append(found("disk_low", what, where=facts.mount, remedy=make_room))
    if facts.inodes:
        left = f"{facts.inodes_free} of {facts.inodes} inodes free"
        remedy = (
            f"remove small files from {facts.mount}; this shows where they are: du --inodes -x "
            f"{facts.mount} | sort -n | tail"
        )
        if facts.inodes_free < FEW_INODES:
            what = f"no more files can be made on the disk of the database soon: {left}"
            found_here.append(found("inodes_out", what, where=facts.mount, remedy=remedy))
        elif facts.inodes_free < LOW_INODES * facts.inodes:
            found_here.append(
                found("inodes_low", f"the disk of the database has {left}", where=facts.mount, remedy=remedy)
            )
    return found_here
