"""
One daemon per database: a lock file beside it, held by the kernel as long as the process lives.

Its first line is the holder's process id; its second what the holder's database suffers from, which
cannot be written into that database; its third what the canary has found (`service.alarm`), which the
next process has to know even if nothing could be written into the database. All are written over what is
there: a full disk has the space for that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from typing import TYPE_CHECKING

from monitor.errors import DaemonRunningError
from monitor.store.faults import explain_os

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 4096  # bytes of the lock file, all of them written at the start
LONGEST_LINE = 1900


class DaemonLock:
    """Holds `<database>.lock`; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = _lock_of(database)
        self._handle: int | None = None
        self._trouble = ""
        self._fault = ""
        self._writing = threading.Lock()  # the canary's line is written by a thread of its own

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
        self._fault = self._fault or _read(handle)[2]  # of the process before this one
        self.say(self._trouble)

    def say(self, trouble: str = "") -> None:
        """Leave word of what the database suffers from, for `tocsin status`; nothing = it is well."""
        with self._writing:
            self._trouble = " ".join(trouble.split())
            self._write()

    @property
    def fault(self) -> str:
        """What was left by `note_fault`, by this process or the one before it."""
        return self._fault

    def note_fault(self, text: str = "") -> None:
        """Leave word of what the canary has found, in a line that outlives the process; nothing = well."""
        with self._writing:
            self._fault = text
            self._write()

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

    def _write(self) -> None:
        if self._handle is None:
            return
        lines = (str(os.getpid()), _cut(self._trouble), _cut(self._fault))
        # The kernel's lock is what counts; a full disk must not keep us from delivering.
        with contextlib.suppress(OSError):
            os.pwrite(self._handle, b"\n".join([*map(str.encode, lines)]).ljust(LENGTH), 0)
            os.ftruncate(self._handle, LENGTH)


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_LINE].decode("utf-8", "ignore")


def holder_of(database: Path) -> int | None:
    """The process id of the Tocsin that is at work on this database, if one is."""
    found = _held(database)
    return None if found is None else int(found[0]) if found[0].isdigit() else 0


def trouble_of(database: Path) -> str:
    """What the running Tocsin says its database suffers from; empty where it is well, or none is running."""
    found = _held(database)
    return found[1] if found else ""


def fault_of(database: Path) -> str:
    """What the running Tocsin's canary has found; empty where it is well, or none is running."""
    found = _held(database)
    return found[2] if found else ""


def _held(database: Path) -> tuple[str, str, str] | None:
    """The lines of a lock file that somebody holds."""
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


def _read(handle: int) -> tuple[str, str, str]:
    lines = [line.strip() for line in os.pread(handle, LENGTH, 0).decode("utf-8", "replace").split("\n")]
    first, second, third, *_ = (*lines, "", "", "")
    return first, second, third


def _lock_of(database: Path) -> Path:
    return database.with_name(database.name + ".lock")
