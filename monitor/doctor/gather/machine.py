"""Clock, zone, disk, modes, limits: what the machine itself says."""

from __future__ import annotations

import grp
import os
import pwd
import re
import resource
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.doctor.clock import ClockFacts, ZoneFacts, judge_clock, judge_zone
from monitor.doctor.disk import DiskFacts, judge_disk
from monitor.doctor.findings import well
from monitor.doctor.gather import processes, stored
from monitor.doctor.gather.paths import hidden, is_dir, matching, nearest, seen, text_of
from monitor.doctor.gather.service import after_an_edit, unit_of
from monitor.doctor.limits import LimitFacts, judge_limits
from monitor.doctor.modes import Seen, judge_modes
from monitor.doctor.service import memory_limit
from monitor.store.faults import is_read_only, mount_of
from monitor.store.reserve import SHARE, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site

_SOFT_DEFAULT = 1024  # of a service, where neither unit nor systemd's own settings say otherwise


def clock(site: Site) -> list[Finding]:
    """The clock against what was written by it, and the zone."""
    tick = stored.last_tick(site)
    facts = ClockFacts(site.now, built=processes.installed_at(), last_tick=tick[0] if tick else None)
    return [*judge_clock(facts), *judge_zone(replace(_zone(site), then=after_an_edit(site)))]


def disk(site: Site) -> list[Finding]:
    """The disk below the database."""
    database = site.database
    if database is None or hidden(database) or hidden(database.parent):
        return []
    return judge_disk(disk_facts(database, site))


def disk_facts(database: Path, site: Site) -> DiskFacts:
    """What the kernel says of that disk."""
    folder = database.parent
    place = nearest(folder)
    uid, groups, who = _runs_as(site)
    space = os.statvfs(place)
    mount = mount_of(place)
    exists = is_dir(folder) or _may_write(place, uid, groups)
    there = seen(database)
    # What is kept for root is not for the daemon: so it is not counted, whoever asks.
    free = space.f_frsize * space.f_bavail
    lacks = free < SHARE * SIZE and not _reserved(database)
    return DiskFacts(
        database,
        exists=exists,
        writable=not is_dir(folder) or _may_write(folder, uid, groups),
        file_writable=there is None or _may_write(database, uid, groups),
        who=who,
        read_only=is_read_only(place),
        kind=_kind_of(mount),
        mount=str(mount),
        free=free,
        total=space.f_frsize * space.f_blocks,
        inodes_free=space.f_favail,
        inodes=space.f_files,
        size=there.st_size if there else 0,
        # Where the disk is too full for one, that is told by itself.
        reserve=_reserved(database) if there is not None and not lacks else None,
        reserve_wanted=SIZE,
    )


def files(site: Site) -> list[Finding]:
    """The modes of files that `check` does not look at."""
    findings = judge_modes(_seen(site))
    return findings or [well("files", "no file gives away or takes in what it should not")]


def limits(site: Site) -> list[Finding]:
    """Open files and memory: the running daemon's, else the unit's, else ours."""
    config, unit = site.config, unit_of(site)
    concurrency = config.polling.concurrency if config else 32
    if site.holder is not None and site.holder.ours:
        pid = site.holder.pid
        memory, used = processes.memory_of(pid)
        return judge_limits(
            LimitFacts(
                "the daemon",
                processes.open_files(pid),
                concurrency,
                memory,
                used,
                f"process {pid}",
                unit.path is not None,
            )
        )
    if unit.path is not None:
        soft = unit.settings.one("LimitNOFILE").partition(":")[0]
        files = int(soft) if soft.isdigit() else _SOFT_DEFAULT
        memory = memory_limit(unit.settings)
        facts = LimitFacts("the service", files, concurrency, memory, place=str(unit.path), unit=True)
        return judge_limits(facts)
    soft_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = None if soft_limit == resource.RLIM_INFINITY else soft_limit
    return judge_limits(LimitFacts("this shell", open_files, concurrency, processes.memory_of("self")[0]))


def _zone(site: Site) -> ZoneFacts:
    """What [monitor] names, and what the machine keeps: TZ, else where /etc/localtime points."""
    named = site.env.get("TZ", "").removeprefix(":")
    if named:
        known = _is_zone(named)
        return ZoneFacts(
            site.timezone, named if known else None, f"TZ names {named!r}, a zone that is not known here"
        )
    localtime = site.at("etc/localtime")
    if not localtime.is_symlink():
        why = "is no link to a zone" if seen(localtime) else "is not there"
        return ZoneFacts(site.timezone, None, f"/etc/localtime {why} and [monitor] names no timezone")
    name = str(localtime.readlink()).rpartition("zoneinfo/")[2]
    known = _is_zone(name)
    return ZoneFacts(
        site.timezone, name if known else None, "/etc/localtime points to a zone that is not known here"
    )


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ValueError, OSError, LookupError):
        return False


def _runs_as(site: Site) -> tuple[int, tuple[int, ...], str]:
    """The user whose rights count: that of the running daemon, of the unit, or ours."""
    holder = site.holder
    if holder is not None and holder.uid is not None:
        return holder.uid, holder.groups, _user(holder.uid)
    name = unit_of(site).settings.one("User")
    try:
        if name:
            entry = pwd.getpwnam(name)
            return entry.pw_uid, tuple(os.getgrouplist(name, entry.pw_gid)), name
    except KeyError:
        pass
    return os.geteuid(), (os.getegid(), *os.getgroups()), "you"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _may_write(path: Path, uid: int, groups: tuple[int, ...]) -> bool:
    """Whether a user may write to a file or folder, by owner, group and mode; for us, really."""
    if uid == os.geteuid():
        return os.access(path, os.W_OK)
    if uid == 0:
        return True
    there = path.stat()
    bit = stat.S_IWUSR if there.st_uid == uid else stat.S_IWGRP if there.st_gid in groups else stat.S_IWOTH
    return bool(there.st_mode & bit)


def _kind_of(mount: Path) -> str:
    """The type of the file system that was mounted there last."""
    lines = text_of(Path("/proc/self/mountinfo")).splitlines()
    kinds = [
        line.partition(" - ")[2].split()[0] for line in lines if _unescaped(line.split()[4]) == str(mount)
    ]
    return kinds[-1] if kinds else ""


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _reserved(database: Path) -> int:
    """What the reserve holds in real blocks."""
    try:
        return database.with_name(database.name + ".reserve").stat().st_blocks * 512
    except OSError:
        return 0


def _seen(site: Site) -> Iterator[Seen]:
    config = site.config
    if config is not None:
        for path in dict.fromkeys((*config.files, *config.digests)):
            yield from _one(path.absolute(), "configuration")
        yield from _one(config.path.absolute().parent, "configuration")
        database = site.database
        assert database is not None
        names = (f"{database.name}.*.backup", f"{database.name}-wal", f"{database.name}-shm")
        for path in (found for name in names for found in matching(database.parent, name)):
            yield from _one(path, "copy")
    folders = [site.at("etc/tocsin/credentials")]
    if config is not None:
        folders.append(config.path.absolute().parent / "credentials")
    for folder in dict.fromkeys(folders):
        yield from _one(folder, "credential")
        for path in matching(folder, "*"):
            yield from _one(path, "credential")


def _one(path: Path, kind: str) -> Iterator[Seen]:
    if (there := seen(path)) is not None:
        alone = _is_private_group(there.st_uid, there.st_gid)
        yield Seen(path, there.st_mode & ~0o070 if alone else there.st_mode, kind)


def _is_private_group(uid: int, gid: int) -> bool:
    """Whether a group is its user's own, as most systems give each user one: then it is nobody else."""
    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
