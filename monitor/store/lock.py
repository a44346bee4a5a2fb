"""
One daemon per database: a lock file beside it, held by the kernel as long as the process lives.

Its first line is the holder's process id; its second what the holder's database suffers from, which cannot be
written into that database. Both are written over what is there: a full disk has the space for that.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from monitor.errors import DaemonRunningError
from monitor.store.faults import explain_os

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 2048  # bytes of the lock file, all of them written at the start


class DaemonLock:
    """Holds `<database>.lock`; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = _lock_of(database)
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise DaemonRunningError naming who holds it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise explain_os(error, self._path, doing="cannot write") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _read(handle)[0] or "unknown"
            os.close(handle)
            raise DaemonRunningError(
                f"another Tocsin (process {holder}) is at work on this database",
                hint="stop it first, or give this one another [monitor] database",
            ) from None
        self._handle = handle
        self.say()

    def say(self, trouble: str = "") -> None:
        """Leave word of what the database suffers from, for `tocsin status`; nothing = it is well."""
        if self._handle is None:
            return
        try:
            self._write(self._handle, trouble)
        except OSError:
            return  # the kernel's lock is what counts; a full disk must not keep us from delivering

    def renew(self) -> None:
        """Where somebody removed the lock file, take it anew; DaemonRunningError if another was quicker."""
        if self._handle is None:
            return
        try:
            if os.path.samestat(os.fstat(self._handle), self._path.stat()):
                return
        except FileNotFoundError:
            pass
        except OSError:
            return
        old, self._handle = self._handle, None
        os.close(old)
        self.acquire()

    def release(self) -> None:
        """Let go of it; the file stays, for removing it would race with the next to come."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, handle: int, trouble: str = "") -> None:
        text = f"{os.getpid()}\n{' '.join(trouble.split())}"
        os.pwrite(handle, text.encode()[:LENGTH].ljust(LENGTH), 0)
        os.ftruncate(handle, LENGTH)


def holder_of(database: Path) -> int | None:
    """The process id of the Tocsin that is at work on this database, if one is."""
    found = _held(database)
    return None if found is None else int(found[0]) if found[0].isdigit() else 0


def trouble_of(database: Path) -> str:
    """What the running Tocsin says its database suffers from; empty where it is well, or none is running."""
    found = _held(database)
    return found[1] if found else ""


def _held(database: Path) -> tuple[str, str] | None:
    """Both lines of a lock file that somebody holds."""
    try:
        handle = os.open(_lock_of(database), os.O_RDONLY | os.O_CLOEXEC)  # a lock needs no right to write
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(handle)
    else:
        return None
    finally:
        os.close(handle)


def _read(handle: int) -> tuple[str, str]:
    lines = os.pread(handle, LENGTH, 0).decode("utf-8", "replace").split("\n")
    return lines[0].strip(), lines[1].strip() if len(lines) > 1 else ""


def _lock_of(database: Path) -> Path:
    return database.with_name(database.name + ".lock")
