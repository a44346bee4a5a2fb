"""One daemon per database: a lock file beside it, held by the kernel as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from monitor.errors import DaemonRunningError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


class DaemonLock:
    """Holds `<database>.lock`; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise DaemonRunningError naming who holds it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot write {self._path}: {error.strerror}",
                hint="check [monitor] database and the rights of its folder",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise DaemonRunningError(
                f"another Tocsin (process {holder}) is at work on this database",
                hint="stop it first, or give this one another [monitor] database",
            ) from None
        try:
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        except OSError as error:
            os.close(handle)
            raise StoreError(
                f"cannot write {self._path}: {error.strerror}", hint="free some space on its disk"
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Let go of it; the file stays, for removing it would race with the next to come."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def holder_of(database: Path) -> int | None:
    """The process id of the Tocsin that is at work on this database, if one is."""
    path = database.with_name(database.name + ".lock")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a lock needs no right to write
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        text = os.read(handle, 20).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(handle)
