"""
Space set aside beside the database, so that a full disk does not silence what already matched.

The file holds nothing. When the disk is full it is removed, and what it held is enough to deliver the outbox
and to say that the disk is full. When there is room again it is made anew.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from monitor.store.faults import free_bytes

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 8 << 20  # bytes: twice the write-ahead log at its checkpoint, and as much again for new rows
SHARE = 4  # it is made only where the disk has this many times its size to spare
ROOM_WITHOUT = 1 << 20  # bytes that must be free before polling resumes where there never was a reserve
_log = logging.getLogger("monitor.store")


class Reserve:
    """The reserve of one database; `release` may be called by any thread."""

    def __init__(self, database: Path, size: int = SIZE) -> None:
        self.path = database.with_name(database.name + ".reserve")
        self.size = size
        self.wanted = False  # there was one, so there shall be one again
        self._lock = threading.Lock()

    @property
    def there(self) -> bool:
        """Whether there is something to release."""
        return self.path.exists()

    @property
    def room(self) -> bool:
        """Whether the disk has space enough to go back to normal: for the reserve, and as much again."""
        return free_bytes(self.path) >= (2 * self.size if self.wanted else ROOM_WITHOUT)

    def make(self) -> bool:
        """
        Set the space aside, unless it is already, or the disk has little; returns whether it is there.

        Never raises: Tocsin works without it.
        """
        with self._lock:
            try:
                if self.there and self.path.stat().st_blocks * 512 >= self.size:
                    self.wanted = True
                    return True
                if free_bytes(self.path) < SHARE * self.size:
                    return False
                self._allocate()
            except OSError as error:
                _log.warning("no reserve for a full disk: %s: %s", self.path, error.strerror)
                return False
            self.wanted = True
            return True

    def release(self) -> bool:
        """Give the space back to the disk; returns whether there was any to give."""
        with self._lock:
            if not self.there:
                return False
            self.wanted = True
            try:
                self.path.unlink()
            except OSError:
                return False
            return True

    def _allocate(self) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, self.size)  # real blocks: a sparse file reserves nothing
        except OSError:
            self.path.unlink()
            raise
        finally:
            os.close(handle)
