"""The open database: the one writer, a reader for this thread, and how the two are opened and closed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from monitor.errors import Fault, StoreError
from monitor.store.connection import make_private, must_exist, open_reader, open_writer
from monitor.store.faults import explain
from monitor.store.health import Health
from monitor.store.tx import Tx
from monitor.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path


class Reader:
    """Reads the last commit on a connection that cannot write; for one thread. Tells `health` of errors."""

    def __init__(self, path: Path, health: Health | None = None) -> None:
        self._path = path
        self._health = health or Health()
        self._con: sqlite3.Connection | None = open_reader(path)

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        try:
            if self._con is None:
                self._con = open_reader(self._path)
            return self._con.execute(statement, params).fetchall()
        except sqlite3.Error as error:
            explained = explain(error, self._path)
            if explained.fault in (Fault.IO, Fault.MISSING):
                self.reopen()
            self._health.note(explained)
            raise explained from error
        except StoreError as error:  # it was closed after a failed read and cannot be opened again yet
            self._health.note(error)
            raise

    def row(self, statement: str, **params: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found = self.rows(statement, **params)
        return found[0] if found else None

    def pragma(self, name: str) -> list[str]:
        """What SQLite answers to one of its own checks, e.g. integrity_check."""
        return [str(row[0]) for row in self.rows(f"PRAGMA {name}")]

    def reopen(self) -> None:
        """Open the file anew at the next query: after a failed read the cache can no longer be trusted."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._con is not None:
            self._con.close()
            self._con = None


class Database:
    """A database in use by the daemon: submit work to `writer`, read from `reader`, look at `health`."""

    def __init__(self, path: Path, writer: Writer | None = None) -> None:
        self.path = path
        self.writer = writer or Writer(path)
        self.health = self.writer.health
        self.reserve = self.writer.reserve
        self.reader = Reader(path, self.health)
        self._identity = identity_of(path)

    def close(self) -> None:
        """Finish the queued work and close both connections."""
        self.reader.close()
        self.writer.close()

    # --- a file that was taken away under us ---------------------------------------------------------

    @property
    def is_gone(self) -> bool:
        """Whether there is no file under the database's name any more."""
        return identity_of(self.path) is None

    @property
    def is_replaced(self) -> bool:
        """Whether another file has taken the place of the one we work on."""
        found = identity_of(self.path)
        return found is not None and found != self._identity

    def write_back(self) -> Future[None]:
        """
        Put everything into a file of the old name again, and go on with that one.

        What is deleted lives on as long as we hold it open, so nothing is lost. `finish_write_back` must be
        called, in the reader's thread, when the future is done.
        """

        def work(con: sqlite3.Connection) -> None:
            spare = self.path.with_name(self.path.name + ".writing-back")
            spare.unlink(missing_ok=True)
            save(con, spare)
            for suffix in ("-wal", "-shm"):  # leftovers, which would be taken for part of the new file
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            os.link(spare, self.path)  # unlike a rename it fails where somebody was quicker
            spare.unlink()

        return self.writer.run_alone(work, reopen=True)

    def finish_write_back(self) -> None:
        """Let the reader see the new file, and know it as ours."""
        self.reader.reopen()
        self._identity = identity_of(self.path)

    def save_to(self, target: Path) -> Future[None]:
        """Copy what we hold open to another file, whatever now stands under the database's name."""
        return self.writer.run_alone(lambda con: save(con, target), reopen=False)


def identity_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that takes its name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def save(con: sqlite3.Connection, target: Path) -> None:
    """Copy an open database to a new file of mode 0600, durably."""
    make_private(target)
    with closing(sqlite3.connect(target)) as copy:
        con.backup(copy)
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def command_line_tx(path: Path) -> Iterator[Tx]:
    """One transaction of a command line verb, beside a daemon that may be running."""
    must_exist(path)
    con = open_writer(path, checkpoints=False)
    try:
        con.execute("BEGIN IMMEDIATE")
        yield Tx(con)
        con.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain(error, path) from error
    finally:
        if con.in_transaction:
            con.execute("ROLLBACK")
        con.close()
