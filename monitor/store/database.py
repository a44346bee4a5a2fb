"""The open database: the one writer, a reader for this thread, and how the two are opened and closed."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from monitor.store.connection import explain, must_exist, open_reader, open_writer
from monitor.store.tx import Tx
from monitor.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Reader:
    """Reads the last commit on a connection that cannot write; for one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._con = open_reader(path)

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        try:
            return self._con.execute(statement, params).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self._path) from error

    def row(self, statement: str, **params: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found = self.rows(statement, **params)
        return found[0] if found else None

    def pragma(self, name: str) -> list[str]:
        """What SQLite answers to one of its own checks, e.g. integrity_check."""
        return [str(row[0]) for row in self.rows(f"PRAGMA {name}")]

    def close(self) -> None:
        """Close the connection."""
        self._con.close()


class Database:
    """A database in use by the daemon: submit work to `writer`, read from `reader`."""

    def __init__(self, path: Path, writer: Writer | None = None) -> None:
        self.path = path
        self.writer = writer or Writer(path)
        self.reader = Reader(path)

    def close(self) -> None:
        """Finish the queued work and close both connections."""
        self.reader.close()
        self.writer.close()


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
