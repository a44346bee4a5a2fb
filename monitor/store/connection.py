"""
Opening the database file: one form of connection for writing, one for reading.

WAL with synchronous=FULL: a commit that returned survives a power cut, but for what `Writer.submit` was told
need not. The file is made 0600 before SQLite sees it, so that its -wal and -shm companions inherit the mode.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from monitor.errors import Fault, StoreError
from monitor.store.faults import explain, explain_os

if TYPE_CHECKING:
    from pathlib import Path

BUSY_TIMEOUT_MS = 10_000


def open_writer(
    path: Path, *, checkpoints: bool = True, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """
    The connection that writes; transactions are begun by hand (BEGIN IMMEDIATE).

    Only the daemon checkpoints: SQLite before 3.51.3 has a rare race when several connections do, so
    command line writers pass `checkpoints=False`.
    """
    make_private(path)
    con = _connect(path, factory)
    try:
        con.execute("PRAGMA journal_mode=WAL")
        con.execute("PRAGMA synchronous=FULL")
        con.execute("PRAGMA foreign_keys=ON")
        con.execute(f"PRAGMA wal_autocheckpoint={1000 if checkpoints else 0}")
        con.execute("PRAGMA journal_size_limit=67108864")
    except sqlite3.DatabaseError as error:
        con.close()
        raise explain(error, path) from error
    return con


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; reads see the last commit."""
    must_exist(path)
    con = _connect_at_rest(path) if _at_rest(path) else _connect(path)
    try:
        con.execute("PRAGMA query_only=ON")
    except sqlite3.DatabaseError as error:
        con.close()
        raise explain(error, path) from error
    return con


def must_exist(path: Path) -> None:
    """Raise StoreError where there is no database file: opening one for writing would make an empty one."""
    if not is_there(path):
        raise StoreError(
            f"there is no database at {path} yet",
            hint="`tocsin run` creates it, or pass the right --config",
            fault=Fault.MISSING,
        )


def is_there(path: Path) -> bool:
    """Whether the file exists; StoreError where its folder may not be looked into."""
    try:
        return path.exists()
    except OSError as error:
        raise explain_os(error, path) from error


def make_private(path: Path) -> None:
    """
    Create the file with mode 0600 where it does not exist yet.

    One that exists is not even opened: closing it again would let go of the locks that connections of this
    process hold on it (a rule of POSIX), and another process could then take the log away under them.
    """
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise explain_os(error, path) from error


def _at_rest(path: Path) -> bool:
    """
    Whether nobody is at work on the file, and the files that SQLite would share with others cannot be made.

    So it is on a read-only disk, where reading must go on. A daemon at work always has a -wal beside it.
    """
    return not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _connect_at_rest(path: Path) -> sqlite3.Connection:
    try:
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        con = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    con.row_factory = sqlite3.Row
    return con


def _connect(path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    try:
        con = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,  # no implicit BEGIN: a deferred one could fail at its first write
            check_same_thread=False,
            cached_statements=256,
            factory=factory,
        )
    except sqlite3.Error as error:
        raise explain(error, path) from error
    con.row_factory = sqlite3.Row
    return con
