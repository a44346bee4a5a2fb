"""
What SQLite's and the kernel's refusals mean: which kind of fault, said in a user's words with a remedy.

The kind comes from SQLite's (extended) error code; its English text is looked at only where an error carries
no code. A code alone does not tell a quota from a broken disk, so the file system is asked as well.
"""

from __future__ import annotations

import errno
import os
import shlex
import sqlite3
from pathlib import Path

from monitor.errors import Fault, StoreError

_BY_CODE = {
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_IOERR: Fault.IO,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_CANTOPEN: Fault.MISSING,
    sqlite3.SQLITE_NOTADB: Fault.FOREIGN,
}
_BY_EXTENDED_CODE = {
    sqlite3.SQLITE_IOERR_NOMEM: Fault.OTHER,
    sqlite3.SQLITE_IOERR_CORRUPTFS: Fault.DAMAGED,
    sqlite3.SQLITE_READONLY_DBMOVED: Fault.MISSING,
}
_BY_TEXT = (
    ("not a database", Fault.FOREIGN),
    ("malformed", Fault.DAMAGED),
    ("full", Fault.FULL),
    ("locked", Fault.LOCKED),
    ("unable to open", Fault.MISSING),
    ("readonly", Fault.READ_ONLY),
    ("read-only", Fault.READ_ONLY),
    ("disk I/O", Fault.IO),
)
_BY_ERRNO = {
    errno.ENOSPC: Fault.FULL,
    errno.EDQUOT: Fault.FULL,
    errno.EROFS: Fault.READ_ONLY,
    errno.EIO: Fault.IO,
}
MOUNTS = Path("/proc/self/mountinfo")
FROZEN = {"ro", "emergency_ro"}  # of the options of a file system itself
_PLENTY = 256 << 20  # bytes: where so much is left, somebody else says that we may take no more
_NOTHING_LEFT = 64 * 1024  # bytes: less than SQLite asks for at once


