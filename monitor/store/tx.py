"""What a unit of work may do inside the writer's transaction: run a statement, ask for an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.store import sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

TABLES_WITH_IDS = frozenset(
    {
        "feeds",
        "stories",
        "articles",
        "matches",
        "alerts",
        "ledger",
        "outbox",
        "attempts",
        "notices",
        "gaps",
        "episodes",
        "silences",
    }
)
TOP_ID = "top_id:"  # facts of this name remember the highest id a table ever gave, where rows were deleted


class Tx:
    """
    One BEGIN IMMEDIATE transaction of the one writing connection.

    Ids are given here rather than by the database, so that rows can refer to each other before they are
    written and the statements stay portable.
    """

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con
        self._ids: dict[str, int] = {}

    def run(self, statement: str, **params: Any) -> int:
        """Execute one statement; returns the number of rows it changed."""
        return self._con.execute(statement, params).rowcount

    def run_many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute one statement for each set of parameters."""
        self._con.executemany(statement, rows)

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._con.execute(statement, params).fetchall()

    def row(self, statement: str, **params: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found: sqlite3.Row | None = self._con.execute(statement, params).fetchone()
        return found

    def next_id(self, table: str) -> int:
        """
        A fresh id of `table`: one above the highest there ever was, which nobody else can be given meanwhile.

        Rows may have been pruned; marks and messages that outlive them must not find another row's id.
        """
        if table not in self._ids:
            self._ids[table] = max(self._top(table), self._remembered(table))
        self._ids[table] += 1
        return self._ids[table]

    def remember_ids(self, tables: Iterable[str], at: str | None) -> None:
        """Write down the highest id of each table, before rows of it are removed. `at` as stored."""
        for table in tables:
            top = self._top(table)
            if top > self._remembered(table):
                self.run(sql.FACT_UPSERT, name=TOP_ID + table, value=str(top), at=at)

    def _top(self, table: str) -> int:
        assert table in TABLES_WITH_IDS, table
        return self._con.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0  # noqa: S608 - checked above

    def _remembered(self, table: str) -> int:
        known = self.row(sql.FACT, name=TOP_ID + table)
        return int(known["value"]) if known else 0
