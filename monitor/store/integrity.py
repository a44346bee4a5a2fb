"""Whether a database file is whole: SQLite's own check, bounded in time."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from monitor.errors import Fault
from monitor.store.connection import open_reader
from monitor.store.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY = 50_000  # steps of SQLite's machine between two looks at the clock: some milliseconds
MOST = 10  # findings


def quick_check(path: Path, *, seconds: float, stop: Callable[[], bool] = lambda: False) -> list[str] | None:
    """
    What is damaged, one line a finding; empty where the file is whole.

    None where `stop` said so, where it took longer than `seconds`, or where the file cannot be read just now.
    Uses a connection of its own, so it may run in any thread.
    """
    until = time.monotonic() + seconds
    with closing(open_reader(path)) as con:
        con.set_progress_handler(lambda: int(stop() or time.monotonic() > until), EVERY)
        try:
            found = [str(row[0]) for row in con.execute(f"PRAGMA quick_check({MOST})")]
        except sqlite3.Error as error:
            return [str(error)] if fault_of(error, path) in (Fault.DAMAGED, Fault.FOREIGN) else None
    return [line for line in found if line != "ok"]