def fault_of(error: sqlite3.Error, path: Path) -> Fault:
    """Which kind of fault SQLite reports."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return next((fault for words, fault in _BY_TEXT if words in str(error)), Fault.OTHER)
    fault = _BY_EXTENDED_CODE.get(code) or _BY_CODE.get(code & 0xFF, Fault.OTHER)
    if fault in (Fault.IO, Fault.MISSING, Fault.READ_ONLY):
        # SQLite calls a -shm file that cannot grow an I/O error, and cannot open what is read-only.
        if is_read_only(path):
            return Fault.READ_ONLY
        if fault is not Fault.READ_ONLY and free_bytes(path) < _NOTHING_LEFT:
            return Fault.FULL
    return fault


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """SQLite's error in a user's words, with a remedy."""
    return describe(fault_of(error, path), path, str(error))


def explain_os(error: OSError, path: Path, *, doing: str = "cannot open the database") -> StoreError:
    """The kernel's error about the database or a file beside it, in a user's words."""
    fault = _BY_ERRNO.get(error.errno or 0, Fault.MISSING)
    if fault is Fault.MISSING:
        return StoreError(
            f"{doing} {path}: {error.strerror}",
            hint="check [monitor] database and the rights of its folder",
            fault=fault,
        )
    return describe(fault, path, error.strerror or "")


def describe(fault: Fault, path: Path, text: str = "") -> StoreError:
    """The StoreError of a fault: cause and remedy, with the path, the disk and the space left on it."""
    message, hint = f"the database {path}: {text}", ""
    if fault is Fault.FULL:
        message = f"the disk that holds {path} is full{_space(path)}"
        what = "raise the quota" if free_bytes(path) > _PLENTY else "free some space"
        hint = f"{what} on {mount_of(path)}; nothing is lost meanwhile"
    elif fault is Fault.IO:
        message = f"the disk that holds {path} failed ({text})"
        hint = (
            f"look at `journalctl -k` for errors of {mount_of(path)}, and at quotas; "
            "once it works again, run `tocsin db check`"
        )
    elif fault is Fault.READ_ONLY and is_read_only(path):
        where = mount_of(path)
        message = f"the file system that holds {path} is read-only"
        hint = (
            f"mount -o remount,rw {where}; if the kernel froze it after an error, `journalctl -k` says why: "
            "unmount it, check it, mount it again"
        )
    elif fault is Fault.READ_ONLY:
        message = f"{path} cannot be written"
        hint = "check the rights of the file and of its folder"
    elif fault is Fault.LOCKED:
        message, hint = f"another program keeps {path} locked", "close it and try again"
    elif fault is Fault.DAMAGED:
        message, hint = f"the database {path} is damaged: {text}", how_to_restore(path)
    elif fault is Fault.MISSING:
        message = f"the database {path} cannot be opened"
        hint = "check [monitor] database, and the rights of the file and of its folder"
    elif fault is Fault.FOREIGN:
        message = f"{path} is not a Tocsin database"
        hint = "let [monitor] database, or --database, name another file"
        if newest_backup(path) is not None:  # else it was hardly ever one of ours, and is left alone
            hint = f"{hint}; or it is damaged: {how_to_restore(path)}"
    return StoreError(message, hint=hint, fault=fault)


def how_to_restore(path: Path) -> str:
    """The commands that put the newest backup beside the database in its place; else what to do without."""
    main, log, shared = (shlex.quote(f"{path}{suffix}") for suffix in ("", "-wal", "-shm"))
    folder = shlex.quote(f"{path}.damaged")
    # The two others may be there or not: they vanish when the last who uses the file closes it.
    away = f"mkdir -p {folder} && mv {main} {folder}/; mv {log} {shared} {folder}/ 2>/dev/null; "
    newest = newest_backup(path)
    if newest is None:
        return (
            f"there is no backup beside it; stop Tocsin, then: {away}(the next start makes a new database; "
            "what the feeds list by then counts as seen)"
        )
    copy = f"cp -p {shlex.quote(str(newest))} {shlex.quote(str(path))}"
    return f"the newest backup is {newest}; stop Tocsin, then: {away}{copy} && tocsin db check"


def newest_backup(path: Path) -> Path | None:
    """The youngest backup beside the database, if there is any."""
    try:
        found = [(p.stat().st_mtime, p) for p in path.parent.glob(f"{path.name}.*.backup")]
    except OSError:
        return None
    return max(found)[1] if found else None


def free_bytes(path: Path) -> int:
    """Bytes this process can still take of the disk that holds `path`; a great many where none can say."""
    try:
        found = os.statvfs(path if path.exists() else path.parent)
    except OSError:
        return 1 << 60
    return found.f_frsize * (found.f_bavail if os.geteuid() else found.f_bfree)


def is_read_only(path: Path) -> bool:
    """Whether the file system that holds `path` is mounted read-only."""
    try:
        place = path if path.exists() else path.parent
        if os.statvfs(place).f_flag & os.ST_RDONLY:
            return True
        # A kernel that freezes a disk after an error tells it here alone.
        device = place.stat().st_dev
        with MOUNTS.open(encoding="utf-8", errors="replace") as lines:
            mounts = [line.split() for line in lines]
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    return any(m[2] == number and FROZEN & set(m[-1].split(",")) for m in mounts)


def mount_of(path: Path) -> Path:
    """Where the file system that holds `path` is mounted."""
    try:
        place = path.resolve()
        while not place.is_mount():
            place = place.parent
    except OSError:
        return path.parent
    return place


def _space(path: Path) -> str:
    try:
        found = os.statvfs(path if path.exists() else path.parent)
    except OSError:
        return ""
    whole = found.f_frsize * found.f_blocks
    return f" ({_size(found.f_frsize * found.f_bavail)} of {_size(whole)} free)"


def _size(count: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count // 1024} KB"
